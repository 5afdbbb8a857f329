"""A job's text in an editor: what is taken, and what becomes of what is not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cronterm.model.command import Answer, RenameJob, RewriteJob, UndoEdit
from cronterm.tui.app import CrontermApp
from cronterm.tui.block_edit import edit_block, edit_file
from cronterm.tui.screens.dialogs import Ask
from tests.tui.scene import FakeControl, app
from tests.tui.test_screens import on_dashboard, wait_for

JOB = "wal-archive"


def editor(*texts: tuple[str, str]) -> Callable[[str, int], None]:
    """Return an editor that replaces a text by another, each time it is opened."""
    turns = iter(texts)

    def run(path: str, line: int) -> None:
        file = Path(path)
        file.write_text(file.read_text().replace(*next(turns)))

    return run


def told(running: CrontermApp) -> list[str]:
    """Return what was said."""
    return [each.message for each in running._notifications]


def drafts(directory: Path) -> list[Path]:
    """Return the drafts that are left."""
    return [*directory.iterdir()]


@pytest.fixture(autouse=True)
def _drafts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


async def test_what_an_editor_made_is_saved_and_undone(tmp_path: Path) -> None:
    control = FakeControl()
    running = app(control)
    async with running.run_test() as pilot:
        await on_dashboard(pilot)
        running.run_worker(edit_block(running, JOB, editor(("ls -l", "ls -la"))))
        await wait_for(pilot, lambda: isinstance(running.screen, Ask))
        assert drafts(tmp_path) == []
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) == 2)

    saved = control.sent[0]
    assert isinstance(saved, RewriteJob)
    assert (saved.job, saved.based_on) == (JOB, "0" * 64)
    assert "ls -la" in saved.text


async def test_another_name_in_the_text_renames_the_job_once_that_is_said() -> None:
    control = FakeControl()
    running = app(control)
    async with running.run_test() as pilot:
        await on_dashboard(pilot)
        made = editor((f"{JOB}:", "wal:"), ("ls -l", "ls -la"))
        running.run_worker(edit_block(running, JOB, made))
        await wait_for(pilot, lambda: isinstance(running.screen, Ask))
        await pilot.press("e")
        await wait_for(pilot, lambda: isinstance(running.screen, Ask))
        await pilot.press("y")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        await wait_for(pilot, lambda: isinstance(running.screen, Ask))
        await pilot.press("u")
        await wait_for(pilot, lambda: len(control.sent) == 4)

    rewrite, *_ = control.sent
    assert isinstance(rewrite, RewriteJob)
    assert f"{JOB}:" in rewrite.text
    assert "ls -la" in rewrite.text
    assert control.sent[1:] == [
        RenameJob(job=JOB, new="wal", based_on="1" * 64),
        UndoEdit(based_on="2" * 64),
        UndoEdit(based_on="1" * 64),
    ]
    assert len(running._changes) == 0


async def test_a_refused_text_is_edited_again_or_kept(tmp_path: Path) -> None:
    control = FakeControl()
    control.refusal = Answer(ok=False, kind="stale", message="a: is no b", sha256="9" * 64)
    running = app(control)
    async with running.run_test() as pilot:
        await on_dashboard(pilot)
        made = editor(("ls -l", "ls -x"), ("ls -x", "ls -y"))
        running.run_worker(edit_block(running, JOB, made))
        await wait_for(pilot, lambda: isinstance(running.screen, Ask))
        await pilot.press("e")
        await wait_for(pilot, lambda: len(control.sent) == 2)
        await wait_for(pilot, lambda: isinstance(running.screen, Ask))
        await pilot.press("n")
        await wait_for(pilot, lambda: any("your text is in" in each for each in told(running)))

    again = control.sent[1]
    assert isinstance(again, RewriteJob)
    assert again.based_on == "9" * 64
    (draft,) = drafts(tmp_path)
    assert "ls -y" in draft.read_text()
    assert draft.stat().st_mode & 0o77 == 0


async def test_nothing_is_sent_where_nothing_changed_or_the_editor_failed(tmp_path: Path) -> None:
    def fail(path: str, line: int) -> None:
        raise OSError("vi is not there")

    control = FakeControl()
    running = app(control)
    async with running.run_test() as pilot:
        await on_dashboard(pilot)
        running.run_worker(edit_block(running, JOB, editor(("x", "x"))))
        await wait_for(pilot, lambda: told(running) == ["nothing changed"])
        assert drafts(tmp_path) == []
        running.run_worker(edit_block(running, JOB, fail))
        await wait_for(pilot, lambda: "vi is not there" in told(running))

    assert control.sent == []


def test_a_file_that_was_left_as_it_was_is_told_quietly(tmp_path: Path) -> None:
    def leave(path: str, line: int) -> None:
        """Leave without writing, as `:q!` does."""

    def write(path: str, line: int) -> None:
        Path(path).write_text(f"line {line}")

    file = tmp_path / "jobs.yaml"
    said = [edit_file(file, 3, run) for run in (leave, write, leave)]

    assert file.read_text() == "line 3"
    assert said == [
        "nothing written, jobs.yaml does not exist yet",
        "left jobs.yaml: what is saved counts at once",
        "nothing written",
    ]
