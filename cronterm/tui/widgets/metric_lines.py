"""What each of the ten panels of the Stats view shows."""

from collections.abc import Callable

from cronterm.clock import HOUR, SECOND, Instant
from cronterm.model.rollup import Rollup
from cronterm.model.stats import Durations
from cronterm.tui.courses import (
    Cell,
    averages,
    cells,
    change_text,
    counted,
    moment_text,
    ratios,
)
from cronterm.tui.look import Glyphs
from cronterm.tui.widgets.charts import BAR, Drawing, Lines, axis, bar_line, columns, highest
from cronterm.tui.widgets.machine import resources
from cronterm.tui.widgets.paint import Part, fit, fit_name
from cronterm.tui.widgets.spark import area
from cronterm.tui.words import duration


def runs_per_job(on: Drawing, width: int, height: int) -> Lines:
    """1: a bar a job, those that run most first."""
    figures = on.figures
    jobs = figures.jobs()
    runs = figures.stats.total_runs
    label = min(max((len(job) for job in jobs), default=8), max(width // 2, 10))
    most = max(runs.values(), default=1)
    shown = jobs[:height] if len(jobs) <= height else jobs[: height - 1]
    lines: Lines = []
    for job in shown:
        line = bar_line(job, runs[job], most, width, "gauge", label=label)
        if job == figures.job:
            line[0] = (line[0][0], "accent+bold")
        lines.append(line)
    if len(shown) < len(jobs):
        rest = sum(runs[job] for job in jobs[len(shown) :])
        lines.append([(f" {len(jobs) - len(shown)} more jobs, {rest:,} runs", "faint")])
    return lines


def success_and_failure(on: Drawing, width: int, height: int) -> Lines:
    """2: the share of successes, the ends in numbers, and their course."""
    figures, total = on.figures, on.figures.total
    judged = total.succeeded + total.failures
    room = max(width - 10, 4)
    good = round(room * total.succeeded / judged) if judged else 0
    ratio = f"{total.success_ratio:.1%}" if total.success_ratio is not None else "·"
    lines: Lines = [
        [
            (" " + BAR * good, "ok"),
            (BAR * (room - good), "bar" if judged else "line"),
            (fit(ratio, 8, right=True), "text+bold"),
        ]
    ]
    counts = (
        ("ok", total.succeeded, "ok"),
        ("failed", total.failed, "fail"),
        ("timed out", total.timed_out, "fail"),
        ("lost", total.lost, "fail"),
        ("stopped", total.stopped + total.replaced, "muted"),
        ("skipped", total.skipped, "muted"),
    )
    said = [(f" {name} ", f"{count:,} ", role) for name, count, role in counts if count]
    lines.append([part for name, count, role in said for part in ((name, "muted"), (count, role))])
    values = ratios(figures.trends, width - 2)
    rows = max(height - 4, 1)
    lines += columns(values, rows, on, lambda value: "spark" if value > 0.95 else "warn", most=1.0)
    lines.append(axis(figures, width, len(values)))
    lines.append([(" ok % over time", "faint")])
    return lines


def durations(on: Drawing, width: int, height: int) -> Lines:
    """3: what jobs took, the longest first, and since the range before; the average's course."""
    figures = on.figures
    found = figures.stats.durations
    heads = ["avg", "min", "max", "p50", "p95", "σ"]
    if figures.is_compared and any(each.average_before_s for each in found.values()):
        heads.insert(1, "change")
    for dropped in ("min", "p50", "σ", "max"):
        if width < 8 * len(heads) + 8:
            heads.remove(dropped)
    label = max(width - 7 * len(heads) - 2, 8)
    head = "".join(fit(each, 7, right=True) for each in heads)
    lines: Lines = [[(f" {fit('job', label)}{head}", "muted")]]
    slowest = sorted(found, key=lambda job: (-(found[job].average_s or 0), job))
    if figures.job in found:
        slowest = [figures.job, *(job for job in slowest if job != figures.job)]
    rows = max(min((height - 4) // 3, 12), 1) if height >= 6 else 0
    for job in slowest[: max(height - 1 - rows - bool(rows), 1)]:
        each = found[job]
        texts = {
            "avg": _shown(each.average_s),
            "change": _change_text(each, on.glyphs),
            "min": _shown(each.min_s),
            "max": _shown(each.max_s),
            "p50": _shown(each.p50_s),
            "p95": _shown(each.p95_s),
            "σ": _shown(figures.stats.analysis[job].standard_deviation_s),
        }
        text = "".join(fit(texts[name], 7, right=True) for name in heads)
        role = "accent+bold" if job == figures.job else "text"
        lines.append([(f" {fit_name(job, label)}", role), (text, "text")])
    if rows:
        series = averages(figures.trends, width - 2)
        lines += columns(series, rows, on, lambda value: "spark")
        lines.append(axis(figures, width, len(series), duration(round(highest(series)))))
    return lines


def _shown(seconds: float | None) -> str:
    return "·" if seconds is None else duration(round(seconds * SECOND))


def _change_text(durations: Durations, glyphs: Glyphs) -> str:
    """Return by how much the average differs from that of the range before."""
    if not durations.average_s or not durations.average_before_s:
        return "·"
    part = durations.average_s / durations.average_before_s - 1
    return change_text(part, glyphs).removesuffix(" as before").strip()


def frequency(on: Drawing, width: int, height: int) -> Lines:
    """5: runs over time, when most ran, what runs most often, what never ran."""
    figures, trends = on.figures, on.figures.trends
    rows = max(height - 5, 1)
    values = counted(trends, width - 2, lambda each: each.runs)
    lines = columns(values, rows, on, lambda value: "gauge")
    lines.append(axis(figures, width, len(values), f"{highest(values):,.0f}"))
    busiest = max(trends.points, key=lambda point: point[1].runs, default=None)
    if busiest is not None:
        at, rollup = busiest
        lines.append(
            [
                (" busiest ", "muted"),
                (f"{moment_text(at, trends.step)}  {rollup.runs:,}", "text"),
                ("  avg ", "muted"),
                (rate_text(on), "text"),
            ]
        )
    often = figures.jobs()[:1]
    if often:
        between = figures.stats.frequency[often[0]].average_interval_s
        text = f"{often[0]}, every {_shown(between)}" if between else often[0]
        lines.append([(" often ", "muted"), (fit(text, max(width - 8, 1)), "text")])
    idle = [job for job in on.picture.snapshot.jobs if job not in figures.stats.total_runs]
    if idle:
        more = f" +{len(idle) - 1}" if len(idle) > 1 else ""
        lines.append(
            [(" not run ", "muted"), (fit(f"{idle[0]}{more}", max(width - 10, 1)), "text")]
        )
    return lines


def _exists_since(on: Drawing) -> Instant:
    """Return since when the chosen job, or the first of all, is there within the range."""
    figures, jobs = on.figures, on.picture.snapshot.jobs
    views = [jobs[figures.job]] if figures.job in jobs else jobs.values()
    seen = [view.first_seen_at for view in views]
    if figures.total.first_at is not None:
        seen.append(figures.total.first_at)
    return max(figures.trends.since, min(seen, default=0))


def rate_text(on: Drawing) -> str:
    """Return how many runs there are in an hour, or in a day where they are few."""
    hours = max((on.figures.trends.until - _exists_since(on)) / HOUR, 1)
    rate = on.figures.total.runs / hours
    return f"{rate:,.1f}/h" if rate >= 0.95 else f"{rate * 24:,.1f}/d"


def error_trends(on: Drawing, width: int, height: int) -> Lines:
    """6: failures over time, for what, and of which jobs."""
    figures, total = on.figures, on.figures.total
    if not total.failures:
        return [[(f" {on.glyphs.states['succeeded']} nothing has failed", "ok")]]
    bars = min(len(total.reasons), max((height - 2) // 2, 1))
    rows = max(height - 2 - bars, 1)
    values = counted(figures.trends, width - 2, lambda each: each.failures)
    lines = columns(values, rows, on, lambda value: "bar")
    lines.append(axis(figures, width, len(values), f"{highest(values):,.0f}"))
    most = max(total.reasons.values(), default=1)
    for why in sorted(total.reasons, key=lambda each: -total.reasons[each])[:bars]:
        name = "exit code" if why == "exit" else why.replace("_", " ")
        lines.append(bar_line(name, total.reasons[why], most, width, "bar", label=12))
    errors = figures.stats.errors
    worst = sorted((job for job in errors if errors[job].total), key=lambda job: -errors[job].total)
    names = " · ".join(f"{job} {errors[job].total:,}" for job in worst[:4])
    lines.append([(" most ", "muted"), (fit(names, max(width - 7, 1)), "fail")])
    return lines


def categories(on: Drawing, width: int, height: int) -> Lines:
    """7: what started the runs."""
    total = on.figures.total
    kinds = (
        ("by time", total.scheduled + total.catch_up, "gauge"),
        ("by events", total.signal, "ok"),
        ("by hand", total.manual, "warn"),
        ("by jobs", total.upstream, "paused"),
    )
    lines = [
        [
            *bar_line(name, count, total.runs, width - 5, role, label=9),
            (fit(f"{count / total.runs:.0%}", 5, right=True), "muted"),
        ]
        for name, count, role in kinds
    ]
    room, whole = width - 2, []
    for _, count, role in kinds:
        whole.append((BAR * round(room * count / total.runs), role))
    lines += [[], [(" ", "text"), *whole]]
    values = counted(on.figures.trends, width - 2, lambda each: each.signal)
    if total.signal and height >= 9:
        lines += [[(" by events over time", "faint")], *columns(values, 1, on, lambda value: "ok")]
    return lines


def file_events(on: Drawing, width: int, height: int) -> Lines:
    """8: what happened to the files that triggers watch."""
    total = on.figures.total
    counts = (
        ("created", total.created),
        ("modified", total.modified),
        ("deleted", total.deleted),
        ("moved", total.moved),
    )
    most = max(count for _, count in counts)
    if not most:
        return [[(" no trigger saw a file change", "faint")]]
    lines = [bar_line(name, count, most, width, "gauge", label=9) for name, count in counts]

    def changes(each: Rollup) -> int:
        return each.created + each.modified + each.deleted + each.moved

    values = counted(on.figures.trends, width - 2, changes)
    rows = max(height - 6, 1)
    lines += [[], *columns(values, rows, on, lambda value: "gauge")]
    return [*lines, axis(on.figures, width, len(values), f"{highest(values):,.0f}")]


def recoveries(on: Drawing, width: int, height: int) -> Lines:
    """9: how often jobs were tried again, broke down and were well again."""
    figures, total = on.figures, on.figures.total
    engine = on.picture.snapshot.engine
    up = duration(max(on.now - engine.started_at, 0)) if engine.started_at else "·"
    ratio = f"{total.recoveries / total.breakdowns:.0%}" if total.breakdowns else "·"
    lines: Lines = [
        [
            (" restarts ", "muted"),
            (f"{total.restarts:,}", "text"),
            ("  tries after the first", "faint"),
        ],
        [
            (" broke down ", "muted"),
            (f"{total.breakdowns:,}", "fail" if total.breakdowns else "text"),
            ("   recovered ", "muted"),
            (f"{total.recoveries:,}  {ratio}", "ok" if total.recoveries else "text"),
        ],
        [(" engine up ", "muted"), (up, "text")],
    ]
    made = cells(figures.trends, width - 2)
    signs = [_health(made[place * len(made) // (width - 2)], on) for place in range(width - 2)]
    lines += [[(" ", "text"), *signs], axis(figures, width, width - 2)]
    again = {job: each for job, each in figures.stats.recoveries.items() if each.restarts}
    worst = sorted(again, key=lambda job: -again[job].restarts)[:4]
    names = " · ".join(f"{job} {again[job].restarts:,}" for job in worst)
    if names:
        lines.append([(" tried again ", "muted"), (fit(names, max(width - 14, 1)), "warn")])
    return lines


def _health(cell: Cell, on: Drawing) -> Part:
    """Return how a time went: well, mended, or left broken."""
    broke = sum(each.breakdowns for each in cell)
    well = sum(each.recoveries for each in cell)
    if not cell:
        return on.glyphs.spark[0], "line"
    if broke > well:
        return on.glyphs.failed, "fail"
    return on.glyphs.spark[-1], "warn" if broke or well else "spark"


def analysis(on: Drawing, width: int, height: int) -> Lines:
    """10: the course of durations, how they spread, and where they go."""
    figures, total = on.figures, on.figures.total
    label, rows = 8, max(height - (2 if width >= 90 else 3), 1)
    room = max(width - label - 2, 4)
    values = averages(figures.trends, room * on.glyphs.across)
    top = max([*(value for value in values if value is not None), 1.0])
    drawn = [-1.0 if value is None else value / top for value in values]
    lines: Lines = []
    for number, row in enumerate(area(drawn, room, rows, on.glyphs)):
        text = duration(round(top)) if number == 0 else "0" if number == rows - 1 else ""
        lines.append([(f"{fit(text, label, right=True)} ", "faint"), (row, "ok")])
    empty = room - len(drawn) // on.glyphs.across
    start = moment_text(figures.trends.since, figures.trends.step)
    lines.append(
        [(" " * (label + 1 + empty) + fit(start, max(room - empty - 3, 1)) + "now", "faint")]
    )
    mean_s, sigma_s = (total.average or 0) / SECOND, total.deviation_s
    facts = [
        ("mean", duration(total.average)),
        ("median", duration(total.percentile(0.5))),
        ("p95", duration(total.percentile(0.95))),
        ("p99", duration(total.percentile(0.99))),
        ("σ", _shown(sigma_s)),
        ("cv", f"{sigma_s / mean_s:.2f}" if mean_s and sigma_s is not None else "·"),
    ]
    if figures.job:  # of all jobs together it tells which of them ran
        facts.append(("trend", _trend_text(total)))
    each = 4 if width < 90 else len(facts)
    for first in range(0, len(facts), each):
        shown = facts[first : first + each]
        lines.append(
            [part for name, text in shown for part in ((f"  {name} ", "muted"), (text, "text"))]
        )
    return lines


def _trend_text(total: Rollup) -> str:
    """Return by how much a run takes longer than the one before it, in a thousand runs' time."""
    if total.trend_s is None:
        return "·"
    ms = total.trend_s * 1000
    return f"{ms:+.3g} ms a run"


PAINTERS: dict[int, Callable[[Drawing, int, int], Lines]] = {
    1: runs_per_job,
    2: success_and_failure,
    3: durations,
    4: resources,
    5: frequency,
    6: error_trends,
    7: categories,
    8: file_events,
    9: recoveries,
    10: analysis,
}
