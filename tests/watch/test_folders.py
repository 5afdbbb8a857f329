"""Many files: what is noticed with events, without them, and what is no news."""

import errno
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from watchdog.observers.api import BaseObserver

from cronterm.watch.folders import FoldersWatch

PATIENCE_S = 20.0


def refuse() -> BaseObserver:
    """Have no more inotify instances."""
    raise OSError(errno.EMFILE, "Too many open files")


def is_yaml(name: str) -> bool:
    """Tell whether a name counts."""
    return name.endswith(".yaml")


class Told:
    """Waits for what is told."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.count = 0

    def __call__(self) -> None:
        """Note a change."""
        with self._condition:
            self.count += 1
            self._condition.notify_all()

    def more_than(self, count: int) -> bool:
        """Wait for more than `count` changes."""
        with self._condition:
            return self._condition.wait_for(lambda: self.count > count, PATIENCE_S)


def watch(
    told: Callable[[], None], folder: Path, *files: Path, polling: bool = False
) -> FoldersWatch:
    """Return a watch that is quick, with events or without."""
    more = {"make_observer": refuse} if polling else {}
    return FoldersWatch(
        files=map(str, files),
        folders=[str(folder)],
        counts=is_yaml,
        on_change=told,
        poll_s=0.05 if polling else 60.0,
        quiet_s=0.01,
        **more,
    )


@pytest.mark.parametrize("polling", [False, True])
def test_what_is_written_added_and_removed_is_told(tmp_path: Path, polling: bool) -> None:
    told, folder, beside = Told(), tmp_path / "a", tmp_path / "b" / "x.yaml"
    folder.mkdir()
    beside.parent.mkdir()
    beside.write_text("1")
    with watch(told, folder, beside, polling=polling):
        assert told.more_than(0)
        steps: list[Callable[[], object]] = [
            lambda: (folder / "a.yaml").write_text("1"),
            lambda: (folder / "a.yaml").write_text("12"),
            lambda: beside.write_text("123"),
            lambda: (folder / "a.yaml").unlink(),
            lambda: beside.unlink(),
        ]
        for step in steps:
            before = told.count
            step()
            assert told.more_than(before)


def test_a_link_of_a_file_is_followed(tmp_path: Path) -> None:
    told, target, link = Told(), tmp_path / "there" / "real", tmp_path / "here" / "x.yaml"
    for place in (target, link):
        place.parent.mkdir()
    target.write_text("1")
    link.symlink_to(target)
    with watch(told, tmp_path / "no", link):
        assert told.more_than(0)
        before = told.count
        target.write_text("12")
        assert told.more_than(before)


def test_names_that_do_not_count_are_no_reason_to_look(tmp_path: Path) -> None:
    told = Told()
    watching = watch(told, tmp_path, tmp_path / "x.yaml")
    with watching:
        assert told.more_than(0)
        assert not watching._is_reason(str(tmp_path / "other.txt"))
        assert watching._is_reason(str(tmp_path / "y.yaml"))


def test_a_link_that_moves_between_the_folder_and_its_files_is_noticed(tmp_path: Path) -> None:
    told = Told()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.yaml").write_text(name)
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    with watch(told, tmp_path):
        assert told.more_than(0)
        known = told.count
        (tmp_path / "..data_tmp").symlink_to("two")
        (tmp_path / "..data_tmp").rename(tmp_path / "..data")
        assert told.more_than(known)
