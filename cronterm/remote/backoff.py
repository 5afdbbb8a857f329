"""Who sends wrong tokens waits for the answer, longer each time. Right tokens are always heard."""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE_FAILURES = 5
FORGOTTEN_AFTER_S = 300.0
LONGEST_WAIT_S = 60
MOST_PEERS = 1_000  # the one that failed longest ago is forgotten first


@dataclass
class _Failures:
    count: int = 0
    last_at: float = 0.0


class Backoff:
    """Counts failures by peer. `now` is a clock in seconds that nobody sets."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._peers: OrderedDict[str, _Failures] = OrderedDict()

    def fail(self, peer: str) -> int:
        """Count a failure; return how many seconds this peer should wait before the next, or 0."""
        key = _network(peer)
        now = self._now()
        known = self._peers.pop(key, None)
        if known is None or now - known.last_at > FORGOTTEN_AFTER_S:
            known = _Failures()
        known.count += 1
        known.last_at = now
        self._peers[key] = known
        if len(self._peers) > MOST_PEERS:
            self._peers.popitem(last=False)
        beyond = known.count - FREE_FAILURES
        return 0 if beyond <= 0 else min(1 << min(beyond - 1, 10), LONGEST_WAIT_S)


def _network(peer: str) -> str:
    """Return what tells peers apart: an IPv6 host has a whole /64 of addresses."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    if address.version == 4:
        return peer
    return str(ipaddress.ip_network((address, 64), strict=False))
