"""What is kept of alerts, mutes, what is usual, and the inbox of missed instants."""

from pathlib import Path
from typing import Any

import pytest

from cronterm.clock import DAY, HOUR, MINUTE, SECOND
from cronterm.model.alert import Alert, Comment, Mute
from cronterm.model.event import (
    AlertAcknowledged,
    AlertClosed,
    AlertCommented,
    AlertOpened,
    AlertRepeated,
    AlertsMuted,
    JobChanged,
    JobRemoved,
    JobRenamed,
    MissedSettled,
)
from cronterm.model.memory import USUAL_RUNS, Success
from cronterm.model.query import ListAlerts, ListMissed, MissedInstants
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import SqliteStore, open_store
from tests.store.facts import NOON, added, decided, job, queued, run_ended, whole_run


def alert(number: int = 1, **words: Any) -> Alert:
    """Return an alert."""
    given: dict[str, Any] = {
        "kind": "failure",
        "job": "backup",
        "message": "exit 3",
        "outcome": "failed",
        "reason": "exit",
        "opened_at": NOON,
        "last_at": NOON,
    }
    return Alert(id=number, **(given | words))


def opened(number: int = 1, **words: Any) -> AlertOpened:
    """An alert was opened."""
    return AlertOpened(at=NOON, alert=alert(number, **words))


def inbox(directory: Path, job: str = "") -> list[tuple[str, int, int, str]]:
    """Return what was missed: job, minutes after noon, count, reason."""
    rows = open_reader(directory).list_missed(ListMissed(job=job)).rows
    return [(row.job, (row.due_at - NOON) // MINUTE, row.count, row.reason) for row in rows]


def test_the_life_of_an_alert_is_kept(store: SqliteStore, tmp_path: Path) -> None:
    later = NOON + HOUR
    store.record([added(), opened(), opened(2, kind="late", outcome=None, reason="")])
    store.record(
        [
            AlertRepeated(
                at=later,
                alert=1,
                job="backup",
                kind="failure",
                count=2,
                message="timeout \udc80",
                run=7,
                due_at=later,
                outcome="timed_out",
                reason="",
            ),
            AlertAcknowledged(at=later, alert=1, job="backup", by="ann"),
            AlertCommented(at=later, alert=1, job="backup", by="bob", text="on it"),
            AlertCommented(at=later, alert=1, job="backup", by="ann", text="thanks"),
            AlertClosed(at=later, alert=2, job="backup", kind="late", closed_for="started"),
        ]
    )

    expected = alert(
        count=2,
        message="timeout ?",
        run=7,
        due_at=later,
        outcome="timed_out",
        reason="",
        last_at=later,
        acknowledged_by="ann",
        acknowledged_at=later,
        comments=(Comment("bob", later, "on it"), Comment("ann", later, "thanks")),
    )
    memory = store.memory(now=NOON)
    assert memory.alerts == (expected,)
    assert memory.next_alert == 3
    reader = open_reader(tmp_path)
    assert reader.list_alerts(ListAlerts()).alerts == (expected,)
    everything = reader.list_alerts(ListAlerts(closed=True)).alerts
    assert [(each.id, each.closed_for) for each in everything] == [(1, ""), (2, "started")]
    assert reader.list_alerts(ListAlerts(closed=True, limit=1)).alerts[0].id == 2
    assert reader.list_alerts(ListAlerts(job="other", closed=True)).alerts == ()

    store.record([AlertAcknowledged(at=later, alert=1, job="backup", by="")])
    (again,) = store.memory(now=NOON).alerts
    assert (again.acknowledged_by, again.acknowledged_at) == ("", None)


def test_mutes_and_alerts_go_with_a_new_name_and_mutes_end_with_the_job(
    store: SqliteStore,
) -> None:
    muted = AlertsMuted(at=NOON, job="backup", by="ann", until=NOON + HOUR)
    store.record([added(), opened(), muted])
    store.record(
        [JobRenamed(at=NOON, job="dump", old="backup"), JobChanged(at=NOON, job=job("dump"))]
    )

    memory = store.memory(now=NOON)
    assert memory.mutes == {"dump": Mute("ann", NOON, NOON + HOUR)}
    assert [each.job for each in memory.alerts] == ["dump"]
    store.record([JobRemoved(at=NOON, job="dump")])
    assert store.memory(now=NOON).mutes == {}


def test_what_is_usual_are_the_newest_successes_without_those_by_hand(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        store.record([added()])
        for run in range(1, USUAL_RUNS + 4):
            store.record(whole_run(run, code=run % 2 if run < 5 else 0))
    with open_store(tmp_path, now=NOON) as store:
        store.record(whole_run(USUAL_RUNS + 4))
        usual = store.memory(now=NOON).usual

    assert usual == {"backup": (Success(2 * SECOND, 12),) * USUAL_RUNS}


def test_the_inbox_has_what_can_be_made_up_for(store: SqliteStore, tmp_path: Path) -> None:
    def missed(minute: int, count: int, reason: Any, name: str = "backup") -> Any:
        return decided(
            name,
            due_at=NOON + minute * MINUTE,
            until=NOON + (minute + count - 1) * MINUTE,
            count=count,
            outcome="missed",
            reason=reason,
        )

    late = run_ended(5, "web", outcome="missed", reason="start_deadline")
    store.record(
        [
            added(),
            added("web"),
            missed(1, 3, "downtime"),
            missed(4, 1, "coalesced"),
            missed(5, 2, "no_ping"),
            decided(due_at=NOON + 7 * MINUTE, until=NOON + 7 * MINUTE),
            queued(5, "web"),
            late,
        ]
    )

    assert inbox(tmp_path) == [("backup", 1, 3, "downtime"), ("web", 5, 1, "start_deadline")]
    assert inbox(tmp_path, "web") == [("web", 5, 1, "start_deadline")]
    (row,) = open_reader(tmp_path).list_missed(ListMissed(job="backup")).rows
    assert row == MissedInstants(
        job="backup",
        due_at=NOON + MINUTE,
        until=NOON + 3 * MINUTE,
        count=3,
        reason="downtime",
        decided_at=NOON + 3 * MINUTE,
        is_range=True,
    )


@pytest.mark.parametrize(
    ("settled", "left"),
    [
        (MissedSettled(at=NOON, job="backup", by="ann", until=NOON + HOUR), ["web", "web"]),
        (MissedSettled(at=NOON, job="web", by="ann", until=NOON + HOUR), ["backup"]),
        (MissedSettled(at=NOON, job="web", by="ann", until=NOON + 3 * MINUTE), ["backup", "web"]),
        (MissedSettled(at=NOON, job="", by="ann", until=NOON + HOUR), []),
        (MissedSettled(at=NOON, job="", by="ann", until=NOON), ["backup", "web", "web"]),
    ],
)
def test_what_is_settled_is_in_the_inbox_no_more(
    store: SqliteStore, tmp_path: Path, settled: MissedSettled, left: list[str]
) -> None:
    due_at = NOON + 2 * MINUTE
    store.record(
        [
            added(),
            added("web"),
            decided(due_at=due_at, until=due_at, outcome="missed", reason="downtime"),
            decided("web", due_at=due_at, until=due_at, outcome="missed", reason="downtime"),
            queued(5, "web"),
            run_ended(5, "web", outcome="missed", reason="start_deadline"),
        ]
    )
    store.record([settled])

    assert [job for job, *_ in inbox(tmp_path)] == left


def test_a_range_that_is_settled_is_not_lengthened(store: SqliteStore, tmp_path: Path) -> None:
    for minute in (1, 2):
        at = NOON + minute * MINUTE
        store.record(
            [
                *([added()] if minute == 1 else []),
                decided(due_at=at, until=at, outcome="missed", reason="downtime"),
                MissedSettled(at=at, job="", by="ann", until=NOON + MINUTE),
            ]
        )

    assert inbox(tmp_path) == [("backup", 2, 1, "downtime")]


def test_alerts_that_are_long_over_go_and_numbers_never_come_again(store: SqliteStore) -> None:
    def closed(number: int) -> AlertClosed:
        return AlertClosed(
            at=NOON, alert=number, job="backup", kind="failure", closed_for="recovered"
        )

    store.record([added(), opened(1), opened(2), opened(3), closed(1), closed(3)])
    store.prune({"backup": job().keep}, now=NOON + 100 * DAY, limit=100)

    memory = store.memory(now=NOON)
    assert [each.id for each in memory.alerts] == [2]
    assert memory.next_alert == 4
