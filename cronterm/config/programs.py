"""Whether the programs that jobs run are there, as far as a look from here can tell.

Loading looks for none of them: they may come to be, and a file system that does not answer would
hold up the engine.
"""

import contextlib
import os
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

from cronterm.model.job import Job, Shell

_KEYWORDS = "! [[ case coproc do for function if select then time until while"
_BUILTINS = """
. : [ alias bg break cd command continue eval exec exit export false fc fg getopts hash jobs kill
local printf pwd read readonly return set shift test times trap true type ulimit umask unalias
unset wait
"""
_MORE_BUILTINS = """
autoload bind builtin caller compgen complete declare dirs disown echo enable float functions help
history integer let logout mapfile popd print pushd readarray setopt shopt source suspend typeset
unsetopt whence
"""
OF_EVERY_SHELL = frozenset((_KEYWORDS + _BUILTINS).split())
OF_OTHER_SHELLS = frozenset(_MORE_BUILTINS.split())
"""Of bash, ksh and zsh."""
SIMPLE_SHELLS = frozenset(("sh", "dash", "ash"))
SIGNS = frozenset("`$=*?(){}<>|&;")
"""In a first word that only the shell can tell the meaning of."""


class Look(NamedTuple):
    """What a look at a program says."""

    is_there: bool
    text: str


def look_for(command: str, job: Job | None) -> Look | None:
    """Look for the first word of a command line; None where only its shell knows what it is.

    The command is the job's, whose shell, directory and PATH count.
    """
    first = _first_word(command)
    if not first or first in OF_EVERY_SHELL or SIGNS & set(first):
        return None
    if first in OF_OTHER_SHELLS and not _is_simple(job):
        return None
    return _program(first, job)


def look_for_program_of(job: Job) -> Look | None:
    """Look for what a job runs; None where that cannot be told from here."""
    if not isinstance(job.action, Shell) or job.user:
        return None  # another user has another PATH, and other rights
    command = job.action.command
    return look_for(command, job) if isinstance(command, str) else _program(command[0], job)


def _program(name: str, job: Job | None) -> Look | None:
    if "/" in name:
        return _file(name, job)
    path = None if job is None else job.env.get("PATH")
    if found := shutil.which(name, path=path):
        return Look(True, f"{found} found, executable")
    if job is not None and job.env_files and path is None:
        return None  # they may have a PATH of their own
    return Look(False, f"{name} is not found in PATH")


def _first_word(command: str) -> str:
    """Return the first word; nothing of a comment, and of a function that is defined."""
    words = shlex.shlex(command.strip().partition("\n")[0], posix=True, punctuation_chars=True)
    words.whitespace_split = True
    first = ""
    with contextlib.suppress(ValueError):  # quotes that go on in the next line
        first = words.get_token() or ""
        if (words.get_token() or "").startswith("("):
            return ""
    return first


def _is_simple(job: Job | None) -> bool:
    """Tell whether the shell of a job knows only what all shells know; the usual one does."""
    if job is None or not isinstance(job.action, Shell) or not job.action.shell:
        return True
    return Path(job.action.shell[0]).name in SIMPLE_SHELLS


def _file(name: str, job: Job | None) -> Look | None:
    """Tell whether a path can be run from where the job runs."""
    place = Path(name)
    with contextlib.suppress(RuntimeError):  # nobody's home
        place = place.expanduser()
    if not place.is_absolute():
        if job is None:
            return None
        place = Path(os.path.normpath(Path(job.working_dir, place)))
    if not place.exists():
        return Look(False, f"{place} does not exist")
    if place.is_dir() or not os.access(place, os.X_OK):
        return Look(False, f"{place} is not executable")
    return Look(True, f"{place} found, executable")
