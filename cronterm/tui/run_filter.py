"""What the runs view is filtered by, read from what was typed."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import get_args

from cronterm.clock import Duration
from cronterm.errors import BadInput
from cronterm.model.run import FAILED, CauseKind, Outcome
from cronterm.schedule.duration import parse_duration
from cronterm.tui.filter_doubt import Doubt, unknown

STATES: dict[str, tuple[Outcome, ...]] = {
    "failed": FAILED,
    "failing": FAILED,
    "ok": ("succeeded",),
    **{outcome: (outcome,) for outcome in get_args(Outcome) if outcome != "failed"},
}
CAUSES: tuple[CauseKind, ...] = get_args(CauseKind)


class BadFilter(Exception):
    """What cannot be read; the text says why."""


@dataclass(frozen=True)
class RunFilter:
    """Which runs are shown."""

    job: str = ""
    outcomes: tuple[Outcome, ...] = ()
    causes: tuple[CauseKind, ...] = ()
    last: Duration | None = None
    """Only those of so long ago at most."""


def read_filter(words: str, jobs: Collection[str]) -> RunFilter:
    """Read `backup is:failed cause:manual last:1h`. Raises `BadFilter`."""
    found = RunFilter()
    for word in words.split():
        key, colon, value = word.partition(":")
        if word[0] in "!#/":
            raise BadFilter(f"{word} filters no runs: one job, is: cause: last: do")
        if not colon and found.job:
            raise BadFilter(f"one job at a time: {found.job} or {word}")
        if not colon:
            found = replace(found, job=_job(word, jobs))
        elif key == "is":
            outcomes = _chosen(value, STATES, "an end")
            found = replace(found, outcomes=found.outcomes + STATES[outcomes])
        elif key == "cause":
            cause = _chosen(value, {each: each for each in CAUSES}, "a cause")
            found = replace(found, causes=(*found.causes, next(c for c in CAUSES if c == cause)))
        elif key == "last":
            try:
                found = replace(found, last=parse_duration(value.removeprefix("<")))
            except BadInput as bad:
                raise BadFilter(f"last:{value}: {bad}") from None
        else:
            raise BadFilter(f"{key}: is not known; is: cause: last: are, or a job")
    return found


def _job(word: str, jobs: Collection[str]) -> str:
    """Return the job that is meant: its name, or the only one that has the word in it."""
    if word in jobs:
        return word
    near = [job for job in jobs if word.casefold() in job.casefold()]
    if len(near) == 1:
        return near[0]
    if near:
        raise BadFilter(f"{word} may be {', '.join(near[:4])}")
    return word  # one that left the file


def _chosen(value: str, known: Collection[str], what: str) -> str:
    if value in known:
        return value
    raise BadFilter(unknown(value, known, what))


def doubt_about(words: str, jobs: Collection[str]) -> Doubt | None:
    """Return what is wrong with what was typed."""
    try:
        read_filter(words, jobs)
    except BadFilter as bad:
        return Doubt(str(bad))
    return None
