"""The ten panels of the Stats view, numbered as seed 000 numbers its metrics."""

from textual import events
from textual.message import Message

from cronterm.tui.courses import (
    Figures,
    change,
    change_text,
)
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.charts import Drawing
from cronterm.tui.widgets.metric_lines import PAINTERS, rate_text
from cronterm.tui.widgets.paint import Painted, Part, fit
from cronterm.tui.widgets.panels import Panel
from cronterm.tui.words import duration

NAMES = (
    "Runs per job",
    "Success / failure",
    "Duration",
    "Resources",
    "Frequency",
    "Error trends",
    "Categories",
    "File events",
    "Restarts / recoveries",
    "Statistical analysis",
)


class Metric(Panel):
    """One of the ten."""

    class Picked(Message):
        """It was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, picture: Picture, figures: Figures, number: int) -> None:
        super().__init__(picture, id=f"metric-{number}")
        self.figures = figures
        self.number = number

    def on_click(self, event: events.Click) -> None:
        """Tell that it was clicked."""
        self.post_message(self.Picked(self.number))

    def titles(self) -> tuple[str, str]:
        """Return number and name, and the figure that matters most, above where no edge is below.

        A dot makes it a place in a list: the bare digits are the keys of the views.
        """
        whose = f" · {self.figures.job}" if self.figures.job and self.number in OF_ONE else ""
        title, note = f"{self.number}. {NAMES[self.number - 1]}{whose}", self._note()
        return (title, note) if self.has_lower_edge or not note else (f"{title} · {note}", "")

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the lines of the panel."""
        if not self.figures.is_read:
            return [[(f" {self.picture.or_not_known('reading…')}", "faint")]]
        if not self.figures.total.runs and self.number not in (4, 8):
            return [[(f" {self.picture.or_not_known('nothing has run in this time')}", "faint")]]
        on = Drawing(self.picture, self.figures, self.glyphs, self.now)
        return PAINTERS[self.number](on, width, height)[:height]

    def _note(self) -> str:
        figures, glyphs, total = self.figures, self.glyphs, self.figures.total
        if not figures.is_read or not total.runs:
            return ""
        match self.number:
            case 1:
                return f"{total.runs:,} runs" + change_text(
                    change(figures, lambda each: each.runs), glyphs
                )
            case 2:
                return _points_text(figures, self)
            case 3:
                return f"avg {duration(total.average)}" + _average_change(figures, self)
            case 5:
                on = Drawing(self.picture, figures, glyphs, self.now)
                return rate_text(on) + change_text(change(figures, lambda each: each.runs), glyphs)
            case 6:
                plural = "s" * (total.failures != 1)
                return f"{total.failures:,} failure{plural}" + change_text(
                    change(figures, lambda each: each.failures), glyphs
                )
            case 9:
                return f"{total.recoveries:,} of {total.breakdowns:,} recovered"
            case 10:
                p95 = total.percentile(0.95)
                was = None if figures.before is None else figures.before.percentile(0.95)
                part = p95 / was - 1 if p95 is not None and was else None
                return f"p95 {duration(p95)}" + change_text(part, glyphs)
            case _:
                return ""


def _points_text(figures: Figures, panel: Metric) -> str:
    """Return the share of successes and by how many points it moved."""
    now, before = figures.total.success_ratio, figures.before
    if now is None:
        return ""
    text = f"{now:.1%}"
    if before is not None and before.success_ratio is not None:
        points = (now - before.success_ratio) * 100
        sign = panel.glyphs.up if points >= 0 else panel.glyphs.down
        text += f" {sign} {abs(points):.1f} pt" if abs(points) >= 0.05 else " = as before"
    return text


def _average_change(figures: Figures, panel: Metric) -> str:
    now, before = figures.total.average, figures.before
    if before is None or not before.average or now is None:
        return ""
    return change_text(now / before.average - 1, panel.glyphs)


OF_ONE = {2, 3, 5, 6, 7, 8, 9, 10}
"""The panels that follow the chosen job; the others show all jobs."""


class MetricNames(Painted):
    """The names of the ten, where one panel is shown at a time."""

    def __init__(self) -> None:
        super().__init__(id="metric-names")
        self.here = 1

    def line_role(self, y: int) -> str:
        """Return the selection's background under the chosen one."""
        return "selection" if y == self.here - 1 else "background"

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked."""
        place = event.get_content_offset(self)
        if place is not None and place.y < len(NAMES):
            self.post_message(Metric.Picked(place.y + 1))

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return a line a name."""
        return [
            [
                (self.glyphs.cursor if number == self.here else " ", "accent"),
                (f"{number:>2}. ", "muted"),
                (fit(name, max(width - 5, 1)), "text+bold" if number == self.here else "text"),
            ]
            for number, name in enumerate(NAMES, 1)
        ]
