"""One reading of all files of a set, and what they say together."""

import contextlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from cronterm.config.document import Ids, name_keys, read_defaults, read_head, read_jobs
from cronterm.config.fields import Enough, Values
from cronterm.config.gates import Reference, check_cycles, check_references
from cronterm.config.gather import (
    SYSTEM_FILE,
    Document,
    Gathering,
    Unit,
    digest,
    folder_beside,
    is_folder,
    members,
)
from cronterm.config.identity import check_names
from cronterm.config.job import Context, merge
from cronterm.config.notify import ToldName, check_told
from cronterm.config.reader import Node, short
from cronterm.model.job import Job, Settings
from cronterm.model.notifier import Notifier
from cronterm.model.problem import Problem
from cronterm.model.rule import Rule
from cronterm.schedule.base import CalendarSpec


class Known(NamedTuple):
    """What may be named besides what the files say themselves: for a part of them."""

    calendars: Mapping[str, CalendarSpec] = {}
    pools: Mapping[str, int] = {}
    jobs: Collection[str] = ()
    notifiers: Mapping[str, str] = {}
    alert_policies: Mapping[str, tuple[Rule, ...]] = {}


@dataclass(frozen=True)
class Request:
    """What is read, and what stands in for files on the disk."""

    path: Path
    local_timezone: str
    uid: int
    texts: Mapping[str, str] = field(default_factory=dict)
    last_good: Mapping[str, str] = field(default_factory=dict)
    system_file: Path = SYSTEM_FILE
    known: Known = field(default_factory=Known)


class Attempt:
    """One reading of all files.

    The units in `old` are read as they last were good, or left out, those in `without` left out.
    """

    def __init__(
        self,
        request: Request,
        *,
        old: frozenset[str] = frozenset(),
        without: frozenset[str] = frozenset(),
    ) -> None:
        self._request = request
        self.old, self.without = old, without
        self._gathering = Gathering(uid=request.uid, texts=request.texts)
        self.folder_problem: Problem | None = None
        self.units: list[Unit] = []
        self.jobs: list[Job] = []
        self.settings = Settings(timezone=request.local_timezone)
        self.notifiers: dict[str, Notifier] = {}
        """How each is reached."""
        self._told: list[ToldName] = []
        self._ids: Ids = {}
        self._names: dict[tuple[str, str], tuple[Unit, Document, Node]] = {}

    def gather(self) -> None:
        """Read the files, without a look at what they say."""
        self.units = self._gathered()

    def read(self) -> None:
        """Read everything."""
        self.gather()
        documents = [document for unit in self.units for document in unit.documents]
        values, base = self._merged_heads()
        self.settings = Settings(**values)
        bases: dict[int, Values] = {}
        contexts = {}
        for document in reversed(documents):  # what includes comes before what is included
            above = base if document.parent is None else bases[id(document.parent)]
            context = Context(
                document.reading,
                document.path,
                self.settings.timezone,
                above,
                self._request.uid,
                told=self._told,
                calendars=self.settings.calendars,
            )
            contexts[id(document)] = context
            with contextlib.suppress(Enough):
                read_defaults(context, document)
            bases[id(document)] = context.base
        # A file in its last good version yields to those of now.
        self._read_units((unit for unit in self.units if not unit.is_old), contexts)
        fresh = tuple(self.jobs)
        self._read_units((unit for unit in self.units if unit.is_old), contexts)
        references = [each for document in documents for each in contexts[id(document)].references]
        # A job with a problem of its own is there all the same: what names it is not wrong.
        known = {*self._request.known.jobs, *(place.job_id for place in self._ids.values())}
        with contextlib.suppress(Enough):
            check_names(fresh, self._ids)
            check_references(references, jobs=known, pools=self.settings.pools)
            check_cycles(references, self.jobs)
            settings = self.settings
            check_told(self._told, notifiers=settings.notifiers, policies=settings.alert_policies)
        with contextlib.suppress(Enough):
            self._follow_gone([each for each in references if each.kind == "job"])

    def _follow_gone(self, references: Iterable[Reference]) -> None:
        """Note what names jobs of files that go without a version to go on with, all the way."""
        gone = [unit for unit in self.bad_units() if self._goes(unit)]
        if not gone:
            return
        unit_of = {id(each.reading): unit for unit in self.units for each in unit.documents}
        naming: dict[str, list[Reference]] = {}
        for each in references:
            naming.setdefault(each.name, []).append(each)
        jobs_in: dict[int, list[str]] = {}
        for place in self._ids.values():
            jobs_in.setdefault(id(unit_of[id(place.reading)]), []).append(place.job_id)
        seen = {id(unit) for unit in self.bad_units()}
        while gone:
            for job in jobs_in.get(id(gone.pop()), ()):
                for each in naming.get(job, ()):
                    unit = unit_of[id(each.reading)]
                    if id(unit) in seen:
                        continue
                    seen.add(id(unit))
                    message = f"the file of {short(job)} has problems"
                    each.reading.note(each.node, each.path, message)
                    if self._goes(unit):
                        gone.append(unit)

    def _goes(self, unit: Unit) -> bool:
        """Tell whether there will be nothing of a bad file."""
        return unit.is_alone and (unit.is_old or str(unit.path) not in self._request.last_good)

    def _read_units(self, units: Iterable[Unit], contexts: Mapping[int, Context]) -> None:
        for unit in units:
            for document in unit.documents:
                with contextlib.suppress(Enough):
                    self._read_jobs(contexts[id(document)], document, is_old=unit.is_old)

    def _gathered(self) -> list[Unit]:
        """Return the files: what the others belong to comes last."""
        path, gathering = self._request.path, self._gathering
        if str(path) not in self._request.texts and is_folder(path):
            return [unit for each in self._members(path) if (unit := self._member(each, None))]
        main = gathering.unit(path)
        folder = folder_beside(path, self._request.system_file)
        if folder is None:
            return [main]
        if not path.exists() and str(path) not in self._request.texts:
            main.documents = []
        parent = main.documents[-1] if main.documents else None
        units = [self._member(each, parent) for each in self._members(folder)]
        return [*(unit for unit in units if unit), main]

    def _members(self, folder: Path) -> list[Path]:
        self._gathering.folders.add(folder)
        try:
            given = {Path(each) for each in self._request.texts if Path(each).parent == folder}
            return sorted({*members(folder), *given})
        except OSError as error:
            message = f"cannot be read: {error.strerror}"
            self.folder_problem = Problem(file=str(folder), message=message)
            return []

    def _member(self, path: Path, parent: Document | None) -> Unit | None:
        if str(path) not in self.old:
            return self._gathering.unit(path, parent=parent, is_alone=True)
        texts = self._request.last_good
        if str(path) not in texts or str(path) in self.without:
            return None
        unit = self._gathering.unit(path, parent=parent, is_alone=True, old=texts)
        return None if unit.problems else unit

    def _merged_heads(self) -> tuple[Values, Values]:
        """Return the settings of all files, and what they give the jobs as defaults.

        What includes wins over what it includes; beside each other, a setting stands once, and so
        does each name of a calendar or a pool in all files.
        """
        known = self._request.known
        values: Values = {
            "timezone": self._request.local_timezone,
            "calendars": dict(known.calendars),
            "pools": dict(known.pools),
            "notifiers": dict(known.notifiers),
            "alert_policies": dict(known.alert_policies),
        }
        base: Values = {}
        for unit in self.units:
            for document in unit.documents:
                with contextlib.suppress(Enough):
                    own = read_head(document, self._request.uid)
                    claim = partial(self._claim, unit, document)
                    mine = {word for word, key in own.keys.items() if claim("settings", word, key)}
                    values |= {word: value for word, value in own.values.items() if word in mine}
                    base = merge(base, {word: v for word, v in own.base.items() if word in mine})
                    for word, found in own.named.items():
                        keys = name_keys(document, word)
                        claimed = [name for name in found if claim(word, name, keys[name])]
                        values[word] = values.get(word, {}) | {
                            name: found[name] for name in claimed
                        }
                        if word == "notifiers":
                            self.notifiers |= {name: own.notifiers[name] for name in claimed}
                    self._told += own.told
        return values, base

    def _claim(self, unit: Unit, document: Document, word: str, name: str, key: Node) -> bool:
        """Tell whether a name means what this file says; note where another says it as well."""
        known, first, place = self._names.setdefault((word, name), (unit, document, key))
        if known.is_old and not unit.is_old:  # what is said now wins over what was good once
            self._names[word, name] = unit, document, key
        if first is document or known.is_old != unit.is_old:
            return first is document or known.is_old
        if word != "settings":
            what = f"{short(name)!r} stands twice"
        elif known is not unit and unit.is_alone and known.is_alone:
            what = f"{name!r} is set twice"
        else:
            return True
        message = f"{what}, first in {first.path}:{place.start_mark.line + 1}"
        document.reading.note(key, f"{word}.{short(name)}", message)
        return False

    def _read_jobs(self, context: Context, document: Document, *, is_old: bool) -> None:
        if "jobs" in document.top:
            self.jobs += read_jobs(context, document, self._ids, is_old=is_old)
        elif document.root is not None and not self._may_lack_jobs(document):
            hint = "add `jobs:` with a job below it"
            context.reading.note(document.root, "", "there is no `jobs`", hint)

    def _may_lack_jobs(self, document: Document) -> bool:
        """Tell whether a file may say nothing of jobs: others do, or it is broken anyway."""
        is_lonely = len(self.units) == 1 and len(self.units[0].documents) == 1
        may = not is_lonely or self.units[0].is_alone or "include" in document.top
        return may or bool(document.reading.problems)

    def bad_units(self) -> list[Unit]:
        """Return the units with problems."""
        return [unit for unit in self.units if unit.problems]

    def next(self) -> "Attempt":
        """Return the reading without what is bad in this one."""
        bad = self.bad_units()
        return Attempt(
            self._request,
            old=self.old | {str(unit.path) for unit in bad},
            without=self.without | {str(unit.path) for unit in bad if unit.is_old},
        )

    def problems(self) -> list[Problem]:
        """Return all problems."""
        found = [problem for unit in self.units for problem in unit.problems]
        return found if self.folder_problem is None else [self.folder_problem, *found]

    def beside(self) -> dict[str, str]:
        """Return the texts of further files that were read, by path."""
        readings = (document.reading for unit in self.units for document in unit.documents)
        return {path: text for reading in readings for path, text in reading.texts.items()}

    def folders(self) -> list[str]:
        """Return the directories where another file may appear."""
        return [str(folder) for folder in self._gathering.folders]

    def sha256(self) -> str:
        """Return the digest of the one file, or one over the names and digests of all."""
        documents = [document for unit in self.units for document in unit.documents]
        if len(documents) == 1 and documents[0].path == self._request.path:
            return documents[0].sha256
        lines = sorted(f"{document.path}\0{document.sha256}\n" for document in documents)
        return digest("".join(lines))
