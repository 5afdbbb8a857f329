"""Sentences that are told for some seconds."""

from time import time
from typing import TypeVar

from rich.cells import cell_len
from textual.app import App
from textual.geometry import Region
from textual.notifications import Notification, Notify, SeverityLevel
from textual.widgets._toast import ToastRack

from cronterm.sanitize import sanitize

Result = TypeVar("Result")

TOLD_S = 4.0
LEAST_S = 0.01
GONE_S = 0.2
TOP, MOST_LINES = 1, 5
"""Where sentences are; a long one has several lines in a narrow terminal."""
AROUND = 3
"""Cells beside a sentence."""


class Told(Notification):
    """Textual's notification, but for how long it is shown where it ends just now.

    Textual makes a timer of the time left: one of a negative time holds the screen for ever. On
    every change of screens that could meet a sentence between the look whether it has ended and
    its timer.
    """

    @property
    def time_left(self) -> float:
        """Seconds until it ends, some at least."""
        return max(self.raised_at + self.timeout - time(), LEAST_S)

    @property
    def has_expired(self) -> bool:
        """It has been told long enough."""
        return self.raised_at + self.timeout <= time()


class Telling(App[Result]):
    """An app that tells sentences: on the line of the tabs, long ones above the keys."""

    def tell(self, text: str, *, is_bad: bool = False) -> None:
        """Show a sentence for some seconds."""
        severity: SeverityLevel = "error" if is_bad else "information"
        self.post_message(Notify(Told(sanitize(text), severity=severity, timeout=TOLD_S)))

    def _refresh_notifications(self) -> None:
        """Show what is told; what needs several lines where it covers neither tabs nor titles."""
        newest = [each.message for each in self._notifications][-1:]
        room = self.size.width - AROUND
        is_long = any("\n" in text or cell_len(text) > room for text in newest)
        for rack in self.screen.query(ToastRack) if newest and self.screen_stack else ():
            rack.set_class(is_long, "long")
        super()._refresh_notifications()

    def _unnotify(self, notification: Notification, refresh: bool = True) -> None:
        """Forget a sentence, and draw soon what it covered.

        Textual takes it away after this; if a widget that is not shown asked to be drawn before,
        it looks where everything is too late to know what to draw, and the sentence stays.
        """
        super()._unnotify(notification, refresh)
        self.set_timer(GONE_S, self._uncover)

    def _uncover(self) -> None:
        if self.screen_stack:
            width, height = self.size
            below = max(height - TOP - MOST_LINES, 0)
            self.screen.refresh(
                Region(0, TOP, width, MOST_LINES), Region(0, below, width, MOST_LINES)
            )
