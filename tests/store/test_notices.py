"""The outbox: what waits is there after a restart, what was told is not told again."""

from pathlib import Path
from typing import Any

from cronterm.clock import MINUTE
from cronterm.model.alert import Alert
from cronterm.model.event import AlertClosed, AlertOpened, JobRenamed
from cronterm.model.memory import Memory
from cronterm.model.notice import (
    LastNotice,
    Notice,
    NoticeDropped,
    NoticeQueued,
    NoticesFailed,
    NoticesSent,
    Told,
)
from cronterm.model.query import ListNotices
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import SqliteStore, open_store
from tests.store.facts import NOON, added


def queued(number: int, **words: Any) -> NoticeQueued:
    """Return that a notice is to be told."""
    given: dict[str, Any] = {
        "id": number,
        "notifier": "chat",
        "event": "failure",
        "job": "backup",
        "message": "exit 1",
        "happened_at": NOON,
        "ready_at": NOON + MINUTE,
    }
    return NoticeQueued(at=NOON, notice=Notice(**(given | words)))


def sent(*numbers: int, at: int = NOON) -> NoticesSent:
    """Return that notices were sent."""
    return NoticesSent(at=at, notifier="chat", notices=numbers, channel="webhook", title="t")


def again(directory: Path) -> Memory:
    """Return what another engine would know."""
    with open_store(directory, now=NOON) as store:
        return store.memory(now=NOON)


def test_what_waits_is_there_after_a_restart_as_it_was_last(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        store.record([added(), queued(1), queued(2, notifier="mail"), queued(3)])
        store.record([queued(2, notifier="mail", more=4, message="a\ud800")])
        failed = NoticesFailed(at=NOON, notifier="mail", notices=(2,), error="x", retry_at=NOON)
        store.record([sent(1), failed, NoticeDropped(at=NOON, notice=3)])
    memory = again(tmp_path)

    assert memory.next_notice == 4
    assert [(each.id, each.more, each.message) for each in memory.notices] == [(2, 4, "a?")]
    assert set(memory.last_notices) == {
        LastNotice("backup", "chat", "failure", NOON + MINUTE),
        LastNotice("backup", "mail", "failure", NOON + MINUTE),
    }


def test_what_is_given_up_waits_no_more(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        store.record([added(), queued(1)])
        store.record([NoticesFailed(at=NOON, notifier="chat", notices=(1,), error="x")])

    assert again(tmp_path).notices == ()


def test_who_was_told_of_what_is_open_is_known(tmp_path: Path) -> None:
    alert = {"kind": "failure", "job": "backup", "message": "m", "opened_at": NOON, "last_at": NOON}
    with open_store(tmp_path, now=NOON) as store:
        store.record([added()])
        for number in (1, 2):
            opened: Any = alert | {"id": number}
            store.record([AlertOpened(at=NOON, alert=Alert(**opened))])
        store.record([queued(1, alert=1), queued(2, alert=2), sent(1, 2)])
        store.record([queued(3, alert=2, event="recovery")])
        store.record(
            [AlertClosed(at=NOON, alert=2, job="backup", kind="failure", closed_for="recovered")]
        )

    assert again(tmp_path).told == (Told(1, "chat", NOON + MINUTE),)


def test_a_renamed_job_takes_its_notices_with_it(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        store.record([added(), queued(1)])
        store.record([JobRenamed(at=NOON, job="saved", old="backup")])
    memory = again(tmp_path)

    assert [each.job for each in memory.notices] == ["saved"]
    assert [each.job for each in memory.last_notices] == ["saved"]


def test_what_was_done_with_long_ago_goes_the_newest_stays(tmp_path: Path) -> None:
    year = 400 * 24 * 60 * MINUTE

    def prune(store: SqliteStore) -> None:
        store.prune({}, now=NOON + year, limit=100)

    with open_store(tmp_path, now=NOON) as store:
        store.record([added(), queued(1), queued(2), queued(3), queued(4), sent(1, 3, 4)])
        prune(store)
        memory = store.memory(now=NOON)
        assert [each.id for each in memory.notices] == [2]
        assert memory.next_notice == 5


def test_what_became_of_the_notices_about_an_alert_is_listed(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        about = [queued(n, alert=7, notifier=name) for n, name in enumerate("abcd", 1)]
        store.record([added(), *about, queued(5, alert=8), queued(6)])
        again_at = NoticesFailed(at=NOON, notifier="b", notices=(2,), error="x", retry_at=NOON)
        given_up = NoticesFailed(at=NOON + 1, notifier="c", notices=(3,), error="y")
        store.record([sent(1, at=NOON + 2), again_at, given_up, NoticeDropped(at=NOON, notice=4)])
    rows = open_reader(tmp_path).list_notices(ListNotices(alert=7)).rows

    told = [(each.notifier, each.state, each.at, each.tries, each.error) for each in rows]
    assert told == [
        ("a", "sent", NOON + 2, 0, ""),
        ("b", "waiting", NOON + MINUTE, 1, "x"),
        ("c", "given_up", NOON + 1, 1, "y"),
        ("d", "dropped", NOON, 0, ""),
    ]
    reader = open_reader(tmp_path)
    assert [each.notifier for each in reader.list_notices(ListNotices(alert=7, limit=1)).rows] == [
        "d"
    ]
    assert open_reader(tmp_path / "none").list_notices(ListNotices(alert=7)).rows == ()
