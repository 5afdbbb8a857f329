"""What steps of the wall clock do to the count of each job (SEMANTICS 0)."""

from collections.abc import Iterable
from typing import TypeAlias

from cronterm.clock import HOUR, SECOND, Duration, Instant
from cronterm.core.books import Books
from cronterm.core.monitors import EARLIEST
from cronterm.core.records import JobRecord
from cronterm.model.event import ClockMoved, CountingMoved, JobChanged
from cronterm.schedule.base import EverySpec, InSpec

Spans: TypeAlias = tuple[tuple[Instant, Instant], ...]
"""Stretches (from, to] of decided instants, in order and apart."""

CORRECTION = 3 * HOUR  # cron(8): a larger step of the clock is a correction, not a season
SLEW = SECOND  # smaller steps are the daily work of NTP
MOST_SPANS = 8  # corrections that are remembered


def note_clock(books: Books, moved: Duration) -> None:
    """Take in a step of the wall clock against elapsed time.

    Forward up to three hours is downtime, and backward up to three hours decides nothing again:
    both need nothing here. A larger step is a correction: every job counts from now, and what is
    decided already stays so. Intervals begin anew on a correction and on any step back.
    """
    is_correction = abs(moved) > CORRECTION
    if not is_correction and moved > -SLEW:
        return
    if is_correction:
        books.events.append(ClockMoved(at=books.now.utc, by=moved))
    for run in books.runs.values():  # its jitter and its start_deadline are elapsed time
        run.ready_at += moved
        if run.state == "queued" and not run.is_arrived:
            books.watch_run(run)
    for record in books.jobs.values():
        if not _move_delay(books, record, moved):
            _step(books, record, is_correction=is_correction)
        books.watch_job(record)


def note_restart(books: Books, record: JobRecord) -> None:
    """Take in that the clock was set back while no engine ran."""
    ahead = record.counts_from - books.now.utc
    if ahead > (EARLIEST if record.job.is_monitor else SLEW):
        _step(books, record, is_correction=ahead > CORRECTION)


def keep_decided(books: Books, record: JobRecord, spans: Spans, *, is_told: bool = False) -> None:
    """Have `spans` not decided again by a job that has begun to count from now.

    They matter at once where the clock was set back into them, else after the next correction.
    With `is_told` the next engine knows them too.
    """
    record.decided = joined(spans)
    if is_told or any(end > books.now.utc for _, end in spans):
        _tell_count(books, record)


def joined(spans: Iterable[tuple[Instant, Instant]]) -> Spans:
    """Return `spans` in order with those that meet made one; only the latest few are kept."""
    apart: list[tuple[Instant, Instant]] = []
    for start, end in sorted(spans):
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        elif start < end:
            apart.append((start, end))
    return tuple(apart[-MOST_SPANS:])


def _move_delay(books: Books, record: JobRecord, moved: Duration) -> bool:
    """Keep the elapsed time of a job that only waits for its `@in`; tell whether it is one."""
    schedule = record.job.schedule
    if not schedule or not all(isinstance(spec, InSpec) for spec in schedule):
        return False
    if record.next_due() is None:
        return False
    _begin_anew(books, record, record.first_seen_at + moved)
    return True


def _step(books: Books, record: JobRecord, *, is_correction: bool) -> None:
    schedule, now = record.job.schedule, books.now.utc
    if record.last_end_at is not None:
        record.last_end_at = min(record.last_end_at, now)
    intervals = [s for s in schedule if isinstance(s, EverySpec) and s.origin != "clock"]
    if intervals and len(intervals) == len(schedule):
        longest = max(spec.interval for spec in intervals)
        # while a run is open nothing is due after an end that has not been
        record.last_end_at = now - longest if record.open else now
        _begin_anew(books, record, _fresh_anchor(record, intervals, now))
        return
    if is_correction:
        spans = joined(record.decided_spans)
        record.decided, record.counted_since = spans, now
        record.counts_from = now
    if intervals and not any(isinstance(spec, InSpec) for spec in schedule):
        record.first_seen_at = now
        books.events.append(
            JobChanged(at=now, job=record.job, counts_from=record.counts_from, first_seen_at=now)
        )
    if intervals:
        record.build()
    if is_correction:
        _tell_count(books, record)


def _fresh_anchor(record: JobRecord, intervals: list[EverySpec], now: Instant) -> Instant:
    """Return now, or a moment later where the new grid would meet instants of the old one."""
    gone = now - record.first_seen_at
    return now + any(gone % spec.interval == 0 for spec in intervals)


def _begin_anew(books: Books, record: JobRecord, first_seen_at: Instant) -> None:
    """Count from now with new instants, none of which can have been decided."""
    now = books.now.utc
    had_decided, record.decided = record.decided, ()
    record.first_seen_at = first_seen_at
    record.counts_from = record.counted_since = now
    record.build()
    books.events.append(
        JobChanged(at=now, job=record.job, counts_from=now, first_seen_at=first_seen_at)
    )
    if had_decided:
        _tell_count(books, record)


def _tell_count(books: Books, record: JobRecord) -> None:
    books.events.append(
        CountingMoved(
            at=books.now.utc,
            job=record.job.id,
            counts_from=record.counts_from,
            decided=record.decided,
        )
    )
