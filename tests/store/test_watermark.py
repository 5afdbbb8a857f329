"""The second memory of what was decided last."""

import os
from pathlib import Path

import pytest

from cronterm.clock import MINUTE
from cronterm.model.event import JobRenamed
from cronterm.store.sqlite import open_store
from cronterm.store.watermark import Mark, Watermark
from tests.store.facts import NOON, added, claimed, queued, started


def test_marks_survive_without_being_closed(tmp_path: Path) -> None:
    mark = Watermark(tmp_path / "watermark")
    mark.write("0badcafe", 7, 3, {"backup": 1_000, "web": 2_000})
    mark.write("0badcafe", 9, 4, {"backup": 3_000})
    read = Watermark(tmp_path / "watermark")

    assert (read.store, read.n, read.next_run) == ("0badcafe", 9, 4)
    assert read.mark("backup") == Mark(3_000, "0badcafe", 9)
    assert read.mark("web") == Mark(2_000, "0badcafe", 7)
    assert read.mark("nobody") is None
    mark.close()
    read.close()


def test_slots_of_an_earlier_store_stay_beside_the_new_ones(tmp_path: Path) -> None:
    mark = Watermark(tmp_path / "watermark")
    mark.write("0badcafe", 7, 3, {"backup": 1_000})
    mark.write("11111111", 1, 1, {"web": 5})

    assert mark.mark("backup") == Mark(1_000, "0badcafe", 7)
    mark.close()


def test_a_reserved_slot_that_was_never_written_is_no_hole(tmp_path: Path) -> None:
    mark = Watermark(tmp_path / "watermark")
    mark.reserve(["a"])
    mark.write("0badcafe", 1, 1, {"b": 1})
    mark.close()
    mark = Watermark(tmp_path / "watermark")
    mark.write("0badcafe", 2, 1, {"c": 2})
    mark.close()
    mark = Watermark(tmp_path / "watermark")

    assert (mark.mark("a"), mark.mark("b")[0], mark.mark("c")[0]) == (None, 1, 2)  # type: ignore[index]
    mark.close()


def test_it_grows_ahead_of_need(tmp_path: Path) -> None:
    path = tmp_path / "watermark"
    mark = Watermark(path)
    sizes = [path.stat().st_size]
    mark.reserve(f"job{n}" for n in range(255))
    sizes.append(path.stat().st_size)
    mark.reserve(["one more"])
    sizes.append(path.stat().st_size)

    assert sizes == [8192, 8192, 16384]
    mark.close()


@pytest.mark.parametrize("content", [b"", b"no", b"CRTWM\x00\x00\x01", os.urandom(8192)])
def test_garbage_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "watermark").write_bytes(content)
    mark = Watermark(tmp_path / "watermark")

    assert (mark.store, mark.n, mark.mark("backup")) == ("", 0, None)
    mark.close()


def test_a_store_marks_what_is_decided_once_and_by_the_name_of_the_job(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        name = store.id
        store.record([added("first"), added("second"), queued(1, "first")])
        store.record([claimed(1, "first"), started(1, "first"), queued(2, "second")])
        store.record([JobRenamed(at=NOON, job="third", old="first")])

    mark = Watermark(tmp_path / "watermark")
    assert mark.mark("first") == Mark(NOON + MINUTE, name, 3)
    assert mark.mark("second") == Mark(NOON + 2 * MINUTE, name, 6)
    assert mark.mark("third") == Mark(NOON + MINUTE, name, 7)
    assert mark.n == 7
    mark.close()
