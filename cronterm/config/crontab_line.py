"""Whether a text that is no job is a line of a crontab, put where a job is expected."""

import re

HINT = (
    "this looks like a crontab line: write `schedule:` and `command:`, "
    "or `cronterm import crontab FILE`"
)

_FIELD = r"(?:[\d*][\w*/,~#-]*|[A-Za-z]{3}(?:[-,][A-Za-z]{3})*)"
_NAMES = "reboot|yearly|annually|monthly|weekly|daily|midnight|hourly"
_LINE = re.compile(
    r"\s*(?:-\s+)?(?:(?!(?:schedule|cron):)[\w.-]+:\s+)?"  # an item of a list, or named
    rf"(?:@(?:{_NAMES})|[\d*][\w*/,~#-]*(?:\s+{_FIELD}){{4}})\s+[^\s\d*#,}}\]]",
    re.ASCII,
)
_LOOKED_AT = 500  # characters


def crontab_hint(value: object) -> str:
    """Return the mend where a value is a text: five fields, or a name for them, and a command."""
    return HINT if isinstance(value, str) and _LINE.match(value[:_LOOKED_AT]) else ""


def hint_near(text: str, *places: int) -> str:
    """Return the mend where the line at a place of a text, or the one before it, looks so."""
    for place in places:
        begin = text.rfind("\n", 0, place) + 1
        for at in (begin, text.rfind("\n", 0, max(begin - 1, 0)) + 1):
            if hint := crontab_hint("".join(text[at : at + _LOOKED_AT].splitlines()[:1])):
                return hint
    return ""
