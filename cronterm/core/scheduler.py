"""The stepper: told the time and what happened, it answers what to record, stop and start."""

from collections.abc import Sequence

from cronterm.clock import Duration, Now
from cronterm.core.alert_book import AlertBook
from cronterm.core.alerting import tell_alerts, wait_alerts
from cronterm.core.base import (
    Checked,
    Commanded,
    ConfigChanged,
    Delivered,
    Drain,
    Effects,
    Ended,
    Input,
    NeverStarted,
    RunAgain,
    Signalled,
    Started,
)
from cronterm.core.books import Books
from cronterm.core.chains import follow_ends, index_chains
from cronterm.core.changes import apply_config, carry_out
from cronterm.core.corrections import note_clock
from cronterm.core.due import decide_all, fire_at_start
from cronterm.core.gates import adopt_hold, note_checked
from cronterm.core.notice_book import NoticeBook
from cronterm.core.policies import judge
from cronterm.core.records import RunRecord
from cronterm.core.runs import (
    admission,
    arrive,
    end_run,
    note_ended,
    note_started,
    start_of,
    start_waiting,
    stop_attempt,
    stop_of,
)
from cronterm.core.signals import take_signal
from cronterm.core.telling import note_delivered, queue_notices, wait_notices
from cronterm.core.trials import is_unsaved, run_trial
from cronterm.model.event import EngineStopping, NextDueMoved
from cronterm.model.memory import Memory
from cronterm.model.run import REPORTED, OpenRun, Outcome, Reason

FIRST_BURST, LARGEST_BURST = 16, 512  # jobs decided in one step: a commit of 16 takes 2 ms


class Scheduler:
    """Decides. The same memory, seed and inputs give the same effects."""

    def __init__(self, memory: Memory, *, seed: int, boot_id: str, is_start: bool = True) -> None:
        """Go on from `memory`. `is_start`: the engine starts; else the core alone is built anew."""
        self._books = Books(next_run=memory.next_run, seed=str(seed))
        self._books.all_paused = memory.all_paused
        self._books.alerts = AlertBook(memory)
        self._books.notices = NoticeBook(memory)
        self._books.absent = {job.id: job for job in memory.jobs}
        for known in memory.jobs:
            self._books.remember_order(max(known.started_n, known.result.n if known.result else 0))
        self._adopted = memory.runs
        self._is_boot = is_start and memory.boot_id != boot_id
        self._is_start = is_start
        self._is_rebuilt = not is_start
        self._offset: int | None = None
        self._burst = FIRST_BURST

    @property
    def may_start_more(self) -> bool:
        """The last step left jobs that are due by now, and there is place for their runs."""
        books = self._books
        has_place = books.running < books.settings.max_running
        return has_place and books.is_due and not books.is_draining

    def step(self, now: Now, given: Sequence[Input]) -> Effects:
        """Decide all that is due by the definitions before `given`, then take `given` in, in order.

        With nothing given, of a burst only the first jobs are decided: they start while the next
        steps decide the rest, for which `wait` is 0, twice as many each. Before the first
        `ConfigChanged` nothing is due and nothing starts.
        """
        books = self._books
        books.now = now
        self._note_clock(now)
        if given or books.decides_together:
            self._decide()
            for each in given:
                self._take(each)
            self._decide()
        else:
            self._decide(most=self._burst)
            self._burst = min(2 * self._burst, LARGEST_BURST) if books.is_due else FIRST_BURST
        self._start()
        tell_alerts(books)
        queue_notices(books)
        next_at = books.moved_next()
        if next_at:
            books.events.append(NextDueMoved(at=now.utc, next_at=next_at))
        return self._effects()

    def _start(self) -> None:
        """Do what follows from ends, and start what may; that may end runs again."""
        books = self._books
        follow_ends(books)  # also while draining: with the end of a run its chain would be lost
        while not books.is_draining:
            start_waiting(books)
            if not books.ended:
                return
            follow_ends(books)

    def wait(self, now: Now) -> Duration | None:
        """Return how long nothing is due from `now` on, in microseconds; None is for ever."""
        books = self._books
        waits = [books.wait(now), wait_alerts(books, now), wait_notices(books, now)]
        return min((wait for wait in waits if wait is not None), default=None)

    def _note_clock(self, now: Now) -> None:
        offset = now.utc - now.elapsed
        if self._offset is not None:
            note_clock(self._books, offset - self._offset)
        self._offset = offset

    def _decide(self, *, most: int | None = None) -> None:
        books = self._books
        if books.is_draining:
            return
        decide_all(books, most)
        for run in list(books.ready_runs()):
            if run.run in books.runs:  # not given up for one before it
                self._let_in(run)

    def _let_in(self, run: RunRecord) -> None:
        """Take in a run whose jitter or retry delay is over."""
        books = self._books
        if run.state == "retrying":
            run.retry_at = None
            books.waiting[run.run] = run
            return
        record = books.jobs[run.job]
        arrive(books, record, run, admission(books, record, run))

    def _take(self, given: Input) -> None:
        books = self._books
        match given:
            case Ended():
                note_ended(books, given.run, given.attempt, given.end)
            case Started():
                note_started(books, given.run, given.attempt, given.pid, given.started_at)
            case Commanded(command=RunAgain(run=None) as trial) if is_unsaved(books, trial):
                books.answers.append((given.token, run_trial(books, trial, given.by)))
            case Commanded():
                books.answers.append((given.token, carry_out(books, given.command, given.by)))
            case ConfigChanged():
                self._take_config(given)
            case Checked():
                note_checked(books, given)
            case NeverStarted():
                self._never_started(given)
            case Signalled():
                if not books.is_draining:
                    take_signal(books, given.job, given.signal)
            case Delivered():
                note_delivered(books, given)
            case Drain():
                self._drain(given)
            case _:
                pass  # a tick

    def _take_config(self, changed: ConfigChanged) -> None:
        books = self._books
        adopted, self._adopted = self._adopted, ()
        still_open = {run.run for run in adopted}
        for run in adopted:
            _adopt(books, run, still_open)
        apply_config(books, changed)
        index_chains(books)
        books.notices.look_again()
        for run in adopted:
            if run.run in books.runs:  # not cancelled with its job
                adopt_hold(books, books.runs[run.run])
        if self._is_start:
            books.quiet_until = books.now.elapsed + changed.settings.startup_delay
        for run in adopted:
            if run.state == "stopping":
                _stop_again(books, books.runs[run.run])
        fire_at_start(books, is_boot=self._is_boot, is_start=self._is_start)
        if self._is_rebuilt:
            books.publish_all_next()
        self._is_boot = self._is_start = self._is_rebuilt = False

    def _never_started(self, given: NeverStarted) -> None:
        """Start a claimed attempt that its runner never heard of, if it is still in time."""
        books = self._books
        run = books.runs.get(given.run)
        if run is None or run.attempt != given.attempt or run.is_started:
            return
        if run.state == "running" and self._is_in_time(run):
            books.starts.append(start_of(run))
        elif run.state in ("running", "stopping"):
            books.running -= 1
            outcome, reason, message = _never(books, run)
            end_run(books, run, outcome, reason, message)

    def _is_in_time(self, run: RunRecord) -> bool:
        return self._books.now.utc - run.ready_at <= self._books.settings.start_grace

    def _drain(self, given: Drain) -> None:
        books = self._books
        books.events.append(
            EngineStopping(at=books.now.utc, by=given.by, stop_runs=given.stop_runs)
        )
        books.is_draining = True
        for run in books.runs.values():
            is_to_end = given.stop_runs or books.definition(run).shutdown_runs == "stop"
            if run.state == "running" and is_to_end and not run.is_reported:
                stop_attempt(books, run, "shutdown", by=given.by)

    def _effects(self) -> Effects:
        books = self._books
        effects = Effects(
            tuple(books.events),
            tuple(books.stops),
            tuple(books.starts),
            tuple(books.answers),
            tuple(books.checks),
            tuple(books.lines),
            tuple(books.forgotten),
        )
        books.events, books.stops, books.starts, books.answers = [], [], [], []
        books.checks, books.lines, books.forgotten = [], [], []
        return effects


def _never(books: Books, run: RunRecord) -> tuple[Outcome, Reason, str]:
    """Return how a run ends whose claimed attempt will not be started any more."""
    if run.last_end is not None:
        outcome, reason, message = judge(run.last_end, books.definition(run))
        return outcome, reason, message or "the engine was gone before it was tried again"
    if run.state == "stopping":
        return "stopped", "user", "it was stopped before it started"
    return "missed", "downtime", "the engine was gone before it started"


def _adopt(books: Books, run: OpenRun, still_open: set[int]) -> None:
    """Take over an open run that the store remembers.

    A run it comes after that is not open any more has ended as it had to: else it had been ended
    with it.
    """
    now = books.now
    after = {number: need for number, need in run.after.items() if number in still_open}
    record = RunRecord(
        run=run.run,
        job=run.job,
        cause=run.cause,
        state=run.state,
        queued_at=run.queued_at,
        ready_at=run.ready_at,
        attempt=run.attempt,
        definition=run.definition,
        last_end=run.last_end,
        is_started=run.started,
        is_arrived=run.state != "queued" or (run.ready_at <= now.utc and not after),
        after=after,
        hold=run.hold,
        is_reported=run.runner == REPORTED,
        started_at=run.started_at,
    )
    books.runs[run.run] = record
    match run.state:
        case "running" | "stopping":
            books.running += not record.is_reported
        case "retrying":
            longest = 2 * books.definition(record).retry.max_delay  # the clock may have been set
            record.retry_at = now.elapsed + min(max(run.ready_at - now.utc, 0), longest)
            books.watch_run(record)
        case _ if after:
            books.held_back[run.run] = record
        case _ if record.is_arrived:
            books.waiting[run.run] = record
        case _:
            pass  # watched with its job, which knows its jitter


def _stop_again(books: Books, run: RunRecord) -> None:
    """Repeat a stop that was recorded by the engine before: its runner may not have heard of it."""
    is_replaced = any(
        other.state == "queued" and books.definition(other).overlap == "replace"
        for other in books.others(run)
    )
    books.stops.append(stop_of(books, run, "replaced" if is_replaced else "user"))
