"""Runs added up: what statistics are made of, whatever becomes of the runs themselves."""

from collections.abc import Iterable, Iterator
from functools import cache
from math import log2

import msgspec

from cronterm.clock import MILLISECOND, SECOND, Duration, Instant
from cronterm.model.quantile import rank_of
from cronterm.model.run import FAILED, CauseKind, Outcome, success_ratio

BINS_PER_DOUBLING = 8
"""A percentile is off by less than 9 % of its value, mostly by far less."""


class EndedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that started something, or could not, and has ended, as rollups see it."""

    outcome: Outcome
    reason: str
    cause: CauseKind
    started_at: Instant | None
    """None where it failed before it started: it took no time."""
    ended_at: Instant
    attempt: int
    was_failing: bool
    """The last run of the job that succeeded or failed had failed."""
    cpu_us: int | None = None
    max_rss_bytes: int | None = None
    output_bytes: int = 0


class Rollup(msgspec.Struct, omit_defaults=True):
    """Runs of a job, or of all jobs, that ended within a span of time."""

    timed: int = msgspec.field(default=0, name="runs")
    """Runs that started something: what durations are of. The column was named when those were
    all that counted."""
    succeeded: int = 0
    failed: int = 0
    timed_out: int = 0
    lost: int = 0
    stopped: int = 0
    replaced: int = 0
    skipped: int = 0
    scheduled: int = 0
    catch_up: int = 0
    signal: int = 0
    manual: int = 0
    upstream: int = 0
    restarts: int = 0
    breakdowns: int = 0
    """Failures after a success, or as the first."""
    recoveries: int = 0
    """Successes after a failure."""
    created: int = 0
    modified: int = 0
    deleted: int = 0
    moved: int = 0
    duration_sum: Duration = 0
    square_sum: float = 0.0
    """Of durations, in seconds squared."""
    rank_sum: float = 0.0
    """Of durations times the run's rank, in seconds."""
    cpu_us: int = 0
    output_bytes: int = 0
    duration_min: Duration | None = None
    first_rank: int | None = None
    first_at: Instant | None = None
    """When the first began; one that did not start, when it failed."""
    duration_max: Duration | None = None
    last_at: Instant | None = None
    """When the last began."""
    max_rss_bytes: int | None = None
    lengths: dict[int, int] = {}
    """How many durations lie in which bin."""
    reasons: dict[str, int] = {}
    """How many failed for what."""

    @property
    def runs(self) -> int:
        """All runs, those included that could not be started: each of them had a cause."""
        return self.scheduled + self.catch_up + self.signal + self.manual + self.upstream

    @property
    def failures(self) -> int:
        """Runs that failed in any way."""
        return self.failed + self.timed_out + self.lost

    @property
    def success_ratio(self) -> float | None:
        """See the function of this name."""
        return success_ratio(self.succeeded, self.failures)

    @property
    def average(self) -> Duration | None:
        """The mean duration."""
        return self.duration_sum // self.timed if self.timed else None

    @property
    def deviation_s(self) -> float | None:
        """The standard deviation of the durations, in seconds."""
        if not self.timed:
            return None
        mean_s = self.duration_sum / SECOND / self.timed
        spread: float = max(self.square_sum / self.timed - mean_s * mean_s, 0.0) ** 0.5
        return spread

    @property
    def trend_s(self) -> float | None:
        """The slope of the line that fits the durations best, in seconds per run."""
        if self.timed < 2 or self.first_rank is None:
            return None
        middle = self.first_rank + (self.timed - 1) / 2
        rise = self.rank_sum - middle * self.duration_sum / SECOND
        return rise / (self.timed * (self.timed**2 - 1) / 12)

    def percentile(self, ratio: float) -> Duration | None:
        """Return the duration that `ratio` of the runs do not exceed, within 9 %.

        It is exact for the shortest, the longest and, of up to three runs, all of them.
        """
        return self.percentiles(ratio)[0]

    def percentiles(self, *ratios: float) -> list[Duration | None]:
        """Return what `percentile` does for each ratio, for the work of one."""
        least, most, count = self.duration_min, self.duration_max, sum(self.lengths.values())
        if not count or least is None or most is None:
            return [None for _ in ratios]
        ranked = [(1, least), *self._between(least, most), (count, most)]
        return [_at_rank(rank_of(ratio, count), ranked) for ratio in ratios]

    def _between(self, least: Duration, most: Duration) -> Iterator[tuple[int, Duration]]:
        """Yield how many runs took about how long, the shortest and the longest left out."""
        between = dict(self.lengths)
        for known in (bin_of(least), bin_of(most)):
            between[known] = between.get(known, 0) - 1
        bins = [(between[each], *_bounds(each, least, most)) for each in sorted(between)]
        bins = [each for each in bins if each[0] > 0]
        # In each bin at the same place, so that together they have taken what they took.
        low = sum([count * lower for count, lower, _ in bins])
        high = sum([count * upper for count, _, upper in bins])
        taken = self.duration_sum - least - most
        place = min(max((taken - low) / (high - low), 0.0), 1.0) if high > low else 0.0
        for count, lower, upper in bins:
            yield count, round(lower + place * (upper - lower))


def _at_rank(rank: int, ranked: Iterable[tuple[int, Duration]]) -> Duration | None:
    """Return the duration of a rank, from 1 on, among (runs, duration), the shortest first."""
    for count, length in ranked:
        rank -= count
        if rank <= 0:
            return length
    return None


def bin_of(duration: Duration) -> int:
    """Return the bin of a duration; all up to a millisecond are in the first."""
    return int(BINS_PER_DOUBLING * log2(max(duration, MILLISECOND) / MILLISECOND))


def _bounds(place: int, least: Duration, most: Duration) -> tuple[float, float]:
    """Return between which durations those of a bin lie, none of them beyond least and most."""
    lower, upper = _edges(place)
    return min(max(lower, least), most), max(min(upper, most), least)


@cache
def _edges(place: int) -> tuple[float, float]:
    """Return where a bin begins and ends; there are few of them."""
    lower = MILLISECOND * 2 ** (place / BINS_PER_DOUBLING) if place else 0.0
    return lower, MILLISECOND * 2 ** ((place + 1) / BINS_PER_DOUBLING)


def add_run(rollups: Iterable[Rollup], run: EndedRun, rank: int) -> None:
    """Add a run. `rank` tells which it is, from 1 on, of those of the job that started, or of all
    jobs.
    """
    outcome, cause = run.outcome, run.cause
    is_failure = outcome in FAILED
    why = run.reason if outcome == "failed" and run.reason else outcome
    for rollup in rollups:
        if outcome == "succeeded":
            rollup.succeeded += 1
            rollup.recoveries += run.was_failing
        elif outcome != "missed":
            setattr(rollup, outcome, getattr(rollup, outcome) + 1)
        if is_failure:
            rollup.breakdowns += not run.was_failing
            rollup.reasons[why] = rollup.reasons.get(why, 0) + 1
        setattr(rollup, cause, getattr(rollup, cause) + 1)
        rollup.restarts += max(run.attempt - 1, 0)
        rollup.output_bytes += run.output_bytes
        began_at = run.ended_at if run.started_at is None else run.started_at
        rollup.first_at = _least(rollup.first_at, began_at)
        rollup.last_at = _most(rollup.last_at, began_at)
        if run.started_at is not None:
            _add_length(rollup, run, max(run.ended_at - run.started_at, 0), rank)


def _add_length(rollup: Rollup, run: EndedRun, duration: Duration, rank: int) -> None:
    """Add what a run that started took."""
    length_s, place = duration / SECOND, bin_of(duration)
    rollup.timed += 1
    rollup.duration_sum += duration
    rollup.square_sum += length_s * length_s
    rollup.rank_sum += length_s * rank
    rollup.cpu_us += run.cpu_us or 0
    rollup.lengths[place] = rollup.lengths.get(place, 0) + 1
    rollup.duration_min = _least(rollup.duration_min, duration)
    rollup.duration_max = _most(rollup.duration_max, duration)
    rollup.first_rank = _least(rollup.first_rank, rank)
    if run.max_rss_bytes is not None:
        rollup.max_rss_bytes = _most(rollup.max_rss_bytes, run.max_rss_bytes)


def _least(one: int | None, other: int) -> int:
    return other if one is None or other < one else one


def _most(one: int | None, other: int) -> int:
    return other if one is None or other > one else one
