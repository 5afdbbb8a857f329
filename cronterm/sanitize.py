"""Makes text from outside safe to show: what a job prints must not steer a terminal.

Everything that comes from a job, a file or another program passes here before it reaches a
terminal. Escape sequences, control characters, direction overrides and what takes no cell go; line
breaks and tabs stay. `styled` keeps colours, as plain numbers, and nothing else.
"""

import re
from typing import Any, NamedTuple

# Sequences first, so that their parameters go with them: OSC, DCS, SOS, PM and APC run to their
# terminator or the end of the line (one that is left open must not hide the rest of a log), CSI to
# its final byte, others are two or three characters.
_SEQUENCE = re.compile(
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x18\x1a\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
)
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    # What turns the direction, takes no cell, or changes the width of what is before it.
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff]"
)
_PLAIN = re.compile(r"[\t\n\x20-\x7e]*")
_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
_MARKS = re.compile(
    r"([\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4})"
    r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)


def is_plain(line: str) -> bool:
    """Tell whether a line is safe and one cell a character as it is: printable ASCII."""
    return line.isascii() and line.isprintable()


def sanitize(text: str) -> str:
    """Return `text` without anything that acts on a terminal. A carriage return ends in none."""
    if _PLAIN.fullmatch(text):
        return text
    return _MARKS.sub(r"\1", _CONTROL.sub("", _SEQUENCE.sub("", text)))


def sanitize_line(text: str) -> str:
    """Return `text` as one line: what a progress bar shows last, tabs as blanks."""
    if "\r" in text:
        text = text.rstrip("\r").rpartition("\r")[2]
    return sanitize(text).replace("\n", " ").replace("\t", "    ")


class Span(NamedTuple):
    """A piece of text with one look. Colours: 0 to 255, or 0x1000000 + RGB; None is default."""

    text: str
    foreground: int | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False


_DEFAULT = Span("")


def styled(line: str) -> list[Span]:
    """Return one line as spans: colours kept, everything else of its sequences gone."""
    if "\x1b" not in line:
        return [Span(sanitize_line(line))]
    if "\r" in line:
        line = line.rstrip("\r").rpartition("\r")[2]
    spans: list[Span] = []
    look = _DEFAULT
    place = 0
    for found in _SGR.finditer(line):
        text = sanitize_line(line[place : found.start()])
        if text:
            spans.append(look._replace(text=text))
        look = _apply(look, found[1])
        place = found.end()
    text = sanitize_line(line[place:])
    if text or not spans:
        spans.append(look._replace(text=text))
    return spans


def _apply(look: Span, parameters: str) -> Span:
    """Return the look after an SGR sequence; what is not known changes nothing."""
    codes = [int(code) if code and len(code) < 4 else 0 for code in re.split("[;:]", parameters)]
    place = 0
    while place < len(codes):
        code = codes[place]
        place += 1
        if code == 0:
            look = _DEFAULT
        elif code in _FLAGS:
            look = look._replace(**_FLAGS[code])
        elif 30 <= code <= 37 or 90 <= code <= 97:
            look = look._replace(foreground=code - 30 if code < 90 else code - 82)
        elif code == 39:
            look = look._replace(foreground=None)
        elif code in (38, 48):
            colour, taken = _colour(codes[place:])
            place += taken
            if code == 38 and colour is not None:
                look = look._replace(foreground=colour)
    return look


_FLAGS: dict[int, dict[str, Any]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
}


def _colour(codes: list[int]) -> tuple[int | None, int]:
    """Return (colour, how many codes it took) after a 38 or 48."""
    if len(codes) >= 2 and codes[0] == 5:
        return codes[1] & 0xFF, 2
    if len(codes) >= 4 and codes[0] == 2:
        red, green, blue = (part & 0xFF for part in codes[1:4])
        return 0x1000000 + (red << 16) + (green << 8) + blue, 4
    return None, len(codes)
