"""The files of one set of definitions: a file with what it includes, or a directory of files."""

import glob
import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from cronterm.config.fields import Bad, Enough, Reading
from cronterm.config.json_text import compose_json
from cronterm.config.places import expand
from cronterm.config.reader import (
    LARGEST_FILE,
    MOST_VALUES,
    FileText,
    Node,
    Refused,
    Room,
    compose,
    read_file,
    short,
)
from cronterm.config.seeds import is_seed, read_seed
from cronterm.config.tree import MERGE, check_tree, lay_out_merges
from cronterm.config.words import LATER_TOP, TOP, WORDS
from cronterm.model.problem import Problem

SUFFIXES = (".yaml", ".yml", ".json")
SYSTEM_FILE = Path("/etc/cronterm/jobs.yaml")
BESIDE = "jobs.d"
MOST_FILES = 20_000
LONGEST_CHAIN = 20
SPARE = 2


@dataclass
class Document:
    """One file that was read: its problems so far, and its top words."""

    path: Path
    reading: Reading
    text: str = ""
    sha256: str = ""
    top: dict[str, tuple[Node, Node]] = field(default_factory=dict)
    root: Node | None = None
    parent: "Document | None" = None
    """What included it: its defaults reach down to here."""


@dataclass
class Share:
    """What may still be read."""

    characters: int
    values: int

    @property
    def is_used_up(self) -> bool:
        """Whether that is nothing."""
        return self.characters < 0 or self.values < 0


@dataclass
class Unit:
    """Files that stand or fall together: one with what it includes."""

    path: Path
    is_alone: bool
    """Its problems leave the others in force."""
    is_old: bool = False
    """Its last good version, in place of one with problems."""
    documents: list[Document] = field(default_factory=list)
    """What is included comes before what includes it."""

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with its files."""
        return [problem for each in self.documents for problem in each.reading.problems]


def is_folder(path: Path) -> bool:
    """Tell whether a jobs file is a directory of files."""
    return os.path.isdir(path)  # noqa: PTH112  Path.is_dir raises for NUL before 3.14


def folder_beside(path: Path, system_file: Path = SYSTEM_FILE) -> Path | None:
    """Return the directory that is read with a jobs file: only the system's has one."""
    beside = path.with_name(BESIDE)
    return beside if path == system_file and beside.is_dir() else None


def members(folder: Path) -> list[Path]:
    """Return the jobs files of a directory, by name. Raises OSError."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if is_member(entry.name))
    return [folder / name for name in names]


def is_member(name: str) -> bool:
    """Tell whether a file of this name belongs to a directory of jobs files."""
    return name.endswith(SUFFIXES) and not name.startswith(".")


class Gathering:
    """Reads the files of one set, each once. `texts` stand in place of what is on the disk."""

    def __init__(self, *, uid: int, texts: Mapping[str, str]) -> None:
        self._uid = uid
        self._texts = texts
        self._read: dict[str, Document] = {}
        self._left = Share(LARGEST_FILE, MOST_VALUES)
        self._spare = Share(SPARE * LARGEST_FILE, SPARE * MOST_VALUES)
        """For files that are refused: one of them leaves room for the others."""
        self.folders: set[Path] = set()
        """Directories where another file may appear."""

    def unit(
        self,
        path: Path,
        *,
        parent: Document | None = None,
        is_alone: bool = False,
        old: Mapping[str, str] | None = None,
    ) -> Unit:
        """Return a file and what it includes; `old` are the texts of its last good version."""
        unit = Unit(path, is_alone, is_old=old is not None)
        texts = self._texts if old is None else {**self._texts, **old}
        self._add(unit, path, parent, (), texts)
        return unit

    def _add(
        self,
        unit: Unit,
        path: Path,
        parent: Document | None,
        chain: tuple[Path, ...],
        texts: Mapping[str, str],
    ) -> None:
        document = Document(path, Reading(str(path)), parent=parent)
        document.reading.stand_ins = texts
        self._read[_real(path)] = document
        try:
            self._open(document, texts)
            for each in self._included(document, (*chain, path)):
                self._add(unit, each, document, (*chain, path), texts)
        except Refused as refused:
            document.reading.problems.append(refused.problem)
        except (Bad, Enough):
            pass
        unit.documents.append(document)

    def _open(self, document: Document, texts: Mapping[str, str]) -> None:
        path, name = document.path, str(document.path)
        file = FileText(texts[name], digest(texts[name]), False) if name in texts else None
        file = file or read_file(path, self._uid)
        document.text, document.sha256 = file.text, file.sha256
        if file.may_others_write:
            self._complain(document)
        room = Room(0 if self._spare.is_used_up else self._left.values)
        share = self._spare
        try:
            if room.most <= 0 and file.text.strip():
                raise Refused(Problem(file=name, message=room.message))
            if len(file.text) > self._left.characters or len(self._read) > MOST_FILES:
                most = f"{LARGEST_FILE >> 20} MiB or {MOST_FILES:,} files"
                raise Refused(Problem(file=name, message=f"with it there are more than {most}"))
            self._parse(document, room)
            share = self._left
        finally:
            share.characters -= len(file.text)
            share.values -= room.taken

    def _complain(self, document: Document) -> None:
        others = Problem(
            file=str(document.path),
            message="others may change this file or put another in its place",
            hint="chmod go-w the file and its directory, and own them",
        )
        into = document.reading.problems if self._uid == 0 else document.reading.warnings
        into.append(others)

    def _parse(self, document: Document, room: Room) -> None:
        reading, name = document.reading, str(document.path)
        is_json = document.path.suffix == ".json"
        root = (compose_json if is_json else compose)(document.text, name, room)
        if root is None:
            return
        found = check_tree(root, document.text, name, room)
        reading.problems += found
        if found:
            raise Bad
        if MERGE in document.text and not is_json:
            lay_out_merges(root)
        document.root = root
        if is_json and is_seed(root):
            document.top = {"jobs": (root, read_seed(reading, root))}
        else:
            document.top = reading.words(_without_job(reading, root), "", TOP, LATER_TOP)

    # -- include ---------------------------------------------------------------------------------

    def _included(self, document: Document, chain: tuple[Path, ...]) -> Iterable[Path]:
        """Yield the files that a document includes, in its order."""
        if "include" not in document.top:
            return
        reading, node = document.reading, document.top["include"][1]
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        own: set[str] = set()
        for number, item in enumerate(items):
            path = f"include.{number}"
            try:
                name = reading.line(item, path)
                if not name:
                    raise reading.bad(item, path, "the path is empty")
                name = expand(reading, item, path, name)
                pattern = os.path.normpath(document.path.parent / name)
                for each in self._matches(reading, item, path, pattern):
                    real = _real(each)
                    if real in own or (glob.has_magic(pattern) and each == document.path):
                        continue
                    own.add(real)
                    self._check(reading, item, path, each, chain)
                    yield each
            except Bad:
                continue

    def _matches(self, reading: Reading, item: Node, path: str, pattern: str) -> list[Path]:
        if not glob.has_magic(pattern):
            if is_folder(Path(pattern)):
                hint = f"write {short(str(item.value).rstrip('/'), 200)}/*.yaml"
                raise reading.bad(item, path, f"{short(pattern, 200)} is a directory", hint)
            if not os.path.exists(pattern):  # noqa: PTH110  may stand behind a closed door
                self.folders.add(Path(pattern).parent)
                raise reading.bad(item, path, f"{short(pattern, 200)} does not exist")
            return [Path(pattern)]
        parts = Path(pattern).parts
        fixed = next(n for n, part in enumerate(parts) if glob.has_magic(part))
        self.folders.add(Path(*parts[:fixed]))
        found = [Path(each) for each in sorted(glob.glob(pattern))]  # noqa: PTH207  a whole pattern
        self.folders |= {each.parent for each in found}
        return [each for each in found if is_member(each.name)]

    def _check(
        self, reading: Reading, item: Node, path: str, each: Path, chain: tuple[Path, ...]
    ) -> None:
        real = _real(each)
        way = [_real(known) for known in chain]
        if real in way:
            circle = [*chain[way.index(real) :], each]
            names = " → ".join(file.name for file in circle)
            raise reading.bad(item, path, f"the files include each other: {names}")
        if len(chain) > LONGEST_CHAIN:
            raise reading.bad(item, path, f"more than {LONGEST_CHAIN} files include each other")
        if (known := self._read.get(real)) is not None:
            first = known.parent.path if known.parent else "its directory"
            message = f"{short(str(each), 200)} is read already"
            raise reading.bad(item, path, message, f"through {first}: include it once")


def _without_job(reading: Reading, root: Node) -> Node:
    """Return the document without words of a job at its top, which are noted."""
    if not isinstance(root, yaml.MappingNode):
        return root
    astray = [key for key, _ in root.value if key.value in WORDS]
    for key in astray:
        hint = "write it below `jobs:` and the name of the job"
        reading.note(key, key.value, f"{key.value!r} is a word of a job", hint)
    left = [pair for pair in root.value if pair[0] not in astray]
    return yaml.MappingNode(root.tag, left, root.start_mark, root.end_mark)


def _real(path: Path) -> str:
    """Return the one name of a file that has several."""
    try:
        return os.path.realpath(path)
    except ValueError:  # NUL in the name
        return str(path)


def digest(text: str) -> str:
    """Return the sha256 of a text as it lies in a file."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
