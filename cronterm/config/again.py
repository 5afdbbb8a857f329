"""Reads again what was read before: nothing where nothing changed, one job where one did.

Each way is taken only where it must give what a whole reading gives; anything else is read whole.
"""

import os
import re
import stat
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec

from cronterm.clock import SECOND, SystemClock
from cronterm.config.gather import digest, is_member
from cronterm.config.load import Loaded
from cronterm.config.reader import LARGEST_FILE, Refused, read_file
from cronterm.model.action import Custom
from cronterm.model.job import Job
from cronterm.version import VERSION

MANY = 200
"""Jobs from which on it pays."""

_ANCHOR = re.compile(r"(?:^|[\s\[{,])&[^\s&]", re.MULTILINE)
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_FOR_ALL_FILES = (
    "settings",
    "include",
    "pools",
    "calendars",
    "notifiers",
    "alert_policies",
    "renamed_from",
)
"""Words that may mean something for the jobs of other files."""
_ACCOUNTS = ("/etc/passwd", "/etc/group")
_ROOMS = ("config", "schedule", "model")

SETTLED = 2 * SECOND
"""A file that was changed less long ago may change again without another stamp."""

Stamp: TypeAlias = tuple[int, ...]
Stamps: TypeAlias = dict[str, Stamp]
ReadText = Callable[[Path, str], Loaded]
"""Reads a text as if it stood in a file."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What was read without a problem, and all that it depends on."""

    key: str
    shas: dict[str, str]
    listings: dict[str, tuple[str, ...]]
    variables: dict[str, str | None]
    loaded: Loaded
    main: str = ""
    """The path of the file itself, empty for a directory."""


def keep(loaded: Loaded, key: str) -> Kept | None:
    """Return what `find` needs, or None where a whole reading is the better way."""
    is_foreign = any(isinstance(job.action, Custom) for job in loaded.jobs)
    if loaded.problems or loaded.warnings or loaded.beside or is_foreign:
        return None
    if len(loaded.jobs) < MANY:
        return None
    names = {name for text in loaded.texts.values() for name in _VARIABLE.findall(text)}
    return Kept(
        key=key,
        shas={path: digest(text) for path, text in loaded.texts.items()},
        listings={folder: _listing(folder) for folder in loaded.folders},
        variables={name: os.environ.get(name) for name in sorted(names | {"HOME"})},
        loaded=loaded,
        main=next((path for path, text in loaded.texts.items() if text is loaded.text), ""),
    )


def program_key(path: Path, local_timezone: str, uid: int) -> str:
    """Return what differs when the same files may be read otherwise."""
    rooms = Path(__file__).parents[1]
    sources = sorted(source for room in _ROOMS for source in (rooms / room).glob("*.py"))
    stamps = [f"{source.name} {source.stat().st_mtime_ns}" for source in sources]
    own = f"{path} {local_timezone} {uid} {VERSION}"
    accounts = (f"{account} {stamp(account)}" for account in _ACCOUNTS)
    return digest("\n".join([own, *accounts, *stamps]))


def find(kept: Kept, key: str, uid: int, read_text: ReadText, stamps: Stamps) -> Loaded | None:
    """Return what the files say now, or None where they have to be read as a whole.

    A file is not opened that has the stamp it had when it was read; `stamps` are kept up.
    """
    known = all(os.environ.get(name) == value for name, value in kept.variables.items())
    if kept.key != key or not known:
        return None
    if any(_listing(folder) != names for folder, names in kept.listings.items()):
        return None
    before = kept.loaded
    texts, changed = {}, []
    folders: set[str] = set()
    now = SystemClock().now().utc
    for path, sha256 in kept.shas.items():
        folder = os.path.dirname(path)  # noqa: PTH120  ten thousand of them
        mark = stamp(path)
        # One file of each directory is always read: who may write there is looked at with it.
        if folder in folders and mark and stamps.get(path) == mark and path in before.texts:
            texts[path] = before.texts[path]
            continue
        folders.add(folder)
        try:
            file = read_file(Path(path), uid)
        except Refused:
            return None
        if file.may_others_write:
            return None
        texts[path] = file.text
        if file.sha256 != sha256:
            changed.append(path)
            stamps.pop(path, None)
        elif mark and now - mark[1] // 1000 > SETTLED:
            stamps[path] = mark
    if not changed:
        return before if before.texts else _with_texts(kept, texts)
    if len(changed) > 1 or not before.texts:
        return None
    one = read_one_job if len(texts) == 1 else _one_file
    return one(before, changed[0], texts, read_text)


def stamp(path: str) -> Stamp:
    """Return what differs after each change of a file that is not of the same moment."""
    try:
        about = os.lstat(path)
    except OSError:
        return ()
    if stat.S_ISLNK(about.st_mode):
        return ()
    return about.st_mtime_ns, about.st_ctime_ns, about.st_size, about.st_ino, about.st_dev


def _with_texts(kept: Kept, texts: Mapping[str, str]) -> Loaded:
    """Return what was kept without its texts, with them."""
    text = texts.get(kept.main, "")
    return msgspec.structs.replace(kept.loaded, texts=dict(texts), text=text)


def _listing(folder: str) -> tuple[str, ...]:
    try:
        return tuple(sorted(name for name in os.listdir(folder) if is_member(name)))  # noqa: PTH208
    except OSError:
        return ()


# -- one file of a directory ---------------------------------------------------------------------


def _one_file(
    before: Loaded, path: str, texts: Mapping[str, str], read_text: ReadText
) -> Loaded | None:
    """Return what a directory says of whose files one changed that only has jobs."""
    if any(word in text for text in texts.values() for word in _FOR_ALL_FILES):
        return None
    folder = str(Path(path).parent)
    if before.folders != (folder,) or any(str(Path(each).parent) != folder for each in texts):
        return None
    read = read_text(Path(path), texts[path])
    if read.problems or read.warnings or read.beside:
        return None
    ids = {job.id.casefold() for job in read.jobs}
    if any((job.id.casefold() in ids) != (job.source == path) for job in before.jobs):
        return None
    place = next((n for n, job in enumerate(before.jobs) if job.source == path), len(before.jobs))
    rest = [job for job in before.jobs if job.source != path]
    lines = sorted(f"{name}\0{digest(text)}\n" for name, text in texts.items())
    return msgspec.structs.replace(
        before,
        jobs=(*rest[:place], *read.jobs, *rest[place:]),
        sha256=digest("".join(lines)),
        texts=dict(texts),
    )


# -- one job of a file ---------------------------------------------------------------------------


def read_one_job(
    before: Loaded, path: str, texts: Mapping[str, str], read_text: ReadText
) -> Loaded | None:
    """Return what a file says of which only lines of one job changed.

    The job is read in its own place: behind what stands above the first job, and empty lines.
    """
    old, new = before.texts[path], texts[path]
    is_plain = path.endswith((".yaml", ".yml")) and path == before.jobs[0].source
    if not is_plain or before.folders or len(new) > LARGEST_FILE:
        return None
    starts = list(_line_starts(old))
    lines = sorted(job.line - 1 for job in before.jobs)
    begins = [starts[line] for line in lines]
    first, last = _changed_lines(old, new)
    number = bisect_right(begins, first) - 1
    if number > 0 and begins[number] == first == last:
        number -= 1  # lines were added below the job before
    begin, end = begins[max(0, number)], [*begins, len(old)][number + 1]
    if number < 0 or last > end or not _own_column(old[begins[-1] :]):
        return None
    chunk = new[begin : end + len(new) - len(old)]
    is_cut = end < len(old) and not chunk.endswith("\n")
    column = _own_column(chunk)
    if is_cut or not column or column != _own_column(old[begin:end]):
        return None
    gap = "\n" * (lines[number] - lines[0])
    read = read_text(Path(path), new[: begins[0]] + gap + chunk)
    return _with_job(before, read, new, chunk.count("\n") - old.count("\n", begin, end))


def _line_starts(text: str) -> Iterator[int]:
    at = 0
    for line in text.split("\n"):
        yield at
        at += len(line) + 1


def _changed_lines(old: str, new: str) -> tuple[int, int]:
    """Return where in `old` the lines begin and end that `new` has not."""
    most = min(len(old), len(new))
    same = _longest(most, lambda low, high: old[low:high] == new[low:high])
    first = old.rfind("\n", 0, same) + 1

    def is_end(low: int, high: int) -> bool:
        return old[len(old) - high : len(old) - low] == new[len(new) - high : len(new) - low]

    last = len(old) - _longest(most - first, is_end)
    if last > first and old[last - 1] != "\n":
        line_end = old.find("\n", last)
        last = len(old) if line_end < 0 else line_end + 1
    return first, last


def _longest(most: int, is_same: Callable[[int, int], bool]) -> int:
    """Return how far two texts are the same; `is_same` compares a part."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if is_same(low, middle):
            low = middle
        else:
            high = middle - 1
    return low


def _own_column(chunk: str) -> int:
    """Return the indentation of lines that are one entry on which nothing else leans, else 0."""
    first, *more = chunk.split("\n")
    column = len(first) - len(first.lstrip(" "))
    inside = (line for line in more if line.strip() and not line.lstrip().startswith("#"))
    is_deeper = all(len(line) - len(line.lstrip(" ")) > column for line in inside)
    return column if is_deeper and _ANCHOR.search(chunk) is None else 0


def _with_job(before: Loaded, read: Loaded, text: str, moved: int) -> Loaded | None:
    """Return `before` with the one job of `read`, those below it `moved` lines further down."""
    if read.problems or read.warnings or read.beside or len(read.jobs) != 1:
        return None
    job = read.jobs[0]
    if job.renamed_from or read.settings != before.settings:
        return None
    if sum(each.id == job.id and each.line == job.line for each in before.jobs) != 1:
        return None

    def now(each: Job) -> Job:
        if each.id == job.id:
            return job
        if moved and each.line > job.line:
            return msgspec.structs.replace(each, line=each.line + moved)
        return each

    return msgspec.structs.replace(
        before,
        jobs=tuple(map(now, before.jobs)),
        sha256=digest(text),
        text=text,
        texts={job.source: text},
    )
