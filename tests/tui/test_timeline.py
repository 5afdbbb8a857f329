"""The timeline: what is on its axis, and what its keys do."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from textual.pilot import Pilot

from cronterm.clock import DAY, HOUR, MINUTE, SECOND, Instant, aware, instant
from cronterm.model.command import PauseJob, RunJob, SkipNext
from cronterm.model.event import Numbered, RunEnded
from cronterm.model.foresight import Foresight
from cronterm.model.query import HeldBack, ListNext, NextDue, Query, ReadTimeline
from cronterm.model.snapshot import PastRun, Snapshot
from cronterm.tui.agenda import foresee
from cronterm.tui.axis import ZOOMS, make_axis
from cronterm.tui.lane_filter import filtered_jobs
from cronterm.tui.overlaps import note_of, overlapped
from cronterm.tui.picture import Picture
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.detail import Detail
from cronterm.tui.screens.dialogs import Ask
from cronterm.tui.screens.log_view import LogView
from cronterm.tui.screens.moment_dialog import MomentDialog
from cronterm.tui.screens.timeline import TimelineView
from cronterm.tui.slot_record import NOTHING, read_slot
from cronterm.tui.widgets.lanes import LanesBox
from tests.tui.scene import NOW, FakeControl, app, scene
from tests.tui.test_picture import picture_of
from tests.tui.test_screens import on_page, wait_for

HOUR_ZOOM, _, DAY_ZOOM, WEEK_ZOOM = ZOOMS


def in_berlin(at: Instant) -> datetime:
    return aware(at).astimezone(ZoneInfo("Europe/Berlin"))


async def on_timeline(pilot: Pilot[Any]) -> TimelineView:
    """Open the timeline and wait for it."""
    screen = await on_page(pilot, "2", TimelineView)
    await wait_for(pilot, lambda: screen.lanes.timeline is not None)
    return screen


class Counting(FakeControl):
    """Remembers what was asked about the timeline."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        super().__init__(snapshot)
        self.asked: list[ReadTimeline] = []

    async def query(self, query: Query) -> Any:
        if isinstance(query, ReadTimeline):
            self.asked.append(query)
        return await super().query(query)


# -- the axis ------------------------------------------------------------------------------------


def test_a_slot_is_a_quarter_of_an_hour_where_a_day_fits() -> None:
    axis = make_axis(DAY_ZOOM, 96, NOW, local=lambda at: aware(at))
    assert (axis.slot, axis.slots) == (15 * MINUTE, 96)
    assert axis.since == instant(datetime(2026, 11, 21, 10, 30, tzinfo=UTC))
    assert axis.slot_of(NOW) == 16
    narrow = make_axis(DAY_ZOOM, 60, NOW)
    assert narrow.slot == 30 * MINUTE
    assert narrow.until - narrow.since >= DAY


def test_slots_begin_with_the_local_day() -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    axis = make_axis(WEEK_ZOOM, 90, NOW, local=lambda at: aware(at).astimezone(east))
    first = aware(axis.since).astimezone(east)
    assert (first.hour % 2, first.minute) == (0, 0)


def test_the_change_of_the_clock_is_marked() -> None:
    evening = instant(datetime(2026, 10, 24, 20, tzinfo=UTC))
    axis = make_axis(DAY_ZOOM, 96, evening, local=in_berlin)
    assert axis.clock_changes(in_berlin) == ["clock -1h Sun 02:00"]
    labels = {text for _, text, is_change in axis.labels(in_berlin) if is_change}
    assert labels == {"-1h"}
    assert "Sun 25" in {text for _, text, _ in axis.labels(in_berlin)}


@pytest.mark.parametrize("zoom", ZOOMS, ids=lambda zoom: zoom.name)
def test_labels_stand_apart(zoom: Any) -> None:
    slots = [slot for slot, _, _ in make_axis(zoom, 96, NOW).labels()]
    assert 4 <= len(slots) <= 24
    assert slots == sorted(slots)


# -- what is to be expected ----------------------------------------------------------------------


def test_an_overlap_is_foreseen_by_the_rule_of_the_job() -> None:
    snapshot = scene()
    coming = [(NOW + minutes * MINUTE, "s3-sync-eu") for minutes in (1, 2, 10)]
    view = snapshot.jobs["s3-sync-eu"]
    view.totals.failed_in_a_row = 0
    notes = [entry.note for entry in foresee(snapshot, coming, NOW)]
    assert notes == ["", "overlaps: skipped", ""]


def test_what_runs_now_is_reckoned_with() -> None:
    snapshot = scene()
    view = snapshot.jobs["search-reindex"]
    live = next(iter(view.live.values()))
    live.started_at = NOW - SECOND
    (entry,) = foresee(snapshot, [(NOW + 5 * SECOND, "search-reindex")], NOW)
    assert entry.note == "overlaps: skipped"
    assert entry.expected is not None
    assert 15 * SECOND < entry.expected < 30 * SECOND


def test_a_failing_job_is_said_to_be_one() -> None:
    (entry,) = foresee(scene(), [(NOW + HOUR, "invoice-export"), (NOW, "gone")], NOW)
    assert (entry.note, entry.role) == ("failing, 4 in a row", "fail")


def test_a_job_that_takes_as_long_as_it_may_is_said_to() -> None:
    snapshot = scene()
    view = snapshot.jobs["s3-sync-eu"]
    view.job = msgspec.structs.replace(view.job, timeout=2 * MINUTE)
    (entry,) = foresee(snapshot, [(NOW + HOUR, "s3-sync-eu")], NOW)
    assert (entry.note, entry.role) == ("may time out after 2m00s", "warn")


def test_a_start_that_waits_for_the_run_before_moves_those_after_it() -> None:
    view = scene().jobs["s3-sync-eu"]
    view.job = msgspec.structs.replace(view.job, overlap="queue")
    foresight = Foresight(view, NOW)
    length = foresight.length
    assert length is not None
    late = [foresight.overlap(NOW + n * MINUTE) // SECOND for n in (0, 1, 2)]
    assert late == [0, (length - MINUTE) // SECOND, 2 * (length - MINUTE) // SECOND]


# -- which jobs ----------------------------------------------------------------------------------


def test_lanes_are_filtered_by_words_and_by_what_ended_so_in_the_window() -> None:
    picture = Picture(snapshot=scene())

    def found(words: str, *, since: Instant = NOW - DAY) -> list[str]:
        return filtered_jobs(picture, words, since=since, until=NOW + DAY, now=NOW)

    assert found("#db") == ["db-backup-nightly", "wal-archive", "invoice-export"]
    assert found("had:failed") == found("had:fail") == ["invoice-export", "report-weekly"]
    assert found("had:failed", since=NOW - HOUR) == found("is:failing")
    assert found("had:failed", since=NOW - MINUTE) == []
    assert "wal-archive" in found("!had:failed #db had:ok")
    assert len(found("had:")) == 10
    assert found("") == [*picture.snapshot.jobs]


# -- the record of a slot ------------------------------------------------------------------------


async def test_a_slot_tells_what_was_decided_and_what_people_started() -> None:
    at = NOW - 9 * 4 * HOUR
    told = await read_slot(FakeControl(), "invoice-export", at, at + MINUTE, now=NOW)
    assert told.sentences == ("02:32:07 run 4 (manual): exit 0 · run by ann, took 1.4s.",)
    assert (told.run, told.when) == (4, "Fri 02:32 to 02:33")
    told = await read_slot(FakeControl(), "invoice-export", at, at + 5 * HOUR, now=NOW)
    assert told.sentences[0].endswith("run 5 succeeded.")
    assert (len(told.sentences), told.run) == (2, 5)
    assert len(told.present) == 2


async def test_a_slot_to_come_tells_what_is_due_and_what_is_kept_back() -> None:
    class Held(FakeControl):
        async def query(self, query: Query) -> Any:
            if isinstance(query, ListNext):
                held = (HeldBack(NOW + MINUTE, "excluded by nights"), HeldBack(NOW + HOUR, "no"))
                due = (NOW + 2 * MINUTE, NOW + 2 * HOUR)
                return NextDue({"new-job": due}, {"new-job": held})
            return await super().query(query)

    told = await read_slot(Held(), "new-job", NOW, NOW + 15 * MINUTE, now=NOW)
    assert told.sentences == (
        "It is due at 14:34:07.",
        "14:33:07 is kept back: excluded by nights.",
    )
    nothing = await read_slot(FakeControl(), "new-job", NOW - 23 * HOUR, NOW - 22 * HOUR, now=NOW)
    assert nothing.sentences == (NOTHING,)


# -- keys ----------------------------------------------------------------------------------------


async def test_zoom_and_pan_ask_for_another_stretch_of_time() -> None:
    control = Counting()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_timeline(pilot)
        first = control.asked[-1]
        assert first.slot == 15 * MINUTE
        await pilot.press("minus")
        await wait_for(pilot, lambda: control.asked[-1].slot == 2 * HOUR)
        await pilot.press("plus", "plus", "plus", "plus")
        await wait_for(pilot, lambda: control.asked[-1].slot == MINUTE)
        await pilot.press("right", "right", "left")
        await wait_for(pilot, lambda: control.asked[-1].since > NOW)
        await pilot.press("0")
        await wait_for(pilot, lambda: control.asked[-1].since < NOW)
        assert screen.lanes.pan == 0


async def test_a_time_that_is_typed_is_gone_to() -> None:
    control = Counting()
    async with app(control).run_test(size=(80, 24)) as pilot:
        screen = await on_timeline(pilot)
        await pilot.press("at")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, MomentDialog))
        await pilot.press(*"soon", "enter")
        assert isinstance(pilot.app.screen, MomentDialog)
        await pilot.press(*["backspace"] * 4, *"20h", "enter")
        await wait_for(pilot, lambda: "from Sun 10:32" in str(screen.agenda.border_subtitle))
        later = NOW + 20 * HOUR
        assert control.asked[-1].since == later
        assert screen.lanes.here is not None
        assert screen.lanes.here[0] <= later < screen.lanes.here[1]
        assert screen.agenda.entries[0].at >= later
        await pilot.press("0")
        await wait_for(pilot, lambda: "from" not in str(screen.agenda.border_subtitle))
        await pilot.press("at", *"-3h", "f2")
        await wait_for(pilot, lambda: control.asked[-1].since < NOW - 3 * HOUR)
        assert screen.lanes.at == NOW - 3 * HOUR


async def test_the_next_run_is_skipped_after_a_question() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_timeline(pilot)
        await pilot.press("down", "b")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("n", "b")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        assert control.sent == []
        await pilot.press("y")
        await wait_for(pilot, lambda: bool(control.sent))
        await wait_for(pilot, lambda: bool(pilot.app._notifications))
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) == 2)

    at = control.scene.jobs["wal-archive"].next_at
    assert control.sent == [
        SkipNext(job="wal-archive", due_at=at),
        SkipNext(job="wal-archive", due_at=at, undo=True),
    ]


async def test_what_is_not_due_cannot_be_skipped() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_timeline(pilot)
        screen.action_step(len(screen.lanes.jobs))
        assert screen.chosen() == "new-job"
        await pilot.press("b")
        await pilot.pause(0.05)
        assert isinstance(pilot.app.screen, TimelineView)
    assert control.sent == []


async def test_the_lanes_move_by_every_key_that_moves_rows() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        screen = await on_timeline(pilot)
        last = len(screen.lanes.jobs) - 1
        for key, place in (("G", last), ("g", 0), ("j", 1), ("k", 0), ("end", last), ("home", 0)):
            await pilot.press(key)
            assert screen.lanes.cursor == place, key


async def test_the_agenda_has_a_cursor_of_its_own() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_timeline(pilot)
        await pilot.press("tab", "down", "down")
        assert screen.chosen() == screen.agenda.entries[2].job == "wal-archive"
        await pilot.press("t", "t")
        await wait_for(pilot, lambda: bool(control.sent))
        await pilot.press("p", "enter")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Detail))
        assert pilot.app.screen.view == "timeline"  # type: ignore[attr-defined]
        await pilot.press("q", "q")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
    assert control.sent == [RunJob(job="wal-archive"), PauseJob(job="wal-archive")]


async def test_lanes_take_what_the_agenda_leaves_and_the_blank_line_before_the_load() -> None:
    control = FakeControl()
    for view in control.scene.jobs.values():
        view.job = msgspec.structs.replace(view.job, enabled=view.job.id == "cert-renew")
    async with app(control).run_test(size=(80, 24)) as pilot:
        screen = await on_timeline(pilot)
        lanes, agenda = screen.lanes, screen.agenda
        await wait_for(pilot, lambda: lanes.room == len(lanes.jobs) == 12)
        assert agenda.size.height >= 2
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await on_timeline(pilot)
        lanes, agenda = screen.lanes, screen.agenda
        await wait_for(pilot, lambda: lanes.room >= 8)
        assert agenda.size.height >= 5
        lines = lanes.paint(*lanes.size)
        assert len(lines) == lanes.size.height
        assert all(lines)


def test_overlaps_of_jobs_are_told_in_the_title() -> None:
    view = scene().jobs["s3-sync-eu"]
    assert not overlapped(view, NOW - DAY, NOW)
    skipped = PastRun(None, NOW - HOUR, "skipped", "overlap")
    view.recent.append(skipped)
    assert overlapped(view, NOW - DAY, NOW)
    assert not overlapped(view, NOW - DAY, NOW - 2 * HOUR)
    view.recent[:] = [
        PastRun(n, NOW - HOUR + n * MINUTE, "succeeded", "", NOW - HOUR - (2 - n) * SECOND)
        for n in (1, 2)
    ]
    assert overlapped(view, NOW - DAY, NOW)
    assert note_of(["a", "b"], 20) == "overlaps: a, b"
    assert note_of(["a", "b"], 10) == "overlaps: 2 jobs"
    assert note_of("abc", 40) == "overlaps: 3 jobs"
    assert note_of([], 40) == ""


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_an_overlap_is_told_where_there_is_an_edge_for_it(size: tuple[int, int]) -> None:
    control = FakeControl()
    control.scene.jobs["s3-sync-eu"].recent.append(PastRun(None, NOW, "skipped", "overlap"))
    async with app(control).run_test(size=size) as pilot:
        screen = await on_timeline(pilot)
        await wait_for(pilot, lambda: screen.lanes.timeline is not None)
        title, note = screen.lanes.titles()
        assert ("overlaps: " in title) != ("overlaps: " in note)
        assert ("overlaps: " in note) == screen.lanes.has_lower_edge


async def test_a_narrow_terminal_begins_on_the_agenda_and_has_lanes() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await on_timeline(pilot)
        assert screen.agenda.has_focus
        assert screen.lanes.room >= 3
        await pilot.resize_terminal(40, 10)
        await pilot.resize_terminal(150, 40)
        await wait_for(pilot, lambda: screen.lanes.room >= 12)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_is_first_read_fills_the_lanes_to_their_end(size: tuple[int, int]) -> None:
    async with app().run_test(size=size) as pilot:
        screen = await on_timeline(pilot)
        assert screen.lanes.shown == screen.lanes.axis


async def test_an_ended_run_makes_it_read_again() -> None:
    control = Counting()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_timeline(pilot)
        count = len(control.asked)
        ended = RunEnded(at=NOW, run=901, job="search-reindex", outcome="succeeded", reason="")
        await control.more.put(Numbered(900, ended))
        await wait_for(pilot, lambda: screen._is_stale)
        screen.update(NOW + 3 * SECOND)
        await wait_for(pilot, lambda: len(control.asked) > count)


async def test_of_many_jobs_only_the_lanes_near_the_seen_ones_are_asked_for() -> None:
    snapshot = scene()
    for number in range(300):
        snapshot.jobs[f"more-{number}"] = snapshot.jobs["retired"]
    control = Counting(snapshot)
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_timeline(pilot)
        assert len(control.asked[-1].jobs) < 100
        screen.action_step(250)
        screen.update(NOW + 3 * SECOND)
        await wait_for(pilot, lambda: "more-240" in control.asked[-1].jobs)


async def test_a_screen_without_jobs_says_so() -> None:
    async with app(FakeControl(Snapshot(n=1))).run_test(size=(120, 40)) as pilot:
        await wait_for(pilot, lambda: pilot.app.picture.is_live)  # type: ignore[attr-defined]
        await pilot.press("2")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, TimelineView))
        screen = pilot.app.screen
        assert isinstance(screen, TimelineView)
        await wait_for(pilot, lambda: screen.lanes.timeline is not None)
        await pilot.press("b", "enter", "t", "p", "l", "L", "down", "pagedown", "tab", "up", "b")
        assert isinstance(pilot.app.screen, TimelineView)


async def test_the_cursor_goes_from_start_to_start_and_says_why() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_timeline(pilot)
        await pilot.press("down", "down", "w")
        await wait_for(pilot, lambda: screen.why.is_read)
        assert screen.chosen() == "invoice-export"
        assert screen.lanes.here is not None
        now_slot = screen.lanes.here
        await pilot.press("left_square_bracket")
        await wait_for(pilot, lambda: bool(screen.why.details))
        assert screen.lanes.here < now_slot
        await pilot.press("right_square_bracket", "right_square_bracket")
        assert screen.lanes.here > now_slot
        await wait_for(pilot, lambda: "is due at" in " ".join(screen.why.sentences))
        await pilot.press("tab")
        await wait_for(pilot, lambda: "wal" not in str(screen.why.border_title))
        await pilot.press("w")
        assert not screen.why.display


async def test_the_log_of_the_run_under_the_cursor_opens() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        screen = await on_timeline(pilot)
        await pilot.press("down", "down", "w")
        screen.lanes.at = NOW - 4 * HOUR
        screen.action_step(0)
        await wait_for(pilot, lambda: screen._run is not None)
        await pilot.press("l")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, LogView))
        assert pilot.app.screen._run == 12  # type: ignore[attr-defined]


def test_a_filter_puts_the_cursor_on_the_lane_that_it_means_best() -> None:
    lanes = LanesBox(picture_of(), id="lanes")
    lanes.jobs, lanes.cursor = ["feed", "old-order", "order-a", "order-b"], 0
    lanes.words = "order"

    lanes.show_found(["old-order", "order-a", "order-b"])
    assert lanes.chosen == "order-a"
    lanes.cursor = 2
    lanes.show_found(["order-a", "order-b"])
    assert lanes.chosen == "order-b"
    lanes.words = ""
    lanes.show_found(["feed", "old-order", "order-a", "order-b"])
    assert lanes.chosen == "order-b"
    lanes.show_found([])
    assert lanes.chosen is None


async def test_a_filter_leaves_the_lanes_the_load_and_the_agenda_of_its_jobs() -> None:
    control = Counting()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_timeline(pilot)
        await pilot.press("slash", *"#db", "enter")
        await wait_for(pilot, lambda: control.asked[-1].within is not None)
        assert screen.lanes.jobs == ["db-backup-nightly", "wal-archive", "invoice-export"]
        assert "/#db" in str(screen.lanes.border_title)
        await wait_for(
            pilot, lambda: {each.job for each in screen.agenda.entries} <= {*screen.lanes.jobs}
        )
        await pilot.press("slash", *"zzz", "enter")
        await wait_for(pilot, lambda: not screen.lanes.jobs)
        await pilot.press("w", "right_square_bracket", "b", "escape")
        assert len(screen.lanes.jobs) == 12
        assert isinstance(pilot.app.screen, TimelineView)
        await wait_for(pilot, lambda: control.asked[-1].within is None)


async def test_a_click_in_a_lane_puts_the_cursor_there() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        screen = await on_timeline(pilot)
        await pilot.click(screen.lanes, offset=(60, 5))
        assert screen.chosen() == screen.lanes.jobs[3]
        assert screen.lanes.here is not None
