"""Gates: what an arrived run must pass before it starts (SEMANTICS 5 and 11).

In this order: the jobs it depends on, an instance of its own job, a slot of its pool, a place in
the engine, and last its condition, so that a fact is as fresh as can be. While a condition is
looked at, its run holds its places: nobody takes them between the answer and the start.
"""

from collections import Counter
from collections.abc import Callable

from cronterm.clock import SECOND, Instant
from cronterm.core.base import Checked
from cronterm.core.books import Books
from cronterm.core.records import JobRecord, RunRecord
from cronterm.model.effect import CheckCondition
from cronterm.model.event import RunHeld
from cronterm.model.gates import Hold, meets
from cronterm.model.job import Job
from cronterm.model.run import Reason

FIRST_RECHECK = SECOND  # doubled each time
LAST_RECHECK = 15 * SECOND


def set_hold(books: Books, run: RunRecord, hold: Hold | None) -> None:
    """Record what holds a run, when that is news."""
    if run.hold != hold:
        run.hold = hold
        books.events.append(RunHeld(at=books.now.utc, run=run.run, job=run.job, hold=hold))


class Gates:
    """One look at all that waits: who may start now."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._places = books.settings.max_running - books.running - len(books.asked)
        self._used: Counter[str] = Counter()
        for run in books.runs.values() if books.settings.pools else ():
            if run.check.is_asked or run.state in ("running", "stopping"):
                self._used[books.definition(run).pool] += 1

    def refusal(self, run: RunRecord) -> tuple[Reason, str] | None:
        """Return why a run is given up (reason, message), or None while it may still start."""
        books = self._books
        if run.check.is_over:
            return "condition", run.check.message
        if run.is_cleared:
            return None
        unmet = _unmet(books, run)
        if not unmet:
            run.is_cleared = True
            set_hold(books, run, None)
            return None
        until = books.depends_until(run)
        if books.now.utc >= until:
            return "dependency", unmet
        set_hold(books, run, Hold("dependency", unmet, until))
        return None

    def may_start(self, run: RunRecord, has_instance: Callable[[Books, RunRecord], bool]) -> bool:
        """Tell whether a run starts now; then its places are taken."""
        if run.check.is_asked or not run.is_cleared:
            return False
        if self._places <= 0:
            run.check.is_passed = False  # it is a fact of that moment
            return False
        books, job = self._books, self._books.definition(run)
        slots = books.settings.pools.get(job.pool)
        is_pool_full = slots is not None and self._used[job.pool] >= slots
        if not has_instance(books, run) or is_pool_full:
            run.check.is_passed = False
            full = f"pool {job.pool} is full (slots: {slots})"
            set_hold(books, run, Hold("pool", full) if is_pool_full else None)
            return False
        if not self._is_checked(run, job):
            return False
        self._take_places(job)
        return True

    def _take_places(self, job: Job) -> None:
        self._used[job.pool] += 1
        self._places -= 1

    def _is_checked(self, run: RunRecord, job: Job) -> bool:
        """Tell whether the condition of a run holds; ask for a look at it where it is time."""
        books, check = self._books, run.check
        if job.condition is None or check.is_passed or run.is_forced or run.attempt:
            return True
        if check.at is None or check.at <= books.now.elapsed:
            check.is_asked = True
            books.asked.add(run.run)
            self._take_places(job)
            books.checks.append(
                CheckCondition(run=run.run, job=job, cause=run.cause, queued_at=run.queued_at)
            )
            if check.until is None:
                set_hold(books, run, Hold("condition", "its condition is looked at"))
        return False


def note_checked(books: Books, given: Checked) -> None:
    """Take in whether a condition holds; an answer that nobody waits for is not news."""
    run = books.runs.get(given.run)
    if run is None or not run.check.is_asked:
        return
    check, now = run.check, books.now
    books.asked.discard(run.run)
    condition = books.definition(run).condition
    check.is_asked, check.is_passed = False, given.passed
    if given.passed or condition is None:
        return
    held = run.hold.until if run.hold is not None else None
    if check.until is None:
        check.until = now.elapsed + condition.wait
    elif condition.wait != check.wait:  # the file says otherwise now
        check.until, held = check.until + condition.wait - check.wait, None
    check.wait, check.message = condition.wait, given.message
    if now.elapsed >= check.until:
        check.is_over = True
        return
    pause = min(FIRST_RECHECK << min(check.tries, 10), LAST_RECHECK)
    check.at, check.tries = min(now.elapsed + pause, check.until), check.tries + 1
    until = now.utc + check.until - now.elapsed
    # Told once, not anew for each reading of a fact that goes up and down.
    set_hold(books, run, Hold("condition", given.message, until if held is None else held))


def adopt_hold(books: Books, run: RunRecord) -> None:
    """Go on with the wait of a run that an engine before this one held back."""
    hold = run.hold
    run.is_cleared = hold is not None and hold.gate != "dependency"
    if hold is None or hold.gate != "condition" or hold.until is None:
        return
    condition = books.definition(run).condition if run.job in books.jobs else None
    left = max(hold.until - books.now.utc, 0)
    run.check.wait = condition.wait if condition is not None else left
    run.check.until = books.now.elapsed + min(left, run.check.wait)


def _unmet(books: Books, run: RunRecord) -> str:
    """Say which job a timed run still waits for; empty when there is none."""
    job = books.definition(run)
    is_gated = run.cause.kind in ("scheduled", "catch_up") and not (run.attempt or run.is_forced)
    if not job.depends_on or not is_gated:
        return ""
    since = _window_start(books.jobs[run.job], run, job)
    for name, need in job.depends_on.items():
        upstream = books.jobs.get(name)
        if upstream is None:
            return f"{name} is not in the file"
        if upstream.open:
            newest = list(upstream.open.values())[-1]
            return f"run {newest.run} of {name} is {newest.state}"
        result = upstream.result
        if result is None or (since is not None and result.ended_at <= since):
            return f"{name} has not run in time"
        if not meets(need, result.outcome):
            return f"run {result.run} of {name} {result.outcome.replace('_', ' ')}"
    return ""


def _window_start(record: JobRecord, run: RunRecord, job: Job) -> Instant | None:
    """Return after which instant a job that `run` depends on must have ended."""
    due_at = run.cause.due_at
    if job.depends_window is not None:
        return (run.queued_at if due_at is None else due_at) - job.depends_window
    return None if due_at is None else record.schedule.latest_at_or_before(due_at - 1)
