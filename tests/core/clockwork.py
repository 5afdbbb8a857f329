"""Dialogues with the core in virtual time, and a small memory that folds its events."""

from datetime import UTC, datetime
from typing import Any

from cronterm.clock import SECOND, Duration, Instant, Now, instant, rfc3339
from cronterm.core.base import (
    Checked,
    Commanded,
    ConfigChanged,
    Effects,
    Ended,
    Input,
    RunCommand,
    Started,
    Tick,
)
from cronterm.core.scheduler import Scheduler
from cronterm.model.alert import Alert, Mute
from cronterm.model.alert_fold import fold_alert
from cronterm.model.command import Answer
from cronterm.model.event import (
    AlertAcknowledged,
    AlertClosed,
    AlertCommented,
    AlertOpened,
    AlertRepeated,
    AlertsMuted,
    AllPaused,
    AllResumed,
    AnyEvent,
    AttemptClaimed,
    AttemptEnded,
    AttemptStarted,
    CountingMoved,
    InstantDecided,
    JobAdded,
    JobChanged,
    JobPaused,
    JobRemoved,
    JobRenamed,
    JobResumed,
    MissedSettled,
    NextDueMoved,
    RetryScheduled,
    RunEnded,
    RunHeld,
    RunQueued,
    RunStopping,
    SignalDecided,
    SkipLifted,
    TriggersResumed,
    TriggerSuspended,
)
from cronterm.model.gates import Hold, Result, has_result
from cronterm.model.job import Job, Settings, Shell, definition_hash, schedule_hash
from cronterm.model.memory import USUAL_RUNS, KnownJob, Memory, Success
from cronterm.model.notice import (
    LastNotice,
    Notice,
    NoticeDropped,
    NoticeQueued,
    NoticesFailed,
    NoticesSent,
    Told,
)
from cronterm.model.notice_fold import fold_notice
from cronterm.model.run import AttemptEnd, OpenRun
from cronterm.model.snapshot import Pause
from cronterm.schedule.parse import parse

DAY_START = instant(datetime(2026, 6, 1, tzinfo=UTC))
BOOT_OFFSET = 1_000_000 * SECOND


def job(job_id: str, schedule: object = "* * * * *", **words: Any) -> Job:
    """Return a job with defaults."""
    parsed = parse(schedule, timezone=words.get("timezone", "UTC"), job_id=job_id)
    words.setdefault("action", Shell("true"))
    return Job(
        id=job_id,
        source="jobs.yaml",
        directory="/",
        working_dir="/",
        schedule=parsed.specs,
        schedule_text=parsed.text,
        **words,
    )


QUIET: tuple[type, ...] = (
    NextDueMoved,
    JobAdded,
    AttemptStarted,
    AttemptClaimed,
    AttemptEnded,
    MissedSettled,
)
ALERTS: tuple[type, ...] = (
    AlertOpened,
    AlertRepeated,
    AlertClosed,
    AlertAcknowledged,
    AlertCommented,
    AlertsMuted,
)


class Remembering:
    """Folds events into a `Memory`, as the store does; refuses what the store refuses."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.runs: dict[int, dict[str, Any]] = {}
        self.points: dict[tuple[str, Instant], str] = {}
        self.ranges: list[InstantDecided] = []
        self.definitions: dict[str, Job] = {}
        self.all_paused: Pause | None = None
        self.next_run = 1
        self.boot_id = "boot"
        self.events: list[AnyEvent] = []
        self.alerts: dict[int, Alert] = {}
        self.mutes: dict[str, Mute] = {}
        self.next_alert = 1
        self.usual: dict[str, list[Success]] = {}
        self.notices: dict[int, Notice] = {}
        self.all_notices: dict[int, Notice] = {}

    @property
    def n(self) -> int:
        """The number of the last event."""
        return len(self.events)

    def record(self, events: tuple[AnyEvent, ...]) -> None:
        """Take in what was recorded."""
        for event in events:
            self.events.append(event)
            fold_alert(self.alerts, self.mutes, event)
            fold_notice(self.notices, {}, event)
            if isinstance(event, NoticeQueued):
                self.all_notices[event.notice.id] = event.notice
            if isinstance(event, AlertOpened):
                self.next_alert = event.alert.id + 1
            self._record(event)

    def _decided(self, job: str, at: Instant) -> None:
        self.jobs[job]["counts_from"] = max(self.jobs[job]["counts_from"], at)

    def _record(self, event: AnyEvent) -> None:
        match event:
            case JobAdded() | JobChanged():
                it = self.jobs.setdefault(event.job.id, {"counts_from": event.at, "pause": None})
                it |= {
                    "id": event.job.id,
                    "schedule_hash": schedule_hash(event.job),
                    "definition_hash": definition_hash(event.job),
                    "present": True,
                    "enabled": event.job.enabled,
                }
                if isinstance(event, JobAdded):
                    it["started_n"] = self.n
                self.definitions[it["definition_hash"]] = event.job
                if event.counts_from is not None:
                    it["counts_from"] = event.counts_from
                if event.first_seen_at is not None:
                    it["first_seen_at"] = event.first_seen_at
                if isinstance(event, JobAdded):
                    it |= {"timed_runs": 0, "failures": 0}
            case JobRenamed():
                it = self.jobs[event.job] = self.jobs.pop(event.old)
                it["id"] = event.job
                for run in self.runs.values():
                    run["job"] = event.job if run["job"] == event.old else run["job"]
            case JobRemoved():
                self.jobs[event.job] |= {"present": False, "pause": None}
            case JobPaused():
                self.jobs[event.job]["pause"] = Pause(event.by, event.at, event.until, event.reason)
            case JobResumed():
                self.jobs[event.job] |= {"pause": None, "failures": 0}
                self._decided(event.job, event.counts_from)
            case TriggerSuspended():
                self.jobs[event.job]["suspended"] = {event.trigger: event.at}
            case TriggersResumed():
                self.jobs[event.job]["suspended"] = {}
            case AllPaused():
                self.all_paused = Pause(event.by, event.at, event.until, event.reason)
            case AllResumed():
                self.all_paused = None
            case CountingMoved():
                it = self.jobs[event.job]
                it["counts_from"], it["decided"] = event.counts_from, event.decided
            case SkipLifted():
                assert self.points.pop((event.job, event.due_at)) == "skipped"
            case InstantDecided():
                if event.until is None:
                    assert (event.job, event.due_at) not in self.points, "decided twice"
                    self.points[event.job, event.due_at] = event.outcome
                else:
                    self.ranges.append(event)
                self._decided(event.job, event.until or event.due_at)
                self.jobs[event.job]["last_end_at"] = event.at
            case RunQueued():
                if event.cause.due_at is not None:
                    assert (event.job, event.cause.due_at) not in self.points, "decided twice"
                    self.points[event.job, event.cause.due_at] = "run"
                    self._decided(event.job, event.cause.due_at)
                self.next_run = event.run + 1
                if event.cause.signal is not None:
                    self.jobs[event.job]["last_signal_at"] = event.at
                self.runs[event.run] = {
                    "run": event.run,
                    "job": event.job,
                    "cause": event.cause,
                    "state": "queued",
                    "queued_at": event.at,
                    "ready_at": event.ready_at,
                    "after": event.after,
                }
                if event.cause.kind == "upstream":
                    self.jobs[event.job]["started_n"] = self.n
            case RunHeld():
                self.runs[event.run]["hold"] = event.hold
            case AttemptClaimed():
                if event.attempt == 1:
                    self.jobs[event.job]["started_n"] = self.n
                self.runs[event.run] |= {
                    "state": "running",
                    "attempt": event.attempt,
                    "hold": None,
                    "definition": self.definitions[event.definition],
                    "runner": event.runner,
                }
                if event.timed_runs is not None:
                    self.jobs[event.job]["timed_runs"] = event.timed_runs
            case AttemptStarted():
                self.runs[event.run] |= {"started": True, "started_at": event.started_at}
            case RetryScheduled():
                self.runs[event.run] |= {"state": "retrying", "ready_at": event.ready_at}
            case AttemptEnded():
                self.runs[event.run]["last_end"] = event.end
            case RunStopping():
                self.runs[event.run]["state"] = "stopping"
            case RunEnded():
                gone = self.runs.pop(event.run)
                if has_result(event.outcome, event.reason, gone.get("attempt", 0)):
                    ended_at = gone["last_end"].ended_at if "last_end" in gone else event.at
                    result = Result(event.run, event.outcome, ended_at, self.n)
                    self.jobs[event.job]["result"] = result
                it = self.jobs[event.job]
                it["last_end_at"] = event.at
                if event.outcome in ("failed", "timed_out", "lost"):
                    it["failures"] += 1
                elif event.outcome == "succeeded":
                    it["failures"] = 0
                if event.outcome == "succeeded" and gone.get("started_at") is not None:
                    took = gone["last_end"].ended_at - gone["started_at"]
                    success = Success(took, gone["last_end"].output_bytes)
                    self.usual.setdefault(event.job, []).append(success)
            case _:
                pass

    def memory(self) -> Memory:
        """Return what a core needs to go on."""
        return Memory(
            next_run=self.next_run,
            jobs=tuple(KnownJob(**it) for it in self.jobs.values()),
            runs=tuple(OpenRun(**it) for it in self.runs.values()),
            all_paused=self.all_paused,
            boot_id=self.boot_id,
            next_alert=self.next_alert,
            alerts=tuple(self.alerts.values()),
            mutes=self.mutes,
            usual={job_id: tuple(known[-USUAL_RUNS:]) for job_id, known in self.usual.items()},
            next_notice=len(self.all_notices) + 1,
            notices=tuple(self.notices.values()),
            told=tuple(
                Told(each.alert, each.notifier, each.ready_at)
                for each in self.all_notices.values()
                if each.alert in self.alerts and each.event != "recovery"
            ),
            last_notices=tuple(
                LastNotice(each.job, each.notifier, each.event, each.ready_at)
                for each in self.all_notices.values()
            ),
        )


class Clockwork:
    """A core, a clock that only moves when told, and the last effects in words."""

    def __init__(self, *jobs: Job, seed: int = 7, **settings: Any) -> None:
        self.settings = Settings(**settings)
        self.jobs = jobs
        self.seed = seed
        self.utc = DAY_START
        self.skew: Duration = 0
        self.remembering = Remembering()
        self.effects = Effects()
        self.log: list[str] = []
        self.tells_alerts = False
        """What was decided about alerts is among the words."""
        self._token = 0
        self.core = self._new_core(is_start=True)
        self.configure(*jobs)

    def _new_core(self, *, is_start: bool, boot_id: str = "boot") -> Scheduler:
        memory = self.remembering.memory()
        return Scheduler(memory, seed=self.seed, boot_id=boot_id, is_start=is_start)

    def now(self) -> Now:
        """Return the virtual reading of both clocks."""
        return Now(self.utc, self.utc - DAY_START - self.skew + BOOT_OFFSET)

    # -- time ------------------------------------------------------------------------------------

    def at(self, clock: str) -> "Clockwork":
        """Move to a time of the first day, or of `+1 02:00`, the second."""
        days, _, time = clock.rpartition(" ")
        parts = [*time.split(":"), "0"][:3]
        seconds = int(parts[0]) * 3600 + int(parts[1]) * 60 + float(parts[2])
        self.utc = DAY_START + int(days or 0) * 86_400 * SECOND + int(seconds * SECOND)
        return self

    def later(self, duration: Duration) -> "Clockwork":
        """Move on by a duration."""
        self.utc += duration
        return self

    def set_clock(self, by: Duration) -> "Clockwork":
        """Step the wall clock; elapsed time stays."""
        self.utc += by
        self.skew += by
        return self

    # -- inputs ----------------------------------------------------------------------------------

    def step(self, *given: Input) -> "Clockwork":
        """Step with inputs; what was recorded is remembered."""
        self.effects = self.core.step(self.now(), given)
        self.remembering.record(self.effects.events)
        self.log += [f"{rfc3339(self.utc)[11:]} {line}" for line in self.words()]
        return self

    def tick(self) -> "Clockwork":
        """Step with nothing but time."""
        return self.step(Tick())

    def configure(self, *jobs: Job) -> "Clockwork":
        """Take a new set of jobs into force."""
        self.jobs = jobs
        return self.step(ConfigChanged(jobs, self.settings, "sha"))

    def starts(self, run: int, attempt: int = 1) -> "Clockwork":
        """The runner starts an attempt."""
        return self.step(Started(run, attempt, 4711, self.utc))

    def exits(self, run: int, code: int = 0, attempt: int | None = None, **end: Any) -> "Clockwork":
        """The runner tells an end."""
        if attempt is None:
            attempt = self.remembering.runs[run]["attempt"] if run in self.remembering.runs else 1
        exit_code = None if set(end) & {"signal", "start_error", "lost"} else code
        return self.step(
            Ended(run, attempt, AttemptEnd(ended_at=self.utc, exit_code=exit_code, **end))
        )

    def checked(self, run: int, why_not: str = "") -> "Clockwork":
        """The engine tells whether a condition holds."""
        return self.step(Checked(run, not why_not, why_not))

    def ask(self, command: RunCommand, by: str = "ann") -> Answer:
        """Give a command and return its answer."""
        self._token += 1
        self.step(Commanded(command, by, self._token))
        return dict(self.effects.answers)[self._token]

    def restart(self, *, boot_id: str = "boot", is_start: bool = True) -> "Clockwork":
        """Throw the core away and go on with a new one."""
        self.core = self._new_core(is_start=is_start, boot_id=boot_id)
        return self.configure(*self.jobs)

    # -- answers ---------------------------------------------------------------------------------

    def words(self) -> list[str]:
        """Return the last effects, one short line each; what only faces need is left out."""
        quiet: tuple[type, ...] = (
            NextDueMoved,
            JobAdded,
            AttemptStarted,
            AttemptClaimed,
            AttemptEnded,
            MissedSettled,
        )
        quiet += (NoticeQueued, NoticesSent, NoticesFailed, NoticeDropped)
        if not self.tells_alerts:
            quiet += ALERTS
        lines = [in_words(event) for event in self.effects.events if not isinstance(event, quiet)]
        lines += [f"stop {stop.run}.{stop.attempt} {stop.signal}" for stop in self.effects.stops]
        lines += [f"check {check.run}" for check in self.effects.checks]
        lines += [f"forget {run}" for run in self.effects.forgotten]
        return lines + [f"start {start.run}.{start.attempt}" for start in self.effects.starts]

    def expects(self, *lines: str) -> "Clockwork":
        """Hold the last effects against `lines`."""
        words = self.words()
        assert words == list(lines), "\n".join(words)
        return self

    def expects_nothing(self) -> "Clockwork":
        """Nothing worth a word happened."""
        return self.expects()

    def claimed(self) -> list[int]:
        """Return the runs whose attempt the runner holds, oldest first."""
        held = ("running", "stopping")
        return [run for run, row in self.remembering.runs.items() if row["state"] in held]

    def next_due(self, job_id: str) -> Instant | None:
        """Return what the core watches for."""
        return self.core._books.jobs[job_id].next_due()


def in_words(event: AnyEvent) -> str:
    """Return an event as a short line."""
    match event:
        case AlertOpened(alert=alert):
            return (
                f"alert {alert.id} {alert.kind} {alert.job or '*'} x{alert.count}: {alert.message}"
            )
        case AlertRepeated(alert=number, count=count):
            return f"alert {number} x{count}: {event.message}"
        case AlertClosed(alert=number, closed_for=closed_for):
            return f"alert {number} closed: {closed_for}"
        case RunQueued(run=run, job=job_id, cause=cause):
            due = "" if cause.due_at is None else f" due {rfc3339(cause.due_at)[11:]}"
            upstream = f" {cause.by} {cause.run}" if cause.run is not None else ""
            after = "".join(f" after {number}" for number in event.after)
            return f"queued {job_id} {run} {cause.kind}{upstream}{due}{after}"
        case RunHeld(run=run, hold=None):
            return f"free {run}"
        case RunHeld(run=run, hold=Hold() as hold):
            until = "" if hold.until is None else f" until {rfc3339(hold.until)[11:]}"
            return f"held {run} {hold.gate}: {hold.message}{until}"
        case InstantDecided(job=job_id, outcome=outcome, reason=reason, count=count):
            span = rfc3339(event.due_at)[11:]
            span += f"..{rfc3339(event.until)[11:]} x{count}" if event.until is not None else ""
            because = f" ({event.message})" if event.message else ""
            return f"{outcome}({reason}) {job_id} {span}{because}"
        case SignalDecided(job=job_id, outcome=outcome, reason=reason):
            return f"{outcome}({reason}) {job_id} on {event.signal.text}"
        case TriggerSuspended() | TriggersResumed():
            return f"{type(event).__name__} {event.job}"
        case RetryScheduled(run=run, attempt=attempt, ready_at=ready_at):
            return f"retry {run}.{attempt} at {rfc3339(ready_at)[11:]}"
        case RunEnded(run=run, outcome=outcome, reason=reason):
            return f"{outcome}({reason}) {run}" if reason else f"{outcome} {run}"
        case RunStopping(run=run, why=why):
            return f"stopping {run} {why}"
        case JobRenamed(job=job_id, old=old):
            return f"JobRenamed {old} to {job_id}"
        case JobChanged(job=changed):
            return f"JobChanged {changed.id}"
        case JobPaused(by="auto_pause"):
            return f"JobPaused {event.job} by auto_pause: {event.reason}"
        case JobPaused() | JobResumed() | JobRemoved() | CountingMoved():
            return f"{type(event).__name__} {event.job}"
        case _:
            return type(event).__name__
