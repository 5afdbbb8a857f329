"""Edits of whole jobs as text: replaced, renamed, moved, their comments kept.

As with all edits, the result is read again and compared with what was meant.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from cronterm.config import edit, json_edit
from cronterm.config.edit import (
    EditRefused,
    has_blanks,
    is_same,
    job_block,
    read_again,
    shifted,
    with_lines_after,
)
from cronterm.config.notation import inline
from cronterm.config.reader import collector_off
from cronterm.config.source import NAMES, Node, Source, by_hand

REFERENCES = ("depends_on", "on_success", "on_failure", "on_complete")
"""Words that name other jobs."""


# -- replaced ------------------------------------------------------------------------------------


@collector_off()
def replace_job(text: str, job_id: str, block: str) -> str:
    """Return `text` with another text in the place of a job's. Raises `EditRefused`."""
    source = Source(text)
    key, job = source.job(job_id)
    start = source.line_start(key.start_mark.index)
    end = source.next_line(max(key.start_mark.index, source.end(job)))
    lines = block.replace("\r\n", "\n")
    if not lines.endswith("\n") and source.text[end:]:
        lines += "\n"
    new = source.text[:start] + lines.replace("\n", source.newline) + source.text[end:]
    try:
        edited = read_again(new)
    except EditRefused as error:
        raise EditRefused(error.message.removeprefix("the edit would break the file: ")) from None
    before, after = source.content(), edited.content()
    place = source.place(key)
    if not _has(after, place, job_id):
        hint = "`cronterm rename` keeps its history, `cronterm rm` removes it"
        raise EditRefused(f"{job_id} is not there any more", hint)
    del before["jobs"][place]
    del after["jobs"][place]
    if not is_same(before, after):
        raise EditRefused("that would change more than this job", "edit the file by hand")
    return source.bom + new


def _has(content: Mapping[str, Any], place: str | int, job_id: str) -> bool:
    jobs = content.get("jobs")
    if isinstance(jobs, dict):
        return place in jobs
    if not isinstance(jobs, list) or not isinstance(place, int) or place >= len(jobs):
        return False
    job = jobs[place]
    return isinstance(job, dict) and job_id in [job.get(name) for name in NAMES]


def replace_json_job(text: str, job_id: str, block: str) -> str:
    """Return the JSON file `text` with other words for a job. Raises `EditRefused`."""
    before = json.loads(json_edit.job_block(text, job_id))[job_id]
    after = json_edit.json_content(block)
    is_one = isinstance(after, dict) and list(after) == [job_id]
    if not is_one or not isinstance(after[job_id], dict):
        raise EditRefused(f"that is not the one job {job_id}", "keep its name and its braces")
    gone = dict.fromkeys(word for word in before if word not in after[job_id])
    return json_edit.edit_job(text, job_id, {**after[job_id], **gone})


# -- renamed -------------------------------------------------------------------------------------


@collector_off()
def rename_job(text: str, old: str, new: str) -> str:
    """Return `text` with a job under another name, its `renamed_from` set.

    Jobs of this text that name it in `depends_on` and the like name the new one.
    """
    source = Source(text)
    if any(name == new for name, _, _ in source.entries()):
        raise EditRefused(f"there is a job {new} already")
    key, _ = source.job(old)
    edited = _with_name(source, [_name_node(key, old), *_references(source, old)], new)
    meant = _renamed(source.content(), old, new)
    if not is_same(read_again(edited).content(), meant):
        raise EditRefused("the edit would change more than it means", by_hand(key))
    return edit.edit_job(source.bom + edited, new, {"renamed_from": old})


def other_name(block: str, job_id: str) -> tuple[str, str]:
    """Return the other name that a job has in its text, and the text with its own in its place.

    "" and the text as it is where it has its own name, or is not the text of one job.
    """
    try:
        root = yaml.compose(block, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return "", block
    node: Node | None = root
    if isinstance(root, yaml.SequenceNode) and len(root.value) == 1:
        words = root.value[0].value if isinstance(root.value[0], yaml.MappingNode) else ()
        node = next((value for word, value in words if word.value in NAMES), None)
    elif isinstance(root, yaml.MappingNode) and len(root.value) == 1:
        node = root.value[0][0]
    if not isinstance(node, yaml.ScalarNode) or node is root or node.value == job_id:
        return "", block
    start, end = node.start_mark.index, node.end_mark.index
    return node.value, block[:start] + inline(job_id, is_in_flow=True) + block[end:]


@collector_off()
def rename_references(text: str, old: str, new: str) -> str:
    """Return `text` whose jobs name `new` where they named a job of another file, `old`."""
    if old not in text:
        return text
    source = Source(text)
    nodes = [*_references(source, old)]
    edited = _with_name(source, nodes, new)
    if nodes and not is_same(read_again(edited).content(), _renamed(source.content(), old, new)):
        raise EditRefused("the edit would change more than it means", by_hand(nodes[0]))
    return source.bom + edited


def _with_name(source: Source, nodes: list[Node], name: str) -> str:
    """Return the text with another name at each of `nodes`."""
    text = source.text
    for node in sorted(nodes, key=lambda node: node.start_mark.index, reverse=True):
        if node.style in ("|", ">"):
            raise EditRefused("a name is written as a block", by_hand(node))
        start, end = node.start_mark.index, node.end_mark.index
        text = text[:start] + inline(name, is_in_flow=True) + text[end:]
    return text


def _name_node(key: Node, old: str) -> Node:
    """Return the scalar that names a job: its key, or the value of its `name`."""
    if isinstance(key, yaml.ScalarNode):
        return key
    return next(value for word, value in key.value if word.value in NAMES and value.value == old)


def _references(source: Source, old: str) -> Iterator[Node]:
    pairs = source.root.value if source.root is not None else ()
    mappings = [job for _, _, job in source.entries()]
    mappings += [value for key, value in pairs if key.value == "defaults"]
    for mapping in mappings:
        for key, value in mapping.value if isinstance(mapping, yaml.MappingNode) else ():
            if key.value in REFERENCES:
                yield from (node for node in _names(value) if node.value == old)


def _names(node: Node) -> Iterator[Node]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        yield from (item for item in node.value if isinstance(item, yaml.ScalarNode))
    else:
        yield from (key for key, _ in node.value)


def _renamed(content: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    jobs = content.get("jobs") or {}
    if isinstance(jobs, dict):
        content["jobs"] = {new if job == old else job: words for job, words in jobs.items()}
        words_of = [*content["jobs"].values()]
    else:
        words_of = jobs
        for words in jobs:
            words.update({name: new for name in NAMES if words.get(name) == old})
    for words in (*words_of, content.get("defaults")):
        for word in REFERENCES if isinstance(words, dict) else ():
            if word in words:
                words[word] = _renamed_value(words[word], old, new)
    return content


def _renamed_value(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {new if name == old else name: need for name, need in value.items()}
    if isinstance(value, list):
        return [new if name == old else name for name in value]
    return new if value == old else value


# -- moved ---------------------------------------------------------------------------------------


@collector_off()
def insert_job(text: str, job_id: str, block: str) -> str:
    """Return `text` with a job of another file, as it stood there, after its last one."""
    words = _words_of(block, job_id)
    source = Source(text)
    jobs = source.jobs()
    if any(name == job_id for name, _, _ in source.entries()):
        raise EditRefused(f"there is a job {job_id} already")
    value = jobs[1] if jobs is not None else None
    is_block = isinstance(value, yaml.MappingNode) and not value.flow_style and value.value
    if is_block and value is not None:
        lines = shifted(_dedented(block), value.start_mark.column)
        blank = [""] if has_blanks(source, value) else []
        new = with_lines_after(source, source.end(value), [*blank, *lines])
    elif jobs is None and (source.root is None or not source.root.flow_style):
        lines = ["jobs:", *shifted(_dedented(block), 2)]
        gap = [""] if source.text.strip() else []
        new = with_lines_after(source, len(source.text), [*gap, *lines])
    else:
        return edit.add_job(text, job_id, words)
    meant = source.content()
    meant["jobs"] = {**(meant.get("jobs") or {}), job_id: words}
    if not is_same(read_again(new).content(), meant):
        return edit.add_job(text, job_id, words)
    return source.bom + new


def words_of(text: str, job_id: str, *, is_json: bool) -> dict[str, Any]:
    """Return the words of a job as they stand in a file. Raises `EditRefused`."""
    if is_json:
        found = json.loads(json_edit.job_block(text, job_id))[job_id]
    else:
        source = Source(text)
        key, _ = source.job(job_id)
        found = source.content()["jobs"][source.place(key)]
    if not isinstance(found, dict):
        raise EditRefused(f"{job_id} is not a mapping", "edit the file by hand")
    return {word: value for word, value in found.items() if word not in NAMES}


def movable_block(text: str, job_id: str) -> str | None:
    """Return a job's lines, its name first; None where they hold more or stand in a list."""
    block = job_block(text, job_id)[1]
    try:
        words = _words_of(block, job_id)
    except EditRefused:
        return None
    return block if is_same(words, words_of(text, job_id, is_json=False)) else None


def _words_of(block: str, job_id: str) -> dict[str, Any]:
    """Return the words of a block that is one job. Raises `EditRefused`."""
    alone = "jobs:\n" + "".join(f"{line}\n" for line in shifted(_dedented(block), 2))
    content = Source(alone).content().get("jobs")
    if not isinstance(content, dict) or list(content) != [job_id]:
        raise EditRefused(f"{job_id} shares its lines with others", "edit the files by hand")
    words = content[job_id]
    if not isinstance(words, dict):
        raise EditRefused(f"{job_id} is not a mapping", "edit the files by hand")
    return words


def _dedented(block: str) -> list[str]:
    lines = block.replace("\r\n", "\n").removesuffix("\n").split("\n")
    column = len(lines[0]) - len(lines[0].lstrip(" "))
    return [line.removeprefix(" " * column) for line in lines]
