"""What the store counts of an hour and a day, where the runs in the picture do not reach back."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cronterm.clock import MINUTE, SECOND, Duration, Instant
from cronterm.control import Control
from cronterm.model.query import ReadStats, ReadTrends
from cronterm.model.snapshot import RECENT_RUNS, JobView
from cronterm.model.stats import Errors, Stats, Trends

READ_EVERY = 5 * SECOND
AT_MOST = 20
"""A twentieth of the time is spent on reading: thousands of jobs take a while."""
GOOD_FOR = MINUTE
"""An older answer says nothing of now: it may be of an engine that is gone."""


@dataclass(frozen=True)
class Kept:
    """An answer of the store, for all jobs together and job by job."""

    at: Instant
    took: Duration
    hour: Trends
    day: Trends
    errors: dict[str, Errors]
    """Of the day, by job."""

    def is_good(self, now: Instant) -> bool:
        """Tell whether it still says what is so."""
        return now - self.at < GOOD_FOR

    def is_due(self, now: Instant) -> bool:
        """Tell whether it is time to ask again."""
        return now - self.at >= max(READ_EVERY, min(self.took * AT_MOST, GOOD_FOR // 2))


def reach_back(views: Iterable[JobView], since: Instant) -> bool:
    """Tell whether the picture has every run of these jobs that ended since then."""
    return not any(
        len(view.recent) >= RECENT_RUNS and view.recent[0].ended_at > since for view in views
    )


async def read_kept(control: Control, clock: Callable[[], Instant]) -> Kept | None:
    """Ask the store. Raises `CrontermError`."""
    asked_at = clock()
    stats, day, hour = await asyncio.gather(
        control.query(ReadStats(range="24h", resources=False, days=False)),
        control.query(ReadTrends(range="24h")),
        control.query(ReadTrends(range="1h")),
    )
    if isinstance(stats, Stats) and isinstance(day, Trends) and isinstance(hour, Trends):
        at = clock()
        return Kept(at, at - asked_at, hour, day, stats.errors)
    return None
