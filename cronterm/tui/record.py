"""What the past of a job says in figures: from all of it, the last week, and its newest runs."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import mean

from cronterm.clock import DAY, HOUR, SECOND, Duration, Instant
from cronterm.control import Control
from cronterm.errors import CrontermError
from cronterm.model.quantile import quantile
from cronterm.model.query import ReadTrends
from cronterm.model.rollup import Rollup
from cronterm.model.run import FAILED, RunRow
from cronterm.model.stats import Trends
from cronterm.tui.courses import no_trends
from cronterm.tui.words import duration, percent

Pair = tuple[str, str]
"""A name and its figure."""
JUDGED = ("succeeded", *FAILED)
BROKEN_OFF = ("stopped", "replaced")
RUNS_READ = 500
"""The newest of a job; figures of single runs are of these."""
IDLE = ("skipped", "missed")
"""What starts nothing."""
NOTED = 0.01
"""Of all runs: so many more or fewer failures are worth a word."""
SLOWER = 1.25
"""So many times as long is, too."""
LEAST = 3
"""Runs of each week: fewer tell no trend."""


@dataclass
class Record:
    """What is known of a job's past."""

    total: Rollup = field(default_factory=Rollup)
    """Of all time."""
    week: Trends = field(default_factory=no_trends)
    runs: Sequence[RunRow] = ()
    """The newest, the newest first."""

    def lines(self, *, has_jitter: bool) -> list[list[Pair]]:
        """Return lines of pairs, the most telling first; what is not known is not there."""
        total = self.total
        counts = [
            ("runs", f"{total.runs:,}"),
            ("ok", _ratio(total.success_ratio)),
            ("errors", f"{total.failures:,}"),
            ("recoveries", f"{total.recoveries:,}"),
        ]
        change = self.change()
        lines = [counts, change[:2], change[2:]]
        if total.runs:
            lines += [self._lengths(), self._spread(), self._rate(has_jitter=has_jitter)]
        lines += [self._streaks(), self._usage()]
        return [line for line in lines if line]

    def _lengths(self) -> list[Pair]:
        total, deviation_s = self.total, self.total.deviation_s
        deviation = None if deviation_s is None else round(deviation_s * SECOND)
        return [
            ("avg", duration(total.average)),
            ("min", duration(total.duration_min)),
            ("max", duration(total.duration_max)),
            ("σ", duration(deviation)),
        ]

    def _spread(self) -> list[Pair]:
        ratios = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        lengths = _lengths_of(self.runs)
        if lengths and len(lengths) == self.total.timed:  # all are known: nothing is estimated
            return [(name, duration(quantile(lengths, ratio))) for name, ratio in ratios]
        return [(name, duration(self.total.percentile(ratio))) for name, ratio in ratios]

    def _rate(self, *, has_jitter: bool) -> list[Pair]:
        pairs = []
        if self.total.runs > 1:
            pairs = [("rate", rate_text(self.total, self.week.until))]
        drift = late_starts(self.runs)
        if drift and not has_jitter:  # with jitter a start is late on purpose
            pairs.append(("drift p99", duration(sorted(drift)[int(len(drift) * 0.99)])))
        return pairs

    def change(self) -> list[Pair]:
        """Say whether it gets worse: the runs of the last week beside those of the week before."""
        now, before = self.week.total, self.week.before
        if before is None or min(now.runs, before.runs) < LEAST:
            return []
        more = now.failures / now.runs - before.failures / before.runs
        words = ["more failures" if more > 0 else "fewer failures"] if abs(more) >= NOTED else []
        lengths = now.percentile(0.5), before.percentile(0.5)
        if lengths[0] is not None and lengths[1]:
            part = lengths[0] / lengths[1]
            words += ["slower"] * (part >= SLOWER) + ["faster"] * (part <= 1 / SLOWER)
        here, there = (
            f"{each.failures:,} of {each.runs:,} failed, p50 {duration(length)}"
            for each, length in zip((now, before), lengths, strict=True)
        )
        told = " and ".join(words) or "as before"
        return [("7 days", told), ("now", here), ("before", there)]

    def _streaks(self) -> list[Pair]:
        pairs: list[Pair] = []
        if repairs := repair_times(self.runs):
            pairs.append(("MTTR", duration(round(mean(repairs)))))
        if streaks := ok_streaks(self.runs):
            # The first may have begun before what is known: it is so long at least.
            cut, most = "+" * self.has_older, max(streaks)
            here = cut if len(streaks) == 1 else ""
            long = cut if most == streaks[0] else ""
            pairs += [("streak", f"{streaks[-1]:,}{here} ok"), ("longest", f"{most:,}{long}")]
        return pairs

    @property
    def has_older(self) -> bool:
        """There were runs before those that are known."""
        known = sum(run.run is not None for run in self.runs)
        return len(self.runs) >= RUNS_READ or self.total.runs > known

    def idle(self) -> list[Pair]:
        """Return at how many instants nothing started: a row may stand for many of them."""
        counts = {kind: sum(row.count for row in self.runs if row.outcome == kind) for kind in IDLE}
        return [
            (kind, f"{count:,} instant{'s' * (count != 1)}")
            for kind, count in counts.items()
            if count
        ]

    def _usage(self) -> list[Pair]:
        total = self.total
        pairs = [("cpu", f"{duration(total.cpu_us // total.timed)} avg")] if total.cpu_us else []
        if total.max_rss_bytes:
            pairs.append(("rss", f"{total.max_rss_bytes / (1 << 20):.0f} MiB max"))
        if total.restarts:
            pairs.append(("retries", f"{total.restarts:,}"))
        return pairs


async def read_record(control: Control, job: str) -> Record | None:
    """Return how runs of a job went, of all time and of the last week; None where nobody answers.

    The runs themselves are not in it.
    """
    try:
        total, week = await asyncio.gather(
            control.query(ReadTrends(job=job, range="all")),
            control.query(ReadTrends(job=job, range="7d")),
        )
    except CrontermError:
        return None
    if isinstance(total, Trends) and isinstance(week, Trends):
        return Record(total.total, week)
    return None


def _ratio(ratio: float | None) -> str:
    """Return `96.1%`; whole numbers as such."""
    return percent(ratio) if ratio in (None, 0, 1) else f"{ratio:.1%}"


def rate_text(total: Rollup, now: Instant) -> str:
    """Return how often a job ran again since its first start: `6.0/day`, `12/h`, `2.1/week`.

    The time until now counts, also where it was paused; under an hour tells no rate: `8 in 20m00s`.
    """
    if total.first_at is None or total.last_at is None:
        return "·"
    passed = max(now, total.last_at) - total.first_at
    if passed < HOUR:
        return f"{total.runs:,} in {duration(passed)}"
    a_day = (total.runs - 1) / (passed / DAY)
    for least, part, unit in ((48, 24, "h"), (1, 1, "day"), (0, 1 / 7, "week")):
        if a_day >= least:
            rate = a_day / part
            return f"{rate:,.0f}/{unit}" if rate >= 20 else f"{rate:.1f}/{unit}"
    return "·"


def _lengths_of(runs: Iterable[RunRow]) -> list[Duration]:
    """Return what the runs that started and ended took."""
    return [
        max(run.ended_at - run.started_at, 0)
        for run in runs
        if run.outcome is not None and run.ended_at is not None and run.started_at is not None
    ]


def _ended(runs: Iterable[RunRow], kinds: Collection[str]) -> list[RunRow]:
    """Return the runs that ended so, oldest first; one that could not be started failed."""
    found = [
        run
        for run in runs
        if run.outcome in kinds and (run.started_at is not None or run.outcome in FAILED)
    ]
    return sorted(found, key=lambda run: run.ended_at or 0)


def repair_times(runs: Iterable[RunRow]) -> list[Duration]:
    """Return how long each stretch of failures lasted, until a run succeeded again."""
    found: list[Duration] = []
    broken_at = None
    for run in _ended(runs, JUDGED):
        if run.outcome != "succeeded":
            broken_at = run.ended_at if broken_at is None else broken_at
        elif broken_at is not None:
            found.append((run.ended_at or 0) - broken_at)
            broken_at = None
    return found


def ok_streaks(runs: Iterable[RunRow]) -> list[int]:
    """Return how many runs succeeded in a row each time, the last of them now.

    A run that was stopped or replaced ends a row, though it is no failure.
    """
    ended = _ended(runs, (*JUDGED, *BROKEN_OFF))
    if not any(run.outcome in JUDGED for run in ended):
        return []
    streaks = [0]
    for run in ended:
        if run.outcome == "succeeded":
            streaks[-1] += 1
        elif streaks[-1]:
            streaks.append(0)
    return streaks


def late_starts(runs: Iterable[RunRow]) -> list[Duration]:
    """Return how long after their instants timed runs began."""
    return [
        max(run.started_at - run.scheduled_at, 0)
        for run in runs
        if run.cause == "scheduled" and run.started_at is not None and run.scheduled_at is not None
    ]
