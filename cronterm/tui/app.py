"""The screen: attaches to an engine, draws what it tells, sends what a key means."""

import os
import shlex
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from textual.app import App, SystemCommand
from textual.screen import Screen

from cronterm.clock import Clock, Instant
from cronterm.control import Control, Gone, Output
from cronterm.errors import CrontermError
from cronterm.model.command import (
    AddJob,
    AnyCommand,
    DeleteJob,
    EditJob,
    PauseJob,
    ReloadConfig,
    ResumeJob,
    RunJob,
    ShutDown,
    StopRun,
    UndoEdit,
)
from cronterm.model.event import Numbered, RunEnded
from cronterm.model.query import ListRuns, Runs
from cronterm.sanitize import sanitize
from cronterm.tui.keymap import KEYS, bindings
from cronterm.tui.look import Glyphs, choose_glyphs, themes
from cronterm.tui.picture import FAILED, Picture
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.detail import Detail
from cronterm.tui.screens.dialogs import CANCEL, Ask, Choice
from cronterm.tui.screens.form import JobForm
from cronterm.tui.screens.help import HelpScreen
from cronterm.tui.screens.log_view import LogView
from cronterm.tui.screens.page import Page, repaint_all

DRAW_EVERY_S = 0.1
TOAST_S = 4.0
RESTARTS_A_MINUTE = 3

Ending = Literal["keep", "stop"]


@dataclass(frozen=True)
class Hosting:
    """What this screen has to do with its engine."""

    has_started: bool
    """This screen started it: leaving asks what becomes of it."""
    start: Callable[[], object]
    """Start one again."""
    jobs_file: str


class CrontermApp(App[Ending]):
    """One picture, one road for commands."""

    CSS_PATH = "cronterm.tcss"
    TITLE = "cronterm"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS = bindings("all")  # Textual reads it from the class

    def __init__(
        self,
        control: Control,
        *,
        clock: Clock,
        hosting: Hosting,
        glyphs: Glyphs | None = None,
        theme: str = "cronterm-dark",
    ) -> None:
        super().__init__()
        self.control = control
        self.picture = Picture()
        self.glyphs = glyphs or choose_glyphs()
        self._clock = clock
        self._hosting = hosting
        self._is_dirty = True
        self._second = 0
        self._undo: list[Callable[[], AnyCommand]] = []
        self._restarts: list[Instant] = []
        for each in themes():
            self.register_theme(each)
        self.theme = theme
        self.animation_level = "none"

    def get_default_screen(self) -> Screen[None]:
        """Begin on the dashboard."""
        return Dashboard(self.picture)

    def on_mount(self) -> None:
        """Attach, and draw when there is something new or a second is over."""
        self.run_worker(self._listen(), name="listen")
        self.set_interval(DRAW_EVERY_S, self._draw)

    def now(self) -> Instant:
        """Return the instant that everything is drawn for."""
        return self._clock.now().utc

    async def _listen(self) -> None:
        async for message in self.control.events():
            self.picture.take(message, self.now())
            self._is_dirty = True
            if isinstance(message, Output):
                for screen in self.screen_stack:
                    if isinstance(screen, LogView):
                        screen.take_output(message)
            elif isinstance(message, Numbered) and isinstance(message.event, RunEnded):
                self._refresh_pages(message.event)
            elif isinstance(message, Gone):
                self._restart()

    def _refresh_pages(self, event: RunEnded) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, Detail) and screen.page.job == event.job:
                screen.refresh_runs()
            elif isinstance(screen, LogView):
                screen.refresh_head()

    def _restart(self) -> None:
        """The screen that started the engine starts it again, three times a minute at most."""
        now = self.now()
        self._restarts = [at for at in self._restarts if now - at < 60_000_000]
        is_ours = self._hosting.has_started and self.picture.snapshot.engine.state != "stopping"
        if is_ours and len(self._restarts) < RESTARTS_A_MINUTE:
            self._restarts.append(now)
            self._hosting.start()

    def _draw(self) -> None:
        now = self.now()
        second = now // 1_000_000
        if not self._is_dirty and second == self._second:
            return
        self._is_dirty, self._second = False, second
        for screen in self.screen_stack[-2:]:
            if isinstance(screen, Page) and screen.is_mounted and screen.query("TopBar"):
                screen.update(now)

    # -- commands --------------------------------------------------------------------------------

    def send(self, command: AnyCommand) -> None:
        """Send a command and tell its answer."""
        self.run_worker(self._send(command), group="send")

    async def _send(self, command: AnyCommand) -> None:
        try:
            answer = await self.control.send(command)
        except CrontermError as error:
            self._tell(str(error), is_bad=True)
            return
        hint = f" — {answer.hint}" if answer.hint else ""
        if answer.ok and isinstance(command, AddJob | EditJob | DeleteJob):
            sha = answer.sha256
            self._undo.append(lambda: UndoEdit(based_on=sha))
            hint = " — u undoes it"
        self._tell(answer.message + hint, is_bad=not answer.ok)
        if answer.kind == "stale" and answer.diff:
            self.push_screen(Ask("Changed meanwhile", answer.diff.splitlines()[:20], [CANCEL]))

    def _tell(self, text: str, *, is_bad: bool = False) -> None:
        shown = sanitize(text)
        severity: Literal["information", "error"] = "error" if is_bad else "information"
        self.notify(shown, severity=severity, timeout=TOAST_S, markup=False)

    def ask(self, question: Ask, then: Callable[[str], None]) -> None:
        """Ask, and act on an answer that is not a no."""

        def done(answer: str | None) -> None:
            if answer:
                then(answer)

        self.push_screen(question, done)

    def ask_trigger(self, jobs: Sequence[str]) -> None:
        """Ask, then run jobs now; pressing the key twice is enough."""
        if not jobs:
            return
        lines = [f"Run {_names(jobs)} now?"]
        for job in jobs:
            view = self.picture.snapshot.jobs[job]
            if view.live:
                lines.append(f"{job} is {view.state} already, overlap is {view.job.overlap}")
            elif view.pause is not None or not view.job.enabled:
                lines.append(f"{job} is {view.state}; a run by hand is allowed")
        choices = [Choice("t", "Run", "run"), CANCEL]

        def run(answer: str) -> None:
            for job in jobs:
                self.send(RunJob(job=job))

        self.ask(Ask("Trigger", lines, choices), run)

    def toggle_pause(self, jobs: Sequence[str]) -> None:
        """Pause jobs, or resume them where the first is paused."""
        if not jobs:
            return
        is_paused = self.picture.snapshot.jobs[jobs[0]].pause is not None
        for job in jobs:
            self.send(ResumeJob(job=job) if is_paused else PauseJob(job=job))
        back = jobs[0]
        self._undo.append(lambda: PauseJob(job=back) if is_paused else ResumeJob(job=back))

    def toggle_pause_all(self) -> None:
        """Pause or resume everything, after asking."""
        if self.picture.snapshot.all_paused is not None:
            self.send(ResumeJob())
            return
        count = len(self.picture.snapshot.jobs)
        lines = [f"Hold back all timed starts of {count} jobs?", "Running runs go on."]
        choices = [CANCEL, Choice("y", "Pause everything", "pause")]
        self.ask(Ask("Pause everything", lines, choices), lambda answer: self.send(PauseJob()))

    def ask_stop(self, jobs: Sequence[str]) -> None:
        """Ask how, then stop the open runs of jobs."""
        known = self.picture.snapshot.jobs
        runs = [run for job in jobs if job in known for run in known[job].live.values()]
        if not runs:
            self._tell(f"no run of {_names(jobs)} is open")
            return
        lines = [f"{run.job}: run {run.run} is {run.state}, pid {run.pid or '-'}" for run in runs]
        lines += ["", "The whole process tree is ended: signal, grace, SIGKILL."]
        choices = [CANCEL, Choice("y", "Stop", "stop"), Choice("k", "Kill now", "kill")]

        def stop(answer: str) -> None:
            for run in runs:
                self.send(StopRun(run=run.run, signal="SIGKILL" if answer == "kill" else ""))

        self.ask(Ask("Stop", lines[:14], choices), stop)

    def ask_delete(self, job: str) -> None:
        """Ask, then delete a job from the file."""
        view = self.picture.snapshot.jobs.get(job)
        if view is None:
            return
        name = os.path.basename(self.picture.snapshot.engine.jobs_file)  # noqa: PTH119
        lines = [f"Delete job {job} from {name}?", ""]
        for run in view.live.values():
            lines.append(f"run {run.run} is {run.state} (pid {run.pid or '-'}): it will finish")
        lines += [
            f"u undoes this; the old file is kept as {name}~1",
            "history and logs are kept",
        ]
        choices = [CANCEL, Choice("y", "Delete", "delete")]
        sha = self.picture.snapshot.sha256
        self.ask(
            Ask("Delete job", lines, choices),
            lambda answer: self.send(DeleteJob(job=job, based_on=sha)),
        )

    def undo(self) -> None:
        """Undo the last change made here."""
        if not self._undo:
            self._tell("nothing to undo")
            return
        self.send(self._undo.pop()())

    def reload(self) -> None:
        """Read the jobs file again, or start a gone engine."""
        if self.picture.gone is not None:
            self._hosting.start()
            self._tell("starting an engine…")
        else:
            self.send(ReloadConfig())

    # -- screens ---------------------------------------------------------------------------------

    def open_job(self, job: str) -> None:
        """Open a job's page."""
        self.push_screen(Detail(self.picture, job))

    def open_log(self, job: str, *, is_failed: bool = False) -> None:
        """Open the log of a job's last run, or of its last failure."""
        self.run_worker(self._open_log(job, is_failed), group="open-log", exclusive=True)

    async def _open_log(self, job: str, is_failed: bool) -> None:
        outcomes = FAILED if is_failed else ()
        query = ListRuns(job=job, outcomes=outcomes, decisions=False, limit=1)  # type: ignore[arg-type]  # the three are outcomes
        try:
            runs = await self.control.query(query)
        except CrontermError as error:
            self._tell(str(error), is_bad=True)
            return
        run = runs.rows[-1].run if isinstance(runs, Runs) and runs.rows else None
        if run is None:
            self._tell(f"{job} has never {'failed' if is_failed else 'run'}")
        else:
            self.open_run(job, run)

    def open_run(self, job: str, run: int) -> None:
        """Open the log of a run."""
        self.push_screen(LogView(self.picture, job, run))

    def edit_job(self, job: str | None) -> None:
        """Open the form; None is a new job."""
        self.push_screen(JobForm(self.picture, job))

    def open_editor(self, job: str | None) -> None:
        """Open $EDITOR on the jobs file, at the job's line."""
        editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        view = self.picture.snapshot.jobs.get(job or "")
        place = [f"+{view.job.line}"] if view is not None and view.job.line else []
        try:
            with self.suspend():
                subprocess.run([*editor, *place, self._hosting.jobs_file], check=False)
        except OSError as error:
            self._tell(f"{editor[0]}: {error.strerror}", is_bad=True)
        self.refresh(layout=True)

    def ask_quit(self) -> None:
        """Leave; the screen that started the engine asks what becomes of it."""
        if not self._hosting.has_started or self.picture.gone is not None:
            self.exit("keep")
            return
        live = sum(len(view.live) for view in self.picture.snapshot.jobs.values())
        lines = [f"{live} runs are open." if live != 1 else "1 run is open.", ""]
        lines += [
            "Keep: the engine goes on without a screen; `cronterm` attaches to it again.",
            "Stop: nothing is scheduled any more; what runs finishes and is recorded later.",
        ]
        choices = [
            Choice("n", "Stay", ""),
            Choice("k", "Keep the engine", "keep"),
            Choice("s", "Stop it", "stop"),
        ]
        self.ask(Ask("Quit", lines, choices), self._quit)

    def _quit(self, answer: str) -> None:
        if answer == "stop":
            self.run_worker(self._stop_engine())
        else:
            self.exit("keep")

    async def _stop_engine(self) -> None:
        try:
            await self.control.send(ShutDown())
        except CrontermError as error:
            self._tell(str(error), is_bad=True)
        self.exit("stop")

    def action_quit_now(self) -> None:
        """Leave at once; the engine goes on."""
        self.exit("keep")

    def action_help(self) -> None:
        """Show every key."""
        self.push_screen(HelpScreen(self.glyphs))

    def action_theme(self) -> None:
        """Change between dark and light."""
        is_dark = self.current_theme.dark
        self.theme = "cronterm-light" if is_dark else "cronterm-dark"
        for screen in self.screen_stack:
            repaint_all(screen)
        self._is_dirty = True

    def action_redraw(self) -> None:
        """Draw everything anew."""
        self.screen.refresh(layout=True)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer what the keys do, and every job, in the palette."""
        for key in KEYS:
            name = f"action_{key.action.partition('(')[0]}"
            owner = screen if hasattr(screen, name) else self if hasattr(self, name) else None
            if owner is None or "(" in key.action or key.action == "command_palette":
                continue
            text = key.text[:1].upper() + key.text[1:]
            yield SystemCommand(text, f"key {key.shown}", getattr(owner, name))
        if isinstance(screen, Dashboard):
            for job in screen.table.jobs:
                yield SystemCommand(f"Open {job}", "details", _caller(self.open_job, job))
                yield SystemCommand(f"Log of {job}", "its last run", _caller(self.open_log, job))


def _caller(call: Callable[[str], None], job: str) -> Callable[[], None]:
    return lambda: call(job)


def _names(jobs: Sequence[str]) -> str:
    return jobs[0] if len(jobs) == 1 else f"{len(jobs)} jobs"
