"""What comes is laid beside what was, in slots of time, within bounds."""

from typing import Any

import pytest

from cronterm.clock import DAY, HOUR, MINUTE, SECOND
from cronterm.engine.prospect import DENSE, MOST_STEPS, bounded, make_timeline, next_due
from cronterm.model.job import Settings
from cronterm.model.query import HeldBack, ReadTimeline
from cronterm.model.snapshot import JobView, PastRun, Pause, Snapshot
from cronterm.model.timeline import MOST_SLOTS, Begun, Past, Timeline
from cronterm.schedule.base import CalendarSpec
from cronterm.schedule.calendars import Calendars
from tests.core.clockwork import job
from tests.store.facts import NOON

QUARTER = 15 * MINUTE


def snapshot(**schedules: Any) -> Snapshot:
    """Return jobs by their schedules."""
    found = Snapshot()
    for name, given in schedules.items():
        schedule, words = given if isinstance(given, tuple) else (given, {})
        view = JobView(job=job(name, schedule, **words), first_seen_at=NOON)
        found.jobs[name] = view
    return found


def day(of: Snapshot, *, past: Past | None = None, **words: Any) -> Timeline:
    """Return four hours before noon and twenty after it."""
    query = ReadTimeline(since=NOON - 4 * HOUR, slot=QUARTER, slots=96, **words)
    return make_timeline(query, of, past or Past(read_from=query.since), now=NOON)


def test_what_comes_lies_in_its_slots_and_in_the_load() -> None:
    past = Past(
        lanes={"hourly": [Begun(12, 1, "succeeded", 12)]},
        load={12: 1},
        read_from=NOON,
    )
    found = day(snapshot(hourly="0 * * * *", often="*/5 * * * *"), past=past)
    assert found.lanes["hourly"].past == (Begun(12, 1, "succeeded", 12),)
    assert found.lanes["hourly"].coming[:3] == ((20, 1), (24, 1), (28, 1))
    assert found.lanes["often"].coming[:2] == ((16, 2), (17, 3))
    assert found.load[12] == 1
    assert found.load[16:21] == (2, 3, 3, 3, 4)
    assert found.agenda[:2] == ((NOON + 5 * MINUTE, "often"), (NOON + 10 * MINUTE, "often"))
    assert (found.busiest_at, found.busiest) == (NOON + HOUR, 2)
    assert found.total == 19 + 239
    assert found.is_whole


def test_a_job_of_every_second_is_counted_without_a_walk() -> None:
    found = day(snapshot(dense="* * * * * *"), agenda=3)
    assert found.lanes["dense"].coming[1:3] == ((17, 900), (18, 900))
    assert sum(count for _, count in found.lanes["dense"].coming) == found.total == 20 * 3600 - 1
    assert found.agenda == tuple((NOON + n * SECOND, "dense") for n in (1, 2, 3))


def test_what_is_held_back_or_over_does_not_come() -> None:
    of = snapshot(
        off=("0 * * * *", {"enabled": False}),
        done=("0 * * * *", {"max_runs": 3}),
        twice=("0 * * * *", {"max_runs": 5}),
        paused="0 * * * *",
        back="0 * * * *",
        hand="@manual",
    )
    of.jobs["paused"].pause = Pause("ann", NOON)
    of.jobs["back"].pause = Pause("ann", NOON, NOON + 10 * HOUR)
    of.jobs["done"].timed_runs = of.jobs["twice"].timed_runs = 3
    found = day(of)
    counts = {name: len(lane.coming) for name, lane in found.lanes.items()}
    assert counts == {"off": 0, "done": 0, "twice": 2, "paused": 0, "back": 9, "hand": 0}
    of.all_paused = Pause("ann", NOON)
    assert day(of).total == 0


def test_what_a_person_skipped_does_not_come_and_is_marked() -> None:
    of = snapshot(hourly="0 * * * *", dense="* * * * * *")
    span = (NOON + HOUR - 1, NOON + HOUR)
    for view in of.jobs.values():
        view.decided = (span,)
    found = day(of)
    assert found.lanes["hourly"].skipped == (20,)
    assert found.lanes["hourly"].coming[0] == (24, 1)
    assert dict(found.lanes["dense"].coming)[20] == 899
    due = next_due({"hourly": of.jobs["hourly"]}, NOON, 1, Calendars({}))
    assert due.next == {"hourly": (NOON + 2 * HOUR,)}
    assert due.held == {"hourly": (HeldBack(NOON + HOUR, "skipped by a person", is_decided=True),)}


def test_the_next_instants_are_those_that_no_pause_keeps_back() -> None:
    views = snapshot(short="0 * * * *", long="0 * * * *", free="0 * * * *").jobs
    views["short"].pause = Pause("ann", NOON, NOON + 2 * HOUR)
    views["long"].pause = Pause("bob", NOON)
    due = next_due(views, NOON, 1, Calendars({}))
    assert due.next == {"short": (NOON + 3 * HOUR,), "long": (), "free": (NOON + HOUR,)}
    first = NOON + HOUR
    assert due.held == {
        "short": (HeldBack(first, "paused by ann", by_pause=True, until=NOON + 2 * HOUR),),
        "long": (HeldBack(first, "paused by bob", by_pause=True),),
    }
    before = next_due(views, NOON - 2 * HOUR, 1, Calendars({}))
    assert before.next == dict.fromkeys(views, (NOON - HOUR,)), "it was not paused yet"
    everything = next_due(views, NOON, 1, Calendars({}), Pause("eve", NOON, NOON + DAY))
    assert everything.next["free"] == (NOON + DAY + HOUR,)


def test_calendars_are_looked_through() -> None:
    free = CalendarSpec(until=NOON + 2 * HOUR)
    of = snapshot(kept=("0 * * * *", {"exclude": (free,)}))
    of.settings = Settings()
    assert day(of).lanes["kept"].coming[0] == (24, 1)


def test_lanes_are_of_the_jobs_asked_for_the_load_is_of_all() -> None:
    found = day(snapshot(one="0 * * * *", two="0 * * * *"), jobs=("two",))
    assert set(found.lanes) == {"two"}
    assert found.load[20] == 2


def test_a_window_in_the_past_has_nothing_to_come() -> None:
    query = ReadTimeline(since=NOON - 2 * DAY, slot=QUARTER, slots=96)
    found = make_timeline(query, snapshot(a="* * * * *"), Past(read_from=NOON), now=NOON)
    assert (found.total, found.agenda, set(found.load)) == (0, (), {0})


def test_thousands_of_jobs_with_one_schedule_are_added_up_once() -> None:
    one = job("a", "*/5 * * * *")
    of = Snapshot(jobs={f"j{n}": JobView(job=one, first_seen_at=NOON) for n in range(3_000)})
    found = day(of, jobs=("j1",))
    assert found.is_whole
    assert found.total == 3_000 * 239
    assert found.load[17] == 9_000
    assert (found.busiest_at, found.busiest) == (NOON + 5 * MINUTE, 3_000)
    assert found.agenda == tuple((NOON + 5 * MINUTE, name) for name in sorted(of.jobs)[:100])


def test_thousands_of_schedules_are_answered_within_bounds() -> None:
    of = snapshot(**{f"j{n}": f"@every {300 + n}s" for n in range(1_000)})
    found = day(of, jobs=("j999",))
    assert not found.is_whole
    assert MOST_STEPS <= found.total < 2 * MOST_STEPS
    assert found.lanes["j999"].coming
    assert len(found.agenda) == 100


@pytest.mark.parametrize(("slot", "slots"), [(0, 0), (-5, 10**9)])
def test_no_query_is_without_bounds(slot: int, slots: int) -> None:
    query = bounded(ReadTimeline(since=0, slot=slot, slots=slots))
    assert query.slot == SECOND
    assert 1 <= query.slots <= MOST_SLOTS


def test_the_load_and_the_agenda_are_of_some_jobs_where_that_is_asked() -> None:
    of = snapshot(a="0 * * * *", b="*/30 * * * *")
    past = Past(lanes={"b": [Begun(3, 1, "failed", 3)]}, load={3: 2}, read_from=NOON)
    found = day(of, past=past, within=("a",))
    assert found.load[3] == 2
    assert {job for _, job in found.agenda} == {"a"}
    assert found.lanes["b"].past == (Begun(3, 1, "failed", 3),)
    assert day(of, within=()).total == 0


def test_starts_that_fall_on_the_run_before_are_marked() -> None:
    of = snapshot(busy="*/30 * * * *", free="*/30 * * * *", dense="* * * * * *")
    for name, length in (("busy", 40 * MINUTE), ("free", 20 * MINUTE), ("dense", 2 * SECOND)):
        past = PastRun(1, NOON, "succeeded", "", NOON - HOUR, length)
        of.jobs[name].recent = [past] * 3
    found = day(of)
    assert found.lanes["free"].overlaps == ()
    assert found.lanes["busy"].overlaps[:3] == (20, 24, 28)
    assert found.lanes["dense"].overlaps == tuple(range(16, 96))


def test_overlaps_are_looked_for_within_bounds() -> None:
    of = snapshot(**{f"job{number}": "* * * * * *" for number in range(200)})
    for view in of.jobs.values():
        view.recent = [PastRun(1, NOON, "succeeded", "", NOON - HOUR, 2 * SECOND)] * 3
    marked = sum(bool(lane.overlaps) for lane in day(of).lanes.values())
    assert marked == MOST_STEPS // (96 * DENSE)
