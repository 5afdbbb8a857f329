"""Keeps `settings.api.stats_file` up to date: seed 000's stats.json, replaced as a whole."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from cronterm.config.edit import write_atomically
from cronterm.engine.bus import Bus
from cronterm.errors import CrontermError
from cronterm.model.query import AnyReply, Query, ReadStats

log = logging.getLogger("cronterm.engine")

SHORTEST_S = 10.0  # between two versions
LONGEST_S = 60.0  # the machine's load goes on when no job runs
PART_OF_TIME = 0.02  # a long history takes a while to count


async def keep_stats_file(
    bus: Bus,
    answer: Callable[[Query], Awaitable[AnyReply]],
    *,
    shortest_s: float = SHORTEST_S,
    longest_s: float = LONGEST_S,
) -> None:
    """Write the file anew when something happened, within bounds, until cancelled."""
    loop = asyncio.get_running_loop()
    said = ""
    while True:
        settings = bus.snapshot.settings
        if not settings.api.stats_file:
            await bus.wait_settings(settings)
            continue
        begun_at, n = loop.time(), bus.snapshot.n
        trouble = await _write(Path(settings.api.stats_file), answer)
        if trouble and trouble != said:
            log.error("the stats file was not written: %s", trouble)
        said = trouble
        took_s = loop.time() - begun_at
        await asyncio.sleep(max(shortest_s, took_s / PART_OF_TIME))
        rest_s = max(longest_s - (loop.time() - begun_at), 0)
        while bus.snapshot.n == n and bus.snapshot.settings == settings and rest_s > 0:
            await asyncio.sleep(min(shortest_s, rest_s))
            rest_s -= shortest_s


async def _write(path: Path, answer: Callable[[Query], Awaitable[AnyReply]]) -> str:
    """Write one version; return what was wrong, empty when nothing was."""
    try:
        stats = await answer(ReadStats())
        text = msgspec.json.format(msgspec.json.encode(stats), indent=2).decode()
        await asyncio.to_thread(_replace, path, f"{text}\n")
    except (OSError, CrontermError) as error:
        return str(error)
    return ""


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text, keep_old=False)
