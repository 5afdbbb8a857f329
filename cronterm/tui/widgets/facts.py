"""The boxes of a job's page: head, schedule, runs."""

from collections.abc import Sequence
from typing import get_args

from rich.cells import cell_len

from cronterm.clock import Instant, aware
from cronterm.model.foresight import short_timeout
from cronterm.model.job import Job, action_text, zone_of
from cronterm.model.retrying import brief_words
from cronterm.model.run import RunRow
from cronterm.model.snapshot import JobView
from cronterm.readable import against_timeout, clock_in
from cronterm.sanitize import sanitize_line
from cronterm.schedule.calendar_words import keeping
from cronterm.tui.failing import failing_words, retry_words
from cronterm.tui.keymap import JobTab
from cronterm.tui.look import ROLES
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.paint import Part, fact_lines, fit, fit_name, hidden_rows, width_of
from cronterm.tui.widgets.panels import Panel
from cronterm.tui.words import (
    cause_text,
    day_moment,
    duration,
    mute_text,
    never_again,
    pause_text,
    row_text,
    schedule_words,
    short_moment,
    took_text,
)

Fact = tuple[str, str, str]
"""(name, text, role)."""

WIDE = 100  # from here on a row also shows what the run printed last
END = 22
TIGHT = 72  # below, neither the cause nor the try has room

TABS: tuple[JobTab, ...] = get_args(JobTab)


class Head(Panel):
    """Which job this is, and the tabs."""

    tab: JobTab = "Overview"

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return two lines."""
        tabs: list[Part] = [(" ", "text")]
        for tab in TABS:
            tabs.append((f" {tab} ", "chip+bold" if tab == self.tab else "accent"))
            tabs.append((" ", "text"))
        ids = ("tab_left", "tab_right", "next_job", "previous_job")
        left, right, following, before = map(self.key, ids)
        tabs.append((f"  {left} {right} tab   {following} {before} job", "faint"))
        view = self.picture.snapshot.jobs.get(self.job or "")
        if view is None:
            text = " is not in the file any more; its history stays"
            return [[(f"  {self.job}", "text+bold"), (text, "warn")], tabs]
        state = self.picture.state(view, self.now)
        name: list[Part] = [
            (f"  {self.glyphs.states[state]} ", f"{ROLES[state]}+bold"),
            (view.job.id, "text+bold"),
        ]
        failing = failing_words(self.picture.snapshot, view.job.id, self.now)
        end: list[Part] = [(f"   {failing}", "fail+bold")] if failing else []
        about = f"  {sanitize_line(view.job.description)}"
        tags = "".join(f"  #{sanitize_line(tag)}" for tag in view.job.tags)
        for text, role in ((about, "muted"), (tags, "faint")):
            room = max(width - width_of([*name, *end]), 0)
            name.append((fit(text, min(cell_len(text), room)), role))
        return [[*name, *end], tabs]


class ScheduleBox(Panel):
    """When the job runs, and by what rules."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(picture, id=id)
        self.coming: tuple[Instant, ...] = ()
        self.skipped_by: dict[Instant, str] = {}
        """Who has skipped what comes, and why."""

    def titles(self) -> tuple[str, str]:
        """Return the title."""
        return "Schedule", ""

    @property
    def hidden(self) -> str:
        """How many lines have no room below."""
        width, height = self.size
        return hidden_rows(0, len(self.paint(width, height)), height, self.glyphs)

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return a line a fact, or more."""
        view = self.picture.snapshot.jobs.get(self.job or "")
        facts = self._facts(view) if view is not None else []
        return [line for fact in facts for line in _lines(fact, width)]

    def is_crowded(self) -> bool:
        """Tell whether what holds the job back takes more than a line; or any, where it is high."""
        view = self.picture.snapshot.jobs.get(self.job or "")
        if view is None or not self.size.width:
            return False
        muted = self._muted(view)
        held = [
            line for fact in (*muted, *self._paused(view)) for line in _lines(fact, self.size.width)
        ]
        return len(held) > (0 if muted and self.screen.has_class("-h30") else 1)

    def _paused(self, view: JobView) -> list[Fact]:
        pause = view.pause or self.picture.snapshot.all_paused
        return [("paused", pause_text(pause, self.now), "warn")] if pause is not None else []

    def _muted(self, view: JobView) -> list[Fact]:
        mute = self.picture.mute(view.job.id, self.now)
        return (
            [("muted", f"alerts {mute_text(mute, self.now)}", "warn")] if mute is not None else []
        )

    def _facts(self, view: JobView) -> list[Fact]:
        """Return the schedule, what comes, the rules and the command: the needed first."""
        job = view.job
        command = " ⏎ ".join(action_text(job.action).strip().splitlines())
        written = f"{sanitize_line(job.schedule_text)}   {schedule_words(job)}"
        facts = [("schedule", written, "text+bold")]
        if retry := retry_words(view, self.picture.known_at(self.now)):
            facts.append(("retry", retry, "fail" if view.totals.failed_in_a_row else "warn"))
        if short := short_timeout(view):
            facts.append(("timeout", against_timeout(*short).removeprefix("timeout "), "warn"))
        paused = self._paused(view)
        coming: list[Fact] = []
        if paused:
            facts.append(("next", "none while it is paused", "warn"))
        elif view.next_at is not None:
            text, is_kept = (
                self.picture.next_words(view.next_at, self.now),
                self.picture.gone is None,
            )
            facts.append(("next", text, "accent+bold" if is_kept else "faint"))
            if is_kept and (there := clock_in(view.next_at, zone_of(job))):
                coming.append(("its clock", there, "text"))
            if len(self.coming) > 1 and is_kept:
                coming.append(("then", days_and_times(self.coming[1:], self.now), "text"))
        elif why := never_again(view, self.now):
            facts.append(("next", f"never: {why}", "muted"))
        rules = list[Fact]()
        for text in keeping(job.exclude, job.only, self.picture.snapshot.settings.calendars):
            rules.append(("runs", sanitize_line(text.replace("runs ", "", 1)), "text"))
        facts += self._muted(view)
        if skipped := self._skipped(view):
            facts.append(("skipped", sanitize_line(skipped), "warn"))
        waits_for = view.waits_for(self.now)
        if waits_for:
            facts.append(("waits", sanitize_line(waits_for), "warn"))
        facts += paused
        facts.append(("policy", policy_text(job), "text"))  # with the timeout: before what comes
        facts += [*coming, *rules]
        facts.append(("timezone", job.timezone, "text"))
        for name, text in (("runbook", job.runbook), ("owner", job.owner)):
            if text:
                facts.append((name, sanitize_line(text), "text"))
        return [*facts, ("command", sanitize_line(command), "text")]

    def _skipped(self, view: JobView) -> str:
        """Say which instants to come a person has skipped, who, and what lifts that."""
        found = view.skipped(self.now)
        if not found:
            return ""
        by = self.skipped_by.get(found[-1], "")
        lifts = f"{self.key('skip')} lifts it"
        return ", ".join(filter(None, (days_and_times(found, self.now), by))) + f" · {lifts}"


def _lines(fact: Fact, width: int) -> list[list[Part]]:
    """Return a fact with a gap behind its name and at the end."""
    return [[name, (" ", "muted"), text] for name, text in fact_lines(*fact, width - 1)]


class RunsBox(Panel, can_focus=True):
    """The runs of a job, the newest first, with a cursor."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(picture, id=id)
        self.runs: list[RunRow] = []
        self.outputs: dict[int, str] = {}
        """The last line that a run printed."""
        self.cursor = 0
        self.empty = "nothing has run yet"
        self.has_jobs = False
        """They are of many jobs: each says which."""
        self.marked: set[int] = set()
        """Numbers of runs."""
        self.unread = (0, 0)
        """How many rows above and below the cursor may come to before they are read."""
        self._top = 0

    @property
    def empty_text(self) -> str:
        """What is said where there is no row."""
        return self.picture.or_not_known(self.empty)

    def show(self, runs: list[RunRow]) -> None:
        """Take other rows; the cursor stays on its row, and at the first one on the newest."""
        keys = [(row.run, row.run or row.scheduled_at) for row in runs]
        if 0 < self.cursor < len(self.runs):
            here = self.runs[self.cursor]
            key = (here.run, here.run or here.scheduled_at)
            self.cursor = keys.index(key) if key in keys else self.cursor
        self.runs, self.cursor = runs, max(min(self.cursor, len(runs) - 1), 0)

    def titles(self) -> tuple[str | None, str | None]:
        """Return the title, and where the cursor is; those of many jobs are not titled here."""
        if self.has_jobs:
            return None, None
        count = len(self.runs)
        if not count and self.picture.gone is not None:
            return "Recent runs", ""
        return (
            "Recent runs",
            f"{min(self.cursor + 1, count)}/{count} · {self.key('open_run')} open log",
        )

    def _keep_in_view(self) -> None:
        room, (above, below) = max(self.size.height - 1, 1), self.unread
        last = len(self.runs) + below
        self._top = max(-above, min(self.cursor - room // 2, last - room))

    @property
    def hidden(self) -> str:
        """How many rows are hidden above and below, of those that are read: then `+` follows."""
        self._keep_in_view()
        top, room = max(self._top, 0), self.size.height - 1
        text = hidden_rows(top, len(self.runs), room, self.glyphs)
        return f"{text}+" if text and any(self.unread) else text

    def line_role(self, y: int) -> str:
        """Return the selection's background under the cursor."""
        is_here = y > 0 and y == 1 + self.cursor - self._top
        return "selection" if is_here and (self.runs or any(self.unread)) else "background"

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the head and the rows around the cursor."""
        name = self._name_width(width)
        started, cause, took, tries = self._widths(width)
        head = f"    {fit('RUN', self._number_width)}{fit('JOB', name)}{fit('STARTED', started)}"
        head += fit("CAUSE", cause) + fit("TOOK", took) + fit("TRY", tries)
        head += fit("END", END) + "OUTPUT" if width >= WIDE and not self.has_jobs else "END"
        lines: list[list[Part]] = [[(head, "muted+bold")]]
        above, below = self.unread
        if not self.runs and not above + below:
            return [*lines, [(f"    {self.empty_text}", "faint")]]
        self._keep_in_view()
        for number in range(self._top, min(self._top + height - 1, len(self.runs) + below)):
            is_here = number == self.cursor
            if 0 <= number < len(self.runs):
                lines.append(self._run(self.runs[number], width, is_here=is_here))
            else:
                lines.append([(f" {self.glyphs.cursor if is_here else ' '}  …", "faint")])
        return lines

    @property
    def _number_width(self) -> int:
        """How wide the number of a run is: the newest is the longest."""
        newest = next((row.run for row in self.runs if row.run is not None), 0)
        return max(7, len(str(newest)) + 1)

    def _name_width(self, width: int) -> int:
        return min(max(width // 5, 14), 32) if self.has_jobs else 0

    def _widths(self, width: int) -> tuple[int, int, int, int]:
        """Return how wide the start, the cause, the length and the try are; 0: no room for it."""
        if width < TIGHT:
            return 13, 0, 8, 0
        return (13, 10, 8, 4) if width < WIDE and self.has_jobs else (21, 11, 9, 6)

    def _run(self, row: RunRow, width: int, *, is_here: bool) -> list[Part]:
        outcome = row.outcome or ("running" if row.started_at is not None else "queued")
        took = took_text(row, self.picture.known_at(self.now))
        edited = row.repeat.edited if row.repeat is not None else ()
        how = row_text(row) + (f", edited: {', '.join(edited)}" if edited else "")
        tries = f"{row.attempt}/{row.attempts}" if row.attempts > 1 else ""
        number = str(row.run) if row.run is not None else f"×{row.count}"
        second = "text" if is_here else "muted"
        mark = "•" if row.run in self.marked else " "
        grave = ROLES[outcome] in ("fail", "warn")
        has_output = width >= WIDE and not self.has_jobs
        name = self._name_width(width)
        started, cause, took_in, tries_in = self._widths(width)
        before = 5 + self._number_width + name + started + cause + took_in + tries_in
        end = END if has_output else max(width - before, 1)
        moment_of = day_moment if started > 13 else short_moment
        printed = self.outputs.get(row.run or 0, "") if has_output else ""
        return [
            (f"{mark}{self.glyphs.cursor if is_here else ' '}", "accent"),
            (f"{self.glyphs.states[outcome]} ", f"{ROLES[outcome]}+bold"),
            (fit(number, self._number_width), second),
            (fit_name(row.job, name - 1) + " " if name else "", "text"),
            (fit(moment_of(shown_at(row), self.now), started), "text"),
            (fit(cause_text(row).partition(",")[0], cause), second),
            (fit(took, took_in), "text"),
            (fit(tries, tries_in), second),
            (fit(how, end - 1) + " ", ROLES[outcome] if grave else second),
            (fit(printed, max(width - before - end, 1)), "text"),
        ]


def shown_at(row: RunRow) -> Instant:
    """Return when a row of the history was: its start, or the instant that nothing started at."""
    return row.started_at or row.scheduled_at or row.queued_at


def newest_first(rows: Sequence[RunRow]) -> list[RunRow]:
    """Return rows of the history by when they were.

    What was missed is recorded later: once an engine is back.
    """
    return sorted(rows, key=shown_at)[::-1]


def days_and_times(instants: Sequence[Instant], now: Instant) -> str:
    """Return the times of day, with the day where it is another than of the one before."""
    words, day = [], aware(now).astimezone().date()
    for at in instants:
        local = aware(at).astimezone()
        is_new, day = local.date() != day, local.date()
        is_near = (day - aware(now).astimezone().date()).days < 7
        text = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
        words.append(f"{local:{'%a' if is_near else '%Y-%m-%d'}} {text}" if is_new else text)
    return " · ".join(words)


def policy_text(job: Job) -> str:
    """Return the job's rules in a line."""
    if job.is_monitor:
        given = (("tolerance", job.tolerance), ("max runtime", job.max_runtime))
        told = [f"{word} {duration(time)}" for word, time in given if time is not None]
        return " · ".join(told) or "tolerance by its period"
    words = [f"overlap {job.overlap}", f"catch up {job.catch_up}"]
    if job.retry.attempts:
        words.insert(0, f"retry {brief_words(job.retry)}")
    if job.timeout is not None:
        words.insert(0, f"timeout {duration(job.timeout)}")
    if job.max_runtime is not None:
        words.append(f"max runtime {duration(job.max_runtime)}")
    return " · ".join(words)
