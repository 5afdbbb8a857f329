"""Compares when the source would start a job with when cronterm will."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cronterm.clock import Instant, aware
from cronterm.model.job import Job
from cronterm.moving.base import Meaning, Moved
from cronterm.schedule.build import build
from cronterm.schedule.duration import format_duration

COUNT = 50


@dataclass(frozen=True)
class Pair:
    """One instant, old and new side by side; None where one of them does not have it."""

    old: Instant | None
    new: Instant | None


@dataclass(frozen=True)
class Comparison:
    """What became of the instants of one job."""

    job: str
    written: str
    timezone: str
    pairs: tuple[Pair, ...] = ()
    why_not: str = ""
    """Why nothing was compared."""
    differences: tuple[str, ...] = ()
    """Each of them named."""

    def local(self, at: Instant) -> datetime:
        """Return an instant on the wall clock of the old schedule."""
        return aware(at).astimezone(ZoneInfo(self.timezone))


def compare(moved: Moved, job: Job, after: Instant, *, count: int = COUNT) -> Comparison:
    """Compare the next `count` instants after `after` of a source's entry and of its job."""
    meaning = moved.meaning
    differences = list(_beside_the_instants(job))
    if meaning.instants is None:
        return Comparison(
            job.id, meaning.text, meaning.timezone, (), meaning.why_not, tuple(differences)
        )
    old = meaning.instants(after, count)
    new = list(_new_instants(job, after, count))
    pairs = tuple(_side_by_side(old, new, count))
    differences = [*_named(pairs, meaning), *differences]
    return Comparison(job.id, meaning.text, meaning.timezone, pairs, "", tuple(differences))


def _new_instants(job: Job, after: Instant, count: int) -> Iterator[Instant]:
    schedule = build(job.schedule, first_seen_at=after, last_end_at=None)
    at = schedule.next_after(after)
    while at is not None and count:
        yield at
        count -= 1
        at = schedule.next_after(at)


def _side_by_side(old: Sequence[Instant], new: Sequence[Instant], count: int) -> list[Pair]:
    """Pair equal instants, up to where the shorter of two full lists ends."""
    ends = [each[-1] for each in (old, new) if len(each) >= count]
    until = min(ends, default=None)
    in_old, in_new = set(old), set(new)
    return [
        Pair(at if at in in_old else None, at if at in in_new else None)
        for at in sorted(in_old | in_new)
        if until is None or at <= until
    ]


def _named(pairs: Sequence[Pair], meaning: Meaning) -> Iterator[str]:
    info = ZoneInfo(meaning.timezone)
    for pair in pairs:
        at = pair.old if pair.old is not None else pair.new
        assert at is not None
        when = f"{aware(at).astimezone(info):%a %Y-%m-%d %H:%M:%S %z}"
        if pair.new is None:
            yield f"{when}: only the old schedule"
        elif pair.old is None:
            yield f"{when}: only the new schedule"


def _beside_the_instants(job: Job) -> Iterator[str]:
    if job.jitter:
        yield f"starts up to {format_duration(job.jitter)} later: jitter"
    if not job.enabled:
        yield "starts nothing: enabled is false"
