"""What screens may ask of the app: one road for every wish, whichever screen it comes from."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cronterm.clock import Instant
from cronterm.control import Control
from cronterm.errors import CrontermError
from cronterm.model.command import Answer, AnyCommand, EditJob, RenameJob, RewriteJob
from cronterm.model.query import MissedInstants
from cronterm.tui.keymap import JobTab, Key, View
from cronterm.tui.look import Glyphs
from cronterm.tui.picture import Picture
from cronterm.tui.remembered import Kept, Remembered
from cronterm.tui.screens.dialogs import Ask
from cronterm.tui.themes import Taste


@dataclass(frozen=True)
class Hosting:
    """What this screen has to do with its engine."""

    has_started: bool
    """This screen started it: leaving asks what becomes of it."""
    start: Callable[[], object] | None
    """Start one again; None where this screen only attaches."""
    jobs_file: str
    """Empty on another machine."""
    way: str = "cronterm"
    """The command that attaches to its engine; before another word, what asks that engine."""
    is_read_only: bool = False
    """This screen may look, not act; the engine refuses it as well."""
    how_ended: Callable[[int], str] = lambda pid: ""
    """How the engine of a pid `was killed by SIGKILL`; "" where that is not known here."""
    how_failed: Callable[[], str] = lambda: ""
    """How the engine that is awaited has ended, and what it said; "" while it may still come."""
    others: tuple[str, ...] = ()
    """Commands that show the engines that run for other jobs files."""
    settle: Callable[[], object] = lambda: None
    """Called once, when everything that stays is there."""
    tidy: Callable[[], object] = lambda: None
    """Called a moment after a page was left: much is garbage then."""

    def start_again(self) -> str:
        """Start an engine and say so. Raises `CrontermError` where this screen starts none."""
        if self.start is None:
            raise CrontermError("this screen starts no engine; it attaches again once one runs")
        self.start()
        return "starting an engine…"

    def path_of(self, file: str = "") -> str:
        """Return a file to edit, the jobs file by default. Raises `CrontermError` for far ones."""
        if not self.jobs_file:
            raise CrontermError("the jobs file is on another machine", "cronterm -H HOST edit JOB")
        return file or self.jobs_file

    def write_sample(self) -> str:
        """Write a sample jobs file where there is none and say so. Raises `CrontermError`."""
        sample = Path(__file__).with_name("sample.yaml").read_text(encoding="utf-8")
        try:
            with open(self.path_of(), "x", encoding="utf-8") as file:
                file.write(sample)
        except OSError as error:
            raise CrontermError(f"{self.jobs_file}: {error.strerror}") from None
        return f"wrote {self.jobs_file}"


class Home(Protocol):
    """The app, as screens know it."""

    glyphs: Glyphs
    control: Control
    picture: Picture
    keys: tuple[Key, ...]
    """Every key, as the person has it."""
    layout: Remembered
    """How this jobs file was looked at last."""
    tastes: Remembered
    """What is kept of the person in front of the screen, whatever jobs file it is."""

    @property
    def is_web(self) -> bool:
        """It is shown in a tab of a browser."""

    def hand_over(self, name: str, text: str) -> None:
        """Have the browser that shows this screen save a file."""

    def now(self) -> Instant:
        """Return the instant that everything is drawn for."""

    def key(self, id: str) -> str:
        """Return the key of something, as people read it."""

    def send(self, *commands: AnyCommand, said: str = "") -> None:
        """Send commands in order and tell the answers; no undo is sent behind a refused one.

        Where there are several and all are done, what is `said` of them is told instead.
        """

    async def deliver(
        self, command: AnyCommand, *, is_quiet: bool = False, expects: str = ""
    ) -> Answer | None:
        """Send a command, tell its answer and return it; None when there is no engine."""

    async def deliver_edits(self, *edits: EditJob | RewriteJob | RenameJob) -> Answer | None:
        """Make edits of a job, each on top of the one before; return the last answer.

        Where all were made, its diff is that of all, and one undo takes them back together.
        """

    def catch_up(self, rows: Sequence[MissedInstants]) -> None:
        """Run what was missed, oldest first."""

    def note_missed(self, rows: Sequence[MissedInstants]) -> None:
        """Keep that a person looked at what was missed."""

    def missed_left(self) -> int:
        """Return how many of those are still to be run."""

    def tell(self, text: str, *, is_bad: bool = False) -> None:
        """Show a sentence for some seconds."""

    def ask(self, question: Ask, then: Callable[[str], object]) -> None:
        """Ask, and act on an answer that is not a no."""

    def ask_copy(self, job: str, run: int | None = None, *, line: str = "") -> None:
        """Ask what to copy of a job, or of a run, or whether it is this line of it."""

    def copy_of(self, what: str, job: str, run: int | None = None) -> None:
        """Copy something of a job, or of a run."""

    def copy_import(self) -> None:
        """Copy the command that brings a crontab over."""

    async def wait_answer(self, question: Ask) -> str:
        """Ask, and return the answer; only for what runs beside the screen."""

    def shown_jobs(self) -> list[str]:
        """Return the jobs of the table, in its order."""

    def remember(self, **values: Kept) -> None:
        """Keep how this jobs file is looked at; None forgets."""

    def show_in(self, taste: Taste) -> None:
        """Show everything in these colours, now and the next time."""

    def edit_keys(self) -> None:
        """Open $EDITOR on the person's settings."""

    def show_view(self, view: View) -> None:
        """Show a view, in place of whatever is open; the next time it begins there."""

    def open_inbox(self) -> None:
        """Open what was missed."""

    def show_runs(self, words: str) -> None:
        """Show the runs that `words` filter."""

    def show_job(self, job: str) -> None:
        """Put the cursor of the table on a job, as soon as it is there."""

    def open_job(self, job: str, tab: JobTab = "Overview") -> None:
        """Open a job's page at one of its tabs."""

    def open_log(self, job: str, *, is_failed: bool = False) -> None:
        """Open the log of a job's last run, or of its last failure."""

    def open_runs(self, runs: Sequence[int]) -> None:
        """Open the logs of runs together."""

    def open_logs(self, jobs: Sequence[str]) -> None:
        """Open the logs of the last runs of jobs together."""

    def open_run(self, job: str, run: int) -> None:
        """Open the log of a run."""

    def open_comparison(self, job: str, run: int) -> None:
        """Open a run beside the last good one before it."""

    def edit_job(self, job: str | None) -> None:
        """Open the form; None is a new job."""

    def open_editor(self, job: str | None) -> None:
        """Open $EDITOR on the jobs file."""

    def ask_trigger(self, jobs: Sequence[str], *, with_params: bool = False) -> None:
        """Ask, then run jobs now; params are chosen where they are needed or wanted."""

    def ask_again(self, run: int) -> None:
        """Have a run changed for this once, or not, and run it again."""

    def ask_stop(self, jobs: Sequence[str]) -> None:
        """Ask, then stop open runs."""

    def ask_stop_runs(self, numbers: Sequence[int]) -> None:
        """Ask, then stop those of these runs that are open."""

    def ask_skip(self, job: str) -> None:
        """Ask, then skip the next run of a job; say so where it is not due by itself."""

    def ask_delete(self, jobs: Sequence[str]) -> None:
        """Ask, then delete jobs from the file."""

    def toggle_pause(self, jobs: Sequence[str]) -> None:
        """Pause jobs, or resume them."""

    def ask_hold(self, jobs: Sequence[str]) -> None:
        """Ask until when and why jobs are paused; where they are, change that."""

    def ask_mute(self, jobs: Sequence[str], then: Callable[[], object] | None = None) -> None:
        """Ask for how long the alerts of jobs are silent, then mute them and do what is next."""

    def toggle_pause_all(self) -> None:
        """Pause or resume everything."""

    def undo(self) -> None:
        """Undo the last change made here."""

    def go_on(self, sending: Coroutine[Any, Any, object]) -> None:
        """Send what was asked for to its end, also where its page is left meanwhile."""

    def once_answered(self, act: Callable[[], object]) -> None:
        """Do something once all that was asked for until now is answered."""

    def write_sample(self) -> None:
        """Write a sample jobs file where there is none."""

    def show_trouble(self) -> None:
        """Show what the banner says, in full."""

    def reload(self) -> None:
        """Read the jobs file again, or start a gone engine."""

    def ask_quit(self) -> None:
        """Leave."""
