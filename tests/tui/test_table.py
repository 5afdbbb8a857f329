"""The job table: groups, columns, marks on many, the mouse, wide characters."""

from typing import Any

from msgspec.structs import replace
from rich.cells import cell_len
from textual.pilot import Pilot

from cronterm.clock import DAY, HOUR, MINUTE, SECOND
from cronterm.control import Gone
from cronterm.model.command import RunJob
from cronterm.model.run import Cause
from cronterm.model.snapshot import JobView, LiveRun, PastRun, Pause
from cronterm.tui.app import CrontermApp
from cronterm.tui.filter import JobFilter, read_filter
from cronterm.tui.look import UNICODE
from cronterm.tui.screens.columns_dialog import AskColumns
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.detail import Detail
from cronterm.tui.screens.timeline import TimelineView
from cronterm.tui.widgets.columns import layout_for
from cronterm.tui.widgets.job_lines import JobLines
from cronterm.tui.widgets.job_rows import HEAD
from cronterm.tui.widgets.paint import Part, width_of
from cronterm.tui.widgets.spark import duration_chart
from cronterm.tui.widgets.table import JobTable
from tests.core.clockwork import job
from tests.tui.scene import NOW, FakeControl, app
from tests.tui.test_picture import picture_of
from tests.tui.test_screens import on_dashboard, wait_for


def view(name: str, words: str = "", *, failed: bool = False) -> JobView:
    defined = replace(job("x"), id=name, description=words, schedule_text=words, tags=(words,))
    outcome = "failed" if failed else "succeeded"
    past = PastRun(1, NOW - HOUR, outcome, "", NOW - HOUR - MINUTE, MINUTE)  # type: ignore[arg-type]
    return JobView(job=defined, next_at=NOW + HOUR, recent=[past])


def text_of(parts: list[Part]) -> str:
    return "".join(text for text, _ in parts)


def before_cell(text: str, mark: str) -> int:
    """Return how many cells stand before the last `mark`."""
    return cell_len(text[: text.rindex(mark)])


def test_wide_and_combining_characters_keep_columns_in_line() -> None:
    names = [
        "plain",
        "日本語のバックアップ",
        "e\u0301te\u0301",
        "한국어-작업",
        "ｆｕｌｌ-ｗｉｄｔｈ-ｎａｍｅ-ｌｏｎｇ-ｏｎｅ",
    ]
    views = [view(name, words=name) for name in names]
    picture = picture_of(*views)
    for width in (60, 80, 120, 160, 200):
        drawn = JobLines(picture, UNICODE, NOW, layout_for(width, ("schedule", "last", "tags")))
        lines = [drawn.job(each, is_here=False, is_marked=False) for each in views]

        assert len({before_cell(text_of(line), "✓") for line in lines}) == 1
        assert {width_of(line) for line in lines} == {width_of(lines[0])}
        assert all(width_of(line) <= max(width, 60) for line in lines)


def test_a_job_that_could_not_be_started_has_failed_and_one_that_was_held_back_has_not_run() -> (
    None
):
    never, unborn = view("never"), view("unborn")
    held = PastRun(None, NOW - HOUR, "skipped", "overlap")
    never.recent = [held, PastRun(7, NOW - HOUR, "missed", "start_deadline")]
    unborn.recent = [PastRun(8, NOW - 2 * MINUTE, "failed", "start_error", attempt=1), held]
    picture = picture_of(never, unborn)
    drawn = JobLines(picture, UNICODE, NOW, layout_for(120, ("last", "trend")))

    failed = text_of(drawn.job(unborn, is_here=False, is_marked=False))
    assert failed.startswith(" ✗")
    assert "✗ 2m" in failed
    assert failed.rstrip().endswith("×")
    assert picture.state(unborn, NOW) == "failed"
    assert unborn.last == unborn.last_failed == unborn.recent[0]
    assert text_of(drawn.job(never, is_here=False, is_marked=False)).startswith(" ·")
    assert never.last is None


def test_a_chart_of_runs_that_could_not_be_started_says_so() -> None:
    failed = PastRun(8, NOW, "failed", "start_error", attempt=1)
    ended = PastRun(9, NOW, "succeeded", "", NOW - SECOND, SECOND)
    charts = [
        "\n".join(map(text_of, duration_chart(runs, 40, 6, UNICODE)))
        for runs in ([], [failed], [failed, ended])
    ]

    assert "no runs yet" in charts[0]
    assert "none of its runs could be started" in charts[1]
    assert charts[2].count("×") == 1


def test_the_clock_of_an_open_run_stands_still_without_an_engine() -> None:
    runs = view("a")
    runs.live[1] = LiveRun(1, "a", Cause("manual"), "running", NOW, NOW, 1, started_at=NOW)
    picture = picture_of(runs)
    later = JobLines(picture, UNICODE, NOW + HOUR, layout_for(80), JobFilter())

    assert "►1:00:00" in text_of(later.job(runs, is_here=False, is_marked=False))
    picture.gone = Gone(since=NOW + 8 * SECOND, why="killed")
    parts = later.job(runs, is_here=False, is_marked=False)
    assert next(role for text, role in parts if text.strip() == "►0:08") == "faint"


def test_what_the_filter_found_stands_out_in_the_names() -> None:
    views = [view("scrub-disks-of-all-machines-at-night"), view("web1:scrub")]
    picture = picture_of(*views)
    drawn = JobLines(picture, UNICODE, NOW, layout_for(80), read_filter("scr night"))
    parts = drawn.job(views[0], is_here=True, is_marked=False)
    assert ("scr", "text+sought") in parts
    assert width_of(parts) == width_of(drawn.job(views[1], is_here=False, is_marked=False))

    picture.snapshot.hosts = ("web1", "db1")
    parts = drawn.job(views[1], is_here=False, is_marked=False)
    assert [text for text, role in parts if role == "text+sought"] == ["scr"]
    assert "web1  scrub" in text_of(parts)


def test_the_head_of_a_group_counts_its_jobs() -> None:
    views = [view("a"), view("b", failed=True), view("c")]
    picture = picture_of(*views)
    picture.is_live = True
    drawn = JobLines(picture, UNICODE, NOW, layout_for(120))

    line = text_of(drawn.group("ops", views, is_here=False, is_folded=False, marked=2))
    assert line == " ▾ ops  3 jobs  ✗ 1  ✓ 2  • 2 marked  next 1h 00m"
    folded = drawn.group("", views[:1], is_here=True, is_folded=True, marked=0)
    assert text_of(folded) == "▌▸ no group  1 job  ✓ 1  next 1h 00m"


def test_next_says_that_a_run_is_skipped_and_until_when_a_job_is_paused() -> None:
    def next_of(each: JobView) -> str:
        """Return the cell."""
        picture = picture_of(each)
        picture.is_live = True
        drawn = JobLines(picture, UNICODE, NOW, layout_for(80))
        return text_of(drawn.job(each, is_here=False, is_marked=False))[4:12]

    skipped = view("a")
    skipped.decided = ((NOW + MINUTE - 1, NOW + MINUTE),)
    assert next_of(skipped) == "» 1h 00m"
    skipped.next_at = None
    assert next_of(skipped) == "     » ·"
    skipped.decided = ((NOW - MINUTE - 1, NOW - MINUTE), (NOW - HOUR, NOW + HOUR))
    assert next_of(skipped) == "       ·"  # over, or decided by a clock that was set back

    ends = {
        None: "  paused",
        NOW + HOUR: " ‖ 15:32",
        NOW + 2 * DAY: "   ‖ Mon",
        NOW + 9 * DAY: " ‖ 11-30",
    }
    for until, text in ends.items():
        paused = view("a")
        paused.pause = Pause("ann", NOW, until)
        assert next_of(paused) == text


async def grouped(pilot: Pilot[Any]) -> JobTable:
    """Give half of the scene's jobs a group, and show the groups."""
    await on_dashboard(pilot)
    running = pilot.app
    assert isinstance(running, CrontermApp)
    assert isinstance(running.screen, Dashboard)
    for number, each in enumerate(running.picture.snapshot.jobs.values()):
        each.job = replace(each.job, group="ops" if number % 2 else "")
    table = running.screen.table
    await pilot.press("b", "g")
    assert table.is_grouped
    return table


async def test_groups_fold_and_act_as_one() -> None:
    control = FakeControl()
    running = app(control)
    async with running.run_test(size=(120, 40)) as pilot:
        table = await grouped(pilot)
        assert table._rows.shown[0] == f"{HEAD}ops"
        assert table._rows.shown[7] == HEAD
        assert (table.group, table.cursor, table.position) == ("ops", None, "6 of 12")

        await pilot.press("left")
        assert len(table._rows.shown) == 8
        await pilot.press("enter")
        assert len(table._rows.shown) == 14
        await pilot.press("minus")
        assert table._rows.shown == [f"{HEAD}ops", HEAD]
        await pilot.press("t", "6", "t")  # more than five: the number is typed
        await wait_for(pilot, lambda: len(control.sent) == 6)
        assert {each.job for each in control.sent if isinstance(each, RunJob)} == set(
            table._rows.groups["ops"]
        )
        await pilot.press("space", "plus", "down")
        assert table.marked == set(table._rows.groups["ops"])
        await pilot.press("left")
        assert table.group == ""
        assert running.layout.flag("grouped")


async def test_columns_are_chosen_pushed_and_kept() -> None:
    running = app()
    async with running.run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        screen = running.screen
        assert isinstance(screen, Dashboard)
        table = screen.table
        await pilot.press("right")
        assert next(iter(table._layout().cells)) == "words"
        assert table.position.startswith("← 1 more · ")
        await pilot.press("left", "v")
        await wait_for(pilot, lambda: isinstance(running.screen, AskColumns))
        await pilot.press("space", "j", "space", "enter")
        await wait_for(pilot, lambda: running.screen is screen)
        assert table.columns == ("words", "last", "duration", "trend")
        assert running.layout.words("columns", table.columns) == table.columns
        await pilot.press("v")
        await wait_for(pilot, lambda: isinstance(running.screen, AskColumns))
        await pilot.press("f")
        await wait_for(pilot, lambda: not table.columns)
        assert running.layout.words("columns", ("words",)) is None


async def test_the_mouse_chooses_rows_orders_and_views() -> None:
    running = app()
    async with running.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        screen = running.screen
        assert isinstance(screen, Dashboard)
        table = screen.table
        await pilot.click("#jobs", offset=(20, 4))  # border, head, then the third row
        assert table.cursor == table.jobs[2]
        await pilot.click("#jobs", offset=(18, 1))
        assert table.sort == "name"
        await pilot.click("#jobs", offset=(18, 1))
        assert table.is_reversed
        await pilot.click("#jobs", offset=(20, 3), times=2)
        await wait_for(pilot, lambda: isinstance(running.screen, Detail))
        await pilot.click("TabBar", offset=(12, 0))
        await wait_for(pilot, lambda: isinstance(running.screen, TimelineView))
