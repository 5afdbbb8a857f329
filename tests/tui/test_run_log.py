"""How a log stays where it is looked at when its lines take more rows."""

from pathlib import Path
from typing import Any

from msgspec.structs import replace
from textual.pilot import Pilot

from cronterm.execute.lines import read_lines
from cronterm.model.lines import ReadLines
from cronterm.model.query import AnyReply, AttemptRow, Query, ReadRun, RunDetail
from cronterm.tui.app import CrontermApp
from cronterm.tui.screens.log_view import LogView
from cronterm.tui.widgets.run_log import RunLog
from tests.tui.scene import FakeControl, app, printed, row
from tests.tui.test_screens import on_dashboard, wait_for

ROWS = 5
RUN = 12
LAST = "link[/]"


async def on_log(pilot: Pilot[Any], running: CrontermApp) -> RunLog:
    """Open a log of six lines, of which most are wider than the screen, in five rows."""
    await on_dashboard(pilot)
    running.open_log("invoice-export")
    await wait_for(pilot, lambda: isinstance(running.screen, LogView))
    assert isinstance(running.screen, LogView)
    page = running.screen.page
    await wait_for(pilot, lambda: len(page.lines) == 6 and page.view.height == ROWS)
    return page


def seen(page: RunLog) -> str:
    """Return what is in view."""
    rows = (page.render_line(y) for y in range(page.size.height))
    return "\n".join("".join(part.text for part in row).rstrip() for row in rows)


async def test_the_end_stays_in_view_when_lines_are_wrapped_followed_or_not() -> None:
    running = app(FakeControl())
    async with running.run_test(size=(44, 9)) as pilot:
        page = await on_log(pilot, running)
        await pilot.press("G", "w")
        await wait_for(pilot, lambda: page.view.is_following and LAST in seen(page))
        await pilot.press("f")
        assert not page.view.is_following
        assert LAST in seen(page)
        await pilot.press("w", "w")
        assert LAST in seen(page)
        assert "0 below" in page.status


async def test_a_page_of_wrapped_lines_passes_none_by() -> None:
    running = app(FakeControl())
    async with running.run_test(size=(44, 9)) as pilot:
        page = await on_log(pilot, running)
        await pilot.press("w", "g")
        await wait_for(pilot, lambda: not page.view.is_following and page.view.top == 0)
        whole = page.view.height
        assert 1 < whole < ROWS
        assert f"1–{whole} of 6" in page.status
        await pilot.press("pagedown")
        assert page.view.top == whole - 1


class Kept(FakeControl):
    """What the run has printed is in no file at first."""

    blob: bytes | None = None

    async def query(self, query: Query) -> AnyReply:
        """Answer about a run that goes on."""
        match query:
            case ReadRun():
                begun = row(RUN)
                goes_on = replace(begun, outcome=None, ended_at=None)
                attempt = AttemptRow(
                    attempt=1, claimed_at=begun.queued_at, started_at=begun.started_at
                )
                return RunDetail(goes_on, (attempt,))
            case ReadLines():
                reply = read_lines(Path(), query, blob=self.blob, complete=False)
                return replace(reply, dropped=5_000_000 if self.blob else 0)
            case _:
                return await super().query(query)


async def test_what_a_job_printed_just_before_its_log_opens_is_not_hidden() -> None:
    control = Kept()
    running = app(control)
    async with running.run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        running.open_run("invoice-export", RUN)
        await wait_for(pilot, lambda: bool(running.screen.query(RunLog)))
        page = running.screen.query_one(RunLog)
        await wait_for(pilot, lambda: "start: " in seen(page))
        control.blob = printed()
        await wait_for(pilot, lambda: "connecting to erp-gw" in seen(page))
        assert "running · 4:00:00 · 4.8 MiB dropped · " in str(page.border_title)
