"""The next instant of a job is skipped ahead of its time, once and for good."""

from cronterm.clock import HOUR, MINUTE
from cronterm.core.corrections import MOST_SPANS
from cronterm.model.command import PauseJob, ResumeJob, RunJob, SkipNext
from cronterm.model.event import Numbered
from cronterm.model.fold import fold
from cronterm.model.snapshot import (
    JobView,
    Snapshot,
)
from tests.core.clockwork import DAY_START, Clockwork, job


def test_a_skipped_instant_starts_nothing_and_the_one_after_it_runs() -> None:
    it = Clockwork(job("a", "0 * * * *")).at("00:30").tick()
    answer = it.ask(SkipNext(job="a", reason="disk swap"))
    assert (answer.ok, answer.message) == (True, "skipped a at 2026-06-01T01:00:00Z")
    assert it.words()[0] == "skipped(user) a 01:00:00Z (by ann: disk swap)"
    assert it.next_due("a") == DAY_START + 2 * HOUR
    it.at("01:00").tick().expects_nothing()
    it.at("02:00").tick()
    assert it.claimed() == [1]


def test_several_instants_are_skipped_one_after_the_other() -> None:
    it = Clockwork(job("a", "* * * * *")).tick()
    for number in range(1, 4):
        assert it.ask(SkipNext(job="a", due_at=DAY_START + number * MINUTE)).ok
    again = it.ask(SkipNext(job="a", due_at=DAY_START + MINUTE))
    assert (again.kind, again.message) == ("stale", "a is due next at 2026-06-01T00:04:00Z")
    it.words()
    for minute in range(1, 4):
        it.at(f"00:0{minute}").tick().expects_nothing()
    it.at("00:04").tick()
    assert it.claimed() == [1]


def test_a_second_skip_is_refused_but_of_a_named_instant() -> None:
    it = Clockwork(job("a", "0 * * * *"), job("once", {"at": "2026-06-01T05:00Z"})).tick()
    assert it.ask(SkipNext(job="a")).ok
    again = it.ask(SkipNext(job="a"))
    assert (again.kind, again.message) == (
        "invalid",
        "the run of a due 2026-06-01T01:00:00Z is skipped already",
    )
    assert again.hint == "`cronterm skip a --again` skips that of 2026-06-01T02:00:00Z too"
    assert it.next_due("a") == DAY_START + 2 * HOUR
    assert it.ask(SkipNext(job="a", due_at=DAY_START + 2 * HOUR)).ok
    assert it.ask(SkipNext(job="a", due_at=DAY_START + HOUR, undo=True)).ok
    assert it.ask(SkipNext(job="a")).ok  # the next one is not skipped, a later one is
    assert it.ask(SkipNext(job="once")).ok
    assert it.ask(SkipNext(job="once")).hint == ""


def test_no_more_is_skipped_than_is_remembered() -> None:
    it = Clockwork(job("a", "* * * * *")).tick()
    answers = [
        it.ask(SkipNext(job="a", due_at=DAY_START + number * MINUTE)).ok
        for number in range(1, MOST_SPANS + 2)
    ]
    assert answers == [True] * MOST_SPANS + [False]
    it.at(f"00:0{MOST_SPANS}").tick()
    assert it.claimed() == []
    assert it.ask(SkipNext(job="a")).ok
    it.at("00:10").tick()
    assert it.claimed() == [1]


def test_a_skip_outlives_a_restart_and_a_pause() -> None:
    it = Clockwork(job("a", "0 * * * *", catch_up="all")).at("00:30").tick()
    it.ask(SkipNext(job="a"))
    it.words()
    it.at("00:40").restart()
    it.ask(PauseJob(job="a"))
    it.at("00:50")
    it.ask(ResumeJob(job="a"))
    it.words()
    it.at("01:00").tick().expects_nothing()
    it.at("03:30").restart()
    assert [line for line in it.words() if "due" in line] == [
        "queued a 1 catch_up due 02:00:00Z",
        "queued a 2 catch_up due 03:00:00Z",
    ]


def test_a_skip_is_lifted_as_long_as_its_instant_is_to_come() -> None:
    it = Clockwork(job("a", "0 * * * *")).at("00:30").tick()
    it.ask(SkipNext(job="a"))
    it.ask(SkipNext(job="a", due_at=DAY_START + 2 * HOUR))
    assert it.next_due("a") == DAY_START + 3 * HOUR
    latest = it.ask(SkipNext(job="a", undo=True), by="bob")
    assert (latest.ok, latest.message) == (True, "a is due at 2026-06-01T02:00:00Z again")
    assert it.next_due("a") == DAY_START + 2 * HOUR
    it.words()
    it.at("01:00").tick().expects_nothing()
    over = it.ask(SkipNext(job="a", due_at=DAY_START + HOUR, undo=True))
    assert over.message == "a at 2026-06-01T01:00:00Z is not skipped, or over"
    none = it.ask(SkipNext(job="a", undo=True))
    assert none.message == "no coming run of a is skipped"
    it.at("02:00").tick()
    assert it.claimed() == [1]


def test_a_lifted_skip_is_due_after_a_restart_and_not_in_the_picture() -> None:
    it = Clockwork(job("a", "0 * * * *")).at("00:30").tick()
    snapshot = Snapshot(jobs={"a": JobView(job=job("a", "0 * * * *"))})
    for command in (SkipNext(job="a"), SkipNext(job="a", undo=True)):
        it.ask(command)
        for event in it.effects.events:
            fold(snapshot, Numbered(0, event))
    assert (snapshot.jobs["a"].recent, snapshot.jobs["a"].decided) == ([], ())
    it.at("00:40").restart()
    it.at("01:00").tick()
    assert it.claimed() == [1]


def test_what_cannot_be_skipped_is_refused_with_what_may_be_done() -> None:
    it = Clockwork(
        job("by-hand", "@manual"),
        job("after", {"every": "1h", "from": "finish"}),
        job("paused", "* * * * *"),
    ).tick()
    it.ask(PauseJob(job="paused"))
    it.words()

    assert it.ask(SkipNext(job="by-hand")).message == "by-hand is not due by itself"
    assert it.ask(SkipNext(job="after")).hint == "`cronterm pause after --until TIME`"
    assert "held back already" in it.ask(SkipNext(job="paused")).message
    assert it.ask(SkipNext(job="nosuch")).kind == "unknown_job"
    it.expects_nothing()


def test_a_run_by_hand_is_not_kept_back_by_a_skip() -> None:
    it = Clockwork(job("a", "0 * * * *")).tick()
    it.ask(SkipNext(job="a"))
    it.at("01:00")
    it.ask(RunJob(job="a"))
    assert it.claimed() == [1]


def test_the_picture_knows_what_is_decided_ahead() -> None:
    it = Clockwork(job("a", "0 * * * *")).tick()
    it.ask(SkipNext(job="a"))
    snapshot = Snapshot()
    for n, event in enumerate(it.remembering.events, 1):
        fold(snapshot, Numbered(n, event))
    span = (DAY_START + HOUR - 1, DAY_START + HOUR)
    assert snapshot.jobs["a"].decided == (span,)
    assert snapshot.jobs["a"].next_at == DAY_START + 2 * HOUR
    assert it.remembering.memory().jobs[0].decided == (span,)
    it.configure(job("a", "30 * * * *"))
    for n, event in enumerate(it.remembering.events, 1):
        fold(snapshot, Numbered(n, event))
    assert snapshot.jobs["a"].decided == (span,)  # kept: the new schedule may have it as well
