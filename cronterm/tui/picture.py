"""The screen's picture of the engine: the folded snapshot, a ring of log lines, what follows."""

import statistics
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Literal

from cronterm.clock import DAY, HOUR, MINUTE, Duration, Instant
from cronterm.control import Gauges, Gone, Lagged, Message, Output
from cronterm.model.event import (
    AttemptEnded,
    AttemptStarted,
    ConfigLoaded,
    ConfigRejected,
    InstantDecided,
    JobAdded,
    JobPaused,
    JobRemoved,
    JobResumed,
    Numbered,
    RetryScheduled,
    RunEnded,
    RunStopping,
)
from cronterm.model.run import AttemptEnd
from cronterm.model.snapshot import JobView, LiveRun, PastRun, Snapshot, fold
from cronterm.sanitize import sanitize_line, styled
from cronterm.tui.words import duration

LOG_LINES = 50_000
GAUGE_HISTORY = 120
FAILED = ("failed", "timed_out", "lost")

AlertKind = Literal["FAIL", "LATE", "MISSED", "LONG"]


@dataclass(frozen=True)
class LogLine:
    """A line of the log stream; `state` chooses its glyph."""

    at: Instant
    job: str
    state: str
    text: str
    role: str = "text"
    run: int | None = None


@dataclass(frozen=True)
class Alert:
    """A failed, late or long job, derived from what the snapshot shows."""

    kind: AlertKind
    job: str
    text: str
    since: Instant


@dataclass
class Picture:
    """Everything the widgets draw from. Written by one place: `take`."""

    snapshot: Snapshot = field(default_factory=Snapshot)
    is_live: bool = False
    gone: Gone | None = None
    gauges: deque[Gauges] = field(default_factory=lambda: deque(maxlen=GAUGE_HISTORY))
    log: deque[LogLine] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    log_total: int = 0
    outputs: dict[int, str] = field(default_factory=dict)
    """The unfinished last line of each run."""

    def take(self, message: Message, now: Instant) -> None:
        """Fold one message in."""
        match message:
            case Snapshot():
                self.snapshot, self.is_live, self.gone = message, True, None
            case Numbered():
                self._narrate(message)
                fold(self.snapshot, message)
                self.is_live, self.gone = True, None
            case Output():
                self._take_output(message)
            case Gauges():
                self.gauges.append(message)
            case Gone():
                self.gone = self.gone or message
                self.is_live = False
            case Lagged():
                pass

    # -- the log stream --------------------------------------------------------------------------

    def _add(self, line: LogLine) -> None:
        self.log.append(line)
        self.log_total += 1

    def _take_output(self, output: Output) -> None:
        text = self.outputs.pop(output.run, "") + output.data.decode("utf-8", "replace")
        *lines, rest = text.split("\n")
        if rest and len(rest) < 4096:
            self.outputs[output.run] = rest
        elif rest:
            lines.append(rest)
        role = "fail" if output.stream == "err" else "text"
        for line in lines:
            shown = "".join(span.text for span in styled(line[:8192]))
            self._add(LogLine(output.at, output.job, "running", shown, role, output.run))

    def _narrate(self, numbered: Numbered) -> None:
        event = numbered.event
        line: LogLine | None = None
        match event:
            case AttemptStarted():
                again = f", attempt {event.attempt}" if event.attempt > 1 else ""
                text = f"start pid {event.pid}{again}"
                line = LogLine(event.at, event.job, "running", text, "muted", event.run)
            case AttemptEnded():
                self._finish_output(event)
            case RetryScheduled():
                live = self.snapshot.live_run(event.job, event.run)
                how = end_text(live.last_end) if live and live.last_end else "failed"
                text = f"{how} — try {event.attempt} in {duration(event.ready_at - event.at)}"
                line = LogLine(event.at, event.job, "retrying", text, "warn", event.run)
            case RunEnded():
                line = self._ended(event)
            case RunStopping():
                by = f" by {event.by}" if event.by else ""
                line = LogLine(event.at, event.job, "stopping", f"stopping{by}", "warn", event.run)
            case InstantDecided():
                many = f" ×{event.count}" if event.count > 1 else ""
                text = f"{event.outcome}: {event.reason}{many}"
                role = "warn" if event.outcome == "missed" else "muted"
                line = LogLine(event.at, event.job, event.outcome, text, role)
            case JobPaused():
                line = LogLine(event.at, event.job, "paused", f"paused by {event.by}", "muted")
            case JobResumed():
                text = f"resumed by {event.by}"
                line = LogLine(event.at, event.job, "succeeded", text, "muted")
            case JobAdded():
                line = LogLine(event.at, event.job.id, "never", "added", "muted")
            case JobRemoved():
                line = LogLine(event.at, event.job, "disabled", "removed from the file", "muted")
            case ConfigLoaded():
                text = f"jobs file loaded, {event.jobs} jobs"
                line = LogLine(event.at, "cronterm", "succeeded", text, "muted")
            case ConfigRejected():
                text = sanitize_line(str(event.problems[0])) if event.problems else "rejected"
                line = LogLine(event.at, "cronterm", "failed", text, "fail")
        if line is not None:
            self._add(line)

    def _finish_output(self, event: AttemptEnded) -> None:
        rest = self.outputs.pop(event.run, "")
        if rest:
            shown = sanitize_line(rest)
            self._add(LogLine(event.end.ended_at, event.job, "running", shown, "text", event.run))

    def _ended(self, event: RunEnded) -> LogLine:
        live = self.snapshot.live_run(event.job, event.run)
        text = run_end_text(event, live)
        role = "fail" if event.outcome in FAILED else "muted"
        return LogLine(event.at, event.job, event.outcome, text, role, event.run)

    # -- what follows from the snapshot ----------------------------------------------------------

    def counts(self) -> Counter[str]:
        """Return how many jobs are ok, failing, late, running, paused."""
        return Counter(state_of(view, self.paused(view)) for view in self.snapshot.jobs.values())

    def paused(self, view: JobView) -> bool:
        """Tell whether a job's timed starts are held back by a pause."""
        return view.pause is not None or self.snapshot.all_paused is not None

    def alerts(self, now: Instant) -> list[Alert]:
        """Return what deserves a look, the worst first."""
        found: list[Alert] = []
        for view in self.snapshot.jobs.values():
            row, last = view.totals.failed_in_a_row, view.last
            if row and last is not None:
                text = past_text(last) if row == 1 else f"{row} in a row, {past_text(last)}"
                found.append(Alert("FAIL", view.job.id, text, last.ended_at))
            late = lateness(view, now)
            if late is not None and not self.paused(view):
                text = f"due {duration(late)} ago, not started"
                found.append(Alert("LATE", view.job.id, text, now - late))
            found += _long(view, now)
            newest = view.recent[-1] if view.recent else None
            if newest is not None and newest.outcome == "missed":
                found.append(Alert("MISSED", view.job.id, newest.reason, newest.ended_at))
        order = {"FAIL": 0, "LATE": 1, "LONG": 2, "MISSED": 3}
        return sorted(found, key=lambda alert: (order[alert.kind], -alert.since))

    def next_job(self) -> tuple[str, Instant] | None:
        """Return the job that is due next, and when."""
        due = [(view.next_at, job) for job, view in self.snapshot.jobs.items() if view.next_at]
        return (min(due)[1], min(due)[0]) if due else None


def _long(view: JobView, now: Instant) -> list[Alert]:
    """Return an alert for a run that takes ten times what is usual, a minute at least."""
    usual = median(view)
    found = []
    for run in view.live.values():
        if run.started_at is None or usual is None:
            continue
        passed = now - run.started_at
        if passed > max(10 * usual, MINUTE):
            text = f"running {duration(passed)}, usually {duration(usual)}"
            found.append(Alert("LONG", view.job.id, text, run.started_at))
    return found


def lateness(view: JobView, now: Instant) -> Duration | None:
    """Return by how much a queued run is late beyond the default tolerance, or None.

    Tolerance: a minute, or a tenth of the time since the run before, an hour at most.
    """
    for run in view.live.values():
        if run.state == "queued" and run.cause.due_at is not None:
            late = now - run.ready_at
            last = view.last
            period = run.ready_at - last.ended_at if last is not None else 0
            if late > min(max(MINUTE, period // 10), HOUR):
                return late
    return None


def median(view: JobView) -> Duration | None:
    """Return the median duration of the recent runs that succeeded."""
    known = [
        past.duration
        for past in view.recent
        if past.duration is not None and past.outcome == "succeeded"
    ]
    return round(statistics.median(known)) if len(known) >= 3 else None


def state_of(view: JobView, is_paused: bool) -> str:
    """Return the state that the job's row shows."""
    state = view.state
    if state in ("running", "stopping", "retrying"):
        return state
    if not view.job.enabled:
        return "disabled"
    if is_paused:
        return "paused"
    last = view.last
    if state == "queued":
        return "queued"
    return last.outcome if last is not None else "never"


def job_state(picture: Picture, view: JobView) -> str:
    """Return the state that a job's page shows."""
    return state_of(view, picture.paused(view))


def end_text(end: AttemptEnd) -> str:
    """Return how an attempt ended: `exit 3`, `signal 9`, `timeout`."""
    if end.start_error:
        return sanitize_line(end.start_error)
    if end.stopped_for:
        return end.stopped_for
    if end.lost:
        return f"lost: {end.lost}"
    return f"signal {end.signal}" if end.signal is not None else f"exit {end.exit_code}"


def past_text(past: PastRun) -> str:
    """Return how a run ended: `exit 3`, `timed out`, `start error`."""
    match past.reason:
        case "exit" | "exit_code":
            return f"exit {past.exit_code}"
        case "signal":
            return f"signal {past.signal}"
        case "":
            return "exit 0" if past.outcome == "succeeded" else past.outcome.replace("_", " ")
        case reason:
            return reason.replace("_", " ")


def run_end_text(event: RunEnded, live: LiveRun | None) -> str:
    """Return `exit 0 in 212ms`, `timed out after 8.0s`, `skipped: overlap`."""
    if live is None or live.started_at is None or live.last_end is None:
        return f"{event.outcome}: {event.reason}" if event.reason else event.outcome
    took = duration(live.last_end.ended_at - live.started_at)
    message = f" — {sanitize_line(event.message)}" if event.message else ""
    if event.outcome == "timed_out":
        return f"timed out after {took}{message}"
    if event.outcome in ("stopped", "replaced"):
        return f"{event.outcome} after {took}{message}"
    return f"{end_text(live.last_end)} in {took}{message}"


def errors_by_day(view: JobView, now: Instant) -> Counter[str]:
    """Return how the failures of the last 24 h ended, with their counts."""
    return Counter(
        past_text(past)
        for past in view.recent
        if past.outcome in FAILED and now - past.ended_at < DAY
    )
