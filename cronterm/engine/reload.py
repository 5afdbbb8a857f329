"""Keeps the definitions in step with the jobs file, and the jobs file in step with edits.

Every way of saving counts; a file with problems leaves the definitions before it in force.
Reading and parsing happen on a thread: a reload never waits for runs, and no run for a reload.
"""

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from cronterm.clock import Clock
from cronterm.config.edit import add_job, delete_job, edit_job, unified_diff, write_atomically
from cronterm.config.load import Loaded, is_suspicious, load, load_text
from cronterm.core.base import ConfigChanged
from cronterm.engine.engine import Engine
from cronterm.errors import CrontermError
from cronterm.model.command import AddJob, Answer, DeleteJob, EditJob, UndoEdit
from cronterm.model.event import AnyEvent, ConfigLoaded, ConfigRejected
from cronterm.model.problem import Problem

log = logging.getLogger("cronterm.reload")

SECOND_LOOK_S = 1.0  # CONTRACTS 21: a file that loses most jobs is read twice before it is believed
UNDO_DEPTH = 50  # a session's edits; the file's own history is the user's
KNOWN_TEXTS = 8  # what an edit may be based on and still be shown what it missed

Edit = AddJob | EditJob | DeleteJob | UndoEdit


class LastGood:
    """The newest text that loaded without a problem, kept beside the history.

    An engine that starts on a broken file goes on with it.
    """

    def __init__(self, cache: Path) -> None:
        self._path = cache / "last-good.yaml"
        self._beside = cache / "last-good-beside.json"

    def keep(self, text: str, texts: Mapping[str, str] | None = None) -> None:
        """Keep `text`, and the `texts` of further files; a full disk only loses this safety net."""
        try:
            if texts or self._beside.exists():
                beside = msgspec.json.encode(texts or {}).decode()
                write_atomically(self._beside, beside, keep_old=False)
            write_atomically(self._path, text, keep_old=False)
        except OSError as error:
            log.warning("the last good jobs file was not kept: %s", error)

    def load(self, path: Path, *, local_timezone: str) -> Loaded | None:
        """Return what was kept, read as if it stood in `path`, or None."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None
        loaded = load_text(
            text, path=path, local_timezone=local_timezone, texts=self._texts_beside()
        )
        return None if loaded.problems else loaded

    def _texts_beside(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self._beside.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.DecodeError):
            return {}


class Definitions:
    """Reads the jobs file, tells the engine, carries out edits. `path` names it in messages."""

    def __init__(
        self, path: Path, *, cache: Path, clock: Clock, local_timezone: str, engine: Engine
    ) -> None:
        self.path = path
        self._clock = clock
        self._local_timezone = local_timezone
        self._engine = engine
        self._last_good = LastGood(cache)
        self._ids: set[str] = set()
        self._seen = ""
        self.files: dict[str, str] = {}
        """The sha256 of each further file that was read last, empty for one that could not be."""
        self._beside: dict[str, str] = {}
        self._said: tuple[Problem, ...] = ()
        """The problems of the newest file; its place may have some that its text has not."""
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._undo: list[tuple[str, str]] = []
        """(sha256 after the edit, text before it), the newest last."""
        self._turn = asyncio.Lock()  # an edit and a reload read and tell in one go each

    @property
    def seen(self) -> str:
        """The sha256 of the file that was read last, empty when there was none."""
        return "" if self._seen == Loaded.empty().sha256 else self._seen

    async def read(self) -> Loaded:
        """Read the file as it is now, on a thread."""
        return await asyncio.to_thread(load, self.path, local_timezone=self._local_timezone)

    async def last_good(self) -> Loaded | None:
        """Return the newest definitions that were in force, or None."""
        return await asyncio.to_thread(
            self._last_good.load, self.path, local_timezone=self._local_timezone
        )

    async def keep(self, loaded: Loaded) -> None:
        """Keep the text of definitions that are in force, for a start on a broken file."""
        await asyncio.to_thread(self._last_good.keep, loaded.text, loaded.texts)

    def adoption(self, loaded: Loaded) -> tuple[ConfigChanged, AnyEvent]:
        """Return what the engine is told when `loaded` comes into force."""
        self._ids = {job.id for job in loaded.jobs}
        self._note(loaded)
        settings = loaded.settings
        changed = ConfigChanged(loaded.jobs, settings, loaded.sha256)
        at = self._clock.now().utc
        fact = ConfigLoaded(at=at, sha256=loaded.sha256, settings=settings, jobs=len(loaded.jobs))
        return changed, fact

    def rejection(self, loaded: Loaded) -> ConfigRejected:
        """Return the fact that `loaded` has problems."""
        self._note(loaded)
        return ConfigRejected(
            at=self._clock.now().utc, sha256=loaded.sha256, problems=loaded.problems
        )

    def _note(self, loaded: Loaded) -> None:
        self._seen = loaded.sha256
        self.files = {
            path: hashlib.sha256(text.encode()).hexdigest() if text else ""
            for path, text in loaded.texts.items()
        }
        self._beside = loaded.texts
        self._said = loaded.problems
        self._texts[loaded.sha256] = loaded.text
        self._texts.move_to_end(loaded.sha256)
        if len(self._texts) > KNOWN_TEXTS:
            self._texts.popitem(last=False)

    async def reload(self, *, is_asked: bool = False) -> Answer:
        """Read the file again and tell the engine; unasked, the same content is not news."""
        async with self._turn:
            return await self._reload(is_asked=is_asked)

    async def _reload(self, *, is_asked: bool) -> Answer:
        loaded = await self.read()
        if not is_asked and is_suspicious(self._ids, loaded):
            await asyncio.sleep(SECOND_LOOK_S)
            loaded = self._unless_empty(await self.read())
        now = (loaded.sha256, loaded.problems, loaded.texts)
        if now == (self._seen, self._said, self._beside) and not is_asked:
            return Answer(ok=True, message="nothing changed", sha256=loaded.sha256)
        if loaded.problems:
            return self._reject(loaded)
        for warning in loaded.warnings:
            log.warning("%s", warning)
        changed, fact = self.adoption(loaded)
        self._engine.tell(changed, facts=[fact])
        await self.keep(loaded)
        return Answer(ok=True, message=f"loaded {len(loaded.jobs)} jobs", sha256=loaded.sha256)

    def _unless_empty(self, loaded: Loaded) -> Loaded:
        """Return `loaded`, with a problem where nobody can have meant it (CONTRACTS 21)."""
        if loaded.problems or loaded.text.strip():
            return loaded
        empty = Problem(
            file=str(self.path), message="is empty", hint="`jobs: {}` is how to have no jobs"
        )
        return msgspec.structs.replace(loaded, problems=(empty,))

    def _reject(self, loaded: Loaded) -> Answer:
        self._engine.tell(facts=[self.rejection(loaded)])
        first, more = loaded.problems[0], len(loaded.problems) - 1
        also = f" and {more} more" if more else ""
        return Answer(ok=False, kind="invalid", message=f"{first}{also}", sha256=loaded.sha256)

    # -- edits -----------------------------------------------------------------------------------

    async def edit(self, command: Edit) -> Answer:
        """Carry out an edit: splice, read back, write beside and rename, take it into force."""
        async with self._turn:
            loaded = await self.read()
            if not loaded.sha256:
                if self.path.exists():
                    return Answer(ok=False, kind="invalid", message=str(loaded.problems[0]))
                loaded = Loaded.empty()  # the first job makes the file
            if loaded.sha256 != command.based_on:
                return self._stale(command, loaded)
            try:
                new = self._spliced(command, loaded.text)
            except CrontermError as error:
                return Answer(ok=False, kind="invalid", message=error.message, hint=error.hint)
            problems = await asyncio.to_thread(self._problems, new)
            if problems and not isinstance(command, UndoEdit):
                return Answer(ok=False, kind="invalid", message=problems[0])
            try:
                await asyncio.to_thread(write_atomically, self.path, new)
            except OSError as error:
                return Answer(ok=False, message=f"{self.path.name} was not written: {error}")
            answer = await self._reload(is_asked=True)
            if isinstance(command, UndoEdit):
                self._undo.pop()
            else:
                written = hashlib.sha256(new.encode("utf-8")).hexdigest()
                self._undo = [*self._undo, (written, loaded.text)][-UNDO_DEPTH:]
            diff = unified_diff(loaded.text, new, self.path.name)
            return Answer(ok=True, message=_done(command), diff=diff, sha256=answer.sha256)

    def _stale(self, command: Edit, loaded: Loaded) -> Answer:
        known = self._texts.get(command.based_on)
        diff = "" if known is None else unified_diff(known, loaded.text, self.path.name)
        return Answer(
            ok=False,
            kind="stale",
            message=f"{self.path.name} was changed by someone else meanwhile",
            hint="look at the change and try again",
            diff=diff,
            sha256=loaded.sha256,
        )

    def _spliced(self, command: Edit, text: str) -> str:
        match command:
            case AddJob(job=job, words=words):
                return add_job(text, job, words)
            case EditJob(job=job, words=words):
                return edit_job(text, job, words)
            case DeleteJob(job=job):
                return delete_job(text, job)
            case UndoEdit():
                if not self._undo:
                    raise CrontermError("there is nothing to undo")
                sha, before = self._undo[-1]
                if sha != command.based_on:
                    old = f"{self.path.name}~1"
                    raise CrontermError("the file was changed meanwhile", f"{old} has the old text")
                return before

    def _problems(self, text: str) -> Sequence[str]:
        loaded = load_text(text, path=self.path, local_timezone=self._local_timezone)
        return [str(problem) for problem in loaded.problems]


def _done(command: Edit) -> str:
    match command:
        case AddJob(job=job):
            return f"added {job}"
        case EditJob(job=job):
            return f"changed {job}"
        case DeleteJob(job=job):
            return f"deleted {job}"
        case UndoEdit():
            return "undid the last edit"
