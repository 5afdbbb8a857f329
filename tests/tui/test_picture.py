"""What rows and panels show follows from the snapshot alone."""

import msgspec
import pytest

from cronterm.clock import HOUR, MINUTE, SECOND
from cronterm.model.action import Monitor
from cronterm.model.alert import Alert, AlertKind, Mute
from cronterm.model.event import AlertClosed, AlertOpened, Numbered
from cronterm.model.run import Cause
from cronterm.model.snapshot import JobView, LiveRun, Pause, Snapshot
from cronterm.tui.alert_list import shown_alerts
from cronterm.tui.picture import Picture, Restart
from tests.tui.scene import NOW, job, past


def picture_of(*views: JobView) -> Picture:
    """Return a picture of these jobs."""
    return Picture(Snapshot(store="s", n=1, jobs={view.job.id: view for view in views}))


def opened(number: int, kind: AlertKind, name: str, *, count: int = 1, ago: int = 0) -> Numbered:
    """Return the event that opens an alert."""
    alert = Alert(
        id=number,
        kind=kind,
        job=name,
        message="so it is",
        count=count,
        opened_at=NOW - ago,
        last_at=NOW - ago,
    )
    return Numbered(number + 1, AlertOpened(at=NOW, alert=alert))


def test_the_worst_alert_comes_first_and_what_people_know_is_left_out() -> None:
    picture = picture_of(JobView(job=job("a", "@hourly")), JobView(job=job("b", "@hourly")))
    for event in (
        opened(1, "long", "a"),
        opened(2, "failure", "a", count=3, ago=MINUTE),
        opened(3, "failure", "b"),
        opened(4, "downtime", ""),
        opened(5, "suspicious", "b"),
    ):
        picture.take(event, NOW)

    shown = [(alert.kind, alert.job, alert.text) for alert in picture.alerts(NOW)]
    assert shown == [
        ("FAIL", "b", "so it is"),
        ("FAIL", "a", "3 in a row, so it is"),
        ("LONG", "a", "so it is"),
        ("ODD", "b", "so it is"),
        ("MISSED", "cronterm", "so it is"),
    ]

    picture.snapshot.mutes["a"] = Mute("ann", NOW, NOW + HOUR)
    acknowledged = msgspec.structs.replace(picture.snapshot.alerts[3], acknowledged_at=NOW)
    picture.snapshot.alerts[3] = acknowledged
    assert [(alert.kind, alert.job) for alert in picture.alerts(NOW)] == [
        ("ODD", "b"),
        ("MISSED", "cronterm"),
    ]


@pytest.mark.parametrize(
    ("kind", "next_in", "expected"),
    [
        (None, HOUR, "succeeded"),
        (None, -MINUTE, "late"),
        ("missed", HOUR, "missed"),
        ("missed", -MINUTE, "missed"),
        ("failure", HOUR, "succeeded"),
    ],
)
def test_the_row_of_a_monitor_says_whether_its_reports_come(
    kind: AlertKind | None, next_in: int, expected: str
) -> None:
    monitor = msgspec.structs.replace(job("m", "@hourly"), action=Monitor())
    view = JobView(job=monitor, next_at=NOW + next_in, recent=[past(1, 1, 100, is_failed=False)])
    picture = picture_of(view)
    if kind is not None:
        picture.take(opened(1, kind, "m"), NOW)

    assert picture.state(view, NOW) == expected
    assert picture.counts(NOW)[expected] == 1
    view.pause = Pause("ann", NOW)
    assert picture.state(view, NOW) == "paused"


def test_a_queued_job_is_late_while_its_alert_is_open() -> None:
    view = JobView(job=job("a", "@hourly"))
    view.live[7] = LiveRun(7, "a", Cause("scheduled"), "queued", NOW, NOW)
    picture = picture_of(view)

    assert picture.state(view, NOW) == "queued"
    picture.take(opened(1, "late", "a"), NOW)
    assert picture.state(view, NOW) == "late"
    closed = AlertClosed(at=NOW, alert=1, job="a", kind="late", closed_for="started")
    picture.take(Numbered(3, closed), NOW)
    assert picture.state(view, NOW) == "queued"


def test_a_restart_is_news_for_a_minute_and_stays_in_the_stream() -> None:
    picture = picture_of()
    picture.note_restart(Restart(NOW, 17, "was killed by SIGKILL", NOW - 3 * SECOND))

    assert picture.fresh_restart(NOW + MINUTE - 1) == picture.restart
    assert picture.fresh_restart(NOW + MINUTE) is None
    (line,) = picture.stream.lines
    assert (line.at, line.job, line.role) == (NOW, "cronterm", "warn")
    assert line.text == "engine was killed by SIGKILL, started again after 3.0s, pid 17"


def test_a_command_for_another_machine_says_which() -> None:
    hint = "`cronterm skip backup --again` skips the one after it"
    near = Picture(way="cronterm -f /srv/jobs.yaml")
    far = Picture(way="cronterm -H db1 -f jobs.yaml")
    several = Picture(way="cronterm -H db1,db2")

    assert near.from_here(hint) == hint
    assert far.from_here(hint).startswith("`cronterm -H db1 -f jobs.yaml skip backup --again`")
    assert near.command("why", "backup") == "cronterm -f /srv/jobs.yaml why backup"
    assert several.command("why", "db2:backup") == "cronterm -H db2 why backup"
    assert several.from_here("`cronterm -H db2 resume`") == "`cronterm -H db2 resume`"


def test_alerts_of_the_panel_stand_as_in_their_view_whatever_fails_again() -> None:
    known = {
        id: Alert(id=id, kind="failure", job=name, message="", opened_at=NOW - since, last_at=last)
        for id, name, since, last in ((1, "old", HOUR, NOW), (2, "new", MINUTE, NOW - MINUTE))
    }
    picture = Picture(Snapshot(alerts=known))

    assert [each.job for each in picture.alerts(NOW)] == ["new", "old"]
    assert [each.job for each in shown_alerts(known.values(), {}, NOW)] == ["new", "old"]
