"""Output of runs on its way to the user: read whole, followed without gaps, printed safely."""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import click

from cronterm.cli.base import print_json, say
from cronterm.cli.render import local, prefix_color
from cronterm.clock import Instant, rfc3339
from cronterm.control import Output
from cronterm.model.query import AnyReply, OutputChunk, OutputPart, Query, ReadOutput
from cronterm.sanitize import sanitize_line

PART_BYTES = 1 << 20
TAIL_BYTES = 64 << 10
LONGEST_TAIL_BYTES = 4 << 20  # the door gives no more at once
HOLD_S = 5.0  # a runner writes what it has after a second or two
LONGEST_LINE_BYTES = 1 << 20  # a line without end is shown in pieces

Key = tuple[int, int]
"""Run and attempt."""


@dataclass(frozen=True)
class Piece:
    """Bytes of one stream of one attempt."""

    run: int
    job: str
    attempt: int
    offset: int
    at: Instant
    stream: Literal["out", "err"]
    data: bytes


Wants = Callable[[Piece], bool]


def wants(*, stderr_only: bool) -> Wants:
    """Return which pieces are to be printed."""
    return lambda piece: piece.stream == "err" or not stderr_only


class Asked(Protocol):
    """Who answers questions: an engine, or file and history."""

    def query(self, query: Query) -> AnyReply:
        """Answer a question."""


def read_part(asked: Asked, query: ReadOutput) -> OutputPart:
    """Return a part of an attempt's output."""
    part = asked.query(query)
    assert isinstance(part, OutputPart)
    return part


def read_from(asked: Asked, run: int, job: str, attempt: int, offset: int) -> Iterator[Piece]:
    """Yield an attempt's output from `offset` to what there is by now."""
    return _with_ends(_read_parts(asked, run, job, attempt, offset))


def _with_ends(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield an attempt's pieces; a line of which the rest was dropped ends there."""
    last: Piece | None = None
    for each in pieces:
        if last is not None and not last.data.endswith(b"\n"):
            end = last.offset + len(last.data)
            if end < each.offset:
                yield replace(last, offset=end, data=b"\n")
        yield each
        last = each


def _read_parts(asked: Asked, run: int, job: str, attempt: int, offset: int) -> Iterator[Piece]:
    while True:
        query = ReadOutput(run=run, attempt=attempt, offset=offset, max_bytes=PART_BYTES)
        part = read_part(asked, query)
        if part.dropped is not None and offset <= part.dropped[0] < part.next_offset:
            size = part.dropped[1] - part.dropped[0]
            say(f"[{size} bytes of run {run} were dropped: output.max_size]", err=True)
        yield from (piece(run, job, attempt, chunk) for chunk in part.chunks)
        if part.next_offset <= offset or part.next_offset >= part.end_offset:
            return
        offset = part.next_offset


def read_tail(asked: Asked, run: int, job: str, attempt: int, lines: int) -> list[Piece]:
    """Return the end of an attempt's output, with at least `lines` lines where it has them."""
    size = TAIL_BYTES
    while True:
        part = read_part(asked, ReadOutput(run=run, attempt=attempt, max_bytes=size))
        found = sum(chunk.data.count(b"\n") for chunk in part.chunks)
        if found > lines or part.first_offset == 0 or size >= LONGEST_TAIL_BYTES:
            return [*_with_ends(piece(run, job, attempt, chunk) for chunk in part.chunks)]
        size *= 4


def piece(run: int, job: str, attempt: int, chunk: OutputChunk) -> Piece:
    """Return a chunk with what it belongs to."""
    return Piece(run, job, attempt, chunk.offset, chunk.at, chunk.stream, chunk.data)


@dataclass
class Held:
    """Output that came while what goes before it could not be read yet."""

    since_s: float
    outputs: deque[Output]


class Gapless:
    """Turns output that may have been dropped on its way into all of it, once, in order.

    Runs from `first_new_run` on are shown from their beginning, older ones from where they are
    unless `begin` or `reach` say otherwise.
    """

    def __init__(self, asked: Asked, *, first_new_run: int = 0) -> None:
        self._asked = asked
        self._first_new_run = first_new_run
        self._begun: set[int] = set()
        self._reached: dict[Key, int] = {}
        self._held: dict[Key, Held] = {}

    def begin(self, run: int) -> None:
        """Note that a run is shown from its beginning."""
        self._begun.add(run)

    def reach(self, run: int, attempt: int, offset: int) -> None:
        """Note that everything before `offset` was shown."""
        self._reached[run, attempt] = offset

    def take(self, output: Output) -> Iterator[Piece]:
        """Yield what is new with `output`, what was dropped before it first."""
        key = (output.run, output.attempt)
        if key not in self._held:
            self._held[key] = Held(time.monotonic(), deque())
        self._held[key].outputs.append(output)
        yield from self._release(key)

    def retry(self) -> Iterator[Piece]:
        """Yield what could not be shown before; call it now and then."""
        for key in list(self._held):
            yield from self._release(key)

    def finish(self, run: int, job: str, attempt: int) -> Iterator[Piece]:
        """Yield what is left of an attempt that ended, if it was followed from somewhere on."""
        reached = self._start_of((run, attempt))
        if reached is not None:
            yield from self._read(run, job, attempt, reached)
        held = self._held.pop((run, attempt), None)
        for output in held.outputs if held is not None else ():
            yield from self._rest_of(output)

    def _start_of(self, key: Key) -> int | None:
        is_whole = key[0] >= self._first_new_run or key[0] in self._begun
        return self._reached.get(key, 0 if is_whole else None)

    def _release(self, key: Key) -> Iterator[Piece]:
        """Yield held output in order, as far as nothing is missing before it.

        A runner keeps small output in memory for a moment before it can be read anywhere.
        """
        held = self._held[key]
        while held.outputs:
            first = held.outputs[0]
            start = self._start_of(key)
            if start is not None and start < first.offset:
                yield from self._read(first.run, first.job, first.attempt, start)
                is_patient = time.monotonic() - held.since_s < HOLD_S
                if self._reached[key] < first.offset and is_patient:
                    return
            yield from self._rest_of(held.outputs.popleft())
        del self._held[key]

    def _rest_of(self, output: Output) -> Iterator[Piece]:
        key = (output.run, output.attempt)
        skip = max(self._reached.get(key, 0) - output.offset, 0)
        rest = output.data[skip:]
        if rest:
            begin = output.offset + skip
            self._reached[key] = begin + len(rest)
            yield Piece(
                output.run, output.job, output.attempt, begin, output.at, output.stream, rest
            )

    def _read(self, run: int, job: str, attempt: int, offset: int) -> Iterator[Piece]:
        self._reached[run, attempt] = offset
        for each in read_from(self._asked, run, job, attempt, offset):
            self._reached[run, attempt] = each.offset + len(each.data)
            yield each


class RawPrinter:
    """Prints output as it is into a pipe, line by line and made safe onto a terminal.

    With `times` each line has the time before it at which it came, everywhere.
    """

    def __init__(self, *, stderr_only: bool = False, times: bool = False) -> None:
        self.wants = wants(stderr_only=stderr_only)
        self._lines = Lines()
        self._is_terminal = sys.stdout.isatty()
        self._times = times

    def show(self, pieces: Iterable[Piece]) -> None:
        """Print pieces."""
        for each in filter(self.wants, pieces):
            if self._is_terminal or self._times:
                self._print(self._lines.take(each))
            else:
                sys.stdout.buffer.write(each.data)
        sys.stdout.flush()

    def flush(self, run: int | None = None) -> None:
        """Print the last lines, which have no end; of one run, or of all."""
        self._print(self._lines.rest(run))
        sys.stdout.flush()

    def _print(self, lines: "Iterable[Line]") -> None:
        for line in lines:
            text = sanitize_line(line.text) if self._is_terminal else line.text
            click.echo(f"{local(line.at):%Y-%m-%d %H:%M:%S} {text}" if self._times else text)


class LinePrinter:
    """Prints lines of many runs: with their time and job, bare, or as JSON objects."""

    def __init__(
        self,
        *,
        colors: bool,
        stderr_only: bool = False,
        keep: "Callable[[Line], bool]" = lambda line: True,
        form: Literal["prefixed", "bare", "json"] = "prefixed",
        host: str = "",
    ) -> None:
        self.wants = wants(stderr_only=stderr_only)
        self._colors = colors
        self._keep = keep
        self._form = form
        self._lines = Lines(host)

    def show(self, pieces: Iterable[Piece]) -> None:
        """Print the lines that these pieces complete."""
        for each in filter(self.wants, pieces):
            self.print(self._lines.take(each))

    def flush(self, run: int | None = None) -> None:
        """Print the last lines, which have no end; of one run, or of all."""
        self.print(self._lines.rest(run))

    def print(self, lines: "Iterable[Line]") -> None:
        """Print whole lines."""
        for line in filter(self._keep, lines):
            if self._form == "json":
                print_json(line_as_json(line))
                continue
            prefix = ""
            if self._form == "prefixed":
                who = f"{line.host} {line.job}" if line.host else line.job
                prefix = f"{local(line.at):%H:%M:%S} {who}"
                color = prefix_color(who) if self._colors else None
                prefix = (click.style(prefix, fg=color) if color else prefix) + " │ "
            click.echo(prefix + sanitize_line(line.text))
        sys.stdout.flush()


@dataclass(frozen=True)
class Line:
    """A line of a job's output, from when it began."""

    at: Instant
    job: str
    text: str
    run: int = 0
    stream: str = "out"
    host: str = ""
    """Where it was printed, of several machines."""


def line_as_json(line: Line) -> dict[str, Any]:
    """Return a line as `logs --json` prints it."""
    return {
        **({"host": line.host} if line.host else {}),
        "at": rfc3339(line.at),
        "job": line.job,
        "run_id": line.run,
        "stream": line.stream,
        "text": line.text,
    }


class Lines:
    """Puts lines together from pieces of many streams."""

    def __init__(self, host: str = "") -> None:
        self._host = host
        self._open: dict[tuple[int, int, str], Piece] = {}

    def take(self, piece: Piece) -> Iterator[Line]:
        """Yield the lines that `piece` completes."""
        key = (piece.run, piece.attempt, piece.stream)
        begun = self._open.pop(key, None)
        first = piece.at if begun is None else begun.at
        *whole, rest = ((b"" if begun is None else begun.data) + piece.data).split(b"\n")
        for content in whole:
            yield self._line(replace(piece, at=first, data=content))
            first = piece.at
        last = replace(piece, at=first, data=rest)
        if len(rest) > LONGEST_LINE_BYTES:
            yield self._line(last)
        elif rest:
            self._open[key] = last

    def rest(self, run: int | None = None) -> Iterator[Line]:
        """Yield the lines that have no end, once; of one run, or of all."""
        for key in [key for key in self._open if run in (None, key[0])]:
            yield self._line(self._open.pop(key))

    def _line(self, piece: Piece) -> Line:
        text = piece.data.decode("utf-8", "replace")
        return Line(piece.at, piece.job, text, piece.run, piece.stream, self._host)
