"""Glyphs by state, as far as the terminal has them."""

import os
from collections.abc import Mapping
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


def choose_glyphs(environment: Mapping[str, str] = os.environ) -> Glyphs:
    """Return the characters that this terminal can be expected to show.

    ASCII where the locale asked for is not UTF-8, and on the Linux console, which has no braille.
    No locale at all is a bare container: its terminal is as modern as any.
    """
    coerced = "" if environment.get("LC_CTYPE") == "C.UTF-8" else environment.get("LC_CTYPE")
    wanted = environment.get("LC_ALL") or coerced or environment.get("LANG") or "UTF-8"
    is_modern = "utf" in wanted.lower() and environment.get("TERM") != "linux"
    return UNICODE if is_modern else ASCII


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


class AsciiFilter(LineFilter):
    """Writes every line in ASCII: what has no near sign becomes `?`, cell for cell."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with ASCII text."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(_in_ascii(segment.text), segment.style)
            for segment in segments
        ]


def _in_ascii(text: str) -> str:
    plain = text.translate(PLAIN)
    if plain.isascii():
        return plain
    return "".join(char if char.isascii() else "?" * cell_len(char) for char in plain)
