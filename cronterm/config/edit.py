"""Edits of jobs.yaml as splices: what is not meant stays as it is, byte for byte.

The place comes from the node's marks; the result is read again and compared with what was meant.
An edit that cannot be made so is refused, and names the line to edit by hand.
"""

import contextlib
import difflib
import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cronterm.config.reader import Refused, compose, plain
from cronterm.errors import CrontermError

Words = Mapping[str, Any]
Node = Any
"""A node of PyYAML, whose attributes its types do not tell."""


class EditRefused(CrontermError):
    """The edit cannot be made without touching more than it means."""


class _Dumper(yaml.SafeDumper):
    """Writes what the strict reader reads back: block texts, short lists in brackets."""


def _write_text(dumper: yaml.SafeDumper, text: str) -> Node:
    is_block = "\n" in text and not re.search(r"[ \t]$", text, re.MULTILINE)
    style = "|" if is_block and not text.startswith((" ", "\n")) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _write_list(dumper: yaml.SafeDumper, items: Any) -> Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)


_Dumper.add_representer(str, _write_text)
_Dumper.add_representer(list, _write_list)
_Dumper.add_representer(tuple, _write_list)


def _dump(value: Any, *, flow: bool = False) -> str:
    """Return YAML text without a document end."""
    text: str = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        width=10**6,
        allow_unicode=True,
        default_flow_style=flow,
    )
    return text.removesuffix("...\n").rstrip("\n")


@dataclass
class Source:
    """A text in lines, with its root node."""

    text: str

    def __post_init__(self) -> None:
        try:
            root = compose(self.text, "jobs file")
        except Refused as refused:
            raise EditRefused(f"the file has to be mended first: {refused.problem}") from None
        self.root = root
        self.lines = re.findall(r"[^\n]*\n|[^\n]+$", self.text)
        self.newline = "\r\n" if "\r\n" in self.text else "\n"

    def jobs(self) -> tuple[Node, Node] | None:
        """Return the key and value nodes of `jobs`, or None where there is none."""
        if self.root is None:
            return None
        if not isinstance(self.root, yaml.MappingNode):
            raise EditRefused("the file is not a mapping", "edit it by hand")
        return next((pair for pair in self.root.value if pair[0].value == "jobs"), None)

    def job(self, job_id: str) -> tuple[Node, Node]:
        """Return what names a job and its mapping. Raises `EditRefused`."""
        jobs = self.jobs()
        for name, key, value in _entries(jobs[1]) if jobs else ():
            if name == job_id:
                return key, value
        raise EditRefused(f"there is no job {job_id} in the file")

    def offset(self, line: int, column: int) -> int:
        """Return the place of a mark in the text."""
        return sum(map(len, self.lines[:line])) + column

    def span(self, node: Node) -> tuple[int, int]:
        """Return where a node's text begins and ends."""
        start, end = node.start_mark, node.end_mark
        return self.offset(start.line, start.column), self.offset(end.line, end.column)

    def last_line(self, key: Node, value: Node) -> int:
        """Return the last line that a key and its value fill, comments below left out."""
        column = key.start_mark.column
        last = max(key.end_mark.line, _leaf_line(value, key))
        while last > key.start_mark.line:
            line = self.lines[last] if last < len(self.lines) else ""
            indent = len(line) - len(line.lstrip(" "))
            if line.strip() and indent > column:
                break
            if line.strip() and _closes(value, last):
                break
            last -= 1
        return int(last)

    def with_lines(self, start: int, end: int, text: str) -> str:
        """Return the text with the lines from `start` up to `end` replaced by `text`."""
        before, after = "".join(self.lines[:start]), "".join(self.lines[end:])
        if before and not before.endswith("\n") and text:
            before += self.newline
        body = text.replace("\n", self.newline)
        if body and not body.endswith("\n"):
            body += self.newline
        return before + body + after


def _closes(value: Node, line: int) -> bool:
    """A flow collection may end at the key's own column."""
    is_flow = isinstance(value, yaml.CollectionNode) and bool(value.flow_style)
    return is_flow and bool(value.end_mark.line == line)


def _leaf_line(node: Node, key: Node) -> int:
    if isinstance(node, yaml.ScalarNode):
        is_block = node.style in ("|", ">")
        ends_before = is_block and node.end_mark.column == 0
        return int(node.end_mark.line) - int(ends_before)
    if node.flow_style or not node.value:
        return int(node.end_mark.line)
    if isinstance(node, yaml.MappingNode):
        return max([max(int(k.end_mark.line), _leaf_line(v, k)) for k, v in node.value])
    return max([_leaf_line(item, key) for item in node.value])


def _entries(jobs: Node) -> list[tuple[str, Node, Node]]:
    """Return (id, naming node, mapping) of each job of either form."""
    if isinstance(jobs, yaml.MappingNode):
        return [(str(key.value), key, value) for key, value in jobs.value]
    found: list[tuple[str, Node, Node]] = []
    if isinstance(jobs, yaml.SequenceNode):
        for item in jobs.value:
            for key, value in item.value if isinstance(item, yaml.MappingNode) else ():
                if key.value in ("name", "id", "job_id"):
                    found.append((str(value.value), item, item))
    return found


# -- the edits -----------------------------------------------------------------------------------


def add_job(text: str, job_id: str, words: Words) -> str:
    """Return `text` with a new job after the last one."""
    source = Source(text)
    jobs = source.jobs()
    given = {word: value for word, value in words.items() if value is not None}

    def meant(content: Any) -> Any:
        content = content or {}
        if isinstance(content.get("jobs"), list):
            return content | {"jobs": [*content["jobs"], {"name": job_id, **given}]}
        return content | {"jobs": {**(content.get("jobs") or {}), job_id: given}}

    if jobs is None:
        block = _indented(_dump({"jobs": {job_id: given}}), 0)
        gap = source.newline if text.strip() else ""
        new = source.with_lines(len(source.lines), len(source.lines), gap + block)
        return _checked(text, new, meant)
    key, value = jobs
    if any(name == job_id for name, _, _ in _entries(value)):
        raise EditRefused(f"there is a job {job_id} already")
    if isinstance(value, yaml.SequenceNode) and value.value and not value.flow_style:
        column = _dash_column(source, value.value[-1])
        item = _indented(_dump({"name": job_id, **given}), 2)
        block = " " * column + "- " + item[2:].replace("\n", "\n" + " " * column)
        end = source.last_line(_key_like(value.value[-1], column), value.value[-1]) + 1
        return _checked(text, source.with_lines(end, end, block), meant)
    if not value.value:
        # `jobs:`, `jobs: {}` and `jobs: null` become a block with the first job.
        start = source.lines[key.start_mark.line][: key.end_mark.column]
        block = f"{start}:\n" + _indented(_dump({job_id: given}), key.start_mark.column + 2)
        line = key.start_mark.line
        return _checked(text, source.with_lines(line, value.end_mark.line + 1, block), meant)
    if value.flow_style:
        raise EditRefused("jobs are written in braces", _by_hand(value))
    last_key, last_value = value.value[-1]
    block = _indented(_dump({job_id: given}), last_key.start_mark.column)
    end = source.last_line(last_key, last_value) + 1
    if _blank_between(source, value):
        block = "\n" + block
    return _checked(text, source.with_lines(end, end, block), meant)


def _blank_between(source: Source, jobs: Node) -> bool:
    """Tell whether the last job has a blank line before it: then the new one gets one too."""
    line = jobs.value[-1][0].start_mark.line
    return len(jobs.value) > 1 and not source.lines[line - 1].strip()


def edit_job(text: str, job_id: str, words: Words) -> str:
    """Return `text` with words of a job changed; None removes a word."""
    new = text
    for word, value in words.items():
        new = _edit_word(new, job_id, word, value)
    return new


def _edit_word(text: str, job_id: str, word: str, value: Any) -> str:
    source = Source(text)
    _, job = source.job(job_id)
    if not isinstance(job, yaml.MappingNode):
        raise EditRefused(f"{job_id} is not a mapping", _by_hand(job))
    meant = _meant_word(job_id, word, value)
    found = next((pair for pair in job.value if pair[0].value == word), None)
    if found is None and value is None:
        return text
    if job.flow_style or not job.value:
        content = plain(job) | {word: value}
        content = {key: kept for key, kept in content.items() if kept is not None}
        start, end = source.span(job)
        return _checked(text, text[:start] + _dump(content, flow=True) + text[end:], meant)
    if found is None:
        last_key, last_value = job.value[-1]
        column = job.value[0][0].start_mark.column
        end = source.last_line(last_key, last_value) + 1
        block = _indented(_dump({word: value}), column)
        return _checked(text, source.with_lines(end, end, block), meant)
    key, old = found
    if value is not None and _is_inline(old) and "\n" not in (dumped := _dump(value)):
        start, end = source.span(old)
        gap = " " if start == end and text[start - 1 : start] == ":" else ""
        return _checked(text, text[:start] + gap + dumped + text[end:], meant)
    line, column = key.start_mark.line, key.start_mark.column
    lead = source.lines[line][:column]
    end = source.last_line(key, old) + 1
    if value is None:
        if lead.strip():
            raise EditRefused(f"{word} shares its line with something else", _by_hand(key))
        return _checked(text, source.with_lines(line, end, ""), meant)
    block = lead + _indented(_dump({word: value}), column)[column:]
    return _checked(text, source.with_lines(line, end, block), meant)


def _is_inline(node: Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style not in ("|", ">")


def _meant_word(job_id: str, word: str, value: Any) -> Callable[[Any], Any]:
    def changed(words: Any) -> Any:
        words = {**(words or {}), word: value}
        return {key: kept for key, kept in words.items() if kept is not None}

    def meant(content: Any) -> Any:
        if isinstance(content["jobs"], list):
            names = ("name", "id", "job_id")
            listed = [
                changed(job) if job_id in [job.get(name) for name in names] else job
                for job in content["jobs"]
            ]
            return content | {"jobs": listed}
        return content | {"jobs": content["jobs"] | {job_id: changed(content["jobs"][job_id])}}

    return meant


def delete_job(text: str, job_id: str) -> str:
    """Return `text` without a job. Comments above it stay: they may be the neighbour's."""
    source = Source(text)
    jobs = source.jobs()
    key, job = source.job(job_id)
    assert jobs is not None
    _, value = jobs

    def meant(content: Any) -> Any:
        if isinstance(content["jobs"], list):
            names = ("name", "id", "job_id")
            left: Any = [
                each for each in content["jobs"] if job_id not in [each.get(n) for n in names]
            ]
        else:
            left = {name: each for name, each in content["jobs"].items() if name != job_id}
        return content | {"jobs": left or {}}

    if value.flow_style:
        content = {name: plain(each) for name, _, each in _entries(value) if name != job_id}
        start, end = source.span(value)
        return _checked(text, text[:start] + _dump(content, flow=True) + text[end:], meant)
    is_listed = isinstance(value, yaml.SequenceNode)
    column = _dash_column(source, job) if is_listed else key.start_mark.column
    line = key.start_mark.line
    if source.lines[line][:column].strip():
        raise EditRefused(f"{job_id} shares its line with something else", _by_hand(key))
    end = source.last_line(_key_like(job, column) if is_listed else key, job) + 1
    new = source.with_lines(line, end, "")
    if len(value.value) == 1:
        jobs_line = jobs[0].start_mark.line
        head = source.lines[jobs_line][: jobs[0].end_mark.column]
        rest = "".join(source.lines[jobs_line + 1 : line]) + "".join(source.lines[end:])
        new = "".join(source.lines[:jobs_line]) + f"{head}: {{}}{source.newline}" + rest
    return _checked(text, new, meant)


def _dash_column(source: Source, item: Node) -> int:
    line: str = source.lines[item.start_mark.line]
    return line.rfind("-", 0, item.start_mark.column)


def _key_like(item: Node, column: int) -> Node:
    """Return a stand-in for the key that a list item does not have."""
    start = yaml.Mark("", 0, item.start_mark.line, column, None, 0)
    return yaml.ScalarNode("tag:yaml.org,2002:str", "-", start, start)


def _indented(block: str, column: int) -> str:
    pad = " " * column
    return "\n".join(pad + line if line else line for line in block.split("\n"))


def _by_hand(node: Node) -> str:
    return f"edit line {node.start_mark.line + 1} by hand"


def _checked(old: str, new: str, meant: Callable[[Any], Any]) -> str:
    """Return `new` if it says what was meant. Raises `EditRefused`."""
    before = Source(old).root
    expected = meant(plain(before) if before is not None else {})
    try:
        after = compose(new, "jobs file")
    except Refused as refused:
        raise EditRefused(f"the edit would break the file: {refused.problem}") from None
    found = plain(after) if after is not None else {}
    if _listless(found) != _listless(expected):
        raise EditRefused("the edit would change more than it means", "edit the file by hand")
    return new


def _listless(content: Any) -> Any:
    """Return content with tuples as lists, so that they compare."""
    if isinstance(content, dict):
        return {key: _listless(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_listless(value) for value in content]
    return content


# -- around an edit ------------------------------------------------------------------------------


def job_block(text: str, job_id: str) -> tuple[int, str]:
    """Return (first line, text) of a job as it stands in the file. Raises `EditRefused`."""
    source = Source(text)
    key, job = source.job(job_id)
    line = key.start_mark.line
    is_item = key is job
    column = _dash_column(source, job) if is_item else 0
    end = source.last_line(_key_like(job, column) if is_item else key, job) + 1
    return line + 1, "".join(source.lines[line:end])


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
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(text.encode("utf-8"))
            opened.flush()
            os.fsync(opened.fileno())
            os.fchmod(opened.fileno(), mode)
            if about is not None and (about.st_uid, about.st_gid) != (os.geteuid(), os.getegid()):
                with contextlib.suppress(PermissionError):
                    os.fchown(opened.fileno(), about.st_uid, about.st_gid)
        if keep_old and about is not None:
            _keep_old(target, mode)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _keep_old(target: Path, mode: int) -> None:
    old = target.with_name(f"{target.name}~1")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(old, flags, mode), "wb") as kept:
        kept.write(target.read_bytes())
