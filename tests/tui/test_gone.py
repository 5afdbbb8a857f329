"""What pages say while no engine answers: what they know, and that they do not know the rest."""

from typing import Any

import pytest
from textual.pilot import Pilot

from cronterm.clock import SECOND
from cronterm.control import Gone
from cronterm.errors import NoEngine
from cronterm.model.query import AnyReply, Query
from cronterm.tui.picture import NOT_KNOWN, Picture
from cronterm.tui.places import Where
from cronterm.tui.questions import trouble_lines
from cronterm.tui.saving import picture_of
from cronterm.tui.screens.detail import Detail
from cronterm.tui.screens.runs import RunsView
from cronterm.tui.widgets.facts import TABS
from cronterm.tui.widgets.statistics_box import StatisticsBox
from tests.tui.scene import NOW, FakeControl, app, life, scene
from tests.tui.test_screens import on_dashboard, wait_for

CLAIMS = (
    *("reading…", "nothing ran", "nothing has", "nothing is due", "nothing was missed"),
    *("nothing fails", "nothing was decided", "no output", "runs 0", " 0 of", "0/0"),
    *("Next 0", "in 1"),
)
VIEWS: dict[str, Where] = {
    "2": "timeline",
    "3": "stats",
    "4": "alerts",
    "M": "missed",
    "5": "runs",
    "6": "system",
}
"""The pages that keys open from everywhere."""


class Killed(FakeControl):
    """Answers no question while it is gone."""

    is_gone = False

    async def query(self, query: Query) -> AnyReply:
        """Answer, or not."""
        if self.is_gone:
            raise NoEngine("no engine runs here")
        return await super().query(query)


async def lose(pilot: Pilot[Any], control: Killed) -> None:
    """Have the engine of a screen killed."""
    await on_dashboard(pilot)
    control.is_gone = True
    await control.more.put(Gone(since=NOW - SECOND, why="killed"))
    await wait_for(pilot, lambda: pilot.app.picture.gone is not None)  # type: ignore[attr-defined]


def shown(pilot: Pilot[Any]) -> list[str]:
    """Return the lines of the screen below its banner."""
    lines = picture_of(pilot.app, "txt").splitlines()
    banner = next(number for number, line in enumerate(lines) if "ENGINE STOPPED" in line)
    assert "R restart" in lines[banner]
    return lines[banner + 1 :]


async def says_so(pilot: Pilot[Any], where: Where) -> None:
    """Wait until a page says that it does not know, and look that it claims nothing."""
    await wait_for(pilot, lambda: getattr(pilot.app.screen, "where", "") == where)
    await wait_for(pilot, lambda: any(NOT_KNOWN in line for line in shown(pilot)))
    text = "\n".join(shown(pilot))
    assert [claim for claim in CLAIMS if claim in text] == [], text
    assert not pilot.app._notifications


@pytest.mark.parametrize("key", VIEWS)
async def test_no_view_claims_anything_that_it_could_not_read(key: str) -> None:
    control = Killed()
    async with app(control, has_started=False).run_test(size=(120, 40)) as pilot:
        await lose(pilot, control)
        await pilot.press(key)
        await says_so(pilot, VIEWS[key])
        screen = pilot.app.screen
        if isinstance(screen, RunsView):
            control.is_gone = False
            await control.more.put(scene())
            await wait_for(pilot, lambda: len(screen.window.rows) > 0)


async def test_no_tab_of_a_job_claims_anything_that_it_could_not_read() -> None:
    control = Killed()
    async with app(control, has_started=False).run_test(size=(120, 40)) as pilot:
        await lose(pilot, control)
        pilot.app.open_job("wal-archive")  # type: ignore[attr-defined]
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Detail))
        for tab in TABS:
            here = f"#job.{tab.lower()}"
            await wait_for(pilot, lambda here=here: bool(pilot.app.screen.query(here)))  # type: ignore[misc]
            await says_so(pilot, "detail")
            assert tab != "Overview" or any("next      —" in line for line in shown(pilot))
            await pilot.press("right_square_bracket")

        control.is_gone = False
        await control.more.put(life()[0])  # the same engine, after all
        screen = pilot.app.screen
        await wait_for(pilot, lambda: screen.query_one(StatisticsBox).record is not None)


async def test_a_log_that_cannot_be_read_is_told_of_in_one_line() -> None:
    control = Killed()
    async with app(control, has_started=False).run_test(size=(80, 24)) as pilot:
        await lose(pilot, control)
        await pilot.press("l")
        await wait_for(pilot, lambda: len(pilot.app._notifications) == 1)
        assert [each.message for each in pilot.app._notifications] == [NOT_KNOWN]


def test_why_no_engine_answers_is_told_with_what_helps() -> None:
    picture = Picture(gone=Gone(since=NOW, why="the connection broke"), way="cronterm -f a.yaml")
    assert trouble_lines(picture, "R") == [
        "✗ the engine does not answer: the connection broke",
        "  R starts it again, this looks why:",
        "  cronterm -f a.yaml doctor",
    ]
    assert trouble_lines(picture)[1] == "  this looks why:"
