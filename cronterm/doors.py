"""The doors of an engine: the private socket, and TCP where the jobs file asks for it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from cronterm.engine.host import Serve
from cronterm.engine.local import LocalControl
from cronterm.remote.far import FarDoor
from cronterm.remote.figures import Figures
from cronterm.remote.routes import Door
from cronterm.remote.server import NEAR, serve
from cronterm.remote.service import Service


def opener(socket: Path) -> Serve:
    """Return what opens the doors of an engine, the near one at `socket`."""

    async def open_doors(control: LocalControl, store: str, is_open: Callable[[], None]) -> None:
        service = Service(control, store, _render_metrics)
        near = serve(Door(service, NEAR), socket, on_ready=is_open)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(near, name="near-door")
            tasks.create_task(FarDoor(service).run(), name="far-door")

    return open_doors


def _render_metrics(figures: Figures) -> bytes:
    # The library costs 40 ms and few ask for it.
    from cronterm.remote.metrics import render_metrics

    return render_metrics(figures)
