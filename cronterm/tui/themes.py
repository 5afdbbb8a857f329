"""Colours by role, in themes: every widget says what a text is, never which colour it has."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

if TYPE_CHECKING:
    from textual.app import App

Taste = Literal["dark", "light", "contrast", "ansi"]
"""What a person chooses; `ansi` is the sixteen colours of their own terminal."""
TASTES: dict[Taste, str] = {
    "dark": "dark",
    "light": "light",
    "contrast": "high contrast",
    "ansi": "ansi (terminal's)",
}

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
    "ok": "#006b50",
    "spark": "#3f9c84",
    "warn": "#845200",
    "fail": "#8f1020",
    "bar": "#c05a5a",
    "gauge": "#5d8fc4",
    "ink": "#1c2733",
    "failbar": "#f3a8a8",
    "warnbar": "#f2cf86",
    "paused": "#525d6a",
    "selection": "#cfe4f8",
}
CONTRAST = {
    "background": "#000000",
    "head": "#1c1c1c",
    "raised": "#121212",
    "line": "#9e9e9e",
    "accent": "#87d7ff",
    "text": "#ffffff",
    "muted": "#dadada",
    "faint": "#b2b2b2",
    "ok": "#5fffaf",
    "spark": "#5fd7af",
    "warn": "#ffd75f",
    "fail": "#ffb4a5",
    "bar": "#ffaf9f",
    "gauge": "#87d7ff",
    "ink": "#000000",
    "failbar": "#ffaf9f",
    "warnbar": "#ffd75f",
    "paused": "#d0d0d0",
    "selection": "#00345a",
}


def _cube(numbers: str) -> dict[str, str]:
    """Return the colours of a terminal's 256 with these numbers, in the order of the roles."""
    return dict(zip(DARK, map(_cube_colour, map(int, numbers.split())), strict=True))


def _cube_colour(number: int) -> str:
    if number >= 232:
        return f"#{8 + 10 * (number - 232):02x}" + f"{8 + 10 * (number - 232):02x}" * 2
    steps = (0, 95, 135, 175, 215, 255)
    red, green, blue = (steps[(number - 16) // by % 6] for by in (36, 6, 1))
    return f"#{red:02x}{green:02x}{blue:02x}"


# A terminal of 256 colours shows others as their neighbours: greys turn purple, rows teal. These
# are chosen among the 256. Order: background head raised line, accent text muted faint,
# ok spark warn fail bar gauge, ink failbar warnbar, paused selection.
DARK_256 = _cube("233 235 234 238  75 253 246 240  79 29 214 209 131 67  233 209 214  249 237")
LIGHT_256 = _cube("231 254 255 250  25 235 240 246  23 66 58 88 131 67  235 217 222  240 189")
CONTRAST_256 = _cube("16 234 233 247  117 231 253 249  85 79 221 217 217 117  16 217 221  252 236")

ANSI = {
    "background": "default",
    "head": "default",
    "raised": "default",
    "line": "bright_black",
    "accent": "cyan",
    "text": "default",
    "muted": "dim",
    "faint": "dim",
    "ok": "green",
    "spark": "green",
    "warn": "yellow",
    "fail": "red",
    "bar": "red",
    "gauge": "cyan",
    "ink": "default",
    "failbar": "default",
    "warnbar": "default",
    "paused": "dim",
    "selection": "default",
}
"""Names as rich has them; what stands out is reversed there, so that it does in every colour."""

CHIPS = {
    "chip": ("background", "accent"),
    "found": ("background", "warn"),
}
"""Roles with a background of their own: (text, background)."""
ON_SELECTION = {"muted": "text", "faint": "muted"}
"""What is read on the selected row has to be readable."""
REVERSED = ("selection", "failbar", "warnbar", "ink")
"""What is reversed where the terminal's own colours are used."""


READABLE = 4.5  # times as bright as what is behind it, or as dark


def readable(color: str, ground: str, text: str) -> str:
    """Return a colour that a job chose, drawn towards `text` until it stands out of `ground`."""
    chosen, behind, towards = map(Color.parse, (color, ground, text))
    for step in range(11):
        mixed = chosen.blend(towards, step / 10)
        if _contrast(mixed, behind) >= READABLE:
            break
    return mixed.hex


def _contrast(one: Color, other: Color) -> float:
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: Color) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in color.normalized
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


FLAGS = {
    "": Style(bold=False),
    "bold": Style(bold=True),
    "sought": Style(bold=True, underline=True),
}
"""What may stand behind a role, after a `+`."""


class Palette:
    """Styles by role. A role may carry one of `FLAGS`; `on` gives another background."""

    def __init__(self, roles: Mapping[str, str], *, is_native: bool = False) -> None:
        self.roles = roles
        self._is_native = is_native
        self._styles: dict[tuple[str, str], Style] = {}

    def style(self, role: str, on: str = "background") -> Style:
        """Return the style of a role on a background role."""
        style = self._styles.get((role, on))
        if style is None:
            name, _, flag = role.partition("+")
            make = self._native if self._is_native else self._mixed
            style = make(name, on) + FLAGS[flag]
            self._styles[role, on] = style
        return style

    def _mixed(self, name: str, on: str) -> Style:
        if name in CHIPS:
            name, on = CHIPS[name]
        elif on == "selection":
            name = ON_SELECTION.get(name, name)
        ground = self.roles[on]
        color = self.roles.get(name) or readable(name, ground, self.roles["text"])
        return Style(color=color, bgcolor=ground)

    def _native(self, name: str, on: str) -> Style:
        if name in CHIPS or on in REVERSED:
            return Style(reverse=True)
        return Style.parse(self.roles.get(name, name))


@dataclass(frozen=True)
class _Look:
    """A theme: who draws by roles and who draws by style sheet have the same colours."""

    theme: Theme
    palette: Palette


def _look(name: str, roles: Mapping[str, str], *, dark: bool) -> _Look:
    theme = Theme(
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
    return _Look(theme, Palette(roles))


def _native_look(name: str) -> _Look:
    default, accent = "ansi_default", "ansi_cyan"
    theme = Theme(
        name=name,
        ansi=True,
        primary=accent,
        secondary=accent,
        accent=accent,
        foreground=default,
        background=default,
        surface=default,
        panel=default,
        boost=default,
        success="ansi_green",
        warning="ansi_yellow",
        error="ansi_red",
        dark=True,
        variables={
            "line": "ansi_bright_black",
            "head": default,
            "muted": default,
            "selection": default,
            "ansi-background": "ansi_black",
            "ansi-foreground": "ansi_white",
            "border-blurred": "ansi_bright_black",
            "block-cursor-foreground": "ansi_black",
            "block-cursor-background": accent,
            "input-cursor-background": default,
            "input-cursor-foreground": default,
            "input-cursor-text-style": "reverse",
            "input-selection-background": accent,
            "input-selection-foreground": "ansi_black",
            "screen-selection-background": accent,
            "screen-selection-foreground": "ansi_black",
            "footer-key-foreground": accent,
        },
    )
    return _Look(theme, Palette(ANSI, is_native=True))


_LOOKS = {
    look.theme.name: look
    for look in (
        _look("cronterm-dark", DARK, dark=True),
        _look("cronterm-light", LIGHT, dark=False),
        _look("cronterm-contrast", CONTRAST, dark=True),
        _look("cronterm-dark-256", DARK_256, dark=True),
        _look("cronterm-light-256", LIGHT_256, dark=False),
        _look("cronterm-contrast-256", CONTRAST_256, dark=True),
        _native_look("cronterm-ansi"),
    )
}


def themes() -> list[Theme]:
    """Return the themes that this program ships."""
    return [look.theme for look in _LOOKS.values()]


def palette_of(app: "App[Any]") -> Palette:
    """Return the colours of the running app's theme, or of the nearest that is ours."""
    nearest = "cronterm-dark" if app.current_theme.dark else "cronterm-light"
    return (_LOOKS.get(app.theme) or _LOOKS[nearest]).palette


def roles_of(app: "App[Any]") -> Mapping[str, str]:
    """Return the colours by role of the running app's theme."""
    return palette_of(app).roles


DEPTHS = {"truecolor": 1 << 24, "256": 256, "standard": 16}


def theme_for(taste: Taste | None, environment: Mapping[str, str] = os.environ) -> str:
    """Return the theme that shows a taste in this terminal; without a taste it is dark.

    Sixteen colours are the terminal's own whatever is liked: the nearest of them to ours are
    unreadable on each other.
    """
    depth = _colours(environment)
    if depth == 16 or taste == "ansi":
        return "cronterm-ansi"
    return f"cronterm-{taste or 'dark'}" + ("-256" if depth == 256 else "")


def _colours(environment: Mapping[str, str]) -> int:
    """Return how many colours are sent to the terminal, as Textual and rich decide it."""
    said = environment.get("TEXTUAL_COLOR_SYSTEM", "")
    if said in DEPTHS:
        return DEPTHS[said]
    if environment.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return 1 << 24
    last = environment.get("TERM", "").strip().lower().rpartition("-")[2]
    return 256 if last in ("256color", "kitty") else 16
