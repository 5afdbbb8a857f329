"""A sentence that is told for some seconds."""

from time import time

from cronterm.tui.told import LEAST_S, TOLD_S, Told, telling


def test_a_sentence_that_ends_just_now_has_time_left_for_a_timer() -> None:
    told = Told("paused alpha", timeout=4, raised_at=time() - 4.001)

    assert told.has_expired
    assert told.time_left == LEAST_S


def test_a_sentence_ends_after_its_time() -> None:
    told = telling("no\x1b[31m such job", is_bad=True).notification

    assert isinstance(told, Told)
    assert not told.has_expired
    assert TOLD_S - 1 < told.time_left <= TOLD_S
    assert (told.message, told.severity, told.markup) == ("no such job", "error", False)
