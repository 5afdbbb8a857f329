"""Every way of saving a file is one change; everything else is none."""

import logging
import os
import queue
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from watchdog.observers.api import BaseObserver

from cronterm.watch.files import FileWatch, digest

PATIENCE_S = 20.0

OLD, NEW, LAST = "old: 1\n", "new: 1\n", "last: 1\n"


class Heard:
    """What a watch told, as the content of the file at that moment ("" where it was gone)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.contents: list[str] = []
        self._told: queue.SimpleQueue[str] = queue.SimpleQueue()

    def __call__(self) -> None:
        try:
            self._told.put(self.path.read_text())
        except OSError:
            self._told.put("")

    def wait_for(self, content: str) -> None:
        """Wait until a change to `content` is told; raises queue.Empty when it never is."""
        while not self.contents or self.contents[-1] != content:
            self.contents.append(self._told.get(timeout=PATIENCE_S))


def in_place(path: Path, text: str) -> None:
    """Save as nano and vim.tiny do, and `>`: the same file, emptied and written."""
    with open(path, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def by_vim(path: Path, text: str) -> None:
    """Save as vim does: the old file becomes a copy, a new one is written, the copy goes."""
    (path.parent / "4913").touch()
    (path.parent / "4913").unlink()
    copy = path.with_name(f"{path.name}~")
    path.rename(copy)
    in_place(path, text)
    copy.unlink()


def by_sed(path: Path, text: str) -> None:
    """Save with `sed -i`."""
    subprocess.run(["sed", "-i", f"s/.*/{text.strip()}/", str(path)], check=True)


def by_rename(path: Path, text: str) -> None:
    """Save as cronterm and most editors do: beside, then renamed."""
    beside = path.with_name(".beside")
    beside.write_text(text)
    beside.replace(path)


def by_git(path: Path, text: str) -> None:
    """Save as a checkout does: removed and made anew."""
    path.unlink()
    in_place(path, text)


def by_appending(path: Path, text: str) -> None:
    """Append, so that the content is the new one in the end."""
    os.truncate(path, 0)
    with open(path, "a") as file:
        file.write(text)


def by_many_writes(path: Path, text: str) -> None:
    """Save in fifty steps."""
    for step in range(50):
        in_place(path, f"step: {step}\n")
    in_place(path, text)


def with_the_old_times(path: Path, text: str) -> None:
    """Save so that neither size nor time of the file tell it."""
    about = path.stat()
    in_place(path, text)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def by_a_new_directory(path: Path, text: str) -> None:
    """Rename the whole directory away and put another in its place."""
    directory = path.parent
    directory.rename(directory.with_name("away"))
    directory.mkdir()
    path.write_text(text)
    shutil.rmtree(directory.with_name("away"))


def by_the_same_directory_anew(path: Path, text: str) -> None:
    """Delete the whole directory and make it again, often under the same inode number."""
    shutil.rmtree(path.parent)
    path.parent.mkdir()
    path.write_text(text)


@contextmanager
def watching(path: Path, *, quiet_s: float = 0.3) -> Iterator[Heard]:
    """Watch `path` with what it told."""
    heard = Heard(path)
    with FileWatch(path, on_change=heard, quiet_s=quiet_s):
        yield heard


SAVES = [
    in_place,
    by_vim,
    by_sed,
    by_rename,
    by_git,
    by_appending,
    by_many_writes,
    with_the_old_times,
    by_a_new_directory,
    by_the_same_directory_anew,
]


@pytest.mark.parametrize("save", SAVES)
def test_each_way_of_saving_is_one_change_and_the_next_is_seen_too(
    tmp_path: Path, save: Callable[[Path, str], None]
) -> None:
    path = tmp_path / "place" / "jobs.yaml"
    path.parent.mkdir()
    path.write_text(OLD)
    with watching(path) as heard:
        save(path, NEW)
        heard.wait_for(NEW)
        by_rename(path, LAST)
        heard.wait_for(LAST)

    assert [content for content in heard.contents if content] == [NEW, LAST]


def test_a_link_into_another_directory_is_followed(tmp_path: Path) -> None:
    path, target = tmp_path / "a" / "jobs.yaml", tmp_path / "b" / "real.yaml"
    path.parent.mkdir()
    target.parent.mkdir()
    target.write_text(OLD)
    path.symlink_to(target)
    with watching(path) as heard:
        in_place(target, NEW)
        heard.wait_for(NEW)
        by_rename(target, LAST)
        heard.wait_for(LAST)

    assert heard.contents == [NEW, LAST]


def test_a_link_that_is_turned_elsewhere_is_followed_there(tmp_path: Path) -> None:
    path, one, two = tmp_path / "jobs.yaml", tmp_path / "1" / "f", tmp_path / "2" / "f"
    for target, text in ((one, OLD), (two, NEW)):
        target.parent.mkdir()
        target.write_text(text)
    path.symlink_to(one)
    with watching(path) as heard:
        (tmp_path / "turned").symlink_to(two)
        (tmp_path / "turned").replace(path)
        heard.wait_for(NEW)
        in_place(two, LAST)
        heard.wait_for(LAST)

    assert heard.contents == [NEW, LAST]


def test_a_config_map_is_swapped(tmp_path: Path) -> None:
    """The kubelet moves only `..data`; the name of the file itself never has an event."""

    def version(name: str, text: str) -> None:
        place = tmp_path / f"..{name}"
        place.mkdir()
        (place / "jobs.yaml").write_text(text)
        (tmp_path / "..data_tmp").symlink_to(place.name)
        (tmp_path / "..data_tmp").replace(tmp_path / "..data")

    version("1", OLD)
    path = tmp_path / "jobs.yaml"
    path.symlink_to("..data/jobs.yaml")
    with watching(path) as heard:
        version("2", NEW)
        heard.wait_for(NEW)
        shutil.rmtree(tmp_path / "..1")
        version("3", LAST)
        heard.wait_for(LAST)

    assert heard.contents == [NEW, LAST]


def test_the_same_content_is_no_change(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(OLD)
    with watching(path) as heard:
        path.touch()
        by_rename(path, OLD)
        path.chmod(0o600)
        (tmp_path / "neighbour").write_text("x")
        in_place(path, NEW)
        heard.wait_for(NEW)

    assert heard.contents == [NEW]


def test_a_file_that_goes_and_comes_back_has_changed_twice(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(OLD)
    with watching(path, quiet_s=0.02) as heard:
        path.unlink()
        heard.wait_for("")
        path.write_text(OLD)
        heard.wait_for(OLD)

    assert heard.contents == ["", OLD]


def test_a_directory_that_comes_later_is_found_by_looking(tmp_path: Path) -> None:
    path = tmp_path / "later" / "jobs.yaml"
    heard = Heard(path)
    with FileWatch(path, on_change=heard, poll_s=0.05, quiet_s=0.02) as watch:
        assert watch.is_polling
        path.parent.mkdir()
        by_rename(path, NEW)
        heard.wait_for(NEW)
        assert not watch.is_polling


def test_what_changed_since_the_caller_read_it_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(OLD)
    known = digest(path)
    path.write_text(NEW)
    heard = Heard(path)
    with FileWatch(path, on_change=heard, known=known):
        heard.wait_for(NEW)


class NoInotify(BaseObserver):
    """An observer on a machine whose inotify instances are used up."""

    def __init__(self) -> None:
        super().__init__(emitter_class=None)  # type: ignore[arg-type]  # it never gets that far

    def schedule(self, *args: object, **kwargs: object) -> NoReturn:
        raise OSError(24, "inotify instance limit reached")


def test_without_inotify_it_looks_every_so_often_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(OLD)
    heard = Heard(path)
    watch = FileWatch(path, on_change=heard, make_observer=NoInotify, poll_s=0.02, quiet_s=0.02)
    with caplog.at_level(logging.WARNING), watch:
        in_place(path, NEW)
        heard.wait_for(NEW)
        with_the_old_times(path, LAST)
        heard.wait_for(LAST)
        assert watch.is_polling

    assert [record.getMessage() for record in caplog.records] == [
        "no file events, looking every 0.02 s: [Errno 24] inotify instance limit reached"
    ]


@pytest.mark.parametrize("kind", ["fifo", "device", "directory", "huge", "missing", "memory"])
def test_what_is_no_file_is_never_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "jobs.yaml"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "directory":
        path.mkdir()
    elif kind == "huge":
        with open(path, "wb") as file:
            file.truncate(1 << 40)
    elif kind == "memory":
        path.symlink_to("/proc/self/mem")

    assert digest(path) == ""


def test_an_end_while_it_waits_for_quiet_is_soon(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(OLD)
    with watching(path) as heard:
        in_place(path, NEW)

    assert heard.contents == []
