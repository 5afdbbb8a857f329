"""What the files give a job that it does not say itself, as the form shows it."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from cronterm.config.reader import Refused
from cronterm.config.resolve import ADD_UP, SETTLED
from cronterm.control import Control
from cronterm.errors import CrontermError
from cronterm.model.query import ConfigText, Query, ReadConfig, ReadResolved
from cronterm.model.resolved import Resolved
from cronterm.sanitize import sanitize_line
from cronterm.tui.typed import as_text, read_yaml

_TOPS = re.compile(r"^(?:defaults|settings)[ \t]*:.*\n?(?:(?:[ \t#}].*|[ \t]*)(?:\n|\Z))*", re.M)
"""These blocks of a file: its jobs, which may be thousands, are not read for them."""


class Given(NamedTuple):
    """The value of a word, as it is typed, and who gives it."""

    text: str
    origin: str
    value: Any = None
    """As it stands in the files."""

    @property
    def told(self) -> str:
        """Say what it is."""
        return f"from {self.origin}: {self.text}"


async def read_given(control: Control, job: str | None) -> dict[str, Given]:
    """Return what defaults and settings give to a job, or to a new one; nothing where unknown."""
    query: Query = ReadConfig() if job is None else ReadResolved(job=job)
    try:
        reply = await control.query(query)
        if isinstance(reply, Resolved):
            return _by_word(_of_job(reply))
        return _by_word(_of_file(reply)) if isinstance(reply, ConfigText) else {}
    except (CrontermError, Refused, ValueError):
        return {}  # the form says what is built in


def _of_job(resolved: Resolved) -> Iterator[tuple[str, Any, str]]:
    for value in (*resolved.values, *resolved.hidden):
        if value.origin in ("defaults", "settings"):
            yield value.word, read_yaml(value.text), value.origin


def _of_file(config: ConfigText) -> Iterator[tuple[str, Any, str]]:
    """Yield what a file gives to a job that is added to it, the nearest first."""
    if config.path.endswith(".json"):
        content = json.loads(config.text)
    else:
        content = read_yaml("".join(each[0] for each in _TOPS.finditer(config.text)))
    tops = content if isinstance(content, dict) else {}
    for origin in ("defaults", "settings"):
        words = tops.get(origin)
        for word, value in words.items() if isinstance(words, dict) else ():
            if origin == "defaults" or word in SETTLED:
                yield word, value, origin


def _by_word(found: Iterable[tuple[str, Any, str]]) -> dict[str, Given]:
    given: dict[str, Given] = {}
    for word, value, origin in found:
        text = sanitize_line(as_text(word, value))
        if word not in given:
            given[word] = Given(text, origin, value)
        elif word in ADD_UP:
            before = given[word]
            both = f"{before.text}{', ' if word == 'tags' else ' '}{text}"
            given[word] = Given(both, origin, _added(word, before.value, value))
    return given


def _added(word: str, near: Any, far: Any) -> Any:
    """Return what two places say together; where they say the same, the nearer one wins."""
    if word == "tags":
        return [*_listed(far), *_listed(near)]
    return _mapped(far) | _mapped(near)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _mapped(value: Any) -> dict[str, Any]:
    """Return a mapping, also of a list of NAME=value."""
    if isinstance(value, dict):
        return value
    return dict(str(item).partition("=")[::2] for item in _listed(value))
