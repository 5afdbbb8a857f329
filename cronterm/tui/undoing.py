"""What was changed on this screen, and how it is taken back."""

from dataclasses import dataclass
from itertools import chain

from cronterm.clock import MINUTE, Instant
from cronterm.model.command import AnyCommand

RECENT = 10 * MINUTE
"""So long a person knows what was done last."""


@dataclass(frozen=True)
class Change:
    """Something that was done here."""

    back: tuple[AnyCommand, ...]
    """What takes it back, in this order."""
    said: str
    at: Instant
    diff: str = ""
    """Of the jobs file, where that was changed."""
    brings: str = ""
    """The job that comes back with it."""
    undone: str = ""
    """What is told once it is taken back by several commands."""


class Changes:
    """What was done here and not taken back; the newest last."""

    def __init__(self) -> None:
        self._made: list[Change] = []
        self._last: Change | None = None
        """What was done last, even if that was taken back."""

    def __len__(self) -> int:
        return len(self._made)

    def add(self, change: Change) -> None:
        """Keep what was done."""
        self._last = change
        self._made.append(change)

    def join(self, start: int) -> None:
        """Make one change of all from the `start`th on: they are taken back together."""
        if parts := self._made[start:]:
            del self._made[start:]
            back = chain.from_iterable(part.back for part in reversed(parts))
            diff = "".join(part.diff for part in parts)
            self.add(Change(tuple(back), parts[-1].said, parts[-1].at, diff))

    @property
    def newest(self) -> Change | None:
        """What would be taken back."""
        return self._made[-1] if self._made else None

    def is_meant(self, change: Change, now: Instant) -> bool:
        """Tell whether nobody needs to be asked: it was done last, and just now."""
        return change is self._last and now - change.at <= RECENT

    def take(self, change: Change) -> tuple[AnyCommand, ...]:
        """Forget a change that is taken back now; return what does that."""
        self._made.remove(change)
        return change.back
