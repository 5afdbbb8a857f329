"""Keeps `settings.api.stats_file` up to date: seed 000's stats.json, replaced as a whole."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from cronterm.config.edit import write_atomically
from cronterm.engine.bus import Bus
from cronterm.errors import CrontermError
from cronterm.model.job import Settings
from cronterm.model.query import AnyReply, Query, ReadStats

log = logging.getLogger("cronterm.engine")

SHORTEST_S = 10.0  # between two versions
LONGEST_S = 60.0  # the machine's load goes on when no job runs
LAST_LIMIT_S = 5.0  # the end of the engine waits for it
PART_OF_TIME = 0.02  # a long history takes a while to count


class StatsFile:
    """The file that the settings name, if they do."""

    def __init__(
        self,
        bus: Bus,
        answer: Callable[[Query], Awaitable[AnyReply]],
        *,
        shortest_s: float = SHORTEST_S,
        longest_s: float = LONGEST_S,
    ) -> None:
        self._bus = bus
        self._answer = answer
        self._shortest_s = shortest_s
        self._longest_s = longest_s
        self._turn = threading.Lock()  # a version that was given up is still being written

    async def keep(self) -> None:
        """Write the file anew when something happened, within bounds, until cancelled."""
        loop = asyncio.get_running_loop()
        said = ""
        while True:
            settings = self._bus.snapshot.settings
            if not settings.api.stats_file:
                await self._bus.wait_settings(settings)
                continue
            begun_at, n = loop.time(), self._bus.snapshot.n
            trouble = await self._write(Path(settings.api.stats_file))
            if trouble and trouble != said:
                log.error("the stats file was not written: %s", trouble)
            said = trouble
            took_s = loop.time() - begun_at
            await asyncio.sleep(max(self._shortest_s, took_s / PART_OF_TIME))
            rest_s = max(self._longest_s - (loop.time() - begun_at), 0)
            while self._is_as_it_was(settings, n) and rest_s > 0:
                await asyncio.sleep(min(self._shortest_s, rest_s))
                rest_s -= self._shortest_s

    def _is_as_it_was(self, settings: Settings, n: int) -> bool:
        return self._bus.snapshot.n == n and self._bus.snapshot.settings == settings

    async def write_last(self) -> None:
        """Write the file once more, where one is kept: nothing happens after this."""
        path = self._bus.snapshot.settings.api.stats_file
        try:
            async with asyncio.timeout(LAST_LIMIT_S):
                trouble = await self._write(Path(path)) if path else ""
        except TimeoutError:
            trouble = f"it took longer than {LAST_LIMIT_S:g}s"
        if trouble:
            log.error("the stats file was not written at the end: %s", trouble)

    async def _write(self, path: Path) -> str:
        """Write one version; return what was wrong, empty when nothing was."""
        try:
            stats = await self._answer(ReadStats())
            text = msgspec.json.format(msgspec.json.encode(stats), indent=2).decode()
            await asyncio.to_thread(self._replace, path, f"{text}\n")
        except (OSError, CrontermError) as error:
            return str(error)
        return ""

    def _replace(self, path: Path, text: str) -> None:
        with self._turn:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text, keep_old=False)
