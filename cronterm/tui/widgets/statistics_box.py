"""How the runs of a job went, in figures."""

from cronterm.tui.picture import Picture
from cronterm.tui.record import Pair, Record
from cronterm.tui.widgets.paint import Part, fit, width_of
from cronterm.tui.widgets.panels import Panel

LABEL = 8
GAP = "   "
FAILURES = ("errors",)


class StatisticsBox(Panel):
    """Counts, durations, rate and what runs take; where it is low, one line flows into the next."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(picture, id=id)
        self.record: Record | None = None
        """None before it is read."""

    def titles(self) -> tuple[str, str]:
        """Return the title, and what the figures of single runs are of."""
        if self.record is None:
            return "Statistics", ""
        count = len(self.record.runs)
        named = ", ".join(("streaks", "MTTR", "drift", *(name for name, _ in self.record.idle())))
        return "Statistics", f"{named} of the last {count:,}" if count else ""

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the figures; those of the instants that started nothing of late come last."""
        if self.record is None:
            return [[(f" {self.picture.or_not_known('reading…')}", "faint")]]
        view = self.picture.snapshot.jobs.get(self.job or "")
        has_jitter = view is not None and view.job.jitter > 0
        lines = self.record.lines(has_jitter=has_jitter)
        if idle := self.record.idle():
            lines.append(idle)
        if height < len(lines):
            return self._flowing([pair for line in lines for pair in line], width)
        return [self._aligned(line) for line in lines]

    def _aligned(self, line: list[Pair]) -> list[Part]:
        (name, text), *rest = line
        parts: list[Part] = [(f" {fit(name, LABEL)}", "muted"), (text, _role(name, text))]
        for name, text in rest:
            parts += [(f"{GAP}{name} ", "muted"), (text, _role(name, text))]
        return parts

    def _flowing(self, pairs: list[Pair], width: int) -> list[list[Part]]:
        lines: list[list[Part]] = [[]]
        for name, text in pairs:
            parts: list[Part] = [(f" {name} ", "muted"), (f"{text} ", _role(name, text))]
            if width_of(lines[-1]) + width_of(parts) > width and lines[-1]:
                lines.append([])
            lines[-1] += parts
        return lines


def _role(name: str, text: str) -> str:
    return "fail" if name in FAILURES and text != "0" else "text"
