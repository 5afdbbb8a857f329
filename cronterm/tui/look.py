"""Glyphs by state, as far as the terminal has them."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter


@dataclass(frozen=True)
class Glyphs:
    """Characters of one width each; a word always stands beside a state."""

    states: dict[str, str]
    spark: str
    failed: str
    cursor: str
    separator: str
    up: str
    down: str
    over: str
    """Before what comes next where a person has skipped what came before it."""
    across: int = 1
    """Values that a chart shows beside each other in a cell: two dots of braille, or one."""
    is_ascii: bool = False


UNICODE = Glyphs(
    states={
        "succeeded": "✓",
        "failed": "✗",
        "timed_out": "✗",
        "lost": "✗",
        "running": "►",
        "stopping": "►",
        "paused": "‖",
        "late": "!",
        "missed": "!",
        "long": "◷",
        "retrying": "↻",
        "replaced": "↻",
        "queued": "·",
        "never": "·",
        "disabled": "–",
        "skipped": "–",
        "stopped": "■",
        "gone": "?",
    },
    spark="▁▂▃▄▅▆▇",
    failed="×",
    cursor="▌",
    separator="│",
    up="▲",
    down="▼",
    over="»",
    across=2,
)
BLOCK = Glyphs(
    states={
        "succeeded": "√",
        "failed": "x",
        "timed_out": "x",
        "lost": "x",
        "running": "►",
        "stopping": "►",
        "paused": "║",
        "late": "!",
        "missed": "!",
        "long": "o",
        "retrying": "r",
        "replaced": "r",
        "queued": "·",
        "never": "·",
        "disabled": "-",
        "skipped": "-",
        "stopped": "■",
        "gone": "?",
    },
    spark="░▒▓█",
    failed="x",
    cursor="▌",
    separator="│",
    up="▲",
    down="▼",
    over="»",
)
ASCII = Glyphs(
    states={
        "succeeded": "+",
        "failed": "X",
        "timed_out": "X",
        "lost": "X",
        "running": ">",
        "stopping": ">",
        "paused": "=",
        "late": "!",
        "missed": "!",
        "long": "~",
        "retrying": "r",
        "replaced": "r",
        "queued": ".",
        "never": ".",
        "disabled": "-",
        "skipped": "-",
        "stopped": "#",
        "gone": "?",
    },
    spark="__.-=^^",
    failed="x",
    cursor="|",
    separator="|",
    up="^",
    down="v",
    over=">",
    is_ascii=True,
)

ROLES = {
    "succeeded": "ok",
    "failed": "fail",
    "timed_out": "fail",
    "lost": "fail",
    "running": "accent",
    "stopping": "warn",
    "paused": "paused",
    "late": "warn",
    "missed": "warn",
    "long": "warn",
    "retrying": "warn",
    "replaced": "muted",
    "queued": "muted",
    "never": "faint",
    "gone": "fail",
    "disabled": "faint",
    "skipped": "muted",
    "stopped": "muted",
}


GLYPHS = {"unicode": UNICODE, "block": BLOCK, "ascii": ASCII}
"""What a person may ask for."""


def choose_glyphs(wished: str = "", environment: Mapping[str, str] = os.environ) -> Glyphs:
    """Return the characters that are wished for, else what this terminal can be expected to show.

    ASCII where the locale asked for is not UTF-8; blocks on the Linux console and real terminals,
    whose fonts have them since DOS but no braille. No locale at all is a bare container: its
    terminal is as modern as any.
    """
    if wished in GLYPHS:
        return GLYPHS[wished]
    coerced = "" if environment.get("LC_CTYPE") == "C.UTF-8" else environment.get("LC_CTYPE")
    wanted = environment.get("LC_ALL") or coerced or environment.get("LANG") or "UTF-8"
    if "utf" not in wanted.lower():
        return ASCII
    has_little = environment.get("TERM", "").startswith(("linux", "vt"))
    return BLOCK if has_little else UNICODE


PLAIN = {
    ord(sign): plain
    for plain, signs in {
        "|": "│┃║▏▎▍▌▋▊▉‖⎮▕▐",
        "-": "─━═╌┄–—",
        "+": "╭╮╰╯┌┐└┘├┤┬┴┼╔╗╚╝✓±",
        "_": "▁▂",
        ".": "▃▄·…",
        "=": "▅▆≡",
        "^": "▇↑▲▔▀",
        "#": "█■",
        "*": "•●",
        "o": "○◷",
        "x": "×",
        "X": "✗",
        "s": "σ",
        ">": "►▶▸›→❯",
        "<": "⏎‹←⇄",
        "v": "▼↓",
        "r": "↻↺",
    }.items()
    for sign in signs
}


BLOCKS = {
    ord(sign): block
    for block, signs in {
        "┌": "╭",
        "┐": "╮",
        "└": "╰",
        "┘": "╯",
        "│": "┃⎮",
        "─": "━╌┄",
        "║": "‖",
        "▌": "▏▎▍▋▊▉",
        "▐": "▕",
        "▄": "▁▂▃",
        "█": "▅▆▇",
        "▀": "▔",
        "√": "✓",
        "x": "×✗",
        "-": "–—",
        ".": "…",
        "o": "◷",
        "•": "●",
        "►": "▶▸",
        "▼": "▾",
        ">": "›❯",
        "<": "‹",
        "◄": "⏎",
        "↔": "⇄",
        "r": "↻↺",
    }.items()
    for sign in signs
}
"""What this program draws and code page 437 has not, by the nearest that it has."""


class GlyphFilter(LineFilter):
    """Writes every line in the characters of a set, cell for cell."""

    def __init__(self, rewrite: Callable[[str], str]) -> None:
        super().__init__()
        self._rewrite = rewrite

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in those characters."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(self._rewrite(segment.text), segment.style)
            for segment in segments
        ]


def filters_for(glyphs: Glyphs) -> list[LineFilter]:
    """Return what every line passes last, so that nothing else reaches the terminal."""
    if glyphs is UNICODE:
        return []
    return [GlyphFilter(in_ascii if glyphs.is_ascii else in_blocks)]


SPELT = str.maketrans({"⏎": "enter", "→": "right", "←": "left", "↑": "up", "↓": "down"})


def spelt(keys: str, glyphs: Glyphs) -> str:
    """Return the names of keys, in words where their signs would be read as other keys."""
    return keys.translate(SPELT) if glyphs.is_ascii else keys


def in_blocks(text: str) -> str:
    """Return a text with the signs of this program as blocks; letters stay what they are."""
    return text.translate(BLOCKS)


def in_ascii(text: str) -> str:
    """Return a text in ASCII: what has no near sign becomes `?`, cell for cell."""
    plain = text.translate(PLAIN)
    if plain.isascii():
        return plain
    return "".join(char if char.isascii() else "?" * cell_len(char) for char in plain)
