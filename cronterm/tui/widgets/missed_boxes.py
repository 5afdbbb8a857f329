"""The boxes of the inbox: what was missed, and what can be done about it."""

from collections.abc import Sequence

from cronterm.clock import Instant, rfc3339
from cronterm.model.query import MissedInstants
from cronterm.model.run import Reason
from cronterm.readable import ago
from cronterm.sanitize import sanitize_line
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.paint import Part, fit, fit_name
from cronterm.tui.widgets.panels import Panel
from cronterm.tui.widgets.rows import RowsBox
from cronterm.tui.words import age, day_moment, past_text, schedule_words

WHY: dict[Reason, str] = {
    "downtime": "no engine ran",
    "start_deadline": "too late for its start_deadline",
    "no_ping": "nothing was reported in time",
}
SHORT: dict[Reason, str] = {
    "downtime": "downtime",
    "start_deadline": "too late",
    "no_ping": "no ping",
}
LABEL = 10
NARROW = 96


def why_words(row: MissedInstants, *, is_narrow: bool = False) -> str:
    """Return why it was missed."""
    return (SHORT if is_narrow else WHY).get(row.reason, row.reason.replace("_", " "))


class MissedBox(RowsBox[MissedInstants]):
    """What was missed, oldest first, a line each."""

    def key_of(self, row: MissedInstants) -> tuple[str, Instant]:
        """Return its job and instant."""
        return row.job, row.due_at

    def _widths(self, width: int) -> tuple[int, int]:
        """Return how wide the job and a moment are."""
        longest = max([len(row.job) for row in self.rows] or [8])
        if width < NARROW:
            return min(max(longest + 2, 12), 20), 17
        return min(max(longest + 2, 14), 34), 20

    def head(self, width: int) -> str:
        """Return the names of the columns."""
        name, moment = self._widths(width)
        return (
            f"  {fit('JOB', name)}{fit('TIMES', 5)}  {fit('DUE', moment)}"
            f"{fit('UP TO', moment)}{fit('AGO', 5)}WHY"
        )

    def line(self, row: MissedInstants, width: int, *, is_here: bool) -> list[Part]:
        """Return what was missed together."""
        name, moment = self._widths(width)
        second = "text" if is_here else "muted"
        why = why_words(row, is_narrow=width < NARROW)
        return [
            (f"{self.glyphs.states['missed']} ", "warn+bold"),
            (fit(fit_name(row.job, name - 2), name), "text+bold" if is_here else "text"),
            (fit(f"{row.count}", 5, right=True) + "  ", "warn+bold" if row.count > 1 else "text"),
            (fit(self._at(row.due_at, width), moment), "text"),
            (fit(self._at(row.until, width) if row.count > 1 else "", moment), "text"),
            (fit(age(self.now - row.until), 5), second),
            (fit(why, max(width - name - 2 * moment - 14, 1)), second),
        ]

    def _at(self, at: Instant, width: int) -> str:
        """Return a moment, without its seconds where the room is short."""
        text = day_moment(at, self.now)
        return text[:-3] if width < NARROW and text.count(":") == 2 else text


class AfterBox(Panel):
    """What becomes of the selected row when it is run, and what the job does by itself."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(picture, id=id)
        self.row: MissedInstants | None = None
        self.rows: Sequence[MissedInstants] = ()

    def titles(self) -> tuple[str, str]:
        """Return the job."""
        return (self.row.job if self.row is not None else "Job"), ""

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return a line a fact."""
        room = max(width - LABEL - 1, 1)
        facts = self._facts(self.row) if self.row is not None else []
        return [
            [(f" {fit(name, LABEL - 1)}", "muted"), (fit(text, room), role)]
            for name, text, role in facts
        ]

    def _facts(self, row: MissedInstants) -> list[tuple[str, str, str]]:
        view = self.picture.snapshot.jobs.get(row.job)
        if view is None:
            takes_out = f"{self.key('ignore')} takes it out of the list"
            return [("job", f"it is not in the file any more; {takes_out}", "warn")]
        written = f"{sanitize_line(view.job.schedule_text)}   {schedule_words(view.job)}"
        facts = [("schedule", written, "text")]
        if view.job.is_monitor:
            facts.append(("run", "something else runs it: it can only be ignored", "warn"))
        else:
            once = "runs once for all" if row.count > 1 else "runs it"
            told = f"CRONTERM_SCHEDULED_AT={rfc3339(row.until)}"
            facts.append((self.key("run_missed"), f"{once}, {told}", "accent+bold"))
            older = [each for each in self.rows if each.job == row.job and each.until < row.due_at]
            if older:
                count = sum(each.count for each in older)
                facts.append(("", f"settles {count} that it missed before as well", "text"))
            facts.append(("rule", f"catch_up {view.job.catch_up}", "text"))
        if view.last is not None:
            last = view.last
            text = f"{past_text(last)}, {ago(self.now - last.ended_at)}"
            facts.append(("last run", text, "fail" if last.outcome == "failed" else "text"))
        if view.next_at is not None:
            facts.append(("next run", self.picture.next_words(view.next_at, self.now), "text"))
        if view.live:
            facts.append(("now", f"{view.state}, overlap {view.job.overlap}", "warn"))
        return facts
