"""A run again, with changes for this once, as a person presses the keys."""

from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input, Static, TextArea

from cronterm.model.command import Answer, RerunEdited, RerunRun
from cronterm.tui.screens.again_dialog import AgainDialog
from cronterm.tui.screens.run_dialog import RunDialog
from tests.tui.gallery import Past
from tests.tui.scene import app
from tests.tui.test_screens import on_dashboard, wait_for


def note(pilot: Pilot[Any], word: str) -> str:
    """Return what stands below the field of a word."""
    return str(pilot.app.screen.query_one(f"#w-{word} .note", Static).render())


async def opened(pilot: Pilot[Any], *keys: str) -> None:
    """Open the dialog from a view."""
    await on_dashboard(pilot)
    await pilot.press(*keys)
    await pilot.pause()
    await pilot.press("r")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, RunDialog))


async def test_a_run_is_repeated_with_what_was_typed() -> None:
    control = Past()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await opened(pilot, "5")
        screen = pilot.app.screen
        assert screen.query_one("#p-limit Input", Input).value == "7"
        screen.query_one("#w-timeout Input", Input).value = "soon"
        await wait_for(pilot, lambda: note(pilot, "timeout").startswith("✗"))
        await pilot.press("ctrl+s")
        assert control.sent == []

        screen.query_one("#w-timeout Input", Input).value = "5m"
        screen.query_one("#w-command TextArea", TextArea).text = "./export.sh"
        screen.query_one("#w-env TextArea", TextArea).text = "STAGE=test"
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: bool(control.sent))
        await wait_for(pilot, lambda: not isinstance(pilot.app.screen, RunDialog))

    words = {"command": "./export.sh", "env": {"STAGE": "test"}, "timeout": "5m"}
    assert control.sent == [RerunEdited(run=1200, words=words, params={"limit": "7"})]


async def test_without_a_change_it_runs_as_it_was_and_a_refusal_leaves_it_open() -> None:
    control = Past()
    control.refusal = Answer(ok=False, message="run 9 is running, overlap is skip")
    async with app(control).run_test(size=(120, 40)) as pilot:
        await opened(pilot, "5", "down")
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: control.sent == [RerunRun(run=1199)])
        assert isinstance(pilot.app.screen, AgainDialog)
        control.refusal = None
        await pilot.press("f2")
        await wait_for(pilot, lambda: not isinstance(pilot.app.screen, RunDialog))


async def test_what_never_started_has_nothing_to_change() -> None:
    control = Past()
    control.definition = None
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("5", "r")
        await wait_for(pilot, lambda: bool(pilot.app._notifications))
        told = [each.message for each in pilot.app._notifications]

    assert told == ["run 1200 never started, t runs invoice-export"]
