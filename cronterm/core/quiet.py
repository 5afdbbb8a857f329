"""When quiet hours are over."""

from cronterm.clock import SECOND, Instant
from cronterm.schedule.zone import DAY_S, EPOCH_ORDINAL, zone

_MOST_WINDOWS = 16  # one after the other, before a week that is all quiet is given up


def quiet_until(at: Instant, windows: tuple[tuple[int, int], ...], timezone: str) -> Instant:
    """Return the first moment from `at` on that is in no window of the local week."""
    place = zone(timezone)
    for _ in range(_MOST_WINDOWS):
        local_s = at // SECOND + place.offset_at(at // SECOND)
        ordinal = local_s // DAY_S + EPOCH_ORDINAL
        monday = ordinal - (ordinal + 6) % 7
        of_week = local_s - (monday - EPOCH_ORDINAL) * DAY_S
        end = next((end for start, end in windows if start <= of_week < end), None)
        if end is None:
            return at
        days, second = divmod(end, DAY_S)
        at = max(place.first_instant(monday + days, second) * SECOND, at + SECOND)
    return at
