"""Views: the numbers lead to them, each finds what is in it."""

import asyncio
import gc
import weakref
from typing import Any, cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cronterm.clock import HOUR
from cronterm.model.query import AnyReply, ListRuns, Query
from cronterm.tui.home import Home
from cronterm.tui.palette import palette_commands
from cronterm.tui.picture import Picture
from cronterm.tui.run_filter import BadFilter, RunFilter, read_filter
from cronterm.tui.run_window import PAGE
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.detail import Detail
from cronterm.tui.screens.form import JobForm
from cronterm.tui.screens.log_view import LogView
from cronterm.tui.screens.runs import RunsView
from cronterm.tui.widgets.bars import TopBar
from tests.tui.scene import MANY_RUNS, NOW, FakeControl, any_row, app
from tests.tui.test_screens import on_dashboard, on_page, wait_for

NAMES = ("backup", "backup-eu", "report")


async def on_runs(pilot: Pilot[Any]) -> RunsView:
    """Open the runs and wait for them."""
    screen = await on_page(pilot, "5", RunsView)
    await wait_for(pilot, lambda: bool(screen.runs.runs))
    return screen


async def test_the_numbers_lead_from_view_to_view() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        runs = await on_runs(pilot)
        await pilot.press("o")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Detail))
        assert pilot.app.screen.view == "runs"  # type: ignore[attr-defined]
        await pilot.press("1")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
        assert not runs.is_attached
        await pilot.press("5", "5")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, RunsView))
        assert len(pilot.app.screen_stack) == 2
        await pilot.press("q")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Dashboard))


class Filmed(RunsView):
    """Keeps the layout and the clock of each frame that is drawn of it."""

    def __init__(self, picture: Picture) -> None:
        super().__init__(picture)
        self.frames: list[tuple[bool, int]] = []

    def _compositor_refresh(self) -> None:
        if self.query(TopBar):
            self.frames.append((self.has_class("-w80", "-h24"), self.query_one(TopBar).now))
        super()._compositor_refresh()


async def test_the_first_frame_of_a_page_has_its_layout_and_its_clock() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        page = Filmed(cast(Home, pilot.app).picture)
        await pilot.app.push_screen(page)
        await wait_for(pilot, lambda: bool(page.frames))

    assert page.frames[0] == (True, NOW)


async def test_the_form_of_a_job_is_shown_when_it_is_filled() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        control.gate.clear()
        form = await on_page(pilot, "e", JobForm)
        assert not form.query_one("#form").visible
        control.gate.set()
        await wait_for(pilot, lambda: form.query_one("#form").visible)
        assert form.query_one("#f-schedule", Input).value == "0 */4 * * *"
        name = form.query_one("#f-name", Input)
        assert name.has_focus
        await pilot.press("2")
        assert name.value == "search-reindex2"


async def test_the_palette_offers_what_the_keys_do_here() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        await on_runs(pilot)
        home, screen = cast(Home, pilot.app), pilot.app.screen
        offered = [each.title for each in palette_commands(home, screen, [])]
        assert "Filter the runs  ·  /" in offered
        assert "What was missed  ·  M" in offered
        assert not any(title.startswith(("Filter jobs", "Filter the alerts")) for title in offered)


async def test_older_runs_are_read_as_the_cursor_comes_to_them() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        screen = await on_runs(pilot)
        assert len(screen.runs.runs) == PAGE
        screen.action_step(450)
        await wait_for(pilot, lambda: len(screen.runs.runs) == 2 * PAGE)
        while screen.window.has_older:
            screen.action_step(PAGE)
            await pilot.pause()
        assert [row.run for row in screen.runs.runs] == list(range(MANY_RUNS, 0, -1))
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, LogView))


async def test_the_end_of_the_runs_is_read_at_once_and_the_keys_behind_it_count() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        screen = await on_runs(pilot)
        await pilot.press("G", "k", "k")
        await wait_for(pilot, lambda: screen.subject() is not None)
        assert screen.subject() == (any_row(3).job, 3)
        assert screen.runs._lower == "2 before the oldest"
        assert len(screen.runs.runs) == PAGE
        await pilot.press("home")
        await wait_for(pilot, lambda: screen.subject() == (any_row(MANY_RUNS).job, MANY_RUNS))


async def test_new_runs_come_on_top_and_the_cursor_stays_on_its_run() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        screen = await on_runs(pilot)
        screen.action_step(7)
        here = screen.subject()
        del screen.window.rows[:5]
        screen.window.cursor -= 5
        screen.look_again()
        await wait_for(pilot, lambda: screen.runs.cursor == 7)
        assert screen.subject() == here


async def test_the_runs_are_filtered() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        screen = await on_runs(pilot)
        await pilot.press("slash", *"is:failed", "enter")
        await wait_for(pilot, lambda: {row.outcome for row in screen.runs.runs} == {"failed"})
        await pilot.press("slash")
        await pilot.press(*"is:failix", "enter")  # what it was is selected
        assert screen.query_one("#search", Input).has_class("shown")  # it waits to be mended
        await pilot.press("escape")
        await wait_for(pilot, lambda: len({row.outcome for row in screen.runs.runs}) == 2)
        await pilot.press("slash", *"is:lost")
        await wait_for(pilot, lambda: screen.runs.empty == "no run matches 'is:lost'")


def test_a_filter_is_read() -> None:
    assert read_filter("  ", NAMES) == RunFilter()
    assert read_filter("report is:timed_out cause:manual last:<1h", NAMES) == RunFilter(
        "report", ("timed_out",), ("manual",), HOUR
    )
    assert read_filter("rep", NAMES).job == "report"
    assert read_filter("backup", NAMES).job == "backup"
    assert read_filter("gone-job", NAMES).job == "gone-job"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("back", "back may be backup, backup-eu"),
        ("is:fialed", "did you mean failed?"),
        ("cause:moon", "known: scheduled"),
        ("last:soon", "'soon' is not a duration"),
        ("when:now", "when: is not known"),
        ("!backup", "!backup filters no runs: one job, is: cause: last: do"),
        ("backup report", "one job at a time: backup or report"),
    ],
)
def test_what_cannot_be_read_is_said(words: str, said: str) -> None:
    with pytest.raises(BadFilter) as bad:
        read_filter(words, NAMES)

    assert said in str(bad.value)


async def test_what_a_view_drew_goes_with_it() -> None:
    """Textual remembers widgets by two colours of each, and by them their lines."""
    async with app().run_test(size=(120, 40)) as pilot:
        lines = weakref.ref((await on_runs(pilot)).runs._styles_cache)
        for key in "6161":
            await pilot.press(key)
            await pilot.pause()
        for _ in range(200):
            gc.collect()
            if lines() is None:
                break
            await pilot.pause(0.02)
        assert lines() is None


class Slow(FakeControl):
    """Never answers what is asked of the runs view."""

    async def query(self, query: Query) -> AnyReply:
        """Wait for ever, or answer."""
        if isinstance(query, ListRuns) and query.limit == PAGE:
            await asyncio.Event().wait()
        return await super().query(query)


async def test_what_is_read_for_a_view_ends_as_it_is_left() -> None:
    async with app(Slow()).run_test(size=(120, 40)) as pilot:
        view = await on_page(pilot, "5", RunsView)
        await wait_for(
            pilot, lambda: any(w.node is view and w.is_running for w in pilot.app.workers)
        )
        reading = [worker for worker in pilot.app.workers if worker.node is view]
        pilot.app.pop_screen()

        assert all(worker.is_cancelled for worker in reading)
