"""The road from a wish to a command: asked first where it matters, undone where it can be."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Literal

import msgspec
from textual.actions import ActionParseResult
from textual.dom import DOMNode
from textual.worker import Worker

from cronterm.clock import SECOND, Clock, Instant
from cronterm.control import Control
from cronterm.errors import CrontermError
from cronterm.model.command import (
    AddJob,
    Answer,
    AnyCommand,
    DeleteJob,
    EditJob,
    PauseJob,
    RenameJob,
    RewriteJob,
    RunJob,
    SkipNext,
    UndoEdit,
)
from cronterm.model.event import AnyEvent, RunEnded
from cronterm.model.job import Job
from cronterm.model.query import ReadRun, RunDetail
from cronterm.model.run import FAILED
from cronterm.tui import questions
from cronterm.tui.key_order import KeyOrder
from cronterm.tui.keymap import CHANGING_ACTIONS, KEYS, Key
from cronterm.tui.picture import Picture
from cronterm.tui.screens.again_dialog import AgainDialog
from cronterm.tui.screens.dialogs import Ask
from cronterm.tui.screens.page import Page
from cronterm.tui.screens.run_dialog import RunDialog
from cronterm.tui.told import Telling
from cronterm.tui.undoing import Change, Changes
from cronterm.tui.widgets.paint import key_of
from cronterm.tui.words import day_moment, duration, past_text, with_days

TOLD_END = 10 * SECOND
"""A run that was triggered and ends this soon is told once more."""
SENDING = "send"
"""The group of work that sends what was asked for."""
UNDOING = "undo"
"""That which looks what there is to undo."""
READ_ONLY = "read-only: this screen only looks"

Ending = Literal["keep", "stop"]


class Commanding(Telling[Ending], KeyOrder[Ending]):
    """An app that sends commands to an engine and tells their answers."""

    def __init__(self, control: Control, clock: Clock, *, is_read_only: bool = False) -> None:
        super().__init__()
        self.control = control
        self._clock = clock
        self.picture = Picture(is_read_only=is_read_only)
        self.keys: tuple[Key, ...] = KEYS
        self._changes = Changes()
        self._triggered: tuple[int, Instant] = (0, 0)
        """The run that was asked for last, and when."""

    def now(self) -> Instant:
        """Return the instant that everything is drawn for."""
        return self._clock.now().utc

    def may_change(self) -> bool:
        """Tell whether this screen may change anything; where it may not, say so."""
        if self.picture.is_read_only:
            self.tell(READ_ONLY, is_bad=True)
        return not self.picture.is_read_only

    def may_act(self) -> bool:
        """Tell whether an engine is there that does what this screen asks; where not, say why."""
        if self.picture.gone is not None:
            self.tell("no engine runs: nothing was done", is_bad=True)
            return False
        return self.may_change()

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key says, but for what changes something where this screen only looks."""
        name = action.partition("(")[0] if isinstance(action, str) else action[1]
        if (
            name in CHANGING_ACTIONS
            and isinstance(default_namespace, Page)
            and not self.may_change()
        ):
            return True
        return await super().run_action(action, default_namespace, namespaces)

    def key(self, id: str) -> str:
        """Return the key of something, as people read it."""
        return key_of(self, id)

    def send(self, *commands: AnyCommand, said: str = "") -> None:
        """Send commands in order and tell the answers; no undo is sent behind a refused one.

        Where there are several, what is `said` of them is told instead of what was done.
        """
        self.run_worker(self._send(commands, said), group=SENDING)

    async def _send(self, commands: Sequence[AnyCommand], said: str) -> None:
        is_whole = bool(said) and len(commands) > 1
        done, but = 0, ""
        for number, command in enumerate(commands, 1):
            answer = await self.deliver(command, is_quiet=is_whole or number < len(commands))
            if answer is None or (not answer.ok and isinstance(command, UndoEdit)):
                return
            done, but = done + answer.ok, answer.not_in_force
        if is_whole and done:
            some = f": {done} of {len(commands)} were done" if done < len(commands) else ""
            self.tell(f"{said}{some}" + (f", but {but}" if but else ""), is_bad=bool(some or but))

    async def deliver_edits(self, *edits: EditJob | RewriteJob | RenameJob) -> Answer | None:
        """Make edits of a job, each on top of the one before; return the last answer.

        Where all were made, its diff is that of all, and one undo takes them back together.
        """
        made: list[Answer] = []
        before = len(self._changes)
        for edit in edits:
            based_on = made[-1].sha256 if made else edit.based_on
            edit = msgspec.structs.replace(edit, based_on=based_on)
            answer = await self.deliver(edit, is_quiet=len(made) + 1 < len(edits))
            if answer is None or not answer.ok:
                return answer
            made.append(answer)
        self._changes.join(before)
        return msgspec.structs.replace(made[-1], diff="".join(each.diff for each in made))

    async def deliver(
        self, command: AnyCommand, *, is_quiet: bool = False, expects: str = ""
    ) -> Answer | None:
        """Send a command, tell its answer and return it; None when there is no engine.

        With `is_quiet` only a refusal is told, and not one whose kind the caller `expects`.
        """
        if not self.may_change():
            return None
        try:
            answer = await self.control.send(command)
        except CrontermError as error:
            self.tell(str(error), is_bad=True)
            return None
        said = self.picture.from_here(answer.hint)
        hint = f" — {said}" if said and answer.kind != "overlap" else ""
        if answer.kind == "overlap" and not expects and isinstance(command, RunJob):
            return await self._force(command, answer)
        if answer.ok and isinstance(command, AddJob | EditJob | RewriteJob | RenameJob):
            back = UndoEdit(based_on=answer.sha256)
            self.keep(back, said=answer.message, diff=answer.diff)
            hint = f" — {self.key('undo')} undoes it"
        if answer.ok and isinstance(command, PauseJob):
            until = command.until
            hint = f" until {day_moment(until, self.now())}" if until is not None else ""
        if answer.ok and isinstance(command, SkipNext) and not command.undo:
            self.keep(msgspec.structs.replace(command, undo=True), said=answer.message)
            hint = f" — {self.key('undo')} lifts it"
        is_expected = bool(expects) and answer.kind == expects
        if not is_expected and not (is_quiet and answer.ok):
            run = answer.run if answer.ok and isinstance(command, RunJob) else None
            done = "" if run is None else "triggered: "
            message = with_days(answer.message, self.now())
            is_bad = not answer.ok or bool(answer.not_in_force)
            self.tell(done + message + hint, is_bad=is_bad)
            if run is not None and isinstance(command, RunJob):
                self._triggered = run, self.now()
                self._tell_end(command.job)
        if answer.kind == "stale" and answer.diff:
            lines = ["The file has changed since:", *answer.diff.splitlines()[:20]]
            self.push_screen(Ask("Changed meanwhile", lines, [questions.CLOSE]))
        return answer

    async def _force(self, command: RunJob, refusal: Answer) -> Answer | None:
        """Ask whether a run that the job's overlap refused is wanted all the same."""
        if await self.wait_answer(questions.ask_force(command.job, refusal.message)):
            return await self.deliver(msgspec.structs.replace(command, force=True))
        return refusal

    def tell_end(self, event: AnyEvent) -> None:
        """Tell how a run ended that was just triggered here."""
        if isinstance(event, RunEnded):
            self._tell_end(event.job)

    def _tell_end(self, job: str) -> None:
        """Tell of the run that was triggered last if it is the job's newest that ended."""
        view = self.picture.snapshot.jobs.get(job)
        past = view.recent[-1] if view is not None and view.recent else None
        run, since = self._triggered
        if past is None or past.run != run or self.now() - since > TOLD_END:
            return
        how = past.outcome.replace("_", " ")
        is_bad = past.outcome in FAILED
        how += f": {past_text(past)}" if past.outcome == "failed" else ""
        took = f" in {duration(past.duration)}" if past.duration is not None else ""
        self.tell(f"run {run} of {job}: {how}{took}", is_bad=is_bad)

    def ask(self, question: Ask, then: Callable[[str], object]) -> None:
        """Ask, and act on an answer that is not a no."""

        def done(answer: str | None) -> None:
            if answer:
                then(answer)

        self.push_screen(question, done)

    async def wait_answer(self, question: Ask) -> str:
        """Ask, and return the answer; only for what runs beside the screen."""
        return await self.push_screen_wait(question) or ""

    def known(self, jobs: Sequence[str]) -> list[str]:
        """Return those of `jobs` that are in the file."""
        return [job for job in jobs if job in self.picture.snapshot.jobs]

    def ask_trigger(self, jobs: Sequence[str], *, with_params: bool = False) -> None:
        """Ask, then run jobs now; pressing the key twice is enough.

        One that needs params, or has some and is to be run `with_params`, has them chosen first.
        """
        if not self.may_act():
            return
        known = self.known(jobs)
        params = {job: self.picture.snapshot.jobs[job].job.params for job in known}
        needy = [job for job in known if any(each.default is None for each in params[job].values())]
        if len(known) == 1 and (needy or (with_params and params[known[0]])):
            self._ask_params(known[0])
            return
        if with_params and known:
            several = f"{known[0]} has no params" if len(known) == 1 else "params are for one job"
            self.tell(f"{several}, {self.key('trigger')} runs {questions.names(known)}")
            return
        ready = [job for job in known if job not in needy]
        if ready:
            choose = self.key("trigger_with")
            question = questions.ask_trigger(self.picture.snapshot, ready, needy, choose=choose)
            views = self.picture.snapshot.jobs
            forced = {job for job in ready if questions.is_forced(views[job])}
            runs = [RunJob(job=job, force=job in forced) for job in ready]
            told = f"triggered {questions.named(ready)}"
            self.ask(question, lambda answer: self.send(*runs, said=told))
        elif needy:
            self.tell(f"they need params: {self.key('trigger_with')} on each of them", is_bad=True)

    def _ask_params(self, job: str) -> None:
        """Have the params of a job chosen, then run it."""
        view = self.picture.snapshot.jobs[job]
        doubt = questions.doubt_of(view)

        self.push_screen(RunDialog(job, view.job.params, [doubt] if doubt else []))

    def ask_again(self, run: int) -> None:
        """Have a run changed for this once, or not, and run it again."""
        if self.may_change() and self.may_act():
            self.run_worker(self._ask_again(run), group="ask-again", exclusive=True)

    async def _ask_again(self, run: int) -> None:
        try:
            detail = await self.control.query(ReadRun(run=run))
        except CrontermError as error:
            self.tell(str(error), is_bad=True)
            return
        assert isinstance(detail, RunDetail)
        if not detail.definition:
            runs = f"{self.key('trigger')} runs {detail.row.job}"
            self.tell(f"run {run} never started, {runs}", is_bad=True)
            return
        view = self.picture.snapshot.jobs.get(detail.row.job)
        doubt = questions.doubt_of(view, is_again=True) if view is not None else ""
        definition = msgspec.json.decode(detail.definition, type=Job)
        self.push_screen(AgainDialog(detail.row, definition, [doubt] if doubt else []))

    def ask_skip(self, job: str) -> None:
        """Ask, then skip the next run of a job, or lift the last skip that is still to come."""
        if not self.may_act():
            return
        view = self.picture.snapshot.jobs.get(job)
        due_at = view.next_at if view is not None else None
        skipped = view.skipped(self.now()) if view is not None else ()
        if due_at is None and not skipped:
            self.tell(f"{job} is not due by itself")
            return

        def skip(answer: str) -> None:
            at = skipped[-1] if answer == "lift" else due_at
            self.send(SkipNext(job=job, due_at=at, undo=answer == "lift"))

        when = day_moment(due_at, self.now()) if due_at is not None else ""
        before = day_moment(skipped[-1], self.now()) if skipped else ""
        trigger, undo = self.key("trigger"), self.key("undo")
        why = self.picture.from_here("`cronterm why`")
        self.ask(questions.ask_skip(job, when, trigger, undo, before, why=why), skip)

    def ask_delete(self, jobs: Sequence[str]) -> None:
        """Ask, then delete jobs from the file."""
        if not self.may_act():
            return
        if known := self.known(jobs):
            question = questions.ask_delete(self.picture.snapshot, known, self.key("undo"))
            self.ask(question, lambda answer: self.run_worker(self._delete(known), group=SENDING))

    async def _delete(self, jobs: Sequence[str]) -> None:
        """Delete job after job; one undo brings all of them back."""
        sha, but, diff = self.picture.snapshot.read_sha256, "", ""
        back: list[AnyCommand] = []
        for job in jobs:
            answer = await self.deliver(DeleteJob(job=job, based_on=sha), is_quiet=True)
            if answer is None or not answer.ok:
                break
            sha, but, diff = answer.sha256, answer.not_in_force, diff + answer.diff
            back.insert(0, UndoEdit(based_on=sha))
        if back:
            whom = questions.named(jobs[: len(back)])
            told = f"deleted {whom}{f', but {but}' if but else ''}"
            again = f"{whom} are back: undid their deletion"
            self.keep(*back, said=told, diff=diff, brings=jobs[0], undone=again)
            self.tell(f"{told} — {self.key('undo')} undoes it", is_bad=bool(but))

    def keep(
        self, *back: AnyCommand, said: str, diff: str = "", brings: str = "", undone: str = ""
    ) -> None:
        """Keep what takes `back` what was just done here, and what job it `brings` back.

        What is `undone` is told then where more than one command is needed.
        """
        self._changes.add(Change(back, said, self.now(), diff, brings, undone))

    def undo(self) -> None:
        """Undo the last change made here, once what was asked for before is answered.

        One that is older, or stands before one that was taken back, is asked about.
        """
        if self.may_act():
            self.once_answered(self._take_back)

    def go_on(self, sending: Coroutine[Any, Any, object]) -> None:
        """Send what was asked for to its end, also where its page is left meanwhile."""
        self.run_worker(sending, group=SENDING)

    def once_answered(self, act: Callable[[], object]) -> None:
        """Do something once all that was asked for until now is answered."""
        before = [work for work in self.workers if work.group == SENDING]
        self.run_worker(self._once_answered(before, act), group=UNDOING)

    async def _once_answered(
        self, before: Sequence[Worker[object]], act: Callable[[], object]
    ) -> None:
        for work in before:
            await work.wait()
        act()

    def _take_back(self) -> None:
        change = self._changes.newest
        if change is None:
            self.go_on(self._offer_last_edit())
        elif self._changes.is_meant(change, self.now()):
            self._undo(change)
        else:
            question = questions.ask_undo(change, self.now())
            self.ask(question, lambda _: self._undo(change))

    async def _offer_last_edit(self) -> None:
        """Ask whether the last edit of the file is taken back, wherever it was made."""
        look = UndoEdit(based_on=self.picture.snapshot.read_sha256, dry_run=True)
        answer = await self.deliver(look, is_quiet=True, expects="invalid")
        if answer is not None and answer.ok:
            back = UndoEdit(based_on=answer.sha256)
            self.ask(questions.ask_undo_edit(answer), lambda _: self.send(back))
        elif answer is not None:
            why = f": {answer.message} — {answer.hint}" if answer.hint else ""
            self.tell(f"nothing to undo{why}")

    def _undo(self, change: Change) -> None:
        self.send(*self._changes.take(change), said=change.undone)
        if change.brings:  # else the next key would mean the job that took its place
            self.once_answered(lambda: self.show_job(change.brings, comes_back=True))

    def show_job(self, job: str, *, comes_back: bool = False) -> None:
        """Put the cursor of the table on a job, as soon as it is there or there again."""
        raise NotImplementedError
