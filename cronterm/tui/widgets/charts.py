"""Charts of figures: bars with names, columns over time, and their axis."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cronterm.clock import Instant
from cronterm.tui.courses import Figures, moment_text, spark_parts
from cronterm.tui.look import Glyphs
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.paint import Part, fit, fit_name

BAR = "▆"
FULL = "█"

Lines = list[list[Part]]


@dataclass(frozen=True)
class Drawing:
    """What a panel is drawn from."""

    picture: Picture
    figures: Figures
    glyphs: Glyphs
    now: Instant


def bar_line(name: str, count: int, most: int, width: int, role: str, *, label: int) -> list[Part]:
    """Return a name, a bar and its count."""
    room = max(width - label - 10, 1)
    length = max(round(count / most * room), 1) if count else 0
    return [
        (f" {fit_name(name, label)} ", "text"),
        (fit(BAR * length, room), role),
        (fit(f"{count:,}", 7, right=True), "text"),
    ]


def axis(figures: Figures, width: int, drawn: int, top: str = "") -> list[Part]:
    """Return the ends of the time axis under a chart of `drawn` cells, and how high it goes."""
    trends = figures.trends
    start = moment_text(trends.since, trends.step)
    start += f" · top {top}" if top else ""
    return [(f" {fit(start, max(min(drawn, width - 2) - 3, 1))}now", "faint")]


def highest(values: Sequence[float | None]) -> float:
    """Return the highest value of a chart."""
    return max([*(value for value in values if value is not None), 0])


def columns(
    values: Sequence[float | None],
    rows: int,
    on: Drawing,
    role: Callable[[float], str],
    *,
    most: float | None = None,
) -> Lines:
    """Return a chart of some rows: one row is a line of bars, more are columns."""
    if rows < 2:
        return [[(" ", "text"), *spark_parts(values, on.glyphs, role, most=most)]]
    top = most or highest(values) or 1
    lines: Lines = []
    for row in range(rows - 1, -1, -1):
        part = [
            None if value is None else min(max(value / top * rows - row, 0), 1) for value in values
        ]
        cells_of_row: list[Part] = [(" ", "text")]
        last = len(on.glyphs.spark) - 1
        for value, level in zip(values, part, strict=True):
            sign, colour = " ", "line"
            if value and level:
                is_below = value / top * rows > row + 1  # the top of a column keeps its distance
                sign = FULL if is_below else on.glyphs.spark[round(level * last)]
                colour = role(value)
            elif row == 0:
                sign = on.glyphs.spark[0]
            if cells_of_row[-1][1] == colour:
                cells_of_row[-1] = (cells_of_row[-1][0] + sign, colour)
            else:
                cells_of_row.append((sign, colour))
        lines.append(cells_of_row)
    return lines
