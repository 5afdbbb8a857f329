"""The inbox: it opens after a downtime, and runs or ignores what was missed."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from textual.pilot import Pilot

from cronterm.clock import HOUR
from cronterm.model.alert import Alert
from cronterm.model.command import (
    AcknowledgeAlert,
    Answer,
    AnyCommand,
    IgnoreMissed,
    RunMissed,
)
from cronterm.model.event import AlertOpened, MissedSettled, Numbered, RunEnded
from cronterm.tui.personal import Person
from cronterm.tui.remembered import Remembered
from cronterm.tui.screens.alerts import AlertsView
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.detail import Detail
from cronterm.tui.screens.dialogs import Ask
from cronterm.tui.screens.missed import MissedView
from cronterm.tui.widgets.bars import TopBar
from tests.tui.scene import NOW, FakeControl, app, missed
from tests.tui.test_screens import on_dashboard, wait_for

DOWNTIME = Alert(
    id=50,
    kind="downtime",
    message="108 instants passed while no engine ran, the last of wal-archive",
    count=108,
    opened_at=NOW,
    last_at=NOW,
)


class Busy(FakeControl):
    """Refuses a second run of wal-archive while the first is open."""

    def __init__(self) -> None:
        super().__init__()
        self.missed = missed()
        self.is_open = False

    async def send(self, command: AnyCommand) -> Answer:
        """Refuse by overlap, or remember the command."""
        if isinstance(command, RunMissed) and command.job == "wal-archive":
            if self.is_open:
                return Answer(ok=False, kind="overlap", message="a run of wal-archive is open")
            self.is_open = True
        return await super().send(command)

    async def end(self, n: int) -> None:
        """Let the open run end."""
        self.is_open = False
        ended = RunEnded(at=NOW, run=7000 + n, job="wal-archive", outcome="succeeded", reason="")
        await self.more.put(Numbered(300 + n, ended))


def filled() -> FakeControl:
    """Return an engine that missed something."""
    control = FakeControl()
    control.missed = missed()
    return control


async def on_missed(pilot: Pilot[Any]) -> MissedView:
    """Open the inbox and wait for it."""
    await on_dashboard(pilot)
    await pilot.press("M")
    return await read(pilot)


async def read(pilot: Pilot[Any]) -> MissedView:
    """Wait until the inbox is shown and read."""
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, MissedView))
    screen = pilot.app.screen
    assert isinstance(screen, MissedView)
    await wait_for(pilot, lambda: screen._is_read)
    return screen


def shows(kind: type) -> Callable[[Pilot[Any]], Callable[[], bool]]:
    """Return what tells whether a screen of `kind` is shown."""
    return lambda pilot: lambda: isinstance(pilot.app.screen, kind)


async def test_after_a_downtime_the_app_opens_with_what_was_missed() -> None:
    control = filled()
    control.scene.alerts[50] = DOWNTIME
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await read(pilot)
        assert len(screen.rows.rows) == 6
        await pilot.press("escape")
        await wait_for(pilot, shows(Dashboard)(pilot))
        await control.more.put(Numbered(300, AlertOpened(at=NOW, alert=DOWNTIME)))
        await pilot.pause(0.1)
        assert isinstance(pilot.app.screen, Dashboard)  # once is enough


async def test_what_was_seen_stays_closed_until_more_is_missed_and_the_header_leads_there() -> None:
    control = filled()
    control.scene.alerts[50] = DOWNTIME
    layout = Remembered()
    for leave in ("escape", "1"):
        async with app(control, person=Person(layout=layout)).run_test(size=(80, 24)) as pilot:
            await read(pilot)
            await pilot.press(leave)
        async with app(control, person=Person(layout=layout)).run_test(size=(80, 24)) as pilot:
            await on_dashboard(pilot)
            assert isinstance(pilot.app.screen, Dashboard)
            head = "".join(text for text, _ in pilot.app.screen.query_one(TopBar).paint(80, 1)[0])
            assert " │ M 108 missed " in head
            await pilot.press("M")
            await read(pilot)
        newest = replace(control.missed[-1], job="again", decided_at=NOW + 1)
        control.missed.append(newest)


async def test_a_downtime_that_is_summed_up_after_the_start_opens_it_as_well() -> None:
    control = filled()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await control.more.put(Numbered(300, AlertOpened(at=NOW, alert=DOWNTIME)))
        await read(pilot)


async def test_it_opens_over_nothing_that_a_person_does_and_not_for_what_was_seen() -> None:
    control = filled()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("d")
        await control.more.put(Numbered(300, AlertOpened(at=NOW, alert=DOWNTIME)))
        await pilot.pause(0.1)
        assert isinstance(pilot.app.screen, Ask)
        await pilot.press("M")
        assert isinstance(pilot.app.screen, Ask)

    empty = FakeControl()
    empty.scene.alerts[50] = DOWNTIME
    async with app(empty).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        assert isinstance(pilot.app.screen, Dashboard)


async def test_one_is_run_for_its_instant() -> None:
    control = filled()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_missed(pilot)
        await pilot.press("down", "t", "t")
        await wait_for(pilot, lambda: len(control.sent) == 1)
        assert pilot.app.screen is screen

    assert control.sent == [RunMissed(job="log-rotate", due_at=NOW - 14 * HOUR)]


async def test_all_are_run_oldest_first_and_an_open_run_is_waited_for() -> None:
    control = Busy()
    running = app(control)
    async with running.run_test(size=(120, 40)) as pilot:
        screen = await on_missed(pilot)
        await pilot.press("T", "n")
        assert control.sent == []
        await pilot.press("T", "T")
        await wait_for(pilot, lambda: len(control.sent) == 5)
        await wait_for(pilot, lambda: running.missed_left() == 1)
        await pilot.press("T")
        assert pilot.app.screen is screen
        await control.end(1)
        await wait_for(pilot, lambda: len(control.sent) == 6)
        await wait_for(pilot, lambda: running.missed_left() == 0)

    runs = [command for command in control.sent if isinstance(command, RunMissed)]
    assert [run.due_at for run in runs] == sorted(row.until for row in missed())
    assert runs[-1] == RunMissed(job="wal-archive", due_at=NOW - 2 * HOUR)


async def test_what_cannot_be_run_is_told_and_the_rest_goes_on() -> None:
    control = filled()
    control.missed = control.missed[:2]
    control.refusal = Answer(ok=False, kind="invalid", message="log-rotate missed nothing")
    running = app(control)
    async with running.run_test(size=(120, 40)) as pilot:
        await on_missed(pilot)
        await pilot.press("T", "T")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        await wait_for(pilot, lambda: running.missed_left() == 0)


async def test_one_or_all_are_ignored_after_asking() -> None:
    control = filled()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_missed(pilot)
        await pilot.press("down", "down", "i", "i")
        await wait_for(pilot, lambda: len(control.sent) == 1)
        await pilot.press("I", "enter", "I", "I")
        await wait_for(pilot, lambda: len(control.sent) == 2)

    assert control.sent == [
        IgnoreMissed(job="wal-archive", until=NOW - 7 * HOUR),
        IgnoreMissed(),
    ]


async def test_the_last_one_that_is_settled_closes_the_summary() -> None:
    control = filled()
    control.scene.alerts[50] = DOWNTIME
    async with app(control).run_test(size=(80, 24)) as pilot:
        screen = await read(pilot)
        await pilot.press("G")
        control.missed = control.missed[:4]
        settled = MissedSettled(at=NOW, job="wal-archive", by="ann", until=NOW)
        await control.more.put(Numbered(300, settled))
        await wait_for(pilot, lambda: len(screen.rows.rows) == 4)
        assert screen.rows.chosen == control.missed[-1]
        control.missed = []
        await control.more.put(Numbered(301, settled))
        await wait_for(pilot, lambda: bool(control.sent))
        await pilot.press("t", "T", "i", "I", "enter")
        await pilot.pause(0.05)
        assert pilot.app.screen is screen

    assert control.sent == [AcknowledgeAlert(alert=50)]


async def test_it_is_put_aside_and_the_alert_leads_back_to_it() -> None:
    control = filled()
    control.scene.alerts.clear()
    control.scene.alerts[50] = DOWNTIME
    async with app(control).run_test(size=(120, 40)) as pilot:
        await read(pilot)
        await pilot.press("a", "enter")
        await wait_for(pilot, shows(Detail)(pilot))
        await pilot.press("4")
        await wait_for(pilot, shows(AlertsView)(pilot))
        await wait_for(pilot, lambda: bool(pilot.app.screen.query_one("AlertsBox").rows))  # type: ignore[attr-defined]
        await pilot.press("enter")
        await read(pilot)
        await pilot.press("q")
        await wait_for(pilot, shows(AlertsView)(pilot))

    assert control.sent == [AcknowledgeAlert(alert=50)]
