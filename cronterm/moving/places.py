"""Where sources lie on this machine, and their text."""

import os
import pwd
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cronterm.clock import local_zone
from cronterm.errors import BadInput, CrontermError
from cronterm.moving.base import Surroundings

LARGEST = 8 << 20  # bytes of one file

_CRON_D_NAME = re.compile(r"[A-Za-z0-9_-]+")

SPOOLS = (Path("/var/spool/cron/crontabs"), Path("/var/spool/cron"))


@dataclass(frozen=True)
class Text:
    """What a source says."""

    name: str
    text: str
    path: Path | None = None


def surroundings() -> Surroundings:
    """Return where this import happens."""
    entries = pwd.getpwall()
    users = frozenset(entry.pw_name for entry in entries)
    homeless = frozenset(entry.pw_name for entry in entries if not Path(entry.pw_dir).is_dir())
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    return Surroundings(local_zone(), user, os.geteuid() == 0, users, homeless)


def read_text(path: Path) -> Text:
    """Read one file. Raises `BadInput`. Bytes that are not UTF-8 become surrogates."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise BadInput(f"{path}: {os.strerror(error.errno or 0)}") from None
    if len(content) > LARGEST:
        raise BadInput(f"{path} is larger than 8 MiB")
    return Text(str(path), decoded(content), path)


def decoded(content: bytes) -> str:
    """Return bytes as text; those that are not UTF-8 become surrogates."""
    return content.decode("utf-8", "surrogateescape")


def own_crontab(user: str = "") -> Text:
    """Return the crontab of `user`, or of who asks. Raises `CrontermError`."""
    words = ["crontab", "-l", *(["-u", user] if user else [])]
    name = f"crontab of {user}" if user else "crontab -l"
    try:
        done = subprocess.run(words, capture_output=True, check=False, timeout=20)
    except FileNotFoundError:
        return _spooled(user, name)
    if done.returncode:
        said = decoded(done.stderr).strip() or f"exit {done.returncode}"
        raise CrontermError(f"{' '.join(words)}: {said}", "give a FILE to import that instead")
    return Text(name, decoded(done.stdout))


def _spooled(user: str, name: str) -> Text:
    user = user or pwd.getpwuid(os.geteuid()).pw_name
    for spool in SPOOLS:
        try:
            if (spool / user).is_file():
                return read_text(spool / user)
        except PermissionError:  # of Path.is_file: cron's program may look there, not everybody
            continue
    raise CrontermError(f"there is no {name}: cron is not installed", "give a FILE to import")


def spool_user(path: Path | None) -> str:
    """Return whose crontab a file is by its place, or nothing."""
    return path.name if path is not None and path.absolute().parent in SPOOLS else ""


def files(paths: Sequence[Path], suffixes: Sequence[str] = ()) -> Iterator[Path]:
    """Yield files, of a directory those with a suffix in order. Raises `BadInput`."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        names = sorted(p for p in path.iterdir() if p.is_file())
        yield from (p for p in names if not suffixes or p.suffix in suffixes)


def cron_d_files(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Return files with a user column, and a note for each that cron itself leaves aside."""
    found, notes = [], []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        for each in files([path]):
            if _CRON_D_NAME.fullmatch(each.name):
                found.append(each)
            elif each.name != ".placeholder":
                notes.append(f"{each} is left aside: Debian's cron reads no such name")
    return found, notes
