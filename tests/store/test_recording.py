"""What a core and the screens get back after each kind of event."""

from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cronterm.clock import HOUR, MINUTE, SECOND
from cronterm.model.event import (
    AllPaused,
    AllResumed,
    AnyEvent,
    ClockMoved,
    ConfigLoaded,
    ConfigRejected,
    CountingMoved,
    EngineStarted,
    EngineStopping,
    JobChanged,
    JobPaused,
    JobRemoved,
    JobResumed,
    NextDueMoved,
    RetryScheduled,
    RunQueued,
    RunStopping,
    SkipLifted,
)
from cronterm.model.fold import fold
from cronterm.model.job import Settings, definition_hash, schedule_hash
from cronterm.model.memory import KnownJob, Memory
from cronterm.model.query import ListRuns
from cronterm.model.run import Cause, OpenRun
from cronterm.model.snapshot import (
    JobView,
    PastRun,
    Pause,
    Snapshot,
    Totals,
)
from cronterm.schedule.base import CronSpec, InSpec
from cronterm.store.base import InstantTaken
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import SqliteStore, open_store
from tests.store.facts import (
    NOON,
    added,
    attempt_ended,
    claimed,
    decided,
    end,
    job,
    queued,
    run_ended,
    started,
    whole_run,
)


def known(store: SqliteStore, name: str = "backup") -> KnownJob:
    """Return what the store knows of a job."""
    return next(each for each in store.memory(now=NOON).jobs if each.id == name)


def open_run(store: SqliteStore, run: int) -> OpenRun:
    """Return what the store knows of an open run."""
    return next(each for each in store.memory(now=NOON).runs if each.run == run)


def test_an_empty_store_remembers_nothing(store: SqliteStore) -> None:
    assert store.memory(now=NOON) == Memory()
    assert store.last_n == 0
    assert store.notices == ()


def test_events_are_numbered_without_a_gap(store: SqliteStore) -> None:
    first = store.record([added(), queued(1)])
    second = store.record([claimed(1)])

    assert [each.n for each in (*first, *second)] == [1, 2, 3]
    assert store.last_n == 3


def test_numbers_and_the_store_id_survive_a_restart(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        store.record([added(), queued(7)])
        before = store.id
    with open_store(tmp_path, now=NOON) as store:
        assert (before, 2, 8) == (store.id, store.last_n, store.memory(now=NOON).next_run)
        assert store.notices == ()


def test_an_added_job_is_known_with_what_it_counts_from(store: SqliteStore) -> None:
    store.record([added()])

    assert known(store) == KnownJob(
        id="backup",
        schedule_hash=schedule_hash(job()),
        definition_hash=definition_hash(job()),
        present=True,
        first_seen_at=NOON,
        counts_from=NOON,
        started_n=1,
    )


def test_a_change_without_new_timing_goes_on_counting(store: SqliteStore) -> None:
    changed = job(description="nightly", enabled=False)
    store.record([added(), JobChanged(at=NOON + HOUR, job=changed)])

    now = known(store)
    assert (now.counts_from, now.first_seen_at, now.enabled) == (NOON, NOON, False)
    assert now.definition_hash == definition_hash(changed)


def test_a_new_schedule_counts_anew_and_forgets_decided_spans(store: SqliteStore) -> None:
    changed = job(schedule=(CronSpec("0 3 * * *", "UTC"),))
    later = NOON + HOUR
    store.record(
        [
            added(),
            CountingMoved(at=NOON, job="backup", counts_from=NOON, decided=((NOON, later),)),
            JobChanged(at=later, job=changed, counts_from=later, first_seen_at=later),
        ]
    )

    now = known(store)
    assert (later, later, ()) == (now.counts_from, now.first_seen_at, now.decided)


def test_a_removed_job_is_remembered_without_its_pause(store: SqliteStore) -> None:
    store.record([added(), JobPaused(at=NOON, job="backup", by="ann"), *whole_run(1)])
    store.record([JobRemoved(at=NOON, job="backup")])

    now = known(store)
    assert (now.present, now.pause) == (False, None)
    assert len(store.views(["backup"])["backup"][0]) == 1


def test_pauses_come_and_go(store: SqliteStore) -> None:
    store.record(
        [
            added(),
            JobPaused(at=NOON, job="backup", by="ann", until=NOON + HOUR, reason="disk"),
            AllPaused(at=NOON, by="bob"),
        ]
    )
    memory = store.memory(now=NOON)
    assert memory.jobs[0].pause == Pause("ann", NOON, NOON + HOUR, "disk")
    assert memory.all_paused == Pause("bob", NOON, None, "")

    store.record(
        [
            JobResumed(at=NOON + HOUR, job="backup", by="ann", counts_from=NOON + HOUR),
            AllResumed(at=NOON + HOUR, by="bob"),
        ]
    )
    memory = store.memory(now=NOON)
    assert memory.jobs[0].pause is None
    assert memory.jobs[0].counts_from == NOON + HOUR
    assert memory.all_paused is None


def test_counting_may_move_back_with_its_decided_spans(store: SqliteStore) -> None:
    spans = ((NOON - HOUR, NOON), (NOON + HOUR, NOON + 2 * HOUR))
    store.record([added(), CountingMoved(at=0, job="backup", counts_from=5, decided=spans)])

    assert (5, spans) == (known(store).counts_from, known(store).decided)


def test_the_boot_of_the_last_start_is_remembered(store: SqliteStore) -> None:
    store.record([EngineStarted(at=NOON, pid=1, version="0.1", boot_id="b-1")])

    assert store.memory(now=NOON).boot_id == "b-1"


def test_facts_for_faces_only_take_a_number_and_nothing_else(store: SqliteStore) -> None:
    events: list[AnyEvent] = [
        ConfigLoaded(at=NOON, sha256="x", settings=Settings(), jobs=1),
        ConfigRejected(at=NOON, sha256="x", problems=()),
        ClockMoved(at=NOON, by=HOUR),
        NextDueMoved(at=NOON, next_at={"backup": None}),
        EngineStopping(at=NOON, by="ann"),
    ]
    store.record(events)

    assert store.memory(now=NOON) == Memory()
    assert store.last_n == len(events)


def test_an_at_in_has_fired_once_its_instant_is_decided(store: SqliteStore) -> None:
    store.record([added(schedule=(InSpec(MINUTE),))])
    assert not known(store).in_fired

    store.record([queued(1)])
    assert known(store).in_fired


def test_the_last_end_is_that_of_a_run_or_of_a_decision(store: SqliteStore) -> None:
    store.record([added(), *whole_run(1)])
    assert known(store).last_end_at == run_ended(1).at

    store.record([decided(due_at=NOON + 9 * MINUTE, reason="overlap")])
    assert known(store).last_end_at == NOON + 9 * MINUTE


# -- open runs -----------------------------------------------------------------------------------


def test_a_queued_run_is_open_and_its_instant_decided(store: SqliteStore) -> None:
    store.record([added(), queued(1)])

    assert known(store).counts_from == NOON + MINUTE
    assert open_run(store, 1) == OpenRun(
        run=1,
        job="backup",
        cause=Cause("scheduled", NOON + MINUTE, "", NOON + MINUTE),
        state="queued",
        queued_at=NOON + MINUTE,
        ready_at=NOON + MINUTE,
    )


def test_a_claimed_run_is_bound_to_its_definition(store: SqliteStore) -> None:
    store.record([added(), queued(1), claimed(1)])
    store.record([JobChanged(at=NOON, job=job(description="new"))])

    run = open_run(store, 1)
    assert (run.state, run.attempt, run.runner, run.started) == ("running", 1, "r1", False)
    assert run.definition == job()


def test_a_claim_told_again_names_the_new_runner(store: SqliteStore) -> None:
    again = claimed(1)
    store.record([added(), queued(1), claimed(1)])
    store.record([msgspec.structs.replace(again, runner="r2")])

    assert (open_run(store, 1).attempt, open_run(store, 1).runner) == (1, "r2")


def test_a_started_attempt_is_known_as_started(store: SqliteStore) -> None:
    store.record([added(), queued(1), claimed(1), started(1)])

    assert open_run(store, 1).started


def test_a_retrying_run_keeps_the_end_of_its_attempt(store: SqliteStore) -> None:
    ready_at = NOON + HOUR
    store.record([added(), queued(1), claimed(1), started(1), attempt_ended(1, code=3)])
    store.record([RetryScheduled(at=NOON, run=1, job="backup", attempt=2, ready_at=ready_at)])

    run = open_run(store, 1)
    assert ("retrying", ready_at, 1) == (run.state, run.ready_at, run.attempt)
    assert run.last_end == end(1, 3)

    store.record([claimed(1, attempt=2)])
    run = open_run(store, 1)
    assert (run.state, run.attempt, run.started) == ("running", 2, False)


def test_a_stopping_run_is_open_until_it_ends(store: SqliteStore) -> None:
    store.record([added(), queued(1), claimed(1), started(1)])
    store.record([RunStopping(at=NOON, run=1, job="backup", why="user", by="ann")])
    assert open_run(store, 1).state == "stopping"

    store.record([attempt_ended(1), run_ended(1, outcome="stopped", reason="user")])
    assert store.memory(now=NOON).runs == ()


def test_every_field_of_an_end_comes_back(store: SqliteStore) -> None:
    words: dict[str, Any] = {
        "exit_code": None,
        "signal": 9,
        "stopped_for": "timeout",
        "lost": "reboot",
    }
    words |= {"start_error": "no \udcff such", "left_processes": 2, "survivors": (7, 8)}
    store.record([added(), queued(1), claimed(1), attempt_ended(1, **words)])

    expected = end(1, **(words | {"start_error": "no ? such"}))
    assert open_run(store, 1).last_end == expected


def test_an_end_told_twice_counts_once(store: SqliteStore) -> None:
    store.record([added(), *whole_run(1)])
    store.record([attempt_ended(1, code=5), run_ended(1, outcome="failed", reason="exit")])

    recent, totals = store.views(["backup"])["backup"]
    assert [(past.outcome, past.exit_code) for past in recent] == [("succeeded", 0)]
    assert (totals.runs, totals.succeeded, totals.failed) == (1, 1, 0)


# -- decided once --------------------------------------------------------------------------------


def test_an_instant_is_started_once_and_a_refusal_leaves_nothing(store: SqliteStore) -> None:
    store.record([added(), added("other"), queued(1)])
    before = store.memory(now=NOON)

    with pytest.raises(InstantTaken) as taken:
        store.record([queued(2, "other"), queued(3, due_at=NOON + MINUTE)])

    assert (taken.value.job, taken.value.due_at) == ("backup", NOON + MINUTE)
    assert store.memory(now=NOON) == before
    assert store.last_n == 3


def test_a_skipped_instant_is_not_started_later(store: SqliteStore) -> None:
    store.record([added(), decided(due_at=NOON + MINUTE, reason="overlap")])

    with pytest.raises(InstantTaken):
        store.record([queued(1)])


def test_an_instant_whose_skip_was_lifted_may_be_started(store: SqliteStore) -> None:
    due_at = NOON + MINUTE
    ahead = ((due_at - 1, due_at),)
    store.record(
        [
            added(),
            decided(due_at=due_at, reason="user"),
            CountingMoved(at=NOON, job="backup", counts_from=NOON, decided=ahead),
        ]
    )
    lifted = SkipLifted(at=NOON, job="backup", due_at=due_at, by="ann")
    store.record([lifted, CountingMoved(at=NOON, job="backup", counts_from=NOON)])

    assert known(store).decided == ()
    store.record([queued(1, due_at=due_at)])


def test_the_clock_set_back_does_not_open_an_instant_again(store: SqliteStore) -> None:
    store.record([added(), queued(1)])
    store.record([CountingMoved(at=NOON, job="backup", counts_from=NOON)])

    with pytest.raises(InstantTaken):
        store.record([queued(2, due_at=NOON + MINUTE)])


def test_an_instant_of_a_range_is_caught_up_once(store: SqliteStore) -> None:
    first = NOON + MINUTE
    store.record([added(), decided(due_at=first, until=first + HOUR, count=61)])
    store.record([caught_up(1, first), caught_up(2, first + MINUTE)])

    with pytest.raises(InstantTaken):
        store.record([caught_up(3, first)])


def caught_up(run: int, due_at: int) -> RunQueued:
    """A run of an instant that was missed."""
    return RunQueued(
        at=NOON + 2 * HOUR,
        run=run,
        job="backup",
        cause=Cause("catch_up", due_at, "", due_at),
        ready_at=NOON + 2 * HOUR,
        attempts=1,
    )


# -- views ---------------------------------------------------------------------------------------


def test_views_are_what_folding_the_events_shows(store: SqliteStore) -> None:
    events: list[AnyEvent] = [added()]
    for run in range(1, 90):
        events += whole_run(run, code=run % 7 == 0)
        if run % 5 == 0:
            due_at = NOON + run * MINUTE + 30 * SECOND
            events.append(decided(due_at=due_at, reason="overlap"))
    snapshot = Snapshot()
    for numbered in store.record(events):
        fold(snapshot, numbered)

    view: JobView = snapshot.jobs["backup"]
    assert store.views(["backup", "nobody"]) == {
        "backup": (view.recent, view.totals),
        "nobody": ([], Totals()),
    }


def test_a_run_that_never_started_has_no_duration(store: SqliteStore) -> None:
    store.record([added(), queued(1), run_ended(1, outcome="skipped", reason="removed")])

    recent, totals = store.views(["backup"])["backup"]
    assert recent == [PastRun(1, run_ended(1).at, "skipped", "removed")]
    assert totals == Totals()


def test_what_a_calendar_keeps_back_is_one_row_as_long_as_the_calendar_is_the_same(
    tmp_path: Path,
) -> None:
    kept = partial(decided, reason="calendar")
    with open_store(tmp_path, now=NOON) as store:
        store.record([added()])
        for minute, message in enumerate(("by a", "by a", "by a", "by b")):
            at = NOON + minute * MINUTE
            store.record([msgspec.structs.replace(kept(due_at=at), message=message)])
        rows = open_reader(tmp_path).list_runs(ListRuns()).rows

    assert [(row.count, row.reason, row.message) for row in rows] == [
        (3, "calendar", "by a"),
        (1, "calendar", "by b"),
    ]


def test_runs_by_itself_and_failures_in_a_row_are_remembered(tmp_path: Path) -> None:
    def remembered(store: SqliteStore) -> tuple[int, int]:
        known = store.memory(now=NOON).jobs[0]
        return known.timed_runs, known.failures

    with open_store(tmp_path, now=NOON) as store:
        store.record([added()])
        for run in (1, 2):
            events = whole_run(run, code=1)
            events[1] = msgspec.structs.replace(events[1], timed_runs=run)
            store.record(events)
        assert remembered(store) == (2, 2)
    with open_store(tmp_path, now=NOON) as store:
        assert remembered(store) == (2, 2)
        store.record([JobResumed(at=NOON, job="backup", by="ann", counts_from=NOON)])
        assert remembered(store) == (2, 0)
        store.record(whole_run(3, code=1))  # a run by hand is no number of its own
        assert remembered(store) == (2, 1)
        store.record(whole_run(4))
        assert remembered(store) == (2, 0)
        store.record([JobRemoved(at=NOON, job="backup"), added()])
        assert remembered(store) == (0, 0)
