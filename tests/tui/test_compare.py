"""A run beside the last good one."""

from typing import Any

from textual.pilot import Pilot

from cronterm.model.query import AnyReply, ListRuns, Query, Runs
from cronterm.tui.screens.compare import CompareView
from cronterm.tui.screens.detail import Detail
from cronterm.tui.screens.log_view import LogView
from cronterm.tui.widgets.compare_box import CompareBox
from tests.tui.scene import FakeControl, app
from tests.tui.test_screens import on_dashboard, wait_for


class NeverGood(FakeControl):
    """No run ever succeeded."""

    async def query(self, query: Query) -> AnyReply:
        """Know no good run."""
        if isinstance(query, ListRuns) and query.outcomes == ("succeeded",):
            return Runs(())
        return await super().query(query)


async def on_comparison(pilot: Pilot[Any]) -> CompareView:
    """Open a job's page and compare its newest run."""
    await on_dashboard(pilot)
    await pilot.press("enter")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, Detail))
    await wait_for(pilot, lambda: bool(pilot.app.screen.runs.runs))  # type: ignore[attr-defined]
    await pilot.press("equals_sign")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, CompareView))
    screen = pilot.app.screen
    assert isinstance(screen, CompareView)
    await wait_for(pilot, lambda: any(box.rows or box.trouble for box in screen.query(CompareBox)))
    return screen


async def test_a_run_is_put_beside_the_last_good_one_numbers_apart() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await on_comparison(pilot)
        assert screen.box.rows is not None
        assert [row.run for row in screen.box.rows] == [9, 12]
        changed = [f"{each.sign}{each.text}" for each in screen.box.output]
        assert " INFO  connecting to erp-gw:8443" in changed
        assert " ok tls handshake (TLS1.3)" in changed
        assert "-INFO  bye" in changed
        assert any(each.startswith("+ConnectionRefusedError") for each in changed)
        assert screen.box.words == {"timeout": [300, 60]}
        await pilot.press("G", "g", "pagedown", "k", "l")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, LogView))
        await pilot.press("escape", "escape")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Detail))


async def test_without_a_good_run_that_is_said() -> None:
    async with app(NeverGood()).run_test(size=(80, 24)) as pilot:
        screen = await on_comparison(pilot)
        assert "before 12 succeeded" in screen.box.trouble
