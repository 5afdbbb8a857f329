"""Small terminals: every list keeps rows, what is hidden is said, times are never made up."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec
import pytest
from msgspec.structs import replace
from textual.app import App
from textual.pilot import Pilot

from cronterm.clock import HOUR, MINUTE, SECOND, aware, instant
from cronterm.model.snapshot import Pause
from cronterm.tui.picture import Picture
from cronterm.tui.saving import picture_of
from cronterm.tui.screens.alerts import AlertsView
from cronterm.tui.screens.dialogs import CANCEL, Ask, AskList, Choice
from cronterm.tui.screens.hold_dialog import HoldDialog
from cronterm.tui.screens.runs import RunsView
from cronterm.tui.screens.timeline import TimelineView
from cronterm.tui.widgets.bars import TopBar
from cronterm.tui.widgets.facts import ScheduleBox, days_and_times
from cronterm.tui.widgets.panels import NextPanel
from cronterm.tui.widgets.table import JobTable
from cronterm.tui.words import short_moment
from tests.tui.scene import NOW, FakeControl, app, scene
from tests.tui.test_detail import on_detail
from tests.tui.test_screens import on_dashboard, on_page, wait_for


async def table_of(pilot: Pilot[Any]) -> JobTable:
    """Return the job table once it is drawn."""
    await on_dashboard(pilot)
    return pilot.app.screen.query_one(JobTable)


@pytest.mark.parametrize("size", [(80, 24), (60, 15), (200, 50)])
async def test_the_timeline_shows_lanes_and_agenda(size: tuple[int, int]) -> None:
    async with app().run_test(size=size) as pilot:
        screen = await on_page(pilot, "2", TimelineView)
        await wait_for(pilot, lambda: screen.lanes.room >= 3)
        await wait_for(pilot, lambda: screen.agenda.size.height >= 2)
        await pilot.press("z")
        pane = screen.agenda if screen.agenda.has_focus else screen.lanes
        await wait_for(pilot, lambda: pane.size.height >= size[1] - 7)
        await pilot.press("z")
        await wait_for(pilot, lambda: screen.lanes.room >= 3 and screen.agenda.size.height >= 2)
        hidden = len(screen.lanes.jobs) - screen.lanes.room
        says = f" · ↓{hidden}" if hidden > 0 else ""
        await wait_for(pilot, lambda: str(screen.lanes.border_title).endswith(says))
        assert "↓" in str(screen.agenda.border_title)


async def test_the_timeline_says_from_when_to_when_it_goes() -> None:
    async with app().run_test(size=(200, 50)) as pilot:
        screen = await on_page(pilot, "2", TimelineView)
        await wait_for(pilot, lambda: screen.lanes.shown is not None)
        axis = screen.lanes.shown
        assert axis is not None
        assert f"{aware(axis.until).astimezone():%a %H:%M}" in screen.lanes.titles()[0]
        assert f"{aware(axis.until).astimezone():%H:%M}" in screen.agenda.titles()[1]


async def test_the_alerts_keep_three_rows() -> None:
    async with app().run_test(size=(60, 15)) as pilot:
        screen = await on_page(pilot, "4", AlertsView)
        await wait_for(pilot, lambda: screen.rows.size.height >= 4)
        seen, count = screen.rows.size.height - 1, len(screen.rows.rows)
        assert str(screen.rows.border_title).endswith(f" · ↓{count - seen}")
        await pilot.press("G")
        assert str(screen.rows.border_title).endswith(f" · ↑{count - seen}")


async def test_the_sign_of_a_sort_is_the_way_its_values_go() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        table = await table_of(pilot)
        table.go_to(table.jobs[-1])
        table.sort_by("duration")
        assert table.direction == table.glyphs.down
        assert table.cursor == table.jobs[0]
        table.sort_by("duration", is_reversed=True)
        assert table.direction == table.glyphs.up
        table.sort_by("name", is_reversed=False)
        assert table.direction == table.glyphs.up


async def test_the_table_stays_at_its_top_until_a_person_moves() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(80, 15)) as pilot:
        table = await table_of(pilot)
        last = table.jobs[-1]
        table.is_reversed = True
        table.order()
        assert table.jobs[0] == last
        assert table.cursor in table.jobs[: table.size.height - 1]
        assert "↑" not in table.hidden
        assert "↓" in table.hidden
        table.action_move(2)
        assert table.cursor is not None
        table.go_to(table.jobs[-1])
        here = table.cursor
        assert "↑" in table.hidden
        table.is_reversed = False
        table.order()
        assert table.cursor == here


def test_a_day_is_named_where_it_is_another() -> None:
    local = aware(NOW).astimezone().replace(hour=2, minute=30, second=0, microsecond=0)
    days = [instant(local + timedelta(days=n)) for n in (0, 1, 2)]
    names = [f"{aware(at).astimezone():%a} 02:30" for at in days[1:]]
    assert days_and_times(days, NOW) == " · ".join(["02:30", *names])
    assert days_and_times([days[0], days[0] + 10 * SECOND], NOW) == "02:30 · 02:30:10"


def test_a_paused_job_has_no_coming_runs() -> None:
    snapshot = scene()
    view = snapshot.jobs["wal-archive"]
    view.pause = Pause(at=NOW, by="ann", reason="")
    box = ScheduleBox(Picture(snapshot=snapshot), id="schedule")
    box.now, box.job, box.coming = NOW, "wal-archive", (NOW + MINUTE, NOW + HOUR)
    told = {name: text for name, text, _ in box._facts(view)}
    assert told["next"] == "none while it is paused"
    assert "then" not in told


async def test_a_timeout_that_is_too_short_is_seen_on_a_small_terminal() -> None:
    control = FakeControl()
    view = control.scene.jobs["s3-sync-eu"]
    view.job = msgspec.structs.replace(view.job, timeout=2 * MINUTE)
    async with app(control).run_test(size=(80, 24)) as pilot:
        screen = await on_detail(pilot, "s3-sync-eu", "overview")
        box = screen.query_one(ScheduleBox)
        await wait_for(pilot, lambda: box.size.height > 2)
        lines = ["".join(text for text, _ in line) for line in box.paint(*box.size)]
        told = next(line for line in lines[: box.size.height] if "timeout" in line)
    assert "2m00s, usually takes 2m" in told


@pytest.mark.parametrize(("width", "room"), [(80, 16), (60, 12)])
async def test_the_end_of_runs_is_shown_on_small_terminals(width: int, room: int) -> None:
    async with app().run_test(size=(width, 24)) as pilot:
        screen = await on_page(pilot, "5", RunsView)
        await wait_for(pilot, lambda: bool(screen.runs.runs))
        head = screen.runs.paint(screen.runs.size.width, 5)[0][0][0]
        assert screen.runs.size.width - head.index("END") >= room


def test_a_short_moment_still_tells_the_day() -> None:
    at = instant(datetime(2026, 11, 21, 12, tzinfo=UTC))
    assert short_moment(at, at) == f"{aware(at).astimezone():%H:%M:%S}"
    assert short_moment(at - 24 * HOUR, at) == f"{aware(at - 24 * HOUR).astimezone():%a %H:%M:%S}"
    assert len(short_moment(at - 240 * HOUR, at)) == 11


async def test_nothing_is_drawn_before_the_time_is_known() -> None:
    async with app().run_test(size=(200, 50)) as pilot:
        await on_dashboard(pilot)
        panel = pilot.app.screen.query_one(NextPanel)
        assert panel._paint()
        panel.now = 0
        assert panel._paint() == []


@pytest.mark.parametrize("size", [(40, 10), (30, 8)])
@pytest.mark.parametrize("is_list", [False, True])
async def test_a_question_shows_its_answers_whatever_room_there_is(
    size: tuple[int, int], is_list: bool
) -> None:
    running = app()
    async with running.run_test(size=size) as pilot:
        await on_dashboard(pilot)
        many = 14 if is_list else 2
        choices = [CANCEL, *(Choice("", f"word{n}", f"{n}") for n in range(1, many))]
        lines = [] if is_list else ["All of it is ended: " * 9, "the end"]
        kind = AskList if is_list else Ask
        running.push_screen(kind("Skip next run", lines, choices, chosen=many - 1))

        def drawn() -> str:
            return picture_of(cast(App[object], running), "txt")

        await wait_for(pilot, lambda: choices[-1].word in drawn())
        box = running.screen.query_one("#dialog")
        await wait_for(pilot, lambda: box.outer_size.height <= size[1])  # room is shared later
        if not is_list:
            assert "the end" not in drawn()
            await pilot.press(*["pagedown"] * 9)
            await wait_for(pilot, lambda: "the end" in drawn())


async def test_a_dialog_with_fields_shows_its_keys_in_a_small_terminal() -> None:
    running = app()
    async with running.run_test(size=(40, 10)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("p", "o")
        await wait_for(pilot, lambda: isinstance(running.screen, HoldDialog))
        shown = cast(App[object], running)
        await wait_for(pilot, lambda: "^s Pause" in picture_of(shown, "txt"))


@pytest.mark.parametrize(("width", "host"), [(80, "db-01"), (120, "db-01"), (200, "db-01.example")])
async def test_the_head_names_the_machine(width: int, host: str) -> None:
    control = FakeControl()
    control.scene.engine = replace(control.scene.engine, host="db-01.example")
    async with app(control).run_test(size=(width, 24)) as pilot:
        await on_dashboard(pilot)
        bar = pilot.app.screen.query_one(TopBar)
        line = "".join(text for text, _ in bar.paint(width, 1)[0])
        full = "".join(text for text, _ in bar.paint(60, 1)[0])
    assert f" {host}  " in line
    assert line.startswith(" cronterm ")
    assert len(line) == width
    assert full.startswith(" db-01 ")  # there is no room for both
    assert len(full) == 60
