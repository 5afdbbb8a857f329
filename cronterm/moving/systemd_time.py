"""Times of systemd: spans, calendar expressions, and what systemd itself says of them."""

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime

from cronterm.clock import SECOND, Instant, instant
from cronterm.errors import BadInput
from cronterm.moving.base import Instants, Unreadable, Words
from cronterm.schedule.duration import format_duration
from cronterm.schedule.parse import parse

_UNITS = {
    "us": 1e-6, "usec": 1e-6, "µs": 1e-6, "ms": 1e-3, "msec": 1e-3,
    "s": 1, "sec": 1, "second": 1, "seconds": 1, "": 1,
    "m": 60, "min": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hr": 3600, "hour": 3600, "hours": 3600,
    "d": 86400, "day": 86400, "days": 86400,
    "w": 604800, "week": 604800, "weeks": 604800,
    "M": 2629800, "month": 2629800, "months": 2629800,
    "y": 31557600, "year": 31557600, "years": 31557600,
}  # fmt: skip
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-zµ]*)")
_NEXT = re.compile(r"^\s*(?:Next elapse|Iter\. #\d+|\(in UTC\)):\s+\w{3} (\S+ \S+) (\S+)$", re.M)


def span(text: str) -> str:
    """Return a span of systemd (`1h 30min`, bare is seconds) as a duration of ours."""
    place, total = 0, 0.0
    while place < len(text.rstrip()):
        found = _PART.match(text, place)
        if found is None or found[2] not in _UNITS:
            raise Unreadable(f"{text!r} is no span of time")
        total += float(found[1]) * _UNITS[found[2]]
        place = found.end()
    return format_duration(round(total * SECOND))


def calendar_schedule(text: str, timezone: str) -> Words:
    """Return the schedule that says a calendar expression. Raises `Unreadable`."""
    words: Words = {"on_calendar": " ".join(text.split())}
    try:
        parse(words, timezone=timezone, job_id="calendar")
    except BadInput as error:
        raise Unreadable(f"OnCalendar={text}: {error.message}", error.hint) from None
    return words


def calendar_instants(expressions: list[str], timezone: str) -> Instants | None:
    """Return what tells the instants of expressions: systemd itself, None where it is not."""
    program = shutil.which("systemd-analyze")
    if program is None:
        return None

    def instants(after: Instant, limit: int) -> list[Instant]:
        found = {at for text in expressions for at in _asked(program, text, timezone, after, limit)}
        return sorted(found)[:limit]

    return instants


def _asked(program: str, text: str, timezone: str, after: Instant, limit: int) -> list[Instant]:
    words = [program, "calendar", f"--iterations={limit}", f"--base-time=@{after // SECOND}", text]
    env = {**os.environ, "TZ": timezone, "LC_ALL": "C"}
    done = subprocess.run(
        words, capture_output=True, env=env, check=False, timeout=30, encoding="utf-8"
    )
    if done.returncode:
        raise BadInput(f"systemd-analyze calendar {text!r}: {done.stderr.strip()}")
    return sorted(
        {
            instant(datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC))
            for found in _NEXT.finditer(done.stdout)
            if found[2] == "UTC"
        }
    )
