"""The panes at the side: chart, alerts, system, the selected job, errors, what comes next."""

import statistics
from collections import Counter

from cronterm.clock import HOUR, Instant
from cronterm.model.job import action_text
from cronterm.sanitize import sanitize_line
from cronterm.tui.picture import FAILED, Picture, past_text
from cronterm.tui.widgets.paint import Painted, Part, fit
from cronterm.tui.widgets.spark import area, duration_chart, percentile, started
from cronterm.tui.words import age, clock, countdown, duration, moment, percent


class Panel(Painted):
    """A pane about the picture and the selected job."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(id=id)
        self.picture = picture
        self.job: str | None = None
        self.now: Instant = 0

    def update(self, now: Instant, job: str | None) -> None:
        """Draw the picture at `now` for the selected job."""
        self.now, self.job = now, job
        title, subtitle = self.titles()
        self.border_title, self.border_subtitle = title.strip(), subtitle
        self.repaint()

    def titles(self) -> tuple[str, str]:
        """Return what the upper and the lower edge say."""
        return "", ""


class ChartPanel(Panel):
    """How long the selected job took."""

    def titles(self) -> tuple[str, str]:
        """Return the job, and its numbers."""
        view = self.picture.snapshot.jobs.get(self.job or "")
        if view is None:
            return "Durations ", ""
        runs = started(view.recent)
        lengths = [past.duration for past in runs if past.duration is not None]
        title = f"{view.job.id} · last {len(runs)} runs"
        if not lengths:
            return title, ""
        sigma = statistics.pstdev(lengths) / 1_000_000
        p95 = duration(percentile(lengths, 0.95))
        return title, f"avg {duration(view.totals.average)}  p95 {p95}  σ {sigma:.1f}"

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the chart."""
        view = self.picture.snapshot.jobs.get(self.job or "")
        return duration_chart(view.recent if view else [], width, height, self.glyphs)


class AlertsPanel(Panel):
    """What deserves a look."""

    KINDS = {"FAIL": ("failed", "fail"), "LATE": ("late", "warn"), "LONG": ("long", "warn")}  # noqa: RUF012

    def titles(self) -> tuple[str, str]:
        """Return how many there are."""
        return f"Alerts {len(self.picture.alerts(self.now))} ", ""

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return a line an alert."""
        alerts = self.picture.alerts(self.now)
        if not alerts:
            return [[(" nothing failed, nothing is late", "faint")]]
        name = min(max(len(alert.job) for alert in alerts), 20, max(width - 26, 8))
        lines: list[list[Part]] = []
        for alert in alerts[:height]:
            state, role = self.KINDS.get(alert.kind, ("missed", "warn"))
            room = max(width - name - 17, 1)
            lines.append(
                [
                    (f" {self.glyphs.states[state]} ", role),
                    (fit(alert.kind, 6) + " ", f"{role}+bold"),
                    (fit(alert.job, name) + " ", "text"),
                    (fit(sanitize_line(alert.text), room), "muted"),
                    (fit(age(self.now - alert.since), 5, right=True), "faint"),
                ]
            )
        return lines


class SystemPanel(Panel):
    """CPU, memory and disk with their history."""

    def titles(self) -> tuple[str, str]:
        """Return the host."""
        return "System", self.picture.snapshot.engine.host

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return three gauges and a line of totals."""
        history = self.picture.gauges
        if not history:
            return [[(" no reading yet", "faint")]]
        last = history[-1]
        rows = max((height - 1) // 3, 1)
        used = f"{last.memory_used_bytes / 2**30:.1f}/{last.memory_bytes / 2**30:.1f} GiB"
        lines: list[list[Part]] = []
        for name, values, note in (
            ("CPU", [gauge.cpu for gauge in history], f"load {last.load:.2f}"),
            ("MEM", [gauge.memory for gauge in history], used),
            ("DSK", [gauge.disk for gauge in history], last.disk_path),
        ):
            ratio = values[-1]
            role = "fail" if ratio >= 0.9 else "warn" if ratio >= 0.75 else "ok"
            room = max(width - 10 - 17, 4)
            chart = area(values, room, rows, self.glyphs)
            for number, row in enumerate(chart):
                head = f" {name} {percent(ratio):>4} " if number == 0 else " " * 10
                tail = fit(note, 16, right=True) if number == 0 else ""
                lines.append([(head, "muted"), (row, role), (tail, "muted")])
        views = self.picture.snapshot.jobs.values()
        runs = sum(view.totals.runs for view in views)
        good = sum(view.totals.succeeded for view in views)
        live = sum(len(view.live) for view in views)
        ok = percent(good / runs if runs else None)
        lines.append([(f" runs {runs:,}  ok {ok}  open {live}", "muted")])
        return lines


class SelectedPanel(Panel):
    """The selected job in a few lines."""

    def titles(self) -> tuple[str, str]:
        """Return the job."""
        return f"{self.job or 'Job'} ", ""

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return what it does, when, and how it went."""
        view = self.picture.snapshot.jobs.get(self.job or "")
        if view is None:
            return []
        return [
            [(f" {fit(name, 9)}", "muted"), (fit(text, max(width - 11, 1)), "text")]
            for name, text in job_facts(self.picture, view.job.id, self.now)
        ]


def job_facts(picture: Picture, job: str, now: Instant) -> list[tuple[str, str]]:
    """Return (name, text) lines about a job, texts made safe."""
    view = picture.snapshot.jobs[job]
    last, totals = view.last, view.totals
    command = action_text(view.job.action)
    facts = [
        ("command", sanitize_line(" ⏎ ".join(command.strip().splitlines()))),
        ("schedule", sanitize_line(view.job.schedule_text)),
    ]
    if view.next_at is not None:
        facts.append(("next", f"in {countdown(view.next_at - now)}  {moment(view.next_at)}"))
    if last is not None:
        took = duration(last.duration)
        facts.append(("last", f"{past_text(last)} · {took} · {age(now - last.ended_at)} ago"))
    ok = percent(totals.succeeded / totals.runs if totals.runs else None)
    facts.append(("totals", f"runs {totals.runs:,}  ok {ok}  errors {totals.failed:,}"))
    pause = view.pause or picture.snapshot.all_paused
    if pause is not None:
        facts.append(("paused", sanitize_line(f"by {pause.by}  {pause.reason}")))
    return facts


class ErrorsPanel(Panel):
    """Which jobs fail, and how."""

    def titles(self) -> tuple[str, str]:
        """Return what is counted."""
        return "Errors in recent runs ", ""

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return a line a failing job, the worst first."""
        rows: list[tuple[int, str, Counter[str]]] = []
        for view in self.picture.snapshot.jobs.values():
            how = Counter(past_text(p) for p in view.recent if p.outcome in FAILED)
            if how:
                rows.append((sum(how.values()), view.job.id, how))
        rows.sort(key=lambda row: (-row[0], row[1]))
        if not rows:
            return [[(" none", "faint")]]
        most = rows[0][0]
        bar = "#" if self.glyphs.is_ascii else "▆"
        lines: list[list[Part]] = []
        for count, job, how in rows[:height]:
            length = max(round(count / most * 12), 1)
            kinds = " · ".join(f"{text} ×{times}" for text, times in how.most_common(3))
            lines.append(
                [
                    (f" {fit(job, 18)} {count:>4} ", "text"),
                    (fit(bar * length, 12), "fail"),
                    (" " + fit(sanitize_line(kinds), max(width - 38, 1)), "muted"),
                ]
            )
        return lines


class NextPanel(Panel):
    """What starts soon."""

    def titles(self) -> tuple[str, str]:
        """Return how much is due within an hour."""
        views = self.picture.snapshot.jobs.values()
        soon = sum(1 for v in views if v.next_at is not None and v.next_at - self.now < HOUR)
        return "Next up", f"{soon} jobs within the hour"

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the jobs by their next instant."""
        views = self.picture.snapshot.jobs.values()
        due = sorted((v.next_at, v.job.id) for v in views if v.next_at is not None)
        return [
            [
                (f" {clock(at)} ", "muted"),
                (fit(countdown(at - self.now), 7, right=True) + "  ", "accent"),
                (fit(job, max(width - 19, 1)), "text"),
            ]
            for at, job in due[:height]
        ]
