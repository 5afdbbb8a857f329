"""How loaded the machine is."""

import os
from pathlib import Path

import msgspec
import psutil


class MachineLoad(msgspec.Struct, frozen=True):
    """One reading. `cpu`, `memory` and `disk` are ratios 0 to 1."""

    cpu: float
    """Since the reading before; 0 at the first."""
    memory: float
    disk: float
    disk_path: str
    """The mount point that `disk` is about."""
    load: float
    memory_bytes: int
    memory_used_bytes: int


def read_gauges(path: Path, *, over_s: float | None = None) -> MachineLoad:
    """Read the load of the machine and of the file system that holds `path`.

    With `over_s` the CPU is watched for so long, instead of since the reading before.
    """
    memory = psutil.virtual_memory()
    disk = psutil.disk_usage(str(path))
    return MachineLoad(
        cpu=psutil.cpu_percent(interval=over_s) / 100,
        memory=memory.percent / 100,
        disk=disk.percent / 100,
        disk_path=_mount_point(path),
        load=os.getloadavg()[0],
        memory_bytes=memory.total,
        memory_used_bytes=memory.total - memory.available,
    )


def _mount_point(path: Path) -> str:
    place = path.resolve()
    while not place.is_mount():
        place = place.parent
    return str(place)
