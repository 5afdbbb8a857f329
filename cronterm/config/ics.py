"""Events of an .ics file (RFC 5545) to stretches of time. What is not understood is refused.

Read are DTSTART, DTEND, DURATION, RRULE, EXDATE, RECURRENCE-ID and STATUS of each VEVENT; dates and
times without a zone are wall times of the job that asks. Rules without an end are followed up to
2070.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TypeAlias

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # it comes with croniter

from cronterm.clock import SECOND, aware
from cronterm.errors import BadInput
from cronterm.schedule.base import Moment
from cronterm.schedule.zone import check_zone, zone

HORIZON = datetime.fromisoformat("2070-01-01")
MOST_EVENTS = 20_000
LARGEST_FILE = 4 << 20  # characters: a fraction of a second
LAST_YEAR, CYCLE = 9900, 400

_VALUE = r'(?:"[^"]*"|[^":;])*'
_LINE = re.compile(rf"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+={_VALUE})*):(.*)", re.DOTALL)
_PARAMETER = re.compile(rf"([A-Za-z0-9-]+)=({_VALUE})")
_DURATION = re.compile(
    r"P(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?", re.ASCII
)
_TIME = re.compile(r"\d{8}T\d{6}Z?", re.ASCII)
_RULE_WORDS = {
    *("FREQ", "UNTIL", "COUNT", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"),
    *("WKST", "BYWEEKNO", "BYYEARDAY"),
}
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")

Spans: TypeAlias = tuple[tuple[Moment, Moment], ...]
Line: TypeAlias = tuple[int, str, dict[str, str], str]
"""Number, name, parameters, value."""


class BadIcs(BadInput):
    """An .ics file that cannot be read, with the number of the line."""

    def __init__(self, line: int, message: str, hint: str = "") -> None:
        super().__init__(f"line {line}: {message}", hint)


@dataclass(frozen=True)
class When:
    """A DATE or DATE-TIME: a wall time, and the zone it is in."""

    wall: datetime
    zone: str
    """Empty: that of whoever asks."""
    is_date: bool

    @property
    def moment(self) -> Moment:
        """Return it as an instant where its zone is known."""
        if not self.zone:
            return self.wall.isoformat()
        of_day = self.wall.hour * 3600 + self.wall.minute * 60 + self.wall.second
        return zone(self.zone).first_instant(self.wall.toordinal(), of_day) * SECOND


@dataclass
class Event:
    """A VEVENT under way."""

    line: int
    uid: str = ""
    start: When | None = None
    end: When | None = None
    length: timedelta | None = None
    rule: str = ""
    but: list[When] = field(default_factory=list)
    replaces: When | None = None
    is_cancelled: bool = False


def read_ics(text: str) -> Spans:
    """Return the stretches of all events, in the order of the file. Raises `BadInput`."""
    if len(text) > LARGEST_FILE:
        raise BadIcs(1, f"is larger than {LARGEST_FILE >> 20} MiB")
    events: list[Event] = []
    for event in _events(_lines(text)):
        events.append(event)
        if len(events) > MOST_EVENTS or len(event.but) > MOST_EVENTS:
            raise BadIcs(event.line, f"more than {MOST_EVENTS:,} events", "keep those that matter")
    replaced: dict[str, list[When]] = {}
    for event in events:
        if event.replaces is not None:
            replaced.setdefault(event.uid, []).append(event.replaces)
    spans: list[tuple[Moment, Moment]] = []
    for event in events:
        if event.replaces is None:
            event.but += replaced.get(event.uid, [])
        for span in () if event.is_cancelled else _spans(event):
            spans.append(span)
            if len(spans) > MOST_EVENTS:
                hint = "give the rule an UNTIL, or write weekdays and windows instead"
                raise BadIcs(event.line, f"more than {MOST_EVENTS:,} events up to 2070", hint)
    return tuple(spans)


# -- lines ---------------------------------------------------------------------------------------


def _lines(text: str) -> Iterator[Line]:
    """Yield the properties, with continued lines joined."""
    number, gathered = 0, ""
    for at, raw in enumerate([*re.split("\r\n|[\r\n]", text.removeprefix("\ufeff")), ""], 1):
        if raw[:1] in (" ", "\t") and gathered:
            gathered += raw[1:]
            continue
        if gathered:
            yield _line(number, gathered)
        number, gathered = at, raw


def _line(number: int, text: str) -> Line:
    found = _LINE.fullmatch(text)
    if found is None:
        raise BadIcs(number, "is not a line of an .ics file", "NAME:value")
    pairs = _PARAMETER.findall(found[2])
    return (
        number,
        found[1].upper(),
        {name.upper(): each.strip('"') for name, each in pairs},
        found[3],
    )


def _events(lines: Iterator[Line]) -> Iterator[Event]:
    open_parts: list[str] = []
    event: Event | None = None
    number = 0
    for number, name, parameters, value in lines:
        if not open_parts and (name, value.upper()) != ("BEGIN", "VCALENDAR"):
            raise BadIcs(number, "is not an .ics file", "it begins with BEGIN:VCALENDAR")
        if name == "BEGIN":
            open_parts.append(value.upper())
            if open_parts == ["VCALENDAR", "VEVENT"]:
                event = Event(number)
        elif name == "END":
            if open_parts.pop() != value.upper():
                raise BadIcs(number, f"END:{value[:40]} closes what is not open")
            if event is not None and open_parts == ["VCALENDAR"]:
                yield event
                event = None
        elif event is not None and open_parts == ["VCALENDAR", "VEVENT"]:
            _take(event, number, name, parameters, value)
    if open_parts or not number:
        raise BadIcs(number, "the file ends too early" if number else "the file is empty")


def _take(event: Event, number: int, name: str, parameters: dict[str, str], value: str) -> None:
    match name:
        case "UID":
            event.uid = value
        case "DTSTART":
            event.start = _when(number, parameters, value)
        case "DTEND":
            event.end = _when(number, parameters, value)
        case "DURATION":
            event.length = _duration(number, value)
        case "RRULE" if event.rule:
            raise BadIcs(number, "an event with two RRULE is not understood")
        case "RRULE":
            event.rule = _rule(number, value)
        case "EXDATE":
            days = value.split(",", MOST_EVENTS)
            event.but += [_when(number, parameters, each) for each in days]
        case "RECURRENCE-ID" if "RANGE" not in parameters:
            event.replaces = _when(number, parameters, value)
        case "STATUS":
            event.is_cancelled = value.upper() == "CANCELLED"
        case "RDATE" | "EXRULE" | "RECURRENCE-ID":
            raise BadIcs(number, f"{name} is not understood", "write the days under dates")
        case _:
            pass  # a summary, a place, who comes


# -- values --------------------------------------------------------------------------------------


def _when(number: int, parameters: dict[str, str], value: str) -> When:
    is_date = parameters.get("VALUE", "").upper() == "DATE" or re.fullmatch(r"\d{8}", value)
    of_zone = ""
    try:
        if is_date:
            return When(datetime.strptime(value, "%Y%m%d"), "", is_date=True)  # noqa: DTZ007
        if not _TIME.fullmatch(value):
            raise ValueError
        wall = datetime.strptime(value.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007
        if not 1971 <= wall.year <= 9000:
            raise ValueError
    except ValueError:
        hint = "20261225, 20261225T180000 or 20261225T180000Z"
        raise BadIcs(number, f"{value[:40]!r} is not a time", hint) from None
    if value.endswith("Z"):
        of_zone = "UTC"
    elif named := parameters.get("TZID"):
        try:
            of_zone = check_zone(named)
        except BadInput as error:
            raise BadIcs(number, f"TZID: {error.message}", error.hint) from None
    return When(wall, of_zone, is_date=False)


def _duration(number: int, value: str) -> timedelta:
    found = _DURATION.fullmatch(value)
    if found is None or not any(found.groups()):
        raise BadIcs(number, f"{value[:40]!r} is not a duration", "PT1H30M or P1D")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _rule(number: int, value: str) -> str:
    words = dict(part.partition("=")[::2] for part in value.upper().rstrip(";").split(";"))
    for word in words:
        if word not in _RULE_WORDS:
            raise BadIcs(number, f"{word[:40]} of an RRULE is not understood")
    if words.get("FREQ") not in _FREQUENCIES:
        raise BadIcs(number, "the RRULE has no FREQ that is understood", ", ".join(_FREQUENCIES))
    for word in ("INTERVAL", "COUNT"):
        if not re.fullmatch("[1-9][0-9]{0,5}", words.get(word, "1")):
            raise BadIcs(number, f"{word} of an RRULE is a whole number from 1")
    if "UNTIL" in words:
        _when(number, {}, words["UNTIL"])
    try:
        rrulestr(_without_until(value)[0], dtstart=HORIZON)
    except (ValueError, KeyError, IndexError, TypeError):
        raise BadIcs(number, f"the RRULE {value[:60]!r} is not understood") from None
    return value


def _without_until(rule: str) -> tuple[str, str]:
    """Return a rule without its UNTIL, and that."""
    parts = rule.upper().rstrip(";").split(";")
    until = next((part[6:] for part in parts if part.startswith("UNTIL=")), "")
    return ";".join(part for part in parts if not part.startswith("UNTIL=")), until


# -- events --------------------------------------------------------------------------------------


def _spans(event: Event) -> Iterator[tuple[Moment, Moment]]:
    start = event.start
    if start is None:
        raise BadIcs(event.line, "an event without DTSTART")
    if event.end is not None and event.end.is_date != start.is_date:
        raise BadIcs(event.line, "DTSTART and DTEND are a date and a time", "make both the same")
    if event.rule:
        length = _length(event, start)
        for wall in _walls(event, start):
            end = When(wall + length, start.zone, start.is_date)
            if length:
                yield When(wall, start.zone, start.is_date).moment, end.moment
        return
    end = event.end or When(start.wall + _length(event, start), start.zone, start.is_date)
    first, last = start.moment, end.moment
    if isinstance(first, int) != isinstance(last, int):
        raise BadIcs(event.line, "DTSTART and DTEND are in different kinds of time")
    if first < last:  # type: ignore[operator]  # both are the same kind
        yield first, last
    elif first > last:  # type: ignore[operator]
        raise BadIcs(event.line, "the event ends before it begins")


def _length(event: Event, start: When) -> timedelta:
    """Return how long each event of a series is, on the wall."""
    if event.end is None:
        day = timedelta(days=1) if start.is_date else timedelta()  # RFC 5545, 3.6.1
        return day if event.length is None else event.length
    if event.end.zone != start.zone:
        raise BadIcs(event.line, "a series that begins and ends in different zones")
    if event.end.wall < start.wall:
        raise BadIcs(event.line, "the event ends before it begins")
    return event.end.wall - start.wall


def _walls(event: Event, start: When) -> Iterator[datetime]:
    """Yield the wall times at which the events of a series begin.

    The library looks on up to the year 9999 for what never comes, for seconds. The calendar repeats
    every 400 years, so it is asked about years near the end.
    """
    rule, until = _without_until(event.rule)
    last = _last(event, start, until) if until else HORIZON
    but = {_on_wall(each, start) for each in event.but}
    away = (LAST_YEAR - start.wall.year) // CYCLE * CYCLE
    begin = start.wall.replace(year=start.wall.year + away)
    count = 0
    for count, late in enumerate(rrulestr(rule, dtstart=begin), 1):
        wall = late.replace(year=late.year - away)
        if wall > last or wall >= HORIZON or count > MOST_EVENTS + 1:
            return
        if wall not in but:
            yield wall
    if not count:
        raise BadIcs(event.line, f"the RRULE {event.rule[:60]!r} never comes true")


def _last(event: Event, start: When, until: str) -> datetime:
    when = _when(event.line, {}, until)
    if when.is_date:
        return datetime.combine(when.wall, time.max)
    return _on_wall(when, start)


def _on_wall(when: When, start: When) -> datetime:
    """Return a time as the wall of a series shows it."""
    if when.is_date or when.zone == start.zone or not (when.zone and start.zone):
        return when.wall
    at = when.moment
    assert isinstance(at, int)
    second = at // SECOND
    return aware((second + zone(start.zone).offset_at(second)) * SECOND).replace(tzinfo=None)
