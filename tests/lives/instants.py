"""Keeps books of due instants: while a schedule counts, each of them is decided exactly once.

It is told when each definition came into force, not what the core made of it; only which instants
those are it has from `cronterm.schedule`, and in the hours around a change of the clock from
an oracle that walks every minute.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from cronterm.clock import HOUR, MINUTE, Instant, aware, instant, rfc3339
from cronterm.model.event import AnyEvent, AttemptClaimed, InstantDecided, RunQueued
from cronterm.model.job import Job, schedule_hash
from cronterm.schedule.base import CronSpec, EverySpec, Schedule
from cronterm.schedule.build import build
from tests.schedule.brute import Brute

HELD_BACK = MINUTE + MINUTE // 10  # a held or sifted job writes a row a minute at most
LONGEST_TOLERANCE = HOUR  # after it a monitor's instants are judged, and once more after a start

_PLAIN = re.compile(r"[0-9*,/-]+( [0-9*,/-]+){4}")


@dataclass
class Count:
    """One stretch of time (`start`, `end`] in which one schedule of a job counts."""

    job: Job
    first_seen_at: Instant
    start: Instant
    end: Instant | None = None
    is_cut_off: bool = False
    """The file changed while no engine ran: the last rows of a held job are not written."""
    spans: list[tuple[Instant, Instant, int]] = field(default_factory=list)
    """What was decided: first and last instant, and how many there are."""
    held: list[tuple[Instant, Instant]] = field(default_factory=list)
    """Spans in which it was paused or disabled: they may be caught up."""
    caught_up: set[Instant] = field(default_factory=set)
    """Instants of a pause that were queued after it."""

    @property
    def counts_from_ends(self) -> bool:
        """Its instants depend on when runs ended."""
        return any(isinstance(s, EverySpec) and s.origin == "finish" for s in self.job.schedule)

    @property
    def schedule(self) -> Schedule:
        """When it is due."""
        return build(
            self.job.schedule,
            first_seen_at=self.first_seen_at,
            last_end_at=None,
            not_before=self.job.not_before,
            not_after=self.job.not_after,
        )

    def covers(self, at: Instant) -> bool:
        """Tell whether an instant belongs here."""
        return self.start < at and (self.end is None or at <= self.end)


class Instants:
    """All counts of all jobs, those that left the file too."""

    def __init__(self) -> None:
        self.counts: dict[str, list[Count]] = {}
        self._present: set[str] = set()
        self._known: dict[str, tuple[str, Instant]] = {}
        self._timed_runs: dict[str, int] = {}
        self._causes: dict[int, str] = {}
        self._renamed: dict[str, str] = {}
        self.decided = 0

    # -- definitions -----------------------------------------------------------------------------

    def configure(self, jobs: Iterable[Job], now: Instant, *, stopped_at: Instant | None) -> None:
        """A file comes into force at `now`; an engine before this one stopped at `stopped_at`."""
        new = {job.id: job for job in jobs}
        for job in new.values():
            old = job.renamed_from
            if old in self._known and job.id not in self._known:
                self._rename(old, job.id)
        for name in self._present - new.keys():
            self._close(name, now, stopped_at)
        for job in new.values():
            self._define(job, now, stopped_at)
        self._present = set(new)

    def _rename(self, old: str, new: str) -> None:
        self._renamed[old] = new  # what the step decides before it takes the file in
        self._known[new] = self._known.pop(old)
        self._timed_runs[new] = self._timed_runs.pop(old)
        self.counts[new] = self.counts.pop(old)
        if old in self._present:
            self._present = self._present - {old} | {new}

    def _define(self, job: Job, now: Instant, stopped_at: Instant | None) -> None:
        timing, was_there = schedule_hash(job), job.id in self._present
        before = self._known.get(job.id)
        is_same = before is not None and before[0] == timing
        first_seen_at = before[1] if before is not None and is_same else now
        self._known[job.id] = (timing, first_seen_at)
        if was_there and is_same:
            return
        if was_there:
            self._close(job.id, now, stopped_at)
        else:
            self._timed_runs[job.id] = 0
        count = Count(job, first_seen_at, now)
        self.counts.setdefault(job.id, []).append(count)
        self._note_used_up(job.id, count, now)

    def _close(self, name: str, now: Instant, stopped_at: Instant | None) -> None:
        count = self.counts[name][-1]
        if count.end is None:
            count.end = now if stopped_at is None else stopped_at
            count.is_cut_off = stopped_at is not None

    def _note_used_up(self, name: str, count: Count, now: Instant) -> None:
        most = count.job.max_runs
        if most is not None and self._timed_runs[name] >= most and count.end is None:
            count.end = now

    # -- decisions -------------------------------------------------------------------------------

    def take(self, events: Iterable[AnyEvent]) -> None:
        """Take in what a step decided."""
        for event in events:
            match event:
                case InstantDecided():
                    last = event.due_at if event.until is None else event.until
                    self._decide(event.job, event.due_at, last, event.count, event.reason)
                case RunQueued():
                    self._causes[event.run] = event.cause.kind
                    if event.cause.due_at is not None:
                        self._queue(event.job, event.cause.due_at, event.cause.kind)
                case AttemptClaimed(attempt=1) if self._causes[event.run] != "manual":
                    self._timed_runs[event.job] += 1
                    if event.job in self._present:
                        self._note_used_up(event.job, self.counts[event.job][-1], event.at)
                case _:
                    pass

    def _count(self, job: str, at: Instant) -> Count:
        name = job if job in self.counts else self._renamed[job]
        found = [count for count in self.counts[name] if count.covers(at)]
        assert found, f"{job}: {rfc3339(at)} is decided and was not due by any definition"
        return found[0]

    def _decide(self, job: str, first: Instant, last: Instant, number: int, reason: str) -> None:
        count = self._count(job, first)
        assert count.covers(last)
        count.spans.append((first, last, number))
        if reason in ("paused", "disabled"):
            count.held.append((first, last))
        self.decided += number

    def _queue(self, job: str, due_at: Instant, kind: str) -> None:
        count = self._count(job, due_at)
        was_held = any(first <= due_at <= last for first, last in count.held)
        if kind == "catch_up" and was_held:
            assert due_at not in count.caught_up, f"{job}: {rfc3339(due_at)} is caught up twice"
            count.caught_up.add(due_at)
        else:
            self._decide(job, due_at, due_at, 1, "")

    # -- what must hold --------------------------------------------------------------------------

    def check(self, now: Instant, windows: Iterable[tuple[Instant, Instant]]) -> None:
        """Hold all that was decided up to `now` against what was due."""
        for counts in self.counts.values():
            for count in counts:
                self._check_once(count)
                if not count.counts_from_ends:
                    _check_all(count, now)
                    for window in windows:
                        _check_walked(count, window, now)

    def _check_once(self, count: Count) -> None:
        count.spans.sort()
        for before, after in zip(count.spans, count.spans[1:], strict=False):
            assert before[1] < after[0], f"{_name(count, after[0])} is decided twice"

    def next_due(self, now: Instant) -> Mapping[str, Instant | None]:
        """Return when each job is due next whose instants are known, as if without calendars."""
        return {
            name: counts[-1].schedule.next_after(now) if counts[-1].end is None else None
            for name, counts in self.counts.items()
            if name in self._present and not counts[-1].counts_from_ends
        }


def _check_all(count: Count, now: Instant) -> None:
    """Nothing that was due is without a decision, and nothing else has one."""
    schedule, end = count.schedule, now if count.end is None else count.end
    if count.is_cut_off or count.job.is_monitor:
        last = count.spans[-1][1] if count.spans else count.start
        open_at = schedule.next_after(last)
        lag = HELD_BACK + (2 * LONGEST_TOLERANCE if count.job.is_monitor else 0)
        is_late = open_at is not None and open_at <= end - lag
        assert not is_late, f"{_name(count, open_at or 0)} is lost"
        end = last
    for first, last, number in count.spans:
        due = schedule.count_between(first - 1, last)
        assert schedule.next_after(first - 1) == first, f"{_name(count, first)} is not due"
        assert schedule.next_after(last - 1) == last, f"{_name(count, last)} is not due"
        assert number == due, f"{_name(count, first)}: {number} decided, {due} due"
    decided, due = sum(span[2] for span in count.spans), schedule.count_between(count.start, end)
    assert decided == due, f"{_name(count, _first_gap(count, end))} is lost: {decided} of {due}"


def _first_gap(count: Count, end: Instant) -> Instant:
    schedule, at = count.schedule, count.start
    for first, last, _ in count.spans:
        if schedule.next_after(at) != first:
            break
        at = last
    return schedule.next_after(at) or end


def _name(count: Count, at: Instant) -> str:
    since = f"{rfc3339(count.start)} to {rfc3339(count.end) if count.end else 'now'}"
    return f"{count.job.id} ({count.job.schedule_text!r}, {since}): {rfc3339(at)}"


def _check_walked(count: Count, window: tuple[Instant, Instant], now: Instant) -> None:
    """What was decided around a change of the clock is what walking every minute finds."""
    match count.job.schedule:
        case (CronSpec(day_match="or") as spec,) if _PLAIN.fullmatch(spec.expression):
            pass
        case _:
            return
    job = count.job
    if job.not_before is not None or job.not_after is not None or job.is_monitor:
        return
    if count.is_cut_off:
        return
    low = max(window[0], count.start)
    high = min(window[1], now if count.end is None else count.end)
    if low >= high:
        return
    walk = Brute(spec.expression, spec.timezone)
    begin = window[0] // MINUTE * MINUTE  # which wall times come twice is seen from before
    due = [instant(at) for at in walk.instants(aware(begin), aware(high // MINUTE * MINUTE))]
    expected = [at for at in due if at > low]
    decided = [*_expanded(count, low, high)]
    assert decided == expected, f"{_name(count, low)}: not what a walk finds"


def _expanded(count: Count, low: Instant, high: Instant) -> Iterator[Instant]:
    schedule = count.schedule
    start = bisect_left(count.spans, (low, low, 0))
    for first, last, _ in count.spans[max(start - 1, 0) :]:
        at: Instant | None = first
        while at is not None and at <= min(last, high):
            if at > low:
                yield at
            at = schedule.next_after(at)
