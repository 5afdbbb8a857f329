"""Values as YAML text that the strict reader reads back, and that other readers do too."""

import math
import re
from collections.abc import Mapping
from typing import Any

from cronterm.config.reader import NUMBER_OR_WORD, is_ambiguous_text
from cronterm.errors import CrontermError

LINE = 72  # a mapping that fits into so many characters is written in braces

_PLAIN = re.compile(r"[A-Za-z0-9_./~(é-￿][^\n]*")
_NOT_PLAIN = re.compile(
    r": |:$| #|^[0-9.][0-9_.,:eE+TZ -]*$|^(?:\.\.\.|\.inf|\.nan)", re.IGNORECASE
)
_FLOW_SIGNS = re.compile(r"[,\[\]{}]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


class EditRefused(CrontermError):
    """The edit cannot be made without touching more than it means."""


def inline(value: Any, *, is_in_flow: bool = False) -> str:
    """Return a value on one line. Raises `EditRefused` for an endless number."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            if not math.isfinite(value):
                raise EditRefused(f"{value} is no number of a jobs file")
            return repr(value)
        case str():
            return _quoted(value, is_in_flow)
        case Mapping():
            pairs = (
                f"{_quoted(str(k), True)}: {inline(v, is_in_flow=True)}" for k, v in value.items()
            )
            return "{" + ", ".join(pairs) + "}"
        case _:
            return "[" + ", ".join(inline(each, is_in_flow=True) for each in value) + "]"


def entry(key: str, value: Any, *, step: int = 2, is_block: bool = False) -> list[str]:
    """Return the lines of `key: value`, those below the first indented by `step`.

    A text of several lines becomes a block; a mapping is in braces where it fits, a list in
    brackets, unless `is_block`.
    """
    pad = " " * step
    if isinstance(value, str) and (header := _block_header(value, step)):
        return [
            f"{head(key)} {header}",
            *(pad + line if line else "" for line in value.splitlines()),
        ]
    one_line = f"{head(key)} {inline(value)}"
    if isinstance(value, Mapping) and value and (is_block or len(one_line) > LINE):
        below = [line for k, v in value.items() for line in entry(str(k), v, step=step)]
        return [head(key), *(pad + line if line else "" for line in below)]
    if isinstance(value, list | tuple) and value and is_block:
        return [head(key), *(f"{pad}- {inline(each)}" for each in value)]
    return [one_line]


def head(key: str) -> str:
    """Return a key with its colon."""
    return _quoted(key, False) + ":"


def _block_header(text: str, step: int) -> str:
    """Return what begins a block of this text, or nothing if it cannot be one."""
    *lines, rest = text.split("\n")
    if rest:
        lines.append(rest)
    # Line ends kept by `+` would take in the blank lines that follow in the file.
    if "\n" not in text or not lines[-1]:
        return ""
    if any(not line.replace("\t", " ").isprintable() or line != line.rstrip() for line in lines):
        return ""
    digit = str(step) if lines[0][:1] in ("", " ", "\t") else ""
    return f"|{digit}{'-' if rest else ''}"


def _quoted(text: str, is_in_flow: bool) -> str:
    if _is_plain(text, is_in_flow):
        return text
    if text.isprintable():
        if '"' not in text and "\\" not in text:
            return f'"{text}"'
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, text)) + '"'


def _is_plain(text: str, is_in_flow: bool) -> bool:
    return (
        _PLAIN.fullmatch(text) is not None
        and text.isprintable()
        and not text.endswith(" ")
        and not _NOT_PLAIN.search(text)
        and not NUMBER_OR_WORD.fullmatch(text)
        and not is_ambiguous_text(text)
        and not (is_in_flow and _FLOW_SIGNS.search(text))
    )


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
