"""Tests for `history` and `why`."""

import json

import pytest

from cronterm.cli.past import SHOWN_ROWS, row_as_cells, row_as_json
from cronterm.clock import DAY, SECOND
from cronterm.model.decision import Decisions
from cronterm.model.query import AnyReply, Query, ReadDecisions
from cronterm.model.run import RunRow
from tests.cli.desk import Desk
from tests.remote.fake_control import START

FIELDS = [
    "run_id",
    "job",
    "cause",
    "scheduled_at",
    "started_at",
    "ended_at",
    "outcome",
    "reason",
    "exit_code",
    "signal",
    "attempt",
    "attempts",
    "cpu_s",
    "max_rss_bytes",
    "output_bytes",
]


def test_history_json_is_one_object_a_line_with_exactly_its_fields(desk: Desk) -> None:
    desk.run("run", "talker")
    desk.run("run", "backup")
    first, second = map(json.loads, desk.run("history", "--json").stdout.splitlines())

    assert list(first) == FIELDS
    assert first == {
        "run_id": 1,
        "job": "talker",
        "cause": "manual",
        "scheduled_at": None,
        "started_at": "2027-01-15T08:00:00Z",
        "ended_at": "2027-01-15T08:00:01Z",
        "outcome": "succeeded",
        "reason": "",
        "exit_code": 0,
        "signal": None,
        "attempt": 1,
        "attempts": 1,
        "cpu_s": 0.0125,
        "max_rss_bytes": None,
        "output_bytes": 6,
    }
    assert second["run_id"] == 2


def test_an_open_run_is_not_sure_where_no_engine_answers() -> None:
    row = RunRow(run=797, job="reindex", cause="manual", queued_at=START)

    assert row_as_cells(row)[5] == ("► open", "blue")
    assert row_as_cells(row, is_unsure=True)[5] == ("► open (no engine)", "blue")


def test_a_decision_that_started_nothing_tells_how_many_instants_it_stands_for() -> None:
    row = RunRow(
        run=None,
        job="a",
        cause="scheduled",
        scheduled_at=START,
        scheduled_until=START + 60 * SECOND,
        count=7,
        queued_at=START,
        outcome="missed",
        reason="downtime",
        message="not a field",
    )
    content = row_as_json(row)

    assert list(content) == [*FIELDS, "count", "scheduled_until"]
    assert (content["run_id"], content["count"]) == (None, 7)
    assert content["scheduled_until"] == "2027-01-15T08:01:00Z"


def test_a_run_that_an_event_started_tells_which() -> None:
    row = RunRow(run=1, job="a", cause="signal", by="created /in/a", queued_at=START)

    assert row_as_json(row)["event"] == "created /in/a"


def test_history_for_people_is_a_table(desk: Desk) -> None:
    desk.client.control.exit_code = 3
    desk.run("run", "backup")
    head, row = desk.run("history").stdout.splitlines()

    assert head.split() == ["RUN", "JOB", "CAUSE", "WHEN", "TOOK", "OUTCOME", "TRY"]
    assert row == "1    backup  manual  2027-01-15 08:00:00  1.0s  ✗ failed: exit 3"


def test_people_read_words_where_programs_read_names() -> None:
    late = RunRow(run=7, job="a_b", cause="catch_up", queued_at=START, outcome="timed_out")
    full = RunRow(
        run=None,
        job="a_b",
        cause="scheduled",
        queued_at=START,
        outcome="skipped",
        reason="queue_full",
        message="run 6, by hand by ann_b, and 1 more",
    )

    assert row_as_cells(late)[1:3] == ["a_b", "catch up"]
    assert row_as_cells(late)[5] == ("✗ timed out", "red")
    assert row_as_cells(full)[5] == (
        "– skipped: queue full: run 6, by hand by ann_b, and 1 more",
        None,
    )
    assert row_as_json(late)["outcome"] == "timed_out"
    assert row_as_json(full)["message"] == "run 6, by hand by ann_b, and 1 more"


def test_a_row_of_many_instants_tells_the_first_and_the_last() -> None:
    def when(until: int, count: int = 80) -> object:
        group = RunRow(
            run=None,
            job="a",
            cause="scheduled",
            scheduled_at=START,
            scheduled_until=until,
            count=count,
            queued_at=until,
            outcome="skipped",
            reason="paused",
        )
        return row_as_cells(group)[3]

    assert when(START + 80 * SECOND) == "2027-01-15 08:00:00–08:01:20"
    assert when(START + DAY) == "2027-01-15 08:00:00–2027-01-16 08:00:00"
    assert when(START, 1) == "2027-01-15 08:00:00"


def test_history_of_one_job_and_of_the_newest_only(desk: Desk) -> None:
    for job in ("backup", "talker", "backup"):
        desk.run("run", job)

    of_job = desk.run("history", "backup", "--json").stdout.splitlines()
    newest = desk.run("history", "--json", "-n", "1").stdout.splitlines()
    assert [json.loads(line)["run_id"] for line in of_job] == [1, 3]
    assert [json.loads(line)["run_id"] for line in newest] == [3]


def test_history_says_to_people_that_there_are_more_rows_than_it_shows(desk: Desk) -> None:
    for _ in range(SHOWN_ROWS):
        desk.run("run", "backup")
    assert len(desk.run("history").stdout.splitlines()) == 1 + SHOWN_ROWS

    desk.run("run", "backup")
    *rows, last = desk.run("history").stdout.splitlines()
    assert len(rows) == 1 + SHOWN_ROWS
    assert rows[1].startswith("2 ")
    assert last == "the newest 30: there are more, -n 300 or --last 7d shows them"
    assert len(desk.run("history", "--json").stdout.splitlines()) == SHOWN_ROWS + 1
    assert len(desk.run("history", "-o", "csv").stdout.splitlines()) == 1 + SHOWN_ROWS + 1
    assert len(desk.run("history", "-n", "300").stdout.splitlines()) == 1 + SHOWN_ROWS + 1


def test_history_without_runs_says_so_and_an_unknown_job_is_an_error(desk: Desk) -> None:
    assert desk.run("history").stdout == "nothing has run yet\n"
    assert desk.run("history", "backup").stdout == "backup has not run yet\n"
    assert desk.run("history", "backup", "--json").stdout == ""
    assert desk.run("history", "nosuch").exit_code == 1


def test_why_says_sentences_and_json_the_decisions(desk: Desk) -> None:
    assert desk.run("why", "backup").stdout == "It is due next at noon.\n"

    decision = json.loads(desk.run("why", "backup", "--json").stdout)
    assert decision["scheduled_at"] == "2027-01-15T08:00:00Z"
    assert decision["run_id"] == 1


def test_why_gives_a_program_the_sentences_where_nothing_was_decided(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = desk.client.control.query

    async def undecided(query: Query) -> AnyReply:
        if isinstance(query, ReadDecisions):
            return Decisions((), ("It is never due by itself.", "It is paused."))
        return await ask(query)

    monkeypatch.setattr(desk.client.control, "query", undecided)
    (line,) = desk.run("why", "backup", "--json").stdout.splitlines()
    assert json.loads(line) == {
        "job": "backup",
        "sentences": ["It is never due by itself.", "It is paused."],
    }


def test_why_ends_with_what_a_failed_run_printed_last(desk: Desk) -> None:
    desk.client.control.exit_code = 3
    desk.run("run", "talker")
    desk.client.control.output[1] = b"one\ntwo\x1b[2J\nthree\n\nfour\n"

    said = desk.run("why", "talker").stdout
    assert said == "It is due next at noon.\nRun 1 printed last:\n  two\n  three\n  four\n"
    del desk.client.control.output[1]
    assert desk.run("why", "talker").stdout == "It is due next at noon.\n"


def test_why_refuses_what_is_no_time_and_no_job(desk: Desk) -> None:
    assert desk.run("why", "backup", "--at", "noonish").exit_code == 65
    assert desk.run("why", "bakcup").exit_code == 1


def test_history_narrows_by_time_and_by_end(desk: Desk) -> None:
    desk.client.control.exit_code = 3
    desk.run("run", "backup")
    desk.client.control.exit_code = 0
    desk.run("run", "backup")

    failed = desk.run("history", "--status", "failed", "--status", "lost", "--json").stdout
    assert [json.loads(line)["run_id"] for line in failed.splitlines()] == [1]
    assert desk.run("history", "--failed", "--json").stdout == failed
    assert desk.run("history", "--last", "7d").exit_code == 0
    assert desk.run("history", "--status", "missed").stdout == "nothing of that kind\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [(("--last", "7d", "--since", "2d"), 2), (("--last", "soon"), 65), (("--status", "good"), 2)],
)
def test_history_refuses_what_it_cannot_read(desk: Desk, words: tuple[str, ...], code: int) -> None:
    assert desk.run("history", *words).exit_code == code
