"""Calendars in words: what is in one, and what those of a job let through."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from cronterm.clock import aware
from cronterm.schedule.base import CalendarSpec, Moment
from cronterm.schedule.zone import DAY_S

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MOST_DATES = 3  # that are named; of more it is told how many there are
WEEK_S = 7 * DAY_S

Uses = Sequence[str | CalendarSpec]


def words_of(spec: CalendarSpec) -> str:
    """Return what is in a calendar: `on Mon-Fri, or between 01:00 and 05:00`."""
    parts = ", or ".join(_parts(spec))
    if spec.start is None and spec.until is None:
        return parts
    start = "" if spec.start is None else f"from {_moment(spec.start)} "
    until = "" if spec.until is None else f"until {_moment(spec.until)}"
    span = f"{start}{until}".rstrip()
    return f"{span} ({parts})" if parts else span


def keeping(exclude: Uses, only: Uses, calendars: Mapping[str, CalendarSpec]) -> tuple[str, ...]:
    """Return what calendars do to a job: `runs only on Mon-Fri`, `never runs on Sun`."""
    found = []
    if only:
        parts = sum(max(len(_parts(_spec(use, calendars))), 1) for use in only)
        enough = ": any of these is enough" if parts > 1 else ""
        found.append(f"runs only {_all(only, calendars)}{enough}")
    if exclude:
        found.append(f"never runs {_all(exclude, calendars)}")
    return tuple(found)


def doubts(only: Uses, calendars: Mapping[str, CalendarSpec]) -> tuple[str, ...]:
    """Return what is legal in `only` but may not be what was meant."""
    specs = [_spec(use, calendars) for use in only]
    has_days = any(spec.weekdays or spec.days or spec.dates for spec in specs)
    has_hours = any(
        len(days) == 7 and length < DAY_S for spec in specs for (_, length), days in _windows(spec)
    )
    if not (has_days and has_hours):
        return ()
    return (
        "only has days, and hours of every day: either is enough"
        ' (windows: ["mon-fri 01:00-05:00"] needs both)',
    )


def _all(uses: Uses, calendars: Mapping[str, CalendarSpec]) -> str:
    return ", or ".join(
        words_of(use)
        if isinstance(use, CalendarSpec)
        else f"in {use} ({words_of(_spec(use, calendars))})".removesuffix(" ()")
        for use in uses
    )


def _spec(use: str | CalendarSpec, calendars: Mapping[str, CalendarSpec]) -> CalendarSpec:
    return use if isinstance(use, CalendarSpec) else calendars.get(use, CalendarSpec())


def _parts(spec: CalendarSpec) -> list[str]:
    """Return the parts of a calendar, any of which has a moment that is in it."""
    return [
        *([f"on {_days(spec.weekdays)}"] if spec.weekdays else []),
        *_window_words(spec),
        *([f"on {_of_month(spec.days)}"] if spec.days else []),
        *([f"on {_dates(spec.dates)}"] if spec.dates else []),
        *(f"in the events of {PurePath(name).name}" for name in spec.ics),
    ]


def _window_words(spec: CalendarSpec) -> list[str]:
    words = []
    for (start, length), days in _windows(spec):
        hours = f"between {_clock(start)} and {_clock((start + length) % DAY_S or DAY_S)}"
        words.append(hours if len(days) == 7 else f"on {_days(days)} {hours}")
    return words


def _windows(spec: CalendarSpec) -> list[tuple[tuple[int, int], list[int]]]:
    """Return (start in the day, length) of the windows with their days, from Monday, 0."""
    ends = dict(spec.windows)
    last = next((start for start, end in spec.windows if end == WEEK_S), None)
    if last is not None and 0 in ends and WEEK_S - last + ends[0] <= DAY_S:
        ends[last] = WEEK_S + ends.pop(0)  # it goes on over the end of the week
    found: dict[tuple[int, int], list[int]] = {}
    for start, end in sorted(ends.items()):
        found.setdefault((start % DAY_S, end - start), []).append(start // DAY_S)
    return sorted(found.items())


def _days(days: Sequence[int]) -> str:
    """Return days of the week, from Monday, 0: `Mon-Fri`, `Sat, Sun`."""
    rows: list[list[int]] = []
    for day in days:
        if rows and rows[-1][-1] == day - 1:
            rows[-1].append(day)
        else:
            rows.append([day])
    if len(rows) > 1 and rows[0][0] == 0 and rows[-1][-1] == 6:  # fri-mon
        rows.append([*rows.pop(), *rows.pop(0)])
    if rows == [list(range(7))]:
        return "any day"
    names = []
    for row in rows:
        each = [DAYS[day] for day in row]
        names += [f"{each[0]}-{each[-1]}"] if len(each) > 2 else each
    return ", ".join(names)


def _of_month(days: Sequence[int]) -> str:
    """Return days of the month, -1 the last: `day 1, 15 or the last day but 1 of the month`."""
    counted = [day for day in days if day > 0]
    found = [f"day {day}" if not place else str(day) for place, day in enumerate(counted)]
    found += [
        "the last day" if day == -1 else f"the last day but {-day - 1}"
        for day in sorted(days, reverse=True)
        if day < 0
    ]
    head = ", ".join(found[:-1])
    named = f"{head} or {found[-1]}" if head else found[-1]
    return f"{named} of the month"


def _dates(dates: Sequence[str]) -> str:
    more = len(dates) - MOST_DATES
    named = ", ".join(dates[:MOST_DATES])
    return f"{named} and {more} more date{'s' * (more > 1)}" if more > 0 else named


def _clock(second: int) -> str:
    hours, rest = divmod(second, 3600)
    seconds = f":{rest % 60:02}" if rest % 60 else ""
    return f"{hours:02}:{rest // 60:02}{seconds}"


def _moment(moment: Moment) -> str:
    if isinstance(moment, int):
        return f"{aware(moment):%Y-%m-%d %H:%M} UTC"
    return moment.replace("T", " ").removesuffix(":00")
