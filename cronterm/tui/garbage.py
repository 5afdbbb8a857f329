"""What is left of a page that is gone."""

from collections.abc import Callable
from contextlib import suppress

from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.timer import Timer

LOOK_S = 0.25  # after a page was left: what was opened in its place is drawn


class Garbage:
    """Looks for it once nothing waits: else the next page was held up by the one before."""

    def __init__(self, app: MessagePump, look: Callable[[], object]) -> None:
        self._app = app
        self._look = look
        self._timer: Timer | None = None

    def leave(self, screen: Screen[object]) -> None:
        """Let go of a screen's widgets, soon.

        Textual remembers two colours of each of the last thousand, and by that all their lines:
        after fifty views a look for garbage took 100 ms, and each view took more memory.
        """
        with suppress(AttributeError):  # of another Textual that needs this no more
            type(screen._styles_cache).get_inner_outer.cache_clear()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._app.set_timer(LOOK_S, self._look)
