"""The log stream: its order, and what it does with output that comes early or without an end."""

from cronterm.clock import SECOND
from cronterm.control import Output
from cronterm.model.event import AttemptEnded, AttemptStarted, Numbered, RunHeld, SkipLifted
from cronterm.model.fold import fold
from cronterm.model.gates import Hold
from cronterm.model.run import AttemptEnd
from cronterm.tui.stream import LogLine, LogStream
from tests.tui.scene import NOW, scene


def output(text: bytes, *, attempt: int = 2) -> Output:
    return Output(902, "flaky-upload", attempt, 0, NOW, "out", text)


def started() -> Numbered:
    event = AttemptStarted(
        at=NOW, run=902, job="flaky-upload", attempt=2, pid=77, started_at=NOW - SECOND
    )
    return Numbered(201, event)


def ended() -> Numbered:
    event = AttemptEnded(
        at=NOW,
        run=902,
        job="flaky-upload",
        attempt=2,
        end=AttemptEnd(ended_at=NOW, exit_code=0),
    )
    return Numbered(202, event)


def test_output_that_overtakes_its_start_stands_below_it() -> None:
    snapshot, stream = scene(), LogStream()

    stream.take_output(output(b"first line\nrest"), snapshot)
    assert not stream.lines
    stream.narrate(started(), snapshot)
    fold(snapshot, started())
    stream.narrate(ended(), snapshot)

    assert [line.text for line in stream.lines] == ["start pid 77, try 2", "first line", "rest"]


def test_output_whose_start_was_never_told_comes_with_the_end() -> None:
    snapshot, stream = scene(), LogStream()

    stream.take_output(output(b"only line\n"), snapshot)
    stream.narrate(ended(), snapshot)

    assert [line.text for line in stream.lines] == ["only line"]


def test_the_past_stands_first_and_is_not_new() -> None:
    stream = LogStream()
    stream.put(LogLine(NOW, "a", "running", "now"))

    stream.prefill([LogLine(NOW - SECOND, "a", "running", "before")])

    assert [line.text for line in stream.lines] == ["before", "now"]
    assert stream.total == 1


def test_what_holds_a_run_is_told() -> None:
    snapshot, stream = scene(), LogStream()
    holds = (
        Hold("condition", "its condition is looked at"),
        Hold("condition", "the load is 7", NOW),
        Hold("pool", "pool p is full (slots: 1)"),
        None,
    )
    for hold in holds:
        stream.narrate(Numbered(201, RunHeld(at=NOW, run=902, job="a", hold=hold)), snapshot)

    told = [line.text for line in stream.lines]
    assert told == ["waits: the load is 7", "waits: pool p is full (slots: 1)"]


def test_nothing_that_steers_a_terminal_is_in_a_line() -> None:
    snapshot, stream = scene(), LogStream()
    stream.narrate(started(), snapshot)
    fold(snapshot, started())

    stream.take_output(output(b"a\x1b]52;c;ZXZpbA==\x07b\x9b31mc\n"), snapshot)

    assert all(char.isprintable() for char in stream.lines[-1].text)


def test_a_run_that_is_reported_has_no_pid() -> None:
    snapshot, stream = scene(), LogStream()
    event = AttemptStarted(at=NOW, run=902, job="flaky-upload", attempt=1, pid=0, started_at=NOW)

    stream.narrate(Numbered(201, event), snapshot)

    assert [line.text for line in stream.lines] == ["start reported"]


def test_a_lifted_skip_is_told_with_its_time_and_who_lifted_it() -> None:
    snapshot, stream = scene(), LogStream()
    lifted = SkipLifted(at=NOW, job="flaky-upload", due_at=NOW + SECOND, by="bob")

    stream.narrate(Numbered(201, lifted), snapshot)

    assert [line.text for line in stream.lines] == ["skip of today 14:32:08 lifted by bob"]
