"""What is visible of the engine itself."""

from typing import Literal, TypeAlias

import msgspec

from cronterm.clock import Instant

EngineState: TypeAlias = Literal["running", "stopping", "store_failing"]


class EngineView(msgspec.Struct):
    """What runs here."""

    pid: int = 0
    version: str = ""
    started_at: Instant = 0
    host: str = ""
    jobs_file: str = ""
    state: EngineState = "running"
    trouble: str = ""
    """A sentence for the banner: the store cannot commit, the history was set aside, …"""
    listeners: tuple[str, ...] = ()
    """Where the API is served over TCP."""
    listeners_trouble: str = ""
    """Why it is not served where the file says."""
