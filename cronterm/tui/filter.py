"""The filter of the job table, read once and asked of every job.

Words: `word`, `!word`, `#tag`, `is:failing`, `last:<1h`, `next:<1h`, `took:>5m`, `group:ops`,
`owner:dba`, `/pattern/`. A job is shown where all of them hold; what is half typed holds.
Letters of a name need not stand together where no job has them together.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from cronterm.clock import Duration, Instant
from cronterm.errors import BadInput
from cronterm.model.snapshot import JobView
from cronterm.schedule.duration import parse_duration
from cronterm.tui.filter_doubt import Terms, anything, length, one_of
from cronterm.tui.look import ROLES

FUZZY = 3  # letters from which on they need not stand together

State = Callable[[JobView], str]
Term = Callable[[JobView, State, Instant], bool]


Spots = Callable[[str], Iterable[int]]
"""Where in a name the letters stand that were looked for."""


@dataclass(frozen=True)
class JobFilter:
    """What was typed."""

    terms: tuple[Term, ...] = ()
    spots: tuple[Spots, ...] = ()
    words: tuple[str, ...] = ()
    """Those that are parts of what a job is called."""

    def keeps(self, view: JobView, state: State, now: Instant) -> bool:
        """Tell whether a job is shown; `state` gives the state that its row shows."""
        for term in self.terms:  # noqa: SIM110  `all` takes half as long again over 10,000 jobs
            if not term(view, state, now):
                return False
        return True

    def spots_in(self, name: str) -> set[int]:
        """Return the places of the letters in a job's name for which it is shown."""
        folded = name.casefold()
        if len(folded) != len(name):
            return set()  # a letter became two: the places are others
        return {spot for find in self.spots for spot in find(folded)}

    def distance(self, name: str) -> int:
        """Return how far a job's name is from the words that were typed; 0 is nearest.

        A word that is the name is nearest, then one that it begins with, then one within it; a job
        that is called so elsewhere, in its description or a tag, is farthest.
        """
        folded, far = name.casefold(), 0
        for word in self.words:
            place = folded.find(word)
            far += 3 if place < 0 else 2 if place else folded != word
        return far


def nearest(words: str, names: Sequence[str], here: int | None) -> int:
    """Return the place of the name that is meant: `here` where none is nearer, else the first.

    `names` are those of jobs, at least one.
    """
    far = [*map(read_filter(words).distance, names)]
    return here if here is not None and far[here] == min(far) else far.index(min(far))


def find_jobs(
    words: str, views: Sequence[JobView], state: State, now: Instant
) -> tuple[JobFilter, Sequence[JobView]]:
    """Return what was typed, as it is meant here, and the jobs that it describes."""
    found = read_filter(words)
    if not found.terms:
        return found, views
    kept = [view for view in views if found.keeps(view, state, now)]
    if not kept:
        found = read_filter(words, is_loose=True)
        kept = [view for view in views if found.keeps(view, state, now)]
    return found, kept


def read_filter(words: str, *, is_loose: bool = False) -> JobFilter:
    """Read a filter; nothing is refused. A loose one finds names with letters left out."""
    terms: list[Term] = []
    spots: list[Spots] = []
    parts: list[str] = []
    for word in words.split():
        is_opposite = word.startswith("!")
        term, its = _read_term(word.lstrip("!"), is_loose=is_loose and not is_opposite)
        if term is not None:
            terms.append(_opposite(term) if is_opposite else term)
            if its is not None and not is_opposite:
                spots.append(its)
                parts += [] if word.startswith("/") else [word.casefold()]
    return JobFilter(tuple(terms), tuple(spots), tuple(parts))


def _opposite(term: Term) -> Term:
    return lambda view, state, now: not term(view, state, now)


def _read_term(word: str, *, is_loose: bool) -> tuple[Term | None, Spots | None]:
    key, colon, value = word.casefold().partition(":")
    if word.startswith("/"):
        return _pattern(word.strip("/"))
    if word.startswith("#"):
        tag = word[1:].casefold()
        return lambda view, state, now: any(
            t.casefold().startswith(tag) for t in view.job.tags
        ), None
    if not word or (colon and key in FIELDS and not value):
        return None, None
    if colon and key in FIELDS:
        return FIELDS[key](value), None
    return _text(word.casefold(), is_loose=is_loose)


def _text(word: str, *, is_loose: bool) -> tuple[Term, Spots]:
    """Find a word in all that a job is called; a loose one in its name with letters left out."""
    steps = "".join(f"[^{letter}]*{letter}" for letter in map(re.escape, word))
    has_letters = re.compile(steps).match if is_loose and len(word) >= FUZZY else None

    def term(view: JobView, state: State, now: Instant) -> bool:
        job = view.job
        name = job.id.casefold()
        if word in name or (has_letters and has_letters(name)):
            return True
        for text in (job.description, job.owner, job.group, *job.tags):
            if text and word in text.casefold():
                return True
        return False

    def spots(name: str) -> Iterable[int]:
        together = [at for start in _places(word, name) for at in range(start, start + len(word))]
        return together or (_nearest(word, name) if has_letters and has_letters(name) else ())

    return term, spots


def _places(word: str, name: str) -> Iterator[int]:
    place = name.find(word)
    while place >= 0:
        yield place
        place = name.find(word, place + 1)


def _nearest(word: str, name: str) -> list[int]:
    """Return where the letters of a word stand in a name that has them, as near as they do."""
    ways = []
    for start in _places(word[0], name):
        way = [start]
        for letter in word[1:]:
            way.append(name.find(letter, way[-1] + 1))
            if way[-1] < 0:
                break
        else:
            ways.append(way)
    return min(ways, key=lambda way: way[-1] - way[0])


def _pattern(pattern: str) -> tuple[Term | None, Spots | None]:
    try:
        sought = re.compile(pattern, re.IGNORECASE)
    except re.error:
        return None, None
    return (
        lambda view, state, now: sought.search(view.job.id) is not None,
        lambda name: (at for each in sought.finditer(name) for at in range(*each.span())),
    )


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

STATES = ("failing", "ok", *ROLES)
TERMS: Terms = {
    "is": one_of(STATES, "a state"),
    "last": length,
    "next": length,
    "took": length,
    "group": anything,
    "owner": anything,
}
"""What is wrong with a word of `FIELDS`."""
