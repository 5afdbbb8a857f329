"""The screen: attaches to an engine, draws what it tells, opens what is asked for."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from textual.app import SystemCommand
from textual.await_complete import AwaitComplete
from textual.screen import Screen
from textual.worker import active_worker

from cronterm.clock import SECOND, Clock, Instant
from cronterm.control import Control, Gauges, Gone, Output
from cronterm.errors import CrontermError
from cronterm.model.command import ReloadConfig, ShutDown
from cronterm.model.engine_view import EngineView
from cronterm.model.event import AnyEvent, Numbered
from cronterm.model.notice import NoticesSent
from cronterm.model.query import MissedInstants
from cronterm.model.snapshot import Snapshot
from cronterm.tui import questions
from cronterm.tui.block_edit import edit_block, edit_file
from cronterm.tui.gaps import Gaps
from cronterm.tui.garbage import Garbage
from cronterm.tui.history import read_past_lines
from cronterm.tui.home import Hosting
from cronterm.tui.inbox import Inbox
from cronterm.tui.keymap import JobTab, View, bindings
from cronterm.tui.log_opening import LogOpening
from cronterm.tui.look import Glyphs
from cronterm.tui.palette import Offered, palette_commands
from cronterm.tui.personal import Person, Personal
from cronterm.tui.picture import Picture, Restart
from cronterm.tui.screens.alerts import AlertsView
from cronterm.tui.screens.compare import CompareView
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.detail import Detail
from cronterm.tui.screens.form import JobForm
from cronterm.tui.screens.help import HelpScreen
from cronterm.tui.screens.log_view import LogView
from cronterm.tui.screens.missed import MissedView
from cronterm.tui.screens.page import Page
from cronterm.tui.screens.runs import RunsView
from cronterm.tui.screens.stats import StatsView
from cronterm.tui.screens.system import SystemView
from cronterm.tui.screens.timeline import TimelineView

DRAW_EVERY_S = 0.2  # keys draw at once
SETTLED_S = 1.0  # after the first snapshot everything that stays is there
LOOK_AWAY = 10 * SECOND  # while another window has the focus the clock may be as old as this
RESTARTS_A_MINUTE = 3
START_TIME = 15 * SECOND  # for an engine to answer

VIEWS: dict[View, Callable[[Picture], Page]] = {
    "timeline": TimelineView,
    "stats": StatsView,
    "alerts": AlertsView,
    "runs": RunsView,
    "system": SystemView,
}
"""Those above the dashboard, which is always there."""


class CrontermApp(LogOpening, Personal):
    """One picture, one road for commands."""

    CSS_PATH = "cronterm.tcss"
    TITLE = "cronterm"
    COMMANDS = {Offered}  # noqa: RUF012  # Textual reads it from the class
    BINDINGS = bindings("all")  # Textual reads it from the class

    def __init__(
        self,
        control: Control,
        *,
        clock: Clock,
        hosting: Hosting,
        person: Person | None = None,
        glyphs: Glyphs | None = None,
        theme: str = "",
    ) -> None:
        super().__init__(
            control,
            clock,
            person=person or Person(),
            glyphs=glyphs,
            theme=theme,
            is_read_only=hosting.is_read_only,
        )
        self._hosting = hosting
        self.picture.way, self.picture.others = hosting.way, hosting.others
        self._inbox = Inbox(self)
        self._gaps = Gaps(control, self.picture, self.run_worker)
        self._begun_with: Page | None = None
        self._is_dirty = True
        self._beat = 0
        self._drawn_at: Instant = 0
        self._restarts: list[Instant] = []
        self._garbage = Garbage(self, hosting.tidy)
        self.animation_level = "none"

    def get_default_screen(self) -> Screen[None]:
        """Begin on the dashboard."""
        return Dashboard(self.picture)

    def on_mount(self) -> None:
        """Attach, and draw when there is something new or a second is over."""
        self.take_keys(self.person.settings.keys)
        self.run_worker(self._listen(), name="listen")
        self.set_interval(DRAW_EVERY_S, self._draw)
        self.app_resume_signal.subscribe(self, lambda app: self.call_later(self.action_redraw))

    async def _listen(self) -> None:
        is_first = True
        async for message in self.control.events():
            was, gone = self.picture.snapshot.engine, self.picture.gone
            self._gaps.take(message, self.now())
            if isinstance(message, Snapshot):
                self._note_restart(was, gone)
            answers = isinstance(message, Snapshot) or (gone and not self.picture.gone)
            if answers and not is_first:
                self._look_again()
            self._is_dirty |= not isinstance(message, Gauges)  # those come every second
            if is_first and isinstance(message, Snapshot):
                is_first = False
                self._begin()
                self.run_worker(self._prefill(self.now()), name="prefill")
                self.run_worker(self._offer_inbox(), name="offer")
            if isinstance(message, Output):
                for screen in self.screen_stack:
                    if isinstance(screen, LogView | Detail) and screen.is_mounted:
                        screen.take_output(message)
            elif isinstance(message, Numbered):
                self._refresh_pages(message.event)
                self.tell_end(message.event)
                if isinstance(message.event, NoticesSent):
                    self.ring(message.event)
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

    async def _offer_inbox(self) -> None:
        """After a downtime, open with what was missed; never over what a person does."""
        is_wanted = await self._inbox.wants_a_look(self.picture.snapshot)
        if is_wanted and (isinstance(self.screen, Dashboard) or self.screen is self._begun_with):
            self.open_inbox()

    def _refresh_pages(self, event: AnyEvent) -> None:
        """Let the pages above the dashboard read again what an event changed."""
        if self._inbox.take_event(event):
            self.run_worker(self._offer_inbox(), name="offer")
        for screen in self.screen_stack:
            if isinstance(screen, Page) and screen.is_mounted:
                screen.take_event(event)

    def _look_again(self) -> None:
        """Let the pages above the dashboard read everything again: events were missed."""
        for screen in self.screen_stack:
            if isinstance(screen, Page) and screen.is_mounted:
                screen.look_again()

    def _restart(self) -> None:
        """The screen that started the engine starts it again, three times a minute at most."""
        now, since = self.now(), self.picture.starting_since
        if since is not None:
            how = self._hosting.how_failed()
            if not how and now - since < START_TIME:
                return  # it gets time to answer
            self.picture.starting_since, self._is_dirty = None, True
            how = how or f"`{self.picture.way} doctor` looks why"
            self.tell(f"the engine does not come up: {how}", is_bad=True)
        self._restarts = [at for at in self._restarts if now - at < 60_000_000]
        is_wanted = self.picture.awaits_end or self.picture.snapshot.engine.state != "stopping"
        is_ours = self._hosting.has_started and is_wanted
        if is_ours and len(self._restarts) < RESTARTS_A_MINUTE:
            self._restarts.append(now)
            self._attempt(self._start, is_quiet=True)

    def _note_restart(self, was: EngineView, gone: Gone | None) -> None:
        """Tell where another engine answers than before; of several machines each tells its own."""
        engine = self.picture.snapshot.engine
        self.picture.awaits_end &= engine.state == "stopping"
        if not was.pid or engine.pid == was.pid or not engine.jobs_file:
            return
        how = self._hosting.how_ended(was.pid)
        how = "was stopped" if was.state == "stopping" else how or "was gone"
        gone_at = gone.since if gone is not None else engine.started_at
        self.picture.note_restart(Restart(engine.started_at, engine.pid, how, gone_at))

    def _draw(self) -> None:
        now = self.now()
        beat = now // (SECOND if self.app_focus else LOOK_AWAY)
        is_dirty = self._is_dirty and (self.app_focus or now - self._drawn_at >= SECOND)
        if (not is_dirty and beat == self._beat) or not self.screen_stack:  # it ends
            return
        self._is_dirty, self._beat, self._drawn_at = False, beat, now
        # What a page covers is drawn once it is seen again; what a dialog leaves at its sides, now.
        for screen in self.screen_stack[-1 if isinstance(self.screen, Page) else -2 :]:
            if isinstance(screen, Page) and screen.is_mounted and screen.query("TopBar"):
                screen.update(now)

    # -- the engine ------------------------------------------------------------------------------

    def reload(self) -> None:
        """Read the jobs file again, or start a gone engine."""
        if self.picture.gone is not None:
            self._attempt(self._start)
        else:
            self.send(ReloadConfig())

    def _start(self) -> str:
        told = self._hosting.start_again()
        self.picture.starting_since, self._is_dirty = self.now(), True
        self.picture.how_ended = self._hosting.how_ended(self.picture.snapshot.engine.pid)
        return told

    # -- screens ---------------------------------------------------------------------------------

    def shown_jobs(self) -> list[str]:
        """Return the jobs of the table, in its order."""
        boards = [screen for screen in self.screen_stack if isinstance(screen, Dashboard)]
        return [*boards[0].table.jobs] if boards else []

    def show_view(self, view: View) -> None:
        """Show a view, in place of whatever is open; the next time it begins there."""
        self._begun_with = None
        self._replace(view)
        self.remember_soon(view=view if view in VIEWS else None)

    def _begin(self) -> None:
        """Begin on the view that was chosen last for this file, unless a key was faster.

        Where the engine that was found is about to end, this screen is to start the next one.
        """
        if self._hosting.start and self.picture.snapshot.engine.state == "stopping":
            self.picture.awaits_end, self._hosting = True, replace(self._hosting, has_started=True)
        view = self.layout.word("view", VIEWS)
        if view is not None and isinstance(self.screen, Dashboard):
            self._begun_with = VIEWS[view](self.picture)
            self.push_screen(self._begun_with)
        self.tell_trouble()
        self.set_timer(SETTLED_S, self._hosting.settle)

    def _replace(self, view: View) -> None:
        while len(self.screen_stack) > 1:
            self.pop_screen()
        if view in VIEWS:
            page = VIEWS[view](self.picture)
            page.read_ahead()
            self.push_screen(page)

    def pop_screen(self) -> AwaitComplete:
        """Leave a screen; what is read for it has nowhere to go any more."""
        for worker in list(self.workers):
            is_its = worker.node is self.screen and worker is not active_worker.get(None)
            if is_its and worker.is_running:
                worker.cancel()
        self._is_dirty = True
        self.call_later(self._draw)
        self._garbage.leave(self.screen)
        return super().pop_screen()

    def open_inbox(self) -> None:
        """Open what was missed."""
        if not isinstance(self.screen, MissedView):
            self.push_screen(MissedView(self.picture))

    def catch_up(self, rows: Sequence[MissedInstants]) -> None:
        """Run what was missed, oldest first."""
        self.run_worker(self._inbox.run(rows), name="catch-up")

    def note_missed(self, rows: Sequence[MissedInstants]) -> None:
        """Keep that a person looked at what was missed."""
        self._inbox.note_seen(rows)

    def missed_left(self) -> int:
        """Return how many of those are still to be run."""
        return len(self._inbox.left)

    def show_runs(self, words: str) -> None:
        """Show the runs that `words` filter."""
        self._replace("jobs")
        self.push_screen(RunsView(self.picture, words))

    def show_job(self, job: str, *, comes_back: bool = False) -> None:
        """Put the cursor of the table on a job, as soon as it is there or there again."""
        for board in self.screen_stack:
            if isinstance(board, Dashboard):
                board.show_job(job, comes_back=comes_back)

    def open_job(self, job: str, tab: JobTab = "Overview") -> None:
        """Open a job's page."""
        self._push(Detail(self.picture, job, tab))

    def open_comparison(self, job: str, run: int) -> None:
        """Open a run beside the last good one before it."""
        self._push(CompareView(self.picture, job, run))

    def edit_job(self, job: str | None) -> None:
        """Open the form; None is a new job."""
        if not self.may_change():
            return
        self.push_screen(JobForm(self.picture, job))

    def open_editor(self, job: str | None) -> None:
        """Open $EDITOR on the text of a job, or on a file that has to be mended first."""
        if not self.may_change():
            return
        problems = self.picture.snapshot.problems
        if problems or job not in self.picture.snapshot.jobs:
            file, line = (problems[0].file, problems[0].line) if problems else ("", 0)
            path_of = self._hosting.path_of
            self._attempt(lambda: edit_file(Path(path_of(file)), line, self.run_editor))
        else:
            self.run_worker(edit_block(self, job, self.run_editor), group="editor", exclusive=True)

    @contextmanager
    def suspend(self) -> Iterator[None]:
        """Give the terminal to another program for a while. Raises `CrontermError` in a browser."""
        if self.is_web:
            raise CrontermError("a tab of a browser has no terminal for other programs")
        with super().suspend():
            yield

    def write_sample(self) -> None:
        """Write a sample jobs file where there is none; the engine sees it at once."""
        if self.may_change():
            self._attempt(self._hosting.write_sample)

    def _attempt(self, act: Callable[[], str], *, is_quiet: bool = False) -> None:
        """Do something here and say what it says, a failure always."""
        try:
            said = act()
        except CrontermError as error:
            self.tell(str(error), is_bad=True)
        else:
            if not is_quiet:
                self.tell(said)

    def show_trouble(self) -> None:
        """Show what the banner says, in full."""
        is_starter = self._hosting.start is not None and not self.picture.is_read_only
        key = self.key("reload") if is_starter else ""
        self.push_screen(questions.tell_trouble(self.picture, self.now(), key))

    def ask_quit(self) -> None:
        """Leave; the screen that started the engine asks what becomes of it."""
        is_ending = self.picture.gone is not None or self.picture.awaits_end
        if not self._hosting.has_started or is_ending:
            self.exit("keep")
            return
        self.ask(questions.ask_quit(self.picture.snapshot, self.picture.way), self._quit)

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
        where = self.screen.where if isinstance(self.screen, Page) else None
        self.push_screen(HelpScreen(self.picture.way, self.glyphs, self.keys, self.moves, where))

    def action_inbox(self) -> None:
        """Show what was missed."""
        self.open_inbox()

    def action_redraw(self) -> None:
        """Draw everything anew."""
        self.screen.refresh().refresh(layout=True)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer what the keys do, and every job, in the palette."""
        return palette_commands(self, screen, self.shown_jobs())
