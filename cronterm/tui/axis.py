"""The axis of the timeline: which slots of time are shown, and what stands above them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cronterm.clock import DAY, HOUR, MINUTE, SECOND, Duration, Instant, aware

PAST_PART = 6  # of the axis is past: what comes is what people look for


@dataclass(frozen=True)
class Zoom:
    """How much time the axis shows at least, in which slots, and how far apart labels are."""

    name: str
    length: Duration
    slot: Duration
    label: Duration


ZOOMS = (
    Zoom("1h", HOUR, MINUTE, 10 * MINUTE),
    Zoom("6h", 6 * HOUR, 5 * MINUTE, HOUR),
    Zoom("24h", DAY, 15 * MINUTE, 2 * HOUR),
    Zoom("7d", 7 * DAY, 2 * HOUR, DAY),
)


def here(at: Instant) -> datetime:
    """Return an instant in this machine's zone."""
    return aware(at).astimezone()


Local = Callable[[Instant], datetime]


@dataclass(frozen=True)
class Axis:
    """`slots` stretches of time of length `slot`, from `since` on."""

    since: Instant
    slot: Duration
    slots: int
    zoom: Zoom

    @property
    def until(self) -> Instant:
        """The end of the last slot."""
        return self.since + self.slot * self.slots

    def slot_of(self, at: Instant) -> int:
        """Return in which slot an instant is; it may be none of the axis."""
        return (at - self.since) // self.slot

    def span(self, local: Local = here) -> str:
        """Return from when to when it goes: `Sat 10:30 to Sun 10:30`."""
        return f"{local(self.since):%a %H:%M} to {local(self.until):%a %H:%M}"

    def labels(self, local: Local = here) -> list[tuple[int, str, bool]]:
        """Return (slot, text, is a change of the clock) from left to right."""
        found: list[tuple[int, str, bool]] = []
        for number in range(self.slots):
            at = local(self.since + number * self.slot)
            after = local(self.since + (number + 1) * self.slot)
            moved = (after.utcoffset() or timedelta()) - (at.utcoffset() or timedelta())
            if moved:
                minutes = round(moved.total_seconds() / 60)
                text = f"{minutes // 60:+}h" if not minutes % 60 else f"{minutes:+}m"
                found.append((number, text, True))
                continue
            since_midnight = (at.hour * 3600 + at.minute * 60 + at.second) * SECOND
            if since_midnight % self.zoom.label < self.slot:
                found.append((number, _label(at, since_midnight < self.slot, self.zoom), False))
        return found

    def clock_changes(self, local: Local = here) -> list[str]:
        """Say when within the axis the clock is set, and by how much."""
        return [
            f"clock {text} {local(self.since + (number + 1) * self.slot):%a %H:%M}"
            for number, text, is_change in self.labels(local)
            if is_change
        ]


def _label(at: datetime, is_midnight: bool, zoom: Zoom) -> str:
    if is_midnight:
        return f"{at:%a} {at.day}"
    return f"{at:%H:%M}" if zoom.label < 2 * HOUR else f"{at:%H}"


def make_axis(
    zoom: Zoom, columns: int, now: Instant, *, pan: Duration = 0, local: Local = here
) -> Axis:
    """Return an axis of `columns` slots; `pan` moves it from where now stands in its first part.

    Slots begin at whole slots of the local day.
    """
    columns = max(columns, 1)
    slot = zoom.slot
    while zoom.length > columns * slot:
        slot *= 2
    begin = now + pan
    offset = round((local(begin).utcoffset() or timedelta()).total_seconds()) * SECOND
    first = (begin + offset) // slot * slot - offset
    return Axis(first - columns // PAST_PART * slot, slot, columns, zoom)
