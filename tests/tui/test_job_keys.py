"""What keys of the jobs ask the engine for."""

from msgspec.structs import replace

from cronterm.clock import HOUR
from cronterm.model.command import PauseJob, StopRun
from cronterm.model.query import AnyReply, Query, RunDetail
from cronterm.tui.screens.compare import CompareView
from cronterm.tui.screens.dialogs import Ask, AskList
from tests.tui.scene import NOW, FakeControl, app
from tests.tui.test_screens import board_of, wait_for


async def test_what_is_stopped_is_paused_too_so_that_it_does_not_begin_again() -> None:
    control = FakeControl()
    running = app(control)
    async with running.run_test(size=(80, 24)) as pilot:
        board = await board_of(pilot)
        board.table.go_to("search-reindex")
        for key in ("x", "p"):
            await pilot.press(key)
            await wait_for(pilot, lambda: isinstance(running.screen, Ask))
        await wait_for(pilot, lambda: isinstance(running.screen, AskList))
        await pilot.press("2")
        said = "paused search-reindex until today 16:32:07, stopping run 901"
        await wait_for(pilot, lambda: [each.message for each in running._notifications] == [said])
    paused = PauseJob(job="search-reindex", until=NOW + 2 * HOUR)
    assert control.sent == [paused, StopRun(run=901, signal="")]


class NeverStarted(FakeControl):
    """Knows of no run what it started."""

    async def query(self, query: Query) -> AnyReply:
        """Answer from fixed rows."""
        reply = await super().query(query)
        return replace(reply, definition="") if isinstance(reply, RunDetail) else reply


async def test_the_last_failure_is_compared_and_the_last_run_repeated_from_the_jobs() -> None:
    running = app(NeverStarted())
    async with running.run_test(size=(80, 24)) as pilot:
        board = await board_of(pilot)
        board.table.go_to("new-job")
        await pilot.press("equals_sign", "r")
        await wait_for(pilot, lambda: len(running._notifications) == 2)
        board.table.go_to("invoice-export")
        await pilot.press("equals_sign")
        await wait_for(pilot, lambda: isinstance(running.screen, CompareView))
        assert isinstance(running.screen, CompareView)
        failed = running.picture.snapshot.jobs["invoice-export"].last_failed
        assert failed is not None
        assert running.screen._run == failed.run
        await pilot.press("escape", "r")
        await wait_for(pilot, lambda: len(running._notifications) == 3)
        last = running.picture.snapshot.jobs["invoice-export"].last
        assert last is not None
        assert [*running._notifications][-1].message.startswith(f"run {last.run} never started")
