"""What the coming starts of a job fall on, as far as its past tells."""

from statistics import median
from typing import NamedTuple

from cronterm.clock import Duration, Instant
from cronterm.model.quantile import quantile
from cronterm.model.snapshot import JobView

LEARN_FROM = 3  # runs
NEAR = 90  # per cent of a timeout: what usually takes so long may be cut short any day


def expected_length(view: JobView) -> Duration | None:
    """Return what a run usually takes; None where too little is known."""
    known = [past.duration for past in view.recent if past.duration and past.started_at]
    return round(median(known)) if len(known) >= LEARN_FROM else view.totals.average


class ShortTimeout(NamedTuple):
    """A timeout that cuts runs short, or may any day: what they usually take, and 95 % at most."""

    timeout: Duration
    usual: Duration
    p95: Duration


def short_timeout(view: JobView) -> ShortTimeout | None:
    """Return the timeout of a job whose runs usually take nine tenths of it, or more.

    So it is where a few runs that succeeded took all of it, before it was shortened.
    """
    limit = view.job.timeout
    if limit is None or view.job.is_monitor:
        return None
    done, cut = _tries(view, limit)
    lengths = [*done, *cut]
    if len(lengths) < LEARN_FROM:
        return None
    found = ShortTimeout(limit, quantile(lengths, 0.5), quantile(lengths, 0.95))
    is_near = found.usual * 100 >= limit * NEAR or (done and quantile(done, 0.95) > limit)
    return found if is_near else None


def _tries(view: JobView, limit: Duration) -> tuple[list[Duration], list[Duration]]:
    """Return what single tries took that succeeded, and those that were cut short.

    A timeout is of a try. What failed says nothing, and the length of a run that was tried again
    has the tries before in it, of which one that was cut short took the timeout at most.
    """
    done, cut = [], []
    for past in view.recent:
        if past.duration is None or past.started_at is None:
            continue
        is_first = past.attempt <= 1
        if past.outcome == "succeeded" and is_first:
            done.append(past.duration)
        elif past.outcome == "timed_out":
            cut.append(past.duration if is_first else min(past.duration, limit))
    return done, cut


class Foresight:
    """Follows the coming starts of one job, which are told in the order of time."""

    def __init__(self, view: JobView, now: Instant) -> None:
        self.length = expected_length(view)
        self._overlap = view.job.overlap
        self._busy_until = self._live_until(view, now)

    def _live_until(self, view: JobView, now: Instant) -> Instant:
        """Return until when what runs will go on; it goes on now even if it is overdue."""
        ends = [
            max((run.started_at or now) + (self.length or 0), now)
            for run in view.live.values()
            if not run.is_reported
        ]
        return max(ends, default=0)

    def overlap(self, at: Instant) -> Duration:
        """Return for how long the run before goes on after a start at `at`; 0 is none."""
        left = max(self._busy_until - at, 0)
        if left and self._overlap == "skip":
            return left
        begins = self._busy_until if left and self._overlap == "queue" else at
        self._busy_until = begins + (self.length or 0)
        return left
