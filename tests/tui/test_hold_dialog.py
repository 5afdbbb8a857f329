"""Pauses and mutes of another length, as a person types them."""

from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input, Static

from cronterm.clock import DAY, HOUR
from cronterm.model.command import MuteAlerts, PauseJob, ResumeJob
from cronterm.model.snapshot import Pause
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.hold_dialog import HoldDialog
from tests.tui.scene import NOW, FakeControl, app
from tests.tui.test_alerts import on_alerts
from tests.tui.test_screens import on_dashboard, wait_for


def note(pilot: Pilot[Any]) -> str:
    """Return what stands below the first field."""
    return str(pilot.app.screen.query(".note").first(Static).render())


async def test_a_pause_has_the_length_and_the_reason_that_are_typed_and_is_undone() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        job = pilot.app.screen.table.chosen()[0]  # type: ignore[attr-defined]
        await pilot.press("p", "o")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, HoldDialog))
        assert note(pilot) == "90m, 3d, 08:00, tomorrow 08:00 · nothing: until resumed"
        await pilot.press(*"3", "d")
        await wait_for(pilot, lambda: note(pilot).startswith("until "))
        await pilot.press("enter", *"disk", "space", *"swap", "enter")
        await wait_for(pilot, lambda: bool(control.sent))
        assert control.sent == [PauseJob(job=job, until=NOW + 3 * DAY, reason="disk swap")]
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
        await pilot.press("u")
        await wait_for(pilot, lambda: control.sent[1:] == [ResumeJob(job=job)])


async def test_a_pause_is_changed_without_resuming_and_that_is_undone() -> None:
    control = FakeControl()
    pause = Pause("ann", NOW - HOUR, NOW + 2 * HOUR, "disk swap")
    control.scene.jobs["wal-archive"].pause = pause
    async with app(control).run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        pilot.app.screen.table.go_to("wal-archive")  # type: ignore[attr-defined]
        await pilot.press("H")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, HoldDialog))
        assert note(pilot) == "until today 16:32:07"
        await pilot.press("tab", "end", *"s", "enter")
        await wait_for(pilot, lambda: len(control.sent) == 1)
        await pilot.press("H")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, HoldDialog))
        await pilot.press("backspace")
        assert "nothing: until resumed" in note(pilot)
        await pilot.press(*"3d", "ctrl+s")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) == 3)

    was = PauseJob(job="wal-archive", until=pause.until, reason="disk swap")
    assert control.sent == [
        PauseJob(job="wal-archive", until=pause.until, reason="disk swaps"),
        PauseJob(job="wal-archive", until=NOW + 3 * DAY, reason="disk swap"),
        was,
    ]


async def test_what_was_typed_is_not_typed_over_when_its_field_is_come_back_to() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("p", "o", *"3d", "tab", *"disk", "tab")
        until, reason = pilot.app.screen.query(Input)
        assert pilot.app.focused is until
        await pilot.press("backspace", "h", "tab", "s")
        assert (until.value, reason.value) == ("3h", "disks")


async def test_what_is_no_length_and_no_time_pauses_nothing() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("p", "o", *"soon")
        await wait_for(pilot, lambda: note(pilot).startswith("✗ 'soon' is no length and no time"))
        await pilot.press("tab", *"why", "ctrl+s")
        assert isinstance(pilot.app.screen, HoldDialog)
        assert pilot.app.focused is pilot.app.screen.query_one("#hold-until", Input)
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
    assert control.sent == []


async def test_everything_is_paused_with_a_reason_until_it_is_resumed() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("P", "o", "tab", *"move", "f2")
        await wait_for(pilot, lambda: bool(control.sent))
    assert control.sent == [PauseJob(job="", reason="move")]


async def test_the_pause_of_everything_is_changed_and_that_is_undone() -> None:
    control = FakeControl()
    pause = control.scene.all_paused = Pause("ann", NOW - HOUR, NOW + 2 * HOUR, "move")
    async with app(control).run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("P", "o")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, HoldDialog))
        assert note(pilot) == "until today 16:32:07"
        await pilot.press("tab", "end", *"d", "f2")
        await wait_for(pilot, lambda: len(control.sent) == 1)
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        await pilot.press("P", "P")
        await wait_for(pilot, lambda: len(control.sent) == 3)
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) == 4)

    was = PauseJob(until=pause.until, reason="move")
    changed = PauseJob(until=pause.until, reason="moved")
    assert control.sent == [changed, was, ResumeJob(), was]


async def test_alerts_are_silent_for_what_is_typed_and_that_must_be_something() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_alerts(pilot)
        assert screen.rows.chosen is not None
        await pilot.press("m", "o")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, HoldDialog))
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, HoldDialog)
        assert not pilot.app.screen.query("#hold-reason")
        await pilot.press(*"12h", "enter")
        await wait_for(pilot, lambda: bool(control.sent))
        job = screen.rows.chosen.job
    assert control.sent == [MuteAlerts(job=job, until=NOW + 12 * HOUR)]
