"""The log stream of all jobs: what they print and what becomes of them, as lines in order."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from cronterm.clock import Instant
from cronterm.control import Output
from cronterm.model.event import (
    AllPaused,
    AllResumed,
    AttemptEnded,
    AttemptStarted,
    ConfigLoaded,
    ConfigRejected,
    InstantDecided,
    JobAdded,
    JobPaused,
    JobRemoved,
    JobRenamed,
    JobResumed,
    Numbered,
    RetryScheduled,
    RunEnded,
    RunHeld,
    RunStopping,
    SkipLifted,
)
from cronterm.model.gates import Hold
from cronterm.model.query import OutputPart
from cronterm.model.run import FAILED, RunRow
from cronterm.model.snapshot import Snapshot
from cronterm.sanitize import is_plain, sanitize_line, styled
from cronterm.tui.words import asked_text, day_moment, duration, end_text, row_text, run_end_text

LOG_LINES = 50_000
LINE_CHARACTERS = 8192
PART_CHARACTERS = 4096  # of a line without an end: more is shown as a line of its own


class LogLine(NamedTuple):
    """A line of the log stream; `state` chooses its glyph."""

    at: Instant
    job: str
    state: str
    text: str
    role: str = "text"
    run: int | None = None


@dataclass
class LogStream:
    """A ring of lines. Output that overtakes the news of its start waits for it."""

    lines: deque[LogLine] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    total: int = 0
    """Lines that came since the screen attached, those that left the ring too."""
    _rests: dict[tuple[int, str], str] = field(default_factory=dict)
    _early: dict[int, list[Output]] = field(default_factory=dict)
    _started: dict[int, int] = field(default_factory=dict)
    _behind: dict[int | None, list[LogLine | AttemptEnded]] = field(default_factory=dict)

    def put(self, line: LogLine) -> None:
        """Append a line; one about a run whose output is still being read waits for that."""
        if line.run in self._behind:
            self._behind[line.run].append(line)
            return
        self.lines.append(line)
        self.total += 1

    def hold_back(self, run: int) -> None:
        """Keep what is told of a run until its output is there."""
        self._behind.setdefault(run, [])

    def catch_up(self, run: int) -> None:
        """Append what was kept of a run."""
        for told in self._behind.pop(run, ()):
            if isinstance(told, AttemptEnded):
                self._put_rests(told)
            else:
                self.put(told)

    def prefill(self, lines: Iterable[LogLine]) -> None:
        """Put what was before the first line here, oldest first. It does not count as new."""
        known = list(self.lines)
        self.lines.clear()
        self.lines.extend([*lines, *known])

    def take_output(self, output: Output, snapshot: Snapshot) -> None:
        """Append what a run printed, its unfinished last line held back until it is whole."""
        live = snapshot.live_run(output.job, output.run)
        is_told = self._started.get(output.run, 0) >= output.attempt
        if live is not None and live.pid is None and not is_told:
            self._early.setdefault(output.run, []).append(output)
            return
        place = (output.run, output.stream)
        text = self._rests.pop(place, "") + output.data.decode("utf-8", "replace")
        *lines, rest = text.split("\n")
        if rest and len(rest) < PART_CHARACTERS:
            self._rests[place] = rest
        elif rest:
            lines.append(rest)
        self.lines.extend(output_lines(output, lines))
        self.total += len(lines)

    def _flush(self, run: int, attempt: int, snapshot: Snapshot) -> None:
        """Append what waited for the start of an attempt."""
        self._started[run] = attempt
        for output in self._early.pop(run, ()):
            self.take_output(output, snapshot)

    def _finish(self, event: AttemptEnded, snapshot: Snapshot) -> None:
        """Append the last line of an attempt, where it had no end."""
        self._flush(event.run, event.attempt, snapshot)
        if event.run in self._behind:
            self._behind[event.run].append(event)
        else:
            self._put_rests(event)

    def _put_rests(self, event: AttemptEnded) -> None:
        for stream in ("out", "err"):
            rest = self._rests.pop((event.run, stream), "")
            if rest:
                self.put(output_line(event.end.ended_at, event.job, event.run, stream, rest))

    def narrate(self, numbered: Numbered, snapshot: Snapshot) -> None:
        """Append what an event means; `snapshot` is the one before it."""
        event = numbered.event
        match event:
            case AttemptStarted():
                again = f", try {event.attempt}" if event.attempt > 1 else ""
                text = f"start pid {event.pid}{again}" if event.pid else "start reported"
                self.put(LogLine(event.at, event.job, "running", text, "muted", event.run))
                self._flush(event.run, event.attempt, snapshot)
            case AttemptEnded():
                self._finish(event, snapshot)
            case RetryScheduled():
                live = snapshot.live_run(event.job, event.run)
                how = end_text(live.last_end) if live and live.last_end else "failed"
                text = f"{how} — try {event.attempt} in {duration(event.ready_at - event.at)}"
                self.put(LogLine(event.at, event.job, "retrying", text, "warn", event.run))
            case RunEnded():
                live = snapshot.live_run(event.job, event.run)
                role = "fail" if event.outcome in FAILED else "muted"
                text = run_end_text(event, live)
                self.put(LogLine(event.at, event.job, event.outcome, text, role, event.run))
                self._started.pop(event.run, None)
            case RunHeld(hold=Hold(gate=gate, until=until) as hold) if gate == "pool" or until:
                text = f"waits: {sanitize_line(hold.message)}"
                self.put(LogLine(event.at, event.job, "queued", text, "muted", event.run))
            case RunStopping():
                text = f"stopping{f' by {event.by}' if event.by else ''}"
                self.put(LogLine(event.at, event.job, "stopping", text, "warn", event.run))
            case InstantDecided():
                many = f" ×{event.count}" if event.count > 1 else ""
                why = f" — {sanitize_line(event.message)}" if event.message else ""
                text = f"{event.outcome}: {event.reason.replace('_', ' ')}{many}{why}"
                role = "warn" if event.outcome == "missed" else "muted"
                self.put(LogLine(event.at, event.job, event.outcome, text, role))
            case _:
                self._narrate_rare(numbered)

    def _narrate_rare(self, numbered: Numbered) -> None:
        event = numbered.event
        match event:
            case JobPaused():
                text = f"{'paused' if event.since is None else 'pause changed'} by {event.by}"
                self.put(LogLine(event.at, event.job, "paused", text, "muted"))
            case SkipLifted():
                due = day_moment(event.due_at, event.at)
                text = f"skip of {due} lifted by {event.by}"
                self.put(LogLine(event.at, event.job, "succeeded", text, "muted"))
            case JobResumed():
                text = f"resumed by {event.by}"
                self.put(LogLine(event.at, event.job, "succeeded", text, "muted"))
            case AllPaused():
                what = "everything paused" if event.since is None else "pause of all changed"
                text = f"{what} by {event.by}"
                self.put(LogLine(event.at, "cronterm", "paused", text, "warn"))
            case AllResumed():
                text = f"everything resumed by {event.by}"
                self.put(LogLine(event.at, "cronterm", "succeeded", text, "muted"))
            case JobAdded():
                self.put(LogLine(event.at, event.job.id, "never", "added", "muted"))
            case JobRenamed():
                text = f"was {event.old} before"
                self.put(LogLine(event.at, event.job, "never", text, "muted"))
            case JobRemoved():
                text = "removed from the file"
                self.put(LogLine(event.at, event.job, "disabled", text, "muted"))
            case ConfigLoaded():
                text = f"jobs file loaded, {event.jobs} jobs"
                self.put(LogLine(event.at, "cronterm", "succeeded", text, "muted"))
            case ConfigRejected():
                text = sanitize_line(str(event.problems[0])) if event.problems else "rejected"
                self.put(LogLine(event.at, "cronterm", "failed", text, "fail"))


def output_lines(output: Output, lines: list[str]) -> list[LogLine]:
    """Return lines that a job printed, made safe and without their colours.

    At 20,000 a second each microsecond counts: plain ones are taken as they are.
    """
    at, job, run, stream = output.at, output.job, output.run, output.stream
    if not is_plain("".join(lines)):
        return [output_line(at, job, run, stream, line) for line in lines]
    role = "fail" if stream == "err" else "text"
    return [LogLine(at, job, "running", line[:LINE_CHARACTERS], role, run) for line in lines]


def output_line(at: Instant, job: str, run: int, stream: str, text: str) -> LogLine:
    """Return a line that a job printed, made safe and without its colours."""
    shown = "".join(span.text for span in styled(text[:LINE_CHARACTERS]))
    return LogLine(at, job, "running", shown, "fail" if stream == "err" else "text", run)


def row_lines(row: RunRow, part: OutputPart | None) -> list[LogLine]:
    """Return a row of the history as lines: its start, what it printed last, its end."""
    lines: list[LogLine] = []
    if row.run is not None and row.started_at is not None:
        text = f"start {row.cause.replace('_', ' ')}{asked_text(row)}"
        lines.append(LogLine(row.started_at, row.job, "running", text, "muted", row.run))
        for chunk in part.chunks if part is not None else ():
            # Read a moment after the end, it was printed before: lines of a run stay in order.
            at = max(min(chunk.at, row.ended_at or chunk.at), row.started_at)
            for text in chunk.data.decode("utf-8", "replace").removesuffix("\n").split("\n"):
                lines.append(output_line(at, row.job, row.run, chunk.stream, text))
    if row.outcome is not None:
        at = row.ended_at or row.queued_at
        role = "fail" if row.outcome in FAILED else "warn" if row.outcome == "missed" else "muted"
        took = row.ended_at - row.started_at if row.ended_at and row.started_at else None
        how = "after" if row.outcome in ("timed_out", "stopped", "replaced") else "in"
        text = row_text(row) + (f" {how} {duration(took)}" if took is not None else "")
        lines.append(LogLine(at, row.job, row.outcome, text, role, row.run))
    return lines
