"""The text of a jobs file with the places of its parts: where each begins and truly ends."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from cronterm.config.notation import EditRefused
from cronterm.config.reader import BOM, Refused, collector_off, compose, plain
from cronterm.config.tree import check_tree

Node = Any
"""A node of PyYAML, whose attributes its types do not tell."""

NAMES = ("name", "id", "job_id")

_HEADER = re.compile(r"[|>][-+0-9]*")


class Source:
    """A text that was read, its byte order mark put aside. Raises `EditRefused` if it cannot be."""

    def __init__(self, text: str) -> None:
        self.bom = BOM if text.startswith(BOM) else ""
        self.text = text.removeprefix(BOM)
        self.newline = "\r\n" if "\r\n" in text else "\n"
        try:
            with collector_off():
                self.root: Node = compose(self.text, "the file")
                problems = check_tree(self.root, self.text, "the file") if self.root else []
        except Refused as refused:
            problems = [refused.problem]
        if problems:
            raise EditRefused(f"the file has to be mended first: {problems[0]}")
        if self.root is not None and not isinstance(self.root, yaml.MappingNode):
            raise EditRefused("the file is not a mapping", by_hand(self.root))

    def content(self) -> dict[str, Any]:
        """Return what the file says."""
        return {} if self.root is None else plain(self.root)

    def jobs(self) -> tuple[Node, Node] | None:
        """Return the key and value nodes of `jobs`, or None where there is none."""
        pairs = self.root.value if self.root is not None else ()
        return next((pair for pair in pairs if pair[0].value == "jobs"), None)

    def entries(self) -> Iterator[tuple[str, Node, Node]]:
        """Yield (id, key or list item, mapping) of each job of either form."""
        jobs = self.jobs()
        if jobs is None or isinstance(jobs[1], yaml.ScalarNode):
            return
        for part in jobs[1].value:
            if isinstance(part, tuple):
                yield str(part[0].value), part[0], part[1]
            elif isinstance(part, yaml.MappingNode):
                for key, value in part.value:
                    if key.value in NAMES:
                        yield str(value.value), part, part

    def job(self, job_id: str) -> tuple[Node, Node]:
        """Return what names a job and its mapping. Raises `EditRefused`."""
        for name, key, value in self.entries():
            if name == job_id:
                return key, value
        raise EditRefused(f"there is no job {job_id} in the file")

    def order(self, key: Node) -> int:
        """Return the how manieth of the jobs this is, from 0; `key` is what names it."""
        jobs = self.jobs()
        parts = jobs[1].value if jobs else ()
        keys = [part[0] if isinstance(part, tuple) else part for part in parts]
        return next(n for n, each in enumerate(keys) if each is key)

    def place(self, key: Node) -> str | int:
        """Return where the content has this job: its id, or its number in a list."""
        return str(key.value) if isinstance(key, yaml.ScalarNode) else self.order(key)

    # -- places: indexes into the text -----------------------------------------------------------

    def line_start(self, index: int) -> int:
        """Return where the line of `index` begins."""
        return self.text.rfind("\n", 0, index) + 1

    def line_end(self, index: int) -> int:
        """Return where the line of `index` ends, its line end left out."""
        end = self.text.find("\n", index)
        end = len(self.text) if end < 0 else end
        return end - 1 if self.text[end - 1 : end + 1] == "\r\n" else end

    def next_line(self, index: int) -> int:
        """Return where the line after that of `index` begins."""
        end = self.text.find("\n", index)
        return len(self.text) if end < 0 else end + 1

    def end(self, node: Node) -> int:
        """Return where a node's own text ends: comments and blank lines below are not its own."""
        if isinstance(node, yaml.ScalarNode):
            end = int(node.end_mark.index)
            if node.style not in ("|", ">"):
                return end
            text = self.text[node.start_mark.index : end]
            if "+" in text.split("\n", 1)[0].split("#", 1)[0]:  # its blank lines are its own
                return int(node.start_mark.index) + len(text.removesuffix("\n"))
            return int(node.start_mark.index) + len(text.rstrip(" \t\r\n"))
        if node.flow_style:
            return int(node.end_mark.index)
        last = node.value[-1]
        if isinstance(last, tuple):
            return max(int(last[0].end_mark.index), self.end(last[1]))
        return max(int(node.start_mark.index), self.end(last))

    def after_colon(self, key: Node) -> int:
        """Return the place after the colon of a key."""
        return self.text.index(":", key.end_mark.index) + 1

    def comment_beside(self, key: Node, value: Node) -> str:
        """Return the comment, with the space before it, on the line where a value begins."""
        if isinstance(value, yaml.ScalarNode) and value.style in ("|", ">"):
            header = _HEADER.match(self.text, value.start_mark.index)
            begin = header.end() if header else value.start_mark.index
        elif isinstance(value, yaml.ScalarNode) or value.flow_style:
            begin = value.end_mark.index
        else:
            begin = self.after_colon(key)
        rest = self.text[begin : self.line_end(begin)]
        return rest if rest.lstrip().startswith("#") else ""


def by_hand(node: Node) -> str:
    """Return the hint of a refused edit."""
    return f"edit line {node.start_mark.line + 1} by hand"
