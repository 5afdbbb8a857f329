"""How a log stays where it is looked at when its lines take more rows."""

from typing import Any

from textual.pilot import Pilot

from cronterm.tui.app import CrontermApp
from cronterm.tui.screens.log_view import LogView
from cronterm.tui.widgets.run_log import RunLog
from tests.tui.scene import FakeControl, app
from tests.tui.test_screens import on_dashboard, wait_for

ROWS = 5
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
