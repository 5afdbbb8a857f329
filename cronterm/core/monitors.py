"""When a monitor's instants are judged: not before its tolerance, and only while it was heard."""

from cronterm.clock import MINUTE, Duration, Instant
from cronterm.core.books import Books
from cronterm.core.policies import tolerance_of
from cronterm.core.records import JobRecord

EARLIEST = MINUTE  # before an instant a report may still mean it
PROMPT = MINUTE  # a judgement that comes later than this was held up: nobody listened meanwhile


def judged_until(books: Books, record: JobRecord) -> Instant:
    """Return up to when instants without a report are judged now.

    After a start one tolerance is waited for reports; what was over before it is judged at once.
    """
    tolerance = _tolerance(record)
    is_early = books.now.utc <= record.judged_from + tolerance
    return (record.judged_from if is_early else books.now.utc) - tolerance - 1


def unheard_until(books: Books, record: JobRecord) -> Instant:
    """Return up to when a report could not be heard: no engine ran, or the machine slept."""
    tolerance = _tolerance(record)
    if books.now.utc - record.judged_from - tolerance <= PROMPT:
        return record.judged_from - tolerance - 1
    return books.now.utc - tolerance - PROMPT - 1


def early_by(record: JobRecord, at: Instant) -> Duration:
    """Return how long before the instant `at` a report still means it: clocks differ."""
    before = record.schedule.latest_at_or_before(at - 1)
    period = MINUTE if before is None else at - before
    return min(tolerance_of(record.job, record.schedule, at), EARLIEST, period // 2)


def _tolerance(record: JobRecord) -> Duration:
    first = record.next_due()
    return tolerance_of(record.job, record.schedule, record.counts_from if first is None else first)
