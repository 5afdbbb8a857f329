"""One inotify instance hears for all; what it cannot hear of is told once."""

import errno
import queue
from pathlib import Path
from typing import Any

import pytest
from watchdog.events import FileSystemEvent
from watchdog.observers.inotify_c import InotifyFD

from cronterm.watch.ears import Ears, Inotify

PATIENCE_S = 20.0


class SmallKernel(InotifyFD):
    """Watches two directories and no more."""

    room = 2

    def add_callback(self, *given: Any) -> Any:
        """Watch, or refuse as Linux does."""
        if self.room == 0:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")
        self.room -= 1
        return super().add_callback(*given)


class SmallInotify(Inotify, SmallKernel):
    """Our instance on that kernel."""


def own_inotifies() -> int:
    """Return how many inotify instances this process has."""
    links = []
    for each in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(each.readlink()))
        except OSError:
            continue
    return sum("inotify" in link for link in links)


def test_many_ears_share_an_instance_and_each_hears_its_own(tmp_path: Path) -> None:
    before = own_inotifies()
    ears = Ears()
    heard: list[queue.SimpleQueue[FileSystemEvent]] = []
    for number in range(10):
        (tmp_path / f"{number}").mkdir()
        heard.append(queue.SimpleQueue())
        place = str(tmp_path / f"{number}")
        assert ears.listen(place, is_recursive=False, on_event=heard[-1].put) is not None
    assert own_inotifies() == before + 1
    (tmp_path / "7/a").write_text("x")

    assert heard[7].get(timeout=PATIENCE_S).src_path == str(tmp_path / "7/a")
    assert all(each.empty() for number, each in enumerate(heard) if number != 7)
    ears.close()
    assert own_inotifies() == before


def test_two_ears_in_one_place_both_hear_and_outlive_each_other(tmp_path: Path) -> None:
    ears = Ears()
    first: queue.SimpleQueue[FileSystemEvent] = queue.SimpleQueue()
    second: queue.SimpleQueue[FileSystemEvent] = queue.SimpleQueue()
    ear = ears.listen(str(tmp_path), is_recursive=False, on_event=first.put)
    assert ears.listen(str(tmp_path), is_recursive=True, on_event=second.put) is not None
    assert ear is not None
    (tmp_path / "a").mkdir()
    assert first.get(timeout=PATIENCE_S).src_path == str(tmp_path / "a")
    assert second.get(timeout=PATIENCE_S).src_path == str(tmp_path / "a")
    ear.stop()
    ear.join()
    (tmp_path / "b").mkdir()

    while second.get(timeout=PATIENCE_S).src_path != str(tmp_path / "b"):
        pass
    ears.close()


def test_a_tree_that_is_watched_in_part_is_told_once(tmp_path: Path) -> None:
    for name in ("one", "two", "three", "four"):
        (tmp_path / name).mkdir()
    told: list[OSError] = []
    ears = Ears(on_exhausted=told.append, make_inotify=SmallInotify)
    ear = ears.listen(str(tmp_path), is_recursive=True, on_event=lambda event: None)

    assert ear is not None
    assert ears.is_exhausted
    assert [error.errno for error in told] == [errno.ENOSPC]
    ears.close()


def test_a_place_that_is_not_there_is_no_exhaustion(tmp_path: Path) -> None:
    ears = Ears(on_exhausted=lambda error: pytest.fail(str(error)))

    assert ears.listen(f"{tmp_path}/a", is_recursive=False, on_event=lambda event: None) is None
    assert not ears.is_exhausted
    ears.close()
