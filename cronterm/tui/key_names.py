"""How people read the names of keys."""

READ = {
    "enter": "⏎",
    "slash": "/",
    "backslash": "\\",
    "question_mark": "?",
    "exclamation_mark": "!",
    "colon": ":",
    "semicolon": ";",
    "full_stop": ".",
    "comma": ",",
    "at": "@",
    "number_sign": "#",
    "dollar_sign": "$",
    "percent_sign": "%",
    "ampersand": "&",
    "apostrophe": "'",
    "quotation_mark": '"',
    "grave_accent": "`",
    "circumflex_accent": "^",
    "tilde": "~",
    "vertical_line": "|",
    "underscore": "_",
    "minus": "-",
    "plus": "+",
    "equals_sign": "=",
    "asterisk": "*",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "escape": "esc",
    "delete": "del",
    "insert": "ins",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "down": "↓",
    "up": "↑",
    "right": "→",
    "left": "←",
}
"""Textual's names of keys, as people read them."""


def read_key(name: str) -> str:
    """Return a key as people read it."""
    before, _, last = name.rpartition("+")
    ahead = before.replace("ctrl", "^").replace("shift", "S-").replace("+", "")
    if len(last) > 1 and last[0] == "f" and last[1:].isdigit():
        last = last.upper()
    return ahead + READ.get(last, last)
