"""The panes at the side: chart, alerts, system, the selected job, errors, what comes next."""

import statistics
from collections import Counter
from textwrap import wrap

from textual.message import Message
from textual.strip import Strip

from cronterm.clock import HOUR, MINUTE, Instant
from cronterm.model.alert import in_force, state_of
from cronterm.model.job import action_text
from cronterm.model.quantile import quantile
from cronterm.model.run import FAILED, success_ratio
from cronterm.readable import ago
from cronterm.sanitize import sanitize_line
from cronterm.tui.alert_list import calm_words, muted_words
from cronterm.tui.kept import Kept, reach_back
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.paint import Painted, Part, fact_lines, fit, fit_name
from cronterm.tui.widgets.spark import area, bars, duration_chart, real_runs
from cronterm.tui.words import (
    age,
    clock,
    countdown,
    day_moment,
    duration,
    mute_text,
    past_text,
    pause_text,
    percent,
    schedule_words,
)

NO_JOB = " no job is under the cursor"


class Panel(Painted):
    """A pane about the picture and the selected job."""

    class Uncounted(Message):
        """The picture has too few runs for what is to be counted: the store has to say."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(id=id)
        self.picture = picture
        self.job: str | None = None
        self.now: Instant = 0
        self._named = ""
        """The title, without what is said of rows that are hidden."""

    @property
    def hidden(self) -> str:
        """How many rows are hidden above and below: ` · ↑3 ↓20`, nothing where all are seen."""
        return ""

    def entitle(self, title: str | None = None, subtitle: str | None = None) -> None:
        """Write on the edges, and behind the title what is hidden; None leaves what is there."""
        self._named = self._named if title is None else title
        super().entitle(self._named + self.hidden if self._named else None, subtitle)

    def on_resize(self) -> None:
        """Say anew what is hidden."""
        if self.now:
            self.entitle()

    def update(self, now: Instant, job: str | None) -> None:
        """Draw the picture at `now` for the selected job."""
        self.now, self.job = now, job
        self.entitle(*self.titles())
        self.repaint()

    # -- counting what ended -----------------------------------------------------------------------

    @property
    def kept(self) -> Kept | None:
        """What the store said a moment ago; None where it has said nothing."""
        kept = self.picture.kept
        return kept if kept is not None and kept.is_good(self.now) else None

    def has_all(self, since: Instant) -> bool:
        """Tell whether the picture has every run that ended since then."""
        return reach_back(self.picture.snapshot.jobs.values(), since)

    def ask_for_kept(self, since: Instant) -> None:
        """Have the store asked, now and then, where the picture has not all."""
        if not self.has_all(since):
            self.post_message(self.Uncounted())

    def at_least(self, count: int, since: Instant) -> str:
        """Return a count, as a lower bound where nobody has counted all."""
        if self.kept is not None or self.has_all(since):
            return f"{count:,}"
        return f"{'>=' if self.glyphs.is_ascii else '≥'} {count:,}"

    def titles(self) -> tuple[str | None, str | None]:
        """Return what the upper and the lower edge say; None leaves what is there."""
        return None, None

    def _paint(self) -> list[Strip]:
        return super()._paint() if self.now else []  # no age is known before the first update


class ChartPanel(Panel):
    """How long the selected job took."""

    def titles(self) -> tuple[str, str]:
        """Return the job, and its numbers."""
        view = self.picture.snapshot.jobs.get(self.job or "")
        if view is None:
            return "Durations", ""
        runs = real_runs(view.recent)
        lengths = [past.duration for past in runs if past.duration is not None]
        many = f"last {len(runs)} runs" if len(runs) != 1 else "one run"
        title = f"{view.job.id} · {many}"
        if not lengths:
            return title, ""
        p95, sigma = duration(quantile(lengths, 0.95)), _deviation_text(lengths)
        return title, f"╌ avg {duration(view.totals.average)}  ╌ p95 {p95}  σ {sigma}"

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the chart."""
        view = self.picture.snapshot.jobs.get(self.job or "")
        if view is None:
            return [[(NO_JOB, "faint")]]
        return duration_chart(view.recent, width, height, self.glyphs)


class AlertsPanel(Panel):
    """What deserves a look."""

    KINDS = {"FAIL": ("failed", "fail"), "LATE": ("late", "warn"), "LONG": ("long", "warn")}  # noqa: RUF012

    def titles(self) -> tuple[str, str]:
        """Return how many there are, how many more are known, and which jobs are muted."""
        snapshot = self.picture.snapshot
        states = [
            state_of(alert, snapshot.mutes.get(alert.job), self.now)
            for alert in snapshot.alerts.values()
        ]
        known = len(states) - states.count("open")
        told = f" · {known} known" if known else ""
        muted = muted_words([*in_force(snapshot.mutes, self.now)], self.size.width // 3)
        return f"Alerts {states.count('open')}{told}{muted}", ""

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return a line an alert; where none is open, what goes on all the same."""
        alerts = self.picture.alerts(self.now)
        if not alerts:
            picture, snapshot = self.picture, self.picture.snapshot
            known, mutes = snapshot.alerts.values(), snapshot.mutes
            calm = calm_words(known, mutes, self.now, picture.wrong(self.now))
            lines_of = wrap(picture.or_not_known(calm), max(width - 1, 1))
            return [[(f" {line}", "faint")] for line in lines_of[:height]]
        name = min(max(len(alert.job) for alert in alerts), 20, max(width - 26, 8))
        kind = max(len(alert.kind) for alert in alerts)
        lines: list[list[Part]] = []
        for alert in alerts[:height]:
            state, role = self.KINDS.get(alert.kind, ("missed", "warn"))
            room = max(width - name - kind - 11, 1)
            lines.append(
                [
                    (f" {self.glyphs.states[state]} ", role),
                    (fit(alert.kind, kind) + " ", f"{role}+bold"),
                    (fit_name(alert.job, name) + " ", "text"),
                    (fit(sanitize_line(alert.text), room), "muted"),
                    (fit(age(self.now - alert.since), 5, right=True), "faint"),
                ]
            )
        return lines


class SystemPanel(Panel):
    """CPU, memory and disk with their history."""

    def titles(self) -> tuple[str, str]:
        """Return the host."""
        self.ask_for_kept(self.now - HOUR)
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
            chart = area(values, max(width - 10 - 17, 4), rows, self.glyphs)
            for number, row in enumerate(chart):
                is_first = number == 0
                head = percent(ratio) if is_first else ""
                parts: list[Part] = [(f" {name if is_first else '   '} ", "muted")]
                parts += [(fit(head, 4, right=True) + " ", f"{role}+bold"), (row, role)]
                parts.append((fit(note if is_first else "", 16, right=True), "muted"))
                lines.append(parts)
        return [*lines[: height - 1], self._totals()]

    def _totals(self) -> list[Part]:
        """Return how much has run in the last hour, and how well."""
        views = self.picture.snapshot.jobs.values()
        since = self.now - HOUR
        hour = sum(past.ended_at > since and past.is_run for view in views for past in view.recent)
        if self.kept is not None and not self.has_all(since):
            hour = max(hour, self.kept.hour.total.runs)
        ok = success_ratio(
            sum(view.totals.succeeded for view in views), sum(view.totals.failed for view in views)
        )
        live = self.picture.snapshot.all_open()
        queued = sum(run.state == "queued" for run in live)
        most = self.picture.snapshot.settings.max_running
        running = f"{len(live) - queued}/{most}" if most else f"{len(live) - queued}"
        facts = [
            ("runs", f"{self.at_least(hour, since)}/h"),
            ("ok", percent(ok)),
            ("open", running),
            ("queue", f"{queued}"),
        ]
        return [
            part for name, text in facts for part in ((f" {name} ", "muted"), (f"{text} ", "text"))
        ]


class SelectedPanel(Panel):
    """The selected job in a few lines."""

    def titles(self) -> tuple[str, str]:
        """Return the job."""
        return f"{self.job or 'Job'}", ""

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return what it does, when, and how it went."""
        view = self.picture.snapshot.jobs.get(self.job or "")
        if view is None:
            return [[(NO_JOB, "faint")]]
        facts = job_facts(self.picture, view.job.id, self.now)
        return [line for fact in facts for line in fact_lines(*fact, width)]


def job_facts(picture: Picture, job: str, now: Instant) -> list[tuple[str, str, str]]:
    """Return (name, text, role) lines about a job, texts made safe."""
    view = picture.snapshot.jobs[job]
    last, totals = view.last, view.totals
    command = action_text(view.job.action)
    written = sanitize_line(view.job.schedule_text)
    facts = [
        ("command", sanitize_line(" ⏎ ".join(command.strip().splitlines())), "text"),
        ("schedule", f"{written}  {schedule_words(view.job)}", "text"),
    ]
    if view.next_at is not None:
        facts.append(("next", picture.next_words(view.next_at, now), "text"))
    if skipped := view.skipped(now):
        facts.append(("skipped", ", ".join(day_moment(at, now) for at in skipped), "warn"))
    if last is not None:
        took = duration(last.duration)
        tries = f" · try {last.attempt}" if last.attempt > 1 else ""
        text = f"{past_text(last)} · {took} · {ago(now - last.ended_at)}{tries}"
        facts.append(("last", text, "fail" if last.outcome in FAILED else "text"))
    lengths = [past.duration for past in view.recent if past.duration is not None]
    if lengths:
        facts.append(("stats", lengths_text(lengths, totals.average), "text"))
    ok = percent(totals.success_ratio)
    facts.append(("totals", f"runs {totals.runs:,}  ok {ok}  errors {totals.failed:,}", "text"))
    waits_for = view.waits_for(now)
    if waits_for:
        facts.append(("waits", sanitize_line(waits_for), "warn"))
    pause = view.pause or picture.snapshot.all_paused
    if pause is not None:
        facts.append(("paused", pause_text(pause, now), "warn"))
    if (mute := picture.mute(job, now)) is not None:
        facts.append(("muted", f"alerts {mute_text(mute, now)}", "warn"))
    return facts


def lengths_text(lengths: list[int], average: int | None) -> str:
    """Return the durations of the recent runs in a line."""
    p95, sigma = duration(quantile(lengths, 0.95)), _deviation_text(lengths)
    ends = f"min {duration(min(lengths))}  max {duration(max(lengths))}"
    return f"avg {duration(average)}  p95 {p95}  σ {sigma}  {ends}"


def _deviation_text(lengths: list[int]) -> str:
    return duration(round(statistics.pstdev(lengths)))


class NextPanel(Panel):
    """What starts soon."""

    def titles(self) -> tuple[str, str]:
        """Return how much is due within an hour."""
        views = self.picture.snapshot.jobs.values()
        soon = sum(1 for v in views if v.next_at is not None and v.next_at - self.now < HOUR)
        return "Next up", f"{soon} jobs within the hour" if self.picture.gone is None else ""

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the jobs by their next instant."""
        if self.picture.gone is not None:
            return [[(" —", "faint")]]
        views = self.picture.snapshot.jobs.values()
        due = sorted((v.next_at, v.job.id) for v in views if v.next_at is not None)
        counts = Counter((at - self.now) // (HOUR // 24) for at, _ in due)
        within = [counts[slot] for slot in range(24)]
        lines: list[list[Part]] = [[(" 1h ", "muted"), *bars(within, "accent", self.glyphs)]]
        for at, job in due[: height - 1]:
            soon = "accent+bold" if at - self.now < MINUTE else "text"
            lines.append(
                [
                    (f" {clock(at)} ", "muted"),
                    (fit(countdown(at - self.now), 7, right=True) + "  ", soon),
                    (fit_name(job, max(width - 19, 1)), "text"),
                ]
            )
        return lines
