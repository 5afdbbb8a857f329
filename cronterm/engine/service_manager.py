"""What a service manager is told of the engine: sd_notify(3), sd_watchdog_enabled(3)."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Mapping
from typing import Self

log = logging.getLogger("cronterm.engine")


class ServiceManager:
    """Whoever started the engine and waits for word of it; silent where nobody does."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._every_s = _watchdog_s(environ)
        self._tick: asyncio.TimerHandle | None = None
        self._has_warned = False

    def ready(self, status: Callable[[], str]) -> None:
        """Say that the engine works; from now on the loop says so itself, twice in a period.

        A loop that hangs says nothing, and is restarted. `status` is one line for people.
        """
        self._tell("READY=1", f"MAINPID={os.getpid()}", f"STATUS={status()}")
        if self._address and self._every_s is not None:
            self._beat(status)

    def _beat(self, status: Callable[[], str]) -> None:
        self._tell("WATCHDOG=1", f"STATUS={status()}")
        assert self._every_s is not None
        self._tick = asyncio.get_running_loop().call_later(self._every_s, self._beat, status)

    def stopping(self) -> None:
        """Say that the engine ends on purpose; the watchdog goes on until it has."""
        self._tell("STOPPING=1")

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *error: object) -> None:
        """Say nothing more."""
        if self._tick is not None:
            self._tick.cancel()

    def _tell(self, *fields: str) -> None:
        if not self._address:
            return
        address = self._address
        if address.startswith("@"):
            address = "\0" + address[1:]
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.setblocking(False)
                sock.sendto("\n".join(fields).encode(), address)
        except OSError as error:
            if not self._has_warned:
                log.warning("the service manager cannot be told", extra={"why": str(error)})
            self._has_warned = True


def _watchdog_s(environ: Mapping[str, str]) -> float | None:
    """Return half the period in seconds; None if no watchdog waits for this process."""
    period, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not period.isdigit() or int(period) == 0 or pid not in ("", str(os.getpid())):
        return None
    return int(period) / 2e6
