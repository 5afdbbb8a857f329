"""Takes lines out of a crontab once their jobs have moved."""

import subprocess
from collections.abc import Mapping

from cronterm.errors import CrontermError
from cronterm.moving.places import own_crontab

MARK = "#cronterm "
"""Stands before a line that has moved, so that taking it away brings it back."""


def disable_lines(user: str, lines: Mapping[int, str]) -> None:
    """Comment out lines of the crontab of `user`, empty for one's own: number, text.

    Raises `CrontermError`, and leaves the crontab as it is, if it no longer says that.
    """
    known = own_crontab(user).text.split("\n")
    for number, text in lines.items():
        if number > len(known) or known[number - 1].strip() != text:
            raise CrontermError(
                f"line {number} of the crontab has changed meanwhile: cron still runs all of it",
                "take out what was imported with `crontab -e`",
            )
    new = [f"{MARK}{line}" if n in lines else line for n, line in enumerate(known, 1)]
    words = ["crontab", *(["-u", user] if user else []), "-"]
    content = "\n".join(new).encode("utf-8", "surrogateescape")
    done = subprocess.run(words, input=content, capture_output=True, check=False, timeout=20)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip() or f"exit {done.returncode}"
        raise CrontermError(f"{' '.join(words)}: {said}", "cron still runs all of it")
