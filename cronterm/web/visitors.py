"""Who may come in: by the right name, from our own page, with what the printed address gave."""

import hmac
import ipaddress
import secrets
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

MOST_BROWSERS = 32  # the oldest has to be let in anew
COOKIE = "cronterm"


class Refusal(NamedTuple):
    """Why somebody is not let in, as an HTTP status and a sentence."""

    status: int
    why: str


class Visitors:
    """The keys of one server: an address that is good once, and what browsers got for theirs.

    `url` is what others call this server by, where a proxy stands before it. `place` is the path
    under which everything lies: cookies know no ports, and without the path the browser would hand
    ours to every other server of this machine.
    """

    def __init__(self, url: str = "") -> None:
        self._url = urlsplit(url.lower())
        self._token = secrets.token_urlsafe(32)
        self._browsers: deque[str] = deque(maxlen=MOST_BROWSERS)
        self.place = f"/{secrets.token_urlsafe(16)}/"

    @property
    def login(self) -> str:
        """The path and query that let one browser in."""
        return f"/?token={self._token}"

    def refuse_stranger(
        self, host: str, reached: str, headers: Mapping[str, str], *, is_login: bool
    ) -> Refusal | None:
        """Return why a request for `host` is refused, whatever it brings, or None.

        `reached` is the address that it came to. A page that had its own name point here (DNS
        rebinding) comes with that name. Whoever follows a link comes from a foreign page: that may
        log in, and nothing else.
        """
        if not self._is_ours(host.lower(), reached):
            return Refusal(421, "This is not the name of this server; --url says another one.")
        origin = headers.get("Origin")
        if origin is not None and origin.lower() != self._origin(host.lower()):
            return Refusal(403, "Other pages may not ask.")
        site = headers.get("Sec-Fetch-Site", "none")
        if not is_login and site not in ("same-origin", "none"):
            return Refusal(403, "Other pages may not ask.")
        return None

    def is_secure(self, host: str) -> bool:
        """Tell whether a browser that asks for `host` does so by TLS, at a proxy."""
        return self._origin(host.lower()).startswith("https://")

    def let_in(self, token: str) -> str | None:
        """Return the cookie for a token, which is good no more, or None for a wrong one."""
        if not _is_same(token, self._token):
            return None
        self._token = secrets.token_urlsafe(32)
        cookie = secrets.token_urlsafe(32)
        self._browsers.append(cookie)
        return cookie

    def knows(self, cookie: str) -> bool:
        """Tell whether a cookie is one of ours."""
        return any(_is_same(cookie, each) for each in self._browsers)

    def _origin(self, host: str) -> str:
        """Return what our own pages have as their origin when they are reached as `host`."""
        scheme = self._url.scheme if host == self._url.netloc else "http"
        return f"{scheme}://{host}"

    def _is_ours(self, host: str, reached: str) -> bool:
        """Tell whether this server is called so: by the proxy's name, or by the address reached.

        The port may be another one: an ssh tunnel begins where it likes.
        """
        if host and host == self._url.netloc:
            return True
        try:
            parts = urlsplit(f"//{host}")
            name, _ = parts.hostname or "", parts.port
        except ValueError:
            return False
        is_here = ipaddress.ip_address(reached).is_loopback if reached else False
        is_bare = parts.netloc == host and "@" not in host
        return is_bare and (name == reached or (is_here and name == "localhost"))


def _is_same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())
