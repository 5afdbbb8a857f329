"""A burst of changes to real files is one signal, with and without events of the kernel."""

import json
import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from cronterm.clock import HOUR, MILLISECOND, SECOND, SystemClock
from cronterm.model.command import FireHook
from cronterm.model.trigger import OnFile, Signal
from cronterm.watch.bursts import FileSensor
from cronterm.watch.changes import Change
from cronterm.watch.ears import Ears, Inotify
from cronterm.watch.event_files import LONGEST, EventFiles, printable

PATIENCE_S = 20.0
SETTLE = 150 * MILLISECOND


def exhausted(on_exhausted: object) -> NoReturn:
    """Fail as Linux does without free inotify instances."""
    raise OSError(24, "inotify instance limit reached")


class Sensed:
    """What a sensor told."""

    def __init__(self) -> None:
        self.signals: queue.SimpleQueue[Signal] = queue.SimpleQueue()
        self.refusals: list[OSError] = []
        self.sensor: FileSensor

    def next(self) -> Signal:
        """Wait for the next signal."""
        return self.signals.get(timeout=PATIENCE_S)

    def next_paths(self) -> list[str]:
        """Wait for the next signal and return the names in it."""
        return [Path(os.fsdecode(p)).name for p in self.next().values["PATHS"].split(b"\n")]


@contextmanager
def sensing(
    place: Path,
    *,
    make_inotify: Callable[..., Any] = Inotify,
    patience_s: float = 60.0,
    **words: Any,
) -> Iterator[Sensed]:
    """Give what is told of `place` while the block runs."""
    told = Sensed()
    ears = Ears(on_exhausted=told.refusals.append, make_inotify=make_inotify)
    told.sensor = FileSensor(
        OnFile(path=str(place), **{"settle": SETTLE} | words),
        on_signal=told.signals.put,
        files=EventFiles(place.parent / "events"),
        ears=ears,
        poll_s=0.1 if make_inotify is exhausted else 2.0,
        patience_s=patience_s,
    )
    told.sensor.start()
    assert told.sensor.is_ready.wait(PATIENCE_S)
    yield told
    told.sensor.end()
    told.sensor.join(PATIENCE_S)
    ears.close()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    directory = tmp_path / "in"
    directory.mkdir()
    return directory


both = pytest.mark.parametrize("make_inotify", [Inotify, exhausted], ids=["events", "polling"])


@both
def test_a_burst_is_one_signal_with_all_paths(place: Path, make_inotify: Any) -> None:
    with sensing(place, make_inotify=make_inotify) as told:
        for number in range(100):
            (place / f"{number:03}").write_text("x")
        signal = told.next()

        assert signal.text == f"created {place}/000 and 99 more"
        assert signal.counts == {"created": 100}
        assert signal.values["COUNT"] == b"100"
        assert signal.values["PATHS"].count(b"\n") == 99
        assert told.signals.empty()


@both
def test_every_kind_of_change_is_told(place: Path, make_inotify: Any) -> None:
    for name in ("changed", "gone", "from"):
        (place / name).write_text("a")
    with sensing(place, make_inotify=make_inotify) as told:
        (place / "changed").write_text("ab")
        (place / "gone").unlink()
        (place / "from").rename(place / "to")
        (place / "new").write_text("a")
        signal = told.next()

        assert signal.values["TYPES"].split() == [b"modified", b"deleted", b"created", b"moved"]
        assert signal.counts == {"modified": 1, "deleted": 1, "created": 1, "moved": 1}


@both
def test_trees_that_come_later_are_watched(place: Path, make_inotify: Any) -> None:
    with sensing(place, make_inotify=make_inotify, recursive=True) as told:
        (place / "one/two").mkdir(parents=True)
        (place / "one/two/a").write_text("a")
        assert told.next_paths() == ["a"]
        (place / "one/two/b").write_text("b")

        assert told.next_paths() == ["b"]


@both
def test_only_wanted_kinds_are_told(place: Path, make_inotify: Any) -> None:
    with sensing(place, make_inotify=make_inotify, events=("deleted",)) as told:
        (place / "a").write_text("a")
        (place / "b").write_text("b")
        (place / "a").unlink()
        (place / "marker").write_text("x")
        (place / "b").unlink()
        with pytest.raises(queue.Empty):
            told.signals.get(timeout=3 * SETTLE / SECOND)
        (place / "marker").unlink()

        assert told.next_paths() == ["marker"]


def test_a_file_that_is_still_written_is_waited_for(place: Path) -> None:
    is_over, goes = threading.Event(), []
    with sensing(place, settle=400 * MILLISECOND) as told:

        def write_slowly() -> None:
            with open(place / "a", "w") as file:
                while not is_over.wait(0.05):
                    file.write("x")
                    file.flush()
                    goes.append(1)

        writer = threading.Thread(target=write_slowly)
        writer.start()
        with pytest.raises(queue.Empty):
            told.signals.get(timeout=1.0)
        is_over.set()
        writer.join()

        assert told.next_paths() == ["a"]
        assert (place / "a").stat().st_size == len(goes)


def test_a_file_that_never_rests_holds_up_the_others_for_so_long(place: Path) -> None:
    is_over = threading.Event()
    with sensing(place, patience_s=0.5, settle=300 * MILLISECOND) as told:

        def never_rest() -> None:
            with open(place / "log", "w") as file:
                while not is_over.wait(0.02):
                    file.write("x")
                    file.flush()

        writer = threading.Thread(target=never_rest)
        writer.start()
        (place / "a").write_text("x")
        assert told.next_paths() == ["a"]
        is_over.set()
        writer.join()

        assert told.next_paths() == ["log"]


def test_a_place_that_comes_later_is_watched(tmp_path: Path) -> None:
    later = tmp_path / "a/b/later"
    with sensing(later) as told:
        later.mkdir(parents=True)
        (later / "one").write_text("x")

        assert told.next_paths() == ["one"]


def test_a_place_that_is_replaced_is_watched_again(place: Path) -> None:
    (place / "old").write_text("x")
    with sensing(place) as told:
        place.rename(place.with_name("away"))
        place.mkdir()
        (place / "new").write_text("x")
        signal = told.next()
        assert sorted(signal.values["TYPES"].split()) == [b"created", b"deleted"]
        (place / "newer").write_text("x")

        assert told.next_paths() == ["newer"]


def test_a_place_behind_a_link_is_watched(place: Path) -> None:
    link = place.with_name("link")
    link.symlink_to(place)
    with sensing(link, recursive=True) as told:
        (place / "a").write_text("x")

        assert told.next().values["PATH"] == os.fsencode(link / "a")


def test_a_single_file_is_watched(place: Path) -> None:
    with sensing(place / "a") as told:
        (place / "b").write_text("x")
        (place / "a").write_text("x")

        assert told.next().values["PATHS"] == os.fsencode(place / "a")


def test_exhausted_inotify_is_told_and_polled(place: Path) -> None:
    with sensing(place, make_inotify=exhausted) as told:
        assert told.sensor.is_polling
        assert [str(error) for error in told.refusals] == [
            "[Errno 24] inotify instance limit reached"
        ]


def test_names_reach_the_job_as_they_are_and_people_in_one_line(place: Path) -> None:
    with sensing(place) as told:
        name = b"caf\xe9\n\x1b[31m$(x)"
        (place / os.fsdecode(name)).write_text("x")
        signal = told.next()

        assert signal.values["PATH"] == os.fsencode(place) + b"/" + name
        assert signal.text.isprintable()


# -- what is too long ----------------------------------------------------------------------------


def changes_of(count: int) -> list[Change]:
    """Return many changes."""
    return [Change("created", f"/in/{'x' * 100}{number:05}") for number in range(count)]


def test_a_long_list_goes_into_a_private_file(tmp_path: Path) -> None:
    files = EventFiles(tmp_path / "events")
    signal = files.file_signal(OnFile(path="/in"), changes_of(1000))
    path = Path(os.fsdecode(signal.values["FILE"]))

    assert len(signal.values["PATHS"]) <= LONGEST
    assert signal.values["PATHS"].split(b"\n")[0] == signal.values["PATH"]
    assert signal.values["COUNT"] == b"1000"
    assert json.loads(path.read_text()) == [
        {"event": "created", "path": change.path} for change in changes_of(1000)
    ]
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_name_of_two_lines_cannot_be_taken_for_two(tmp_path: Path) -> None:
    changes = [Change("created", "/in/a\nb")]
    signal = EventFiles(tmp_path / "events").file_signal(OnFile(path="/in"), changes)
    path = Path(os.fsdecode(signal.values["FILE"]))

    assert json.loads(path.read_text()) == [{"event": "created", "path": "/in/a\nb"}]


def test_a_short_list_needs_no_file(tmp_path: Path) -> None:
    signal = EventFiles(tmp_path / "events").file_signal(OnFile(path="/in"), changes_of(3))

    assert "FILE" not in signal.values
    assert not (tmp_path / "events").exists()


@pytest.mark.parametrize("body", [b"x" * (LONGEST + 1), b"a\0b"])
def test_a_body_that_no_environment_takes_goes_into_a_file(tmp_path: Path, body: bytes) -> None:
    kept = EventFiles(tmp_path / "events").keep_body(FireHook(hook="a", body=body))

    assert kept.body == b""
    assert Path(kept.file).read_bytes() == body


def test_nobody_else_names_the_file(tmp_path: Path) -> None:
    kept = EventFiles(tmp_path).keep_body(FireHook(hook="a", body=b"x", file="/etc/shadow"))

    assert (kept.body, kept.file) == (b"x", "")


def test_files_that_nobody_needs_go_after_an_hour(tmp_path: Path) -> None:
    files = EventFiles(tmp_path / "events")
    old, needed, new = (files.keep_body(FireHook(hook="a", body=b"\0")).file for _ in range(3))
    now = SystemClock().now().utc
    for path in (old, needed):
        os.utime(path, (0, (now - 2 * HOUR) / SECOND))
    files.sweep(now, {os.fsencode(needed)})

    assert sorted(map(str, (tmp_path / "events").iterdir())) == sorted([needed, new])


def test_text_for_people_is_cut_in_the_middle() -> None:
    assert printable("a" * 300 + "\x1b", 11) == "aaaa…aaaaa\ufffd"
