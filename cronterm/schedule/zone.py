"""Time zones: names that exist, and which local days have one offset from end to end."""

import difflib
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from cronterm.errors import BadInput

DAY_S = 86_400
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
FIRST_ORDINAL = date(1, 1, 3).toordinal()
LAST_ORDINAL = date(9999, 12, 29).toordinal()  # a day of margin: offsets must not leave the range

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PROBES = (0, 6, 12, 18, 24)  # hours of a day: no zone has two transitions within six of them


def check_zone(name: object) -> str:
    """Return `name` if it is a time zone. Raises `BadInput`, with a name that is near it."""
    if isinstance(name, str) and 0 < len(name) <= 64 and "\0" not in name:
        try:
            ZoneInfo(name)
        except (OSError, ValueError, KeyError):  # a directory, a bad name, not found
            near = difflib.get_close_matches(name, available_timezones(), 1, 0.6)
            hint = f"did you mean {near[0]}?" if near else "use a name like Europe/Berlin or UTC"
        else:
            return name
    else:
        hint = "use a name like Europe/Berlin or UTC"
    shown = repr(name)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    raise BadInput(f"unknown timezone {shown}", hint)


class Zone:
    """A zone, in seconds since 1970 and proleptic day ordinals."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.info = ZoneInfo(name)
        self.offset_of_day = lru_cache(4096)(self._offset_of_day)

    def ordinal_at(self, utc_s: int) -> int:
        """Return the ordinal of the local date at an instant, kept within the years 1 to 9999."""
        day = utc_s // DAY_S + EPOCH_ORDINAL
        if not FIRST_ORDINAL < day < LAST_ORDINAL:
            return min(max(day, FIRST_ORDINAL), LAST_ORDINAL)
        return (_EPOCH + timedelta(seconds=utc_s)).astimezone(self.info).toordinal()

    def _offset_of_day(self, ordinal: int) -> int | None:
        """Return the UTC offset in seconds that holds all through a local day, else None."""
        midnight = datetime.combine(date.fromordinal(ordinal), time(), self.info)
        offsets = {
            (midnight + timedelta(hours=hour)).replace(fold=fold).utcoffset()
            for hour in _PROBES
            for fold in (0, 1)
        }
        if len(offsets) > 1:
            return None
        offset = offsets.pop()
        assert offset is not None
        return offset // timedelta(seconds=1)

    def instants(self, ordinal: int, second: int) -> tuple[int, ...]:
        """Return the instants at which a wall time of a local day exists: none, one or two."""
        wall = datetime.combine(date.fromordinal(ordinal), time()) + timedelta(seconds=second)
        found = []
        for fold in (0, 1):
            utc = wall.replace(tzinfo=self.info, fold=fold).astimezone(UTC)
            if utc.astimezone(self.info).replace(tzinfo=None, fold=0) == wall:
                found.append((utc - _EPOCH) // timedelta(seconds=1))
        return tuple(sorted(set(found)))

    def after_gap(self, ordinal: int, second: int) -> tuple[int, int]:
        """Return the first instant after the gap a wall time lies in, and the gap's length (s)."""
        wall = datetime.combine(date.fromordinal(ordinal), time()) + timedelta(seconds=second)
        before = wall.replace(tzinfo=self.info, fold=0).utcoffset()
        after = wall.replace(tzinfo=self.info, fold=1).utcoffset()
        assert before is not None
        assert after is not None
        naive_s = (wall - _EPOCH.replace(tzinfo=None)) // timedelta(seconds=1)
        # The transition lies between the two readings of this wall time; halve down to it.
        low = naive_s - after // timedelta(seconds=1)
        high = naive_s - before // timedelta(seconds=1)
        while low + 1 < high:
            middle = (low + high) // 2
            if (_EPOCH + timedelta(seconds=middle)).astimezone(self.info).utcoffset() == before:
                low = middle
            else:
                high = middle
        return high, (after - before) // timedelta(seconds=1)


@lru_cache(1024)
def zone(name: str) -> Zone:
    """Return the one `Zone` of a name; the name must have been checked."""
    return Zone(name)
