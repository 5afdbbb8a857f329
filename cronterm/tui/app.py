"""The screen: attaches to an engine, draws what it tells, sends what a key means."""

import os
import shlex
import subprocess
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from textual.app import App, SystemCommand
from textual.filter import LineFilter
from textual.screen import Screen

from cronterm.clock import Clock, Instant
from cronterm.control import Control, Gone, Output
from cronterm.errors import CrontermError
from cronterm.model.command import (
    AddJob,
    Answer,
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
from cronterm.model.event import AnyEvent, AttemptStarted, Numbered, RetryScheduled, RunEnded
from cronterm.model.query import ListRuns, Runs
from cronterm.model.snapshot import Snapshot
from cronterm.sanitize import sanitize
from cronterm.tui import questions
from cronterm.tui.history import read_past_lines
from cronterm.tui.home import Hosting
from cronterm.tui.keymap import bindings
from cronterm.tui.look import AsciiFilter, Glyphs, choose_glyphs, themes
from cronterm.tui.palette import palette_commands
from cronterm.tui.picture import Picture
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.detail import Detail
from cronterm.tui.screens.dialogs import Ask, Choice
from cronterm.tui.screens.form import JobForm
from cronterm.tui.screens.help import HelpScreen
from cronterm.tui.screens.log_view import LogView
from cronterm.tui.screens.page import Page, repaint_all
from cronterm.tui.words import FAILED

DRAW_EVERY_S = 0.2  # keys draw at once
TOAST_S = 4.0
RESTARTS_A_MINUTE = 3

Ending = Literal["keep", "stop"]


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
        self._undo: list[list[AnyCommand]] = []
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

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what every line passes last: where only ASCII shows, it is all there is."""
        return [*super().get_line_filters(), *([AsciiFilter()] if self.glyphs.is_ascii else [])]

    async def _listen(self) -> None:
        is_first = True
        async for message in self.control.events():
            self.picture.take(message, self.now())
            self._is_dirty = True
            if is_first and isinstance(message, Snapshot):
                is_first = False
                self.run_worker(self._prefill(self.now()), name="prefill")
            if isinstance(message, Output):
                for screen in self.screen_stack:
                    if isinstance(screen, LogView | Detail) and screen.is_mounted:
                        screen.take_output(message)
            elif isinstance(message, Numbered):
                self._refresh_pages(message.event)
            elif isinstance(message, Gone):
                self._restart()

    async def _prefill(self, until: Instant) -> None:
        """Show in the log stream what was before this screen attached."""
        try:
            lines = await read_past_lines(self.control, until)
        except CrontermError:
            return  # the stream begins empty: nothing depends on it
        self.picture.stream.prefill(lines)
        self._is_dirty = True

    def _refresh_pages(self, event: AnyEvent) -> None:
        """Let the pages above the dashboard read again what an event changed."""
        if not isinstance(event, AttemptStarted | RetryScheduled | RunEnded):
            return
        for screen in self.screen_stack:
            if isinstance(screen, Detail) and screen.job == event.job:
                screen.refresh_runs()
            elif isinstance(screen, LogView):
                screen.reload(event.run)

    def _restart(self) -> None:
        """The screen that started the engine starts it again, three times a minute at most."""
        now = self.now()
        self._restarts = [at for at in self._restarts if now - at < 60_000_000]
        is_ours = self._hosting.has_started and self.picture.snapshot.engine.state != "stopping"
        if is_ours and len(self._restarts) < RESTARTS_A_MINUTE:
            self._restarts.append(now)
            self._hosting.start_again()

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

    def send(self, *commands: AnyCommand) -> None:
        """Send commands in order and tell the answers, until one is refused."""
        self.run_worker(self._send(commands), group="send")

    async def _send(self, commands: Sequence[AnyCommand]) -> None:
        for number, command in enumerate(commands, 1):
            answer = await self.deliver(command, is_quiet=number < len(commands))
            if answer is None or not answer.ok:
                return

    async def deliver(self, command: AnyCommand, *, is_quiet: bool = False) -> Answer | None:
        """Send a command, tell its answer and return it; None when there is no engine.

        With `is_quiet` only a refusal is told.
        """
        try:
            answer = await self.control.send(command)
        except CrontermError as error:
            self.tell(str(error), is_bad=True)
            return None
        hint = f" — {answer.hint}" if answer.hint else ""
        if answer.ok and isinstance(command, AddJob | EditJob):
            self._undo.append([UndoEdit(based_on=answer.sha256)])
            hint = " — u undoes it"
        if not is_quiet or not answer.ok:
            self.tell(answer.message + hint, is_bad=not answer.ok)
        if answer.kind == "stale" and answer.diff:
            lines = ["The file has changed since:", *answer.diff.splitlines()[:20]]
            self.push_screen(Ask("Changed meanwhile", lines, [Choice("n", "Close", "")]))
        return answer

    def tell(self, text: str, *, is_bad: bool = False) -> None:
        """Show a sentence for some seconds."""
        severity: Literal["information", "error"] = "error" if is_bad else "information"
        self.notify(sanitize(text), severity=severity, timeout=TOAST_S, markup=False)

    def ask(self, question: Ask, then: Callable[[str], object]) -> None:
        """Ask, and act on an answer that is not a no."""

        def done(answer: str | None) -> None:
            if answer:
                then(answer)

        self.push_screen(question, done)

    def _known(self, jobs: Sequence[str]) -> list[str]:
        """Return those of `jobs` that are in the file."""
        return [job for job in jobs if job in self.picture.snapshot.jobs]

    def ask_trigger(self, jobs: Sequence[str]) -> None:
        """Ask, then run jobs now; pressing the key twice is enough."""
        if known := self._known(jobs):
            question = questions.ask_trigger(self.picture.snapshot, known)
            self.ask(question, lambda answer: self.send(*(RunJob(job=job) for job in known)))

    def toggle_pause(self, jobs: Sequence[str]) -> None:
        """Pause jobs, or resume them where the first is paused."""
        views = self.picture.snapshot.jobs
        known = self._known(jobs)
        if not known:
            return
        is_paused = views[known[0]].pause is not None
        changed = [job for job in known if (views[job].pause is not None) == is_paused]
        pauses = [PauseJob(job=job) for job in changed]
        resumes = [ResumeJob(job=job) for job in changed]
        self._undo.append([*(pauses if is_paused else resumes)])
        self.send(*(resumes if is_paused else pauses))

    def toggle_pause_all(self) -> None:
        """Pause or resume everything, after asking."""
        if self.picture.snapshot.all_paused is not None:
            self.send(ResumeJob())
            return
        question = questions.ask_pause_all(self.picture.snapshot)
        self.ask(question, lambda answer: self.send(PauseJob()))

    def ask_stop(self, jobs: Sequence[str]) -> None:
        """Ask how, then stop the open runs of jobs."""
        views = self.picture.snapshot.jobs
        runs = [run for job in self._known(jobs) for run in views[job].live.values()]
        if not runs:
            self.tell(f"no run of {questions.names(jobs)} is open")
            return

        def stop(answer: str) -> None:
            signal = "SIGKILL" if answer == "kill" else ""
            self.send(*(StopRun(run=run.run, signal=signal) for run in runs))

        self.ask(questions.ask_stop(runs), stop)

    def ask_delete(self, jobs: Sequence[str]) -> None:
        """Ask, then delete jobs from the file."""
        if known := self._known(jobs):
            question = questions.ask_delete(self.picture.snapshot, known)
            self.ask(question, lambda answer: self.run_worker(self._delete(known), group="send"))

    async def _delete(self, jobs: Sequence[str]) -> None:
        """Delete job after job; one undo brings all of them back."""
        sha = self.picture.snapshot.sha256
        back: list[AnyCommand] = []
        for job in jobs:
            answer = await self.deliver(DeleteJob(job=job, based_on=sha), is_quiet=True)
            if answer is None or not answer.ok:
                break
            sha = answer.sha256
            back.insert(0, UndoEdit(based_on=sha))
        if back:
            self._undo.append(back)
            self.tell(f"deleted {questions.names(jobs[: len(back)])} — u undoes it")

    def undo(self) -> None:
        """Undo the last change made here."""
        if self._undo:
            self.send(*self._undo.pop())
        else:
            self.tell("nothing to undo")

    def reload(self) -> None:
        """Read the jobs file again, or start a gone engine."""
        if self.picture.gone is not None:
            self._attempt(self._hosting.start_again)
        else:
            self.send(ReloadConfig())

    # -- screens ---------------------------------------------------------------------------------

    def shown_jobs(self) -> list[str]:
        """Return the jobs of the table, in its order."""
        boards = [screen for screen in self.screen_stack if isinstance(screen, Dashboard)]
        return [*boards[0].table.jobs] if boards else []

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
            self.tell(str(error), is_bad=True)
            return
        run = runs.rows[-1].run if isinstance(runs, Runs) and runs.rows else None
        if run is None:
            self.tell(f"{job} has never {'failed' if is_failed else 'run'}")
        else:
            self.open_run(job, run)

    def open_run(self, job: str, run: int) -> None:
        """Open the log of a run."""
        self.push_screen(LogView(self.picture, job, run))

    def edit_job(self, job: str | None) -> None:
        """Open the form; None is a new job."""
        self.push_screen(JobForm(self.picture, job))

    def open_editor(self, job: str | None) -> None:
        """Open $EDITOR on the file of the first problem or of the job, at its line."""
        editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        snapshot = self.picture.snapshot
        view = snapshot.jobs.get(job or "")
        file, line = self._hosting.jobs_file, 0
        if view is not None and view.job.source:
            file, line = view.job.source, view.job.line
        if snapshot.problems:
            file, line = snapshot.problems[0].file or file, snapshot.problems[0].line
        place = [f"+{line}"] if line else []
        try:
            path = self._hosting.path_of(file)
            with self.suspend():
                subprocess.run([*editor, *place, path], check=False)
        except (OSError, CrontermError) as error:
            self.tell(str(error), is_bad=True)
        self.refresh(layout=True)

    def write_sample(self) -> None:
        """Write a sample jobs file where there is none; the engine sees it at once."""
        self._attempt(self._hosting.write_sample)

    def _attempt(self, act: Callable[[], str]) -> None:
        """Do something here and say what it says."""
        try:
            self.tell(act())
        except CrontermError as error:
            self.tell(str(error), is_bad=True)

    def show_trouble(self) -> None:
        """Show what the banner says, in full."""
        self.push_screen(questions.tell_trouble(self.picture.snapshot, self.picture.gone))

    def ask_quit(self) -> None:
        """Leave; the screen that started the engine asks what becomes of it."""
        if not self._hosting.has_started or self.picture.gone is not None:
            self.exit("keep")
            return
        self.ask(questions.ask_quit(self.picture.snapshot), self._quit)

    def _quit(self, answer: str) -> None:
        if answer == "stop":
            self.run_worker(self._stop_engine())
        else:
            self.exit("keep")

    async def _stop_engine(self) -> None:
        try:
            await self.control.send(ShutDown())
        except CrontermError as error:
            self.tell(str(error), is_bad=True)
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
        return palette_commands(self, screen, self.shown_jobs())
