"""Tests for the file that is kept up to date with the figures of the history."""

import asyncio
import contextlib
import json
import logging
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cronterm.engine.bus import Bus
from cronterm.engine.stats_file import StatsFile
from cronterm.errors import CrontermError
from cronterm.model.api import Api
from cronterm.model.event import ConfigLoaded, EngineStarted, Numbered
from cronterm.model.job import Settings
from cronterm.model.query import AnyReply, Query
from cronterm.model.snapshot import Snapshot
from cronterm.model.stats import Categories, FileEvents, make_stats
from tests.remote.door import until


class Desk:
    """A bus, and somebody who answers."""

    def __init__(self) -> None:
        self.bus = Bus(Snapshot())
        self.asked = 0
        self.trouble = ""

    async def answer(self, query: Query) -> AnyReply:
        """Return figures."""
        self.asked += 1
        if self.trouble:
            raise CrontermError(self.trouble)
        return make_stats((), Categories(self.asked, 0, 0), FileEvents())

    def configure(self, path: Path | None) -> None:
        """Put settings into force."""
        settings = Settings(api=Api(stats_file=str(path) if path else ""))
        loaded = ConfigLoaded(at=0, sha256="", settings=settings, jobs=0)
        self.bus.publish([Numbered(self.bus.snapshot.n + 1, loaded)])

    def happen(self) -> None:
        """Let something happen."""
        started = EngineStarted(at=0, pid=1, version="")
        self.bus.publish([Numbered(self.bus.snapshot.n + 1, started)])


@contextlib.asynccontextmanager
async def keeping(desk: Desk, *, longest_s: float = 60.0) -> AsyncIterator[None]:
    """Keep the file while the block runs."""
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        kept = StatsFile(desk.bus, desk.answer, shortest_s=0.001, longest_s=longest_s)
        keeper = tasks.create_task(kept.keep())
        yield
        keeper.cancel()


def versions(path: Path) -> int:
    """Return which version the file holds."""
    if not path.exists():
        return 0
    number: int = json.loads(path.read_text(encoding="utf-8"))["categories"]["time_based"]
    return number


async def test_the_file_is_written_when_it_is_asked_for_and_when_something_happens(
    tmp_path: Path,
) -> None:
    desk, path = Desk(), tmp_path / "deep" / "stats.json"
    async with keeping(desk):
        await asyncio.sleep(0)
        asked_before = desk.asked
        desk.configure(path)
        await until(lambda: versions(path) == 1)
        desk.happen()
        await until(lambda: versions(path) == 2)

    assert asked_before == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["stats.json"]


async def test_the_load_of_the_machine_is_told_although_nothing_happens(tmp_path: Path) -> None:
    desk, path = Desk(), tmp_path / "stats.json"
    desk.configure(path)
    async with keeping(desk, longest_s=0.002):
        await until(lambda: versions(path) >= 3)


async def test_another_file_is_written_at_once(tmp_path: Path) -> None:
    desk = Desk()
    desk.configure(tmp_path / "one.json")
    async with keeping(desk):
        await until(lambda: versions(tmp_path / "one.json") == 1)
        desk.configure(tmp_path / "two.json")
        await until(lambda: versions(tmp_path / "two.json") > 0)
        desk.configure(None)


async def test_what_keeps_it_from_being_written_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk()
    (tmp_path / "file").touch()
    desk.configure(tmp_path / "file" / "stats.json")
    with caplog.at_level(logging.ERROR, "cronterm.engine"):
        async with keeping(desk, longest_s=0.002):
            await until(lambda: desk.asked >= 3)
            desk.trouble = "the history cannot be read"
            await until(lambda: len(caplog.messages) == 2)

    assert "the stats file was not written: " in caplog.messages[0]
    assert "the history cannot be read" in caplog.messages[1]


async def test_the_end_has_its_version_where_a_file_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk()
    kept = StatsFile(desk.bus, desk.answer)
    await kept.write_last()
    assert desk.asked == 0

    desk.configure(tmp_path / "stats.json")
    await kept.write_last()
    assert versions(tmp_path / "stats.json") == 1
    desk.trouble = "the history cannot be read"
    await kept.write_last()
    assert caplog.messages == [f"the stats file was not written at the end: {desk.trouble}"]
