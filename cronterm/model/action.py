"""Actions beside commands and Python calls: requests, kinds of other packages, nothing at all."""

from typing import Literal

import msgspec

from cronterm.clock import SECOND, Duration


class HttpTimeouts(msgspec.Struct, frozen=True, kw_only=True):
    """How long a request may take."""

    connect: Duration = 10 * SECOND
    """Per address that is tried, its TLS handshake included."""
    read: Duration = 30 * SECOND
    """Between two pieces of the answer."""
    total: Duration = 60 * SECOND
    """Names, redirects and the body included."""


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True, tag="http"):
    """A request that a process of its own makes."""

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    headers_env: tuple[tuple[str, str], ...] = ()
    """Headers whose value is a variable of the job's environment: (header, variable)."""
    body: str = ""
    expect_status: tuple[int, ...] = ()
    """Statuses that are a success; empty is 200 to 299."""
    timeouts: HttpTimeouts = HttpTimeouts()
    allow_private: bool = False
    """Addresses that only this network knows are no reason to refuse."""


class Custom(msgspec.Struct, frozen=True, kw_only=True, tag="custom"):
    """What an action kind of another package made of its words: a process."""

    kind: str
    argv: tuple[str, ...]
    env: dict[str, str] = {}
    """Below the job's own `env`."""
    stdin: str | None = None


class Monitor(msgspec.Struct, frozen=True, tag="monitor"):
    """Nothing: something else runs the job and reports it by pings."""

    kind: Literal["job", "heartbeat"] = "job"
    """`job` reports start and end, `heartbeat` is one ping."""
