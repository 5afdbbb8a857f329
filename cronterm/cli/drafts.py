"""Texts that are edited in $VISUAL or $EDITOR until they are taken or given up."""

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from cronterm.cli.base import Desk, say
from cronterm.errors import BadInput, CrontermError


def write_draft(name: str, suffix: str, text: str) -> Path:
    """Return a private file with the text to edit."""
    try:
        handle, path = tempfile.mkstemp(prefix=f"{name}-", suffix=suffix)
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise CrontermError(f"there is no place for a draft: {error.strerror}", "TMPDIR") from None
    return Path(path)


def edit_draft(at: Desk, draft: Path, take: Callable[[str], None], *, failure: str) -> None:
    """Edit until `take` does not raise `CrontermError`; nothing is taken that was not changed.

    Raises `BadInput` with `failure` where it is given up: then the draft stays.
    """
    before = draft.read_text(encoding="utf-8")
    while True:
        _open_editor(draft)
        text = draft.read_text(encoding="utf-8")
        if text.strip() == before.strip():
            say("nothing changed")
            break
        try:
            take(text)
        except CrontermError as error:
            say(str(error), err=True)
        else:
            break
        if at.says_yes or not sys.stdin.isatty() or not click.confirm("Edit again?", default=True):
            raise BadInput(failure, f"your text is in {draft}")
    draft.unlink()


def _open_editor(path: Path) -> None:
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    try:
        done = subprocess.run([*words, str(path)], check=False)
    except OSError as error:
        raise CrontermError(f"{words[0]}: {error.strerror}", "set EDITOR") from None
    if done.returncode:
        raise CrontermError(f"{words[0]} ended with {done.returncode}", "nothing was changed")
