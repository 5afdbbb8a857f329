"""The boxes of the system view: engine and runners, what waits, what is watched, what is kept."""

from collections import Counter
from pathlib import PurePath
from textwrap import wrap

from rich.cells import cell_len

from cronterm.clock import Instant
from cronterm.model.notice import NotifierView
from cronterm.model.snapshot import JobView, LiveRun
from cronterm.model.system import ProcessView, StoreView, System
from cronterm.model.trigger import OnFile, OnWebhook, Trigger, trigger_name
from cronterm.readable import ago, span
from cronterm.sanitize import sanitize_line
from cronterm.schedule.duration import format_duration
from cronterm.tui.keymap import CURSOR
from cronterm.tui.look import ROLES
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.facts import Fact
from cronterm.tui.widgets.paint import Part, fit, hidden_rows
from cronterm.tui.widgets.panels import Panel
from cronterm.tui.widgets.scrolled import Scrolled
from cronterm.tui.words import day_moment, duration, moment, size

NAME = 10


class SystemBox(Panel, Scrolled, can_focus=True):
    """A box about what the engine told of the program; what has no room below scrolls."""

    BINDINGS = CURSOR  # Textual reads it from the class

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(picture, id=id)
        self.system: System | None = None

    def facts(self) -> list[Fact]:
        """Return the (name, text, role) lines, texts made safe."""
        raise NotImplementedError

    def update(self, now: Instant, job: str | None) -> None:
        """Draw the picture at `now`."""
        self.now = now
        self.entitle(*self.titles())
        self.repaint()

    @property
    def hidden(self) -> str:
        """How many lines are hidden above and below."""
        count = len(self.lines(self.size.width))
        return hidden_rows(self._top, count, self.size.height, self.glyphs)

    def action_move(self, by: int) -> None:
        """Scroll by lines."""
        super().action_move(by)
        self.entitle()

    def lines(self, width: int) -> list[list[Part]]:
        """Return the facts, those that are longer than a line on several."""
        facts = self.facts()
        before = max(NAME, *(cell_len(name) + 1 for name, _, _ in facts), 0)
        room = max(width - before - 2, 8)
        lines: list[list[Part]] = []
        for name, text, role in facts:
            # Wide characters are counted as two where there is any.
            most = room if cell_len(text) == len(text) else room // 2
            parts = wrap_groups(text, most) or [""]
            names = [name, *[""] * (len(parts) - 1)]
            lines += [
                [(f" {fit(each, before)}", "muted"), (part, role)]
                for each, part in zip(names, parts, strict=True)
            ]
        return lines


class EngineBox(SystemBox):
    """Who schedules, who holds the processes, where they listen."""

    def titles(self) -> tuple[str, str]:
        """Return the title, and since when the engine runs."""
        engine = self.picture.snapshot.engine
        up = span(self.now - engine.started_at)
        return "Engine and runners", f"up {up}" if self.picture.is_live and engine.pid else ""

    def facts(self) -> list[Fact]:
        """Return the engine, its file and its runners."""
        engine, snapshot = self.picture.snapshot.engine, self.picture.snapshot
        state, role, since = engine.state.replace("_", " "), "ok", engine.started_at
        gone = self.picture.gone
        if gone is not None:
            state, role, since = "gone: nothing is scheduled", "fail+bold", gone.since
        elif not self.picture.is_live:
            state, role = "connecting", "muted"
        elif engine.state != "running":
            role = "warn+bold"
        process = self.system.engine if self.system is not None else None
        facts = [("state", f"{state} since {day_moment(since, self.now)}", role)]
        if engine.trouble:
            facts.append(("trouble", sanitize_line(engine.trouble), "fail"))
        is_it = process is not None and process.pid == engine.pid and gone is None
        taken = f"  {process_text(process, self.now)}" if process is not None and is_it else ""
        taken = "  does not answer" if gone is not None else taken
        facts.append(("engine", f"pid {engine.pid}  {engine.version}{taken}", "text"))
        runners = self.system.runners if self.system is not None else ()
        for number, runner in enumerate(runners, 1):
            open_runs = f"{runner.children} process{'es' * (runner.children != 1)}"
            is_old = "  ends when empty" if number < len(runners) else ""
            text = f"pid {runner.process.pid}  {runner.version}".rstrip()
            text += f"{is_old}  {open_runs}  {process_text(runner.process, self.now)}"
            facts.append(("runner", text, "warn" if is_old else "text"))
        if self.system is not None and not runners:
            facts.append(("runner", "none: the next start brings one", "muted"))
        when = f"  loaded {ago(self.now - snapshot.loaded_at)}" if snapshot.loaded_at else ""
        role = "warn" if snapshot.problems else "text"
        file = PurePath(engine.jobs_file).name
        problems = (
            f"  {len(snapshot.problems)} problems, see {self.key('trouble')}"
            if snapshot.problems
            else ""
        )
        facts.append(("file", f"{sanitize_line(file)}{when}{problems}", role))
        facts.append(("host", f"{sanitize_line(engine.host)}  {len(snapshot.jobs)} jobs", "text"))
        facts += [("API", sanitize_line(url), "text") for url in engine.listeners]
        if engine.listeners_trouble:
            facts.append(("API", sanitize_line(engine.listeners_trouble), "fail"))
        return facts


class QueueBox(SystemBox):
    """What waits and why, and what goes on of jobs that left the file."""

    def _waiting(self) -> list[tuple[JobView, LiveRun]]:
        views = self.picture.snapshot.jobs.values()
        waiting = [
            (view, run)
            for view in views
            for run in view.live.values()
            if run.state in ("queued", "retrying")
        ]
        return sorted(waiting, key=lambda each: (each[1].queued_at, each[1].run))

    def titles(self) -> tuple[str, str]:
        """Return the title, and how many places are taken."""
        snapshot = self.picture.snapshot
        held = sum(run.state in ("running", "stopping") for run in snapshot.all_open())
        most = snapshot.settings.max_running
        places = f"{held} of {most} places taken" if most else f"{held} running"
        return f"Queue {len(self._waiting())}", places

    def facts(self) -> list[Fact]:
        """Return what waits, the longest first."""
        snapshot = self.picture.snapshot
        facts: list[Fact] = []
        if snapshot.all_paused is not None:
            pause = snapshot.all_paused
            why = f": {pause.reason}" if pause.reason else ""
            text = f"everything, by {pause.by}{self.picture.pause_end(pause, self.now)}{why}"
            facts.append(("paused", sanitize_line(text), "warn"))
        for view, run in self._waiting():
            since = span(self.now - run.queued_at)
            why = sanitize_line(view.wait_of(run, self.now)) or self._delay(run)
            sign = self.glyphs.states[run.state]
            facts.append((since, f"{sign} {view.job.id}  {why}  run {run.run}", ROLES[run.state]))
        waiting = facts or [("", "nothing waits", "faint")]
        return [*waiting, *self._left(), *self._deliveries()]

    def _left(self) -> list[Fact]:
        """Return what takes a place and has no row any more: its job left the file."""
        return [
            (
                span(self.now - (run.started_at or run.queued_at)),
                f"{self.glyphs.states[run.state]} {run.job}  removed from the file, still running"
                f"  run {run.run}",
                ROLES[run.state],
            )
            for run in self.picture.snapshot.left_runs()
        ]

    def _deliveries(self) -> list[Fact]:
        """Return how telling people goes, those that fail first."""
        snapshot = self.picture.snapshot
        waiting = Counter(notice.notifier for notice in snapshot.notices.values())
        failing, well = list[Fact](), list[Fact]()
        for name in dict.fromkeys([*snapshot.settings.notifiers, *snapshot.notifiers, *waiting]):
            view = snapshot.notifiers.get(name, NotifierView())
            told = f"{view.sent} sent" if view.sent else "nothing sent yet"
            if view.last_sent_at is not None:
                told += f", last {ago(self.now - view.last_sent_at)}"
            told += f", {waiting[name]} wait" if waiting[name] else ""
            told += f", {view.given_up} given up" if view.given_up else ""
            if not view.error:
                well.append(("notify", f"{sanitize_line(name)}  {told}", "text"))
                continue
            since = span(self.now - (view.failing_since or self.now))
            text = f"{sanitize_line(name)}  fails for {since}: {sanitize_line(view.error)}; {told}"
            failing.append(("notify", text, "fail"))
        return [*failing, *well]

    def _delay(self, run: LiveRun) -> str:
        if run.ready_at <= self.now:
            return "starts now"
        what = f"try {run.attempt + 1} of {run.attempts}" if run.state == "retrying" else "jitter"
        return f"{what} in {self.picture.countdown(run.ready_at, self.now)}"


class WatchBox(SystemBox):
    """What starts jobs beside their schedules, and how changes are seen."""

    def titles(self) -> tuple[str, str]:
        """Return how many triggers there are."""
        views = self.picture.snapshot.jobs.values()
        count = sum(len(view.job.triggers) for view in views if view.job.enabled)
        return f"Watchers {count}" if count else "Watchers", ""

    def facts(self) -> list[Fact]:
        """Return the jobs file, what the kernel tells, and each trigger: the suspended first."""
        snapshot, facts = self.picture.snapshot, list[Fact]()
        every = format_duration(snapshot.settings.watch.poll_interval)
        file = sanitize_line(PurePath(snapshot.engine.jobs_file).name)
        facts.append(("jobs file", f"{file}  by inotify, else every {every}", "text"))
        if self.system is not None and self.system.engine is not None:
            watches, instances = self.system.inotify_watches, self.system.inotify_instances
            text = f"{watches} watch{'es' * (watches != 1)}"
            text += f", {instances} instance{'s' * (instances != 1)}"
            facts.append(("inotify", text, "text"))
        suspended, watched = list[Fact](), list[Fact]()
        for view in snapshot.jobs.values():
            for trigger in view.job.triggers:
                name = trigger_name(trigger)
                text = f"{sanitize_line(name)}  {view.job.id}"
                since = view.suspended.get(name)
                if since is not None:
                    text += f"  suspended {ago(self.now - since)}, {self.key('pause')} resumes"
                    suspended.append(("held", text, "warn"))
                elif not view.job.enabled:
                    watched.append(("off", text, "faint"))
                else:
                    watched.append((self._how(trigger), text, "text"))
        return [*facts, *suspended, *watched]

    @staticmethod
    def _how(trigger: Trigger) -> str:
        if isinstance(trigger, OnFile):
            return "inotify"
        if isinstance(trigger, OnWebhook):
            return "webhook"
        return f"every {format_duration(trigger.every)}"


class StoreBox(SystemBox):
    """What is kept, and how large it is."""

    def titles(self) -> tuple[str, str]:
        """Return the title, and the id of the store."""
        return "Store", self.picture.snapshot.store

    def facts(self) -> list[Fact]:
        """Return the history and the output files."""
        if self.system is None:
            return [("", self.picture.or_not_known("reading…"), "faint")]
        store = self.system.store
        facts = [
            ("history", f"{size(store.bytes)}  log {size(store.log_bytes)}", "text"),
            ("runs", f"{store.runs:,} kept of {store.total_runs:,}  {store.jobs:,} jobs", "text"),
        ]
        if store.oldest_at is not None:
            when = ago(self.now - store.oldest_at)
            facts.append(("oldest", f"{moment(store.oldest_at)}  {when}", "text"))
        facts.append(("output", _output_text(store), "text"))
        if store.unused_bytes:
            facts.append(("unused", f"{size(store.unused_bytes)} of the history", "muted"))
        facts.append(("schema", f"{store.schema}", "text"))
        events = f"{self.picture.snapshot.n:,} so far"
        return [*facts, ("events", events, "text"), ("path", sanitize_line(store.path), "muted")]


class VersionsBox(SystemBox):
    """Of this program and of what it stands on."""

    screen_version = ""
    """Of the program that draws this."""

    def titles(self) -> tuple[str, str]:
        """Return the title."""
        return "Versions", ""

    def facts(self) -> list[Fact]:
        """Return the versions; a screen of another version than the engine says so."""
        if self.system is None:
            return [("", self.picture.or_not_known("reading…"), "faint")]
        facts: list[Fact] = [
            (sanitize_line(name), sanitize_line(text), "text")
            for name, text in self.system.versions.items()
        ]
        theirs = self.picture.snapshot.engine.version
        if theirs and self.screen_version and theirs != self.screen_version:
            text = f"{self.screen_version}: not the engine's, restart one of them"
            facts.insert(0, ("screen", text, "warn"))
        return facts


def wrap_groups(text: str, width: int) -> list[str]:
    """Return text in lines, broken where two blanks are as long as what is between them fits."""
    lines: list[str] = []
    for group in text.split("  "):
        if lines and len(lines[-1]) + 2 + len(group) <= width:
            lines[-1] += f"  {group}"
        else:
            lines += wrap(group, width, break_on_hyphens=False)
    return lines


def process_text(process: ProcessView, now: Instant) -> str:
    """Return `up 2d  41.2 MiB  cpu 1m12s`: what a process takes."""
    up = span(now - process.started_at)
    return f"up {up}  {size(process.rss_bytes)}  cpu {duration(process.cpu_us)}"


def _output_text(store: StoreView) -> str:
    more = "" if store.is_output_whole else "more than "
    files = f"{store.output_files:,} file{'s' * (store.output_files != 1)}"
    return f"{more}{size(store.output_bytes)} in {more}{files}"
