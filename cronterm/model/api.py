"""The API on TCP: where it listens and what it gives, as `settings.api` says."""

from typing import Literal, TypeAlias

import msgspec

Scope: TypeAlias = Literal["read", "operate"]
"""What a token allows: to look, or to look and to act."""


class Listener(msgspec.Struct, frozen=True):
    """An address to listen at. `host` is an IP address, never a name."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address as people write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


class Api(msgspec.Struct, frozen=True, kw_only=True):
    """`settings.api`. Without `listen` there is the Unix socket only."""

    listen: tuple[Listener, ...] = ()
    token_file: str = ""
    """Absolute; never empty where there is a listener."""
    hosts: tuple[str, ...] = ()
    """Names in lower case that requests may call this machine by, besides its addresses."""
    metrics: bool = False
    """Give `/metrics` over TCP."""
    stats_file: str = ""
    """Absolute: what `cronterm stats --json` prints, written anew as things happen."""
