"""Colours by role and glyphs by state: every widget says what a text is, never how it looks."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme

if TYPE_CHECKING:
    from textual.app import App

DARK = {
    "background": "#0e131a",
    "head": "#18212d",
    "raised": "#151c26",
    "line": "#2b3644",
    "accent": "#58b6ff",
    "text": "#d5dde8",
    "muted": "#8391a5",
    "faint": "#4d5a6b",
    "ok": "#3fc9a5",
    "spark": "#2c8a78",
    "warn": "#f5b83d",
    "fail": "#ff7a66",
    "bar": "#b85648",
    "gauge": "#4a7fb5",
    "ink": "#0e131a",
    "failbar": "#ff7a66",
    "warnbar": "#f5b83d",
    "paused": "#9aa7b8",
    "selection": "#16304a",
}
LIGHT = {
    "background": "#f7f9fb",
    "head": "#e4eaf1",
    "raised": "#eef2f6",
    "line": "#b6c2cf",
    "accent": "#0b62b0",
    "text": "#1c2733",
    "muted": "#566375",
    "faint": "#8a96a5",
    "ok": "#00795a",
    "spark": "#3f9c84",
    "warn": "#9c6200",
    "fail": "#8f1020",
    "bar": "#c05a5a",
    "gauge": "#5d8fc4",
    "ink": "#1c2733",
    "failbar": "#f3a8a8",
    "warnbar": "#f2cf86",
    "paused": "#5b6775",
    "selection": "#cfe4f8",
}


def themes() -> list[Theme]:
    """Return the themes that this program ships."""
    return [
        _theme("cronterm-dark", DARK, dark=True),
        _theme("cronterm-light", LIGHT, dark=False),
    ]


def _theme(name: str, roles: dict[str, str], *, dark: bool) -> Theme:
    return Theme(
        name=name,
        primary=roles["accent"],
        secondary=roles["accent"],
        accent=roles["accent"],
        foreground=roles["text"],
        background=roles["background"],
        surface=roles["raised"],
        panel=roles["head"],
        success=roles["ok"],
        warning=roles["warn"],
        error=roles["fail"],
        dark=dark,
        variables={
            "line": roles["line"],
            "head": roles["head"],
            "muted": roles["muted"],
            "selection": roles["selection"],
            "input-selection-background": roles["selection"],
            "block-cursor-background": roles["accent"],
            "footer-key-foreground": roles["accent"],
        },
    )


CHIPS = {
    "chip": ("background", "accent"),
    "found": ("background", "warn"),
}
"""Roles with a background of their own: (text, background)."""


class Palette:
    """Styles by role. A role may carry `+bold`; `on` gives another background."""

    def __init__(self, roles: dict[str, str]) -> None:
        self._roles = roles
        self._styles: dict[tuple[str, str], Style] = {}

    def style(self, role: str, on: str = "background") -> Style:
        """Return the style of a role on a background role."""
        style = self._styles.get((role, on))
        if style is None:
            name, _, flag = role.partition("+")
            roles = self._roles
            under = roles[on]
            if name in CHIPS:
                name, on_name = CHIPS[name]
                under = roles[on_name]
            style = Style(color=roles.get(name, name), bgcolor=under, bold=flag == "bold")
            self._styles[role, on] = style
        return style


DARK_PALETTE = Palette(DARK)
LIGHT_PALETTE = Palette(LIGHT)


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


def roles_of(app: "App[object]") -> dict[str, str]:
    """Return the colours by role of the running app's theme."""
    return DARK if app.current_theme.dark else LIGHT
