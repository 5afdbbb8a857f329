"""Tests for `alerts` and `missed`."""

import json

import msgspec
import pytest

from cronterm.clock import HOUR, MINUTE
from cronterm.model.alert import Alert, Comment
from cronterm.model.command import (
    AcknowledgeAlert,
    AnyCommand,
    CommentAlert,
    IgnoreMissed,
    MuteAlerts,
    RunMissed,
)
from cronterm.model.event import AlertAcknowledged, AlertOpened, AlertsMuted
from cronterm.model.query import MissedInstants
from cronterm.schedule.parse import parse_moment
from tests.cli.desk import Desk
from tests.remote.fake_control import START

FAILURE = Alert(
    id=7,
    kind="failure",
    job="backup",
    message="exit 3",
    count=2,
    run=57,
    due_at=START,
    outcome="failed",
    reason="exit",
    opened_at=START,
    last_at=START + HOUR,
    comments=(Comment("ann", START, "known \x1b[2J"),),
)
MISSED = MissedInstants(
    job="backup",
    due_at=START,
    until=START + HOUR,
    count=2,
    reason="downtime",
    decided_at=START + HOUR,
)


def sent(desk: Desk) -> list[AnyCommand]:
    """Return the commands that came."""
    return [command for command, _ in desk.client.control.received]


def test_alerts_are_listed_with_their_state_and_what_was_said(desk: Desk) -> None:
    assert desk.run("alerts").stdout == "nothing needs a look\n"

    desk.client.control.tell(AlertOpened(at=START, alert=FAILURE))
    head, line = desk.run("alerts").stdout.splitlines()
    assert head.split() == ["ID", "STATE", "KIND", "JOB", "COUNT", "SINCE", "WHAT"]
    assert line.split()[:5] == ["7", "open", "failure", "backup", "2"]
    assert "due 2027-01-15 08:00:00, exit 3" in line
    assert line.rstrip().endswith("— known")

    desk.client.control.tell(AlertAcknowledged(at=START, alert=7, job="backup", by="bob"))
    line = desk.run("alerts", "ls").stdout.splitlines()[1]
    assert line.split()[1] == "acknowledged"
    assert line.rstrip().endswith("by bob")


def test_alerts_json_is_an_object_a_line(desk: Desk) -> None:
    desk.client.control.tell(AlertOpened(at=START, alert=FAILURE))
    downtime = msgspec.structs.replace(FAILURE, id=8, kind="downtime", job="", comments=())
    desk.client.control.tell(AlertOpened(at=START, alert=downtime))
    until = START + 1_000_000 * HOUR
    desk.client.control.tell(AlertsMuted(at=START, job="backup", by="ann", until=until))
    first, second = map(json.loads, desk.run("alerts", "--json").stdout.splitlines())

    assert first["state"] == "muted"
    assert first["muted_until"] is not None
    assert first["comments"] == [
        {"by": "ann", "at": "2027-01-15T08:00:00Z", "text": "known \x1b[2J"}
    ]
    assert (first["run_id"], first["outcome"], first["reason"]) == (57, "failed", "exit")
    assert first["last_at"] == "2027-01-15T09:00:00Z"
    assert (second["job"], second["state"], second["closed_at"]) == (None, "open", None)


def test_alerts_and_the_inbox_come_in_every_form(desk: Desk) -> None:
    desk.client.control.tell(AlertOpened(at=START, alert=FAILURE))
    desk.client.control.missed = (MISSED,)

    head, line = desk.run("alerts", "-o", "csv").stdout.splitlines()
    assert head.startswith("id,state,kind,job,count,message,outcome,reason,run_id,")
    assert line.startswith("7,open,failure,backup,2,exit 3,failed,exit,57,")
    assert "- job: backup" in desk.run("missed", "-o", "yaml").stdout
    assert json.loads(desk.run("missed", "-o", "json").stdout)["count"] == 2


def test_people_say_to_alerts_what_they_know(desk: Desk) -> None:
    desk.run("alerts", "ack", "7", "8")
    desk.run("alerts", "ack", "7", "--undo")
    desk.run("alerts", "comment", "7", "on it")

    assert sent(desk) == [
        AcknowledgeAlert(alert=7),
        AcknowledgeAlert(alert=8),
        AcknowledgeAlert(alert=7, undo=True),
        CommentAlert(alert=7, text="on it"),
    ]


@pytest.mark.parametrize("word", ["snooze", "mute"])
def test_the_alerts_of_a_job_are_muted_for_a_while(desk: Desk, word: str) -> None:
    assert desk.run("alerts", word, "backup", "20m").exit_code == 0
    assert desk.run("alerts", word, "backup", "--off").exit_code == 0
    for said in ("0", "off"):
        assert desk.run("alerts", word, "backup", said).exit_code == 0
    assert desk.run("alerts", word, "backup").exit_code == 2
    assert desk.run("alerts", word, "backup", "20m", "--off").exit_code == 2
    muted, *unmuted = sent(desk)

    assert isinstance(muted, MuteAlerts)
    assert len(unmuted) == 3
    for each in unmuted:
        assert isinstance(each, MuteAlerts)
        assert abs(muted.until - each.until - 20 * MINUTE) < MINUTE


def test_the_alerts_of_a_job_are_muted_until_a_time(desk: Desk) -> None:
    assert desk.run("alerts", "mute", "backup", "2527-01-15T08:00Z").exit_code == 0
    assert desk.run("alerts", "mute", "backup", "tomorrow 08:00").exit_code == 0

    until = parse_moment("2527-01-15T08:00Z", "UTC")
    assert sent(desk)[0] == MuteAlerts(job="backup", until=until)


def test_mutes_in_force_are_told_wherever_a_job_is_told(desk: Desk) -> None:
    past, until = START - 10 * 365 * 24 * HOUR, START + 10 * 365 * 24 * HOUR
    desk.client.control.tell(AlertsMuted(at=START, job="talker", by="bob", until=past))
    assert desk.run("alerts", "ls").stdout == "nothing needs a look\n"
    desk.client.control.tell(AlertsMuted(at=START, job="backup", by="ann", until=until))

    by = "(by ann, at 2027-01-15 08:00:00)"
    line = f"backup: alerts muted until 2037-01-12 08:00:00 {by}"
    assert desk.run("alerts").stdout.splitlines() == [line, "nothing needs a look"]
    assert desk.run("alerts", "ls", "talker").stdout == "nothing needs a look\n"
    told = "1 job muted: backup until 2037-01-12 08:00:00"
    assert told in desk.run("status").stdout.splitlines()
    assert "muted" not in desk.run("status", "talker").stdout
    assert "backup: has not run yet, muted until 2037" in desk.run("status", "--plain").stdout
    assert json.loads(desk.run("status", "--json").stdout)["jobs"]["backup"]["muted_until"]
    assert line.replace("backup: alerts", "  alerts:") in desk.run("show", "backup").stdout
    assert "1 muted" in desk.run("motd").stdout
    assert json.loads(desk.run("motd", "--json").stdout)["muted"] == ["backup"]


def test_what_is_no_length_and_no_time_is_refused(desk: Desk) -> None:
    done = desk.run("alerts", "snooze", "backup", "a while")

    assert done.exit_code == 65
    assert "'a while' is no length and no time" in done.stderr
    assert sent(desk) == []


def test_the_inbox_shows_what_was_missed(desk: Desk) -> None:
    assert desk.run("missed").stdout == "nothing was missed\n"

    desk.client.control.missed = (MISSED,)
    line = desk.run("missed").stdout.splitlines()[1]
    due = "2027-01-15 08:00:00 2027-01-15 09:00:00"
    assert " ".join(line.split()) == f"backup 2 {due} downtime"
    assert json.loads(desk.run("missed", "ls", "--json").stdout) == {
        "job": "backup",
        "scheduled_at": "2027-01-15T08:00:00Z",
        "scheduled_until": "2027-01-15T09:00:00Z",
        "count": 2,
        "reason": "downtime",
        "decided_at": "2027-01-15T09:00:00Z",
    }


def test_what_was_missed_is_run_or_ignored(desk: Desk) -> None:
    desk.client.control.missed = (MISSED,)
    desk.run("missed", "run", "--all")
    desk.run("missed", "run", "talker", "--at", "2027-01-15T08:00:00Z")
    desk.run("missed", "ignore", "backup", "talker")
    desk.run("missed", "ignore", "--all")

    assert sent(desk) == [
        RunMissed(job="backup"),
        RunMissed(job="talker", due_at=START),
        IgnoreMissed(job="backup"),
        IgnoreMissed(job="talker"),
        IgnoreMissed(),
    ]


@pytest.mark.parametrize("words", [[], ["backup", "--all"]])
@pytest.mark.parametrize("verb", ["run", "ignore"])
def test_it_is_either_jobs_or_all(desk: Desk, verb: str, words: list[str]) -> None:
    assert desk.run("missed", verb, *words).exit_code == 2
    assert sent(desk) == []
