"""What was and will be of a job in a slot of the timeline, as `cronterm why` tells it."""

from collections.abc import Iterable
from dataclasses import dataclass

from cronterm.clock import SECOND, Instant, aware
from cronterm.control import Control
from cronterm.errors import CrontermError
from cronterm.model.decision import Decisions
from cronterm.model.query import (
    HeldBack,
    ListNext,
    ListRuns,
    NextDue,
    ReadDecisions,
    Runs,
)
from cronterm.model.run import RunRow
from cronterm.tui.words import clock, duration, row_text

MOST = 20  # of each kind
SAID = 5  # instants that are named
NOTHING = "Nothing was decided about it here, and nothing is due."


@dataclass(frozen=True)
class SlotRecord:
    """Sentences about a job in a slot: `present` is how it stands now."""

    job: str
    since: Instant
    until: Instant
    sentences: tuple[str, ...]
    present: tuple[str, ...] = ()
    run: int | None = None
    """The newest run that began in it."""

    @property
    def when(self) -> str:
        """`Sat 15:00 to 15:15`, or the instant where it is one."""
        if self.until - self.since < SECOND:
            return f"{aware(self.since).astimezone():%a %H:%M:%S}"
        here, end = (aware(at).astimezone() for at in (self.since, self.until))
        return f"{here:%a %H:%M} to {end:%H:%M}"


async def read_slot(
    control: Control, job: str, since: Instant, until: Instant, *, now: Instant
) -> SlotRecord:
    """Ask for the record of a slot. Raises `CrontermError`."""
    told = await control.query(ReadDecisions(job=job, at=since, until=until, limit=MOST))
    runs = await control.query(
        ListRuns(job=job, since=since, until=until, decisions=False, limit=MOST)
    )
    assert isinstance(told, Decisions)
    assert isinstance(runs, Runs)
    known = {decision.run for decision in told.decisions}
    asked = [_asked(row) for row in runs.rows if row.run not in known]
    low = max(since - 1, now)
    coming = await _coming(control, job, low, until) if until > now else []
    present = tuple(each for each in told.sentences if each not in told.past)
    sentences = (*told.past, *asked, *coming) or (NOTHING,)
    newest = max((row.run for row in runs.rows if row.run is not None), default=None)
    return SlotRecord(job, since, until, sentences, present, newest)


def _asked(row: RunRow) -> str:
    """Return what became of a run that no schedule is behind."""
    at = row.started_at or row.queued_at
    took = row.ended_at - row.started_at if row.ended_at and row.started_at else None
    length = f", took {duration(took)}" if took is not None else ""
    cause = row.cause.replace("_", " ")
    return f"{clock(at)} run {row.run} ({cause}): {row_text(row)}{length}."


async def _coming(control: Control, job: str, after: Instant, until: Instant) -> list[str]:
    try:
        due = await control.query(ListNext(jobs=(job,), after=after, limit=MOST))
    except CrontermError:
        return []  # it has left the file
    assert isinstance(due, NextDue)
    coming = _within(due.next.get(job, ()), until)
    held = [each for each in due.held.get(job, ()) if each.at < until and not each.is_decided]
    more = " and more" if len(coming) > SAID else ""
    said = [f"It is due at {', '.join(map(clock, coming[:SAID]))}{more}."] if coming else []
    return [*said, *map(_held, held)]


def _within(instants: Iterable[Instant], until: Instant) -> list[Instant]:
    return [at for at in instants if at < until]


def _held(each: HeldBack) -> str:
    return f"{clock(each.at)} is kept back: {each.why}."
