"""Sensors come and go with the definitions, and stay while nothing about them changes."""

import json
import os
import queue
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cronterm.clock import HOUR, SECOND
from cronterm.model.trigger import OnEnv, OnFile, OnMetric, OnWebhook, Signal, Trigger
from cronterm.watch.event_files import EventFiles
from cronterm.watch.sensors import Sensors
from tests.core.clockwork import job

PATIENCE_S = 20.0


class Told:
    """Sensors and what they told."""

    def __init__(self, own: Path, environ: Mapping[str, str]) -> None:
        self.signals: queue.SimpleQueue[tuple[str, Signal]] = queue.SimpleQueue()
        self.sensors = Sensors(
            on_signal=lambda job_id, signal: self.signals.put((job_id, signal)),
            files=EventFiles(own / "events"),
            own=own,
            variables=own / "variables",
            environ=environ,
        )

    def follow(self, **jobs: tuple[Trigger, ...]) -> None:
        """Take in definitions."""
        self.sensors.follow([job(name, triggers=triggers) for name, triggers in jobs.items()])

    def next(self) -> tuple[str, str]:
        """Wait for the next signal: its job, and what happened."""
        name, signal = self.signals.get(timeout=PATIENCE_S)
        return name, signal.text


@contextmanager
def sensing(own: Path, environ: Mapping[str, str] = os.environ) -> Iterator[Told]:
    """Give sensors and close them."""
    told = Told(own, environ)
    try:
        yield told
    finally:
        told.sensors.close()


def on_file(path: Path) -> OnFile:
    """Return a trigger that is told at once."""
    return OnFile(path=str(path), settle=0)


def test_every_job_that_waits_for_a_file_is_told(tmp_path: Path) -> None:
    own, place = tmp_path / "own", tmp_path / "in"
    own.mkdir()
    place.mkdir()
    with sensing(own) as told:
        told.follow(a=(on_file(place), OnWebhook(path="x")), b=(on_file(place),), c=())
        (place / "f").write_text("x")

        assert {told.next()[0], told.next()[0]} == {"a", "b"}


def test_what_leaves_the_definitions_is_not_told_any_more(tmp_path: Path) -> None:
    own, old, new = tmp_path / "own", tmp_path / "old", tmp_path / "new"
    for each in (own, old, new):
        each.mkdir()
    with sensing(own) as told:
        told.follow(a=(on_file(old),))
        told.follow(a=(on_file(new),))
        (old / "f").write_text("x")
        (new / "f").write_text("x")

        assert told.next() == ("a", f"created {new}/f")
        assert told.signals.empty()


def test_a_reload_keeps_the_sensors_of_what_is_the_same(tmp_path: Path) -> None:
    always = OnMetric(measure="memory", above=0, every=HOUR)
    with sensing(tmp_path) as told:
        told.follow(a=(always,))
        assert told.next()[0] == "a"
        told.follow(a=(always,), b=())
        told.follow(a=(always, OnWebhook(path="x")))

        assert told.signals.empty(), "it did not begin anew"


def test_what_cronterm_writes_itself_is_no_event(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    with sensing(own) as told:
        told.follow(a=(OnFile(path=str(tmp_path), recursive=True, settle=0),))
        (own / "history.db").write_text("x")
        (tmp_path / "f").write_text("x")

        assert told.next() == ("a", f"created {tmp_path}/f")
        assert told.signals.empty()


def test_variables_of_the_engine_are_remembered_for_the_next_one(tmp_path: Path) -> None:
    trigger = OnEnv(name="X", every=HOUR)
    with sensing(tmp_path, {"X": "secret"}) as told:
        told.follow(a=(trigger,))
        assert told.signals.empty()
    assert (tmp_path / "variables").stat().st_mode & 0o777 == 0o600
    with sensing(tmp_path, {"X": "other"}) as told:
        told.follow(a=(trigger,))

        assert told.next() == ("a", "X is changed")


def test_a_memory_that_cannot_be_read_or_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "variables").write_text(json.dumps({"X": 5}))
    with sensing(tmp_path, {"X": "a"}) as told:
        told.follow(a=(OnEnv(name="X", every=SECOND),))
        assert told.signals.empty()
    with sensing(tmp_path / "missing", {"X": "a"}) as told:
        told.follow(a=(OnEnv(name="X", every=SECOND),))

        assert told.signals.empty()
