"""Follows runs: what they print, and on stderr when they begin and end; some print nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import click

from cronterm.cli.output import Gapless, LinePrinter, RawPrinter
from cronterm.cli.render import describe_end, local, show_duration
from cronterm.clock import Instant
from cronterm.control import Message, Output
from cronterm.errors import NoEngine
from cronterm.model.event import (
    AnyEvent,
    AttemptEnded,
    AttemptStarted,
    Numbered,
    RetryScheduled,
    RunEnded,
)
from cronterm.model.run import AttemptEnd, RunRow
from cronterm.model.snapshot import PastRun
from cronterm.sanitize import sanitize_line


@dataclass
class _Live:
    """What is known of a run that goes on."""

    started_at: Instant | None = None
    end: AttemptEnd | None = None


class Marks:
    """Prints to stderr, dim where that has colours."""

    def __init__(self, *, colors: bool, is_silent: bool, host: str = "") -> None:
        self.is_silent = is_silent
        self._colors = colors
        self._host = f"{host}: " if host else ""
        self._live: dict[int, _Live] = {}

    def meet(self, row: RunRow) -> None:
        """Say of a run that goes on since when it does."""
        if row.run is None:
            return
        self._live[row.run] = _Live(row.started_at)
        since = row.queued_at if row.started_at is None else row.started_at
        what = " waits to start" if row.started_at is None else " goes on"
        self._say(since, row.job, row.run, what)

    def hear(self, event: AnyEvent) -> None:
        """Say what an event of a run means."""
        match event:
            case AttemptStarted():
                live = self._live.setdefault(event.run, _Live())
                if live.started_at is None:
                    live.started_at = event.started_at
                which = f", try {event.attempt}," if event.attempt > 1 else ""
                self._say(event.started_at, event.job, event.run, f"{which} began")
            case AttemptEnded():
                self._live.setdefault(event.run, _Live()).end = event.end
            case RetryScheduled():
                live = self._live.get(event.run, _Live())
                again = f" did not succeed: try {event.attempt} comes at {_clock(event.ready_at)}"
                self._say(live.end.ended_at if live.end else event.at, event.job, event.run, again)
            case RunEnded():
                self._end(event)
            case _:
                pass

    def _end(self, event: RunEnded) -> None:
        live = self._live.pop(event.run, _Live())
        end = live.end
        ended_at = event.at if end is None else end.ended_at
        past = PastRun(
            run=event.run,
            ended_at=ended_at,
            outcome=event.outcome,
            reason=event.reason,
            exit_code=None if end is None else end.exit_code,
            signal=None if end is None else end.signal,
        )
        length = None if live.started_at is None else ended_at - live.started_at
        took = f", took {show_duration(length)}" if length is not None else ""
        why = f" ({event.message})" if event.message else ""
        self._say(ended_at, event.job, event.run, f" {describe_end(past)}{took}{why}")

    def _say(self, at: Instant, job: str, run: int, what: str) -> None:
        if self.is_silent:
            return
        text = sanitize_line(f"– {_clock(at)} {self._host}run {run} of {job}{what}")
        click.echo(click.style(text, dim=True) if self._colors else text, err=True)


def _clock(at: Instant) -> str:
    return f"{local(at):%H:%M:%S}"


def follow_runs(
    messages: Iterable[Message],
    is_wanted: Callable[[str, int], bool],
    gapless: Gapless,
    printer: RawPrinter | LinePrinter,
    marks: Marks,
    *,
    until: int | None = None,
) -> None:
    """Print what comes, for ever or until a run ends. Raises `NoEngine` when the engine leaves."""
    for message in messages:
        printer.show(gapless.retry())
        match message:
            case Output() if is_wanted(message.job, message.run):
                printer.show(gapless.take(message))
            case Numbered(
                event=AttemptStarted() | AttemptEnded() | RetryScheduled() | RunEnded() as event
            ) if is_wanted(event.job, event.run):
                if isinstance(event, AttemptEnded):
                    printer.show(gapless.finish(event.run, event.job, event.attempt))
                    printer.flush(event.run)
                marks.hear(event)
                if isinstance(event, RunEnded) and event.run == until:
                    return
    raise NoEngine("the engine left", "the output goes on in its file; `cronterm logs` reads it")
