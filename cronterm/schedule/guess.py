"""What a schedule in plain words means as a cron expression, where that can be guessed."""

import re

_DAYS = {"sun": "0", "mon": "1", "tue": "2", "wed": "3", "thu": "4", "fri": "5", "sat": "6"}
_SOME_DAYS = {"weekday": "1-5", "workday": "1-5", "weekend": "0,6", "day": "*", "night": "*"}
_DAY = re.compile(
    r"\b(?:(sun|mon|tue|wed|thu|fri|sat)(?:sday|nesday|rsday|urday|day)?|(weekday|workday|weekend"
    r"|day|night)|(daily|nightly))s?\b"
)
_INTERVAL = re.compile(r"\bevery +(\d{1,2} +)?(minute|hour)s?\b")
_TIME = re.compile(r"\bat +(?:(\d{1,2})(?::(\d\d))? *(am|pm)?|(noon|midnight))(?![\d:])")
_FILLING = re.compile(r"(?:\b(?:every|each|on|and|the|o'clock)\b|[ ,])*")
LONGEST = 100  # characters: nobody says more


def meant(text: str) -> str:
    """Return the cron expression that words like `every 15 minutes on weekdays` mean, or ""."""
    left = " ".join(text.lower().split())
    if len(left) > LONGEST:
        return ""
    interval, left = _taken(_INTERVAL, left)
    time, left = _taken(_TIME, left)
    days = [found[1] or found[2] or "day" for found in _DAY.finditer(left)]
    left = _DAY.sub("", left)
    if not _FILLING.fullmatch(left) or bool(interval) == bool(time or (days and not interval)):
        return ""
    at = _of_interval(interval) if interval else _of_time(time)
    return f"{at} * * {_of_days(days)}" if at else ""


def _taken(pattern: re.Pattern[str], text: str) -> tuple[re.Match[str] | None, str]:
    """Return what of `text` the pattern finds, and the rest."""
    found = pattern.search(text)
    return found, text if found is None else text[: found.start()] + text[found.end() :]


def _of_interval(interval: re.Match[str]) -> str:
    """Return minute and hour; "" where no cron expression has such an interval."""
    count, is_hours = int(interval[1] or 1), interval[2] == "hour"
    if count == 0 or (24 if is_hours else 60) % count:
        return ""
    each = "*" if count == 1 else f"*/{count}"
    return f"0 {each}" if is_hours else f"{each} *"


def _of_time(time: re.Match[str] | None) -> str:
    """Return minute and hour, those of midnight where none is named; "" for no time of day."""
    if time is None or time[4] == "midnight":
        return "0 0"
    if time[4] == "noon":
        return "0 12"
    hour, minute = int(time[1]), int(time[2] or 0)
    if time[3]:
        if not 1 <= hour <= 12:
            return ""
        hour = hour % 12 + (12 if time[3] == "pm" else 0)
    return f"{minute} {hour}" if hour < 24 and minute < 60 else ""


def _of_days(days: list[str]) -> str:
    """Return the days of the week; all where none or each is named."""
    found = [_DAYS.get(day) or _SOME_DAYS[day] for day in days]
    return "*" if not found or "*" in found else ",".join(dict.fromkeys(found))
