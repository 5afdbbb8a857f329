"""Colours: readable in every theme, fitting the terminal, switched live and kept."""

import json
from pathlib import Path
from typing import Any

import pytest
from textual.color import Color
from textual.filter import Monochrome, NoColor

from cronterm.tui import themes
from cronterm.tui.personal import Person
from cronterm.tui.remembered import Remembered
from cronterm.tui.screens.dialogs import Ask
from cronterm.tui.settings import ScreenSettings
from cronterm.tui.themes import (
    CHIPS,
    ON_SELECTION,
    TASTES,
    Palette,
    Taste,
    palette_of,
    readable,
    theme_for,
)
from cronterm.tui.widgets.ink import ANSI
from tests.tui.scene import app
from tests.tui.test_screens import on_dashboard, wait_for

ROLES = {
    name: getattr(themes, name)
    for name in ("DARK", "LIGHT", "CONTRAST", "DARK_256", "LIGHT_256", "CONTRAST_256")
}
READ = ("text", "muted", "accent", "ok", "warn", "fail", "paused")
"""What carries meaning; `faint` and the bodies of charts never do alone."""


def contrast(one: str, other: str) -> float:
    """Return WCAG's contrast of two colours, 1 to 21."""
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [part / 255 for part in Color.parse(colour).rgb]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", ROLES)
def test_what_is_to_be_read_can_be_read(name: str) -> None:
    roles = ROLES[name]
    least = 7.0 if name.startswith("CONTRAST") else 4.5
    pairs = [(role, on) for role in READ for on in ("background", "head", "raised")]
    pairs += [(ON_SELECTION.get(role, role), "selection") for role in READ]
    pairs += [*CHIPS.values(), ("ink", "failbar"), ("ink", "warnbar")]

    poor = {
        (role, on): round(contrast(roles[role], roles[on]), 1)
        for role, on in pairs
        if contrast(roles[role], roles[on]) < least
    }
    assert poor == {}


@pytest.mark.parametrize("name", ROLES)
@pytest.mark.parametrize("color", [*ANSI, "#0000ee", "#ffff00"])
def test_what_a_job_prints_in_colours_can_be_read(name: str, color: str) -> None:
    ground, text = ROLES[name]["background"], ROLES[name]["text"]
    shown = readable(color, ground, text)

    assert contrast(shown, ground) >= 4.5
    assert contrast(color, ground) < 4.5 or Color.parse(shown) == Color.parse(color)


def test_high_contrast_has_no_faint_text() -> None:
    for name in ("CONTRAST", "CONTRAST_256"):
        assert contrast(ROLES[name]["faint"], ROLES[name]["background"]) >= 7


@pytest.mark.parametrize("name", [name for name in ROLES if name.endswith("256")])
def test_with_256_colours_no_colour_is_shown_as_another(name: str) -> None:
    steps = {0, 95, 135, 175, 215, 255}
    for colour in ROLES[name].values():
        red, green, blue = Color.parse(colour).rgb
        is_grey = red == green == blue and (red - 8) % 10 == 0
        assert is_grey or {red, green, blue} <= steps


def test_the_selected_row_raises_what_is_muted() -> None:
    style = Palette(themes.DARK).style

    assert style("muted", "selection").color == style("text").color
    assert style("muted", "head").color != style("text").color


def test_the_terminals_own_colours_are_left_to_it() -> None:
    style = Palette(themes.ANSI, is_native=True).style

    assert str(style("ok+bold")) == "bold green"
    assert str(style("muted")) == "not bold dim"
    assert str(style("text")) == "not bold default"
    assert str(style("ok", "selection")) == "not bold reverse"
    assert str(style("chip+bold")) == "bold reverse"
    assert str(style("ink", "failbar")) == "not bold reverse"


@pytest.mark.parametrize(
    ("taste", "environment", "theme"),
    [
        (None, {"COLORTERM": "truecolor", "TERM": "xterm-256color"}, "cronterm-dark"),
        (None, {"TERM": "xterm-256color"}, "cronterm-dark-256"),
        (None, {"TERM": "xterm"}, "cronterm-ansi"),
        (None, {"TERM": "linux"}, "cronterm-ansi"),
        (None, {"TERM": "xterm-256color", "NO_COLOR": "1"}, "cronterm-dark-256"),
        (None, {"TERM": "xterm", "TEXTUAL_COLOR_SYSTEM": "truecolor"}, "cronterm-dark"),
        ("light", {"COLORTERM": "24bit"}, "cronterm-light"),
        ("contrast", {"TERM": "screen-256color"}, "cronterm-contrast-256"),
        ("ansi", {"TERM": "xterm-256color"}, "cronterm-ansi"),
        ("dark", {"TERM": "linux"}, "cronterm-ansi"),
    ],
    ids=str,
)
def test_a_theme_fits_the_taste_and_the_terminal(
    taste: Taste | None, environment: dict[str, str], theme: str
) -> None:
    assert theme_for(taste, environment) == theme


def drawn(running: Any) -> set[str]:
    """Return the backgrounds that the table is drawn on."""
    strips = [running.screen.table.render_line(y) for y in range(5)]
    return {str(part.style.bgcolor.name) for strip in strips for part in strip if part.style}


def kept(file: Path) -> object:
    """Return what a file holds."""
    return json.loads(file.read_text())


async def test_colours_are_switched_at_once_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    file = tmp_path / "tastes.json"
    running = app(person=Person(tastes=Remembered(file)))
    async with running.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        assert themes.DARK["background"] in drawn(running)
        await pilot.press("comma")
        await wait_for(pilot, lambda: isinstance(running.screen, Ask))
        await pilot.press("l")
        await wait_for(pilot, lambda: not isinstance(running.screen, Ask))
        assert drawn(running) == {themes.LIGHT["background"], themes.LIGHT["selection"]}
        assert kept(file) == {"theme": "light"}

        await pilot.press("colon")
        await pilot.press(*"theme high", "enter")
        await wait_for(pilot, lambda: running.theme == "cronterm-contrast")
        assert kept(file) == {"theme": "contrast"}

    again = app(theme="", person=Person(tastes=Remembered(file)))
    assert again.theme == "cronterm-contrast"
    assert palette_of(again).roles is themes.CONTRAST


@pytest.mark.parametrize(
    ("theme", "kind"), [("cronterm-dark", Monochrome), ("cronterm-ansi", NoColor)]
)
def test_without_colours_there_are_greys_or_none(
    theme: str, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain = app(theme=theme, person=Person(settings=ScreenSettings(colors=False)))
    assert kind in map(type, plain.get_line_filters())
    assert not {Monochrome, NoColor} & {*map(type, app(theme=theme).get_line_filters())}

    monkeypatch.setenv("NO_COLOR", "1")
    kinds = [type(each) for each in app(theme=theme).get_line_filters()]
    assert [each for each in kinds if each in (Monochrome, NoColor)] == [kind]


async def test_sixteen_colours_stay_the_terminals_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLORTERM", "TEXTUAL_COLOR_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "linux")
    tastes = Remembered()
    running = app(theme="", person=Person(tastes=tastes))
    async with running.run_test(size=(100, 30)) as pilot:
        await on_dashboard(pilot)
        assert running.theme == "cronterm-ansi"
        await pilot.press("comma", "l")
        await wait_for(pilot, lambda: bool(running._notifications))
        assert running.theme == "cronterm-ansi"
        assert tastes.word("theme", TASTES) == "light"
