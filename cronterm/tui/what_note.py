"""Whether what the form is to run is there, as far as a look from here can tell."""

import contextlib
import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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


def what_note(word: str, job: Job | None, words: Mapping[str, Any]) -> str:
    """Return what is to be said of the command, or of the directory, of a job in the form."""
    command = words.get("command")
    if word == "command" and isinstance(command, str):
        return command_note(command, job)
    if word != "working_dir" or word not in words or job is None or Path(job.working_dir).is_dir():
        return ""
    return f"! {job.working_dir} does not exist: runs fail until it does"


def command_note(command: str, job: Job | None) -> str:
    """Tell whether the first word of a command can be found; nothing where only a shell knows.

    The command is the job's, whose shell, directory and PATH count.
    """
    first = _first_word(command)
    if not first or first in OF_EVERY_SHELL or SIGNS & set(first):
        return ""
    if first in OF_OTHER_SHELLS and not _is_simple(job):
        return ""
    if "/" in first:
        return _file_note(first, job)
    path = None if job is None else job.env.get("PATH")
    if found := shutil.which(first, path=path):
        return f"✓ {found} found, executable"
    if job is not None and job.env_files and path is None:
        return ""  # they may have a PATH of their own
    return f"! {first} is not found in PATH"


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


def _file_note(name: str, job: Job | None) -> str:
    """Tell whether a path can be run from where the job runs."""
    place = Path(name)
    with contextlib.suppress(RuntimeError):  # nobody's home
        place = place.expanduser()
    if not place.is_absolute():
        if job is None:
            return ""
        place = Path(os.path.normpath(Path(job.working_dir, place)))
    if not place.exists():
        return f"! {place} does not exist"
    if place.is_dir() or not os.access(place, os.X_OK):
        return f"! {place} is not executable"
    return f"✓ {place} found, executable"
