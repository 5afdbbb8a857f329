"""Has the sensors that the definitions in force need, and brings what they see to the engine."""

import asyncio
import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

from cronterm.core.base import ConfigChanged, Signalled
from cronterm.engine.engine import Engine
from cronterm.model.trigger import Signal
from cronterm.watch.event_files import EventFiles
from cronterm.watch.sensors import Sensors

SWEEP_EVERY_S = 3600.0


class Sensing:
    """Made before the engine takes its first definitions; senses while the block runs."""

    def __init__(self, engine: Engine, *, state_dir: Path, cache: Path) -> None:
        self.files = EventFiles(state_dir / "events")
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._sensors = Sensors(
            on_signal=self._tell, files=self.files, own=state_dir, variables=cache / "variables"
        )
        self._config: ConfigChanged | None = None
        self._has_changed = asyncio.Event()
        engine.on_config = self._take_config

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sensors.close()

    async def follow(self) -> None:
        """Have the sensors that are needed now; they see what happens when it returns."""
        self._has_changed.clear()
        config = self._config
        if config is not None:
            interval = config.settings.watch.poll_interval
            await asyncio.to_thread(self._sensors.follow, config.jobs, poll_interval=interval)

    async def run(self) -> None:
        """Follow the definitions, and clear away what no run needs any more."""
        while True:
            self._sweep()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_EVERY_S):
                    while True:
                        await self._has_changed.wait()
                        await self.follow()

    def _take_config(self, config: ConfigChanged) -> None:
        self._config = config
        self._has_changed.set()

    def _tell(self, job: str, signal: Signal) -> None:
        """Take in what a sensor saw; called on its thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._engine.tell, Signalled(job, signal))

    def _sweep(self) -> None:
        snapshot = self._engine.bus.snapshot
        live = [view.live for view in snapshot.jobs.values()] + list(snapshot.removed.values())
        signals = [run.cause.signal for runs in live for run in runs.values()]
        needed = {signal.values.get("FILE", b"") for signal in signals if signal is not None}
        self.files.sweep(self._engine.clock.now().utc, needed)
