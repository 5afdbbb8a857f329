"""Tests for `logs` and for output on its way to the user."""

import contextlib
import io
import json
import re
from typing import Literal

import pytest

from cronterm.cli.following import Marks, follow_runs
from cronterm.cli.logs import last_lines
from cronterm.cli.output import Gapless, LinePrinter, Lines, Piece, RawPrinter, read_from, read_tail
from cronterm.clock import SECOND
from cronterm.control import Output
from cronterm.errors import NoEngine
from cronterm.model.event import (
    AnyEvent,
    AttemptEnded,
    AttemptStarted,
    Numbered,
    RetryScheduled,
    RunEnded,
)
from cronterm.model.query import AnyReply, OutputChunk, OutputPart, Query, ReadOutput
from cronterm.model.run import AttemptEnd
from tests.cli.desk import Desk
from tests.remote.fake_control import START


def test_the_output_of_a_run_and_of_a_job_is_printed_byte_for_byte(desk: Desk) -> None:
    control = desk.client.control
    control.leaves_open = True
    desk.run("run", "talker")
    control.say(1, b"\x1b[31m\xff\x00raw\r\n")

    expected = b"hello\n\x1b[31m\xff\x00raw\r\n"
    assert desk.run("logs", "1").stdout_bytes == expected
    assert desk.run("logs", "talker").stdout_bytes == expected


def test_the_last_lines_only(desk: Desk) -> None:
    desk.client.control.leaves_open = True
    desk.run("run", "talker")
    desk.client.control.say(1, b"two\nthree\nfour")

    assert desk.run("logs", "talker", "-n", "2").stdout == "three\nfour"
    assert desk.run("logs", "talker", "-n", "0").stdout == ""


def test_all_jobs_are_laid_over_each_other_with_their_names(desk: Desk) -> None:
    desk.run("run", "talker")
    desk.run("run", "backup")

    assert desk.run("logs").stdout == "08:00:00 talker │ hello\n"
    assert desk.run("logs", "talker", "backup").stdout == "08:00:00 talker │ hello\n"


def test_only_stderr(desk: Desk) -> None:
    desk.run("run", "talker")

    assert desk.run("logs", "talker", "--stderr").stdout == ""
    assert desk.run("logs", "--stderr").stdout == ""


def test_a_job_that_never_ran_prints_nothing_and_an_unknown_one_is_an_error(desk: Desk) -> None:
    assert desk.run("logs", "backup").exit_code == 0
    assert desk.run("logs", "nosuch").exit_code == 1
    assert desk.run("logs", "404").exit_code == 1


def test_following_a_run_that_has_ended_ends(desk: Desk) -> None:
    desk.run("run", "talker")
    done = desk.run("logs", "1", "-f")

    assert done.exit_code == 0
    assert done.stdout == "hello\n"


def test_following_a_job_goes_on_until_the_engine_leaves(desk: Desk) -> None:
    desk.run("run", "talker")
    done = desk.run("logs", "talker", "-f")

    assert done.exit_code == 69
    assert done.stdout == "hello\n"
    assert "the engine left" in done.stderr
    assert "talker is not running: waiting for its next run" in done.stderr


def followed(*events: AnyEvent, is_silent: bool = False) -> str:
    """Return what is said of the runs of talker that are followed."""
    said = io.StringIO()
    marks = Marks(colors=False, is_silent=is_silent)
    printer = LinePrinter(colors=False, form="bare")
    told = [Numbered(n, event) for n, event in enumerate(events, 1)]
    with contextlib.redirect_stderr(said), pytest.raises(NoEngine):
        follow_runs(told, lambda job, run: job == "talker", Gapless(Kept(b"")), printer, marks)
    return said.getvalue()


def test_when_runs_begin_and_end_is_said_where_they_are_followed() -> None:
    def started(attempt: int, at: int, job: str = "talker") -> AttemptStarted:
        when = START + at * SECOND
        return AttemptStarted(at=when, run=7, job=job, attempt=attempt, pid=1, started_at=when)

    def ended(attempt: int, at: int, code: int) -> AttemptEnded:
        end = AttemptEnd(ended_at=START + at * SECOND, exit_code=code)
        return AttemptEnded(at=end.ended_at, run=7, job="talker", attempt=attempt, end=end)

    events = (
        started(1, 0, "backup"),
        started(1, 1),
        ended(1, 2, 3),
        RetryScheduled(at=START, run=7, job="talker", attempt=2, ready_at=START + 9 * SECOND),
        started(2, 9),
        ended(2, 11, 3),
        RunEnded(at=START, run=7, job="talker", outcome="failed", reason="exit"),
        RunEnded(
            at=START, run=8, job="talker", outcome="skipped", reason="condition", message="full"
        ),
    )

    assert followed(*events).splitlines() == [
        "– 08:00:01 run 7 of talker began",
        "– 08:00:02 run 7 of talker did not succeed: try 2 comes at 08:00:09",
        "– 08:00:09 run 7 of talker, try 2, began",
        "– 08:00:11 run 7 of talker failed: exit 3, took 10.0s",
        "– 08:00:00 run 8 of talker skipped: condition (full)",
    ]
    assert followed(*events, is_silent=True) == ""


def test_of_a_run_that_goes_on_it_is_said_since_when(desk: Desk) -> None:
    desk.client.control.leaves_open = True
    desk.run("run", "talker")

    for words in (("talker",), ()):
        assert "– 08:00:00 run 1 of talker goes on" in desk.run("logs", "-f", *words).stderr
    assert "run 1 of" not in desk.run("logs", "-f", "talker", "-q").stderr
    assert "run 1 of" not in desk.run("logs", "-f", "--grep", "x").stderr
    assert "nothing has run yet" not in desk.run("logs", "-f").stderr


def test_a_last_line_without_an_end_is_printed_when_its_run_ends() -> None:
    lines = Lines()
    for run in (7, 8):
        piece = Piece(run, "talker", 1, 0, START, "out", b"no end")
        assert list(lines.take(piece)) == []

    assert [line.run for line in lines.rest(8)] == [8]
    assert [line.run for line in lines.rest()] == [7]


def test_after_logs_the_letter_f_is_to_follow_and_file_names_the_file(desk: Desk) -> None:
    done = desk.run("logs", "--file", str(desk.instance.jobs_file), "-n", "1", "1")

    assert done.exit_code == 1
    assert "there is no run 1" in done.stderr


# -- pieces --------------------------------------------------------------------------------------


class Kept:
    """The output of one attempt as its file has it."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked: list[ReadOutput] = []

    def query(self, query: Query) -> AnyReply:
        """Answer from the content."""
        assert isinstance(query, ReadOutput)
        self.asked.append(query)
        size = query.max_bytes
        start = max(len(self.content) - size, 0) if query.offset is None else query.offset
        part = self.content[start : start + size]
        return OutputPart(
            run=1,
            attempt=1,
            chunks=(OutputChunk(start, START, "out", part),) if part else (),
            first_offset=start,
            next_offset=start + len(part),
            end_offset=len(self.content),
        )


class Cut:
    """Output of which the size limit dropped a thousand bytes, in a line."""

    def query(self, query: Query) -> AnyReply:
        """Answer with all there is."""
        chunks = ((0, b"one\nhal"), (1_007, b"f\ntwo\n"))
        return OutputPart(
            run=1,
            attempt=1,
            chunks=tuple(OutputChunk(offset, START, "out", data) for offset, data in chunks),
            next_offset=1_013,
            end_offset=1_013,
            dropped=(7, 1_007),
        )


def test_what_is_before_and_behind_dropped_bytes_makes_no_false_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = b"".join(each.data for each in read_from(Cut(), 1, "a", 1, 0))
    tail = b"".join(each.data for each in read_tail(Cut(), 1, "a", 1, 5))

    assert there == tail == b"one\nhal\nf\ntwo\n"
    assert capsys.readouterr().err == "[1000 bytes of run 1 were dropped: output.max_size]\n"


def output(offset: int, data: bytes, run: int = 1) -> Output:
    """Return output as the stream brings it."""
    return Output(run, "a", 1, offset, START, "out", data)


def piece(data: bytes, stream: Literal["out", "err"] = "out", run: int = 1, at: int = 0) -> Piece:
    """Return a piece as it is printed."""
    return Piece(run, "a", 1, 0, START + at * SECOND, stream, data)


def test_what_the_stream_dropped_is_read_by_its_offset() -> None:
    kept = Kept(b"onetwothree")
    gapless = Gapless(kept)
    got = [*gapless.take(output(0, b"one")), *gapless.take(output(6, b"three"))]

    assert b"".join(each.data for each in got) == b"onetwothree"
    assert [query.offset for query in kept.asked] == [3]


def test_what_was_printed_is_not_printed_again() -> None:
    gapless = Gapless(Kept(b"onetwothree"))
    gapless.reach(1, 1, 4)
    got = [*gapless.take(output(0, b"one")), *gapless.take(output(3, b"two"))]
    got += gapless.finish(1, "a", 1)
    got += gapless.finish(1, "a", 1)

    assert b"".join(each.data for each in got) == b"wothree"


def test_a_run_from_before_is_followed_from_where_it_is() -> None:
    gapless = Gapless(Kept(b"onetwothree"), first_new_run=2)
    unseen = list(gapless.finish(1, "a", 1))
    got = list(gapless.take(output(6, b"three")))

    assert unseen == []
    assert [each.data for each in got] == [b"three"]


def test_output_waits_for_what_goes_before_it_and_cannot_be_read_yet() -> None:
    kept = Kept(b"")
    gapless = Gapless(kept)
    early = [*gapless.take(output(3, b"two")), *gapless.take(output(6, b"three"))]
    kept.content = b"onetw"
    late = list(gapless.retry())

    assert early == []
    assert b"".join(each.data for each in late) == b"onetwothree"
    assert list(gapless.retry()) == []


def test_output_whose_beginning_is_lost_is_shown_at_the_end() -> None:
    gapless = Gapless(Kept(b""))
    assert list(gapless.take(output(3, b"two"))) == []

    assert [each.data for each in gapless.finish(1, "a", 1)] == [b"two"]


def test_an_older_run_that_is_shown_is_shown_whole() -> None:
    gapless = Gapless(Kept(b"onetwo"), first_new_run=9)
    gapless.begin(1)

    assert b"".join(each.data for each in gapless.take(output(3, b"two"))) == b"onetwo"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [(0, b""), (1, b"four"), (2, b"three\nfour"), (9, b"one\ntwo\nthree\nfour")],
)
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_the_last_lines_are_cut_over_pieces(lines: int, expected: bytes, end: bytes) -> None:
    pieces = [piece(b"one\ntw"), piece(b"o\nthr"), piece(b"ee\nfour" + end)]
    kept = b"".join(each.data for each in last_lines(pieces, lines))

    assert kept == (expected + end if lines else b"")


def test_a_tail_reads_only_as_much_as_it_needs() -> None:
    kept = Kept(b"a line of some length\n" * 100_000)
    tail = read_tail(kept, 1, "a", 1, 10)

    assert len(kept.asked) == 1
    assert len(b"".join(each.data for each in tail)) < 100_000
    assert len(last_lines(tail, 10)[0].data.splitlines()) == 10


def test_lines_are_put_together_per_stream_with_the_time_of_their_beginning() -> None:
    lines = Lines()
    got = [*lines.take(piece(b"be", at=1)), *lines.take(piece(b"err\n", "err", at=2))]
    got += lines.take(piece(b"gun\nnext\xc3", at=3))
    got += lines.take(piece(b"\xa9", at=4))
    got += lines.rest()

    assert [(each.text, (each.at - START) // SECOND) for each in got] == [
        ("err", 2),
        ("begun", 1),
        ("next\u00e9", 3),
    ]
    assert list(lines.rest()) == []


def test_a_line_without_end_is_not_kept_for_ever() -> None:
    lines = Lines()
    got = [each for _ in range(30) for each in lines.take(piece(b"x" * 100_000))]

    assert len(got) == 2


class Terminal(io.StringIO):
    """A stdout that is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


def test_a_terminal_gets_lines_that_cannot_steer_it() -> None:
    terminal = Terminal()
    with contextlib.redirect_stdout(terminal):
        printer = RawPrinter()
        printer.show([piece(b"\x1b]52;c;aGk"), piece(b"=\x07safe\x1b[2J\x9b\n10%\r20%")])
        printer.flush()

    assert terminal.getvalue() == "safe\ufffd\n20%\n"


def test_prefixes_have_the_colour_of_their_job_and_lines_none() -> None:
    terminal = Terminal()
    with contextlib.redirect_stdout(terminal):
        printer = LinePrinter(colors=True)
        printer.show([piece(b"\x1b[31mred\x1b[0m\n")])
        printer.flush()

    first, _, line = terminal.getvalue().partition("│")
    assert "\x1b[" in first
    assert line == " red\n"


def fail(desk: Desk, output: bytes) -> None:
    """Let a run of the talker fail, with output."""
    control = desk.client.control
    control.leaves_open = True
    desk.run("run", "talker")
    control.say(len(control.received), output)
    control.end(len(control.received), AttemptEnd(ended_at=START + SECOND, exit_code=3))


def test_only_lines_in_which_an_expression_is_found(desk: Desk) -> None:
    fail(desk, b"an error\nall well\nanother Error\n")

    assert desk.run("logs", "talker", "--grep", "(?i)error").stdout == "an error\nanother Error\n"
    assert desk.run("logs", "--grep", "well").stdout == "08:00:00 talker │ all well\n"
    assert desk.run("logs", "1", "--grep", "e.*r", "-n", "1").stdout == "another Error\n"
    assert desk.run("logs", "--grep", "(").exit_code == 2


def test_only_of_runs_that_failed(desk: Desk) -> None:
    fail(desk, b"oh no\n")
    desk.client.control.leaves_open = False
    desk.run("run", "talker")

    assert desk.run("logs", "talker").stdout == "hello\n"
    failed = desk.run("logs", "talker", "--failed")
    assert failed.stdout == "hello\noh no\n"
    assert re.fullmatch(r"run 1 of talker, \d{4}-\S+ \S+: failed: exit 3\n", failed.stderr)
    assert desk.run("logs", "talker", "--failed", "-q").stderr == ""
    assert desk.run("logs", "--failed").stdout.count("hello") == 1


def test_that_no_run_is_of_that_kind_is_said(desk: Desk) -> None:
    assert desk.run("logs").stderr == "nothing has run yet\n"
    assert desk.run("logs", "talker", "backup").stderr == "none of them has run yet\n"
    desk.client.control.tries = 2
    desk.run("run", "talker")

    for narrowed in ([], ["--grep", "x"]):
        told = desk.run("logs", "talker", "--failed", *narrowed)
        assert (told.exit_code, told.stdout) == (0, "")
        assert told.stderr == "no run of talker failed; run 1 needed 2 tries\n"
    assert desk.run("logs", "backup", "--failed").stderr == "no run of backup failed\n"
    assert desk.run("logs", "backup", "--failed", "-q").stderr == ""


def test_only_since_a_moment(desk: Desk) -> None:
    desk.run("run", "talker")

    assert desk.run("logs", "--since", "2027-01-15T08:00:00Z").stdout.endswith("│ hello\n")
    assert desk.run("logs", "talker", "--since", "2027-01-15T08:00:01Z").stdout == ""
    assert desk.run("logs", "--since", "2h").exit_code == 0
    assert desk.run("logs", "--since", "lately").exit_code == 65


def test_logs_as_json_is_an_object_a_line(desk: Desk) -> None:
    desk.run("run", "talker")

    assert [json.loads(line) for line in desk.run("logs", "--json").stdout.splitlines()] == [
        {
            "at": "2027-01-15T08:00:00Z",
            "job": "talker",
            "run_id": 1,
            "stream": "out",
            "text": "hello",
        }
    ]


def test_follow_is_logs_that_go_on(desk: Desk) -> None:
    desk.run("run", "talker")

    assert desk.run("follow", "1").stdout == desk.run("logs", "1", "-f").stdout == "hello\n"
    assert desk.run("follow", "1", "--grep", "hell").exit_code == 0


def test_f_before_a_file_is_asked_about(desk: Desk) -> None:
    desk.instance.jobs_file.touch()
    done = desk.run("logs", "-f", str(desk.instance.jobs_file), "backup", bare=True)

    assert done.exit_code == 2
    assert f"cronterm -f {desk.instance.jobs_file} logs -f backup" in " ".join(done.stderr.split())
