"""Time zones: names that exist, and the stretches of a local day that have one offset."""

import difflib
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from cronterm.errors import BadInput
from cronterm.schedule.words import shown

DAY_S = 86_400
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
FIRST_ORDINAL = date(1, 1, 3).toordinal()
LAST_ORDINAL = date(9999, 12, 29).toordinal()  # a day of margin: offsets must not leave the range

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PROBES = (0, 6, 12, 18, 24)  # hours of a day: no zone has two transitions within six of them
_PROBE_S = 6 * 3600
_WIDEST_S = 16 * 3600  # no offset has ever been larger (Manila until 1844: -15:56:08)

_PREFIXES = ("right/", "posix/")  # the first counts leap seconds, the second is a copy
_HINT = "use a name like Europe/Berlin or UTC"
_ABBREVIATIONS = {
    "aest": "Australia/Sydney",
    "bst": "Europe/London",
    "cdt": "America/Chicago",
    "cest": "Europe/Berlin",
    "cst": "America/Chicago",
    "edt": "America/New_York",
    "ist": "Asia/Kolkata",
    "jst": "Asia/Tokyo",
    "mdt": "America/Denver",
    "msk": "Europe/Moscow",
    "pdt": "America/Los_Angeles",
    "pst": "America/Los_Angeles",
}


def check_zone(name: object) -> str:
    """Return `name` if it is a time zone. Raises `BadInput`, with a name that is near it."""
    hint = _HINT
    if isinstance(name, str) and 0 < len(name) <= 64 and "\0" not in name:
        if not name.startswith(_PREFIXES):
            try:
                ZoneInfo(name)
            except (OSError, ValueError, KeyError):  # a directory, a bad name, not found
                pass
            else:
                return name
        hint = _near(name)
    raise BadInput(f"unknown timezone {shown(name)}", hint)


@lru_cache(1)
def _names() -> dict[str, str]:
    """Return every zone under its name in lower case and, where free, under its city."""
    names = sorted(available_timezones())
    cities = {name.rpartition("/")[2].lower(): name for name in reversed(names)}
    return cities | {name.lower(): name for name in names}


@lru_cache(256)
def _near(name: str) -> str:
    """Return a hint for an unknown zone. Costs 5 ms the first time: it compares with all."""
    names = _names()
    plain = "_".join(name.lower().split())
    for prefix in _PREFIXES:
        plain = plain.removeprefix(prefix)
    if plain in _ABBREVIATIONS:
        return f"an abbreviation has no rules: did you mean {_ABBREVIATIONS[plain]}?"
    if plain in names:
        return f"did you mean {names[plain]}?"
    city = min((each for each in names if each.startswith(f"{plain}/")), default=None)
    if city is not None:
        return f"{name} is a region: add a city, like {names[city]}"
    near = difflib.get_close_matches(plain, names, 1, 0.6)
    return f"did you mean {names[near[0]]}?" if near else _HINT


class Stretch(msgspec.Struct, frozen=True):
    """Seconds [`low`, `high`) of a local day that lie in one offset, or in one gap."""

    at: int
    """UTC second of `low`; of a gap, the first one after it."""
    low: int
    high: int
    is_repeated: bool = False
    """These wall times have been before: the second half of an overlap."""
    gap: int = 0
    """Seconds the clock was set forward by; 0 for a stretch that exists."""


class Zone:
    """A zone, in seconds since 1970 and proleptic day ordinals."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.info = ZoneInfo(name)
        self.offset_of_day = lru_cache(4096)(self._offset_of_day)
        self.stretches = lru_cache(256)(self._stretches)

    def ordinal_at(self, utc_s: int) -> int:
        """Return the ordinal of the local date at an instant, kept within the years 1 to 9999."""
        day = utc_s // DAY_S + EPOCH_ORDINAL
        if not FIRST_ORDINAL < day < LAST_ORDINAL:
            return min(max(day, FIRST_ORDINAL), LAST_ORDINAL)
        return (_EPOCH + timedelta(seconds=utc_s)).astimezone(self.info).toordinal()

    def offset_at(self, utc_s: int) -> int:
        """Return the UTC offset at an instant, in seconds."""
        offset = (_EPOCH + timedelta(seconds=utc_s)).astimezone(self.info).utcoffset()
        assert offset is not None
        return offset.days * DAY_S + offset.seconds

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

    def _stretches(self, ordinal: int) -> tuple[Stretch, ...]:
        """Return the stretches of a local day in the order of time, its gaps among them.

        An overlap may cross midnight: a stretch of the next day then lies between two of this one.
        """
        midnight = (ordinal - EPOCH_ORDINAL) * DAY_S
        changes = self._changes(midnight - _WIDEST_S, midnight + DAY_S + _WIDEST_S)
        found: list[Stretch] = []
        highest = changes[0][0] + changes[0][1] - midnight
        before = highest
        for (start, offset), (end, _) in pairwise(changes):
            low, high = start + offset - midnight, end + offset - midnight
            again = max(low, min(high, highest))
            base = midnight - offset  # the UTC second of this day's midnight in this offset
            for first, last, is_repeated, gap in (
                (before, low, False, low - before),
                (low, again, True, 0),
                (again, high, False, 0),
            ):
                first, last = max(first, 0), min(last, DAY_S)
                if first < last:
                    found.append(
                        Stretch(start if gap else base + first, first, last, is_repeated, gap)
                    )
            before, highest = high, max(high, highest)
        return tuple(found)

    def _changes(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return (UTC second, offset from there on) of `start`, of each change, and of `end`."""
        found = [(start, self.offset_at(start))]
        for probe in range(start + _PROBE_S, end + _PROBE_S, _PROBE_S):
            offset = self.offset_at(probe)
            old = found[-1][1]
            if offset != old:
                low, high = probe - _PROBE_S, probe
                while low + 1 < high:
                    middle = (low + high) // 2
                    low, high = (middle, high) if self.offset_at(middle) == old else (low, middle)
                found.append((high, offset))
        return [*found, (max(end, found[-1][0]), 0)]

    def first_instant(self, ordinal: int, second: int) -> int:
        """Return the UTC second of a wall time.

        One that exists twice is the first of both, one in a gap is the first instant after it.
        """
        return next(
            each.at if each.gap else each.at + second - each.low
            for each in self.stretches(ordinal)
            if each.low <= second < each.high and not each.is_repeated
        )


@lru_cache(1024)
def zone(name: str) -> Zone:
    """Return the one `Zone` of a name; the name must have been checked."""
    return Zone(name)
