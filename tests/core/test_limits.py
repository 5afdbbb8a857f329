"""Calendars, bounds, numbers of runs and failures in a row, beyond what the dialogues say."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronterm.clock import DAY, HOUR, MINUTE, SECOND, Instant
from cronterm.core.base import Effects
from cronterm.core.limits import LOOK_BACK
from cronterm.model.command import PauseJob, ResumeJob, RunJob
from cronterm.model.event import InstantDecided, RunQueued
from cronterm.model.job import Retry, Settings
from cronterm.model.run import Cause
from cronterm.schedule.base import CalendarSpec
from tests.core.clockwork import DAY_START, Clockwork, job

TUESDAYS = CalendarSpec(weekdays=(1,))  # the first day is a Monday
NOON = CalendarSpec(
    windows=tuple((n * 86_400 + 12 * 3600, n * 86_400 + 13 * 3600) for n in range(7))
)


def caught_up(it: Clockwork) -> list[str]:
    """Return what was decided, without the starts."""
    return [line for line in it.words() if not line.startswith("start ")]


def test_downtime_is_told_apart_from_what_a_calendar_keeps_back() -> None:
    it = Clockwork(job("a", "0 6 * * *", exclude=(TUESDAYS,)))
    it.at("0 06:00").tick().exits(1)
    it.at("4 05:00").restart().expects(
        "skipped(calendar) a 06:00:00Z..06:00:00Z x1 (excluded on Tue)",
        "missed(downtime) a 06:00:00Z..06:00:00Z x2",
    )


def test_the_newest_instant_that_is_let_through_is_caught_up() -> None:
    it = Clockwork(job("a", "0 * * * *", exclude=(NOON,), catch_up="latest"))
    it.at("11:30").tick()
    it.at("12:30").restart()

    assert caught_up(it) == [
        "skipped(calendar) a 12:00:00Z..12:00:00Z x1 (excluded between 12:00 and 13:00)"
    ]
    it.at("14:30").restart()
    assert caught_up(it) == [
        "missed(coalesced) a 13:00:00Z..13:00:00Z x1",
        "queued a 2 catch_up due 14:00:00Z",
    ]


def test_all_that_is_let_through_is_caught_up() -> None:
    it = Clockwork(job("a", "0 * * * *", exclude=(NOON,), catch_up="all"))
    it.at("10:30").restart()
    for run in range(1, 11):
        it.exits(run)
    it.at("14:30").restart()

    assert caught_up(it) == [
        "queued a 11 catch_up due 11:00:00Z",
        "skipped(calendar) a 12:00:00Z..12:00:00Z x1 (excluded between 12:00 and 13:00)",
        "queued a 12 catch_up due 13:00:00Z",
        "queued a 13 catch_up due 14:00:00Z",
    ]


def test_a_pause_is_caught_up_by_what_is_let_through() -> None:
    it = Clockwork(job("a", "0 * * * *", exclude=(NOON,), catch_up="latest"))
    it.at("10:30").tick().ask(PauseJob(job="a"))
    it.at("12:30").ask(ResumeJob(job="a", catch_up=True))

    assert "queued a 2 catch_up due 11:00:00Z" in it.words()


def test_a_pause_takes_over_where_a_calendar_kept_back() -> None:
    it = Clockwork(job("a", "* * * * * *", exclude=(NOON,), overlap="allow"))
    it.at("12:00:00").tick()
    it.at("12:00:30").ask(PauseJob(job="a"))

    assert it.words() == [
        "skipped(calendar) a 12:00:01Z..12:00:30Z x30 (excluded between 12:00 and 13:00)",
        "JobPaused a",
    ]
    it.at("12:00:45").ask(PauseJob())
    assert it.words() == ["skipped(paused) a 12:00:31Z..12:00:45Z x15 (by ann)", "AllPaused"]
    it.at("12:01:45").tick().expects("skipped(paused) a 12:00:46Z..12:01:45Z x60 (by ann)")


def test_another_calendar_counts_from_when_it_is_in_force() -> None:
    it = Clockwork(job("a", "0 * * * *", exclude=("free",)), calendars={"free": NOON})
    it.at("11:00").tick().exits(1)
    assert it.core._books.jobs["a"].next_at == DAY_START + 13 * HOUR

    it.settings = Settings(calendars={"free": TUESDAYS})
    it.at("11:30").configure(*it.jobs)
    assert it.core._books.jobs["a"].next_at == DAY_START + 12 * HOUR
    assert caught_up(it) == []
    it.at("12:00").tick().expects("queued a 2 scheduled due 12:00:00Z", "start 2.1").exits(2)

    it.settings = Settings(calendars={"free": NOON})
    it.at("13:00").configure(*it.jobs)
    it.expects("queued a 3 scheduled due 13:00:00Z", "start 3.1")


def test_what_a_calendar_kept_back_before_it_changed_is_its_own() -> None:
    a = job("a", "* * * * * *", exclude=("free",), overlap="allow")
    it = Clockwork(a, calendars={"free": NOON})
    it.at("12:00:00").tick()
    it.settings = Settings(calendars={"free": TUESDAYS})
    it.at("12:00:20").configure(*it.jobs)

    assert it.words()[0] == "skipped(calendar) a 12:00:01Z..12:00:20Z x20 (excluded by free)"
    it.at("12:00:21").tick().expects("queued a 2 scheduled due 12:00:21Z", "start 2.1")


def test_a_long_downtime_is_few_rows() -> None:
    it = Clockwork(job("a", "* * * * *", exclude=(NOON,)))
    it.at("400 05:00").restart()
    rows = [event for event in it.effects.events if isinstance(event, InstantDecided)]

    assert len(rows) < 80
    assert sum(row.count for row in rows) + 1 == 400 * 1440 + 300  # the newest one starts
    assert rows[0].reason == "downtime"
    until = rows[0].until
    assert until is not None
    assert it.utc - until >= LOOK_BACK


def test_a_calendar_that_lets_nothing_through_costs_a_look_a_minute() -> None:
    it = Clockwork(job("a", "* * * * * *", exclude=(CalendarSpec(start=0),)))
    it.at("01:00").tick()

    assert it.core._books.jobs["a"].next_at is None
    assert it.core.wait(it.now()) == MINUTE


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"exclude": (CalendarSpec(weekdays=(0,)),)}, "calendar"),
        ({"not_before": DAY_START + DAY}, "not_before"),
        ({"not_after": DAY_START - DAY}, "not_after"),
    ],
)
def test_what_starts_with_the_engine_is_kept_back_too(words: dict[str, Any], reason: str) -> None:
    it = Clockwork(job("a", "@startup", **words))

    it.expects("queued a 1 scheduled", f"skipped({reason}) 1")
    assert it.ask(RunJob(job="a")).ok


def test_runs_that_wait_count_before_they_start() -> None:
    it = Clockwork(job("a", "* * * * *", max_runs=2, overlap="queue", queue_limit=9))
    it.at("00:01").tick()
    it.at("00:02").tick()
    it.at("00:03").tick().expects("skipped(max_runs) a 00:03:00Z")
    it.at("00:03:30").exits(1).expects("succeeded 1", "start 2.1")
    assert it.next_due("a") is None


def test_a_smaller_number_of_runs_takes_back_those_that_wait() -> None:
    it = Clockwork(job("a", "* * * * *", max_runs=3, overlap="queue", queue_limit=9))
    it.at("00:01").tick()
    it.at("00:02").tick()
    it.at("00:02:30").configure(
        job("a", "* * * * *", max_runs=1, overlap="queue", queue_limit=9)
    ).expects("JobChanged a", "skipped(max_runs) 2")


def test_a_job_that_comes_back_begins_its_number_anew() -> None:
    it = Clockwork(job("a", "* * * * *", max_runs=1))
    it.at("00:01").tick().exits(1)
    it.at("00:01:10").configure()
    it.at("00:01:20").configure(job("a", "* * * * *", max_runs=1))
    it.at("00:02").tick().expects("queued a 2 scheduled due 00:02:00Z", "start 2.1")


def starts(it: Clockwork) -> list[Instant]:
    """Return when the queued runs are ready."""
    return [event.ready_at for event in it.effects.events if isinstance(event, RunQueued)]


def test_random_jitter_is_another_each_time_and_stable_jitter_is_not() -> None:
    def offsets(mode: str, seed: int) -> list[int]:
        it = Clockwork(
            job("a", "0 * * * *", jitter=HOUR, jitter_mode=mode, overlap="allow"), seed=seed
        )
        found = []
        for hour in range(1, 9):
            it.at(f"{hour:02}:00").tick()
            found += [ready - it.utc for ready in starts(it)]
        return found

    assert len(set(offsets("stable", 7))) == 1
    assert len(set(offsets("random", 7))) == 8
    assert offsets("random", 7) == offsets("random", 7) != offsets("random", 8)
    assert all(0 <= each < HOUR for each in offsets("random", 7))


def test_only_the_last_attempt_of_a_run_counts_as_its_failure() -> None:
    it = Clockwork(job("a", "* * * * *", auto_pause=1, retry=Retry(attempts=1, delay=SECOND)))
    it.at("00:01").tick().exits(1, 3)
    it.at("00:01:02").tick().exits(1, 3)

    it.expects("failed(exit) 1", "JobPaused a by auto_pause: 1 failed run")
    pause = it.core._books.jobs["a"].pause
    assert pause is not None
    assert (pause.by, pause.until, pause.reason) == ("auto_pause", None, "1 failed run")


WORDS = st.fixed_dictionaries(
    {},
    optional={
        "exclude": st.sampled_from([(NOON,), (TUESDAYS,), ("free",)]),
        "only": st.sampled_from([(NOON,), ("free", NOON)]),
        "not_before": st.sampled_from([DAY_START + HOUR, DAY_START + 13 * HOUR]),
        "not_after": st.sampled_from([DAY_START + DAY, DAY_START + 40 * HOUR]),
        "max_runs": st.integers(1, 20),
        "auto_pause": st.integers(1, 3),
        "catch_up": st.sampled_from(["skip", "latest", "all"]),
        "overlap": st.sampled_from(["skip", "queue", "allow"]),
        "jitter": st.sampled_from([0, 5 * MINUTE]),
        "jitter_mode": st.sampled_from(["stable", "random"]),
    },
)
FREE = [CalendarSpec(days=(2,)), CalendarSpec(windows=((40_000, 50_000), (90_000, 130_000)))]
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["tick", "tick", "exit", "fail", "restart", "free", "pause", "resume"]),
        st.sampled_from([20 * SECOND, 7 * MINUTE, HOUR, 5 * HOUR, 26 * HOUR]),
    ),
    min_size=5,
    max_size=40,
)


class Ledger:
    """What was decided of a job: instants and ranges, and how many runs began."""

    def __init__(self) -> None:
        self.decided: list[tuple[Instant, Instant, int]] = []
        self.begun = 0

    def note(self, it: Clockwork) -> None:
        """Take in the last effects."""
        for event in it.effects.events:
            match event:
                case InstantDecided():
                    until = event.due_at if event.until is None else event.until
                    self.decided.append((event.due_at, until, event.count))
                case RunQueued(cause=Cause(due_at=int() as due_at)):
                    self.decided.append((due_at, due_at, 1))
        self.begun += sum(start.attempt == 1 for start in it.effects.starts)


def do(it: Clockwork, deed: str) -> None:
    """Have something happen to the job."""
    match deed:
        case "tick":
            it.tick()
        case "restart":
            it.restart()
        case "free":
            turn = FREE[it.settings.calendars["free"] == FREE[0]]
            it.settings = Settings(calendars={"free": turn})
            it.configure(*it.jobs)
        case "pause":
            it.ask(PauseJob(job="a"))
        case "resume":
            it.ask(ResumeJob(job="a"))
        case _:
            for run in it.claimed()[:1]:
                it.exits(run, int(deed == "fail"))


@settings(max_examples=300, deadline=None)
@given(words=WORDS, schedule=st.sampled_from(["*/10 * * * *", "@every 7m"]), deeds=DEEDS)
def test_every_due_instant_has_one_decision_whatever_limits_it(
    words: dict[str, Any], schedule: str, deeds: list[tuple[str, int]]
) -> None:
    it = Clockwork(job("a", schedule, **words), calendars={"free": FREE[0]})
    ledger = Ledger()
    for deed, passed in deeds:
        it.later(passed)
        it.effects = Effects()
        do(it, deed)
        ledger.note(it)
    record = it.core._books.jobs["a"]
    in_order = sorted(ledger.decided)
    due = record.schedule.count_between(DAY_START, record.counts_from)

    assert all(one[1] < other[0] for one, other in pairwise(in_order))
    assert sum(count for _, _, count in in_order) == due
    assert record.job.max_runs is None or ledger.begun <= record.job.max_runs
