"""Keys that arrive together act like the same keys one by one."""

from typing import Any, cast

import pytest
from textual import events
from textual.command import CommandList, CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from cronterm.model.command import RunJob
from cronterm.tui.screens.detail import Detail
from cronterm.tui.screens.form import JobForm
from cronterm.tui.screens.help import HelpBox
from cronterm.tui.widgets.facts import RunsBox
from tests.tui.scene import FakeControl, app
from tests.tui.test_screens import on_dashboard, wait_for

SIGNS = {
    "/": "slash",
    ":": "colon",
    "*": "asterisk",
    "?": "question_mark",
    " ": "space",
    ";": "semicolon",
}


def burst(pilot: Pilot[Any], *typed: str) -> None:
    """Send keys as a terminal does that has read them at once; a longer word is a key's name."""
    for key in typed:
        is_sign = len(key) == 1
        pilot.app.post_message(events.Key(SIGNS.get(key, key), key if is_sign else None))


async def test_a_filter_gets_what_is_typed_behind_its_key() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        first = pilot.app.screen
        burst(pilot, *"/pb", "enter")
        await wait_for(pilot, lambda: first.query_one(Input).value == "pb")
        await pilot.pause(0.1)
        assert pilot.app.screen is first
    assert control.sent == []


async def test_what_is_pasted_behind_a_key_goes_where_the_key_went() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        burst(pilot, "/")
        pilot.app.post_message(events.Paste("mail"))
        await wait_for(pilot, lambda: pilot.app.screen.query_one(Input).value == "mail")


async def test_text_and_tabs_in_the_form_keep_their_order() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        burst(pilot, "a", *"mine", "tab", "tab", *"*/20 * * * * *", "tab", "tab", *"echo; ls")
        await wait_for(pilot, lambda: bool(pilot.app.screen.query("#f-tags")))
        form = pilot.app.screen
        assert isinstance(form, JobForm)
        area = form.query_one("#f-command", TextArea)
        await wait_for(pilot, lambda: area.text == "echo; ls")
        assert form.query_one("#f-name", Input).value == "mine"
        assert form.query_one("#f-schedule", Input).value == "*/20 * * * * *"
        burst(pilot, "shift+tab", "shift+tab", "ctrl+u", *"ABC")
        await wait_for(pilot, lambda: form.query_one("#f-schedule", Input).value == "ABC")


async def test_the_help_scrolls_on_from_where_the_key_before_went() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        burst(pilot, "?", "end", "up", "up")
        await wait_for(pilot, lambda: bool(pilot.app.screen.query(HelpBox)))
        box = pilot.app.screen.query_one(HelpBox)
        await wait_for(pilot, lambda: 0 < box.scroll_y == box.max_scroll_y - 2)


async def test_the_palette_gets_what_is_typed_behind_its_key() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        burst(pilot, *":stop")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, CommandPalette))
        palette = pilot.app.screen
        await wait_for(pilot, lambda: [each.value for each in palette.query(Input)] == ["stop"])


async def test_enter_in_the_palette_waits_for_what_is_found() -> None:
    """Before, it ran what the first letters had found: `z` is zoom."""
    async with app().run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        first = pilot.app.screen
        burst(pilot, *":zzz", "enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, CommandPalette))
        palette = pilot.app.screen
        await wait_for(pilot, lambda: bool(palette.query(CommandList)))
        found = palette.query_one(CommandList)
        await wait_for(pilot, lambda: [each.id for each in found.options] == ["--no-matches"])
        assert not first.has_class("zoom-jobs")
        await pilot.press("escape")
        burst(pilot, *":open wal", "enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Detail))
        assert cast(Detail, pilot.app.screen).job == "wal-archive"
        await wait_for(pilot, lambda: bool(pilot.app.screen.query(RunsBox)))  # it has opened


@pytest.mark.parametrize(("keys", "sent"), [("tt", [RunJob]), ("tn", [])])
async def test_a_question_gets_the_answer_behind_its_key(keys: str, sent: list[type]) -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        field = pilot.app.screen.query_one(Input)
        burst(pilot, *keys, "/", "x")
        await wait_for(pilot, lambda: field.value == "x" and len(control.sent) == len(sent))
    assert [type(each) for each in control.sent] == sent


async def test_many_letters_at_once_wait_for_nothing_and_keep_their_place() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        began = pilot.app._lap  # type: ignore[attr-defined]
        burst(pilot, "/", *("x" * 300), "left", "y")
        field = pilot.app.screen.query_one(Input)
        await wait_for(pilot, lambda: field.value == "x" * 299 + "yx")
        assert pilot.app._lap - began < 40  # type: ignore[attr-defined]


async def test_the_preview_is_said_to_be_there_where_it_is() -> None:
    running = app()
    async with running.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("a", "ctrl+y")
        await wait_for(pilot, lambda: bool(running._notifications))
        (told,) = running._notifications
        assert told.message == "the YAML is beside the fields"


async def test_the_preview_gives_the_focus_back() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("a", *"foo", "ctrl+y", "ctrl+y", *"bar")
        await wait_for(
            pilot, lambda: pilot.app.screen.query_one("#f-name", Input).value == "foobar"
        )


async def test_the_form_says_what_is_missing_and_goes_there() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("a", *"foo", "ctrl+s")
        await wait_for(pilot, lambda: isinstance(pilot.app.focused, TextArea))
        await pilot.press("ctrl+t")
        told = [each.message for each in pilot.app._notifications]
        assert told == ["not saved: command is needed", "not tried: command is needed"]


async def test_saving_without_a_change_says_so() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        burst(pilot, "e", "ctrl+s")
        await wait_for(pilot, lambda: bool(pilot.app._notifications))
        assert [each.message for each in pilot.app._notifications] == ["nothing changed"]
