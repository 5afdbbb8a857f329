"""YAML text to nodes with line and column; everything that YAML may mean twice is refused."""

import gc
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import yaml

from cronterm.config.crontab_line import hint_near
from cronterm.model.problem import Problem

LARGEST_FILE = 32 << 20
DEEPEST = 50
MOST_VALUES = 300_000  # nodes of half a KiB: ten thousand jobs with fifteen words each
MOST_DIRECTIVES = 100  # libyaml compares each with all before it
MOST_PROBLEMS = 200  # nobody reads more; a generated file may have a million
LONGEST_MESSAGE = 300

BOM = "\ufeff"

Node = yaml.Node

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
HAS_LIBYAML = _BASE is not yaml.SafeLoader

_BOOL = re.compile(r"true|false")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
)
NUMBER_OR_WORD = re.compile(rf"null|~|{_BOOL.pattern}|{_INT.pattern}|{_FLOAT.pattern}")
"""What is not a text without quotes."""

_BEGINS = "-+.0123456789~ntf"  # what these do not begin is a text: most is

_TAG = "tag:yaml.org,2002:"
_TEXT = _TAG + "str"
_AMBIGUOUS = re.compile(
    r"(?i:yes|no|on|off|y|n)|0[0-9]+|0[xob][0-9a-f]+|[0-9]+(?::[0-9]{1,2})+|TRUE|True|FALSE|False"
)
_ALIAS = re.compile(r"\*([A-Za-z_][\w.-]*)(?=[\s,}\]]|$)")
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_CONTROL = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class Refused(Exception):
    """The file as a whole cannot be used; carries its one problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class _TooMuch(Exception):
    """Parsing on would cost more than any real jobs file does."""

    def __init__(self, mark: Any, message: str) -> None:
        super().__init__(message)
        self.mark = mark


class Room:
    """How many values may still be read; counts them while they are."""

    def __init__(self, most: int = MOST_VALUES) -> None:
        self.most = most
        self.taken = 0

    @property
    def is_full(self) -> bool:
        """Whether more was read than there is room for."""
        return self.taken > self.most

    @property
    def message(self) -> str:
        """What is said then."""
        if self.most == MOST_VALUES:
            return f"has more than {MOST_VALUES:,} values"
        return f"has more values than the other files leave it: all may have {MOST_VALUES:,}"


class Loader(_BASE):  # type: ignore[misc]  # chosen at run time
    """YAML 1.2's core words only: `no` is a text, `1:30` is a text, `0755` is a text."""

    def __init__(self, text: str, room: Room) -> None:
        super().__init__(text)
        self._depth = 0
        self._room = room

    def resolve(self, kind: type[Node], value: str | None, implicit: Any) -> str:
        """Return the tag of a node."""
        if kind is not yaml.ScalarNode:
            return _TAG + ("map" if kind is yaml.MappingNode else "seq")
        if not implicit[0] or value is None or value[:1] not in _BEGINS:
            return _TEXT
        if value in ("", "~", "null"):
            return _TAG + "null"
        if _BOOL.fullmatch(value):
            return _TAG + "bool"
        if value[0] in "-+.0123456789":
            if _INT.fullmatch(value):
                return _TAG + "int"
            if _FLOAT.fullmatch(value):
                return _TAG + "float"
        return _TEXT

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """Count what is read: PyYAML calls this before each node, aliases left out."""
        room = self._room
        self._depth += 1
        room.taken += 1
        if self._depth > DEEPEST:
            raise _TooMuch(current_node.start_mark, "is nested too deeply")
        if room.taken > room.most:
            raise _TooMuch(current_node.start_mark, room.message)

    def ascend_resolver(self) -> None:
        """Count the way back."""
        self._depth -= 1


# -- the file ------------------------------------------------------------------------------------


class FileText(msgspec.Struct, frozen=True):
    """What a file holds, a byte order mark included."""

    text: str
    sha256: str
    may_others_write: bool
    """Somebody else may change the file, or put another in its place."""


def read_file(path: Path, uid: int) -> FileText:
    """Return the text of a file, read on behalf of `uid`.

    Raises `Refused`: missing, not a file, too large, not UTF-8.
    """

    def refuse(message: str, hint: str = "") -> Refused:
        return Refused(Problem(file=str(path), message=message, hint=hint))

    try:
        # Without O_NONBLOCK, opening a FIFO would wait for a writer.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:  # ValueError: NUL in the name
        reason = error.strerror if isinstance(error, OSError) else error
        raise refuse(f"cannot be read: {reason}") from None
    about = os.fstat(file)
    if not stat.S_ISREG(about.st_mode):
        os.close(file)
        raise refuse("is not a regular file")
    with os.fdopen(file, "rb") as opened:
        if about.st_size > LARGEST_FILE:
            raise refuse(f"is larger than {LARGEST_FILE >> 20} MiB")
        raw = opened.read(LARGEST_FILE)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        problem = Problem(file=str(path), line=line, column=column, message="is not UTF-8")
        raise Refused(problem) from None
    return FileText(text, hashlib.sha256(raw).hexdigest(), _may_others_write(about, path, uid))


def _may_others_write(about: os.stat_result, path: Path, uid: int) -> bool:
    """Apply cron(8)'s rule to the file and to the directories of its name and of its target."""
    ours = (0, uid)
    shared = stat.S_IWGRP | stat.S_IWOTH
    if about.st_uid not in ours or about.st_mode & shared:
        return True
    for directory in {path.parent, path.resolve().parent}:
        place = directory.stat()
        is_shared = bool(place.st_mode & shared) and not place.st_mode & stat.S_ISVTX
        if is_shared or place.st_uid not in ours:
            return True
    return False


# -- the text ------------------------------------------------------------------------------------


@contextmanager
def collector_off() -> Iterator[None]:
    """Hold the garbage collector back: half the time of a large file goes into nodes that stay."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def compose(text: str, file: str, room: Room | None = None) -> Node | None:
    """Return the root node, None for an empty text. Raises `Refused` for what is not YAML.

    Marks count from the first character after a byte order mark.
    """
    text = text.removeprefix(BOM)
    _check_characters(text, file)
    loader = Loader(text, room or Room())
    try:
        root: Node | None = loader.get_single_node()
    except _TooMuch as error:
        raise Refused(_problem(error.mark, file, str(error))) from None
    except yaml.YAMLError as error:
        raise Refused(explain(error, text, file)) from None
    finally:
        loader.dispose()
    return root


def _check_characters(text: str, file: str) -> None:
    found = _CONTROL.search(text)
    if found:
        breaks = list(_BREAK.finditer(text, 0, found.start()))
        begin = breaks[-1].end() if breaks else 0
        raise Refused(
            Problem(
                file=file,
                line=len(breaks) + 1,
                column=found.start() - begin + 1,
                message=f"is not YAML: the character {found[0]!a} is not allowed",
                hint=f'write it in double quotes as "{_escaped(found[0])}"',
            )
        )
    if text.count("\n%") > MOST_DIRECTIVES:
        raise Refused(Problem(file=file, message="has lines that begin with % (quote them)"))


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def explain(error: yaml.YAMLError, text: str, file: str) -> Problem:
    """Return PyYAML's complaint about `text` with its place and the mend of the usual slips."""
    problem = getattr(error, "problem", None) or str(error)
    message = "is not YAML: " + problem.replace("\n", " ")
    context = getattr(error, "context_mark", None)
    mark = getattr(error, "problem_mark", None) or context
    if mark is None:
        return Problem(file=file, message=short(message, LONGEST_MESSAGE))
    if unclosed := _unclosed(error, text):
        return _problem(unclosed[0], file, f"is not YAML: {unclosed[1]}", unclosed[2])
    begin = max(text.rfind("\n", 0, mark.index), text.rfind("\r", 0, mark.index)) + 1
    line = _BREAK.split(text[begin : begin + 500], maxsplit=1)[0]
    hint = hint_near(text, mark.index, (context or mark).index)
    hint = hint or _hint(message, line, mark.column)
    if context is not None and context.line != mark.line and not hint:
        hint = f"{getattr(error, 'context', None)} that begins in line {context.line + 1}"
    if not hint and not text[mark.index :].strip():
        hint = "the file ends here: a bracket may be left open"
    return _problem(mark, file, message, hint)


def _unclosed(error: yaml.YAMLError, text: str) -> tuple[Any, str, str] | None:
    """Return where the quote or bracket was opened that PyYAML misses later, what, and a hint."""
    opened, missed = getattr(error, "context_mark", None), getattr(error, "problem_mark", None)
    if opened is None or missed is None:
        return None
    context = str(getattr(error, "context", ""))
    if "quoted scalar" in context and "end of stream" in str(error):
        return opened, "a quote opened here is not closed", ""
    if (quoted := _quote_before(missed, text)) is not None:
        line = quoted.end_mark.line + 1
        told = f"a quote opened here is closed only in line {line}"
        return quoted.start_mark, told, "close it where its text ends"
    if opened.line != missed.line and text[opened.index : opened.index + 1] in ("[", "{"):
        return opened, "a bracket opened here is not closed", "or a comma is missing behind it"
    return None


def _quote_before(mark: Any, text: str) -> Any:
    """Return the token of a quoted text that ends before `mark` in its line, begun in another."""
    last: Any = None
    with suppress(yaml.YAMLError):
        for token in yaml.scan(text, Loader=_BASE):
            if token.start_mark.index >= mark.index:
                break
            last = token
    is_quoted = isinstance(last, yaml.ScalarToken) and last.style in ("'", '"')
    is_long = is_quoted and last.start_mark.line < last.end_mark.line == mark.line
    return last if is_long else None


def _hint(message: str, line: str, column: int) -> str:
    """Return the mend for the usual slips."""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces, not with tabs"
    if re.search(r"\bschedule:\s+[*@%?]", line) or re.search(r"^\s*-\s+[*@]", line):
        return 'put the schedule in quotes: "*/5 * * * *"'
    if alias := _ALIAS.match(line, column):
        return f"&{short(alias[1])} stands nowhere above; a text that begins with * needs quotes"
    if line[column : column + 1] in ("*", "@", "%", "`", "&", "!", "|", ">") or "alias" in message:
        return "put the value in quotes"
    if "mapping values" in message:
        if line.count(": ") > 1:
            return "a text with `: ` in it needs quotes"
        return "look at the indentation, and for a `:` missing in the line above"
    if "document" in message:
        return "a jobs file is one document: no lines --- or ... between"
    if "expected key" in message:
        return "look at the indentation of this line and the one above"
    return ""


def problem_at(node: Node, file: str, message: str, hint: str = "", path: str = "") -> Problem:
    """Return a problem at the place of a node, in bounds and without control characters."""
    return _problem(node.start_mark, file, message, hint, path)


def _problem(mark: Any, file: str, message: str, hint: str = "", path: str = "") -> Problem:
    return Problem(
        file=file,
        line=mark.line + 1,
        column=mark.column + 1,
        path=_printable(short(path, LONGEST_MESSAGE)),
        message=_printable(short(message, LONGEST_MESSAGE)),
        hint=hint,
    )


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def short(text: str, most: int = 40) -> str:
    """Return a text of at most `most` characters."""
    return text if len(text) <= most else text[: most - 3] + "..."


# -- values --------------------------------------------------------------------------------------


def plain(node: Node) -> Any:
    """Return the value of a node."""
    if isinstance(node, yaml.MappingNode):
        return {plain_key(key): plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(value) for value in node.value]
    return scalar(node)


def plain_key(node: Node) -> str:
    """Return a key as it is written."""
    return str(node.value)


def scalar(node: Node) -> Any:
    """Return the value of a scalar node: text, int, float, bool or None."""
    kind, value = node.tag.removeprefix(_TAG), node.value
    match kind:
        case "int":
            # Python refuses to convert more than 4,300 digits; such a number is a text to us.
            return int(value) if len(value) < 1000 else value
        case "float":
            return float(value) if len(value) < 1000 else value
        case "bool":
            return value == "true"
        case "null":
            return None
        case _:
            return value


def is_ambiguous(node: Node) -> bool:
    """Tell whether other YAML readers take this unquoted text for a number or a truth value."""
    return isinstance(node, yaml.ScalarNode) and not node.style and is_ambiguous_text(node.value)


def is_ambiguous_text(text: str) -> bool:
    """Tell whether some YAML reader takes this text, unquoted, for something else."""
    return _AMBIGUOUS.fullmatch(text) is not None


def follow(node: Node, path: tuple[str | int, ...]) -> Node:
    """Return the node that `path` leads to, or the last one on the way."""
    for step in path:
        parts = [] if isinstance(node, yaml.ScalarNode) else node.value
        if isinstance(node, yaml.SequenceNode):
            parts = enumerate(parts)
        node = {getattr(key, "value", key): value for key, value in parts}.get(step, node)
    return node
