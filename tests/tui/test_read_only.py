"""A screen that may look, not act: what it refuses, and that it says so."""

from typing import cast

import pytest

from cronterm.tui.home import Home
from cronterm.tui.keymap import CHANGING, CHANGING_ACTIONS, CHANGING_WORDS, KEYS
from cronterm.tui.palette import palette_commands
from cronterm.tui.screens.page import Page
from cronterm.tui.widgets.bars import TopBar
from tests.tui.scene import FakeControl, app, missed
from tests.tui.test_screens import on_dashboard, wait_for

PLACES = {
    "jobs": (),
    "detail": ("enter",),
    "alerts": ("4",),
    "missed": ("M",),
    "timeline": ("2",),
    "system": ("6",),
}


@pytest.mark.parametrize("place", PLACES)
async def test_keys_that_change_something_are_refused(place: str) -> None:
    control = FakeControl()
    control.missed = missed()
    async with app(control, has_started=False, is_read_only=True).run_test() as pilot:
        await on_dashboard(pilot)
        await pilot.press(*PLACES[place])
        here = pilot.app.screen
        assert isinstance(here, Page)
        assert here.where == place
        told = len(pilot.app._notifications)
        for key in KEYS:
            if key.id in CHANGING and place in key.where:
                await pilot.press(key.keys.split(",")[0])
                assert pilot.app.screen is here, key
                told += 1
                assert len(pilot.app._notifications) == told, key
        assert all(each.message.startswith("read-only") for each in pilot.app._notifications)
    assert control.sent == []


async def test_what_no_key_leads_to_is_refused_as_well() -> None:
    control = FakeControl()
    running = app(control, has_started=False, is_read_only=True)
    async with running.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        here = running.screen
        assert isinstance(here, Page)
        offered = [
            each.title for each in palette_commands(cast(Home, running), running.screen, ["wal"])
        ]
        assert not any("rigger" in title or "ause" in title for title in offered)
        assert "Log of wal" in offered
        running.toggle_pause(["wal-archive"])
        running.edit_job(None)
        running.write_sample()
        await wait_for(pilot, lambda: len(running._notifications) == 3)
        assert running.screen is here
        line = "".join(text for text, _ in here.query_one(TopBar).paint(120, 1)[0])
        assert line.startswith(" cronterm ● live  read-only  │ 12 jobs")
    assert control.sent == []


def test_nothing_else_shares_an_action_or_a_word_with_what_is_refused() -> None:
    others = [key for key in KEYS if key.id not in CHANGING]

    assert {key.id for key in KEYS} >= CHANGING
    assert not CHANGING_ACTIONS & {key.action for key in others}
    assert not CHANGING_WORDS & {key.bar for key in others}
