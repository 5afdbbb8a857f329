"""Tests for `stats`."""

import json

from cronterm.clock import SECOND
from cronterm.model.rollup import Rollup
from cronterm.model.stats import Categories, FileEvents, JobFigures, make_stats
from tests.cli.desk import Desk

BACKUP = JobFigures(
    job="backup",
    total=Rollup(
        timed=4,
        scheduled=3,
        signal=1,
        succeeded=3,
        failed=1,
        breakdowns=1,
        recoveries=1,
        first_at=0,
        last_at=3 * SECOND,
        duration_min=SECOND,
        duration_max=3 * SECOND,
        duration_sum=8 * SECOND,
        square_sum=20.0,
    ),
    last_day=2,
)


def test_stats_are_a_table_for_people(desk: Desk) -> None:
    desk.client.control.stats = make_stats((BACKUP,), Categories(3, 1, 0), FileEvents())
    categories, head, row = desk.run("stats").stdout.splitlines()

    assert head.split()[:4] == ["JOB", "RUNS", "OK", "FAILED"]
    assert row.split() == ["backup", "4", "3", "1", "2.0s", "1.0s", "3.0s", "1.0s", "2"]
    assert categories == "3 by time, 1 by events, 0 by hand or other jobs"


def test_stats_json_is_one_object_with_ten_groups(desk: Desk) -> None:
    desk.client.control.stats = make_stats((BACKUP,), Categories(3, 1, 0), FileEvents())
    found = json.loads(desk.run("stats", "--json").stdout)

    assert len(found) == 10
    assert found["results"]["backup"] == {"succeeded": 3, "failed": 1, "success_ratio": 0.75}


def test_stats_without_runs_say_so(desk: Desk) -> None:
    assert desk.run("stats").stdout == "nothing has run yet\n"
    assert desk.run("stats", "backup").stdout == "backup has not run yet\n"


def test_stats_are_asked_of_the_history_where_no_engine_runs(lonely: Desk) -> None:
    assert lonely.run("stats").exit_code == 0
    assert len(lonely.asked_offline) == 1


def test_stats_can_be_of_a_range(desk: Desk) -> None:
    assert desk.run("stats", "--range", "24h").stdout == "nothing has run in the last 24h\n"
    assert desk.run("stats", "--range", "2h").exit_code == 2
