"""What is behind an alert is read once, and again where it was not to be had."""

import asyncio

import pytest

from cronterm.errors import NoEngine
from cronterm.model.alert import Alert
from cronterm.model.query import AnyReply, OutputChunk, Query
from cronterm.tui.behind_alerts import BehindAlerts, telling_lines
from tests.tui.scene import NOW, FakeControl

ALERT = Alert(id=5, kind="failure", job="load", message="", run=11, opened_at=NOW, last_at=NOW)


def lines_of(*pieces: str) -> tuple[str, ...]:
    """Return what is chosen of an output: what begins with `!` went to stderr."""
    chunks = [
        OutputChunk(0, NOW, "err" if piece[0] == "!" else "out", piece.removeprefix("!").encode())
        for piece in pieces
    ]
    return telling_lines(chunks)


def test_what_looks_like_the_cause_is_chosen_before_what_was_printed_last() -> None:
    backup = ("dump\n", "!pg_dump: ERROR: connection refused\n", "cleaning up\n", "done\n")
    assert lines_of(*backup) == ("pg_dump: ERROR: connection refused", "done")
    assert lines_of("load: Permission denied\n", "!bye\n", "end\n") == (
        "load: Permission denied",
        "bye",
    )
    assert lines_of(*(f"!error {n}\n" for n in range(5))) == ("error 3", "error 4")
    assert lines_of("!fatal: no disk\n", "FAILED\n", "!warning\n") == ("fatal: no disk", "FAILED")


def test_without_a_cause_the_last_lines_are_chosen_those_of_stderr_first() -> None:
    assert lines_of("a\n", "!b\n", "c\n", "d\n") == ("b", "d")
    assert lines_of("a\n", "b\n", "c") == ("b", "c")
    assert lines_of("3 passed, 0 failed\n", "No errors.\n", "x\n", "y\n") == ("x", "y")
    assert lines_of("\n", "!  \n") == lines_of() == ()


def test_a_line_that_the_other_stream_cuts_is_one() -> None:
    assert lines_of("!ti", "one\n", "!med out\n") == ("one", "timed out")
    assert lines_of("a \x1b[31mred\x1b[0m line") == ("a red line",)


class Gone(FakeControl):
    """Nobody answers."""

    async def query(self, query: Query) -> AnyReply:
        """Raise."""
        raise NoEngine("no route")


async def test_what_was_given_up_is_read_when_it_is_looked_at_again() -> None:
    behind, control = BehindAlerts(), FakeControl()
    control.gate.clear()
    reading = asyncio.ensure_future(behind.read(control, ALERT))
    await asyncio.sleep(0)
    assert not behind.lacks(ALERT)  # it is on its way
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert behind.lacks(ALERT)

    control.gate.set()
    await behind.read(control, ALERT)
    assert not behind.lacks(ALERT)
    assert len(behind.printed(ALERT)) == 2
    assert behind.notices(ALERT) is not None


async def test_what_was_not_to_be_had_is_asked_for_again_once_there_is_reason_to() -> None:
    behind = BehindAlerts()
    await behind.read(Gone(), ALERT)
    assert not behind.lacks(ALERT)  # not each time that it is drawn
    behind.try_again()
    assert behind.lacks(ALERT)
    await behind.read(FakeControl(), ALERT)
    behind.try_again()
    assert not behind.lacks(ALERT)
