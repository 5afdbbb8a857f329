"""What is polled: edges with room to come back, changes of attributes and variables."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from cronterm.clock import MINUTE, SECOND
from cronterm.model.trigger import Measure, OnAttribute, OnDisk, OnEnv, OnMetric, Room, Signal
from cronterm.watch.edges import Edge, Sustained
from cronterm.watch.polls import Poll, Polls
from cronterm.watch.readings import (
    AttributeReading,
    DiskReading,
    EnvReading,
    Machine,
    MetricReading,
)

PATIENCE_S = 20.0


def test_an_edge_is_told_once_until_it_came_back() -> None:
    edge = Edge()
    readings = [(False, True), (True, False), (True, False), (False, False), (True, False)]
    readings += [(False, True), (True, False)]

    assert [edge.look(is_in_trouble=bad, is_back=back) for bad, back in readings] == [
        *(False, True, False, False, False),
        *(False, True),
    ]


def looks(limit: float, values: list[float], *, hold_s: float, apart_s: float = 10) -> list[bool]:
    """Return what a sustained edge tells of readings some seconds apart."""
    edge = Sustained(limit, hold_s=hold_s, gap_s=30)
    return [edge.look(value, number * apart_s) for number, value in enumerate(values)]


def test_a_peak_is_not_sustained() -> None:
    assert looks(90, [95, 95, 50, 95, 95], hold_s=30) == [False] * 5


def test_what_lasts_is_told_once() -> None:
    assert looks(90, [95] * 6, hold_s=30) == [False, False, False, True, False, False]


def test_it_has_to_come_back_by_a_tenth() -> None:
    assert looks(90, [95, 85, 95, 80, 95], hold_s=0) == [True, False, False, False, True]


def test_a_gap_in_the_readings_starts_it_anew() -> None:
    assert looks(90, [95, 95, 95], hold_s=60, apart_s=40) == [False] * 3


# -- disks ---------------------------------------------------------------------------------------


def disk(**words: Any) -> DiskReading:
    """Return what looks at the root's file system."""
    return DiskReading(OnDisk(path="/", **words))


def test_a_disk_that_is_short_of_room_is_told_once() -> None:
    for words in ({"free_below": Room(ratio=1.0)}, {"used_above": Room(bytes=0)}):
        reading = disk(**words)
        signal = reading.look(0)

        assert signal is not None
        assert signal.text.endswith("% of / is used")
        assert set(signal.values) == {"PATH", "FREE_BYTES", "USED_PERCENT"}
        assert reading.look(1) is None


@pytest.mark.parametrize(
    "words",
    [
        {"free_below": Room(bytes=1)},
        {"free_below": Room(ratio=0.0)},
        {"used_above": Room(ratio=1.0)},
        {"used_above": Room(bytes=1 << 60)},
    ],
)
def test_a_disk_with_room_is_not_told(words: dict[str, Room]) -> None:
    assert disk(**words).look(0) is None


# -- attributes ----------------------------------------------------------------------------------


def test_changed_attributes_are_named(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("a")
    reading = AttributeReading(OnAttribute(path=str(file)))
    assert reading.look(0) is None
    assert reading.look(1) is None
    file.chmod(0o600)
    signal = reading.look(2)
    assert signal is not None
    assert signal.values["CHANGED"] == b"mode"
    assert signal.text == f"mode of {file} changed"
    file.write_text("abc")
    os.utime(file, (1, 1))
    signal = reading.look(3)

    assert signal is not None
    assert signal.values["CHANGED"] == b"mtime size"


def test_only_wanted_attributes_count(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    reading = AttributeReading(OnAttribute(path=str(tmp_path / "a"), of=("size",)))
    reading.look(0)
    (tmp_path / "a").chmod(0o600)
    assert reading.look(1) is None
    (tmp_path / "a").write_text("ab")

    assert reading.look(2) is not None


def test_a_file_that_comes_and_goes_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a"
    reading = AttributeReading(OnAttribute(path=str(file)))
    assert reading.look(0) is None
    file.write_text("a")
    came = reading.look(1)
    file.unlink()
    went = reading.look(2)

    assert came is not None
    assert went is not None
    assert [came.text, went.text] == [f"{file} is there", f"{file} is gone"]


# -- variables -----------------------------------------------------------------------------------


def test_a_variable_in_a_file_is_set_changed_and_unset(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    reading = EnvReading(OnEnv(name="X", file=str(file)), {}, {})
    texts = [
        "",
        "# X=0\nY=1\n",
        "export X=secret\n",
        "X = 'secret 2'\nY=3\n",
        "X= 'secret 2'",
        "Y=1",
    ]
    told = []
    for number, text in enumerate(texts):
        file.write_text(text)
        signal = reading.look(number)
        told.append(None if signal is None else signal.values["CHANGED"].decode())
        assert signal is None or "secret" not in repr(signal)

    assert told == [None, None, "set", "changed", None, "unset"]


def test_a_variable_in_what_is_no_file_is_a_problem_and_hangs_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(OSError, match="not a regular file"):
            EnvReading(OnEnv(name="X", file=str(place)), {}, {}).look(0)


def test_a_variable_of_the_engine_is_remembered_as_a_digest() -> None:
    environ, known = {"X": "secret"}, dict[str, str]()
    assert EnvReading(OnEnv(name="X"), environ, known).look(0) is None
    assert EnvReading(OnEnv(name="X"), environ, known).look(0) is None
    environ["X"] = "other"
    signal = EnvReading(OnEnv(name="X"), environ, known).look(0)

    assert signal is not None
    assert signal.text == "X is changed"
    assert "secret" not in repr(known)


# -- measures ------------------------------------------------------------------------------------


def test_a_measure_is_told_with_its_value() -> None:
    reading = MetricReading(
        OnMetric(measure="cpu", above=90, hold=5 * MINUTE), lambda measure: 97.0
    )
    signals = [reading.look(10.0 * number) for number in range(40)]
    told = [signal for signal in signals if signal is not None]

    assert [signal.text for signal in told] == ["cpu at 97.0%, above 90% for 300s"]
    assert told[0].values == {"METRIC": b"cpu", "VALUE": b"97.0"}
    assert signals.index(told[0]) == 30


@pytest.mark.parametrize("measure", ["memory", "swap", "load"])
def test_the_machine_has_measures(measure: Measure) -> None:
    value = Machine().measure(measure)

    assert value is not None
    assert value >= 0


def test_the_cpu_is_that_between_two_readings() -> None:
    machine = Machine()
    assert machine.measure("cpu") is None
    value: float | None = None
    while value is None:
        sum(range(1_000_000))
        value = machine.measure("cpu")

    assert 0 <= value <= 100


# -- polling -------------------------------------------------------------------------------------


class Scripted:
    """A reading that tells of each look, or hangs."""

    def __init__(self, *, hangs_until: threading.Event | None = None) -> None:
        self.looks = 0
        self.looked = threading.Semaphore(0)
        self._hangs_until = hangs_until

    def look(self, now: float) -> Signal | None:
        """Look, and count it."""
        self.looks += 1
        self.looked.release()
        if self._hangs_until is not None:
            self._hangs_until.wait(PATIENCE_S)
            return None
        if self.looks == 2:
            raise OSError("not now")
        return Signal(kind="metric", trigger="t", text=f"look {self.looks}")


def test_polls_look_at_once_and_again_and_survive_errors() -> None:
    told: list[str] = []
    reading = Scripted()
    polls = Polls()
    polls.add(Poll("t", reading, every_s=0.01, on_signal=lambda signal: told.append(signal.text)))
    for _ in range(5):
        assert reading.looked.acquire(timeout=PATIENCE_S)
    polls.close()

    assert told[:2] == ["look 1", "look 3"]


def test_a_look_that_hangs_holds_up_no_other() -> None:
    free = threading.Event()
    hanging, other = Scripted(hangs_until=free), Scripted()
    polls = Polls()
    for reading in (hanging, other):
        polls.add(Poll("t", reading, every_s=0.01, on_signal=lambda signal: None))
    for _ in range(5):
        assert other.looked.acquire(timeout=PATIENCE_S)
    free.set()
    polls.close()

    assert hanging.looks <= 2


def test_a_poll_that_is_over_tells_nothing() -> None:
    free = threading.Event()
    told: list[Signal] = []
    reading = Scripted(hangs_until=free)
    poll = Poll("t", reading, every_s=10 / SECOND, on_signal=told.append)
    poll.begin_look()
    assert reading.looked.acquire(timeout=PATIENCE_S)
    poll.is_over = True
    free.set()
    assert poll.is_ready.wait(PATIENCE_S)

    assert told == []
