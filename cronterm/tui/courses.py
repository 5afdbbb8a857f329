"""The course of figures over a range, cut into cells of a chart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cronterm.clock import DAY, HOUR, Duration, Instant, aware
from cronterm.model.query import Range
from cronterm.model.rollup import Rollup
from cronterm.model.run import success_ratio
from cronterm.model.stats import Categories, FileEvents, Stats, Trends, make_stats
from cronterm.tui.look import Glyphs
from cronterm.tui.widgets.paint import Part

RANGES: tuple[Range, ...] = ("1h", "24h", "7d", "30d", "all")
LENGTHS: dict[Range, Duration] = {"1h": HOUR, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY}


def no_trends() -> Trends:
    """Return what there is before the first answer."""
    return Trends(since=0, until=0, step=1, total=Rollup())


def no_stats() -> Stats:
    """Return what there is before the first answer."""
    return make_stats((), Categories(0, 0, 0), FileEvents())


@dataclass
class Figures:
    """What the Stats view draws: the figures of all jobs, the course of all or of one."""

    range: Range = "24h"
    job: str = ""
    """Empty is all jobs."""
    words: str = ""
    """What the jobs to choose from are filtered by."""
    is_compared: bool = True
    is_read: bool = False
    stats: Stats = field(default_factory=no_stats)
    trends: Trends = field(default_factory=no_trends)

    @property
    def total(self) -> Rollup:
        """What happened within the range."""
        return self.trends.total

    @property
    def before(self) -> Rollup | None:
        """What happened in the range before; None where nothing did, or nobody asks."""
        before = self.trends.before if self.is_compared else None
        return before if before is not None and before.runs else None

    def jobs(self) -> list[str]:
        """Return the jobs that ran, those that ran most first."""
        runs = self.stats.total_runs
        return sorted(runs, key=lambda job: (-runs[job], job))


Cell = list[Rollup]
"""What happened in the time of one cell; empty where nothing did."""


def cells(trends: Trends, width: int) -> list[Cell]:
    """Return at most `width` cells, oldest first, of as many steps each as it takes."""
    if not trends.until:
        return []
    slots = (trends.until - trends.since) // trends.step + 1
    each = max(-(-slots // max(width, 1)), 1)
    found: list[Cell] = [[] for _ in range(-(-slots // each))]
    for at, rollup in trends.points:
        place = (at - trends.since) // trends.step // each
        if 0 <= place < len(found):
            found[place].append(rollup)
    return found


def widened(values: Sequence[float | None], width: int) -> list[float | None]:
    """Return the values, each as many times as fills the width."""
    return [values[place * len(values) // width] for place in range(width)] if values else []


def counted(trends: Trends, width: int, of: Callable[[Rollup], int]) -> list[float | None]:
    """Return a sum for each cell of a chart."""
    sums = [sum(of(rollup) for rollup in cell) for cell in cells(trends, width)]
    return widened([float(each) for each in sums], width)


def averages(trends: Trends, width: int) -> list[float | None]:
    """Return the mean duration in each cell of a chart, None where nothing ran."""
    found: list[float | None] = []
    for cell in cells(trends, width):
        runs = sum(rollup.timed for rollup in cell)
        found.append(sum(rollup.duration_sum for rollup in cell) / runs if runs else None)
    return widened(found, width)


def ratios(trends: Trends, width: int) -> list[float | None]:
    """Return how many of a cell's runs succeeded, None where none was judged."""
    found: list[float | None] = []
    for cell in cells(trends, width):
        good = sum(rollup.succeeded for rollup in cell)
        found.append(success_ratio(good, sum(rollup.failures for rollup in cell)))
    return widened(found, width)


def spark_parts(
    values: Sequence[float | None],
    glyphs: Glyphs,
    role: Callable[[float], str],
    *,
    most: float | None = None,
) -> list[Part]:
    """Return one cell a value; nothing, and no value, is the lowest, faint."""
    top = most or max([*(value for value in values if value is not None), 0]) or 1
    last = len(glyphs.spark) - 1
    parts: list[Part] = []
    for value in values:
        sign, colour = glyphs.spark[0], "line"
        if value:
            sign, colour = glyphs.spark[max(min(round(value / top * last), last), 1)], role(value)
        if parts and parts[-1][1] == colour:
            parts[-1] = (parts[-1][0] + sign, colour)
        else:
            parts.append((sign, colour))
    return parts


def change(figures: Figures, of: Callable[[Rollup], float]) -> float | None:
    """Return by which part a count has grown since the range before, a like time taken."""
    trends = figures.trends
    before = figures.before
    passed = trends.until - trends.since
    if before is None or not of(before) or passed <= 0:
        return None
    was = of(before) / trends.before_length
    return of(trends.total) / passed / was - 1


def change_text(part: float | None, glyphs: Glyphs) -> str:
    """Return ` ▲ 12%`, or nothing where there is nothing to compare with."""
    if part is None:
        return ""
    if abs(part) < 0.005:
        return " = as before"
    sign = glyphs.up if part > 0 else glyphs.down
    return f" {sign} {abs(part):.0%}" if abs(part) < 10 else f" {sign} ×{part + 1:,.0f}"


def moment_text(at: Instant, step: Duration) -> str:
    """Return when a cell began: hours and minutes, or the day."""
    here = aware(at).astimezone()
    return (
        f"{here:%H:%M}" if step < HOUR else f"{here:%d %b}" if step >= DAY else f"{here:%a %H:%M}"
    )
