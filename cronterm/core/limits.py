"""What keeps a job from running by itself: calendars, bounds, a number of runs, failures in a row.

Calendars judge the due instant, not the start. Instants that they keep back are rows, written at
most once a minute, and no forecast shows them. Beyond `not_before`, `not_after` and `max_runs`
nothing is due at all.
"""

from typing import Literal

from cronterm.clock import DAY, Instant
from cronterm.core.books import Books
from cronterm.core.records import JobRecord, RunRecord
from cronterm.model.event import JobPaused
from cronterm.model.run import FAILED, Outcome
from cronterm.model.snapshot import Pause
from cronterm.schedule.calendars import Calendars, Stretch

LOOK_BACK = 31 * DAY  # older instants of a downtime were missed, whatever a calendar says of them

Refusal = tuple[Literal["calendar", "not_before", "not_after", "max_runs"], str]


def sift_all(books: Books) -> None:
    """Lay the calendars of the settings over all jobs that go by any."""
    if books.settings.calendars != books.calendars.specs:
        books.calendars = Calendars(books.settings.calendars)
    for record in books.jobs.values():
        job = record.job
        if not job.exclude and not job.only and record.sieve is None:
            continue
        record.sift(books.calendars.sieve(job.exclude, job.only, timezone=job.timezone))
        books.watch_job(record)


def looked_back(books: Books, record: JobRecord, low: Instant) -> Instant:
    """Return from where on calendars are asked about instants after `low`."""
    return max(low, books.now.utc - max(LOOK_BACK, record.job.catch_up_window))


def stretches(books: Books, record: JobRecord, low: Instant, high: Instant) -> list[Stretch]:
    """Return the instants in (`low`, `high`] by what calendars say of them, in order."""
    assert record.sieve is not None
    start = min(looked_back(books, record, low), high)
    found = list(record.sieve.stretches(record.schedule, start, high))
    first, last = record.schedule.next_after(low), record.schedule.latest_at_or_before(start)
    if first is None or last is None or first > last:
        return found
    return [Stretch("", first, last), *found]


def newest_start(books: Books, record: JobRecord, low: Instant, newest: Instant) -> Instant | None:
    """Return the newest instant in (`low`, `newest`] that is let through, or None."""
    if record.sieve is None:
        return newest
    through = [each.last for each in stretches(books, record, low, newest) if not each.why]
    return through[-1] if through else None


def hold_back(books: Books, record: JobRecord) -> tuple[Literal["disabled", "paused"], str]:
    """Return why nothing starts by itself of a job that is held, and who paused it and why."""
    if not record.job.enabled:
        return "disabled", ""
    pause = record.pause or books.all_paused
    return "paused", pause.told if pause is not None else ""


def refusal(books: Books, record: JobRecord) -> Refusal | None:
    """Return why a run that no instant brings may not start by itself now, or None.

    For `@reboot` and `@startup`, events and upstream jobs: reason, and what a person should know.
    """
    job, now = record.job, books.now.utc
    if job.not_before is not None and now < job.not_before:
        return "not_before", ""
    if job.not_after is not None and now > job.not_after:
        return "not_after", ""
    if record.is_planned_out:
        return "max_runs", ""
    why = record.sieve.at(now)[0] if record.sieve is not None else ""
    return ("calendar", why) if why else None


def count_start(books: Books, run: RunRecord) -> int | None:
    """Count the first attempt of a run that came by itself; return the count, None for others."""
    record = books.jobs.get(run.job)
    if record is None or run.attempt != 1 or run.cause.kind == "manual":
        return None
    record.timed_runs += 1
    if record.is_used_up:
        books.watch_job(record)
    return record.timed_runs


def is_surplus(books: Books, run: RunRecord) -> bool:
    """Tell whether a run waits for which `max_runs`, made smaller, has no place any more."""
    record = books.jobs.get(run.job)
    is_new = not run.attempt and run.cause.kind != "manual"
    return is_new and record is not None and record.is_used_up


def note_outcome(books: Books, record: JobRecord, outcome: Outcome) -> None:
    """Count failures in a row, and pause the job where they are too many."""
    if outcome == "succeeded":
        record.failures = 0
    if outcome not in FAILED:
        return
    record.failures += 1
    most = record.job.auto_pause
    if most is None or record.failures < most or record.pause is not None:
        return
    now = books.now.utc
    runs = "1 failed run" if record.failures == 1 else f"{record.failures} failed runs in a row"
    books.set_pause(record, Pause("auto_pause", now, None, runs))
    books.events.append(JobPaused(at=now, job=record.job.id, by="auto_pause", reason=runs))
    books.watch_job(record)
