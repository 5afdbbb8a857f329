"""What the coming starts of a job fall on, as far as its past tells."""

from statistics import median

from cronterm.clock import Duration, Instant
from cronterm.model.snapshot import JobView

LEARN_FROM = 3  # runs


def expected_length(view: JobView) -> Duration | None:
    """Return what a run usually takes; None where too little is known."""
    known = [past.duration for past in view.recent if past.duration and past.started_at]
    return round(median(known)) if len(known) >= LEARN_FROM else view.totals.average


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
