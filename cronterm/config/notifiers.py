"""The notifiers of a jobs file. No message shows a value of theirs: it may be a secret."""

import importlib.util
import platform
import re
from collections.abc import Callable
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from cronterm.clock import MINUTE, SECOND
from cronterm.config.fields import Bad, Reading, Values
from cronterm.config.identity import read_secret
from cronterm.config.notify import NAME_RULE
from cronterm.config.places import fill_variables
from cronterm.config.reader import Node, short
from cronterm.model.notifier import (
    Apprise,
    Command,
    Email,
    Notifier,
    Private,
    Terminal,
    Webhook,
    kind_of,
)

FORMATS = ("slack", "discord", "teams", "ntfy", "gotify", "json", "template")
TYPES = ("email", "webhook", "ntfy", "command", "terminal", "apprise")
PLACEHOLDERS = ("title", "text", "event", "job", "message", "run", "host", "count", "time", "id")
NTFY = "https://ntfy.sh"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_METHODS = ("POST", "PUT", "PATCH", "GET")
_SHORTEST, _LONGEST = SECOND, 5 * MINUTE

Read = Callable[[Node, str], Any]
Place = Callable[[Node, str], str]


def read_notifiers(r: Reading, node: Node, directory: Path, place: Place) -> dict[str, Notifier]:
    """Return the notifiers by name; one that is wrong is noted, and there all the same."""
    found: dict[str, Notifier] = {}
    nothing: Notifier = Terminal()

    def one(node: Node, path: str) -> Notifier:
        return _notifier(r, node, path, directory, place)

    for name, (key, value) in r.mapping(node, "notifiers").items():
        if name.startswith("x-"):
            continue
        path = f"notifiers.{short(name)}"
        if not _NAME.fullmatch(name):
            r.note(key, path, f"{short(name)!r} cannot name a notifier", NAME_RULE)
            continue
        found[name] = r.read(value, path, one, nothing)
    return found


def described(notifier: Notifier) -> str:
    """Return what a notifier is, for people, without what is private."""
    match notifier:
        case Email(to=to):
            more = f" and {len(to) - 1} more" if len(to) > 1 else ""
            return f"email to {to[0]}{more}"
        case Webhook(format=kind, url=url):
            host = urlsplit(url.text).hostname if url.text else ""
            return f"webhook ({kind})" + (f" at {host}" if host else "")
        case _:
            return kind_of(notifier)


def _notifier(r: Reading, node: Node, path: str, directory: Path, place: Place) -> Notifier:
    if not isinstance(node, yaml.MappingNode):
        raise r.bad(node, path, "a notifier is a mapping", "{type: email, to: ...}")
    pairs = r.mapping(node, path)
    if "type" not in pairs:
        raise r.bad(node, path, "type is missing", f"type: {', '.join(TYPES)}")
    kind = r.choice(*TYPES)(pairs["type"][1], f"{path}.type")

    def private(node: Node, path: str) -> Private:
        return _private(r, node, path, directory, place)

    how = _WORDS[kind](r, private, place)
    words = r.words(node, path, ["type", *how])
    del words["type"]
    values = r.read_words(words, path, how)
    return _BUILDERS[kind](_Given(r, node, path, words, values, directory))


# -- values --------------------------------------------------------------------------------------


def _private(r: Reading, node: Node, path: str, directory: Path, place: Place) -> Private:
    """Return a value that is written here, or where it comes from."""
    if isinstance(node, yaml.MappingNode):
        return Private(secret=read_secret(r, node, path, place), directory=str(directory))
    if not isinstance(node, yaml.ScalarNode) or not node.tag.endswith(":str"):
        raise r.bad(node, path, "is not a text", "a text in quotes, or {file: ...}")
    text = fill_variables(r, node, path, str(node.value).strip())
    if not text or "\n" in text or "\0" in text:
        raise r.bad(node, path, "is empty or has several lines")
    return Private(text)


def _url(r: Reading, private: Read, schemes: tuple[str, ...]) -> Read:
    """Return a reader of addresses that begin with one of `schemes`."""

    def read(node: Node, path: str) -> Private:
        value: Private = private(node, path)
        if value.text:
            try:
                parts = urlsplit(value.text)
                is_good = parts.scheme.lower() in schemes and bool(parts.hostname)
                is_good = is_good and parts.port != 0 and value.text.isprintable()
            except ValueError:
                is_good = False
            if not is_good or " " in value.text:
                raise r.bad(node, path, "is not an address", f"{schemes[0]}://HOST/...")
        return value

    return read


def _address(r: Reading) -> Read:
    def read(node: Node, path: str) -> str:
        text = fill_variables(r, node, path, r.line(node, path))
        _, address = parseaddr(text)
        name, at, domain = address.rpartition("@")
        if not at or not name or not domain or not text.isprintable() or " " in address:
            raise r.bad(node, path, f"{short(text)!r} is not a mail address", "ops@example.com")
        return text

    return read


def _timeout(r: Reading) -> Read:
    def read(node: Node, path: str) -> int:
        duration = r.duration(node, path)
        if not _SHORTEST <= duration <= _LONGEST:
            raise r.bad(node, path, "is between 1s and 5m")
        return duration

    return read


def _headers(r: Reading, private: Read) -> Read:
    def read(node: Node, path: str) -> tuple[tuple[str, Private], ...]:
        if not isinstance(node, yaml.MappingNode):
            raise r.bad(node, path, "headers are a mapping", "{Authorization: {file: ...}}")
        found = []
        for name, (key, value) in r.mapping(node, path).items():
            where = f"{path}.{short(name)}"
            if not _HEADER.fullmatch(name):
                raise r.bad(key, where, f"{short(name)!r} cannot name a header")
            given: Private = private(value, where)
            if not given.text.isprintable():
                raise r.bad(value, where, "has characters that no header has")
            found.append((name, given))
        return tuple(found)

    return read


def _body(r: Reading) -> Read:
    def read(node: Node, path: str) -> str:
        text = r.text(node, path)
        for found in _PLACEHOLDER.finditer(text):
            if found[1] not in PLACEHOLDERS:
                known = ", ".join(PLACEHOLDERS)
                message = f"{{{{{short(found[1])}}}}} means nothing here"
                raise r.bad(node, path, message, f"known: {known}")
        return text

    return read


# -- kinds ---------------------------------------------------------------------------------------


class _Given:
    """A notifier whose words are read."""

    def __init__(
        self,
        r: Reading,
        node: Node,
        path: str,
        words: dict[str, tuple[Node, Node]],
        values: Values,
        directory: Path,
    ) -> None:
        self.r, self.node, self.path = r, node, path
        self.words, self.values, self.directory = words, values, directory

    def need(self, word: str, hint: str) -> None:
        """Note that a word is missing."""
        if not self.values.get(word):
            raise self.r.bad(self.node, self.path, f"{word} is missing", hint)

    def refuse(self, word: str, message: str, hint: str = "") -> Bad:
        """Note what is wrong with a word and return what to raise."""
        return self.r.bad(self.words[word][1], f"{self.path}.{word}", message, hint)


def _email_words(r: Reading, private: Read, place: Place) -> dict[str, Read]:
    return {
        "to": r.one_or_list(_address(r)),
        "from": _address(r),
        "smtp": _url(r, private, ("smtp", "smtps")),
        "user": r.line,
        "password": private,
        "tls": r.choice("auto", "starttls", "tls", "none"),
        "ca_file": place,
        "timeout": _timeout(r),
    }


def _email(given: _Given) -> Email:
    values = given.values
    given.need("to", "to: ops@example.com")
    sender = values.pop("from", None) or f"cronterm@{platform.node() or 'localhost'}"
    if ("user" in values) != ("password" in values):
        word = "user" if "user" in values else "password"
        raise given.refuse(word, "user and password go together")
    if values.get("tls") in ("starttls", "none") and _is_smtps(values.get("smtp")):
        raise given.refuse("tls", "smtps:// is TLS from the first byte", "tls: tls, or smtp://")
    return Email(sender=sender, **{"smtp": Private("smtp://localhost:25"), **values})


def _is_smtps(smtp: Private | None) -> bool:
    return smtp is not None and smtp.text.lower().startswith("smtps:")


def _webhook_words(r: Reading, private: Read, place: Place) -> dict[str, Read]:
    return {
        "url": _url(r, private, ("https", "http")),
        "format": r.choice(*FORMATS),
        "method": r.choice(*_METHODS),
        "headers": _headers(r, private),
        "body": _body(r),
        "token": private,
        "priority": r.integer(0, 10),
        "timeout": _timeout(r),
    }


def _webhook(given: _Given) -> Webhook:
    given.need("url", "url: https://..., or {file: ...}")
    values, kind = given.values, given.values.get("format", "json")
    if kind == "template":
        given.need("body", 'body: \'{"text": "{{title}}"}\'')
    for word, formats in (
        ("body", ("template",)),
        ("token", ("ntfy", "gotify")),
        ("priority", ("ntfy", "gotify")),
    ):
        if word in values and kind not in formats:
            raise given.refuse(word, f"{word} goes with format: {' or '.join(formats)}")
    if kind == "ntfy":
        _check_ntfy(given)
    return Webhook(**values)


def _check_ntfy(given: _Given) -> None:
    if given.values.get("priority", 1) not in range(1, 6):
        raise given.refuse("priority", "ntfy knows 1 to 5")


def _ntfy_words(r: Reading, private: Read, place: Place) -> dict[str, Read]:
    return {
        "topic": private,
        "server": _url(r, private, ("https", "http")),
        "token": private,
        "priority": r.integer(0, 10),
        "timeout": _timeout(r),
    }


def _ntfy(given: _Given) -> Webhook:
    given.need("topic", "topic: my-cronterm")
    _check_ntfy(given)
    url = given.values.pop("server", None) or Private(NTFY)
    return Webhook(url=url, format="ntfy", **given.values)


def _command_words(r: Reading, private: Read, place: Place) -> dict[str, Read]:
    return {"command": r.command, "timeout": _timeout(r)}


def _command_notifier(given: _Given) -> Command:
    given.need("command", "command: /usr/local/bin/page")
    return Command(directory=str(given.directory), **given.values)


def _apprise_words(r: Reading, private: Read, place: Place) -> dict[str, Read]:
    return {"url": r.one_or_list(private), "timeout": _timeout(r)}


def _apprise(given: _Given) -> Apprise:
    given.need("url", "url: SERVICE://..., or {file: ...}")
    if importlib.util.find_spec("apprise") is None:
        message, hint = "apprise is not installed here", "pip install 'cronterm[notify]'"
        given.r.warn(given.node, f"{given.path}.type", message, hint)
    values = given.values
    return Apprise(urls=values.pop("url"), **values)


def _terminal_words(r: Reading, private: Read, place: Place) -> dict[str, Read]:
    return {}


_WORDS: dict[str, Callable[[Reading, Read, Place], dict[str, Read]]] = {
    "email": _email_words,
    "webhook": _webhook_words,
    "ntfy": _ntfy_words,
    "command": _command_words,
    "terminal": _terminal_words,
    "apprise": _apprise_words,
}
_BUILDERS: dict[str, Callable[[_Given], Notifier]] = {
    "email": _email,
    "webhook": _webhook,
    "ntfy": _ntfy,
    "command": _command_notifier,
    "terminal": lambda given: Terminal(),
    "apprise": _apprise,
}
