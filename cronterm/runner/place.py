"""Where a runner lives."""

from dataclasses import dataclass
from pathlib import Path

from cronterm.runner.cgroup import Cgroups


@dataclass(frozen=True)
class Place:
    """What a runner is told once."""

    directory: Path
    output: Path
    store: str
    boot: str
    linger_s: float
    cgroups: Cgroups
