"""What the palette finds."""

from typing import Any

import pytest
from textual.command import Command, CommandList, CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input

from cronterm.tui.key_order import FINDING
from cronterm.tui.palette import rank
from cronterm.tui.screens.detail import Detail
from tests.tui.scene import FakeControl, app, job, scene
from tests.tui.test_screens import on_dashboard, wait_for


def test_a_command_is_meant_by_its_name_before_its_letters() -> None:
    titles = [
        "Beside the last good run  ·  =",
        "Open alphabeta",
        "Open beta-2",
        "Open beta",
        "Beta or not  ·  b",
        "beta  ·  x",
    ]

    assert [rank(title, " Beta ") for title in titles] == [0, 2, 3, 4, 5, 6]


async def found(pilot: Pilot[Any], typed: str) -> list[str]:
    """Return what is offered for what is typed."""
    await pilot.press("colon")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, CommandPalette))
    pilot.app.screen.query_one(Input).value = typed
    palette = pilot.app.screen

    def texts() -> list[str]:
        options = palette.query_one(CommandList).options
        return [str(each.hit.text) for each in options if isinstance(each, Command)]

    def is_found() -> bool:
        is_running = any(work.group == FINDING and work.is_running for work in pilot.app.workers)
        return not is_running and bool(texts()) and all("beta" in text for text in texts())

    await wait_for(pilot, is_found)
    return texts()


@pytest.mark.parametrize("names", [("beta", "beta-2"), ("beta-2", "beta")])
async def test_the_best_name_is_first_and_is_what_enter_runs(names: tuple[str, str]) -> None:
    snapshot = scene()
    for name in names:
        view = snapshot.jobs["new-job"]
        snapshot.jobs[name] = type(view)(job=job(name, "@manual"))
    async with app(FakeControl(snapshot)).run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        offered = await found(pilot, "open beta")
        assert offered == ["Open beta", "Open beta-2"]
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Detail))
        assert isinstance(pilot.app.screen, Detail)
        assert pilot.app.screen.job == "beta"
        await pilot.press("escape")
        offered = await found(pilot, "beta")
        assert all("beta" in each for each in offered)
        assert "beta-2" not in "".join(offered[:6])
