"""The ten metrics over a range of time, compared with the one before, down to a job's runs."""

import asyncio
from functools import partial

from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Input

from cronterm.clock import SECOND, Instant
from cronterm.errors import CrontermError
from cronterm.model.event import AnyEvent, RunEnded
from cronterm.model.query import ReadStats, ReadTrends
from cronterm.model.stats import Stats, Trends
from cronterm.tui.courses import RANGES, Figures
from cronterm.tui.filter import TERMS, find_jobs, nearest
from cronterm.tui.filter_doubt import doubt_about
from cronterm.tui.keymap import bindings
from cronterm.tui.picture import Picture
from cronterm.tui.saving import save
from cronterm.tui.screens.dialogs import CANCEL, Ask, Choice
from cronterm.tui.screens.page import Page
from cronterm.tui.stats_export import as_csv, as_json
from cronterm.tui.widgets.bars import KeyBar
from cronterm.tui.widgets.filter_line import FilterLine
from cronterm.tui.widgets.frames import Frame, FrameRow
from cronterm.tui.widgets.metrics import NAMES, Metric, MetricNames
from cronterm.tui.widgets.paint import Painted, Part, fit, width_of
from cronterm.tui.words import clock

READ_EVERY = 5 * SECOND
QUIET_S = 0.25  # after the last letter of a filter
WRONG = (2, 6, 9)
"""The metrics whose runs are those that failed."""
NOTHING_BEFORE = "nothing ran then"


class RangeLine(Painted):
    """Which time and which job the figures are of."""

    def __init__(self, figures: Figures) -> None:
        super().__init__(id="range")
        self.figures = figures

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the one line."""
        figures = self.figures
        parts: list[Part] = [(" Range ", "muted")]
        for each in RANGES:
            is_chosen = each == figures.range
            parts.append((f"[{each}]", "chip+bold") if is_chosen else (f" {each} ", "accent"))
        job = figures.job or "all"
        job += f" /{figures.words}" if figures.words else ""
        room = max(width - 44 - 10 * (width < 100), 8)
        parts += [("   Job ", "muted"), (fit(job, min(len(job), room)), "text+bold")]
        if figures.range != "all":
            state = "on" if figures.is_compared else "off"
            which = f" with the {figures.range} before" if width >= 100 else ""
            parts.append((f"   compared{which}: ", "muted"))
            is_alone = figures.is_compared and figures.is_read and figures.before is None
            if is_alone and width - width_of(parts) >= len(NOTHING_BEFORE):
                state = NOTHING_BEFORE
            parts.append((state, "text"))
        if figures.is_read and width >= 100:
            parts.append((f"   read {clock(figures.trends.until)}", "faint"))
        return [parts]


class StatsView(Page):
    """Seed 000's metrics, 1 to 10."""

    BINDINGS = bindings("stats")  # Textual reads it from the class
    AUTO_FOCUS = ""  # the line has it only while it is typed in
    where = "stats"
    needs_size = False
    view = "stats"

    def __init__(self, picture: Picture) -> None:
        super().__init__(picture)
        self.figures = Figures()
        self._here = 1
        self._typing: Timer | None = None
        self._read_of: tuple[str, str] | None = None
        """The range and the job that the figures are of."""
        self._read_at: Instant = 0
        self._is_stale = True

    def body(self) -> ComposeResult:
        """Give the range, the names, and the ten panels."""
        yield RangeLine(self.figures)
        with FrameRow(id="stats"):
            yield MetricNames()
            with Frame(id="metrics"):
                for number in range(1, len(NAMES) + 1):
                    metric = Metric(self.picture, self.figures, number)
                    metric.set_class(number == self._here, "here", update=False)
                    yield metric
        hint = "job  !job  #tag  is:failing  last:<1h  took:>5m  /pattern/"
        yield FilterLine(hint, "filter the jobs", partial(doubt_about, terms=TERMS))

    def read_ahead(self) -> None:
        """Ask for the figures."""
        self._read()

    def update(self, now: Instant) -> None:
        """Draw the picture at `now`."""
        super().update(now)
        if self._is_stale and now - self._read_at >= READ_EVERY:
            self._read()
        self.query_one(RangeLine).repaint()
        for panel in self.query(Metric):
            panel.update(now, self.figures.job or None)
        self.query_one(MetricNames).repaint()

    # -- reading ---------------------------------------------------------------------------------

    def take_event(self, event: AnyEvent) -> None:
        """Read again when a run has ended."""
        if isinstance(event, RunEnded):
            self.look_again()

    def look_again(self) -> None:
        """Read again soon."""
        self._is_stale = True

    def _read(self) -> None:
        self._read_at, self._is_stale = self.home.now(), False
        self.read_anew(self._ask, "figures")

    async def _ask(self) -> None:
        figures = self.figures
        asked = figures.range, figures.job
        try:
            stats, trends = await asyncio.gather(  # what takes longer is asked first
                self.home.control.query(ReadStats(range=asked[0], resources=False, days=False)),
                self.home.control.query(ReadTrends(range=asked[0], job=asked[1])),
            )
        except CrontermError as error:
            self.tell_unread(error)
            figures.is_read = asked == self._read_of
            return
        if isinstance(stats, Stats) and isinstance(trends, Trends):
            figures.stats, figures.trends, figures.is_read = stats, trends, True
            self._read_of = asked
            if self.query(RangeLine):  # they may be there before the view is
                self.update(self.home.now())

    # -- choosing --------------------------------------------------------------------------------

    def action_range(self, by: int) -> None:
        """Choose a longer or a shorter time."""
        here = RANGES.index(self.figures.range) + by
        if 0 <= here < len(RANGES):
            self.figures.range = RANGES[here]
            self._read_other()

    def _read_other(self) -> None:
        """Say which figures are wanted; the panels are drawn once those are there."""
        self._read()
        self.query_one(RangeLine).repaint()

    def action_choose_job(self, by: int) -> None:
        """Choose another job, those that run most first, round and round; all are one of them."""
        jobs = ["", *self._jobs()]
        here = jobs.index(self.figures.job) if self.figures.job in jobs else 0
        self.figures.job = jobs[(here + by) % len(jobs)]
        self._read_other()

    def _jobs(self) -> list[str]:
        """Return the jobs that can be chosen; of one that left the file nothing can be asked."""
        jobs, words = self.figures.jobs(), self.figures.words
        if not words:
            return jobs
        now, known = self.home.now(), self.picture.snapshot.jobs
        views = [known[job] for job in jobs if job in known]
        _, found = find_jobs(words, views, lambda view: self.picture.state(view, now), now)
        return [view.job.id for view in found]

    def action_filter(self) -> None:
        """Open the line for filtering."""
        self.query_one(FilterLine).open_with(self.figures.words)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter once nothing was typed for a moment."""
        if self._typing is not None:
            self._typing.stop()
        if event.input.has_class("shown") and event.value.strip() != self.figures.words:
            self._typing = self.set_timer(QUIET_S, partial(self._filter_by, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter."""
        self._close_line()
        self._filter_by(event.value)

    def _close_line(self) -> None:
        if self._typing is not None:
            self._typing.stop()
        self.query_one(FilterLine).close()
        self.set_focus(None)
        self.query_one(KeyBar).show(self.keys())

    def _filter_by(self, words: str) -> None:
        """Choose among the jobs that match, first the one that is meant best; all without any."""
        self.figures.words = words.strip()
        jobs = self._jobs() if self.figures.words else []
        here = jobs.index(self.figures.job) if self.figures.job in jobs else None
        self.figures.job = jobs[nearest(self.figures.words, jobs, here)] if jobs else ""
        self._read_other()

    def action_all_jobs(self) -> None:
        """Choose all jobs."""
        self.figures.job = ""
        self._read_other()

    def action_before(self) -> None:
        """Compare with the range before, or not."""
        self.figures.is_compared = not self.figures.is_compared
        self.update(self.home.now())

    def action_metric(self, by: int) -> None:
        """Go to the next metric, or the one before."""
        self._here = (self._here - 1 + by) % len(NAMES) + 1
        self._show_here()

    def on_metric_picked(self, event: Metric.Picked) -> None:
        """Go to the metric that was clicked."""
        self._here = event.number
        self._show_here()

    def action_zoom(self) -> None:
        """Show one metric in full, or all."""
        self.query_one("#stats").toggle_class("zoomed")

    def _show_here(self) -> None:
        for panel in self.query(Metric):
            panel.set_class(panel.number == self._here, "here")
        names = self.query_one(MetricNames)
        names.here = self._here
        names.repaint()

    # -- going down ------------------------------------------------------------------------------

    def action_drill(self) -> None:
        """Open the chosen job; without one, choose the first."""
        if self.figures.job:
            self.home.open_job(self.figures.job)
        else:
            self.action_choose_job(1)

    def action_show_runs(self) -> None:
        """Show the runs that the figures are of."""
        words = [self.figures.job]
        if self._here in WRONG and self.figures.total.failures:
            words.append("is:failed")
        if self.figures.range != "all":
            words.append(f"last:{self.figures.range}")
        self.home.show_runs(" ".join(word for word in words if word))

    def action_back(self) -> None:
        """Leave the line, the zoom, the filter, the job, then the view."""
        if self.query_one(FilterLine).is_open:
            self._close_line()
            self._filter_by("")
        elif self.query_one("#stats").has_class("zoomed"):
            self.action_zoom()
        elif self.figures.words:
            self._filter_by("")
        elif self.figures.job:
            self.action_all_jobs()
        else:
            self.home.show_view("jobs")

    # -- keeping ---------------------------------------------------------------------------------

    def action_save(self) -> None:
        """Write the figures into a file of this directory."""
        question = Ask(
            "Export the figures",
            [f"The ten metrics of the range {self.figures.range}, in this directory."],
            [
                Choice("as_csv", "CSV by job", "csv"),
                Choice("as_json", "JSON by metric", "json"),
                CANCEL,
            ],
            where="export",
        )
        self.home.ask(question, lambda kind: self.run_worker(self._export(kind), group="export"))

    async def _export(self, kind: str) -> None:
        try:
            stats = await self.home.control.query(ReadStats(range=self.figures.range))
        except CrontermError as error:
            self.home.tell(self.picture.or_not_known(str(error)), is_bad=True)
            return
        if not isinstance(stats, Stats):
            return
        text = as_csv(stats) if kind == "csv" else as_json(stats)
        name = f"cronterm-stats-{self.figures.range}.{kind}"
        save(self.home, name, text, far=f"{self.picture.way} stats --json")
