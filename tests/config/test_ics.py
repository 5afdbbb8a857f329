"""Events of .ics files, as calendar programs write them."""

import sys
from itertools import count

import pytest

from cronterm.clock import HOUR
from cronterm.config.ics import read_ics
from cronterm.errors import BadInput
from cronterm.schedule.base import Moment
from cronterm.schedule.parse import parse_moment


def ics(*events: str) -> str:
    """Return a file with events, each a text of lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN"]
    for event in events:
        lines += ["BEGIN:VEVENT", *(line.strip() for line in event.split("\n")), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def spans(*events: str) -> list[tuple[Moment, Moment]]:
    """Return the stretches of events."""
    return list(read_ics(ics(*events)))


def at(text: str) -> int:
    """Return the instant of a UTC time."""
    return parse_moment(text, "UTC")


def calls_for(event: str) -> int:
    """Return how many calls and returns it takes to read an event; the same on any machine."""
    counted = count()
    sys.setprofile(lambda *_: next(counted) and None)
    try:
        spans(event)
    except BadInput:
        pass
    finally:
        sys.setprofile(None)
    return next(counted)


def test_days_times_and_zones_are_read() -> None:
    assert spans("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261227") == [
        ("2026-12-25T00:00:00", "2026-12-27T00:00:00")
    ]
    assert spans("SUMMARY:Tree\nDTSTART;VALUE=DATE:20261225") == [
        ("2026-12-25T00:00:00", "2026-12-26T00:00:00")
    ]
    assert spans("DTSTART:20261225T180000Z\nDTEND:20261225T190000Z") == [
        (at("2026-12-25T18:00Z"), at("2026-12-25T19:00Z"))
    ]
    assert spans(
        'DTSTART;TZID=Europe/Berlin:20260625T180000\nDTEND;TZID="Europe/London":20260625T180000'
    ) == [(at("2026-06-25T16:00Z"), at("2026-06-25T17:00Z"))]
    assert spans("DTSTART:20261225T180000\nDURATION:PT1H30M") == [
        ("2026-12-25T18:00:00", "2026-12-25T19:30:00")
    ]
    assert spans("DTSTART:20261225T180000") == []


def test_continued_lines_alarms_and_zones_of_the_file_are_passed_over() -> None:
    text = ics("DTSTART;VALUE=DA\r\n TE:20261225\nSUMMARY;LANGUAGE=de:Ein\\, Baum: schoen")
    text = text.replace("VA TE", "VA\r\n TE").replace("VALUE=DA\r\nTE", "VALUE=DA\r\n TE")
    alarm = "BEGIN:VALARM\r\nDTSTART:nonsense\r\nEND:VALARM\r\nEND:VEVENT"
    zone = "VERSION:2.0\r\nBEGIN:VTIMEZONE\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\n"
    zone += "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nEND:VTIMEZONE"
    text = text.replace("END:VEVENT", alarm).replace("VERSION:2.0", zone)

    assert read_ics("\ufeff" + text) == (("2026-12-25T00:00:00", "2026-12-26T00:00:00"),)


def test_rules_repeat_an_event_on_the_wall() -> None:
    weekly = spans(
        "DTSTART;TZID=Europe/Berlin:20261019T090000\nDTEND;TZID=Europe/Berlin:20261019T100000\n"
        "RRULE:FREQ=WEEKLY;COUNT=2"
    )
    assert weekly == [
        (at("2026-10-19T07:00Z"), at("2026-10-19T08:00Z")),
        (at("2026-10-26T08:00Z"), at("2026-10-26T09:00Z")),
    ]
    yearly = spans("DTSTART;VALUE=DATE:20251225\nRRULE:FREQ=YEARLY")
    assert yearly[1] == ("2026-12-25T00:00:00", "2026-12-26T00:00:00")
    assert len(yearly) == 2070 - 2025
    last_friday = spans("DTSTART:20260130\nRRULE:FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20260327")
    assert [start for start, _ in last_friday] == [
        "2026-01-30T00:00:00",
        "2026-02-27T00:00:00",
        "2026-03-27T00:00:00",
    ]
    until = spans(
        "DTSTART;TZID=Europe/Berlin:20260601T090000\nDURATION:PT1H\n"
        "RRULE:FREQ=DAILY;UNTIL=20260602T070000Z"
    )
    assert [end for _, end in until] == [at("2026-06-01T08:00Z"), at("2026-06-02T08:00Z")]


def test_exceptions_moved_and_cancelled_events_count() -> None:
    series = "UID:1\nDTSTART:20260601T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4\n"
    but = "EXDATE:20260602T090000Z,20260603T090000Z"
    moved = "UID:1\nRECURRENCE-ID:20260604T090000Z\nDTSTART:20260604T120000Z\nDURATION:PT1H"
    cancelled = "UID:2\nSTATUS:CANCELLED\nDTSTART:20260605T090000Z\nDURATION:PT1H"

    assert spans(series + but, moved, cancelled) == [
        (start, start + HOUR) for start in (at("2026-06-01T09:00Z"), at("2026-06-04T12:00Z"))
    ]


def test_lists_of_parameters_and_odd_line_ends_are_no_trouble() -> None:
    who = 'ATTENDEE;MEMBER="mailto:a@example.com","mailto:b@example.com";ROLE=X:mailto:c\u2028d'

    assert len(spans(f"DTSTART:20261225\n{who}")) == 1


@pytest.mark.parametrize(
    "rule",
    [
        "DAILY;BYMONTHDAY=31;BYMONTH=2",
        "WEEKLY;BYMONTH=2;BYMONTHDAY=30",
        "DAILY;INTERVAL=7;BYDAY=TU",
    ],
)
def test_a_rule_that_never_comes_true_is_refused_soon(rule: str) -> None:
    event = f"DTSTART:20260105\nRRULE:FREQ={rule}"
    with pytest.raises(BadInput, match="never comes true"):
        spans(event)

    assert calls_for(event) < 2_000_000  # up to the year 9999 there are fifty million


def test_leap_days_come_when_they_do() -> None:
    leap = spans("DTSTART:20240229\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29")

    assert [str(start)[:10] for start, _ in leap[:3]] == ["2024-02-29", "2028-02-29", "2032-02-29"]


EVENT = "BEGIN:VEVENT\nDTSTART:20261225\nEND:VEVENT\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("BEGIN:VCALENDAR\n" + EVENT * 100_000, "line 60002: more than 20,000 events"),
        (ics(f"DTSTART:20261225\nEXDATE:{'20261225,' * 400_000}20261225"), "line 6: '20261225,2"),
        ("x" * (5 << 20), "line 1: is larger than 4 MiB"),
        ("BEGIN:VCALENDAR\n" * 250_000, "line 250000: the file ends too early"),
        ("BEGIN:VCALENDAR\nX" + ";A=b" * 1_000_000, "line 2: is not a line"),
        ("BEGIN:VCALENDAR\n" + " x\n" * 1_300_000, "line 1: is not an .ics file"),
    ],
    ids=["events", "exceptions", "size", "depth", "parameters", "continued"],
)
def test_a_bomb_is_refused_where_it_is_too_much(text: str, message: str) -> None:
    # Of these sizes anything but one pass takes longer than the time limit of a test.
    with pytest.raises(BadInput) as caught:
        read_ics(text)

    assert str(caught.value).startswith(message)


def test_every_day_for_ever_is_read_soon() -> None:
    event = "DTSTART:20260601\nRRULE:FREQ=DAILY"

    assert len(spans(event)) > 15_000
    assert calls_for(event) < 2_000_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("hello", "line 1: is not a line of an .ics file"),
        ("BEGIN:VCARD\nEND:VCARD", "is not an .ics file (it begins with BEGIN:VCALENDAR)"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "the file ends too early"),
        ("BEGIN:VCALENDAR\nEND:VEVENT\n", "line 2: END:VEVENT closes what is not open"),
        (ics("SUMMARY:x"), "line 4: an event without DTSTART"),
        (ics("DTSTART:2026-12-25"), "line 5: '2026-12-25' is not a time (20261225, "),
        (ics("DTSTART:20260230"), "is not a time"),
        (ics("DTSTART:00010101T000000Z"), "is not a time"),
        (ics("DTSTART;TZID=W. Europe Standard Time:20261225T180000"), "TZID: unknown timezone"),
        (ics("DTSTART:20261225\nDTEND:20261226T120000"), "are a date and a time"),
        (ics("DTSTART:20261225\nDTEND:20261224"), "ends before it begins"),
        (ics("DTSTART:20261225T120000\nDTEND:20261225T130000Z"), "different kinds of time"),
        (ics("DTSTART:20261225\nDURATION:soon"), "'soon' is not a duration"),
        (ics("DTSTART:20261225\nRDATE:20261226"), "RDATE is not understood"),
        (ics("DTSTART:20261225\nRRULE:FREQ=SECONDLY"), "no FREQ that is understood (DAILY,"),
        (ics("DTSTART:20261225\nRRULE:FREQ=DAILY;BYHOUR=3"), "BYHOUR of an RRULE"),
        (ics("DTSTART:20261225\nRRULE:FREQ=DAILY;INTERVAL=x"), "INTERVAL of an RRULE is a whole"),
        (ics("DTSTART:20261225\nRRULE:FREQ=DAILY;BYDAY=XX"), "the RRULE 'FREQ=DAILY;BYDAY=XX'"),
        (ics("DTSTART:20261225\nRRULE:FREQ=DAILY;UNTIL=soon"), "'SOON' is not a time"),
        (ics("DTSTART:20261225\nRRULE:FREQ=DAILY\nRRULE:FREQ=DAILY"), "two RRULE"),
        (
            ics("DTSTART;TZID=UTC:20261225T1200Z\nDTEND:20261225T120000Z\nRRULE:FREQ=DAILY"),
            "is not a time",
        ),
        (
            ics(
                "DTSTART;TZID=Europe/Berlin:20261225T120000\nDTEND:20261225T120000Z\n"
                "RRULE:FREQ=DAILY"
            ),
            "begins and ends in different zones",
        ),
        (
            ics(*["DTSTART:20200601\nRRULE:FREQ=DAILY"] * 2),
            "more than 20,000 events up to 2070 (give the rule an UNTIL",
        ),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_ics(text)

    assert message in str(caught.value)
    assert len(str(caught.value)) < 300
