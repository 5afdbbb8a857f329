"""Names for jobs that had none: from their commands and comments."""

import re
import shlex
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from pathlib import PurePosixPath

LONGEST = 64

_BAD = re.compile(r"[^A-Za-z0-9._-]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
_BREAKS = re.compile(r"&&|\|\||[;|\n&(){}]")
_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
_MARK = re.compile(r"\s#\s*([A-Za-z0-9][A-Za-z0-9._-]{0,63})\s*$")

# What stands before the word that says what a command is about.
_PRELUDES = frozenset(
    [
        "test",
        "[",
        "[[",
        "cd",
        "source",
        ".",
        "export",
        "if",
        "then",
        "else",
        "elif",
        "fi",
        "sleep",
        "set",
        "true",
        "false",
        "echo",
        "umask",
    ]
)
_WRAPPERS = frozenset(
    [
        "nice",
        "ionice",
        "sudo",
        "env",
        "flock",
        "timeout",
        "exec",
        "nohup",
        "time",
        "chronic",
        "run-one",
        "command",
        "/usr/bin/env",
        "setsid",
        "envdir",
        "php",
        "python",
        "python2",
        "python3",
        "perl",
        "ruby",
        "node",
        "bash",
        "sh",
        "zsh",
        "dash",
        "fish",
        "make",
        "run-parts",
        "docker",
        "java",
    ]
)
_STARTS_WITH_A_PLACE = frozenset(["flock", "envdir"])
_SAYS_MORE = re.compile(r"[A-Za-z][\w./-]*", re.ASCII)
_NUMBER = re.compile(r"\+?\d+[smhd]?")


def slug(text: str) -> str:
    """Return a text as the id of a job; `job` where nothing of it can be one."""
    name = _BAD.sub("-", text).strip("-._")[:LONGEST].rstrip("-._")
    if not name:
        return "job"
    return f"job-{name}"[:LONGEST] if name.isdigit() else name


def free(name: str, taken: Container[str]) -> str:
    """Return `name`, or it with the first number behind that `taken` (in lower case) lacks."""
    number, candidate = 1, name
    while candidate.lower() in taken:
        number += 1
        end = f"-{number}"
        candidate = name[: LONGEST - len(end)] + end
    return candidate


def mark_of(command: str) -> str:
    """Return the name in a comment that ends a command (`… # backup-db`), or nothing."""
    found = _MARK.search(command)
    return found[1] if found else ""


def name_of(command: str) -> str:
    """Return an id that a command suggests: its mark, its script, its program."""
    if mark := mark_of(command):
        return slug(mark)
    last = ""
    for part, _ in _parts(command):
        last = part
        if part not in _PRELUDES:
            return slug(part)
    return slug(last)


def longer_name_of(command: str) -> str:
    """Return `name_of` with the first argument that says more, where there is one."""
    name = name_of(command)
    if mark_of(command):
        return name
    for part, rest in _parts(command):
        if slug(part) == name:
            more = next((word for word in rest if _SAYS_MORE.fullmatch(word)), "")
            return slug(f"{name}-{_stem(more)}") if more else name
    return name


def told_apart(names: Sequence[str], longer: Sequence[str]) -> list[str]:
    """Return names, those that stand twice in their longer form where that tells them apart."""
    counts = Counter(name.lower() for name in names)
    groups: dict[str, list[str]] = {}
    for name, more in zip(names, longer, strict=True):
        groups.setdefault(name.lower(), []).append(more.lower())
    return [
        more if counts[key := name.lower()] > 1 and len(set(groups[key])) == counts[key] else name
        for name, more in zip(names, longer, strict=True)
    ]


def _parts(command: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what each part of a command line is about, with the words behind it.

    Parts that only prepare come last.
    """
    preludes = []
    plain = _QUOTED.sub(lambda found: _BREAKS.sub(" ", found[0]), command)
    for piece in _BREAKS.split(plain):
        words = _words(piece)
        while words and (_ASSIGNMENT.fullmatch(words[0]) or words[0] in ("!", "then", "do")):
            del words[0]
        if not words:
            continue
        if words[0] in _PRELUDES:
            preludes.append((words[0], words[1:]))
        else:
            yield _subject(words)
    yield from preludes


def _words(piece: str) -> list[str]:
    try:
        return shlex.split(piece)
    except ValueError:
        return piece.split()


def _subject(words: list[str]) -> tuple[str, list[str]]:
    """Return the word that says what a simple command does, and what follows it."""
    program = words[0]
    rest = words[1:]
    name = PurePosixPath(program).name
    if program not in _WRAPPERS and name not in _WRAPPERS:
        return _stem(program), rest
    skipped_place = name not in _STARTS_WITH_A_PLACE
    for place, word in enumerate(rest):
        if word.startswith("-") or _ASSIGNMENT.fullmatch(word) or _NUMBER.fullmatch(word):
            continue
        if not skipped_place:
            skipped_place = True
            continue
        if PurePosixPath(word).name in _WRAPPERS:
            return _subject(rest[place:])
        return _stem(word), rest[place + 1 :]
    return _stem(program), []


def _stem(word: str) -> str:
    path = PurePosixPath(word)
    known = {".sh", ".py", ".pl", ".php", ".rb", ".js", ".bash", ".bat", ".exe", ".jar"}
    return path.stem if path.suffix in known else path.name
