"""The boxes of the alerts view: the alerts, the selected one, the last day."""

from collections.abc import Sequence
from itertools import groupby
from textwrap import wrap

from cronterm.clock import DAY, HOUR, Instant, aware
from cronterm.model.alert import Alert, in_force, state_of
from cronterm.model.notice import NoticeRow
from cronterm.sanitize import sanitize_line
from cronterm.tui.alert_list import (
    KINDS,
    count_words,
    message_words,
    muted_words,
    notified_words,
    state_words,
)
from cronterm.tui.failing import retry_words
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.paint import Part, fit, fit_name
from cronterm.tui.widgets.panels import Panel
from cronterm.tui.widgets.rows import RowsBox
from cronterm.tui.words import age, day_moment, mute_text, schedule_words

NARROW = 96
LABEL = 12
SPARSE = 3  # alerts in a cell that reach the top at least


class AlertsBox(RowsBox[Alert]):
    """The alerts, a line each."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(picture, id=id)
        self.marked: set[int] = set()

    def show(self, rows: Sequence[Alert]) -> None:
        """Take new rows; marks stay on those that are still shown."""
        super().show(rows)
        self.marked &= {row.id for row in rows}

    @property
    def meant(self) -> list[Alert]:
        """The marked ones, or else the one under the cursor."""
        if self.marked:
            return [row for row in self.rows if row.id in self.marked]
        return [self.chosen] if self.chosen is not None else []

    def mark(self) -> None:
        """Mark the alert under the cursor, or not any more, and go on."""
        if self.chosen is not None:
            self.marked ^= {self.chosen.id}
            self.action_move(1)

    def mark_all(self) -> None:
        """Mark all that are shown, or none."""
        self.marked = set() if self.marked else {row.id for row in self.rows}

    def key_of(self, row: Alert) -> int:
        """Return its number."""
        return row.id

    def head(self, width: int) -> str:
        """Return the names of the columns."""
        kind, job, state = self._widths(width)
        return (
            f"  {fit('KIND', kind)}{fit('JOB', job)}{fit('SINCE', 5)}"
            f"{fit('TIMES', 7, right=True)}  {fit('STATE', state)}WHAT"
        )

    def _widths(self, width: int) -> tuple[int, int, int]:
        """Return how wide the kind, the job and the state are."""
        if width < NARROW:
            return 10, 19, 15
        longest = max([len(row.job or "cronterm") for row in self.rows] or [8])
        return 11, max(min(longest + 2, 32), 18), 19

    def line(self, row: Alert, width: int, *, is_here: bool) -> list[Part]:
        """Return an alert; what needs no look any more is grey."""
        kind, job, state = self._widths(width)
        mute = self.picture.snapshot.mutes.get(row.job)
        told = state_of(row, mute, self.now)
        words = KINDS[row.kind]
        sign, role = {
            "open": (self.glyphs.states[words.state], words.role),
            "muted": (self.glyphs.states["paused"], "muted"),
            "acknowledged": (self.glyphs.states[words.state], "muted"),
            "closed": (self.glyphs.states["succeeded"], "ok"),
        }[told]
        text, second = ("text", "text") if told == "open" or is_here else ("muted", "muted")
        known = "faint" if told == "open" else second
        name = row.job or "cronterm"
        name = fit_name(name, min(len(name), job - 1))
        now_is = state_words(row, mute, self.now)
        if width < NARROW:
            now_is = now_is.removesuffix(" ago").replace("just now", "now")
        message = max(width - kind - job - state - 16, 1)
        return [
            (sign, f"{role}+bold"),
            ("•" if row.id in self.marked else " ", "accent+bold"),
            (fit(words.word, kind), f"{role}+bold" if told == "open" else "muted"),
            (
                fit(fit_name(name, min(len(name), job - 1)), job),
                f"{text}+bold" if is_here else text,
            ),
            (fit(age(self.now - row.opened_at), 5, right=True), second),
            (fit(f"{row.count}", 7, right=True) + "  ", second),
            (fit(fit(now_is, state - 2), state), known),
            (fit(message_words(row, self.now), message), second),
        ]


class JobAlertsBox(AlertsBox, inherit_bindings=False):
    """The alerts of one job; the page has the keys."""


class AlertBox(Panel):
    """All that is known of the selected alert."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(picture, id=id)
        self.alert: Alert | None = None
        self.printed: Sequence[str] = ()
        """What its run printed that tells most."""
        self.notices: Sequence[NoticeRow] | None = None
        """Who was told; None before that is known."""

    def titles(self) -> tuple[str, str]:
        """Return the number of the alert."""
        return (f"Alert {self.alert.id}" if self.alert is not None else "Alert"), ""

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the facts, the most telling first where the room is short."""
        return self._lines(width)

    @property
    def hidden(self) -> str:
        """Which jobs are muted, where the lines that say so are not all seen."""
        width, height = self.size
        jobs = [*in_force(self.picture.snapshot.mutes, self.now)]
        return muted_words(jobs, width // 3) if len(self._lines(width)) > height else ""

    def _lines(self, width: int) -> list[list[Part]]:
        room = max(width - LABEL - 1, 1)
        facts = self._facts(self.alert) if self.alert is not None else []
        facts += self._others(self.alert)
        return [
            [(f" {fit(name if not number else '', LABEL - 1)}", "muted"), (line, role)]
            for name, text, role in facts
            for number, line in enumerate(wrap(text, room) or [""])
        ]

    def _facts(self, alert: Alert) -> list[tuple[str, str, str]]:
        now = self.now
        mute = self.picture.snapshot.mutes.get(alert.job)
        told = state_of(alert, mute, now)
        role = KINDS[alert.kind].role if told == "open" else "text"
        what = message_words(alert, now)
        if alert.kind != "downtime":  # it counts itself
            what = f"{count_words(alert)}: {what}"
        facts = [("what", what, f"{role}+bold")]
        facts.append(
            ("since", f"{self._at(alert.opened_at)}   last {self._at(alert.last_at)}", "text")
        )
        if mute is not None and mute.until > now:
            by = sanitize_line(mute.by)
            facts.append(("muted", f"until {self._at(mute.until)} by {by}", "paused"))
        facts += self._about(alert)
        for number, line in enumerate(self.printed):
            facts.append(("" if number else "printed", line, "fail"))
        if alert.acknowledged_at is not None:
            by = sanitize_line(alert.acknowledged_by)
            facts.append(("known", f"by {by}, {self._at(alert.acknowledged_at)}", "text"))
        if alert.closed_at is not None:
            facts.append(("over", f"{alert.closed_for}, {self._at(alert.closed_at)}", "ok"))
        if self.notices is not None:
            lines = notified_words(self.notices, self.glyphs, now)
            facts += [("" if n else "notified", *line) for n, line in enumerate(lines)]
        for number, each in enumerate(reversed(alert.comments)):
            said = sanitize_line(f"{each.by}, {self._at(each.at)}: {each.text}")
            facts.append(("" if number else "comments", said, "accent"))
        return facts

    def _others(self, alert: Alert | None) -> list[tuple[str, str, str]]:
        """Return which jobs are muted beside that of the alert."""
        mutes = in_force(self.picture.snapshot.mutes, self.now)
        here = alert is not None and mutes.pop(alert.job, None) is not None
        others = [f"{job} {mute_text(mute, self.now)}" for job, mute in mutes.items()]
        return [
            ("" if n else "also muted" if here else "muted jobs", each, "paused")
            for n, each in enumerate(others)
        ]

    def _at(self, at: Instant) -> str:
        return day_moment(at, self.now)

    def _about(self, alert: Alert) -> list[tuple[str, str, str]]:
        """Return the job and the run that an alert is about."""
        if not alert.job:
            shows = f"{self.key('open')} shows what was missed, and runs it after all"
            return [("all jobs", shows, "text")]
        view = self.picture.snapshot.jobs.get(alert.job)
        if view is None:
            return [("job", f"{alert.job} is not in the file any more", "warn")]
        text = f"{alert.job}   {sanitize_line(view.job.schedule_text)}   {schedule_words(view.job)}"
        facts = [("job", text, "text")]
        is_open = alert.kind == "failure" and alert.closed_at is None
        if is_open and (retry := retry_words(view, self.picture.known_at(self.now))):
            facts.append(("retry", retry, "text"))
        if alert.run is not None:
            live = "   open" if alert.run in view.live else ""
            log, differs = self.key("alert_log"), self.key("compare")
            text = f"{alert.run}{live}   {log} shows its log, {differs} what differs"
            facts.append(("run", text, "text"))
        return facts


class DayBox(Panel):
    """When alerts came, in the last 24 hours."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(picture, id=id)
        self.alerts: Sequence[Alert] = ()
        self.is_read = False
        """Those that are over are among them."""

    def titles(self) -> tuple[str, str]:
        """Return how many there were."""
        if not self.is_read:
            return "Last 24 hours", ""
        count = sum(self.now - alert.opened_at < DAY for alert in self.alerts)
        return "Last 24 hours", f"{count} alert{'s' * (count != 1)}"

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return a line for failures, one for the rest, and the hours below."""
        if not self.is_read:
            return [[(f" {self.picture.or_not_known('reading…')}", "faint")]]
        cells = next((n for n in (96, 48) if n <= width - LABEL), 24)
        size = DAY // cells
        first = self.now // size - cells + 1
        rows = min(max((height - 1) // 2, 1), 3)
        lines: list[list[Part]] = []
        for name, role, is_failure in (("failed", "bar", True), ("others", "warn", False)):
            counts = [0] * cells
            for alert in self.alerts:
                cell = alert.opened_at // size - first
                if 0 <= cell < cells and (alert.kind == "failure") == is_failure:
                    counts[cell] += 1
            for row in range(rows):
                label = name if row == rows - 1 else ""
                chart = self._chart(counts, rows, rows - 1 - row, role)
                lines.append([(f" {fit(label, LABEL - 1)}", "muted"), *chart])
        return [*lines, [(" " * LABEL + self._hours(cells, first * size), "faint")]]

    def _chart(self, counts: Sequence[int], rows: int, row: int, role: str) -> list[Part]:
        """Return a row of the columns of counts, row 0 at the bottom."""
        spark = f"{self.glyphs.spark}█"
        most = max([*counts, SPARSE])
        levels = [-(-count * rows * len(spark) // most) - row * len(spark) for count in counts]
        levels = [max(min(level, len(spark)), 0) for level in levels]
        floor = " " if row else spark[0]
        return [
            ("".join(spark[level - 1] if level else floor for level in group), role)
            if is_some
            else (floor * len(list(group)), "line")
            for is_some, group in groupby(levels, bool)
        ]

    def _hours(self, cells: int, start: Instant) -> str:
        """Return the time of day at each quarter, and at the end."""
        step = cells // 4
        times = [f"{aware(start + n * 6 * HOUR).astimezone():%H:%M}" for n in range(4)]
        return "".join(fit(time, step) for time in times)[:-5] + f"{'now':>5}"
