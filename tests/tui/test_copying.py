"""Copying: what is copied of a job and a run, by keys and with the mouse."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.segment import Segment
from textual import events
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Input

from cronterm.tui.copying import text_of
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.dialogs import Ask
from cronterm.tui.widgets.drag import Drag
from cronterm.tui.widgets.first_steps import import_command
from tests.tui.scene import FakeControl, app, scene
from tests.tui.test_screens import on_dashboard, wait_for


@pytest.fixture(autouse=True)
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Let what is copied go into a file, and return what reads it."""
    for name in ("TMUX", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "linux")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    path = tmp_path / "cronterm" / "clip"
    return lambda: path.read_text(encoding="utf-8") if path.exists() else ""


def told(pilot: Pilot[Any]) -> list[str]:
    """Return what was said, oldest first."""
    return [each.message for each in pilot.app._notifications]


@pytest.mark.parametrize(
    ("what", "run", "expected"),
    [
        ("name", None, "invoice-export"),
        ("run id", None, "12"),
        ("run id", 7, "7"),
        ("command", None, "/opt/bin/invoice-export --since=1h"),
        ("schedule", None, "0 */4 * * *"),
        ("YAML", None, "  invoice-export:\n    schedule: '0 */4 * * *'  # often\n"),
        ("output", 7, "INFO  connecting"),
        ("error", None, "Traceback"),
    ],
)
async def test_everything_of_a_job_can_be_copied(what: str, run: int | None, expected: str) -> None:
    text = await text_of(what, "invoice-export", run, scene(), FakeControl())

    assert text.startswith(expected)
    assert "INFO" not in text or what == "output"


async def test_what_is_not_there_is_empty() -> None:
    for what in ("command", "schedule"):
        assert await text_of(what, "gone", None, scene(), FakeControl()) == ""
    assert await text_of("error", "invoice-export", 3, scene(), FakeControl()) == ""


async def test_the_line_that_the_eye_is_on_can_be_copied(clip: Callable[[], str]) -> None:
    running = app()
    async with running.run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        running.ask_copy("backup", 7, line="  ERROR  no route to host")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("l")
        await wait_for(pilot, lambda: bool(told(pilot)))

    assert clip() == "  ERROR  no route to host"
    assert told(pilot)[0].startswith("copied the line, 25 characters")


async def test_keys_copy_and_say_by_which_road(clip: Callable[[], str]) -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, Dashboard)
        job = screen.table.cursor
        assert job is not None
        await pilot.press("c")
        await wait_for(pilot, lambda: bool(told(pilot)))
        assert clip() == job
        assert told(pilot)[0].startswith(f"copied the name of {job}, {len(job)} characters, into")
        await pilot.press("y")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("c")
        await wait_for(pilot, lambda: len(told(pilot)) == 2)
        assert clip() == f"/opt/bin/{job} --since=1h"
        await pilot.press("slash", *"wal", "ctrl+a", "shift+end", "ctrl+c")
        await wait_for(pilot, lambda: len(told(pilot)) == 3)
        assert clip() == "wal"
        assert screen.query_one("#filter", Input).value == "wal"


async def test_the_mouse_copies_what_it_marks_in_the_log(clip: Callable[[], str]) -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, Dashboard)
        log = screen.log_pane
        y = next(y for y, strip in enumerate(log._strips) if "batch 41/120" in strip.text)
        x = log._strips[y].text.index("batch")
        begin, end = (x + 1, y + 1), (x + 5, y + 1)  # the border is around it
        await pilot.mouse_down(log, offset=begin)
        await pilot._post_mouse_events([events.MouseMove], log, offset=end, button=1)
        plain = log._strips[y]
        assert log.render_line(y).text == plain.text
        assert log.render_line(y) != plain
        await pilot.mouse_up(log, offset=end)
        await wait_for(pilot, lambda: bool(told(pilot)))
        assert clip() == "batch"
        assert log._drag is None


def test_what_is_marked_flows_like_text() -> None:
    lines = [Strip([Segment(text)]) for text in ("alpha   ", "日本 beta", "gamma   ")]

    assert Drag((2, 0), (3, 0)).text_of(lines) == "ph"
    assert Drag((5, 1), (2, 0)).text_of(lines) == "pha\n日本 b"
    assert Drag((0, 2), (90, -4)).text_of(lines) == "alpha\n日本 beta\ng"
    assert Drag((6, 0), (6, 0)).text_of(lines) == ""
    assert not Drag((4, 4), (5, 4)).is_far


async def test_the_palette_copies_the_command_that_brings_a_crontab_over(
    clip: Callable[[], str],
) -> None:
    running = app()
    async with running.run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        offered = {each.title: each for each in running.get_system_commands(running.screen)}
        offered["Import a crontab: copy the command for a shell"].callback()
        await wait_for(pilot, lambda: bool(told(pilot)))
        command = import_command(running.picture)

    assert clip() == command
    assert told(pilot)[0].startswith(f"copied `{command}`, {len(command)} characters")
