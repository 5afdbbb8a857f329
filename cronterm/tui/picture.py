"""The screen's picture of the engine: the folded snapshot, the log stream, what follows."""

import re
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from cronterm.clock import MINUTE, SECOND, Instant
from cronterm.control import Gauges, Gone, Lagged, Message, Output
from cronterm.model.alert import Alert, AlertKind, Mute
from cronterm.model.alert import state_of as alert_state
from cronterm.model.event import EngineStopping, Numbered
from cronterm.model.fold import fold
from cronterm.model.snapshot import (
    JobView,
    Pause,
    Snapshot,
)
from cronterm.readable import commands_by
from cronterm.tui.alert_list import shown_alerts
from cronterm.tui.kept import Kept
from cronterm.tui.stream import LogLine, LogStream
from cronterm.tui.words import clock, countdown, day_moment, duration

GAUGE_HISTORY = 120
MANY = 1000  # jobs
NEWS = MINUTE  # as long as a restart stands above everything; the stream keeps it
COUNTED = ("failed", "late", "retrying", "running", "succeeded", "paused")
COUNTED_AS = {"timed_out": "failed", "lost": "failed", "missed": "late", "stopping": "running"}

KINDS: dict[AlertKind, str] = {
    "failure": "FAIL",
    "missed": "MISSED",
    "late": "LATE",
    "long": "LONG",
    "suspicious": "ODD",
    "downtime": "MISSED",
}


NOT_KNOWN = "not known: no engine answers"
"""What every page says of what it has not read."""


FAR = re.compile(r" -H \S+")


@dataclass(frozen=True)
class Shown:
    """An open alert, in the words of the panel."""

    kind: str
    job: str
    text: str
    since: Instant


@dataclass(frozen=True)
class Restart:
    """Another engine answers than before."""

    at: Instant
    """When it started."""
    pid: int
    how: str
    """What became of the one before: `was killed by SIGKILL`."""
    gone_at: Instant
    """Since when that did not answer."""

    @property
    def text(self) -> str:
        """In words."""
        return (
            f"the engine {self.how} and was started again at {clock(self.at)}"
            f" — nothing was scheduled for {self._away}, it is pid {self.pid} now"
        )

    @property
    def line(self) -> str:
        """In fewer words, beside when and who."""
        return f"engine {self.how}, started again after {self._away}, pid {self.pid}"

    @property
    def _away(self) -> str:
        return duration(max(self.at - self.gone_at, 0))


@dataclass
class Picture:
    """Everything the widgets draw from. Written by one place: `take`."""

    snapshot: Snapshot = field(default_factory=Snapshot)
    is_live: bool = False
    gone: Gone | None = None
    starting_since: Instant | None = None
    """When an engine was started that does not answer yet."""
    how_ended: str = ""
    """What became of the one before, where that is known: `was killed by SIGKILL`."""
    stopped_by: str = ""
    """Who told the engine to end; "" where nobody did."""
    awaits_end: bool = False
    """It was stopping already when this screen came, which starts another once it is gone."""
    gauges: deque[Gauges] = field(default_factory=lambda: deque(maxlen=GAUGE_HISTORY))
    kept: Kept | None = None
    """What the store counted, where somebody asked: a page writes it."""
    stream: LogStream = field(default_factory=LogStream)
    is_read_only: bool = False
    """This screen may look, not act."""
    restart: Restart | None = None
    """The last one that was seen from here."""
    way: str = "cronterm"
    """The command that attaches to this engine; before another word, what asks it."""
    others: tuple[str, ...] = ()
    """Commands that show the engines that run for other jobs files."""
    _told_at: tuple[str, int] = ("", -1)
    _told_kinds: defaultdict[str, set[AlertKind]] = field(default_factory=lambda: defaultdict(set))
    _counted_at: tuple[int, Instant] = (-1, 0)
    _counts: Counter[str] = field(default_factory=Counter)
    """Of the jobs whose state changes by events alone."""
    _monitors: list[JobView] = field(default_factory=list)

    def command(self, words: str, job: str) -> str:
        """Return the command about a job; one of several machines is asked by itself."""
        host, _, name = job.rpartition(":")
        way = FAR.sub(f" -H {host}", self.way) if host else self.way
        return f"{way} {words} {name}"

    def from_here(self, text: str) -> str:
        """Return a sentence of an engine: a command in it that is for another machine says so."""
        return commands_by(self.way, text) if FAR.search(self.way) else text

    def take(self, message: Message, now: Instant) -> None:
        """Fold one message in."""
        match message:
            case Snapshot():
                share_names(message)
                self.snapshot = message
                self.stopped_by = ""
                self._answer()
                self._counted_at = (-1, 0)
            case Numbered():
                self.stream.narrate(message, self.snapshot)
                fold(self.snapshot, message)
                if isinstance(message.event, EngineStopping):
                    self.stopped_by = message.event.by
                self._answer()
            case Output():
                self.take_whole(message)
            case Gauges():
                self.gauges.append(message)
            case Gone():
                self.gone = self.gone or message
                self.is_live = False
            case Lagged():
                pass

    def note_restart(self, restart: Restart) -> None:
        """Keep that another engine took over, and say so in the stream."""
        self.restart = restart
        self.stream.put(LogLine(restart.at, "cronterm", "late", restart.line, "warn"))

    def fresh_restart(self, now: Instant) -> Restart | None:
        """Return the last restart as long as it is news."""
        restart = self.restart
        return restart if restart is not None and now - restart.at < NEWS else None

    def _answer(self) -> None:
        self.is_live, self.gone, self.starting_since = True, None, None

    # -- output in order -------------------------------------------------------------------------

    def take_whole(self, output: Output) -> None:
        """Show output that follows on what was shown of its run."""
        self.stream.take_output(output, self.snapshot)

    def skip(self, output: Output, count: int) -> None:
        """Say that so many bytes before an output are left out."""
        text = f"── {count:,} bytes passed by; the log of the run has them"
        self.stream.put(LogLine(output.at, output.job, "running", text, "muted", output.run))

    def hold_back(self, run: int) -> None:
        """Keep what is told of a run until its output is there."""
        self.stream.hold_back(run)

    def catch_up(self, run: int) -> None:
        """Show what was kept of a run."""
        self.stream.catch_up(run)

    def known_at(self, now: Instant) -> Instant:
        """Return until when it is known how the jobs are: `now`, or when the engine was lost."""
        return now if self.gone is None else min(self.gone.since, now)

    def or_not_known(self, text: str) -> str:
        """Return what is said where nothing is read: without an engine nothing is claimed."""
        return text if self.gone is None else NOT_KNOWN

    def countdown(self, at: Instant, now: Instant) -> str:
        """Return how long it is until a start; without an engine none comes by itself."""
        return countdown(at - now) if self.gone is None else "—"

    def next_words(self, at: Instant, now: Instant) -> str:
        """Return how long it is until a start, and when that is."""
        left = self.countdown(at, now)
        return f"in {left}  {day_moment(at, now)}" if self.gone is None else left

    # -- what follows from the snapshot ----------------------------------------------------------

    def counts(self, now: Instant) -> Counter[str]:
        """Return how many jobs are ok, failing, late, running, paused.

        One that left the file is running until its last run ends. Of very many jobs it is as old
        as a second: counting all of them takes 20 ms.
        """
        views, (n, at) = self.snapshot.jobs.values(), self._counted_at
        if n != self.snapshot.n and (n < 0 or len(views) <= MANY or now - at >= SECOND):
            self._counted_at = (self.snapshot.n, now)
            self._monitors = [view for view in views if view.job.is_monitor]
            self._counts = Counter(
                self.state(view, now) for view in views if not view.job.is_monitor
            )
        left = Counter({"running": len(self.snapshot.removed)})
        return self._counts + left + Counter(self.state(view, now) for view in self._monitors)

    def counted(self, views: Sequence[JobView], now: Instant) -> dict[str, int]:
        """Return how many of some jobs fail, are late, retry, run, are well: the worst first."""
        found = Counter(
            COUNTED_AS.get(state, state) for state in (self.state(v, now) for v in views)
        )
        return {state: found[state] for state in COUNTED if found[state]}

    def state(self, view: JobView, now: Instant) -> str:
        """Return the state that the job's row shows."""
        gone, told = self.snapshot.gone, self._told
        if gone and view.job.id.partition(":")[0] in gone:
            return "gone"
        state = state_of(view, self.paused(view))
        kinds = told.get(view.job.id, ()) if told else ()
        if "late" in kinds and state == "queued":
            return "late"
        if state in ("running", "paused", "disabled") or not view.job.is_monitor:
            return state
        if "missed" in kinds:
            return "missed"
        return "late" if view.next_at is not None and view.next_at < now else state

    @property
    def _told(self) -> dict[str, set[AlertKind]]:
        """The kinds of the alerts that each job has."""
        if self._told_at != (self.snapshot.store, self.snapshot.n):
            self._told_at = (self.snapshot.store, self.snapshot.n)
            self._told_kinds.clear()
            for alert in self.snapshot.alerts.values():
                self._told_kinds[alert.job].add(alert.kind)
        return self._told_kinds

    def paused(self, view: JobView) -> bool:
        """Tell whether a job's timed starts are held back by a pause."""
        return view.pause is not None or self.snapshot.all_paused is not None

    def pause_end(self, pause: Pause, now: Instant) -> str:
        """Return ` until today 16:30:00` of a pause that ends by itself, or nothing."""
        return f" until {day_moment(pause.until, now)}" if pause.until is not None else ""

    def open_alerts(self, now: Instant) -> list[Alert]:
        """Return the alerts that nobody has acknowledged or muted, oldest first."""
        mutes = self.snapshot.mutes
        return [
            alert
            for alert in self.snapshot.alerts.values()
            if alert_state(alert, mutes.get(alert.job), now) == "open"
        ]

    def missed(self) -> int:
        """Return how many instants were missed by downtimes that nobody has acknowledged."""
        told = (each for each in self.snapshot.alerts.values() if each.kind == "downtime")
        return sum(alert.count for alert in told if alert.acknowledged_at is None)

    def mute(self, job: str, now: Instant) -> Mute | None:
        """Return what keeps the alerts of a job silent at `now`."""
        mute = self.snapshot.mutes.get(job)
        return mute if mute is not None and mute.until > now else None

    def alerts(self, now: Instant) -> list[Shown]:
        """Return the open alerts for the panel: the worst first, in the order of the view."""
        known, mutes = self.snapshot.alerts.values(), self.snapshot.mutes
        found = shown_alerts(known, mutes, now, reach="open")
        return [
            Shown(
                KINDS[alert.kind],
                alert.job or "cronterm",
                f"{alert.count} in a row, {alert.message}"
                if alert.kind == "failure" and alert.count > 1
                else alert.message,
                alert.last_at if alert.kind == "failure" else alert.opened_at,
            )
            for alert in found
        ]

    def wrong(self, now: Instant) -> dict[str, str]:
        """Return what is wrong with jobs at `now`, whoever knows of it: `fails`, `is late`."""
        found = {}
        for name, view in self.snapshot.jobs.items():
            if view.totals.failed_in_a_row and view.job.enabled:
                found[name] = "fails"
            elif view.job.is_monitor and self.state(view, now) in ("late", "missed"):
                found[name] = "is late"
        return found

    def next_job(self) -> tuple[str, Instant] | None:
        """Return the job that is due next, and when."""
        jobs = self.snapshot.jobs
        first = min([view.next_at for view in jobs.values() if view.next_at], default=None)
        if first is None:
            return None
        return min([job for job, view in jobs.items() if view.next_at == first]), first


def share_names(snapshot: Snapshot) -> None:
    """Keep each job's name once: what came over the door has it twice, as a key and as an id."""
    jobs = snapshot.jobs.items()
    snapshot.jobs = {view.job.id if view.job.id == job else job: view for job, view in jobs}


def state_of(view: JobView, is_paused: bool) -> str:
    """Return the state of a job but for what was told of it."""
    state = view.state if view.live else ""
    if state in ("running", "stopping", "retrying"):
        return state
    if not view.job.enabled:
        return "disabled"
    if is_paused:
        return "paused"
    if state == "queued":
        return "queued"
    last = view.last
    return last.outcome if last is not None else "never"
