"""Keys as a person presses them, and what they lead to."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, Static, TextArea
from textual.widgets._toast import Toast

from cronterm.clock import HOUR, SECOND
from cronterm.config.load import load_text
from cronterm.config.words import WORDS
from cronterm.control import Gone
from cronterm.errors import CrontermError
from cronterm.model.command import (
    AddJob,
    Answer,
    AnyCommand,
    DeleteJob,
    EditJob,
    PauseJob,
    ReloadConfig,
    RenameJob,
    ResumeJob,
    RunJob,
    ShutDown,
    StopRun,
    TryJob,
    UndoEdit,
)
from cronterm.model.event import JobAdded, Numbered
from cronterm.model.gates import Need
from cronterm.model.job import Settings
from cronterm.model.notice import NoticesFailed, NoticesSent
from cronterm.model.snapshot import PastRun, Snapshot
from cronterm.tui.app import CrontermApp
from cronterm.tui.screens.alerts import AlertsView
from cronterm.tui.screens.compare import CompareView
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.detail import Detail
from cronterm.tui.screens.dialogs import Ask
from cronterm.tui.screens.form import UNSEEN, JobForm
from cronterm.tui.screens.help import HelpScreen
from cronterm.tui.screens.log_view import LogView
from cronterm.tui.screens.missed import MissedView
from cronterm.tui.screens.run_dialog import RunDialog
from cronterm.tui.screens.runs import RunsView
from cronterm.tui.screens.stats import StatsView
from cronterm.tui.screens.system import SystemView
from cronterm.tui.screens.timeline import TimelineView
from cronterm.tui.widgets.alert_boxes import AlertBox
from cronterm.tui.widgets.bars import Banner
from cronterm.tui.widgets.choice_line import ChoiceLine
from cronterm.tui.widgets.facts import RunsBox
from cronterm.tui.widgets.word_row import SectionHead, WordRow
from tests.tui.scene import NOW, FakeControl, app, scene

Shown = TypeVar("Shown", bound=Screen[Any])

PAST_LINES = 20  # of the runs before: more than the scene tells live


async def wait_for(pilot: Pilot[Any], condition: Callable[[], bool]) -> None:
    """Let the app live until `condition` holds."""
    for _ in range(200):
        if condition():
            return
        await pilot.pause(0.02)
    raise AssertionError("it never came to hold")


async def on_dashboard(pilot: Pilot[Any]) -> None:
    """Wait for the scene to be drawn."""
    running: CrontermApp = pilot.app  # type: ignore[assignment]
    await wait_for(pilot, lambda: bool(running.screen.query("#jobs")))
    await wait_for(
        pilot,
        lambda: len(running.picture.stream.lines) > PAST_LINES and bool(running.picture.gauges),
    )
    running.screen.update(NOW)  # type: ignore[attr-defined]
    await pilot.pause()


async def board_of(pilot: Pilot[Any]) -> Dashboard:
    """Return the dashboard once it is drawn."""
    await on_dashboard(pilot)
    assert isinstance(pilot.app.screen, Dashboard)
    return pilot.app.screen


async def on_page(pilot: Pilot[Any], key: str, kind: type[Shown]) -> Shown:
    """Press the key of a page, once the dashboard is there, and wait for it."""
    await on_dashboard(pilot)
    await pilot.press(key)
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, kind))
    assert isinstance(pilot.app.screen, kind)
    return pilot.app.screen


def is_filled(screen: Screen[Any]) -> bool:
    """Tell whether a screen has what it asks the engine for, or checks after a pause."""
    match screen:
        case JobForm():
            return bool(str(screen.query_one("#form-status", Static).render()))
        case LogView():
            return bool(screen.page.lines)
        case MissedView():
            return bool(screen.rows.rows)
        case CompareView():
            return screen.box.rows is not None
        case AlertsView():
            return bool(screen.query_one(AlertBox).printed)
        case TimelineView() if screen.why.display:
            return bool(screen.why.details)
        case TimelineView():
            return screen.lanes.timeline is not None
        case SystemView():
            return screen.system is not None
        case RunsView():
            return bool(screen.runs.runs)
        case StatsView():
            return screen.figures.is_read
        case Detail() if screen.plan.display:
            return screen.plan.outlook is not None
        case Detail() if screen.file.display:
            return bool(screen.file.values.values)
        case Detail():
            return len(screen.runs.outputs) == len(screen.runs.runs) > 0
        case _:
            return True


# -- keys ----------------------------------------------------------------------------------------


async def test_trigger_asks_and_a_second_press_runs() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("t")
        assert isinstance(pilot.app.screen, Ask)
        await pilot.press("t")
        await wait_for(pilot, lambda: bool(control.sent))

    assert isinstance(control.sent[0], RunJob)


def toasts(running: CrontermApp) -> list[Toast]:
    """Return what is told, as far as it is drawn."""
    return [each for each in running.screen.query(Toast) if each.region]


class Quick(FakeControl):
    """Its runs are over before it says that they began."""

    async def send(self, command: AnyCommand) -> Answer:
        """Run a job."""
        assert isinstance(command, RunJob)
        past = PastRun(51, NOW, "failed", "exit", NOW - 20_000, 20_000, exit_code=3)
        self.scene.jobs[command.job].recent.append(past)
        return Answer(ok=True, message=f"run 51 of {command.job}", run=51)


async def test_the_end_of_a_run_is_told_in_the_place_of_its_start_and_hides_no_row() -> None:
    async with app(Quick()).run_test(size=(80, 24), notifications=True) as pilot:
        await on_dashboard(pilot)
        running = cast(CrontermApp, pilot.app)
        await pilot.press("t", "t")
        await wait_for(pilot, lambda: len(running._notifications) == 2)
        await wait_for(pilot, lambda: len(toasts(running)) == 1)
        (toast,) = toasts(running)
        place, shown = toast.region, str(toast.render())
        told = [each.message for each in running._notifications]

    end = "run 51 of search-reindex: failed: exit 3 in 20ms"
    assert told == ["triggered: run 51 of search-reindex", end]
    assert (shown, place.y, place.height) == (end, 1, 1)


async def test_enter_presses_what_is_highlighted_and_escape_never_acts() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("d", "enter")
        await pilot.press("d", "escape")
        await pilot.press("d", "q")
        await pilot.pause(0.1)
        assert control.sent == []
        await pilot.press("d", "tab", "enter")
        await wait_for(pilot, lambda: bool(control.sent))
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) > 1)

    assert isinstance(control.sent[0], DeleteJob)
    assert isinstance(control.sent[1], UndoEdit)


async def test_pause_resume_and_undo_send_commands() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        dashboard = pilot.app.screen
        assert isinstance(dashboard, Dashboard)
        dashboard.table.go_to("wal-archive")
        await pilot.press("p", "p")
        await wait_for(pilot, lambda: len(control.sent) == 1)
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        dashboard.table.go_to("cert-renew")
        await pilot.press("p")
        await wait_for(pilot, lambda: len(control.sent) == 3)
        await pilot.press("P", "4")
        await wait_for(pilot, lambda: len(control.sent) == 4)
        await pilot.press("u", "u", "y")
        await wait_for(pilot, lambda: len(control.sent) == 6)

    was = scene().jobs["cert-renew"].pause
    assert was is not None
    assert control.sent == [
        PauseJob(job="wal-archive"),
        ResumeJob(job="wal-archive"),
        ResumeJob(job="cert-renew"),
        PauseJob(until=NOW + 4 * HOUR),
        ResumeJob(),
        PauseJob(job="cert-renew", until=was.until, reason=was.reason),
    ]


class SlowToDelete(FakeControl):
    """Answers a deletion when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()

    async def send(self, command: AnyCommand) -> Answer:
        """Remember the command."""
        answer = await super().send(command)
        if isinstance(command, DeleteJob):
            await self.may_answer.wait()
        return answer


async def test_undo_waits_for_the_answer_to_what_it_undoes() -> None:
    control = SlowToDelete()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("p", "p", "d", "y", "u", "u")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        control.may_answer.set()
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("y")
        await wait_for(pilot, lambda: len(control.sent) == 4)

    kinds = [type(each) for each in control.sent]
    assert kinds == [PauseJob, DeleteJob, UndoEdit, ResumeJob]


async def test_stop_offers_stop_and_kill() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        dashboard = pilot.app.screen
        assert isinstance(dashboard, Dashboard)
        dashboard.table.go_to("search-reindex")
        await pilot.press("x", "k")
        await wait_for(pilot, lambda: bool(control.sent))

    command = control.sent[0]
    assert isinstance(command, StopRun)
    assert (command.run, command.signal) == (901, "SIGKILL")


async def test_stop_names_the_jobs_that_need_a_success_and_do_not_start() -> None:
    control = FakeControl()
    jobs = control.scene.jobs
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        dashboard = pilot.app.screen
        assert isinstance(dashboard, Dashboard)
        for needing, said in (
            ((), ""),
            (("new-job",), "! new-job needs its success and will not start after it"),
            (
                ("new-job", "log-rotate"),
                "! 2 jobs (log-rotate, new-job) need its success and will not start after it",
            ),
        ):
            for name in needing:
                needs: dict[str, Need] = {"search-reindex": "success"}
                by_hand = jobs["new-job"].job.schedule
                jobs[name].job = msgspec.structs.replace(
                    jobs[name].job, depends_on=needs, schedule=by_hand
                )
            dashboard.table.go_to("search-reindex")
            await pilot.press("x")
            await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
            asked = pilot.app.screen
            assert isinstance(asked, Ask)
            assert [line for line in asked._text if "need" in line] == [said] * bool(said)
            await pilot.press("escape")
            await wait_for(pilot, lambda: pilot.app.screen is dashboard)


async def test_what_goes_on_is_stopped_in_its_log_and_no_other_run_of_the_job() -> None:
    control = FakeControl()
    beside = msgspec.structs.replace(control.scene.jobs["search-reindex"].live[901], run=905)
    control.scene.jobs["search-reindex"].live[905] = beside
    async with app(control).run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        pilot.app.open_run("search-reindex", 901)  # type: ignore[attr-defined]
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, LogView))
        await pilot.press("x")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("y")
        await wait_for(pilot, lambda: bool(control.sent))
        assert control.sent == [StopRun(run=901)]


async def test_in_the_log_of_a_run_that_has_ended_there_is_nothing_to_stop() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        pilot.app.open_run("search-reindex", 7)  # type: ignore[attr-defined]
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, LogView))
        await pilot.press("x")
        await wait_for(pilot, lambda: len(pilot.app._notifications) == 1)
        (told,) = pilot.app._notifications
    assert told.message == "nothing to stop: run 7 has ended"
    assert not control.sent


async def test_marks_make_one_key_act_on_many() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("g", "space", "space", "t", "t")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        await pilot.press("asterisk", "asterisk")
        dashboard = pilot.app.screen
        assert isinstance(dashboard, Dashboard)
        assert len(dashboard.table.marked) == 12

    assert all(isinstance(command, RunJob) for command in control.sent)


async def test_the_filter_narrows_while_it_is_typed() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        dashboard = pilot.app.screen
        assert isinstance(dashboard, Dashboard)
        await pilot.press("slash", *"is:failing")
        await wait_for(pilot, lambda: len(dashboard.table.jobs) == 2)
        await pilot.press("enter")
        assert dashboard.table.has_focus
        await pilot.press("escape")
        await wait_for(pilot, lambda: len(dashboard.table.jobs) == 12)
        await pilot.press("slash", *"#db !wal")
        await wait_for(pilot, lambda: len(dashboard.table.jobs) == 2)


async def test_choosing_a_sort_goes_to_the_first_row() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        dashboard = pilot.app.screen
        assert isinstance(dashboard, Dashboard)
        dashboard.table.go_to("log-rotate")
        await pilot.press("s", "n")
        await wait_for(pilot, lambda: dashboard.table.jobs == sorted(dashboard.table.jobs))
        await pilot.press("S")
        assert dashboard.table.cursor == dashboard.table.jobs[0]


async def test_pages_open_and_close() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Detail))
        await pilot.press("right_square_bracket", "down", "down", "enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, LogView))
        await pilot.press("w", "t", "e", "f", "less_than_sign", "escape", "escape")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape", "z", "z", "f", "comma", "escape", "R")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Dashboard))


async def test_the_form_checks_while_it_is_typed_and_saves() -> None:
    control = FakeControl()
    nightly = control.scene.jobs["db-backup-nightly"].job.schedule
    for name in ("wal-archive", "log-rotate"):
        view = control.scene.jobs[name]
        view.job = msgspec.structs.replace(view.job, schedule=nightly)
    async with app(control).run_test(size=(120, 40)) as pilot:
        form = await on_page(pilot, "a", JobForm)
        form.query_one("#f-name", Input).value = "archive"
        form.query_one("#f-schedule", Input).value = "61 * * * *"
        form.query_one("#f-command", TextArea).text = "ls -l"
        note = form.query_one("#n-schedule")
        await wait_for(pilot, lambda: "out of range" in str(note.render()))
        await pilot.press("ctrl+s")
        assert control.sent == []
        form.query_one("#f-schedule", Input).value = "30 2 * * *"
        await wait_for(pilot, lambda: "daily at 02:30" in str(note.render()))
        await wait_for(pilot, lambda: "other jobs start at 02:30" in str(note.render()))
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: bool(control.sent))

    command = control.sent[0]
    assert isinstance(command, AddJob)
    assert (command.job, command.words) == (
        "archive",
        {"schedule": "30 2 * * *", "command": "ls -l"},
    )


async def test_more_than_five_marked_jobs_ask_for_their_number() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("asterisk", "d", "y", "1", "3", "y")
        await pilot.pause(0.1)
        assert control.sent == []
        assert isinstance(pilot.app.screen, Ask)
        await pilot.press("backspace", "2", "y")
        await wait_for(pilot, lambda: len(control.sent) == 12)
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) == 24)

    deletes = [each for each in control.sent[:12] if isinstance(each, DeleteJob)]
    undos = [each for each in control.sent[12:] if isinstance(each, UndoEdit)]
    answers = [f"{number}" * 64 for number in range(1, 13)]
    assert [each.based_on for each in deletes] == ["0" * 64, *answers[:-1]]
    assert [each.based_on for each in undos] == answers[::-1]


async def test_one_undo_resumes_all_jobs_that_one_key_paused() -> None:
    control = FakeControl()
    running = app(control)

    def told(text: str) -> bool:
        return text in [each.message for each in running._notifications]

    async with running.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        board = running.screen
        assert isinstance(board, Dashboard)
        await pilot.press("g", *["space"] * 4)
        whom = f"4 jobs ({', '.join(board.table.chosen()[:3])} and 1 more)"
        await pilot.press("p", "1")
        await wait_for(pilot, lambda: told(f"paused {whom} until today 15:32:07"))
        await pilot.press("u")
        await wait_for(pilot, lambda: told(f"resumed {whom}"))

    assert [type(each) for each in control.sent] == [PauseJob] * 4 + [ResumeJob] * 4


async def test_the_form_edits_choices_and_commands_of_several_lines() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        form = await on_page(pilot, "e", JobForm)
        area = form.query_one("#f-command", TextArea)
        await wait_for(pilot, lambda: area.text == "cd /srv\nls -l\n")
        overlap = form.query_one("#f-overlap", ChoiceLine)
        assert overlap.value == "queue"
        overlap.focus()
        await pilot.press("right")
        area.text = "cd /srv\nls -la\n"
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: bool(control.sent))
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) == 2)

    command = control.sent[0]
    assert isinstance(command, EditJob)
    assert command.words == {"command": "cd /srv\nls -la\n", "overlap": "replace"}
    assert isinstance(control.sent[1], UndoEdit)


async def test_the_form_gives_a_job_another_name() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("e")
        await wait_for(pilot, lambda: is_filled(pilot.app.screen))
        form = pilot.app.screen
        name = form.query_one("#f-name", Input)
        old, note = name.value, form.query_one("#n-name")
        name.value = "wal-archive"
        await wait_for(pilot, lambda: "already" in str(note.render()))
        name.value = "nightly"
        await wait_for(pilot, lambda: "history, pause and count go on" in str(note.render()))
        assert f"renamed_from: {old}" in str(form.query_one("#form-preview").render())
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: bool(control.sent))

    assert control.sent == [RenameJob(job=old, new="nightly", based_on="0" * 64)]


async def test_every_word_of_a_job_can_be_reached_in_the_form() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("e")
        await wait_for(pilot, lambda: is_filled(pilot.app.screen))
        form = pilot.app.screen
        for head in form.query(SectionHead):
            head.action_fold()
        await wait_for(pilot, lambda: len(form.query(WordRow)) == len(WORDS))
        reached = {row.word for row in form.query(WordRow) if row.display}

    assert reached == {*WORDS, "name"} - {*UNSEEN}


async def test_the_form_saves_words_of_folded_sections() -> None:
    control = FakeControl()
    control.action = "command: ls\n    notify: [{to: ops, on: [failure]}]\n    x-note: kept\n"
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("e")
        await wait_for(pilot, lambda: is_filled(pilot.app.screen))
        form = pilot.app.screen
        when = next(head for head in form.query(SectionHead) if "jitter" in head.words)
        when.focus()
        await pilot.press("enter")
        await wait_for(pilot, lambda: bool(form.query("#f-jitter")))
        form.query_one("#f-jitter", Input).value = "soon"
        note = form.query_one("#n-jitter")
        await wait_for(pilot, lambda: "is not a duration" in str(note.render()))
        form.query_one("#f-jitter", Input).value = "5m"
        form.query_one("#f-jitter_mode", ChoiceLine).set_value("random")
        await wait_for(pilot, lambda: not str(note.render()))
        when.focus()
        await pilot.press("enter")
        assert not form.query_one("#f-jitter", Input).parent.parent.display  # type: ignore[union-attr]
        status = str(form.query_one("#form-status", Static).render())
        assert status.startswith("notify: there is no notifier 'ops'")

        control.scene.settings = Settings(notifiers={"ops": "email"})
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: bool(control.sent))

    command = control.sent[0]
    assert isinstance(command, EditJob)
    assert command.words == {"jitter": "5m", "jitter_mode": "random"}


async def test_the_form_tries_what_is_typed_without_saving_it() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("e")
        form = pilot.app.screen
        await wait_for(pilot, lambda: is_filled(form))
        form.query_one("#f-command", TextArea).text = "ls"
        form.query_one("#f-timeout", Input).value = "soon"
        await pilot.press("ctrl+t")
        assert pilot.app.screen is form
        form.query_one("#f-timeout", Input).value = "5m"
        await pilot.press("ctrl+t")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, RunDialog))
        asked = str(pilot.app.screen.query_one("#dialog-text", Static).render())
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, LogView))
        await pilot.press("escape")
        assert pilot.app.screen is form

    job = control.scene.jobs["search-reindex"].job.id
    words = {"command": "ls", "timeout": "5m"}
    assert control.sent == [TryJob(job=job, words=words)]
    assert "Not as in the file: command, timeout" in asked


async def test_a_job_that_is_not_saved_yet_is_tried_as_well() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("a")
        form = pilot.app.screen
        form.query_one("#f-name", Input).value = "archive"
        form.query_one("#f-command", TextArea).text = "ls"
        await pilot.press("ctrl+t")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, RunDialog))
        await pilot.press("f2")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, LogView))

    assert control.sent == [TryJob(job="archive", words={"command": "ls"}, is_new=True)]


async def test_the_form_edits_a_job_that_something_else_runs() -> None:
    control = FakeControl()
    control.action = "monitor: true\n"
    async with app(control).run_test(size=(120, 40)) as pilot:
        form = await on_page(pilot, "e", JobForm)
        area = form.query_one("#f-command", TextArea)
        await wait_for(pilot, lambda: area.disabled)
        form.query_one("#f-description", Input).value = "mirrored at night"
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: bool(control.sent))

    command = control.sent[0]
    assert isinstance(command, EditJob)
    assert command.words == {"description": "mirrored at night"}


async def test_a_refused_edit_leaves_the_form_as_it_is() -> None:
    control = FakeControl()
    control.refusal = Answer(
        ok=False, kind="stale", message="the file has changed", sha256="9" * 64
    )
    async with app(control).run_test(size=(80, 24)) as pilot:
        form = await on_page(pilot, "e", JobForm)
        area = form.query_one("#f-command", TextArea)
        await wait_for(pilot, lambda: bool(area.text))
        area.text = "true"
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: bool(control.sent))
        await pilot.pause(0.1)
        assert pilot.app.screen is form
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("n")
        await wait_for(pilot, lambda: pilot.app.screen is form)

    again = control.sent[1]
    assert isinstance(again, EditJob)
    assert again.based_on == "9" * 64


async def test_the_log_viewer_searches() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        view = await on_page(pilot, "l", LogView)
        await wait_for(pilot, lambda: len(view.page.lines) > 5)
        await pilot.press("slash", *"erp", "enter")
        await wait_for(pilot, lambda: view.found.startswith("2 of 2"))
        await pilot.press("n")
        await wait_for(pilot, lambda: view.found.startswith("1 of 2"))
        await pilot.press("N")
        await wait_for(pilot, lambda: view.found.startswith("2 of 2"))
        await pilot.press("m", "escape")
        assert view.page.words == ""
        assert len(view.page.marks) == 1
        await pilot.press("apostrophe", "ampersand", *"refused", "enter")
        await wait_for(pilot, lambda: [line.text[-4:] for line in view.page.lines] == ["8443"])
        await pilot.press("escape")
        await wait_for(pilot, lambda: len(view.page.lines) > 5)
        await pilot.press("e")
        await wait_for(pilot, lambda: {line.stream for line in view.page.lines} == {"err"})
        await pilot.press("e")
        await wait_for(pilot, lambda: len(view.page.lines) > 5)
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Dashboard))


async def test_a_mark_below_the_last_line_is_gone_to() -> None:
    async with app().run_test(size=(120, 9)) as pilot:
        view = await on_page(pilot, "l", LogView)

        def has_mark() -> bool:
            shown = view.page.paint(view.page.size.width, view.page.size.height)
            return any("── mark" in text for line in shown for text, _ in line)

        await wait_for(pilot, lambda: len(view.page.lines) > view.page.size.height)
        await pilot.press("m", "home")
        await wait_for(pilot, lambda: view.page.view.top == 0 and not has_mark())
        await pilot.press("apostrophe")
        await wait_for(pilot, has_mark)


async def test_marked_runs_are_shown_together() -> None:
    async with app().run_test(size=(160, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("5")
        await wait_for(pilot, lambda: bool(pilot.app.screen.query(RunsBox)))
        await wait_for(pilot, lambda: bool(pilot.app.screen.query_one(RunsBox).runs))
        await pilot.press("space", "space", "l")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, LogView))
        view = pilot.app.screen
        assert isinstance(view, LogView)
        await wait_for(pilot, lambda: len(view.page.lines) == 12)
        assert view.page.has_columns
        await pilot.press("vertical_line")
        assert not view.page.has_columns
        assert view.subject() is None
        await pilot.press("q", "1")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
        await pilot.press("g", "space", "space", "l")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, LogView))


async def test_a_job_page_goes_through_its_tabs_and_to_the_next_job() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("g", "enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Detail))
        page = pilot.app.screen
        assert isinstance(page, Detail)
        first = page.job
        await pilot.press("right_square_bracket", "right_square_bracket")
        await wait_for(pilot, lambda: bool(page.log_pane.lines))
        await pilot.press("right_square_bracket", "left_square_bracket", "left_square_bracket")
        await pilot.press("left_square_bracket", "j")
        assert page.job != first
        await pilot.press("k")
        assert page.job == first


async def test_the_past_is_in_the_log_stream_of_a_new_screen() -> None:
    running = app()
    async with running.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await wait_for(pilot, lambda: running.picture.stream.lines[0].text == "start scheduled")
        texts = [line.text for line in running.picture.stream.lines]

    assert "exit 0 in 1.4s" in texts
    assert "start manual by ann" in texts


async def test_the_first_run_writes_a_sample_that_is_valid(tmp_path: Path) -> None:
    running = app(FakeControl(Snapshot(n=1)))
    file = tmp_path / "jobs.yaml"
    running._hosting = type(running._hosting)(
        has_started=True, start=lambda: None, jobs_file=str(file)
    )
    async with running.run_test(size=(100, 30)) as pilot:
        await wait_for(pilot, lambda: running.picture.is_live)
        await pilot.press("s")
        await wait_for(pilot, file.exists)

    loaded = load_text(file.read_text(), path=file, local_timezone="UTC")
    assert loaded.problems == ()
    assert len(loaded.jobs) == 5


async def test_a_gone_engine_is_said_and_can_be_started_again() -> None:
    control = FakeControl(scene())
    started: list[bool] = []
    running = app(control, has_started=False)
    running._hosting = type(running._hosting)(
        has_started=False,
        start=lambda: started.append(True),
        jobs_file="x",
        how_ended=lambda pid: f"was killed by SIGKILL, pid {pid}",
    )
    async with running.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await control.more.put(Gone(since=NOW, why="killed"))
        await wait_for(pilot, lambda: running.picture.gone is not None)
        banner = running.screen.query_one("#banner", Banner)
        await wait_for(pilot, lambda: "ENGINE STOPPED" in banner._text()[0])
        await pilot.press("t")
        told = [each.message for each in running._notifications]
        assert told == ["no engine runs: nothing was done"]
        await pilot.press("R")
        await wait_for(pilot, lambda: started == [True])
        await control.more.put(Gone(since=NOW, why="killed"))
        await wait_for(pilot, control.more.empty)
        how = f"was killed by SIGKILL, pid {scene().engine.pid}"
        assert banner._text()[0].startswith(f"! the engine {how}: starting another…")
        other = scene()
        other.engine.pid, other.engine.started_at = 17, NOW + 2 * SECOND
        await control.more.put(other)
        await wait_for(pilot, lambda: running.picture.restart is not None)
        text = "".join(part[0] for part in banner.paint(300, 1)[0])
        assert f"the engine was killed by SIGKILL, pid {scene().engine.pid} and" in text
        assert "nothing was scheduled for 2.0s, it is pid 17 now" in text


async def test_a_screen_that_found_an_engine_about_to_end_starts_the_next_one() -> None:
    ending = scene()
    ending.engine.state = "stopping"
    control = FakeControl(ending)
    started: list[bool] = []
    running = app(control, has_started=False)
    running._hosting = type(running._hosting)(
        has_started=False, start=lambda: started.append(True), jobs_file="x"
    )
    async with running.run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        banner = running.screen.query_one("#banner", Banner)
        text = "! the engine is stopping, waits for 2 runs — another starts once it is gone"
        await wait_for(pilot, lambda: banner._text()[0] == text)
        assert not started
        await control.more.put(Gone(since=NOW, why="ended"))
        await wait_for(pilot, lambda: started == [True])
        other = scene()
        other.engine.pid = 17
        await control.more.put(other)
        await wait_for(pilot, lambda: running.picture.restart is not None)
        assert not running.picture.awaits_end
        await pilot.press("q")
        await wait_for(pilot, lambda: isinstance(running.screen, Ask))


async def test_an_engine_that_cannot_be_started_is_told_of_with_its_reason() -> None:
    control = FakeControl(scene())
    starts = iter([None, CrontermError("no engine can be started: No space left on device")])

    def start() -> None:
        if (error := next(starts)) is not None:
            raise error

    running = app(control)
    running._hosting = type(running._hosting)(
        has_started=True, start=start, jobs_file="x", how_failed=lambda: "it ended with exit code 1"
    )
    async with running.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        for _ in range(2):
            await control.more.put(Gone(since=NOW, why="killed"))
        await wait_for(pilot, lambda: len(running._notifications) == 2)
        told = [each.message for each in running._notifications]

    assert told == [
        "the engine does not come up: it ended with exit code 1",
        "no engine can be started: No space left on device",
    ]
    assert running.picture.starting_since is None


async def test_the_cursor_goes_to_a_job_that_was_added() -> None:
    control = FakeControl()
    running = app(control)
    async with running.run_test(size=(80, 24)) as pilot:
        board = await board_of(pilot)
        running.show_job("zz-late")
        added = msgspec.structs.replace(running.picture.snapshot.jobs["new-job"].job, id="zz-late")
        event = JobAdded(at=NOW, job=added, counts_from=NOW, first_seen_at=NOW)
        await control.more.put(Numbered(running.picture.snapshot.n + 1, event))
        await wait_for(pilot, lambda: board.table.cursor == "zz-late")


async def test_what_overlap_refuses_is_asked_again_and_then_forced() -> None:
    control = FakeControl()
    control.refusal = Answer(
        ok=False, kind="overlap", message="run 9 of a is running", hint="with --force"
    )
    running = app(control)
    async with running.run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        job = go_to_quiet(running)
        await pilot.press("t", "t")
        await wait_for(pilot, lambda: control.sent == [RunJob(job=job)])
        await wait_for(pilot, lambda: isinstance(running.screen, Ask))
        control.refusal = None
        await pilot.press("t")
        await wait_for(pilot, lambda: control.sent[1:] == [RunJob(job=job, force=True)])


def go_to_quiet(running: CrontermApp) -> str:
    """Put the cursor on a job of which nothing runs; return it."""
    board = running.screen_stack[0]
    assert isinstance(board, Dashboard)
    board.table.go_to("cert-renew")
    return "cert-renew"


async def test_what_a_terminal_is_told_rings_and_is_shown() -> None:
    control = FakeControl()
    running = app(control)
    rung: list[bool] = []
    running.bell = lambda: rung.append(True)  # type: ignore[method-assign]
    running.ring_every_s = HOUR // SECOND  # it is over when the test says so
    title = "backup failed: exit 1"
    told: dict[str, Any] = {"at": NOW, "notifier": "t", "notices": (1,), "title": title}
    async with running.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        n = running.picture.snapshot.n
        await control.more.put(Numbered(n + 1, NoticesSent(channel="email", **told)))
        await control.more.put(Numbered(n + 2, NoticesSent(channel="terminal", **told)))
        await control.more.put(Numbered(n + 3, NoticesSent(channel="terminal", **told)))
        await control.more.put(Numbered(n + 4, NoticesSent(channel="terminal", **told)))
        await wait_for(pilot, lambda: running.picture.snapshot.n == n + 4)
        assert rung == [True]
        (wait,) = [each for each in running._timers if each._interval == running.ring_every_s]
        assert wait._callback is not None
        wait._callback()
        await wait_for(pilot, lambda: rung == [True, True])

        told_here = [each.message for each in running._notifications]
        assert told_here == [title, f"{title} (+1)"]


async def test_a_notifier_that_fails_is_said_in_the_banner() -> None:
    control = FakeControl()
    control.scene.settings = Settings(notifiers={"chat": "webhook (slack)"})
    running = app(control)
    failed = NoticesFailed(at=NOW, notifier="chat", notices=(1,), error="no\x1b[2J", retry_at=NOW)
    async with running.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await control.more.put(Numbered(running.picture.snapshot.n + 1, failed))
        banner = running.screen.query_one("#banner", Banner)
        await wait_for(pilot, lambda: "chat" in banner._text()[0])

        assert banner._text()[0].startswith("! alerts do not reach chat: no")
        assert "\x1b" not in banner._text()[0]


async def test_quit_asks_only_in_the_screen_that_started_the_engine() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("q", "n")
        assert isinstance(pilot.app.screen, Dashboard)
        await pilot.press("q", "s")
        await wait_for(pilot, lambda: bool(control.sent))
    assert isinstance(control.sent[0], ShutDown)

    attached = app(FakeControl(), has_started=False)
    async with attached.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("q")
        await pilot.pause()
    assert attached.return_value == "keep"


async def test_reload_is_a_command() -> None:
    control = FakeControl()
    async with app(control).run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("R")
        await wait_for(pilot, lambda: bool(control.sent))

    assert isinstance(control.sent[0], ReloadConfig)


@pytest.mark.parametrize("size", [(10, 3), (40, 10), (300, 100)])
async def test_no_size_breaks_the_screen(size: tuple[int, int]) -> None:
    async with app().run_test(size=size) as pilot:
        await on_dashboard(pilot)
        await pilot.press("j", "k", "G", "g")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert isinstance(pilot.app.screen, Dashboard)
