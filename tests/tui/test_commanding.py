"""The road from a key to a command: what is refused, what is undone, what is cleared."""

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cronterm.clock import HOUR, SECOND
from cronterm.control import Gone
from cronterm.model.command import (
    Answer,
    AnyCommand,
    DeleteJob,
    PauseJob,
    ResumeJob,
    StopRun,
    UndoEdit,
)
from cronterm.model.event import JobAdded, JobRemoved, Numbered
from cronterm.tui.screens.dialogs import Ask
from cronterm.tui.screens.runs import RunsView
from cronterm.tui.widgets.bars import KeyBar
from tests.tui.scene import DIFF, NOW, FakeControl, MovingClock, app, scene
from tests.tui.test_screens import board_of, wait_for


class Ended(FakeControl):
    """The first run that is to be stopped has just ended."""

    async def send(self, command: AnyCommand) -> Answer:
        """Refuse the first."""
        answer = await super().send(command)
        is_first = isinstance(command, StopRun) and len(self.sent) == 1
        return Answer(ok=False, kind="unknown_run", message="it is over") if is_first else answer


def told(pilot: Pilot[Any]) -> list[str]:
    """Return what is said."""
    return [each.message for each in pilot.app._notifications]


async def test_every_run_is_stopped_though_one_has_ended_meanwhile() -> None:
    control = Ended()
    live = [name for name, view in control.scene.jobs.items() if view.live]
    async with app(control).run_test(size=(120, 40)) as pilot:
        board = await board_of(pilot)
        board.table.marked = set(live)
        await pilot.press("x", "y")
        await wait_for(pilot, lambda: len(control.sent) == len(live) > 1)
        await wait_for(pilot, lambda: len(pilot.app._notifications) == 2)
        runs = sum(len(control.scene.jobs[name].live) for name in live)
        assert told(pilot)[1].endswith(f": {runs - 1} of {runs} were done")
    assert all(isinstance(each, StopRun) for each in control.sent)


async def test_nothing_is_undone_behind_an_edit_that_could_not_be_undone() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        board = await board_of(pilot)
        board.table.marked = set(board.table.jobs[:2])
        await pilot.press("d", "y")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        control.refusal = Answer(ok=False, kind="stale", message="the file changed")
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) == 3)
        await pilot.pause()
    assert [type(each) for each in control.sent[:2]] == [DeleteJob, DeleteJob]
    assert len(control.sent) == 3


async def test_the_cursor_goes_to_a_job_whose_delete_is_undone() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        board = await board_of(pilot)
        deleted, other = board.table.jobs[1], board.table.jobs[3]
        job = control.scene.jobs[deleted].job
        board.table.go_to(deleted)
        await pilot.press("d", "y")
        await wait_for(pilot, lambda: len(control.sent) == 1)
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        await wait_for(pilot, lambda: board._wanted == deleted)
        await control.more.put(Numbered(9_001, JobRemoved(at=NOW, job=deleted)))
        await wait_for(pilot, lambda: deleted not in board.table.jobs)
        board.table.go_to(other)
        added = JobAdded(at=NOW, job=job, counts_from=NOW, first_seen_at=NOW)
        await control.more.put(Numbered(9_002, added))
        await wait_for(pilot, lambda: board.table.cursor == deleted)


async def test_one_sentence_tells_of_all_jobs_that_are_back() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        board = await board_of(pilot)
        board.table.marked = set(board.table.jobs[:2])
        await pilot.press("d", "y")
        whom = f"2 jobs ({', '.join(board.table.chosen())})"
        await wait_for(pilot, lambda: told(pilot) == [f"deleted {whom} — u undoes it"])
        await pilot.press("u")
        await wait_for(pilot, lambda: f"{whom} are back: undid their deletion" in told(pilot))
        assert len(told(pilot)) == 2


async def test_a_job_is_deleted_from_a_file_with_a_mistake_as_that_was_read() -> None:
    control = FakeControl()
    control.scene.rejected_sha256 = "1" * 64
    async with app(control).run_test(size=(120, 40)) as pilot:
        await board_of(pilot)
        await pilot.press("d", "y")
        await wait_for(pilot, lambda: len(control.sent) == 1)
    (delete,) = control.sent
    assert isinstance(delete, DeleteJob)
    assert delete.based_on == "1" * 64


async def test_what_can_be_undone_waits_for_an_engine() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await board_of(pilot)
        await pilot.press("p", "p")
        await wait_for(pilot, lambda: len(control.sent) == 1)
        await control.more.put(Gone(since=NOW - SECOND, why="killed"))
        await wait_for(pilot, lambda: pilot.app.picture.gone is not None)  # type: ignore[attr-defined]
        await pilot.press("u")
        await control.more.put(scene())
        await wait_for(pilot, lambda: pilot.app.picture.gone is None)  # type: ignore[attr-defined]
        assert len(control.sent) == 1
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) == 2)
    assert [type(each) for each in control.sent] == [PauseJob, ResumeJob]


async def test_what_was_done_before_what_was_taken_back_is_asked_about() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(80, 24)) as pilot:
        board = await board_of(pilot)
        board.table.go_to("wal-archive")
        await pilot.press("d", "y")
        await wait_for(pilot, lambda: len(control.sent) == 1)
        await pilot.press("p", "p")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) == 3)
        await pilot.press("u")
        question = pilot.app.screen
        assert isinstance(question, Ask)
        asked = [*question._text]
        await pilot.press("enter")
        assert len(control.sent) == 3
        await pilot.press("u", "y")
        await wait_for(pilot, lambda: len(control.sent) == 4)
        await pilot.press("u")
        await wait_for(pilot, lambda: "nothing to undo" in told(pilot))
    assert asked[0].startswith("Take back what was done today 14:32:07: deleted wal-archive?")
    assert asked[-2:] == ["-    command: ls", "+    command: ls -l"]
    resumed, undone = control.sent[2:]
    assert isinstance(resumed, ResumeJob)
    assert isinstance(undone, UndoEdit)


async def test_what_was_done_long_ago_is_asked_about() -> None:
    control, clock = FakeControl(), MovingClock()
    async with app(control, clock=clock).run_test(size=(80, 24)) as pilot:
        await board_of(pilot)
        await pilot.press("p", "p")
        await wait_for(pilot, lambda: len(control.sent) == 1)
        clock.passed = HOUR
        await pilot.press("u")
        question = pilot.app.screen
        assert isinstance(question, Ask)
        await pilot.press("y")
        await wait_for(pilot, lambda: len(control.sent) == 2)
    assert [type(each) for each in control.sent] == [PauseJob, ResumeJob]


async def test_marks_that_a_filter_hides_are_said_to_be_hidden() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        board = await board_of(pilot)
        board.table.marked = {"wal-archive", "flaky-upload"}
        board.table.filter_by("flaky")
        board.update(NOW)
        assert "1 of 2 marked" in str(board.table.border_title)
        board.table.filter_by("invoice")
        await pilot.press("t")
        await wait_for(pilot, lambda: len(pilot.app._notifications) == 1)
        (told,) = pilot.app._notifications
        assert told.message == "no marked job is shown: esc ends the filter"
        await pilot.press("escape")
        assert (board.table.filter, len(board.table.marked)) == ("", 2)
        await pilot.press("escape")
        assert board.table.marked == set()


async def test_escape_ends_one_thing_a_press_the_newest_first() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        board = await board_of(pilot)
        table = board.table
        await pilot.press("z", "slash", *"re", "enter", "space")
        assert table.marked
        await pilot.press("escape")
        assert (table.filter, table.marked) == ("re", set())
        assert told(pilot) == ["nothing is marked any more: esc ends the filter too"]
        await pilot.press("escape")
        assert table.filter == ""
        assert board.has_class("zoom-jobs")
        await pilot.press("escape")
        assert not board.has_class("zoom-jobs")
        await pilot.press("space", "slash", *"re", "enter", "escape")
        assert table.filter == ""
        assert len(table.marked) == 1
        await pilot.press("escape")
        assert table.marked == set()


async def test_a_filter_says_what_it_is_of_and_escape_ends_that_of_the_log_too() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        board = await board_of(pilot)
        bar, line = board.query_one(KeyBar), board.query_one("#filter", Input)
        await pilot.press("/")
        assert bar.prompt.startswith("filter the jobs: ")
        assert "is:failing" in line.placeholder
        await pilot.press("escape", "tab", "/", *"zebra")
        assert bar.prompt.startswith("filter the log: ")
        assert "is:failing" not in line.placeholder
        await pilot.press("enter")
        assert board.log_pane.filter == "zebra"
        assert board.log_pane.paint(80, 4) == [[(" no line has 'zebra'", "faint")]]
        await pilot.press("escape")
        assert board.log_pane.filter == ""


@pytest.mark.parametrize(("size", "has_edge"), [((80, 24), False), ((120, 40), True)])
async def test_a_log_that_stands_still_says_so_on_the_edge_that_there_is(
    size: tuple[int, int], has_edge: bool
) -> None:
    async with app().run_test(size=size) as pilot:
        log = (await board_of(pilot)).log_pane
        assert str(log.border_title) == "Log · all jobs"
        await pilot.press("f")
        await wait_for(pilot, lambda: "below · f follows" in str(log.border_subtitle))
        still = "" if has_edge else f" · {log.border_subtitle}"
        assert str(log.border_title) == f"Log · all jobs{still}"


async def test_the_table_has_the_focus_after_another_page_but_not_after_a_question() -> None:
    running = app()
    async with running.run_test(size=(80, 24)) as pilot:
        board = await board_of(pilot)
        await pilot.press("tab", "s", "escape")
        await wait_for(pilot, lambda: running.screen is board)
        await pilot.pause()
        assert board.log_pane.has_focus
        await pilot.press("5")
        await wait_for(pilot, lambda: isinstance(running.screen, RunsView))
        await pilot.press("1")
        await wait_for(pilot, lambda: running.screen is board and board.table.has_focus)


@pytest.mark.parametrize("rejected", ["", "1" * 64])
async def test_what_cannot_be_read_cannot_be_edited_and_that_is_said(rejected: str) -> None:
    control = FakeControl()
    control.action = 'command: "not ended\n'
    control.scene.rejected_sha256 = rejected
    async with app(control).run_test(size=(80, 24)) as pilot:
        board = await board_of(pilot)
        job = board.table.cursor
        await pilot.press("e")
        await wait_for(pilot, lambda: bool(told(pilot)))
        assert pilot.app.screen is board
        (said,) = told(pilot)
    assert said.startswith(f"{job} cannot be edited: ")
    assert said.endswith(" — E mends the file") == bool(rejected)


async def test_an_edit_made_before_this_screen_is_undone_after_asking() -> None:
    control = FakeControl()
    control.undoable = Answer(ok=True, message="would have", sha256="7" * 64, diff=DIFF)
    async with app(control).run_test(size=(80, 24)) as pilot:
        await board_of(pilot)
        await pilot.press("u")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        asked = [*pilot.app.screen._text]  # type: ignore[attr-defined]
        await pilot.press("enter")
        assert control.sent == []
        await pilot.press("u")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("y")
        await wait_for(pilot, lambda: control.sent == [UndoEdit(based_on="7" * 64)])
        control.undoable = Answer(
            ok=False, kind="invalid", message="the file was changed", hint="~1 has the old text"
        )
        await pilot.press("u")
        why = "nothing to undo: the file was changed — ~1 has the old text"
        await wait_for(pilot, lambda: why in told(pilot))
    assert asked[-2:] == ["-    command: ls", "+    command: ls -l"]
