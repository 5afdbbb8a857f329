"""Small charts of durations: one cell a run in the table, braille areas in the panels."""

from collections.abc import Sequence

from cronterm.model.quantile import quantile
from cronterm.model.run import FAILED
from cronterm.model.snapshot import PastRun
from cronterm.tui.look import Glyphs
from cronterm.tui.widgets.paint import Part, fit
from cronterm.tui.words import duration

LOW = 0.55  # of the minimum: normal variation shows, and a bar is never empty
DOTS = (0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08)  # braille: left and right, bottom up


def real_runs(runs: Sequence[PastRun]) -> list[PastRun]:
    """Return the runs without the decisions that nothing is to run."""
    return [past for past in runs if past.is_run]


def scale(lengths: Sequence[int]) -> tuple[float, float]:
    """Return (bottom, top): from below the minimum to the 97th percentile."""
    bottom = min(lengths) * LOW
    return bottom, max(quantile(lengths, 0.97), bottom + 1)


def spark(runs: Sequence[PastRun], width: int, glyphs: Glyphs) -> list[Part]:
    """Return one cell a run, the newest at the right: height is duration, `×` failed."""
    shown = real_runs(runs)[-width:]
    lengths = [past.duration for past in shown if past.duration is not None]
    bottom, top = scale(lengths or [0])
    slow = quantile(lengths, 0.95) if len(lengths) >= 8 else top
    parts: list[Part] = [(" " * (width - len(shown)), "faint")]
    for past in shown:
        if past.outcome in FAILED:
            parts.append((glyphs.failed, "fail"))
            continue
        if past.duration is None:
            parts.append((" ", "faint"))
            continue
        height = min(max((past.duration - bottom) / (top - bottom), 0), 1)
        bar = glyphs.spark[round(height * (len(glyphs.spark) - 1))]
        parts.append((bar, "warn" if past.duration > slow else "spark"))
    return joined(parts)


def joined(parts: list[Part]) -> list[Part]:
    joined: list[Part] = []
    for text, role in parts:
        if joined and joined[-1][1] == role:
            joined[-1] = (joined[-1][0] + text, role)
        else:
            joined.append((text, role))
    return joined


def area(values: Sequence[float], width: int, height: int, glyphs: Glyphs) -> list[str]:
    """Return rows, top first, of values 0 to 1; two values a cell in braille, the newest right."""
    if glyphs.across == 1:
        half, full = " #" if glyphs.is_ascii else "▄█"
        levels = [round(value * height * 2) for value in list(values)[-width:]]
        return [
            "".join(
                full if level >= 2 * row else half if level == 2 * row - 1 else " "
                for level in levels
            ).rjust(width)
            for row in range(height, 0, -1)
        ]
    shown = list(values)[-2 * width :]
    shown = [-1.0] * (2 * width - len(shown)) + shown
    rows = []
    for row in range(height - 1, -1, -1):
        cells = []
        for column in range(width):
            bits = 0
            for side in (0, 1):
                value = shown[2 * column + side]
                dots = 0 if value < 0 else max(1, round(value * height * 4))
                for dot in range(min(max(dots - row * 4, 0), 4)):
                    bits |= DOTS[side][dot]
            cells.append(chr(0x2800 + bits) if bits else " ")
        rows.append("".join(cells))
    return rows


def bars(counts: Sequence[int], role: str, glyphs: Glyphs) -> list[Part]:
    """Return one cell a count, the highest as high as it goes; nothing is the lowest, faint."""
    most = max([*counts, 1])
    last = len(glyphs.spark) - 1
    return joined(
        [
            (glyphs.spark[max(round(count / most * last), 1)], role)
            if count
            else (glyphs.spark[0], "line")
            for count in counts
        ]
    )


def duration_chart(
    runs: Sequence[PastRun], width: int, height: int, glyphs: Glyphs
) -> list[list[Part]]:
    """Return a chart of durations with its axis: failed runs marked on top, oldest at the left.

    Dashes stand at the average (faint) and the 95th percentile (amber).
    """
    label = 8
    room = max(width - label - 1, 4)
    shown = real_runs(runs)[-2 * room :]
    lengths = [past.duration for past in shown if past.duration is not None]
    if not lengths or height < 3:
        why = " none of its runs could be started" if shown and not lengths else " no runs yet"
        return [[], [(fit(why, width), "faint")]]
    top = max(quantile(lengths, 0.97), 1)
    rows = max(height - 2, 1)
    columns = room * glyphs.across
    places = [column * len(shown) // columns for column in range(columns)]
    values = [min((shown[place].duration or 0) / top, 1.0) for place in places]
    dashes = {
        _row_of(sum(lengths) / len(lengths) / top, rows): "faint",
        _row_of(quantile(lengths, 0.95) / top, rows): "warn",
    }
    marks: list[Part] = [(f" {fit(duration(top), label - 2, right=True)} ", "faint")]
    marks.append((_marks(shown, room, glyphs), "fail"))
    lines = [marks]
    for number, row in enumerate(area(values, room, rows, glyphs)):
        is_middle = number == rows // 2 and rows >= 4
        text = duration(top // 2) if is_middle else "0" if number == rows - 1 else ""
        head: Part = (f" {fit(text, label - 2, right=True)} ", "faint")
        lines.append([head, *_dashed(row, dashes.get(number), glyphs)])
    many = f"{len(shown)} runs ago" if len(shown) > 1 else ""
    lines.append([(" " * label, "faint"), (fit(many, room - 4), "faint"), (" now", "faint")])
    return lines


def _row_of(ratio: float, rows: int) -> int:
    """Return the row, from the top, in which a ratio of the height lies."""
    return rows - 1 - min(max(int(ratio * rows), 0), rows - 1)


def _marks(shown: Sequence[PastRun], room: int, glyphs: Glyphs) -> str:
    """Return a line with a sign above each failed run."""
    cells = [" "] * room
    for number, past in enumerate(shown):
        if past.outcome in FAILED:
            cells[min(int((number + 0.5) * room / len(shown)), room - 1)] = glyphs.failed
    return "".join(cells)


def _dashed(row: str, role: str | None, glyphs: Glyphs) -> list[Part]:
    """Return a row of the chart with dashes where nothing is drawn."""
    if role is None:
        return [(row, "ok")]
    dash = "-" if glyphs.is_ascii else "╌"
    return joined([(dash, role) if cell == " " else (cell, "ok") for cell in row])
