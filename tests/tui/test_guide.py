"""The first minute: who sees the steps, how they are ticked off, that they never come back."""

from pathlib import Path

import yaml

from cronterm.model.event import Numbered, RunQueued
from cronterm.model.run import Cause
from cronterm.model.snapshot import Snapshot
from cronterm.tui.app import CrontermApp
from cronterm.tui.personal import Person
from cronterm.tui.remembered import Remembered
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.log_view import LogView
from cronterm.tui.widgets.guide import SAMPLES, is_to_begin_with
from tests.tui.scene import NOW, FakeControl, app, scene
from tests.tui.test_screens import on_dashboard, wait_for

CRONTERM = Path(__file__).parents[2] / "cronterm"


def example() -> Snapshot:
    """Return the scene as what `jobs.example.yaml` shows."""
    snapshot = scene()
    snapshot.engine.jobs_file = "/srv/ops/jobs.example.yaml"
    return snapshot


def shows_guide(running: CrontermApp) -> bool:
    """Tell whether the steps are in sight."""
    board = running.screen_stack[0]
    assert isinstance(board, Dashboard)
    return board.guide.display


def test_a_file_to_begin_with_is_empty_or_an_example() -> None:
    sample = (CRONTERM / "tui" / "sample.yaml").read_text(encoding="utf-8")

    assert set(yaml.safe_load(sample)["jobs"]) == SAMPLES
    assert is_to_begin_with(Snapshot())
    assert is_to_begin_with(example())
    assert not is_to_begin_with(scene())


async def test_steps_are_ticked_off_and_do_not_come_back(tmp_path: Path) -> None:
    path = tmp_path / "person.json"
    control = FakeControl(example())
    running = app(control, person=Person(tastes=Remembered(path)))
    async with running.run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        assert shows_guide(running)
        job = next(iter(running.picture.snapshot.jobs))
        begun = RunQueued(at=NOW, run=990, job=job, cause=Cause("manual"), ready_at=NOW, attempts=1)
        await control.more.put(Numbered(running.picture.snapshot.n + 1, begun))
        await pilot.press("l")
        await wait_for(pilot, lambda: isinstance(running.screen, LogView))
        await pilot.press("q")
        await wait_for(pilot, path.exists)

    assert not await is_shown(app(FakeControl(example()), person=Person(tastes=Remembered(path))))


async def is_shown(running: CrontermApp) -> bool:
    """Start a screen and tell whether it shows the steps."""
    async with running.run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        return shows_guide(running)


async def test_escape_hides_the_steps_for_good(tmp_path: Path) -> None:
    person = Person(tastes=Remembered(tmp_path / "person.json"))
    running = app(FakeControl(example()), person=person)
    async with running.run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("escape")
        await wait_for(pilot, lambda: not shows_guide(running))

    assert Remembered(tmp_path / "person.json").flag("guided")


async def test_who_knows_the_screen_or_only_looks_is_not_guided() -> None:
    assert not await is_shown(app(person=Person()))
    looking = app(FakeControl(example()), has_started=False, is_read_only=True, person=Person())
    assert not await is_shown(looking)
