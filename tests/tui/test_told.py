"""Sentences that are told for some seconds."""

from time import time

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
