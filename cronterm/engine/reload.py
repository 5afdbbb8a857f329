"""Keeps the definitions in step with the jobs file, and the jobs file in step with edits.

Every way of saving counts; a file with problems leaves the definitions before it in force.
Reading and parsing happen on a thread: a reload never waits for runs, and no run for a reload.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from cronterm.clock import Clock
from cronterm.config.edit import unified_diff
from cronterm.config.gather import digest, folder_beside, is_folder
from cronterm.config.load import Loaded, emptiness, is_suspicious
from cronterm.core.base import ConfigChanged
from cronterm.engine.edits import (
    Change,
    Done,
    Edit,
    Target,
    changes_of,
    done_answer,
    loaded_after,
    new_problems,
    not_in_force,
    spliced,
    write_changes,
)
from cronterm.engine.engine import Engine
from cronterm.engine.last_good import LastGood
from cronterm.engine.monitors import Monitors, UnknownMonitor
from cronterm.engine.reading import Reader
from cronterm.engine.watching import Places
from cronterm.errors import CrontermError
from cronterm.model.command import (
    AddJob,
    Answer,
    DefineMonitor,
    DropMonitor,
    EditJob,
    RenameJob,
    TryJob,
    UndoEdit,
)
from cronterm.model.event import AnyEvent, ConfigLoaded, ConfigRejected
from cronterm.model.job import Job
from cronterm.model.notifier import Notifier
from cronterm.model.problem import Problem

log = logging.getLogger("cronterm.reload")

SECOND_LOOK_S = 1.0  # CONTRACTS 21: a file that loses most jobs is read twice before it is believed
UNDO_DEPTH = 50  # a session's edits; the file's own history is the user's
KNOWN_TEXTS = 8  # what an edit may be based on and still be shown what it missed


class Definitions:
    """Reads the jobs file, tells the engine, carries out edits. `path` names it in messages."""

    def __init__(
        self, path: Path, *, cache: Path, clock: Clock, local_timezone: str, engine: Engine
    ) -> None:
        self.path = path
        self._clock = clock
        self._local_timezone = local_timezone
        self._engine = engine
        self.notifiers: Mapping[str, Notifier] = {}
        """How people are reached, by the definitions in force."""
        self._last_good = LastGood(cache)
        self._reader = Reader(path, cache, local_timezone=local_timezone)
        self.monitors = Monitors(path.parent)
        self._in_force = Loaded.empty()
        self._ids: set[str] = set()
        self._was_folder = False
        self._seen = ""
        self._seen_text = ""
        self._beside: dict[str, str] = {}
        self.places = Places()
        """Where the files that were read last lie."""
        self.follow: Callable[[Places, str], None] = lambda places, known: None
        """Called on a thread when they lie elsewhere, with the digest of the jobs file."""
        self._said: tuple[Problem, ...] = ()
        """The problems of the newest file; its place may have some that its text has not."""
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._undo: list[Done] = []
        """The newest last."""
        self._turn = asyncio.Lock()  # an edit and a reload read and tell in one go each

    @property
    def seen(self) -> str:
        """The sha256 of the file itself as it was read last, empty when there was none."""
        return "" if self._seen_text == "" else digest(self._seen_text)

    async def read(self) -> Loaded:
        """Read the files as they are now, on a thread."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> Loaded:
        if not self._ids and self._is_still_to_be_written():
            return Loaded.empty()  # as at the start: nothing is lost, it is still to be written
        if self._ids and not self._was_folder and is_folder(self.path):
            problem = Problem(
                file=str(self.path),
                message="is not a regular file any more",
                hint="start the engine again to read the directory",
            )
            return Loaded(sha256="", text="", problems=(problem,))
        return self._reader.read(self._last_good.texts)

    def _is_still_to_be_written(self) -> bool:
        try:
            self.path.stat()
        except FileNotFoundError:
            return folder_beside(self.path) is None
        except OSError:
            pass
        return False

    async def last_good(self) -> Loaded | None:
        """Return the newest definitions that were in force, or None."""
        return await asyncio.to_thread(
            self._last_good.load, self.path, local_timezone=self._local_timezone
        )

    async def keep(self, loaded: Loaded) -> None:
        """Keep the text of definitions that are in force, for a start on a broken file."""
        await asyncio.to_thread(self._last_good.keep, loaded)
        await asyncio.to_thread(self._reader.save)

    def adoption(self, loaded: Loaded) -> tuple[ConfigChanged, AnyEvent]:
        """Return what the engine is told when `loaded` comes into force."""
        self._ids = {job.id for job in loaded.jobs}
        self._was_folder = is_folder(self.path)
        self._note(loaded)
        self._in_force = loaded
        self.notifiers = loaded.notifiers
        settings = loaded.settings
        changed = self._changed()
        at = self._clock.now().utc
        fact = ConfigLoaded(at=at, sha256=loaded.sha256, settings=settings, jobs=len(loaded.jobs))
        return changed, fact

    def _changed(self) -> ConfigChanged:
        """Return all definitions: those of the file, and the monitors it does not hide."""
        loaded = self._in_force
        monitors = self.monitors.jobs(self._ids, loaded.settings.timezone)
        return ConfigChanged((*loaded.jobs, *monitors), loaded.settings, loaded.sha256)

    async def define(self, command: DefineMonitor | DropMonitor, *, by: str) -> Answer:
        """Define or drop a monitor; answered after the commit."""
        async with self._turn:
            at = self._clock.now().utc
            fact: AnyEvent
            try:
                if isinstance(command, DefineMonitor):
                    fact = self.monitors.define(command, self._ids, by=by, at=at)
                else:
                    fact = self.monitors.drop(command, self._ids, at=at)
            except UnknownMonitor as error:
                return Answer(ok=False, kind="unknown_job", message=error.message)
            except CrontermError as error:
                return Answer(ok=False, kind="invalid", message=error.message, hint=error.hint)
            is_recorded = await self._engine.record(self._changed(), facts=[fact])
        verb = "defined" if isinstance(command, DefineMonitor) else "dropped"
        if not is_recorded:
            message = "the history cannot be written; it counts once it can be again"
            return Answer(ok=False, message=message)
        n = self._engine.bus.snapshot.n
        return Answer(ok=True, n=n, message=f"{verb} {command.job}")

    def rejection(self, loaded: Loaded) -> ConfigRejected:
        """Return the fact that `loaded` has problems."""
        self._note(loaded)
        return ConfigRejected(
            at=self._clock.now().utc,
            sha256=loaded.sha256,
            problems=loaded.problems,
            is_partial=loaded.is_usable,
        )

    def _note(self, loaded: Loaded) -> None:
        self._seen = loaded.sha256
        self._seen_text = loaded.text
        self._beside = loaded.beside
        self._said = loaded.problems
        self.places = Places.of(loaded)
        self._texts[loaded.sha256] = loaded.text
        self._texts.move_to_end(loaded.sha256)
        if len(self._texts) > KNOWN_TEXTS:
            self._texts.popitem(last=False)

    async def reload(self, *, is_asked: bool = False) -> Answer:
        """Read the file again and tell the engine; unasked, the same content is not news."""
        async with self._turn:
            return await self._reload(is_asked=is_asked)

    async def _reload(self, *, is_asked: bool) -> Answer:
        before = self.places
        answer = await self._read_and_tell(is_asked=is_asked)
        if self.places != before:
            await asyncio.to_thread(self.follow, self.places, self.seen)
        return answer

    async def _read_and_tell(self, *, is_asked: bool) -> Answer:
        loaded = await self.read()
        if not is_asked and is_suspicious(self._ids, loaded):
            await asyncio.sleep(SECOND_LOOK_S)
            loaded = self._unless_empty(await self.read())
        now = (loaded.sha256, loaded.problems, loaded.beside)
        if now == (self._seen, self._said, self._beside) and not is_asked:
            return Answer(ok=True, message="nothing changed", sha256=loaded.sha256)
        if not loaded.is_usable:
            return self._reject(loaded)
        for warning in loaded.warnings:
            log.warning("%s", warning)
        changed, fact = self.adoption(loaded)
        facts = [fact, self.rejection(loaded)] if loaded.problems else [fact]
        await self._engine.record(changed, facts=facts)  # the answer: it is in force
        await self.keep(loaded)
        if loaded.problems:
            return _refusal(loaded)
        message = f"loaded {len(loaded.jobs)} jobs"
        if not loaded.jobs and self._is_still_to_be_written():
            message = f"{self.path.name} does not exist yet"
        return Answer(ok=True, message=message, sha256=loaded.sha256)

    def _unless_empty(self, loaded: Loaded) -> Loaded:
        """Return `loaded`, with a problem where nobody can have meant it (CONTRACTS 21)."""
        empty = emptiness(self.path, loaded)
        if empty is None:
            return loaded
        return msgspec.structs.replace(loaded, problems=(empty,), good=())

    def _reject(self, loaded: Loaded) -> Answer:
        self._engine.tell(facts=[self.rejection(loaded)])
        return _refusal(loaded)

    # -- edits -----------------------------------------------------------------------------------

    async def edit(self, command: Edit) -> Answer:
        """Carry out an edit: splice, read back, write beside and rename, take it into force."""
        async with self._turn:
            loaded = await self.read()
            if not loaded.sha256:
                if self.path.exists():
                    return Answer(ok=False, kind="invalid", message=str(loaded.problems[0]))
                loaded = Loaded.empty()  # the first job makes the file
            try:
                if isinstance(command, UndoEdit):
                    changes = [self._undone(command, loaded)]
                    if command.dry_run:
                        undone = self._undo[-1].edit
                        return done_answer(command, changes, sha256=loaded.sha256, undone=undone)
                    await self._give_name_back(changes[0].target)
                else:
                    changes = changes_of(command, loaded, self.path)
                    target = changes[0].target
                    if command.based_on not in ("", loaded.sha256, target.sha256):
                        return self._stale(command, loaded, target)
            except _Stale:
                return self._stale(command, loaded, Target(self.path, loaded.text))
            except CrontermError as error:
                return Answer(ok=False, kind="invalid", message=error.message, hint=error.hint)
            if not isinstance(command, UndoEdit):
                after = await asyncio.to_thread(self._after, changes)
                if problems := new_problems(after, loaded):
                    return Answer(ok=False, kind="invalid", message=str(problems[0]))
                if command.dry_run:
                    but = not_in_force(changes, after.problems, is_usable=after.is_usable)
                    return done_answer(command, changes, sha256=loaded.sha256, but=but)
            return await self._write(command, changes)

    async def _give_name_back(self, now: Target) -> None:
        """Before the text of a renamed job is put back, rename it: so its history goes back too."""
        done = self._undo[-1].edit
        if isinstance(done, RenameJob):
            back = RenameJob(job=done.new, new=done.job)
            await asyncio.to_thread(write_changes, [Change(now, spliced(back, now))])
            await self._reload(is_asked=True)

    async def tried(self, command: TryJob) -> Job:
        """Return what a job would be after an edit. Raises `CrontermError` where it cannot be."""
        async with self._turn:
            loaded = await self.read()
            is_new = all(job.id != command.job for job in loaded.jobs)
            edit = AddJob if is_new and command.is_new else EditJob
            changes = changes_of(edit(job=command.job, words=command.words), loaded, self.path)
            after = await asyncio.to_thread(self._after, changes)
            found = next((job for job in after.jobs if job.id == command.job), None)
            problems = new_problems(after, loaded)
            if problems or found is None:
                why = [*problems, *after.problems, f"there is no job {command.job}"]
                raise CrontermError(str(why[0]))
            return found

    async def _write(self, command: Edit, changes: Sequence[Change]) -> Answer:
        try:
            await asyncio.to_thread(write_changes, changes)
        except CrontermError as error:
            return Answer(ok=False, message=error.message)
        answer = await self._reload(is_asked=True)
        undone = None
        if isinstance(command, UndoEdit):
            undone = self._undo.pop().edit
        elif len(changes) == 1:
            done = Done(answer.sha256, changes[0].target, digest(changes[0].text), command)
            self._undo = [*self._undo, done][-UNDO_DEPTH:]
        is_usable = self._in_force.problems == self._said
        but = not_in_force(changes, self._said, is_usable=is_usable)
        return done_answer(command, changes, sha256=answer.sha256, undone=undone, but=but)

    def _stale(self, command: Edit, loaded: Loaded, target: Target) -> Answer:
        known = self._texts.get(command.based_on)
        diff = "" if known is None else unified_diff(known, target.text, target.path.name)
        return Answer(
            ok=False,
            kind="stale",
            message=f"{target.path.name} was changed by someone else meanwhile",
            hint="look at the change and try again",
            diff=diff,
            sha256=loaded.sha256,
        )

    def _undone(self, command: UndoEdit, loaded: Loaded) -> Change:
        """Return the file of the last edit, and its text before it."""
        if loaded.sha256 != command.based_on:
            raise _Stale
        if not self._undo:
            raise CrontermError("there is nothing to undo")
        done = self._undo[-1]
        path = done.target.path
        now = Target(path, loaded.texts.get(str(path), ""))
        if command.based_on not in (done.sha256, done.written) or now.sha256 != done.written:
            old = f"{path.name}~1"
            raise CrontermError("the file was changed meanwhile", f"{old} has the old text")
        return Change(now, done.target.text)

    def _after(self, changes: Sequence[Change]) -> Loaded:
        """Return what the files would say after an edit."""
        given = {"local_timezone": self._local_timezone, "last_good": self._last_good.texts}
        return loaded_after(changes, self.path, **given)


def _refusal(loaded: Loaded) -> Answer:
    first, more = loaded.problems[0], len(loaded.problems) - 1
    also = f" and {more} more" if more else ""
    return Answer(ok=False, kind="invalid", message=f"{first}{also}", sha256=loaded.sha256)


class _Stale(Exception):
    """The edit was made on files that are others now."""
