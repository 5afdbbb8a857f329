"""Mutes of the alerts of jobs: where they are set, and where they are shown."""

from typing import Any

from textual.pilot import Pilot

from cronterm.clock import DAY, HOUR
from cronterm.model.alert import Mute
from cronterm.model.command import Answer, AnyCommand, MuteAlerts
from cronterm.tui.alert_list import muted_words
from cronterm.tui.screens.alerts import AlertsView
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.detail import Detail
from cronterm.tui.screens.dialogs import Ask, AskList
from cronterm.tui.screens.hold_dialog import HoldDialog
from cronterm.tui.widgets.alert_boxes import AlertBox, JobAlertsBox
from cronterm.tui.widgets.facts import ScheduleBox
from cronterm.tui.widgets.panels import AlertsPanel, Panel, job_facts
from cronterm.tui.widgets.table import JobTable
from tests.tui.scene import NOW, FakeControl, app
from tests.tui.test_screens import board_of, on_dashboard, on_page, wait_for


def drawn(panel: Panel) -> list[str]:
    """Return its lines without gaps."""
    lines = ("".join(text for text, _ in line) for line in panel.paint(80, 20))
    return [" ".join(line.split()) for line in lines]


async def schedule_of(pilot: Pilot[Any], job: str) -> ScheduleBox:
    """Open the page of a job and wait for its schedule."""
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
    pilot.app.screen.query_one(JobTable).go_to(job)
    await pilot.press("enter")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, Detail))
    await wait_for(pilot, lambda: bool(pilot.app.screen.query(ScheduleBox)))
    box = pilot.app.screen.query_one(ScheduleBox)
    await wait_for(pilot, lambda: len(drawn(box)) > 3)
    return box


class Telling(FakeControl):
    """Answers as the engine does."""

    async def send(self, command: AnyCommand) -> Answer:
        """Say until when it is silent."""
        await super().send(command)
        return Answer(ok=True, message="muted the alerts of it until 2026-11-21T19:32:07Z")


async def test_a_job_is_muted_on_the_jobs_and_on_its_page_and_that_is_undone() -> None:
    control = Telling()
    control.scene.mutes["wal-archive"] = Mute("ann", NOW - HOUR, NOW + 3 * HOUR)
    running = app(control)
    async with running.run_test(size=(80, 24)) as pilot:
        board = await board_of(pilot)
        board.table.go_to("invoice-export")
        await pilot.press("m")
        await wait_for(pilot, lambda: isinstance(running.screen, AskList))
        await pilot.press("4")
        await wait_for(pilot, lambda: len(control.sent) == 1)
        board.table.go_to("wal-archive")
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(running.screen, Detail))
        await pilot.press("m", "o")
        await wait_for(pilot, lambda: isinstance(running.screen, HoldDialog))
        await pilot.press(*"3d", "enter")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) == 3)
        await pilot.press("u")
        await wait_for(pilot, lambda: isinstance(running.screen, Ask))
        await pilot.press("y")
        await wait_for(pilot, lambda: len(control.sent) == 4)

    assert control.sent == [
        MuteAlerts(job="invoice-export", until=NOW + 4 * HOUR),
        MuteAlerts(job="wal-archive", until=NOW + 3 * DAY),
        MuteAlerts(job="wal-archive", until=NOW + 3 * HOUR),
        MuteAlerts(job="invoice-export", until=NOW),
    ]


async def test_marked_jobs_are_muted_together() -> None:
    control = Telling()
    running = app(control)
    async with running.run_test(size=(80, 24)) as pilot:
        board = await board_of(pilot)
        await pilot.press("space", "space", "m", "d")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        marked = board.table.chosen()
        said = f"muted the alerts of 2 jobs ({', '.join(marked)}) until tomorrow 14:32:07"
        await wait_for(pilot, lambda: [each.message for each in running._notifications] == [said])

    assert control.sent == [MuteAlerts(job=job, until=NOW + DAY) for job in marked]


async def test_a_mute_in_force_is_shown_on_the_page_of_its_job_and_beside_the_alerts() -> None:
    control = FakeControl()
    control.scene.mutes["wal-archive"] = Mute("bob", NOW - HOUR, NOW + HOUR)
    control.scene.mutes["invoice-export"] = Mute("bob", NOW - DAY, NOW - HOUR)
    running = app(control)
    async with running.run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        facts = job_facts(running.picture, "wal-archive", NOW)
        assert facts[-1] == ("muted", "alerts until 15:32:07 · by bob at 13:32:07", "warn")
        box = await schedule_of(pilot, "wal-archive")
        assert "muted alerts until 15:32:07 · by bob at 13:32:07" in drawn(box)
        await pilot.press(*["right_square_bracket"] * 3)
        title = str(running.screen.query_one(JobAlertsBox).border_title)
        assert title == "Alerts of wal-archive · muted until 15:32:07"
        await pilot.press("escape")
        box = await schedule_of(pilot, "invoice-export")
        assert not [line for line in drawn(box) if "muted" in line]


async def test_the_alerts_tell_which_jobs_are_muted_also_where_no_alert_is_open() -> None:
    control = FakeControl()
    control.scene.alerts.clear()
    control.scene.mutes["wal-archive"] = Mute("bob", NOW - HOUR, NOW + HOUR)
    running = app(control)
    async with running.run_test(size=(80, 24)) as pilot:
        screen = await on_page(pilot, "4", AlertsView)
        await wait_for(pilot, lambda: "muted" in str(screen.rows.border_title))
        assert str(screen.rows.border_title) == "Alerts · 0 open · 0 known · 2 jobs muted"
        box = screen.query_one(AlertBox)
        assert drawn(box)[:2] == [
            "muted jobs wal-archive until 15:32:07 · by bob at 13:32:07",
            "mail-queue-flush until 17:32:07 · by ann at 13:32:07",
        ]


async def test_the_jobs_tell_that_what_is_muted_still_fails() -> None:
    control = FakeControl()
    failing = {id: one for id, one in control.scene.alerts.items() if one.kind == "failure"}
    control.scene.alerts = failing
    jobs = sorted({one.job for one in failing.values()})
    for view in control.scene.jobs.values():
        view.totals.failed_in_a_row = int(view.job.id in jobs)
    control.scene.mutes = {job: Mute("bob", NOW - HOUR, NOW + HOUR) for job in jobs}
    running = app(control)
    async with running.run_test(size=(120, 40)) as pilot:
        board = await board_of(pilot)
        box = board.query_one(AlertsPanel)
        await wait_for(pilot, lambda: "known" in str(box.border_title))
        count = f"Alerts 0 · {len(failing)} known · {len(jobs)} jobs muted"
        assert str(box.border_title).startswith(count)
        text = " ".join(drawn(box))
        assert text.startswith(f"nothing open; {len(failing)} known (muted): ")
        assert [job for job in jobs if f"{job} still fails" not in text] == []
        bar = "".join(segment.text for segment in board.query_one("TabBar").render_line(0))
        assert f"4 Alerts ‖{len(jobs)} " in bar


async def test_the_tab_bar_counts_muted_jobs_and_keeps_its_gauges_in_80_columns() -> None:
    control = FakeControl()
    control.scene.mutes = {"wal-archive": Mute("bob", NOW - HOUR, NOW + HOUR)}
    running = app(control)
    async with running.run_test(size=(80, 24)) as pilot:
        board = await board_of(pilot)
        await wait_for(pilot, lambda: bool(running.picture.gauges))
        board.update(NOW)
        bar = "".join(segment.text for segment in board.query_one("TabBar").render_line(0))
        assert "4 Alerts 4‖1 " in bar
        assert "DSK" in bar


async def test_that_alerts_are_muted_is_seen_where_the_room_is_short() -> None:
    control = FakeControl()
    control.scene.mutes |= {f"job-{n}": Mute("bob", NOW - HOUR, NOW + HOUR) for n in range(9)}
    running = app(control)
    async with running.run_test(size=(80, 24)) as pilot:
        screen = await on_page(pilot, "4", AlertsView)
        box = screen.query_one(AlertBox)
        await wait_for(pilot, lambda: "muted" in str(box.border_title))
        assert str(box.border_title) == "Alert 1 · 10 jobs muted"
        assert box.alert is not None
        control.scene.mutes[box.alert.job] = Mute("ann", NOW - HOUR, NOW + 2 * HOUR)
        assert drawn(box)[2] == "muted until today 16:32:07 by ann"
        control.scene.mutes.clear()
        running.picture.snapshot.mutes.clear()
        screen.update(NOW)
        assert str(box.border_title) == "Alert 1"


def test_the_names_of_muted_jobs_are_told_where_there_is_room() -> None:
    assert muted_words([], 30) == ""
    assert muted_words(["backup"], 30) == " · 1 job muted: backup"
    assert muted_words(["backup", "sync"], 8) == " · 2 jobs muted"
