"""The kinds of source, and what each is read with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cronterm.errors import CrontermError
from cronterm.moving.anacrontab import read_anacrontab
from cronterm.moving.base import Found, Surroundings
from cronterm.moving.crontab import read_crontab
from cronterm.moving.k8s import read_k8s
from cronterm.moving.ofelia import read_ofelia
from cronterm.moving.places import Text, cron_d_files, files, own_crontab, read_text, spool_user
from cronterm.moving.seed import read_seed
from cronterm.moving.systemd import read_timer
from cronterm.moving.users import owned
from cronterm.moving.yacron import read_yacron

KINDS = ("crontab", "cron.d", "anacrontab", "systemd", "yacron", "ofelia", "k8s", "seed")

YAML = (".yaml", ".yml")
_USUAL = {
    "cron.d": ("/etc/crontab", "/etc/cron.d"),
    "anacrontab": ("/etc/anacrontab",),
    "systemd": ("/etc/systemd/system", "~/.config/systemd/user"),
    "yacron": ("/etc/yacron.d",),
    "ofelia": ("/etc/ofelia/config.ini",),
    "seed": ("/etc/chronoflow/jobs.d",),
}
_SUFFIXES: dict[str, tuple[str, ...]] = {
    "systemd": (".timer",),
    "yacron": YAML,
    "ofelia": (".ini", ".conf"),
    "k8s": (*YAML, ".json"),
    "seed": (".json",),
}


@dataclass(frozen=True)
class Wish:
    """What is to be imported."""

    kind: str
    paths: tuple[str, ...] = ()
    """`-` is `stdin`; none is the usual place."""
    user: str = ""
    """Whose crontab."""
    has_users: bool | None = None
    stdin: Callable[[], str] = lambda: ""


def read_sources(wish: Wish, here: Surroundings) -> list[Found]:
    """Read all that was asked for. Raises `CrontermError` for what cannot be opened."""
    texts, notes = _texts(wish)
    found = [_read(wish, text, here) for text in texts]
    if notes:
        found.append(Found("names", notes=tuple(notes)))
    return found


def _texts(wish: Wish) -> tuple[list[Text], list[str]]:
    if wish.kind == "crontab" and not wish.paths:
        return [own_crontab(wish.user)], []
    paths = [Path(path) for path in wish.paths if path != "-"]
    given = [Text("stdin", wish.stdin())] if "-" in wish.paths else []
    if not wish.paths:
        usual = (Path(place).expanduser() for place in _USUAL.get(wish.kind, ()))
        paths = [path for path in usual if path.exists()]
        if not paths:
            places = " and ".join(_USUAL.get(wish.kind, ())) or "anywhere"
            raise CrontermError(f"there is nothing of {wish.kind} in {places}", "give a FILE")
    if wish.kind in ("cron.d", "crontab"):
        found, notes = cron_d_files(paths)
    else:
        found, notes = list(files(paths, _SUFFIXES.get(wish.kind, ()))), []
    return [*given, *map(read_text, found)], notes


def _read(wish: Wish, text: Text, here: Surroundings) -> Found:
    match wish.kind:
        case "crontab":
            found = read_crontab(text.text, text.name, here, has_users=wish.has_users)
            return owned(found, wish.user or spool_user(text.path), here)
        case "cron.d":
            has_users = True if wish.has_users is None else wish.has_users
            return read_crontab(text.text, text.name, here, has_users=has_users)
        case "systemd":
            return read_timer(text.text, text.name, here, text.path)
    return _READERS[wish.kind](text.text, text.name, here)


_READERS: dict[str, Callable[[str, str, Surroundings], Found]] = {
    "anacrontab": read_anacrontab,
    "yacron": read_yacron,
    "ofelia": read_ofelia,
    "k8s": read_k8s,
    "seed": read_seed,
}
