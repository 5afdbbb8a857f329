"""A sentence that is told for some seconds."""

from time import time

from textual.notifications import Notification, Notify, SeverityLevel

from cronterm.sanitize import sanitize

TOLD_S = 4.0
LEAST_S = 0.01


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


def telling(text: str, *, is_bad: bool = False) -> Notify:
    """Return the message to an app that tells a sentence, from wherever that comes."""
    severity: SeverityLevel = "error" if is_bad else "information"
    return Notify(Told(sanitize(text), severity=severity, timeout=TOLD_S))
