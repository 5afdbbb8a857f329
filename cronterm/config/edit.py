"""Edits of jobs.yaml as splices: what is not meant stays as it is, byte for byte.

The place comes from the node's marks; the result is read again and compared with what was meant.
An edit that cannot be made so is refused, and names the line to edit by hand.
"""

import contextlib
import difflib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from cronterm.config.notation import EditRefused, entry, head, inline
from cronterm.config.reader import collector_off
from cronterm.config.source import Node, Source, by_hand

__all__ = [
    "EditRefused",
    "add_job",
    "delete_job",
    "edit_job",
    "job_block",
    "unified_diff",
    "write_atomically",
]

Words = Mapping[str, Any]
GONE = object()
"""The value of a word that is removed."""


# -- add -----------------------------------------------------------------------------------------


@collector_off()
def add_job(text: str, job_id: str, words: Words) -> str:
    """Return `text` with a new job after the last one. Words that are None are left out."""
    source = Source(text)
    jobs = source.jobs()
    given = {word: value for word, value in words.items() if value is not None}
    if any(name == job_id for name, _, _ in source.entries()):
        raise EditRefused(f"there is a job {job_id} already")
    meant = source.content()
    if isinstance(meant.get("jobs"), list) and meant["jobs"]:
        meant["jobs"].append({"name": job_id, **given})
    else:
        meant["jobs"] = {**(meant.get("jobs") or {}), job_id: given}
    return _checked(_added(source, jobs, job_id, given), meant, source)


def _added(
    source: Source, jobs: tuple[Node, Node] | None, job_id: str, words: dict[str, Any]
) -> str:
    if source.root is not None and source.root.flow_style:
        raise EditRefused("the file is written in braces", by_hand(source.root))
    if jobs is None:
        lines = ["jobs:", *shifted(_job_lines(job_id, words, 2), 2)]
        gap = [""] if source.text.strip() else []
        return with_lines_after(source, len(source.text), [*gap, *lines])
    key, value = jobs
    if not value.value or isinstance(value, yaml.ScalarNode):
        return _first_added(source, key, value, job_id, words)
    if value.flow_style:
        end = source.end(_last_part(value))
        new = {"name": job_id, **words}
        is_list = isinstance(value, yaml.SequenceNode)
        part = inline(new) if is_list else inline({job_id: words})[1:-1]
        return source.text[:end] + f", {part}" + source.text[end:]
    if isinstance(value, yaml.SequenceNode):
        name, *below = (line for word in {"name": job_id, **words}.items() for line in entry(*word))
        lines = [f"- {name}", *shifted(below, 2)]
    else:
        lines = _job_lines(job_id, words, _step(value))
    blank = [""] if has_blanks(source, value) else []
    lines = [*blank, *shifted(lines, value.start_mark.column)]
    return with_lines_after(source, source.end(value), lines)


def _first_added(source: Source, key: Node, value: Node, job_id: str, words: dict[str, Any]) -> str:
    """Turn `jobs:`, `jobs: {}` or `jobs: null` into a mapping with its first job."""
    colon = source.after_colon(key)
    end = max(colon, source.end(value))
    column = key.start_mark.column + 2
    before = source.text[:colon] + source.text[end : source.line_end(end)]
    lines = shifted(_job_lines(job_id, words, 2), column)
    after = source.text[source.line_end(end) :]
    return before + "".join(source.newline + line for line in lines) + after


def _job_lines(job_id: str, words: dict[str, Any], step: int) -> list[str]:
    below = [line for word, value in words.items() for line in entry(word, value, step=step)]
    return [head(job_id), *shifted(below, step)] if words else [f"{head(job_id)} {{}}"]


def _step(jobs: Node) -> int:
    """Return by how much the words of the last job stand in from its name."""
    key, job = jobs.value[-1]
    is_block = isinstance(job, yaml.MappingNode) and not job.flow_style
    step = job.start_mark.column - key.start_mark.column if is_block else 2
    return int(step) if 1 <= step <= 9 else 2


def has_blanks(source: Source, jobs: Node) -> bool:
    """Tell whether jobs stand apart by blank lines: then the new one does too."""
    last = jobs.value[-1]
    node = last[0] if isinstance(last, tuple) else last
    start = source.line_start(node.start_mark.index)
    above = source.text[source.line_start(max(0, start - 1)) : start]
    return len(jobs.value) > 1 and not above.strip()


# -- edit ----------------------------------------------------------------------------------------


@collector_off()
def edit_job(text: str, job_id: str, words: Words) -> str:
    """Return `text` with words of a job changed; None removes a word."""
    source = Source(text)
    key, job = source.job(job_id)
    if job.start_mark.index < key.start_mark.index:
        raise EditRefused(f"{job_id} is an alias of line {job.start_mark.line + 1}", by_hand(key))
    meant = source.content()
    now = meant["jobs"][source.place(key)]
    if not isinstance(now, dict):
        raise EditRefused(f"{job_id} is not a mapping", by_hand(key))
    new = {**now, **words}
    for word in [word for word, value in words.items() if value is None]:
        del new[word]
    edited = source
    for path, value in _changes((), now, new):
        edited = read_again(_set(edited, job_id, path, value))
    now.clear()
    now.update(new)
    return _checked(edited.text, meant, source, read=edited)


def _changes(path: tuple[str, ...], old: Words, new: Words) -> Iterator[tuple[Any, Any]]:
    """Yield (path, value) of what has to be set to come from one mapping to the other."""
    yield from (((*path, word), GONE) for word in old if word not in new)
    for word, value in new.items():
        before = old.get(word, GONE)
        if is_same(value, before):
            continue
        is_nested = isinstance(value, Mapping) and isinstance(before, Mapping)
        if is_nested and set(before) & set(value):
            yield from _changes((*path, word), before, value)
        else:
            yield (*path, word), value


def _set(source: Source, job_id: str, path: tuple[str, ...], value: Any) -> str:
    """Return the text with one word, or a word inside a word, changed or removed."""
    _, node = source.job(job_id)
    for word in path[:-1]:
        node = next(below for key, below in node.value if key.value == word)
    word = path[-1]
    place = next((n for n, pair in enumerate(node.value) if pair[0].value == word), None)
    if place is not None and value is GONE:
        return _word_removed(source, node, place)
    if place is None and node.flow_style:
        end = source.end(_last_part(node)) if node.value else node.start_mark.index + 1
        gap = ", " if node.value else ""
        part = inline({word: value})[1:-1]
        return source.text[:end] + gap + part + source.text[end:]
    if place is None:
        lines = shifted(entry(word, value), node.start_mark.column)
        return with_lines_after(source, source.end(node), lines)
    key, old = node.value[place]
    return _word_replaced(source, key, old, value, is_in_flow=bool(node.flow_style))


def _word_replaced(source: Source, key: Node, old: Node, value: Any, *, is_in_flow: bool) -> str:
    start, end = old.start_mark.index, source.end(old)
    is_scalar = isinstance(old, yaml.ScalarNode)
    is_block = old.style in ("|", ">") if is_scalar else not old.flow_style
    lines = entry(key.value, value, is_block=is_block and not is_scalar)
    if is_in_flow or (len(lines) == 1 and not is_block):
        new = inline(value, is_in_flow=is_in_flow)
        if start == end:  # there is no value yet, and in braces maybe no colon
            start = end = int(key.end_mark.index)
            new = f": {new}"
            if source.text[start : old.start_mark.index].strip() == ":":
                end = source.after_colon(key)
        return source.text[:start] + new + source.text[end:]
    colon = source.after_colon(key)
    comment = source.comment_beside(key, old)
    body = shifted(lines[1:], key.start_mark.column)
    new = lines[0].removeprefix(head(key.value)) + comment
    new += "".join(source.newline + line for line in body)
    return source.text[:colon] + new + source.text[source.line_end(max(colon, end)) :]


def _word_removed(source: Source, node: Node, place: int) -> str:
    key, value = node.value[place]
    if len(node.value) == 1:
        raise EditRefused(f"nothing would be left beside {key.value}", by_hand(key))
    if node.flow_style:
        return _part_cut(source, node, place)
    text, start = source.text, source.line_start(key.start_mark.index)
    if text[start : key.start_mark.index].strip():
        # It stands behind the dash of its job: the next word takes its place.
        if place:
            raise EditRefused(f"{key.value} shares its line", by_hand(key))
        following = node.value[place + 1][0].start_mark.index
        return str(text[: key.start_mark.index] + text[following:])
    end = max(key.end_mark.index, source.end(value))
    return text[:start] + text[source.next_line(end) :]


# -- delete --------------------------------------------------------------------------------------


@collector_off()
def delete_job(text: str, job_id: str) -> str:
    """Return `text` without a job. Comments above it stay: they may be the neighbour's."""
    source = Source(text)
    key, job = source.job(job_id)
    jobs = source.jobs()
    assert jobs is not None
    meant = source.content()
    del meant["jobs"][source.place(key)]
    is_last = len(jobs[1].value) == 1
    if is_last:
        meant["jobs"] = [] if jobs[1].flow_style and isinstance(meant["jobs"], list) else {}
    if jobs[1].flow_style:
        return _checked(_part_cut(source, jobs[1], source.order(key)), meant, source)
    start = source.line_start(key.start_mark.index)
    end = source.next_line(max(key.end_mark.index if key is not job else 0, source.end(job)))
    before = source.text[:start]
    if is_last:
        colon = source.after_colon(jobs[0])
        before = before[:colon] + " {}" + before[colon:]
    return _checked(before + source.text[end:], meant, source)


def _part_cut(source: Source, node: Node, place: int) -> str:
    """Return the text without one part of a collection in braces or brackets."""
    starts = [(p[0] if isinstance(p, tuple) else p).start_mark.index for p in node.value]
    ends = [source.end(p[1] if isinstance(p, tuple) else p) for p in node.value]
    if place + 1 < len(starts):
        return source.text[: starts[place]] + source.text[starts[place + 1] :]
    begin = ends[place - 1] if place else starts[place]
    return source.text[:begin] + source.text[ends[place] :]


# -- shared --------------------------------------------------------------------------------------


def _last_part(node: Node) -> Node:
    last = node.value[-1]
    return last[1] if isinstance(last, tuple) else last


def shifted(lines: list[str], column: int) -> list[str]:
    """Return lines that begin `column` blanks further in; empty ones stay empty."""
    return [" " * column + line if line else "" for line in lines]


def with_lines_after(source: Source, index: int, lines: list[str]) -> str:
    """Return the text with lines after the one of `index`; a missing last line end stays so."""
    end = source.line_end(index)
    before, after = source.text[:end], source.text[end:]
    if not after and (not before or before.endswith("\n")):
        return before + "".join(line + source.newline for line in lines)
    return before + "".join(source.newline + line for line in lines) + after


def read_again(text: str) -> Source:
    """Return an edited text. Raises `EditRefused` if it cannot be read any more."""
    try:
        return Source(text)
    except EditRefused as error:
        broken = error.message.removeprefix("the file has to be mended first: ")
        hint = "edit the file by hand"
        raise EditRefused(f"the edit would break the file: {broken}", hint) from None


def _checked(text: str, meant: Any, old: Source, *, read: Source | None = None) -> str:
    """Return the new text if it says what was meant. Raises `EditRefused`.

    `read` is the text where it was read already: a large file costs a second.
    """
    if is_same((read or read_again(text)).content(), meant):
        return old.bom + text
    # Without a line end at the end of the file, a block there has lost its own.
    ended = text + old.newline
    if not text.endswith("\n") and is_same(read_again(ended).content(), meant):
        return old.bom + ended
    raise EditRefused("the edit would change more than it means", "edit the file by hand")


def is_same(one: Any, other: Any) -> bool:
    """Compare content with its types: 1, 1.0 and true are three things, a tuple is a list."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        is_same_size = len(one) == len(other)
        return is_same_size and all(k in other and is_same(v, other[k]) for k, v in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    return type(one) is type(other) and bool(one == other)


# -- around an edit ------------------------------------------------------------------------------


def job_block(text: str, job_id: str) -> tuple[int, str]:
    """Return (first line, text) of a job as it stands in the file. Raises `EditRefused`."""
    source = Source(text)
    key, job = source.job(job_id)
    start = source.line_start(key.start_mark.index)
    end = source.next_line(max(key.start_mark.index, source.end(job)))
    return key.start_mark.line + 1, source.text[start:end]


def unified_diff(old: str, new: str, name: str) -> str:
    """Return the change as a unified diff with three lines around it."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    lines = difflib.unified_diff(before, after, name, name)
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def write_atomically(path: Path, text: str, *, keep_old: bool = True) -> None:
    """Replace the file by `text`: beside, synced, renamed. Raises OSError; then nothing changed.

    A link stays a link: its target is replaced. Mode and owner are kept, and the old text beside
    it as `FILE~1`.
    """
    target = Path(os.path.realpath(path))
    try:
        about = target.stat()
        mode = stat.S_IMODE(about.st_mode)
    except FileNotFoundError:
        about, mode = None, 0o600
    beside = target.with_name(f".{target.name}.{os.getpid()}.new")
    beside.unlink(missing_ok=True)
    # O_EXCL: whoever may write here must not lead us to another file by a link.
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(text.encode("utf-8"))
            opened.flush()
            if about is not None and (about.st_uid, about.st_gid) != (os.geteuid(), os.getegid()):
                with contextlib.suppress(PermissionError):
                    os.fchown(opened.fileno(), about.st_uid, about.st_gid)
            os.fchmod(opened.fileno(), mode)
            os.fsync(opened.fileno())
        if keep_old and about is not None:
            _keep_old(target, mode)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_names(target.parent)


def _keep_old(target: Path, mode: int) -> None:
    old = target.with_name(f"{target.name}~1")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(old, flags, mode), "wb") as kept:
        kept.write(target.read_bytes())


def _sync_names(directory: Path) -> None:
    file = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
