"""A job's page: its alerts, and why it ran or did not."""

import re
from typing import Any

from msgspec.structs import replace
from textual.pilot import Pilot

from cronterm.clock import HOUR, MINUTE, SECOND
from cronterm.model.alert import Alert
from cronterm.model.command import SkipNext
from cronterm.model.decision import Decision, Decisions
from cronterm.model.event import AlertOpened, JobPaused, Numbered
from cronterm.model.query import AnyReply, ListRuns, Query, ReadDecisions, Runs
from cronterm.model.resolved import Value
from cronterm.model.snapshot import Pause
from cronterm.schedule.base import CalendarSpec
from cronterm.tui.picture import Picture
from cronterm.tui.screens.detail import Detail
from cronterm.tui.screens.dialogs import Ask
from cronterm.tui.screens.log_view import LogView
from cronterm.tui.widgets.config_boxes import ValuesBox
from cronterm.tui.widgets.facts import RunsBox, ScheduleBox, newest_first
from cronterm.tui.widgets.schedule_boxes import NotesBox
from cronterm.tui.widgets.statistics_box import StatisticsBox
from cronterm.tui.widgets.why_box import WhyBox
from tests.tui.scene import NOW, FakeControl, app, row, scene
from tests.tui.test_screens import on_dashboard, wait_for


async def on_detail(pilot: Pilot[Any], job: str, tab: str) -> Detail:
    """Open a tab of a job's page."""
    await on_dashboard(pilot)
    pilot.app.open_job(job)  # type: ignore[attr-defined]
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, Detail))
    screen = pilot.app.screen
    assert isinstance(screen, Detail)
    await wait_for(pilot, lambda: any(box.is_read for box in screen.query(WhyBox)))
    await on_tab(pilot, screen, tab)
    return screen


async def on_tab(pilot: Pilot[Any], screen: Detail, tab: str) -> None:
    """Go to a tab of the page."""
    while not screen.query_one("#job").has_class(tab):
        await pilot.press("right_square_bracket")


async def test_the_alerts_of_a_job_are_in_its_page_and_lead_to_their_runs() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_detail(pilot, "invoice-export", "alerts")
        assert [each.closed_at is None for each in screen.alerts.rows] == [
            True,
            False,
            False,
            False,
        ]
        newest = Alert(
            id=60, kind="late", job=screen.job, message="due", opened_at=NOW, last_at=NOW
        )
        await control.more.put(Numbered(300, AlertOpened(at=NOW, alert=newest)))
        await wait_for(pilot, lambda: len(screen.alerts.rows) == 5)
        await pilot.press("down", "up", "enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, LogView))
        await pilot.press("escape", "j")
        assert screen.job != "invoice-export"
        await wait_for(pilot, lambda: all(each.job == screen.job for each in screen.alerts.rows))


async def test_why_tells_what_the_engine_says_of_the_job_and_of_the_selected_run() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await on_detail(pilot, "invoice-export", "why")
        why = screen.query_one(WhyBox)
        assert len(why.sentences) == 3
        assert why._lower == "cronterm -f /srv/ops/jobs.yaml why invoice-export"
        painted = ["".join(text for text, _ in line) for line in why.paint(60, 20)]
        assert all(len(line) <= 60 for line in painted)
        assert sum("│" in line for line in painted) >= 3


class Counting(FakeControl):
    """Counts how often the runs of a job were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.lists = 0

    async def query(self, query: Query) -> AnyReply:
        self.lists += isinstance(query, ListRuns) and bool(query.job)
        return await super().query(query)


async def test_another_tab_reads_no_more_than_it_shows() -> None:
    control = Counting()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_detail(pilot, "invoice-export", "overview")
        await wait_for(pilot, lambda: control.lists == 1)
        await pilot.press("left_square_bracket", "left_square_bracket")
        await wait_for(pilot, lambda: screen.plan.outlook is not None)
        assert control.lists == 1


SKIPPED = Decision(
    job="invoice-export",
    due_at=NOW + HOUR,
    decided_at=NOW,
    outcome="skipped",
    reason="user",
    message="by ann: disk swap",
)


class Told(FakeControl):
    """Tells of a job nothing but whether it is paused, and who has skipped its next run."""

    async def query(self, query: Query) -> AnyReply:
        """Answer from the scene."""
        if isinstance(query, ReadDecisions):
            is_paused = self.scene.jobs[query.job].pause is not None
            return Decisions((SKIPPED,), ("It is paused." if is_paused else "It is due.",))
        return await super().query(query)


async def test_why_follows_what_happens_to_the_job() -> None:
    control = Told()
    control.scene.jobs["invoice-export"].decided = ((NOW + HOUR - 1, NOW + HOUR),)
    async with app(control).run_test(size=(80, 24)) as pilot:
        screen = await on_detail(pilot, "invoice-export", "why")
        why = screen.query_one(WhyBox)
        assert why.sentences == ("It is due.",)
        box = screen.query_one(ScheduleBox)
        facts = {name: text for name, text, _ in box._facts(control.scene.jobs[screen.job])}
        assert facts["skipped"] == "15:32:07, by ann: disk swap · B lifts it"
        await pilot.press("b")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("l")
        await wait_for(pilot, lambda: bool(control.sent))
        assert control.sent == [SkipNext(job=screen.job, due_at=NOW + HOUR, undo=True)]
        paused = JobPaused(at=NOW, job="invoice-export", by="ann")
        await control.more.put(Numbered(300, paused))
        await wait_for(pilot, lambda: why.sentences == ("It is paused.",))


async def test_why_a_job_is_paused_is_shown_whole() -> None:
    control = FakeControl()
    reason = "the disks of the second array are swapped tonight, " * 3 + "ask bob before"
    control.scene.jobs["invoice-export"].pause = Pause("ann", NOW - HOUR, NOW + HOUR, reason)
    async with app(control).run_test(size=(80, 24)) as pilot:
        screen = await on_detail(pilot, "invoice-export", "overview")
        box = screen.query_one(ScheduleBox)
        await wait_for(pilot, lambda: screen.has_class("crowded"))
        await wait_for(pilot, lambda: box.size.height > 4)
        height = box.size.height
        lines = ["".join(text for text, _ in line) for line in box.paint(*box.size)]
    whole = next(number for number, line in enumerate(lines) if "ask bob before" in line)
    assert whole < height
    assert max(map(len, lines)) <= 80
    assert reason in " ".join(" ".join(lines).split())


async def test_a_box_without_room_says_so_and_has_what_is_needed_first() -> None:
    control = FakeControl()
    view = control.scene.jobs["invoice-export"]
    view.job = replace(view.job, timeout=30 * SECOND, owner="ann")
    async with app(control).run_test(size=(80, 24)) as pilot:
        screen = await on_detail(pilot, "invoice-export", "overview")
        box = screen.query_one(ScheduleBox)
        await wait_for(pilot, lambda: box.size.height > 2 and bool(box.coming))
        box.update(NOW, screen.job)
        lines = ["".join(text for text, _ in line) for line in box.paint(*box.size)]
        seen, below = lines[: box.size.height], len(lines) - box.size.height
        assert [line.split()[0] for line in seen] == ["schedule", "retry", "next", "policy"]
        assert "timeout 30.0s" in seen[-1]
        assert below > 0
        assert str(box.border_title) == f"Schedule · ↓{below}"


async def test_the_page_says_what_calendars_let_through() -> None:
    control = FakeControl()
    view = control.scene.jobs["invoice-export"]
    only = (CalendarSpec(weekdays=(0, 1, 2, 3, 4)), CalendarSpec(days=(-1,)))
    view.job = replace(view.job, only=only, timezone="Asia/Tokyo", schedule=())
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_detail(pilot, "invoice-export", "overview")
        box = screen.query_one(ScheduleBox)
        text = " ".join("".join(text for text, _ in line) for line in box.paint(*box.size))
        assert (
            "runs only on Mon-Fri, or on the last day of the month: any of these is enough"
            in " ".join(text.split())
        )
        assert re.search(r"its clock +(\w{3} )?\d\d:\d\d in Asia/Tokyo", text)
        await on_tab(pilot, screen, "schedule")
        notes = [text for text, _ in screen.query_one(NotesBox).notes]
        assert any(text.startswith("Runs only on Mon-Fri, or on the last day") for text in notes)


class Due(FakeControl):
    """Every run was due."""

    async def query(self, query: Query) -> AnyReply:
        """Add when."""
        found = await super().query(query)
        if isinstance(found, Runs):
            rows = (replace(each, scheduled_at=each.queued_at) for each in found.rows)
            return Runs(tuple(rows))
        return found


async def test_a_page_opens_where_it_says_why() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        pilot.app.open_job("wal-archive", "Why")  # type: ignore[attr-defined]
        await wait_for(pilot, lambda: bool(pilot.app.screen.query(WhyBox)))
        why = pilot.app.screen.query_one(WhyBox)
        await wait_for(pilot, lambda: bool(why.region) and why.is_read)
        assert why.has_focus
        await pilot.press("right_square_bracket")
        assert not why.display


async def test_of_the_selected_run_why_tells_what_was_decided_and_not_again_what_is_so() -> None:
    async with app(Due()).run_test(size=(80, 24)) as pilot:
        screen = await on_detail(pilot, "invoice-export", "why")
        why = screen.query_one(WhyBox)
        assert why.about == "run 12"
        assert why.details == why.sentences[-1:]


async def test_the_schedule_of_a_job_moves_by_its_keys_and_changes_with_the_job() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_detail(pilot, "search-reindex", "schedule")
        await wait_for(pilot, lambda: screen.plan.outlook is not None)
        assert screen.focused is screen.plan.coming
        first = screen.plan.coming.chosen
        await pilot.press("down", "pagedown", "up")
        assert screen.plan.coming.chosen != first
        assert screen.row is screen.runs.runs[0]
        await pilot.press("tab", "down", "b")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("y")
        await wait_for(pilot, lambda: bool(control.sent))
        await pilot.press("j")
        await wait_for(pilot, lambda: screen.plan.outlook is not None)
        assert screen.job != "search-reindex"
    assert isinstance(control.sent[0], SkipNext)


async def test_a_job_without_a_schedule_says_what_starts_it() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await on_detail(pilot, "new-job", "schedule")
        await wait_for(pilot, lambda: bool(screen.query_one(NotesBox).notes))
        assert screen.plan.coming.empty == "nothing is due"
        (note,) = screen.query_one(NotesBox).notes
        assert note[0].startswith("Starts by hand only")
        assert screen.plan.coming.region.height > 4


async def test_the_config_of_a_job_scrolls_and_says_where_each_value_is_from() -> None:
    async with app().run_test(size=(80, 16)) as pilot:
        screen = await on_detail(pilot, "invoice-export", "config")
        values = screen.file.values
        await wait_for(pilot, lambda: bool(values.values))
        assert values.counts == "9 written · 4 built in"
        await pilot.press("tab", "pagedown", "down")
        first = values.paint(80, 4)[0]
        assert first != values.lines(80)[0]
        values.show((), "/srv/ops/jobs.yaml", "the file is gone")
        assert values.lines(80) == [[("  the file is gone", "warn")]]


def test_a_value_is_cut_before_its_place_is() -> None:
    box = ValuesBox(id="values")
    file = "/srv/ops/conf.d/a.yaml"
    box.show(
        [Value(word="env", text="x" * 90, origin="defaults", file=file, line=7)], "/srv/ops/j", ""
    )
    for width in (30, 60, 200):
        (line,) = box.lines(width)
        assert sum(len(text) for text, _ in line) <= width
    assert line[-1] == ("defaults conf.d/a.yaml:7", "accent")


async def test_the_keys_of_a_job_mean_the_same_in_each_of_its_tabs() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        screen = await on_detail(pilot, "invoice-export", "log")
        assert screen.focused is screen.log_pane
        await pilot.press("j")
        assert screen.job != "invoice-export"
        await pilot.press("k")
        assert screen.job == "invoice-export"


async def test_the_first_and_the_last_run_are_a_key_away() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        screen = await on_detail(pilot, "invoice-export", "runs")
        last = len(screen.runs.runs) - 1
        assert last > 0
        for key, place in (("G", last), ("g", 0), ("end", last), ("home", 0)):
            await pilot.press(key)
            assert screen.runs.cursor == place, key


async def test_where_nothing_ran_the_keys_for_a_run_say_so() -> None:
    running = app()
    async with running.run_test(size=(120, 40)) as pilot:
        screen = await on_detail(pilot, "new-job", "overview")
        screen.runs.runs = []
        await pilot.press("enter", "r", "equals_sign")
        await wait_for(pilot, lambda: len(running._notifications) == 3)
        assert {each.message for each in running._notifications} == {"nothing has run yet"}
        while not screen.query_one("#job").has_class("alerts"):
            await pilot.press("right_square_bracket")
        await pilot.press("enter")
        await wait_for(pilot, lambda: len(running._notifications) == 4)
        assert pilot.app.screen is screen


def test_the_cursor_stays_on_its_run_when_others_come() -> None:
    box = RunsBox(Picture(), id="runs")
    skipped = replace(row(2), run=None, scheduled_at=NOW)
    older = [row(3), skipped, row(1)]
    box.show(older)
    box.show([row(4), *older])
    assert box.cursor == 0  # where nobody moved it is on the newest
    for here in (skipped, row(1)):
        box.cursor = box.runs.index(here)
        box.show([row(9), *box.runs])
        assert box.runs[box.cursor] == here
    box.show([row(9)])
    assert box.cursor == 0


def test_what_was_missed_stands_where_it_was_due_not_where_it_was_recorded() -> None:
    late = replace(row(7), started_at=NOW - MINUTE)
    missed = replace(
        row(8), run=None, outcome="missed", scheduled_at=NOW - HOUR, started_at=None, queued_at=NOW
    )

    assert newest_first([late, missed]) == [late, missed]


async def test_nothing_of_the_job_before_is_shown_of_the_next() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_detail(pilot, "invoice-export", "log")
        await wait_for(pilot, lambda: bool(screen.log_pane.lines))
        control.idle.update(control.scene.jobs)
        told = screen.query_one(WhyBox)
        await pilot.press("j")
        await wait_for(pilot, lambda: told.is_read)
        assert screen.runs.runs == []
        assert screen.log_pane.lines == []
        assert screen.log_pane.row is None
        record = screen.query_one(StatisticsBox).record
        assert record is not None
        assert record.runs == []


async def test_the_chosen_alert_stays_chosen_while_the_alerts_are_read_again() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_detail(pilot, "invoice-export", "alerts")
        await pilot.press("down", "down")
        chosen = screen.alerts.chosen
        control.gate.clear()
        screen.look_again()
        await pilot.pause()
        screen.update(NOW)
        control.gate.set()
        await wait_for(pilot, lambda: not screen._is_stale)
        assert screen.alerts.chosen == chosen


async def test_events_that_come_all_the_time_do_not_keep_a_job_from_being_read() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_detail(pilot, "invoice-export", "overview")
        control.gate.clear()
        screen.look_again()
        reading = screen._fetching
        await pilot.pause()
        for _ in range(3):
            screen.look_again()
        assert screen._fetching is reading
        control.gate.set()
        await wait_for(pilot, lambda: reading is not None and reading.is_finished)
        assert reading is not None
        assert not reading.is_cancelled


async def test_a_new_picture_has_the_pages_above_read_again() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_detail(pilot, "invoice-export", "runs")
        control.idle.add("invoice-export")
        await control.more.put(scene())
        await wait_for(pilot, lambda: screen.runs.runs == [])


async def test_what_is_copied_is_of_the_run_that_the_tab_shows() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        screen = await on_detail(pilot, "invoice-export", "log")
        await wait_for(pilot, lambda: screen.log_pane.row is not None)
        shown = screen.log_pane.row
        assert shown is not None
        screen.runs.cursor = 3  # hidden in this tab
        assert screen.subject() == ("invoice-export", shown.run)
        await pilot.press("right_square_bracket", "down")
        alert = screen.alerts.chosen
        assert alert is not None
        assert screen.subject() == ("invoice-export", alert.run)
