"""What an engine does beside its loop: keep the history short, read gauges while someone looks."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from cronterm.clock import Clock
from cronterm.control import Gauges
from cronterm.engine.bus import Bus
from cronterm.engine.engine import Engine
from cronterm.store.base import Store, StoreFailing
from cronterm.watch.gauges import read_gauges

log = logging.getLogger("cronterm.engine")

GAUGES_EVERY_S = 2.0
PRUNE_FIRST_S = 60.0  # after the start's own work
PRUNE_EVERY_S = 3600.0
PRUNE_SLICE = 250  # 50 ms a transaction: the loop's commits get in between


async def send_gauges(bus: Bus, clock: Clock, path: Path) -> None:
    """Offer the machine's load every two seconds, but only while somebody looks."""
    while True:
        await asyncio.sleep(GAUGES_EVERY_S)
        if not bus.has_watchers:
            continue
        load = await asyncio.to_thread(read_gauges, path)
        bus.offer(
            Gauges(
                at=clock.now().utc,
                cpu=load.cpu,
                memory=load.memory,
                disk=load.disk,
                disk_path=load.disk_path,
                load=load.load,
                memory_bytes=load.memory_bytes,
                memory_used_bytes=load.memory_used_bytes,
            )
        )


async def prune_history(
    engine: Engine, store: Store, output: Path, *, forget: Callable[[Path, int, int], None]
) -> None:
    """Keep each job's history within its bounds, now and then and in slices."""
    await asyncio.sleep(PRUNE_FIRST_S)
    while True:
        with suppress(StoreFailing):
            await _prune_once(engine, store, output, forget)
        await asyncio.sleep(PRUNE_EVERY_S)


async def _prune_once(
    engine: Engine, store: Store, output: Path, forget: Callable[[Path, int, int], None]
) -> None:
    keep = {job: view.job.keep for job, view in engine.bus.snapshot.jobs.items()}
    while True:
        now = engine.clock.now().utc
        prune = partial(store.prune, keep, now=now, limit=PRUNE_SLICE)
        pruned = await engine.in_store(prune)
        for run, attempt in pruned.attempts:
            await asyncio.to_thread(forget, output, run, attempt)
        if pruned.runs < PRUNE_SLICE:
            return
