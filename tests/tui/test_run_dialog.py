"""Runs by hand with params, as a person presses the keys."""

from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input, Select, Static

from cronterm.model.command import RunJob
from cronterm.model.identity import Param
from cronterm.tui.screens.dialogs import Ask
from cronterm.tui.screens.run_dialog import RunDialog
from cronterm.tui.widgets.param_field import ParamField
from tests.tui.gallery import PARAMS, with_params
from tests.tui.scene import FakeControl, app
from tests.tui.test_screens import on_dashboard, wait_for


def field(pilot: Pilot[Any], name: str) -> ParamField:
    """Return the field of a param."""
    return pilot.app.screen.query_one(f"#p-{name}", ParamField)


def note(pilot: Pilot[Any], name: str) -> str:
    """Return what stands below the field of a param."""
    return str(field(pilot, name).query_one(".note", Static).render())


async def test_a_job_that_needs_params_has_them_chosen_before_it_runs() -> None:
    control = with_params(PARAMS)
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("G", "k", "t")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, RunDialog))
        assert note(pilot, "tries") == "a whole number · default 3"
        await pilot.press("ctrl+s")
        assert note(pilot, "target") == note(pilot, "note") == "✗ needs a value"
        assert control.sent == []

        await pilot.press("enter", "down", "down", "enter", "tab", "right", "tab", "x")
        await wait_for(pilot, lambda: note(pilot, "tries") == "✗ 'x' is not a whole number")
        await pilot.press("backspace", "5", "tab", "h", "i", "enter")
        await wait_for(pilot, lambda: bool(control.sent))

    params = {"target": "prod", "dry_run": "false", "tries": "5", "note": "hi"}
    assert control.sent == [RunJob(job="new-job", params=params)]


async def test_what_has_a_default_and_is_left_alone_was_not_chosen() -> None:
    control = with_params({"tries": Param("int", "3"), "mode": Param("string", "a", ("a", "b"))})
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("G", "k", "T")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, RunDialog))
        assert field(pilot, "tries").query_one(Input).value == "3"
        assert field(pilot, "mode").query_one(Select).value == "a"
        await pilot.press("escape")
        await wait_for(pilot, lambda: not isinstance(pilot.app.screen, RunDialog))
        assert control.sent == []
        await pilot.press("T")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, RunDialog))
        await pilot.press("f2")
        await wait_for(pilot, lambda: bool(control.sent))

    assert control.sent == [RunJob(job="new-job")]


async def test_a_value_chosen_before_fills_the_field_and_counts() -> None:
    given = ParamField("tries", Param("int", "3"), "7")
    control = FakeControl()
    async with app(control).run_test(size=(80, 24)) as pilot:
        await pilot.app.screen.mount(given)
        await pilot.pause()

        assert given.query_one(Input).value == "7"
        assert given.read() == "7"


async def test_t_without_params_says_so_and_asks_for_each_job_that_needs_them() -> None:
    control = with_params(PARAMS)
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("g", "T")
        assert not isinstance(pilot.app.screen, Ask | RunDialog)
        await pilot.press("G", "space", "k", "space", "t")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        asked = str(pilot.app.screen.query_one("#dialog-text", Static).render())
        await pilot.press("t")
        await wait_for(pilot, lambda: bool(control.sent))

    assert "! new-job is left out: it needs params" in asked
    assert control.sent == [RunJob(job="retired")]
