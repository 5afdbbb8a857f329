"""What comes: the instants of schedules, as calendars, pauses and people leave them."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from heapq import nsmallest
from typing import NamedTuple

import msgspec

from cronterm.clock import MINUTE, SECOND, Instant
from cronterm.model.foresight import Foresight
from cronterm.model.query import HeldBack, NextDue, ReadTimeline
from cronterm.model.snapshot import JobView, Pause, Snapshot
from cronterm.model.timeline import MOST_SLOTS, Lane, Past, Timeline
from cronterm.schedule.base import Coming, Schedule
from cronterm.schedule.build import build
from cronterm.schedule.calendars import Calendars, Sifted

MOST_HELD = 20  # of a job: who asks wants to know why, not to read them all
MOST_NEXT = 500  # per job: SEMANTICS 1, forecasts are capped
MOST_AGENDA = 1_000
MOST_STEPS = 60_000  # instants that are walked for one answer: a third of a second
MOST_OF_A_JOB = 2_000
DENSE = 4  # instants a slot: more are counted, not walked


def next_due(
    views: Mapping[str, JobView],
    after: Instant,
    limit: int,
    calendars: Calendars,
    all_paused: Pause | None = None,
) -> NextDue:
    """Return up to `limit` instants strictly after `after` that will run, for each enabled job."""
    due: dict[str, tuple[Instant, ...]] = {}
    held: dict[str, tuple[HeldBack, ...]] = {}
    for job, view in views.items():
        if not view.job.enabled:
            due[job] = ()
            continue
        pauses = tuple(each for each in (view.pause, all_paused) if each is not None)
        due[job] = tuple(_next(view, after, limit, calendars, pauses))
        if view.job.exclude or view.job.only or view.decided or pauses:
            until = due[job][-1] if due[job] else None
            held[job] = tuple(_held(view, after, until, calendars, pauses))
    return NextDue(due, held)


def _held(
    view: JobView,
    after: Instant,
    until: Instant | None,
    calendars: Calendars,
    pauses: tuple[Pause, ...],
) -> Iterator[HeldBack]:
    """Yield instants that are kept back, up to `until`; of a pause the first."""
    job = view.job
    schedule = schedule_of(view)
    sieve = calendars.sieve(job.exclude, job.only, timezone=job.timezone)
    at, left = schedule.next_after(after), MOST_HELD
    for _ in range(MOST_NEXT):
        if at is None or not left or (until is not None and at > until):
            return
        why = sieve.at(at)[0] if sieve is not None else ""
        pause = None if why else _pause_over(at, pauses)
        if pause is not None:
            yield HeldBack(at, f"paused by {pause.by}", by_pause=True, until=pause.until)
            if pause.until is None:
                return
            left, at = left - 1, schedule.next_after(pause.until)
            continue
        if why:
            left -= 1
            yield HeldBack(at, why)
        elif is_decided(view, at):
            left -= 1
            yield HeldBack(at, _decided_by(view, at), is_decided=True)
        at = schedule.next_after(at)


def _pause_over(at: Instant, pauses: tuple[Pause, ...]) -> Pause | None:
    """Return the pause that keeps an instant back: the one that ends last, as it stands."""
    over = [each for each in pauses if each.at < at and (each.until is None or at <= each.until)]
    return max(over, key=lambda each: (each.until is None, each.until or 0), default=None)


def _next(
    view: JobView,
    after: Instant,
    limit: int,
    calendars: Calendars,
    pauses: tuple[Pause, ...],
) -> list[Instant]:
    most = view.job.max_runs
    limit = limit if most is None else min(limit, most - view.timed_runs)
    coming = coming_of(view, schedule_of(view), calendars)
    instants: list[Instant] = []
    at = coming.next_after(after)
    while at is not None and len(instants) < limit:
        pause = _pause_over(at, pauses)
        if pause is not None:
            if pause.until is None:
                break
            at = coming.next_after(pause.until)
            continue
        if not is_decided(view, at):
            instants.append(at)
        at = coming.next_after(at)
    return instants


def _walk(schedule: Coming, after: Instant) -> Iterator[Instant]:
    at = schedule.next_after(after)
    while at is not None:
        yield at
        at = schedule.next_after(at)


def is_decided(view: JobView, at: Instant) -> bool:
    """Tell whether an instant to come will start nothing: it is decided already."""
    return any(start < at <= end for start, end in view.decided)


def _decided_by(view: JobView, at: Instant) -> str:
    is_one = (at - 1, at) in view.decided
    return "skipped by a person" if is_one else "decided before the clock was set back"


def schedule_of(view: JobView) -> Schedule:
    job = view.job
    return build(
        job.schedule,
        first_seen_at=view.first_seen_at,
        last_end_at=view.recent[-1].ended_at if view.recent else None,
        not_before=job.not_before,
        not_after=job.not_after,
    )


def coming_of(view: JobView, schedule: Schedule, calendars: Calendars) -> Coming:
    job = view.job
    sieve = calendars.sieve(job.exclude, job.only, timezone=job.timezone)
    return schedule if sieve is None else Sifted(schedule, sieve)


# -- in slots of time ----------------------------------------------------------------------------


class _Expected(NamedTuple):
    """What comes of a job: how much in each slot, and the first instants themselves."""

    counts: Counter[int]
    first: list[Instant]
    minutes: Counter[Instant]
    skipped: tuple[int, ...]
    steps: int

    @property
    def total(self) -> int:
        """How many instants come."""
        return self.counts.total()


class _Slots:
    """Equal slots of time, from which those that are over give nothing."""

    def __init__(self, query: ReadTimeline, now: Instant) -> None:
        self.count, self.since, self.slot = query.slots, query.since, query.slot
        self.until = self.since + self.count * self.slot
        self.low = max(self.since - 1, now)
        """What comes lies after it."""

    def number(self, at: Instant) -> int:
        """Return in which slot an instant is."""
        return (at - self.since) // self.slot

    def edges(self, low: Instant) -> Iterator[tuple[int, Instant, Instant]]:
        """Yield (slot, after, until) of the slots that are not over at `low`."""
        for number in range(max(self.number(low), 0), self.count):
            start = self.since + number * self.slot - 1
            yield number, max(start, low), start + self.slot


def bounded(query: ReadTimeline) -> ReadTimeline:
    """Return a query that can be answered."""
    return msgspec.structs.replace(
        query, slot=max(query.slot, SECOND), slots=min(max(query.slots, 1), MOST_SLOTS)
    )


def make_timeline(query: ReadTimeline, snapshot: Snapshot, past: Past, *, now: Instant) -> Timeline:
    """Lay what began and what comes side by side; the jobs that have lanes come first."""
    slots = _Slots(query, now)
    wanted = set(query.jobs) if query.jobs else set(snapshot.jobs)
    lanes = {job: Lane(tuple(past.lanes.get(job, ()))) for job in wanted}
    found = _Sum(min(query.agenda, MOST_AGENDA))
    found.load.update(past.load)
    within = None if query.within is None else frozenset(query.within)
    is_whole, left = True, MOST_STEPS
    for job, expected in _expect_all(snapshot, slots, wanted):
        if within is not None and job not in within:
            continue
        if expected is None:
            is_whole = False
            continue
        found.add(job, expected)
        if job in lanes:
            lane = tuple(sorted(expected.counts.items()))
            left -= len(expected.first)
            view = snapshot.jobs[job]
            overlaps = _overlaps(view, expected, slots, now) if left >= 0 else ()
            lanes[job] = Lane(lanes[job].past, lane, expected.skipped, overlaps)
    busiest_at, busiest = found.busiest()
    return Timeline(
        now=now,
        lanes=lanes,
        load=tuple(found.load[number] for number in range(slots.count)),
        busiest_at=busiest_at,
        busiest=busiest,
        agenda=tuple(nsmallest(found.most, found.agenda)),
        total=found.total,
        read_from=past.read_from,
        is_whole=is_whole,
    )


def _overlaps(view: JobView, expected: _Expected, slots: _Slots, now: Instant) -> tuple[int, ...]:
    """Return the slots in which starts fall on a run that goes on.

    Of those beyond the instants that were walked, it is the distance between starts that tells.
    """
    foresight = Foresight(view, now)
    length = foresight.length
    if not length or not expected.first:
        return ()
    found = {slots.number(at) for at in expected.first if foresight.overlap(at)}
    last = slots.number(expected.first[-1])
    found |= {
        number
        for number, count in expected.counts.items()
        if number > last and length * count > slots.slot
    }
    return tuple(sorted(found))


def _expect_all(
    snapshot: Snapshot, slots: _Slots, first: Container[str]
) -> Iterator[tuple[str, _Expected | None]]:
    """Yield what comes of each job that comes at all, None once too much was walked.

    Jobs that share a schedule share what is expected of them.
    """
    calendars = Calendars(snapshot.settings.calendars)
    known: dict[tuple[Schedule, Instant], _Expected] = {}
    views = list(snapshot.jobs.items())  # it goes on changing
    views.sort(key=lambda item: item[0] not in first)
    steps = 0
    for job, view in views:
        low = _free_from(snapshot, view, slots.low)
        if low is None or low >= slots.until or not view.job.schedule:
            continue
        schedule = schedule_of(view)
        coming = coming_of(view, schedule, calendars)
        is_plain = coming is schedule and not view.decided and view.job.max_runs is None
        expected = known.get((schedule, low)) if is_plain else None
        if expected is None and steps < MOST_STEPS:
            expected = _expect(view, schedule, coming, slots, low)
            steps += expected.steps
            if is_plain:
                known[schedule, low] = expected
        yield job, expected


class _Sum:
    """What comes of many jobs: those with the same schedule are added up once."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.load: Counter[int] = Counter()
        self.agenda: list[tuple[Instant, str]] = []
        self.total = 0
        self._shared: dict[int, tuple[_Expected, int]] = {}
        self._last: Instant | None = None
        """What comes later than it is not among the soonest."""

    def add(self, job: str, expected: _Expected) -> None:
        """Take a job in."""
        _, times = self._shared.get(id(expected), (expected, 0))
        self._shared[id(expected)] = expected, times + 1
        self.total += expected.total
        last = self._last
        for at in expected.first[: self.most]:
            if last is not None and at > last:
                break
            self.agenda.append((at, job))
        if len(self.agenda) > 20 * self.most + 1_000:
            self.agenda = nsmallest(self.most, self.agenda)
            self._last = self.agenda[-1][0] if self.agenda else None

    def busiest(self) -> tuple[Instant, int]:
        """Add up the load; return the minute with the most starts, and how many."""
        minutes: Counter[Instant] = Counter()
        for expected, times in self._shared.values():
            for number, count in expected.counts.items():
                self.load[number] += count * times
            for minute, count in expected.minutes.items():
                minutes[minute] += count * times
        return max(minutes.items(), key=lambda item: (item[1], -item[0]), default=(0, 0))


def _free_from(snapshot: Snapshot, view: JobView, low: Instant) -> Instant | None:
    """Return after which instant a job starts by itself again; None is never, as it stands."""
    if not view.job.enabled or view.job.is_monitor or view.is_used_up:
        return None
    for pause in (view.pause, snapshot.all_paused):
        if pause is not None:
            if pause.until is None:
                return None
            low = max(low, pause.until)
    return low


def _expect(
    view: JobView, schedule: Schedule, coming: Coming, slots: _Slots, low: Instant
) -> _Expected:
    edges = [end for _, end in view.decided if low < end < slots.until]
    skipped = tuple(sorted({slots.number(end) for end in edges}))
    walked: list[Instant] = []
    steps = 0
    most = MOST_OF_A_JOB if coming is not schedule else slots.count * DENSE
    for at in _walk(coming, low):
        if at >= slots.until or len(walked) >= most:
            break
        steps += 1
        if not is_decided(view, at):
            walked.append(at)
    if view.job.max_runs is not None:
        walked = walked[: max(view.job.max_runs - view.timed_runs, 0)]
    elif coming is schedule and len(walked) >= most:
        return _counted(schedule, slots, low, walked, skipped, steps)
    counts = Counter(map(slots.number, walked))
    minutes = Counter(at // MINUTE * MINUTE for at in walked)
    return _Expected(counts, walked[:MOST_AGENDA], minutes, skipped, steps)


def _counted(
    schedule: Schedule,
    slots: _Slots,
    low: Instant,
    walked: list[Instant],
    skipped: Iterable[int],
    steps: int,
) -> _Expected:
    """Return what comes of a job with more instants than are walked."""
    gone = Counter(skipped)
    counts = Counter(
        {
            number: max(schedule.count_between(after, until) - gone[number], 0)
            for number, after, until in slots.edges(low)
        }
    )
    known = walked[: bisect_right(walked, walked[0] + MINUTE * 60)]
    minutes = Counter(at // MINUTE * MINUTE for at in known)
    return _Expected(counts, walked[:MOST_AGENDA], minutes, tuple(gone), steps + slots.count)
