"""One job: overview, runs, config."""

from typing import Literal

from textual.app import ComposeResult

from cronterm.clock import Instant
from cronterm.errors import CrontermError
from cronterm.model.job import Job
from cronterm.model.query import ConfigText, ListNext, ListRuns, NextDue, ReadConfig, Runs
from cronterm.model.run import RunRow
from cronterm.model.snapshot import JobView
from cronterm.sanitize import sanitize_line
from cronterm.tui.keymap import bindings
from cronterm.tui.look import ROLES
from cronterm.tui.picture import Picture, job_state
from cronterm.tui.screens.page import Page
from cronterm.tui.widgets.paint import Painted, Part, fit
from cronterm.tui.widgets.panels import job_facts
from cronterm.tui.widgets.spark import duration_chart, percentile, started
from cronterm.tui.words import day_moment, duration, moment, percent

Tab = Literal["Overview", "Runs", "Config"]
TABS: tuple[Tab, ...] = ("Overview", "Runs", "Config")

RUNS_SHOWN = 500
NEXT_SHOWN = 5


class DetailBody(Painted, can_focus=True):
    """The page's content."""

    def __init__(self, picture: Picture, job: str) -> None:
        super().__init__(id="page")
        self.picture = picture
        self.job = job
        self.now: Instant = 0
        self.tab: Tab = "Overview"
        self.runs: list[RunRow] = []
        self.coming: tuple[Instant, ...] = ()
        self.config = ""
        self.config_line = 1
        self.cursor = 0
        self._run_rows: tuple[int, int] = (0, 0)

    @property
    def selected_run(self) -> int | None:
        """The run under the cursor."""
        return self.runs[self.cursor].run if self.cursor < len(self.runs) else None

    def line_role(self, y: int) -> str:
        """Return the selection's background under the cursor."""
        first, top = self._run_rows
        is_here = self.runs and self.tab != "Config" and first and y == first + self.cursor - top
        return "selection" if is_here else "background"

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the head, the tabs and the chosen tab."""
        view = self.picture.snapshot.jobs.get(self.job)
        lines = self._head(view)
        match self.tab:
            case "Overview":
                lines += self._overview(view, width, height)
                lines += self._runs(width, height - len(lines), len(lines))
            case "Runs":
                lines += self._runs(width, height - len(lines), len(lines))
            case "Config":
                lines += self._config(width, height - len(lines))
        return lines

    def _head(self, view: JobView | None) -> list[list[Part]]:
        tabs: list[Part] = [("  ", "text")]
        for tab in TABS:
            tabs.append((f" {tab} ", "accent+bold" if tab == self.tab else "muted"))
        tabs.append(("   [ ] switches", "faint"))
        if view is None:
            text = " is not in the file any more; its history stays"
            return [[(f" {self.job}", "text+bold"), (text, "warn")], tabs]
        state = job_state(self.picture, view)
        name: list[Part] = [
            (f" {self.glyphs.states[state]} ", f"{ROLES[state]}+bold"),
            (self.job, "text+bold"),
            (f"  {sanitize_line(view.job.description)}", "text"),
            ("".join(f"  #{sanitize_line(tag)}" for tag in view.job.tags), "muted"),
        ]
        if view.totals.failed_in_a_row:
            name.append((f"   failing: {view.totals.failed_in_a_row} in a row", "fail"))
        return [name, tabs]

    def _overview(self, view: JobView | None, width: int, height: int) -> list[list[Part]]:
        if view is None:
            return []
        lines: list[list[Part]] = [[]]
        facts = [*job_facts(self.picture, self.job, self.now), ("policy", policy_text(view.job))]
        if len(self.coming) > 1:
            then = " · ".join(moment(at)[5:] for at in self.coming[1:])
            facts.append(("then", then))
        facts.append(("stats", stats_text(view)))
        lines += [
            [(f"  {fit(name, 9)}", "muted"), (fit(text, max(width - 12, 1)), "text")]
            for name, text in facts
        ]
        room = height - len(lines) - 12
        if room >= 4:
            lines.append([])
            lines += duration_chart(view.recent, width - 2, min(room, 10), self.glyphs)
        return [*lines, []]

    def _runs(self, width: int, height: int, above: int) -> list[list[Part]]:
        head = f"    {fit('RUN', 7)}{fit('STARTED', 21)}{fit('CAUSE', 11)}{fit('TOOK', 9)}"
        lines: list[list[Part]] = [[(head + fit("TRY", 6) + "END", "muted+bold")]]
        if not self.runs:
            self._run_rows = (0, 0)
            return [*lines, [("    nothing has run yet", "faint")]]
        room = max(height - 1, 1)
        top = max(0, min(self.cursor - room // 2, len(self.runs) - room))
        self._run_rows = (above + 1, top)
        for number in range(top, min(top + room, len(self.runs))):
            lines.append(self._run(self.runs[number], width, is_here=number == self.cursor))
        return lines

    def _run(self, row: RunRow, width: int, *, is_here: bool) -> list[Part]:
        outcome = row.outcome or "running"
        at = row.started_at or row.scheduled_at or row.queued_at
        took = row.ended_at - row.started_at if row.ended_at and row.started_at else None
        tries = f"{row.attempt}/{row.attempts}" if row.attempts > 1 else ""
        number = str(row.run) if row.run is not None else f"×{row.count}"
        mark = self.glyphs.cursor if is_here else " "
        return [
            (f" {mark}", "accent"),
            (f"{self.glyphs.states[outcome]} ", f"{ROLES[outcome]}+bold"),
            (fit(number, 7), "text"),
            (fit(day_moment(at, self.now), 21), "text"),
            (fit(row.cause, 11), "muted"),
            (fit(duration(took), 9), "text"),
            (fit(tries, 6), "muted"),
            (fit(row_text(row), max(width - 58, 1)), ROLES[outcome] if row.outcome else "muted"),
        ]

    def _config(self, width: int, height: int) -> list[list[Part]]:
        if not self.config:
            return [[], [("  the file has no such job any more", "faint")]]
        lines: list[list[Part]] = [[]]
        for number, text in enumerate(self.config.splitlines(), self.config_line):
            shown = fit(sanitize_line(text), max(width - 8, 1))
            key, colon, rest = shown.partition(":")
            is_key = bool(colon) and key.strip().replace("_", "").replace("-", "").isalnum()
            parts: list[Part] = [(f"{number:>6}  ", "faint")]
            if shown.lstrip().startswith("#"):
                parts.append((shown, "faint"))
            elif is_key:
                parts += [(key + colon, "accent"), (rest, "text")]
            else:
                parts.append((shown, "text"))
            lines.append(parts)
        return lines[:height]


def policy_text(job: Job) -> str:
    """Return the job's rules in a line."""
    words = [f"overlap {job.overlap}", f"catch up {job.catch_up}"]
    if job.timeout is not None:
        words.insert(0, f"timeout {duration(job.timeout)}")
    if job.retry.attempts:
        words.insert(1, f"retry {job.retry.attempts} × {duration(job.retry.delay)}")
    return " · ".join([*words, job.timezone])


def stats_text(view: JobView) -> str:
    """Return the durations of the recent runs in a line."""
    lengths = [past.duration for past in started(view.recent) if past.duration is not None]
    if not lengths:
        return "no runs yet"
    return (
        f"avg {duration(view.totals.average)}  min {duration(min(lengths))}"
        f"  max {duration(max(lengths))}  p50 {duration(percentile(lengths, 0.5))}"
        f"  p95 {duration(percentile(lengths, 0.95))}"
        f"  ok {percent(view.totals.succeeded / max(view.totals.runs, 1))}"
    )


def row_text(row: RunRow) -> str:
    """Return how a run ended, with what a person should know."""
    if row.outcome is None:
        return "open"
    by = f" by {row.by}" if row.by else ""
    message = f" — {sanitize_line(row.message)}" if row.message else ""
    match row.reason:
        case "exit" | "exit_code":
            how = f"exit {row.exit_code}"
        case "signal":
            how = f"signal {row.signal}"
        case _:
            how = row.outcome.replace("_", " ")
            how += f": {row.reason.replace('_', ' ')}" if row.reason else ""
    return f"{how}{by}{message}"


class Detail(Page):
    """A job's page."""

    BINDINGS = bindings("detail")  # Textual reads it from the class
    where = "detail"

    def __init__(self, picture: Picture, job: str) -> None:
        super().__init__(picture)
        self._job = job

    def body(self) -> ComposeResult:
        """Give the page."""
        yield DetailBody(self.picture, self._job)

    @property
    def page(self) -> DetailBody:
        """The page's content."""
        return self.query_one(DetailBody)

    def on_mount(self) -> None:
        """Look the job up."""
        self.page.focus()
        self._look()

    def update(self, now: Instant) -> None:
        """Draw the picture at `now`."""
        super().update(now)
        self.page.now = now
        self.page.border_title = self.page.job
        count = len(self.page.runs)
        self.page.border_subtitle = f"{min(self.page.cursor + 1, count)}/{count} runs"
        self.page.repaint()

    def refresh_runs(self) -> None:
        """Look the runs up again: one ended."""
        self._look()

    def _look(self) -> None:
        self.run_worker(self._fetch(self.page.job), group="detail", exclusive=True)

    async def _fetch(self, job: str) -> None:
        control, page = self.home.control, self.page
        try:
            runs = await control.query(ListRuns(job=job, limit=RUNS_SHOWN))
            if isinstance(runs, Runs):
                page.runs = list(reversed(runs.rows))
            if job in self.picture.snapshot.jobs:
                due = await control.query(ListNext(jobs=(job,), limit=NEXT_SHOWN))
                if isinstance(due, NextDue):
                    page.coming = due.next.get(job, ())
            config = await control.query(ReadConfig(job=job))
            if isinstance(config, ConfigText):
                page.config, page.config_line = config.text, config.line
        except CrontermError:
            page.config = ""
        page.cursor = min(page.cursor, max(len(page.runs) - 1, 0))
        self.update(self.home.now())

    def action_tab(self, by: int) -> None:
        """Show another tab."""
        page = self.page
        page.tab = TABS[(TABS.index(page.tab) + by) % len(TABS)]
        self.update(self.home.now())

    def action_step(self, by: int) -> None:
        """Move among the runs."""
        page = self.page
        page.cursor = max(0, min(page.cursor + by, len(page.runs) - 1))
        self.update(self.home.now())

    def action_open_run(self) -> None:
        """Open the log of the run."""
        run = self.page.selected_run
        if run is not None:
            self.home.open_run(self.page.job, run)

    def action_back(self) -> None:
        """Go back."""
        self.dismiss()

    def action_trigger(self) -> None:
        """Ask, then trigger."""
        self.home.ask_trigger([self.page.job])

    def action_pause(self) -> None:
        """Pause or resume."""
        self.home.toggle_pause([self.page.job])

    def action_stop(self) -> None:
        """Ask, then stop."""
        self.home.ask_stop([self.page.job])

    def action_edit(self) -> None:
        """Open the form."""
        self.home.edit_job(self.page.job)

    def action_editor(self) -> None:
        """Open $EDITOR at the job."""
        self.home.open_editor(self.page.job)

    def action_delete_job(self) -> None:
        """Ask, then delete."""
        self.home.ask_delete(self.page.job)

    def action_undo(self) -> None:
        """Undo the last change."""
        self.home.undo()

    def action_logs(self) -> None:
        """Open the log of the last run."""
        self.home.open_log(self.page.job)

    def action_failed_log(self) -> None:
        """Open the log of the last failure."""
        self.home.open_log(self.page.job, is_failed=True)
