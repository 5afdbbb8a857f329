"""Due instants become decisions: each one exactly once (SEMANTICS 3 and 4)."""

from itertools import islice
from typing import Literal

from cronterm.clock import SECOND, Instant
from cronterm.core.books import Books
from cronterm.core.limits import hold_back, newest_start, refusal, stretches
from cronterm.core.monitors import judged_until, unheard_until
from cronterm.core.policies import jitter_of
from cronterm.core.records import JobRecord, RunRecord
from cronterm.core.runs import admission, arrive, end_run, note_end, queue_run, turned_away
from cronterm.model.event import AllResumed, InstantDecided, JobResumed
from cronterm.model.run import Cause, Outcome, Reason
from cronterm.schedule.base import RebootSpec, ScheduleSpec, StartupSpec

MOST_CATCH_UP = 100  # runs per job; the rest is missed, never "give up and run nothing"
PUNCTUAL = SECOND  # with start_grace: 0 an instant is still on time while the loop gets to it


def decide_all(books: Books, most: int | None = None) -> None:
    """Decide every instant at or before now, of `most` jobs if not of all."""
    _end_pauses(books)
    for record in list(islice(books.due_jobs(), most)):
        decide(books, record)
        books.watch_job(record)


def decide(books: Books, record: JobRecord) -> None:
    """Decide what is due of one job, by its definition and pause as they are."""
    _decide_until(books, record, books.now.utc)


def decide_rest(books: Books, record: JobRecord) -> None:
    """Decide what is due of a job that is held, before it is another: its rows are not prompt."""
    if record.held_at is not None:
        decide(books, record)


def _decide_until(books: Books, record: JobRecord, high: Instant) -> None:
    """Decide the instants up to `high` but for the spans that are decided already."""
    if record.job.is_monitor and not books.is_held(record):
        high = judged_until(books, record)
    low = record.counts_from
    for start, end in record.decided:
        _decide_span(books, record, low, min(start, high))
        low = max(low, end)
    _decide_span(books, record, low, high)


def _decide_span(books: Books, record: JobRecord, low: Instant, high: Instant) -> None:
    """Decide the instants in (low, high]; the newest may still be started."""
    if low >= high or record.is_used_up:
        return
    first = record.schedule.next_after(low)
    if first is None or first > high:
        return
    newest = record.schedule.latest_at_or_before(high)
    assert newest is not None
    if books.is_held(record):
        _decide_held(books, record, low, newest)
    elif record.job.is_monitor:
        blind = unheard_until(books, record)
        decide_range(books, record, low, min(blind, newest), "missed", "downtime")
        decide_range(books, record, max(low, blind), newest, "missed", "no_ping")
    else:
        _decide_free(books, record, low, newest)
    record.counts_from = newest


def _decide_free(books: Books, record: JobRecord, low: Instant, high: Instant) -> None:
    """Decide the instants in (low, high], which no pause holds; `high` is the newest."""
    newest = newest_start(books, record, low, high)
    if newest is not None:
        grace = max(books.settings.start_grace, PUNCTUAL)
        is_live = books.now.utc - newest <= grace
        first = record.schedule.next_after(low)
        assert first is not None
        if first < newest or not is_live:
            _catch_up(books, record, low, newest - 1 if is_live else newest, is_live=is_live)
        if is_live:
            _start_live(books, record, newest)
    if newest != high:
        decide_range(books, record, low if newest is None else newest, high, "missed", "downtime")
        record.passed_at = books.now.utc


def _start_live(books: Books, record: JobRecord, due_at: Instant) -> None:
    job = record.job
    ready_at = due_at + jitter_of(job, due_at, books.seed)
    if record.is_planned_out:
        _decide_point(books, record, due_at, "skipped", "max_runs")
        return
    if job.start_deadline is not None and books.now.utc - ready_at > job.start_deadline:
        _decide_point(books, record, due_at, "missed", "start_deadline")
        return
    cause = Cause("scheduled", due_at=due_at, scheduled_at=due_at)
    if ready_at > books.now.utc:
        books.watch_run(queue_run(books, record, cause, ready_at=ready_at))
        return
    admitted = admission(books, record)
    if admitted == "skip" or admitted == "queue_full":
        _decide_point(books, record, due_at, "skipped", *turned_away(record, admitted))
    else:
        arrive(books, record, queue_run(books, record, cause, ready_at=ready_at), admitted)


def _catch_up(
    books: Books, record: JobRecord, low: Instant, high: Instant, *, is_live: bool
) -> None:
    """Decide the instants in (low, high], which are too old to be live."""
    job = record.job
    if job.catch_up == "skip":
        decide_range(books, record, low, high, "missed", "downtime")
        return
    window = min(max(books.now.utc - job.catch_up_window - 1, low), high)
    decide_range(books, record, low, window, "missed", "downtime")
    if job.catch_up == "latest":
        newest = record.schedule.latest_at_or_before(high)
        if is_live or newest is None or newest <= window:
            decide_range(books, record, window, high, "missed", "coalesced")
            return
        decide_range(books, record, window, newest - 1, "missed", "coalesced")
        queue_catch_up(books, record, newest)
        return
    at = record.coming.next_after(window)
    for _ in range(MOST_CATCH_UP):
        if at is None or at > high:
            break
        decide_range(books, record, window, at - 1, "missed", "downtime")
        queue_catch_up(books, record, at)
        window = at
        at = record.coming.next_after(at)
    decide_range(books, record, window, high, "missed", "downtime")


def queue_catch_up(books: Books, record: JobRecord, due_at: Instant) -> RunRecord | None:
    """Queue a run that made it through downtime; they go one at a time per job.

    None where the job has run as often as it may.
    """
    if record.is_planned_out:
        _decide_point(books, record, due_at, "skipped", "max_runs")
        return None
    cause = Cause("catch_up", due_at=due_at, scheduled_at=due_at)
    run = queue_run(books, record, cause, ready_at=books.now.utc)
    run.is_arrived = True
    books.waiting[run.run] = run
    return run


def _decide_point(
    books: Books,
    record: JobRecord,
    due_at: Instant,
    outcome: Outcome,
    reason: Reason,
    message: str = "",
) -> None:
    _record(books, record, due_at, None, 1, outcome, reason, message)


def decide_range(
    books: Books,
    record: JobRecord,
    low: Instant,
    high: Instant,
    outcome: Outcome,
    reason: Literal["downtime", "coalesced", "no_ping"],
) -> None:
    """Decide all instants in (low, high] alike, but for those that a calendar keeps back."""
    if record.sieve is None or low >= high:
        _decide_alike(books, record, low, high, outcome, reason)
        return
    for why, first, last in stretches(books, record, low, high):
        if why:
            _decide_alike(books, record, first - 1, last, "skipped", "calendar", why)
        else:
            _decide_alike(books, record, first - 1, last, outcome, reason)


def _decide_alike(
    books: Books,
    record: JobRecord,
    low: Instant,
    high: Instant,
    outcome: Outcome,
    reason: Reason,
    message: str = "",
) -> None:
    """Decide all instants in (low, high] alike, without walking them."""
    count = record.schedule.count_between(low, high) if low < high else 0
    if not count:
        return
    first = record.schedule.next_after(low)
    last = record.schedule.latest_at_or_before(high)
    assert first is not None
    assert last is not None
    _record(books, record, first, last, count, outcome, reason, message)


def _record(
    books: Books,
    record: JobRecord,
    due_at: Instant,
    until: Instant | None,
    count: int,
    outcome: Outcome,
    reason: Reason,
    message: str = "",
) -> None:
    books.events.append(
        InstantDecided(
            at=books.now.utc,
            job=record.job.id,
            due_at=due_at,
            until=until,
            count=count,
            outcome=outcome,
            reason=reason,
            schedule_hash=record.schedule_hash,
            message=message,
        )
    )
    note_end(books, record)


def _end_pauses(books: Books) -> None:
    """End the pauses whose time is over; what was due in them is theirs."""
    now = books.now
    pause = books.all_paused
    if pause is not None and pause.until is not None and pause.until <= now.utc:
        resume_all(books, by="until", at=pause.until)
    for record in list(books.paused.values()):
        pause = record.pause
        if pause is not None and pause.until is not None and pause.until <= now.utc:
            resume(books, record, by="until", at=pause.until)


def _decide_held(books: Books, record: JobRecord, low: Instant, high: Instant) -> None:
    _decide_alike(books, record, low, high, "skipped", *hold_back(books, record))
    record.held_at = books.now.utc


def resume(
    books: Books, record: JobRecord, *, by: str, at: Instant, catch_up: bool = False
) -> None:
    """End the pause of a job: instants up to `at` were paused, it counts from there.

    With `catch_up` the job's rule for downtime is applied to the instants of the pause.
    """
    _settle(books, record, at)
    pause = record.pause
    books.set_pause(record, None)
    record.failures = 0
    books.events.append(
        JobResumed(at=books.now.utc, job=record.job.id, by=by, counts_from=record.counts_from)
    )
    if pause is not None and catch_up and not books.is_held(record):
        _catch_up_pause(books, record, pause.at, at)
    books.watch_job(record)


def resume_all(books: Books, *, by: str, at: Instant, catch_up: bool = False) -> None:
    """End the pause of everything; jobs that are paused one by one stay so."""
    for record in books.jobs.values():
        _settle(books, record, at)
    pause, books.all_paused = books.all_paused, None
    books.events.append(AllResumed(at=books.now.utc, by=by))
    for record in books.jobs.values():
        if pause is not None and catch_up and not books.is_held(record):
            _catch_up_pause(books, record, pause.at, at)
        books.watch_job(record)


def _settle(books: Books, record: JobRecord, at: Instant) -> None:
    """Decide the held instants up to `at`, before the hold ends there."""
    _decide_until(books, record, at)
    record.held_at = None


def _catch_up_pause(books: Books, record: JobRecord, start: Instant, end: Instant) -> None:
    """Queue what a pause held back. Its rows stand; each caught-up instant gets its own beside.

    A schedule that changed meanwhile had instants only from then on.
    """
    job = record.job
    if job.is_monitor:
        return  # what something else runs cannot be made up for here
    low = max(start, end - job.catch_up_window, record.counted_since, record.first_seen_at)
    low = max([low, *(last for _, last in record.decided if last <= books.now.utc)])
    if record.is_planned_out:
        return
    if job.catch_up == "latest":
        newest = record.schedule.latest_at_or_before(end)
        newest = None if newest is None else newest_start(books, record, low, newest)
        if newest is not None and newest > low:
            queue_catch_up(books, record, newest)
    elif job.catch_up == "all":
        at = record.coming.next_after(low)
        for _ in range(MOST_CATCH_UP):
            if at is None or at > end or record.is_planned_out:
                return
            queue_catch_up(books, record, at)
            at = record.coming.next_after(at)


def fire_at_start(books: Books, *, is_boot: bool, is_start: bool) -> None:
    """Start what is due once per boot or once per engine start."""
    kinds: tuple[type[ScheduleSpec], ...] = ()
    kinds += (RebootSpec,) if is_boot else ()
    kinds += (StartupSpec,) if is_start else ()
    for record in list(books.jobs.values()):
        if books.is_held(record) or not any(isinstance(s, kinds) for s in record.job.schedule):
            continue
        cause = Cause("scheduled", scheduled_at=books.now.utc)
        refused = refusal(books, record)
        admitted = admission(books, record)
        run = queue_run(books, record, cause, ready_at=books.now.utc)
        if refused is not None:
            end_run(books, run, "skipped", *refused)
            continue
        arrive(books, record, run, admitted)
