"""Small charts of durations: one cell a run in the table, braille areas in the panels."""

from collections.abc import Sequence

from cronterm.model.snapshot import PastRun
from cronterm.tui.look import Glyphs
from cronterm.tui.widgets.paint import Part, fit
from cronterm.tui.words import duration

FAILED = ("failed", "timed_out", "lost")
LOW = 0.55  # of the minimum: normal variation shows, and a bar is never empty
DOTS = (0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08)  # braille: left and right, bottom up


def started(runs: Sequence[PastRun]) -> list[PastRun]:
    """Return the runs that started something."""
    return [past for past in runs if past.started_at is not None]


def scale(lengths: Sequence[int]) -> tuple[float, float]:
    """Return (bottom, top): from below the minimum to the 97th percentile."""
    ordered = sorted(lengths)
    top = ordered[min(int(len(ordered) * 0.97), len(ordered) - 1)]
    bottom = ordered[0] * LOW
    return bottom, max(top, bottom + 1)


def percentile(lengths: Sequence[int], ratio: float) -> int:
    """Return the value that `ratio` of the values do not exceed."""
    ordered = sorted(lengths)
    return ordered[min(int(len(ordered) * ratio), len(ordered) - 1)]


def spark(runs: Sequence[PastRun], width: int, glyphs: Glyphs) -> list[Part]:
    """Return one cell a run, the newest at the right: height is duration, `×` failed."""
    shown = started(runs)[-width:]
    lengths = [past.duration for past in shown if past.duration is not None]
    if not lengths:
        return [(" " * width, "faint")]
    bottom, top = scale(lengths)
    slow = percentile(lengths, 0.95) if len(lengths) >= 8 else top
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
    return _joined(parts)


def _joined(parts: list[Part]) -> list[Part]:
    joined: list[Part] = []
    for text, role in parts:
        if joined and joined[-1][1] == role:
            joined[-1] = (joined[-1][0] + text, role)
        else:
            joined.append((text, role))
    return joined


def area(values: Sequence[float], width: int, height: int, glyphs: Glyphs) -> list[str]:
    """Return rows, top first, of values 0 to 1; two values a cell in braille, the newest right."""
    if glyphs.is_ascii:
        shown = list(values)[-width:]
        levels = [round(value * height) for value in shown]
        return [
            "".join("#" if level >= row else " " for level in levels).rjust(width)
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


def duration_chart(
    runs: Sequence[PastRun], width: int, height: int, glyphs: Glyphs
) -> list[list[Part]]:
    """Return a chart of durations with its axis: failed runs marked on top, oldest at the left."""
    label = 7
    room = max(width - label - 1, 4)
    shown = started(runs)[-room:]
    lengths = [past.duration for past in shown if past.duration is not None]
    if not lengths or height < 3:
        return [[], [(fit("no runs yet", width), "faint")]]
    top = max(percentile(lengths, 0.97), 1)
    values = []
    marks = []
    step = max(min(room // len(shown), 3), 1)  # a few runs need not fill the pane
    for past in shown:
        ratio = min((past.duration or 0) / top, 1.0)
        values += [ratio] * (2 * step if not glyphs.is_ascii else step)
        mark = glyphs.failed if past.outcome in FAILED else " "
        marks.append(mark.center(step) if step > 1 else mark)
    rows = area(values, room, height - 2, glyphs)
    marked = "".join(marks).rjust(room)
    lines: list[list[Part]] = [
        [(fit(duration(top), label - 1, right=True), "muted"), (" ", "text"), (marked, "fail")]
    ]
    for number, row in enumerate(rows):
        is_middle = number == len(rows) // 2 and len(rows) >= 4
        is_last = number == len(rows) - 1
        text = duration(top // 2) if is_middle else "0" if is_last else ""
        lines.append([(fit(text, label - 1, right=True), "faint"), (" ", "text"), (row, "ok")])
    many = f"{len(shown)} runs ago" if len(shown) > 1 else ""
    lines.append([(" " * label, "faint"), (fit(many, room - 4), "faint"), (" now", "faint")])
    return lines
