"""Questions are answered from what is there, and by what is not there with what is near."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cronterm.clock import HOUR, MINUTE, Now
from cronterm.engine.answers import Answers
from cronterm.engine.prospect import MOST_NEXT
from cronterm.errors import CrontermError
from cronterm.model.alert import Alert
from cronterm.model.decision import Decisions
from cronterm.model.job import Settings
from cronterm.model.notice import Notice, NoticeQueued
from cronterm.model.problem import Problem
from cronterm.model.query import (
    ConfigText,
    HeldBack,
    ListNext,
    ListRuns,
    NextDue,
    OutputPart,
    Query,
    ReadConfig,
    ReadDecisions,
    ReadOutput,
    ReadRun,
    RunDetail,
    Runs,
)
from cronterm.model.run import Cause
from cronterm.model.snapshot import JobView, LiveRun, PastRun, Snapshot
from cronterm.schedule.base import CalendarSpec
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import SqliteStore, open_store
from tests.core.clockwork import job
from tests.store.facts import NOON, added, claimed, queued, started, whole_run

TEXT = """\
jobs:
  backup:
    schedule: "@hourly"
    command: "true"
  report:
    schedule: "@daily"
    command: "true"
"""


class StoppedClock:
    """It is noon."""

    def now(self) -> Now:
        """Return noon."""
        return Now(NOON, NOON)


class Office:
    """Answers, with the snapshot and the file they are given from."""

    def __init__(
        self, answers: Answers, snapshot: Snapshot, file: Path, store: SqliteStore
    ) -> None:
        self.answers = answers
        self.store = store
        self.snapshot = snapshot
        self.file = file


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """One run has ended, one goes on."""
    file = tmp_path / "jobs.yaml"
    file.write_text(TEXT)
    jobs = [job("backup", "@hourly"), job("off", "@hourly", enabled=False), job("sec", "@every 1s")]
    snapshot = Snapshot(jobs={each.id: JobView(job=each, first_seen_at=NOON) for each in jobs})
    with open_store(tmp_path, now=NOON) as store:
        store.record([added(), *whole_run(1), queued(2), claimed(2), started(2)])
        with open_reader(tmp_path) as reader:
            answers = Answers(
                reader=reader,
                output=tmp_path / "output",
                jobs_file=file,
                clock=StoppedClock(),
                snapshot=lambda: snapshot,
            )
            yield Office(answers, snapshot, file, store)


async def test_the_next_instants_begin_strictly_after_the_moment_asked_for(office: Office) -> None:
    now = await office.answers.answer(ListNext(jobs=("backup",), limit=2))
    later = await office.answers.answer(ListNext(jobs=("backup",), after=NOON + HOUR, limit=1))

    assert now == NextDue({"backup": (NOON + HOUR, NOON + 2 * HOUR)})
    assert later == NextDue({"backup": (NOON + 2 * HOUR,)})


async def test_a_disabled_job_is_never_due_and_a_forecast_has_an_end(office: Office) -> None:
    due = await office.answers.answer(ListNext(limit=10**9))

    assert isinstance(due, NextDue)
    assert due.next["off"] == ()
    assert len(due.next["sec"]) == MOST_NEXT


async def test_a_forecast_passes_over_all_that_limits_a_job(office: Office) -> None:
    shut = CalendarSpec(weekdays=tuple(range(7)))
    free = CalendarSpec(windows=((0, 7 * 86_400 - 3600),), until=NOON + 2 * HOUR)
    office.snapshot.settings = Settings(calendars={"free": free, "shut": shut})
    limited = {
        "kept out": job("a", "@hourly", exclude=("free",)),
        "kept in": job("a", "@hourly", only=("free",)),
        "over": job("a", "@hourly", not_after=NOON + HOUR),
        "twice": job("a", "@hourly", max_runs=5),
        "never": job("a", "* * * * * *", exclude=("shut",)),
        "later": job("a", "@hourly", not_before=NOON + 9 * HOUR),
    }
    office.snapshot.jobs = {
        name: JobView(job=each, first_seen_at=NOON, timed_runs=3) for name, each in limited.items()
    }
    due = await office.answers.answer(ListNext(limit=3))

    assert isinstance(due, NextDue)
    assert due.next == {
        "kept out": (NOON + 2 * HOUR, NOON + 3 * HOUR, NOON + 4 * HOUR),
        "kept in": (NOON + HOUR,),
        "over": (NOON + HOUR,),
        "twice": (NOON + HOUR, NOON + 2 * HOUR),
        "never": (),
        "later": (NOON + 9 * HOUR, NOON + 10 * HOUR, NOON + 11 * HOUR),
    }
    assert due.held["kept out"] == (HeldBack(NOON + HOUR, "excluded by free"),)
    assert len(due.held["never"]) == 20


async def test_while_the_engine_is_young_why_says_so(office: Office) -> None:
    office.snapshot.settings = Settings(startup_delay=MINUTE)
    office.snapshot.engine.started_at = NOON
    office.snapshot.jobs["backup"].live[2] = LiveRun(
        run=2, job="backup", cause=Cause("scheduled"), state="queued", queued_at=NOON, ready_at=NOON
    )
    decisions = await office.answers.answer(ReadDecisions(job="backup"))

    assert isinstance(decisions, Decisions)
    assert decisions.sentences[0].endswith("(startup_delay).")


async def test_why_says_who_is_told_of_an_open_alert_later(office: Office) -> None:
    alert = Alert(id=1, kind="failure", job="backup", message="exit 1", opened_at=0, last_at=0)
    office.snapshot.alerts[1] = alert
    notice = Notice(
        id=1,
        notifier="mail",
        event="failure",
        job="backup",
        message="exit 1",
        happened_at=NOON,
        ready_at=NOON + HOUR,
        alert=1,
    )
    office.store.record([NoticeQueued(at=NOON, notice=notice)])
    decisions = await office.answers.answer(ReadDecisions(job="backup"))

    assert isinstance(decisions, Decisions)
    assert any(each.startswith("mail is told of alert 1 at ") for each in decisions.sentences)


async def test_an_interval_from_the_last_end_begins_there(office: Office) -> None:
    view = office.snapshot.jobs["sec"]
    view.job = job("sec", {"every": "10m", "from": "finish"})
    view.recent.append(PastRun(1, NOON - 3 * MINUTE, "succeeded"))

    due = await office.answers.answer(ListNext(jobs=("sec",), limit=1))

    assert due == NextDue({"sec": (NOON + 7 * MINUTE,)})


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (ListNext(jobs=("bakcup",)), r"there is no job bakcup \(did you mean backup\?\)"),
        (ReadDecisions(job="bakcup"), r"there is no job bakcup \(did you mean backup\?\)"),
        (ListNext(jobs=("zzz",)), "there is no job zzz$"),
        (ReadRun(run=404), "404"),
        (ReadOutput(run=404), "404"),
        (ReadConfig(job="nosuch"), "there is no job nosuch"),
    ],
    ids=str,
)
async def test_what_is_not_there_is_an_error_that_names_it(
    office: Office, query: Query, message: str
) -> None:
    with pytest.raises(CrontermError, match=message):
        await office.answers.answer(query)


async def test_runs_and_their_details_come_from_the_history(office: Office) -> None:
    runs = await office.answers.answer(ListRuns())
    detail = await office.answers.answer(ReadRun(run=1))
    decisions = await office.answers.answer(ReadDecisions(job="backup"))

    assert isinstance(runs, Runs)
    assert isinstance(detail, RunDetail)
    assert isinstance(decisions, Decisions)
    assert [(row.run, row.outcome) for row in runs.rows] == [(1, "succeeded"), (2, None)]
    assert detail.row.run == 1
    assert decisions.sentences


async def test_output_is_complete_once_its_attempt_has_ended(office: Office) -> None:
    ended = await office.answers.answer(ReadOutput(run=1))
    going_on = await office.answers.answer(ReadOutput(run=2))
    never_was = await office.answers.answer(ReadOutput(run=2, attempt=9))

    assert isinstance(ended, OutputPart)
    assert isinstance(going_on, OutputPart)
    assert (ended.complete, going_on.complete) == (True, False)
    assert never_was == OutputPart(run=2, attempt=9, chunks=(), complete=True)


async def test_the_text_is_that_of_the_file_with_the_problems_of_now(office: Office) -> None:
    office.snapshot.problems = (Problem(file="jobs.yaml", line=3, column=5, message="bad"),)
    whole = await office.answers.answer(ReadConfig())
    part = await office.answers.answer(ReadConfig(job="report"))

    sha = hashlib.sha256(TEXT.encode()).hexdigest()
    assert isinstance(whole, ConfigText)
    assert isinstance(part, ConfigText)
    assert (whole.text, whole.line, whole.sha256) == (TEXT, 1, sha)
    assert whole.problems == office.snapshot.problems
    assert (part.line, part.sha256) == (5, sha)
    assert part.text.startswith("  report:")
    assert "backup" not in part.text


async def test_a_file_that_is_gone_is_an_error_that_names_it(office: Office) -> None:
    office.file.unlink()

    with pytest.raises(CrontermError, match=r"jobs\.yaml: No such file"):
        await office.answers.answer(ReadConfig())
