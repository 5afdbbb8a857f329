"""Tests for `calls`."""

import json

from cronterm.clock import HOUR, SECOND
from cronterm.model.audit import AuditRow, Call
from cronterm.model.query import Calls
from tests.cli.desk import Desk
from tests.remote.fake_control import START


def row(hour: int, who: str, what: str, status: int, count: int = 1) -> AuditRow:
    """Return a row of an hour."""
    first = START + hour * HOUR
    call = Call("127.0.0.1", who, "POST", what, status)
    return AuditRow(call=call, first_at=first, last_at=first + 5 * SECOND, count=count)


ROWS = (row(0, "ci", "RunJob backup", 200, 3), row(1, "", "", 401, 50), row(2, "ci", "/x", 404))


def test_calls_are_listed_with_who_asked_and_what_they_got(desk: Desk) -> None:
    desk.client.control.audit = Calls(ROWS)
    head, *lines = desk.run("calls").stdout.splitlines()

    assert head.split() == ["LAST", "COUNT", "WHO", "FROM", "STATUS", "WHAT"]
    assert [line.split()[2:] for line in lines] == [
        ["3", "ci", "127.0.0.1", "200", "POST", "RunJob", "backup"],
        ["50", "127.0.0.1", "401", "POST"],
        ["1", "ci", "127.0.0.1", "404", "POST", "/x"],
    ]


def test_what_was_refused_can_be_looked_at_alone(desk: Desk) -> None:
    desk.client.control.audit = Calls(ROWS)
    told = desk.run("calls", "--refused", "--json").stdout.splitlines()

    assert [json.loads(line)["status"] for line in told] == [401, 404]
    assert len(desk.run("calls", "--refused", "-n", "1").stdout.splitlines()) == 2


def test_where_nobody_asked_that_is_said(desk: Desk) -> None:
    assert desk.run("calls").stdout == "nobody has asked over TCP\n"
    assert desk.run("calls", "--refused").stdout == "nobody was refused\n"


def test_calls_are_read_from_the_history_where_no_engine_runs(lonely: Desk) -> None:
    assert lonely.run("calls").exit_code == 0
    assert len(lonely.asked_offline) == 1
