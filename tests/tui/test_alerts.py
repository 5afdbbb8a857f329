"""The alerts view: what it shows, and what its keys say to the engine."""

import asyncio
from typing import Any

import msgspec
from textual.pilot import Pilot
from textual.widgets import Input, Static

from cronterm.clock import DAY, HOUR, MINUTE
from cronterm.errors import CrontermError
from cronterm.model.alert import Alert, AlertKind, Mute
from cronterm.model.command import (
    AcknowledgeAlert,
    Answer,
    AnyCommand,
    CommentAlert,
    MuteAlerts,
)
from cronterm.model.event import (
    AlertAcknowledged,
    AlertClosed,
    AlertOpened,
    AlertRepeated,
    Numbered,
)
from cronterm.model.notice import NoticeRow, NoticesSent
from cronterm.model.query import AnyReply, ListAlerts, Query, ReadDecisions
from cronterm.tui.alert_list import (
    REACHES,
    Reach,
    message_words,
    nothing_words,
    notified_words,
    shown_alerts,
    state_words,
)
from cronterm.tui.look import UNICODE
from cronterm.tui.screens.alerts import AlertsView
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.detail import Detail
from cronterm.tui.screens.dialogs import Ask
from cronterm.tui.screens.log_view import LogView
from cronterm.tui.widgets.alert_boxes import AlertBox, AlertsBox, JobAlertsBox
from cronterm.tui.widgets.table import JobTable
from tests.tui.scene import NOW, FakeControl, app
from tests.tui.test_picture import picture_of
from tests.tui.test_screens import on_dashboard, on_page, wait_for


def alert(number: int, kind: AlertKind = "failure", **words: Any) -> Alert:
    """Return an alert of an hour ago."""
    given = {"job": "backup", "message": "exit 1", "opened_at": NOW - HOUR, "last_at": NOW - HOUR}
    return Alert(id=number, kind=kind, **{**given, **words})


async def on_alerts(pilot: Pilot[Any]) -> AlertsView:
    """Open the alerts and wait for them."""
    screen = await on_page(pilot, "4", AlertsView)
    await wait_for(pilot, lambda: bool(screen.rows.rows) and bool(screen._past_alerts()))
    return screen


# -- words ---------------------------------------------------------------------------------------


def nothing(
    *alerts: Alert, reach: Reach, mutes: dict[str, Mute] | None = None, **words: Any
) -> str:
    """Return what an empty list says."""
    return nothing_words(alerts, mutes or {}, NOW, reach=reach, key="o", **words)


def test_an_empty_list_says_why_it_is_empty() -> None:
    over = [alert(n, closed_at=NOW, closed_for="recovered") for n in (1, 2, 3)]
    muted, known = alert(4), alert(5, "late", job="sync", acknowledged_at=NOW)
    mutes = {"backup": Mute("ann", NOW, NOW + HOUR)}

    never = "nothing fails, nothing is late; the history has no alert"
    assert {nothing(reach=reach) for reach in REACHES} == {never}
    assert nothing(reach="all", is_read=False) == "reading…"
    assert nothing(reach="known", is_read=False) == "nothing fails, nothing is late"
    before = "nothing open; o shows the 3 that went before"
    assert nothing(*over, reach="known") == nothing(*over, reach="open") == before
    one = "nothing open; o shows 1 known (muted): backup still fails"
    assert nothing(*over, muted, reach="open", mutes=mutes) == one
    two = "nothing open; o shows 2 known (1 muted, 1 acknowledged): backup still fails, sync: late"
    assert nothing(muted, known, reach="open", mutes=mutes) == two
    assert nothing(*over, reach="known", words="x") == "nothing matches /x; o looks further"
    assert nothing(*over, reach="all", words="x") == "nothing matches /x"


def test_an_empty_list_names_what_fails_without_an_alert() -> None:
    over = alert(1, closed_at=NOW, closed_for="recovered")
    wrong = {"sync": "is late", "backup": "fails"}

    said = "nothing open; backup fails, sync is late"
    assert nothing(reach="known", wrong=wrong, is_read=False) == said
    assert nothing(reach="known", wrong=wrong) == f"{said}; the history has no alert"
    before = f"{said}; o shows the 1 that went before"
    assert nothing(over, reach="known", wrong=wrong) == before
    known = alert(2, acknowledged_at=NOW)
    told = "nothing open; o shows 1 known (acknowledged): backup still fails; sync is late"
    assert nothing(known, reach="open", wrong=wrong) == told


NONE = "the history has no alert of it"


class OnlyAlerts(FakeControl):
    """Knows of no job why it ran, and tells of its alerts when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.telling = asyncio.Event()

    async def query(self, query: Query) -> AnyReply:
        """Answer from fixed rows."""
        if isinstance(query, ReadDecisions):
            raise CrontermError("nothing is known of it")
        if isinstance(query, ListAlerts):
            await self.telling.wait()
        return await super().query(query)


async def test_the_page_of_a_job_has_no_word_on_its_alerts_before_they_are_read() -> None:
    control = OnlyAlerts()
    running = app(control)
    async with running.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        for job, nothing in (("wal-archive", "reading…"), ("new-job", NONE)):
            await wait_for(pilot, lambda: bool(running.screen.query(JobTable)))
            running.screen.query_one(JobTable).go_to(job)
            await pilot.press("enter")
            await wait_for(pilot, lambda: bool(running.screen.query(JobAlertsBox)))
            box = running.screen.query_one(JobAlertsBox)
            await wait_for(pilot, lambda box=box, nothing=nothing: box.empty == nothing)  # type: ignore[misc]
            control.telling.set()
            await wait_for(pilot, lambda box=box: box.empty == NONE)  # type: ignore[misc]
            assert bool(box.rows) == (job == "wal-archive")
            await pilot.press("escape")


# -- which and in which order ----------------------------------------------------------------------


def test_open_alerts_come_first_the_worst_on_top_then_muted_known_and_over() -> None:
    alerts = [
        alert(1, closed_at=NOW - MINUTE, closed_for="recovered"),
        alert(2, acknowledged_by="ann", acknowledged_at=NOW),
        alert(3, "late", job="quiet"),
        alert(4, "long"),
        alert(5, opened_at=NOW - 2 * HOUR),
        alert(6),
    ]
    mutes = {"quiet": Mute("ann", NOW, NOW + HOUR), "backup": Mute("ann", NOW - DAY, NOW - HOUR)}

    order = [each.id for each in shown_alerts(alerts, mutes, NOW, reach="all")]
    assert order == [6, 5, 4, 3, 2, 1]
    assert [each.id for each in shown_alerts(alerts, mutes, NOW)] == [6, 5, 4, 3, 2]
    assert [each.id for each in shown_alerts(alerts, mutes, NOW, reach="open")] == [6, 5, 4]


def test_what_fails_again_stays_on_its_row() -> None:
    alerts = [alert(1, last_at=NOW), alert(2, opened_at=NOW - MINUTE, last_at=NOW - MINUTE)]
    alerts.append(alert(3, acknowledged_at=NOW, last_at=NOW))
    alerts.append(alert(4, acknowledged_at=NOW, opened_at=NOW - MINUTE, last_at=NOW - MINUTE))

    assert [each.id for each in shown_alerts(alerts, {}, NOW)] == [2, 1, 4, 3]


def test_the_filter_knows_jobs_words_kinds_and_states() -> None:
    alerts = [
        alert(1, message="exit 3: disk full"),
        alert(2, "missed", job="report", last_at=NOW - DAY),
        alert(3, acknowledged_by="ann", acknowledged_at=NOW),
        alert(4, "downtime", job=""),
    ]

    tags = {"report": ("weekly", "db")}

    def found(words: str) -> set[int]:
        return {each.id for each in shown_alerts(alerts, {}, NOW, words=words, tags=tags)}

    assert found("REPORT") == {2}
    assert found("disk backup") == {1}
    assert found("is:missed") == {2}
    assert found("is:failed") == found("is:failing") == {1, 3}
    assert found("is:acknowledged") == {3}
    assert found("!is:open") == {3}
    assert found("!backup") == {2, 4}
    assert found("cronterm") == {4}
    assert found("!") == found("last:x") == {1, 2, 3, 4}
    assert found("#week") == found("!last:6h") == {2}
    assert found("last:<90m !#db") == {1, 3, 4}


def test_a_filter_puts_the_cursor_on_the_alert_that_it_means_best() -> None:
    feed, told = alert(1, job="feed"), alert(2, job="vacuum", message="no order")
    first, second = alert(3, job="order-a"), alert(4, job="order-b")
    box = AlertsBox(picture_of(), id="all-alerts")

    def chosen(words: str, *alerts: Alert) -> Alert | None:
        box.show_found(alerts, words, [each.job for each in alerts])
        return box.chosen

    assert chosen("", feed, told, first, second) == feed
    assert chosen("order", told, first, second) == first
    assert chosen("order-b", second) == second
    assert chosen("order", told, first, second) == second
    assert chosen("", feed, told, first, second) == second
    assert chosen("zzz") is None


def test_an_alert_says_which_instant_it_is_about_and_who_knows_of_it() -> None:
    hostile = alert(1, "missed", message="\x1b]52;c;eA==\x07gone", due_at=NOW - HOUR)
    known = alert(2, acknowledged_by="an\x1b[2Jn", acknowledged_at=NOW)
    over = alert(3, closed_at=NOW - MINUTE, closed_for="recovered")

    assert message_words(hostile, NOW) == "due today 13:32:07: gone"
    assert state_words(known, None, NOW) == "ann 14:32"
    assert state_words(over, None, NOW) == "recovered 1m ago"
    assert state_words(alert(4), Mute("ann", NOW, NOW + HOUR), NOW) == "muted 1h 00m"


def test_who_was_told_stands_above_who_could_not_be() -> None:
    def row(state: Any, **words: Any) -> NoticeRow:
        return NoticeRow(**{"notifier": "a", "event": "failure", "state": state, "at": NOW} | words)

    def told(*rows: NoticeRow) -> list[tuple[str, str]]:
        return [(text, role) for text, role in notified_words(rows, UNICODE, NOW)]

    assert told() == [("nobody: no rule of its job or of a policy tells of it", "faint")]
    assert told(row("dropped"), row("dropped", notifier="b")) == told()
    lines = told(
        row("given_up", notifier="pager", error="\x1b[2Jno route"),
        row("waiting", notifier="mail", tries=1, error="refused"),
        row("waiting", notifier="later", at=NOW + HOUR),
        row("waiting", notifier="chat", tries=2),
        row("sent", notifier="chat"),
        row("sent"),
    )
    assert lines == [
        ("✓ chat today 14:32:07   ✓ a today 14:32:07", "text"),
        ("✗ pager given up today 14:32:07: no route", "fail"),
        ("↻ mail failed 1 time: refused; tried again", "warn"),
        ("· later is told today 15:32:07", "muted"),
    ]


# -- keys ------------------------------------------------------------------------------------------


async def test_the_cursor_stays_on_what_is_acknowledged_and_it_can_be_taken_back() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_alerts(pilot)
        first = screen.rows.chosen
        assert first is not None
        await pilot.press("a")
        await wait_for(pilot, lambda: len(control.sent) == 1)
        assert screen.rows.chosen == first
        await control.more.put(
            Numbered(200, AlertAcknowledged(at=NOW, alert=first.id, job=first.job, by="ann"))
        )
        await wait_for(pilot, lambda: screen.rows.rows[0].id != first.id)
        assert screen.rows.chosen is not None
        assert screen.rows.chosen.id == first.id
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        await control.more.put(
            Numbered(201, AlertAcknowledged(at=NOW, alert=first.id, job=first.job, by=""))
        )
        await wait_for(pilot, lambda: screen.rows.rows[0].id == first.id)
        await pilot.press("u")
        await pilot.pause(0.05)

    assert control.sent == [
        AcknowledgeAlert(alert=first.id),
        AcknowledgeAlert(alert=first.id, undo=True),
    ]


async def test_a_known_alert_is_taken_back_where_the_cursor_is() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_alerts(pilot)
        await pilot.press("G")
        known = screen.rows.chosen
        assert known is not None
        assert known.acknowledged_by == "ann"
        await pilot.press("a", "u")
        await wait_for(pilot, lambda: bool(control.sent))

    assert control.sent == [AcknowledgeAlert(alert=known.id, undo=True)]


async def test_all_open_alerts_that_are_shown_are_acknowledged_after_asking() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_alerts(pilot)
        await pilot.press("A", "n")
        await pilot.press("slash", *"is:failing", "enter", "A", "A")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        await pilot.pause(0.05)

    assert control.sent == [AcknowledgeAlert(alert=1), AcknowledgeAlert(alert=2)]


async def test_what_was_just_acknowledged_is_taken_back_once_that_is_answered() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_alerts(pilot)
        await pilot.press("slash", *"is:failing", "enter")
        control.answering.clear()
        await pilot.press("A", "A", "u")
        await wait_for(pilot, lambda: len(control.sent) == 1)
        await pilot.press("u")
        control.answering.set()
        await wait_for(pilot, lambda: len(control.sent) == 4)

    assert control.sent == [
        AcknowledgeAlert(alert=1),
        AcknowledgeAlert(alert=2),
        AcknowledgeAlert(alert=2, undo=True),
        AcknowledgeAlert(alert=1, undo=True),
    ]


async def test_a_job_is_muted_for_a_time_and_unmuted() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_alerts(pilot)
        await pilot.press("m")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        asked = pilot.app.screen.query_one("#dialog-text", Static)
        assert str(asked.render()) == "Mute the alerts of report-weekly for how long?"
        await pilot.press("4")
        await wait_for(pilot, lambda: len(control.sent) == 1)
        await pilot.press("down", "down", "down", "m", "0")
        await wait_for(pilot, lambda: len(control.sent) == 2)

    assert control.sent == [
        MuteAlerts(job="report-weekly", until=NOW + 4 * HOUR),
        MuteAlerts(job="mail-queue-flush", until=NOW),
    ]


async def test_a_comment_is_for_the_alert_it_was_begun_on() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_alerts(pilot)
        await pilot.press("c", *"never mind", "escape")
        await pilot.press("c", *"disk is full", "enter")
        await wait_for(pilot, lambda: bool(control.sent))
        assert screen.rows.has_focus

    assert control.sent == [CommentAlert(alert=1, text="disk is full")]


async def test_the_list_narrows_while_it_is_typed_and_reaches_what_is_over() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        screen = await on_alerts(pilot)
        assert len(screen.rows.rows) == 5
        await pilot.press("o")
        assert len(screen.rows.rows) == 29
        over = next(each for each in screen.rows.rows if each.closed_at is not None)
        screen.rows.action_move(screen.rows.rows.index(over))
        await pilot.press("a", "c")
        assert not screen.query_one("#comment", Input).has_class("shown")
        await pilot.press("o")
        assert len(screen.rows.rows) == 3
        await pilot.press("slash", *"search")
        await wait_for(pilot, lambda: len(screen.rows.rows) == 1)
        await pilot.press("escape")
        assert len(screen.rows.rows) == 3
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Dashboard))


async def test_an_alert_leads_to_its_job_its_log_and_a_run_now() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        screen = await on_alerts(pilot)
        await pilot.press("down", "enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Detail))
        assert pilot.app.screen.view == "alerts"  # type: ignore[attr-defined]
        await pilot.press("escape", "l")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, LogView))
        await pilot.press("escape", "t")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("escape", "down", "l")
        await pilot.pause(0.05)
        assert pilot.app.screen is screen


async def test_the_tab_bar_counts_what_needs_a_look_and_follows_the_engine() -> None:
    control = FakeControl()
    running = app(control)
    async with running.run_test(size=(120, 40)) as pilot:
        screen = await on_alerts(pilot)
        assert len(running.picture.alerts(NOW)) == 3
        await control.more.put(Numbered(200, AlertOpened(at=NOW, alert=alert(9))))
        await wait_for(pilot, lambda: screen.rows.rows[0].id == 9 or len(screen.rows.rows) == 6)
        closed = AlertClosed(at=NOW, alert=9, job="backup", kind="failure", closed_for="recovered")
        await control.more.put(Numbered(201, closed))
        await wait_for(pilot, lambda: len(screen.rows.rows) == 5)
        bar = "".join(segment.text for segment in screen.query_one("TabBar").render_line(0))
        assert "4 Alerts 3 " in bar


async def test_what_the_newest_run_printed_is_read_when_an_alert_goes_on() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_alerts(pilot)
        box = screen.query_one(AlertBox)
        await wait_for(pilot, lambda: box.alert is not None and box.alert.id == 1)
        assert not box.printed
        again = AlertRepeated(
            at=NOW, alert=1, job="report-weekly", kind="failure", count=2, message="exit 1", run=10
        )
        await control.more.put(Numbered(200, again))
        await wait_for(pilot, lambda: any("ConnectionRefused" in line for line in box.printed))


async def test_the_cursor_stays_on_its_alert_when_a_worse_one_comes() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(80, 24)) as pilot:
        screen = await on_alerts(pilot)
        await pilot.press("j")
        here = screen.rows.chosen
        newest = alert(9, last_at=NOW, opened_at=NOW)
        await control.more.put(Numbered(200, AlertOpened(at=NOW, alert=newest)))
        await wait_for(pilot, lambda: len(screen.rows.rows) == 6)
        assert screen.rows.rows[0].id == 9
        assert screen.rows.chosen == here
        await pilot.click("#all-alerts", offset=(10, 2))
        assert screen.rows.chosen == screen.rows.rows[0]
        await pilot.click("#all-alerts", offset=(10, 2), times=2)
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Detail))


# -- many at once ----------------------------------------------------------------------------------


async def test_marked_alerts_are_acknowledged_commented_and_muted_together() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_alerts(pilot)
        await pilot.press("space", "space")
        first, second = [each.id for each in screen.rows.meant]
        await pilot.press("a")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        assert control.sent == [AcknowledgeAlert(alert=first), AcknowledgeAlert(alert=second)]
        await wait_for(pilot, lambda: not screen.rows.marked)

        await pilot.press("g", "space", "space", "c", "o", "k", "enter")
        await wait_for(pilot, lambda: len(control.sent) == 4)
        assert control.sent[2:] == [
            CommentAlert(alert=first, text="ok"),
            CommentAlert(alert=second, text="ok"),
        ]
        await wait_for(pilot, lambda: not screen.rows.marked)

        await pilot.press("asterisk")
        assert len(screen.rows.meant) == len(screen.rows.rows) == 5
        assert "5 marked" in str(screen.rows.border_title)
        await pilot.press("m")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("4")
        await wait_for(pilot, lambda: len(control.sent) == 9)
        until = NOW + 4 * HOUR
        jobs = [each.job for each in screen.rows.rows]
        assert control.sent[4:] == [MuteAlerts(job=job, until=until) for job in jobs]
        assert not screen.rows.marked


class Slow(FakeControl):
    """Takes commands once the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.may_take = asyncio.Event()

    async def send(self, command: AnyCommand) -> Answer:
        """Remember the command, in time."""
        await self.may_take.wait()
        return await super().send(command)


async def test_what_was_asked_of_many_is_sent_also_where_the_view_is_left_at_once() -> None:
    control = Slow()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_alerts(pilot)
        await pilot.press("space", "space", "a", "1")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
        control.may_take.set()
        await wait_for(pilot, lambda: len(control.sent) == 2)


async def test_marks_stay_with_what_is_shown_and_are_taken_back_together() -> None:
    control = FakeControl()
    for number in (1, 2):
        known = msgspec.structs.replace(
            control.scene.alerts[number], acknowledged_by="ann", acknowledged_at=NOW
        )
        control.scene.alerts[number] = known
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_alerts(pilot)
        await pilot.press("asterisk", "asterisk")
        assert not screen.rows.marked
        await pilot.press("asterisk", "slash", *"#db", "enter")
        assert screen.rows.marked == {2}
        await pilot.press("a", "u")
        await wait_for(pilot, lambda: bool(control.sent))
        assert control.sent == [AcknowledgeAlert(alert=2, undo=True)]


async def test_who_was_told_is_read_again_once_a_notice_was_sent() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_alerts(pilot)
        box = screen.query_one(AlertBox)
        await pilot.press("down")
        await wait_for(pilot, lambda: bool(box.notices))
        before = box.notices
        sent = NoticesSent(at=NOW, notifier="pager", notices=(1,), channel="webhook", title="t")
        await control.more.put(Numbered(200, sent))
        await wait_for(pilot, lambda: box.notices is not before)
