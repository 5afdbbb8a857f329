"""Reports of jobs that something else runs: each due instant is decided once, whatever comes."""

import random
from typing import Any, Literal

import pytest

from cronterm.clock import DAY, HOUR, MINUTE, SECOND
from cronterm.model.action import Monitor
from cronterm.model.command import PauseJob, PingJob, ResumeJob
from cronterm.model.event import AttemptEnded, RunEnded, RunQueued
from cronterm.model.job import Job
from cronterm.schedule.base import CalendarSpec
from cronterm.schedule.build import build
from tests.core.clockwork import DAY_START, Clockwork, job

WHATS: tuple[Literal["heartbeat", "start", "end", "fail"], ...] = (
    "heartbeat",
    "start",
    "end",
    "fail",
)


def monitor(schedule: object = "0 * * * *", *, kind: str = "job", **words: Any) -> Job:
    """Return a monitor `m`."""
    action = Monitor("heartbeat" if kind == "heartbeat" else "job")
    return job("m", schedule, action=action, **words)


def test_nothing_is_started_and_no_place_is_taken() -> None:
    it = Clockwork(monitor(), job("a"), max_running=1)

    it.at("01:00").step()
    it.ask(PingJob(job="m", what="start"))
    it.exits(1).later(MINUTE).tick()

    assert [start.job.id for start in it.effects.starts] == ["a"]


def test_text_becomes_output_of_the_run_it_is_about() -> None:
    it = Clockwork(monitor())
    it.at("01:00").ask(PingJob(job="m", what="start", text="begins"))
    (first,) = it.effects.lines
    it.later(SECOND).ask(PingJob(job="m", what="log", text="half\n"))
    (second,) = it.effects.lines
    it.later(SECOND).ask(PingJob(job="m", what="end", text="über"))
    ends = [event.end for event in it.effects.events if isinstance(event, AttemptEnded)]

    assert (first.run, first.data, second.data) == (1, b"begins\n", b"half\n")
    assert [end.output_bytes for end in ends] == [18]


def test_runs_with_their_own_rid_are_open_side_by_side_under_allow() -> None:
    it = Clockwork(monitor(overlap="allow", max_instances=2))
    for rid in "abc":
        it.at("01:00").ask(PingJob(job="m", what="start", rid=rid))
    assert [e.run for e in it.effects.events if isinstance(e, RunEnded)] == [1]

    answer = it.ask(PingJob(job="m", what="end", exit_code=2, rid="b"))
    assert answer.run == 2
    unknown = it.ask(PingJob(job="m", what="end", rid="zzz"))
    assert unknown.run == 4  # an end whose start was not heard is a run of its own


def test_an_open_report_outlives_the_engine_with_its_rid() -> None:
    it = Clockwork(monitor(max_runtime=10 * MINUTE))
    it.tells_alerts = True
    it.at("01:00").ask(PingJob(job="m", what="start", rid="x"))
    it.at("01:05").restart().expects_nothing()
    it.at("01:10:01").tick()
    it.expects("alert 1 long m x1: runs longer than its max_runtime, 10m")
    it.at("01:11").restart().expects_nothing()

    assert it.ask(PingJob(job="m", what="end", rid="x")).run == 1


@pytest.mark.parametrize("exit_code", [-1, 256])
def test_an_exit_status_is_a_byte(exit_code: int) -> None:
    it = Clockwork(monitor())

    answer = it.ask(PingJob(job="m", what="end", exit_code=exit_code))
    assert (answer.ok, answer.kind) == (False, "invalid")


def test_what_is_run_here_takes_no_reports() -> None:
    answer = Clockwork(job("a")).ask(PingJob(job="a"))

    assert answer.message == "a is run here, it takes no reports"


def test_a_job_that_becomes_a_command_ends_its_reports_and_what_waits_for_them() -> None:
    it = Clockwork(monitor())
    it.at("00:30").ask(PingJob(job="m", what="start"))

    it.at("01:02").configure(job("m", "0 * * * *"))
    it.expects(
        "skipped(removed) m 01:00:00Z..01:00:00Z x1 (the file changed before a report came)",
        "JobChanged m",
        "lost(no_end) 1",
    )
    it.at("02:00").tick()
    assert [start.job.id for start in it.effects.starts] == ["m"]


@pytest.mark.parametrize("seed", range(30))
def test_every_instant_is_decided_once_however_reports_come(seed: int) -> None:
    dice = random.Random(seed)
    schedule = dice.choice(["*/5 * * * *", "0 * * * *", "@every 7m", "* * * * *"])
    tolerance = dice.choice([None, 0, MINUTE, 10 * MINUTE, 2 * HOUR])
    one = monitor(schedule, tolerance=tolerance, overlap=dice.choice(["skip", "allow"]))
    it = Clockwork(one, seed=seed)
    for _ in range(200):
        it.later(dice.choice([SECOND, 20 * SECOND, MINUTE, 6 * MINUTE, 50 * MINUTE]))
        roll = dice.random()
        if roll < 0.4:
            what = dice.choice(WHATS)
            it.ask(PingJob(job="m", what=what, rid=dice.choice(["", "", "x", "y"])))
        elif roll < 0.5:
            it.restart()
        elif roll < 0.55:
            it.ask(PauseJob(job="m"))
        elif roll < 0.65:
            it.ask(ResumeJob(job="m", catch_up=True))
        else:
            it.tick()
        assert not it.effects.starts
        assert it.core.wait(it.now()) != 0
    it.ask(ResumeJob(job="m"))
    it.later(3 * HOUR).tick()

    plan = build(one.schedule, first_seen_at=DAY_START, last_end_at=None)
    decided = len(it.remembering.points) + sum(row.count for row in it.remembering.ranges)
    until = it.core._books.jobs["m"].counts_from
    assert decided == plan.count_between(DAY_START, until)
    assert until >= it.utc - 3 * HOUR


def test_the_same_reports_give_the_same_effects() -> None:
    def live() -> list[object]:
        it = Clockwork(monitor())
        it.at("01:01").ask(PingJob(job="m", what="start"))
        it.at("02:11").tick()
        return [event for event in it.effects.events if not isinstance(event, RunQueued)]

    assert live() == live()


def test_what_a_calendar_keeps_back_is_neither_waited_for_nor_reported() -> None:
    noon = CalendarSpec(windows=((43_200, 46_800),))
    it = Clockwork(monitor(exclude=(noon,)))
    it.at("11:00").ask(PingJob(job="m"))
    it.at("12:02").ask(PingJob(job="m"))
    it.expects("queued m 2 signal", "succeeded 2")
    it.at("12:30").tick()
    it.expects(
        "skipped(calendar) m 12:00:00Z..12:00:00Z x1 (excluded on Mon between 12:00 and 13:00)"
    )
    it.at("12:59:30").ask(PingJob(job="m"))
    it.expects("queued m 3 scheduled due 13:00:00Z", "succeeded 3")


def test_reports_count_for_max_runs() -> None:
    it = Clockwork(monitor(max_runs=2))
    for hour in ("01", "02"):
        it.at(f"{hour}:00").ask(PingJob(job="m"))
    it.later(DAY).tick().expects_nothing()


def test_nothing_is_due_of_a_monitor_that_was_reported_as_often_as_it_may_run() -> None:
    it = Clockwork(monitor(max_runs=1))
    it.at("00:30").ask(PingJob(job="m"))

    it.at("02:30").configure().expects("JobRemoved m")
