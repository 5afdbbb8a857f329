"""The filter of the job table, read once and asked of every job.

Words: `word`, `!word`, `#tag`, `is:failing`, `last:<1h`, `next:<1h`, `took:>5m`, `group:ops`,
`owner:dba`, `/pattern/`. A job is shown where all of them hold; what is half typed holds.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from cronterm.clock import Duration, Instant
from cronterm.errors import BadInput
from cronterm.model.snapshot import JobView
from cronterm.schedule.duration import parse_duration

FUZZY = 3  # letters from which on they need not stand together

State = Callable[[JobView], str]
Term = Callable[[JobView, State, Instant], bool]


@dataclass(frozen=True)
class JobFilter:
    """What was typed."""

    words: str = ""
    terms: tuple[Term, ...] = ()

    def keeps(self, view: JobView, state: State, now: Instant) -> bool:
        """Tell whether a job is shown; `state` gives the state that its row shows."""
        for term in self.terms:  # noqa: SIM110  `all` takes half as long again over 10,000 jobs
            if not term(view, state, now):
                return False
        return True


def read_filter(words: str) -> JobFilter:
    """Read a filter; nothing is refused."""
    found = []
    for word in words.split():
        term = _read_term(word.lstrip("!"))
        if term is not None:
            found.append(_opposite(term) if word.startswith("!") else term)
    return JobFilter(words, tuple(found))


def _opposite(term: Term) -> Term:
    return lambda view, state, now: not term(view, state, now)


def _read_term(word: str) -> Term | None:
    key, colon, value = word.casefold().partition(":")
    if word.startswith("/"):
        return _pattern(word.strip("/"))
    if word.startswith("#"):
        tag = word[1:].casefold()
        return lambda view, state, now: any(t.casefold().startswith(tag) for t in view.job.tags)
    if not word or (colon and key in FIELDS and not value):
        return None
    if colon and key in FIELDS:
        return FIELDS[key](value)
    return _text(word.casefold())


def _text(word: str) -> Term:
    """Find a word in all that a job is called, and in its name with letters left out."""
    steps = "".join(f"[^{letter}]*{letter}" for letter in map(re.escape, word))
    has_letters = re.compile(steps if len(word) >= FUZZY else "(?!)").match

    def term(view: JobView, state: State, now: Instant) -> bool:
        job = view.job
        name = job.id.casefold()
        if word in name or has_letters(name):
            return True
        for text in (job.description, job.owner, job.group, *job.tags):
            if text and word in text.casefold():
                return True
        return False

    return term


def _pattern(pattern: str) -> Term | None:
    try:
        search = re.compile(pattern, re.IGNORECASE).search
    except re.error:
        return None
    return lambda view, state, now: search(view.job.id) is not None


def _is(value: str) -> Term:
    if value in ("failing", "failed"):
        return lambda view, state, now: view.totals.failed_in_a_row > 0
    if value == "ok":
        return lambda view, state, now: state(view) == "succeeded"
    return lambda view, state, now: state(view).startswith(value)


def _last(value: str) -> Term | None:
    """Compare how long ago the last run ended; a job that never ran has no such time."""
    return _compared(value, lambda view, now: now - view.last.ended_at if view.last else None)


def _next(value: str) -> Term | None:
    return _compared(
        value, lambda view, now: view.next_at - now if view.next_at is not None else None
    )


def _took(value: str) -> Term | None:
    return _compared(value, lambda view, now: view.last.duration if view.last else None)


def _compared(value: str, of: Callable[[JobView, Instant], Duration | None]) -> Term | None:
    """Read `<1h` or `>1h`; without a sign it is `<`."""
    is_over = value.startswith(">")
    try:
        limit = parse_duration(value.lstrip("<>"))
    except BadInput:
        return None

    def term(view: JobView, state: State, now: Instant) -> bool:
        length = of(view, now)
        return length is not None and (length > limit if is_over else length < limit)

    return term


def _group(value: str) -> Term:
    return lambda view, state, now: view.job.group.casefold().startswith(value)


def _owner(value: str) -> Term:
    return lambda view, state, now: value in view.job.owner.casefold()


FIELDS: dict[str, Callable[[str], Term | None]] = {
    "is": _is,
    "last": _last,
    "next": _next,
    "took": _took,
    "group": _group,
    "owner": _owner,
}
