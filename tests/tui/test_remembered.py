"""What the screen keeps: written as it is put, never believed when it is rubbish."""

import json
from pathlib import Path

import pytest

from cronterm.tui.personal import Person
from cronterm.tui.remembered import LARGEST_FILE, Remembered
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.runs import RunsView
from tests.tui.scene import app
from tests.tui.test_missed import DOWNTIME, filled, read
from tests.tui.test_screens import is_filled, on_dashboard, wait_for

SORTS = ("next", "name")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "screen" / "jobs-1.json"


def kept(file: Path) -> object:
    """Return what a file holds."""
    return json.loads(file.read_text())


def keep(file: Path, text: str) -> None:
    """Write what a file shall hold."""
    file.parent.mkdir()
    file.write_text(text)


def test_what_is_put_is_there_the_next_time(file: Path) -> None:
    Remembered(file).put(sort="name", reversed=True, columns=["avg", "p95"], missed_seen=7)

    again = Remembered(file)

    assert again.word("sort", SORTS) == "name"
    assert again.flag("reversed")
    assert again.words("columns", ("p95", "avg", "ok")) == ("avg", "p95")
    assert (again.number("missed_seen"), again.number("other")) == (7, 0)
    assert again.trouble == ""
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_nothing_is_remembered_of_what_was_never_put_or_is_forgotten(file: Path) -> None:
    kept = Remembered(file)
    kept.put(sort="name", zoom="log")
    kept.put(sort=None)

    assert kept.word("sort", SORTS) is Remembered(file).word("sort", SORTS) is None
    assert kept.words("columns", ()) is None
    assert not kept.flag("reversed")
    assert Remembered(file).word("zoom", ("log",)) == "log"


def test_two_screens_do_not_forget_for_each_other(file: Path) -> None:
    one, other = Remembered(file), Remembered(file)
    one.put(sort="name")
    other.put(zoom="log")

    assert json.loads(file.read_text()) == {"sort": "name", "zoom": "log"}


@pytest.mark.parametrize(
    "rubbish",
    [b"{", b"[]", b"\xff", b"", b"[" * 60_000, b" " * LARGEST_FILE + b"{}"],
    ids=["cut", "list", "binary", "empty", "deep", "large"],
)
def test_a_file_of_rubbish_is_told_ignored_and_written_anew(file: Path, rubbish: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(rubbish)
    kept = Remembered(file)

    assert kept.word("sort", SORTS) is None
    assert kept.trouble == f"{file} cannot be read, and is ignored"
    kept.put(sort="name")
    assert json.loads(file.read_text()) == {"sort": "name"}


@pytest.mark.parametrize("value", [3, "sideways", ["name"], {}, False], ids=str)
def test_a_value_of_rubbish_is_told_and_ignored(file: Path, value: object) -> None:
    file.parent.mkdir()
    file.write_text(json.dumps({"sort": value, "columns": 7, "reversed": "yes", "zoom": "log"}))
    kept = Remembered(file)

    assert kept.word("sort", SORTS) is None
    assert "sort is not understood" in kept.trouble
    assert kept.words("columns", ("avg",)) is None
    assert not kept.flag("reversed")
    assert kept.word("zoom", ("log",)) == "log"
    assert kept.number("zoom") == 0
    assert "zoom is not understood" in kept.trouble


def test_a_link_is_not_followed(file: Path, tmp_path: Path) -> None:
    file.parent.mkdir()
    (tmp_path / "other.json").write_text('{"sort": "name"}')
    file.symlink_to(tmp_path / "other.json")
    kept = Remembered(file)

    assert kept.word("sort", SORTS) is None
    kept.put(zoom="log")
    assert (tmp_path / "other.json").read_text() == '{"sort": "name"}'


def test_where_nothing_can_be_written_it_lasts_as_long_as_the_screen(tmp_path: Path) -> None:
    (tmp_path / "screen").write_text("a file where the directory should be")
    kept = Remembered(tmp_path / "screen" / "jobs.json")
    kept.trouble = ""
    kept.put(sort="name")

    assert kept.word("sort", SORTS) == "name"
    assert kept.trouble.startswith("this is not remembered: ")


async def test_the_next_screen_on_the_same_file_looks_as_it_was_left(file: Path) -> None:
    first = app(person=Person(layout=Remembered(file)))
    async with first.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("s", "n", "S", "tab", "z", "5")
        await wait_for(pilot, lambda: isinstance(first.screen, RunsView))

    second = app(person=Person(layout=Remembered(file)))
    async with second.run_test(size=(120, 40)) as pilot:
        await wait_for(pilot, lambda: isinstance(second.screen, RunsView))
        await wait_for(pilot, lambda: is_filled(second.screen))
        await pilot.press("1")
        board = second.screen
        assert isinstance(board, Dashboard)
        assert (board.table.sort, board.table.is_reversed) == ("name", True)
        assert board.has_class("zoom-log")
        assert board.log_pane.has_focus
        await pilot.press("escape")
        assert not board.has_class("zoom-log")

    assert kept(file) == {"sort": "name", "reversed": True}


async def test_a_view_that_was_chosen_right_before_the_end_is_where_the_next_screen_begins(
    file: Path,
) -> None:
    running = app(person=Person(layout=Remembered(file)))
    async with running.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("5")
        await wait_for(pilot, lambda: kept(file) == {"view": "runs"})
        running.show_view("jobs")
        running.ask_quit()

    assert kept(file) == {}


async def test_what_was_missed_comes_before_the_view_of_the_last_time() -> None:
    layout = Remembered()
    layout.put(view="runs")
    control = filled()
    control.scene.alerts[50] = DOWNTIME
    running = app(control, person=Person(layout=layout))
    async with running.run_test(size=(120, 40)) as pilot:
        await read(pilot)
        await pilot.press("q")
        await wait_for(pilot, lambda: isinstance(running.screen, RunsView))
        await wait_for(pilot, lambda: is_filled(running.screen))


async def test_rubbish_that_was_remembered_is_told_when_the_screen_opens(file: Path) -> None:
    keep(file, "rubbish")
    running = app(person=Person(layout=Remembered(file)))
    async with running.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        told = [note.message for note in running._notifications]
        assert told == [f"{file} cannot be read, and is ignored"]
