"""Mutes of the alerts of jobs: where they are set, and where they are shown."""

from cronterm.clock import DAY, HOUR
from cronterm.model.alert import Mute
from cronterm.model.command import Answer, AnyCommand, MuteAlerts
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.detail import Detail
from cronterm.tui.screens.dialogs import Ask, AskList
from cronterm.tui.screens.hold_dialog import HoldDialog
from tests.tui.scene import NOW, FakeControl, app
from tests.tui.test_screens import on_dashboard, wait_for


class Telling(FakeControl):
    """Answers as the engine does."""

    async def send(self, command: AnyCommand) -> Answer:
        """Say until when it is silent."""
        await super().send(command)
        return Answer(ok=True, message="muted the alerts of it until 2026-11-21T19:32:07Z")


async def test_a_job_is_muted_on_the_jobs_and_on_its_page_and_that_is_undone() -> None:
    control = Telling()
    control.scene.mutes["wal-archive"] = Mute("ann", NOW - HOUR, NOW + 3 * HOUR)
    running = app(control)
    async with running.run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        board = running.screen_stack[0]
        assert isinstance(board, Dashboard)
        board.table.go_to("invoice-export")
        await pilot.press("m")
        await wait_for(pilot, lambda: isinstance(running.screen, AskList))
        await pilot.press("4")
        await wait_for(pilot, lambda: len(control.sent) == 1)
        board.table.go_to("wal-archive")
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(running.screen, Detail))
        await pilot.press("m", "o")
        await wait_for(pilot, lambda: isinstance(running.screen, HoldDialog))
        await pilot.press(*"3d", "enter")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) == 3)
        await pilot.press("u")
        await wait_for(pilot, lambda: isinstance(running.screen, Ask))
        await pilot.press("y")
        await wait_for(pilot, lambda: len(control.sent) == 4)

    assert control.sent == [
        MuteAlerts(job="invoice-export", until=NOW + 4 * HOUR),
        MuteAlerts(job="wal-archive", until=NOW + 3 * DAY),
        MuteAlerts(job="wal-archive", until=NOW + 3 * HOUR),
        MuteAlerts(job="invoice-export", until=NOW),
    ]


async def test_marked_jobs_are_muted_together() -> None:
    control = Telling()
    running = app(control)
    async with running.run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        board = running.screen_stack[0]
        assert isinstance(board, Dashboard)
        await pilot.press("space", "space", "m", "d")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        marked = board.table.chosen()

    assert control.sent == [MuteAlerts(job=job, until=NOW + DAY) for job in marked]
