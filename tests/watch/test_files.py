"""Every way of saving a file is one change; everything else is none."""

import logging
import os
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from watchdog.events import FileModifiedEvent, FileMovedEvent
from watchdog.observers.api import BaseObserver, EventEmitter

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


def by_real_vim(path: Path, text: str, backupcopy: str) -> None:
    """Save with the vim of this machine."""
    words = ["-c", f"set writebackup backupcopy={backupcopy}", "-c", f"%s/.*/{text.strip()}/"]
    subprocess.run(
        ["vim", "-u", "NONE", "-N", "-es", *words, "-c", "wq", str(path)],
        stdin=subprocess.DEVNULL,
        check=True,
    )


def by_cp(path: Path, text: str) -> None:
    """Copy another file over it."""
    other = path.parent.parent / "other"
    other.write_text(text)
    subprocess.run(["cp", str(other), str(path)], check=True)


def by_mv(path: Path, text: str) -> None:
    """Move the old one out of the directory and another one in."""
    other = path.parent.parent / "other"
    other.write_text(text)
    path.rename(path.parent.parent / "gone")
    other.rename(path)


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


def by_swapping_directories(path: Path, text: str) -> None:
    """Prepare a directory and put it where the old one was, which stays."""
    directory, new = path.parent, path.parent.with_name("new")
    new.mkdir()
    (new / path.name).write_text(text)
    directory.rename(directory.with_name("kept"))
    new.rename(directory)


def by_the_same_directory_anew(path: Path, text: str) -> None:
    """Delete the whole directory and make it again, often under the same inode number."""
    shutil.rmtree(path.parent)
    path.parent.mkdir()
    path.write_text(text)


@contextmanager
def watching(
    path: Path, *, quiet_s: float = 0.3, poll_s: float = PATIENCE_S / 2
) -> Iterator[Heard]:
    """Watch `path` with what it told; a look every so often comes too late for one that waits."""
    heard = Heard(path)
    with FileWatch(path, on_change=heard, quiet_s=quiet_s, poll_s=poll_s):
        yield heard


SAVES = [
    in_place,
    by_vim,
    by_sed,
    by_rename,
    by_cp,
    by_mv,
    by_git,
    by_appending,
    by_many_writes,
    with_the_old_times,
    by_a_new_directory,
    by_swapping_directories,
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


@pytest.mark.skipif(shutil.which("vim") is None, reason="there is no vim on this machine")
@pytest.mark.parametrize("backupcopy", ["no", "yes", "auto"])
def test_vim_saves_once_however_it_keeps_its_copy(tmp_path: Path, backupcopy: str) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(OLD)
    with watching(path) as heard:
        by_real_vim(path, NEW, backupcopy)
        heard.wait_for(NEW)

    assert heard.contents == [NEW]


def test_a_busy_neighbour_does_not_delay_a_change(tmp_path: Path) -> None:
    """Jobs write their logs beside jobs.yaml: only names that matter are a reason to look."""
    path = tmp_path / "jobs.yaml"
    path.write_text(OLD)
    is_over = threading.Event()

    def write_log() -> None:
        while not is_over.wait(0.02):
            (tmp_path / "log").write_text("x")
            (tmp_path / "log").rename(tmp_path / "log.1")

    neighbour = threading.Thread(target=write_log)
    neighbour.start()
    try:
        with watching(path, poll_s=PATIENCE_S) as heard:
            saved_at = time.monotonic()
            in_place(path, NEW)
            heard.wait_for(NEW)
            assert time.monotonic() - saved_at < 1.5  # it is 0.3; the most it waits for quiet is 2
    finally:
        is_over.set()
        neighbour.join()


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
        (tmp_path / "neighbour").write_text("x")
        in_place(path, NEW)
        heard.wait_for(NEW)

    assert heard.contents == [NEW]


def test_who_may_change_the_file_is_a_change(tmp_path: Path) -> None:
    """A file that others may write is refused: `chmod` mends it, its content stays."""
    path = tmp_path / "place" / "jobs.yaml"
    path.parent.mkdir(mode=0o755)
    path.write_text(OLD)
    with watching(path, quiet_s=0.02) as heard:
        path.chmod(0o606)
        heard.wait_for(OLD)
        heard.contents.clear()
        path.parent.chmod(0o707)
        heard.wait_for(OLD)


def test_a_file_that_goes_and_comes_back_has_changed_twice(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(OLD)
    with watching(path, quiet_s=0.02) as heard:
        path.unlink()
        heard.wait_for("")
        path.write_text(OLD)
        heard.wait_for(OLD)

    assert heard.contents == ["", OLD]


def test_a_directory_that_comes_later_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "much" / "later" / "jobs.yaml"
    with watching(path, quiet_s=0.02) as heard:
        path.parent.mkdir(parents=True)
        by_rename(path, NEW)
        heard.wait_for(NEW)
        shutil.rmtree(path.parent)
        heard.wait_for("")
        path.parent.mkdir()
        in_place(path, LAST)
        heard.wait_for(LAST)


def test_links_that_lead_in_a_circle_are_no_file(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.symlink_to("other")
    (tmp_path / "other").symlink_to("jobs.yaml")
    with watching(path, quiet_s=0.02) as heard:
        by_rename(path, NEW)
        heard.wait_for(NEW)

    assert heard.contents == [NEW]


def test_a_link_in_the_middle_of_the_way_is_turned(tmp_path: Path) -> None:
    """`jobs.yaml -> current/jobs.yaml`, `current -> release-1`: a deployment turns `current`."""
    for release, text in (("1", OLD), ("2", NEW)):
        (tmp_path / "srv" / f"release-{release}").mkdir(parents=True)
        (tmp_path / "srv" / f"release-{release}" / "jobs.yaml").write_text(text)
    (tmp_path / "srv" / "current").symlink_to("release-1")
    path = tmp_path / "jobs.yaml"
    path.symlink_to(tmp_path / "srv" / "current" / "jobs.yaml")
    with watching(path) as heard:
        (tmp_path / "srv" / "turned").symlink_to("release-2")
        (tmp_path / "srv" / "turned").replace(tmp_path / "srv" / "current")
        heard.wait_for(NEW)
        in_place(tmp_path / "srv" / "release-2" / "jobs.yaml", LAST)
        heard.wait_for(LAST)

    assert heard.contents == [NEW, LAST]


@pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_has_changed_and_is_back_when_it_may(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(OLD)
    with watching(path, quiet_s=0.02) as heard:
        path.chmod(0)
        heard.wait_for("")
        path.chmod(0o600)
        heard.wait_for(OLD)


def test_what_changed_since_the_caller_read_it_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(OLD)
    known = digest(path)
    path.write_text(NEW)
    heard = Heard(path)
    with FileWatch(path, on_change=heard, known=known):
        heard.wait_for(NEW)


class NoMoreWatches(BaseObserver):
    """An observer on a machine whose inotify watches are used up: told when it starts."""

    def __init__(self) -> None:
        super().__init__(emitter_class=EventEmitter)

    def start(self) -> NoReturn:
        raise OSError(28, "inotify watch limit reached")


def no_more_instances() -> NoReturn:
    """Make no observer: inotify instances are used up."""
    raise OSError(24, "inotify instance limit reached")


@pytest.mark.parametrize(
    ("make_observer", "why"),
    [
        (no_more_instances, "[Errno 24] inotify instance limit reached"),
        (NoMoreWatches, "[Errno 28] inotify watch limit reached"),
    ],
)
def test_without_inotify_it_looks_every_so_often_and_says_so_once(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    make_observer: Callable[[], BaseObserver],
    why: str,
) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(OLD)
    heard = Heard(path)
    watch = FileWatch(path, on_change=heard, make_observer=make_observer, poll_s=0.02, quiet_s=0.02)
    with caplog.at_level(logging.WARNING), watch:
        in_place(path, NEW)
        heard.wait_for(NEW)
        with_the_old_times(path, LAST)
        heard.wait_for(LAST)
        assert watch.is_polling

    assert [record.getMessage() for record in caplog.records] == [
        f"no file events, looking every 0.02 s: {why}"
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


def test_an_end_is_soon_and_leaves_no_thread(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(OLD)
    before = threading.active_count()
    asked_at = 0.0
    with watching(path, quiet_s=PATIENCE_S) as heard:
        in_place(path, NEW)
        asked_at = time.monotonic()

    assert time.monotonic() - asked_at < PATIENCE_S / 2
    assert threading.active_count() == before
    assert heard.contents == []


def test_nobody_wakes_up_for_a_file_that_is_read_or_for_its_neighbours(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(OLD)
    watch = FileWatch(path, on_change=Heard(path))
    events = [
        FileModifiedEvent(str(tmp_path / "neighbour")),
        FileMovedEvent(str(tmp_path / "one"), str(tmp_path / "other")),
    ]
    with watch:
        for event in events:
            assert not watch.is_reason(event)
        assert watch.is_reason(FileMovedEvent(str(path), str(tmp_path / "jobs.yaml~")))
        assert watch.is_reason(FileMovedEvent(str(tmp_path / ".beside"), str(path)))
