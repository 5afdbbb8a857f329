"""Sentences that are told for some seconds."""

from time import time

from textual.widgets._toast import Toast

from cronterm.tui.told import LEAST_S, TOLD_S, Told
from tests.tui.scene import app
from tests.tui.test_screens import on_dashboard, wait_for


def test_a_sentence_that_ends_just_now_has_time_left_for_a_timer() -> None:
    told = Told("paused alpha", timeout=4, raised_at=time() - 4.001)

    assert told.has_expired
    assert told.time_left == LEAST_S


async def test_what_is_told_is_harmless_and_has_an_end() -> None:
    running = app()
    async with running.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        running.tell("no\x1b[31m such job", is_bad=True)
        await wait_for(pilot, lambda: bool(running._notifications))
        (told,) = running._notifications

    assert isinstance(told, Told)
    assert TOLD_S - 3 < told.time_left <= TOLD_S
    assert (told.message, told.severity, told.markup) == ("no such job", "error", False)


async def test_what_needs_several_lines_covers_no_tab() -> None:
    running = app()
    async with running.run_test(size=(80, 24), notifications=True) as pilot:
        await on_dashboard(pilot)

        def place(words: str) -> tuple[int, int] | None:
            shown = [each for each in running.screen.query(Toast) if each.region.height]
            texts = [(str(each.render()), each.region) for each in shown]
            return next(((at.y, at.bottom) for text, at in texts if text.startswith(words)), None)

        running.tell("a short one")
        await wait_for(pilot, lambda: place("a short one") == (1, 2))
        running.tell("a long one " * 9, is_bad=True)
        await wait_for(pilot, lambda: place("a long one") == (21, 23))
        running.tell("short again")
        await wait_for(pilot, lambda: place("short again") == (1, 2))
