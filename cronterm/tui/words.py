"""Short texts for cells: countdowns, ages, durations, how a run ended."""

import re
from datetime import datetime

from cronterm.clock import DAY, SECOND, Duration, Instant, aware, instant
from cronterm.model.alert import Mute
from cronterm.model.event import RunEnded
from cronterm.model.job import Job, is_timed
from cronterm.model.run import AttemptEnd, RunRow
from cronterm.model.snapshot import JobView, LiveRun, PastRun, Pause
from cronterm.model.starts import met_words
from cronterm.model.trigger import trigger_name
from cronterm.readable import ahead, rough, short
from cronterm.sanitize import sanitize_line
from cronterm.schedule.base import AtSpec, InSpec, ManualSpec
from cronterm.schedule.describe import describe

STAMP = re.compile(r"(?:\bat )?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z)")


def countdown(left: Duration) -> str:
    """Return `8s`, `1m`, `1h 02m`, `32h`, `2d`: seconds only where they matter."""
    return ahead(left)


def elapsed_clock(passed: Duration) -> str:
    """Return `0:07`, `4:12`, `1:04:12`, `10h 04m`, `2d`: at most 7 cells."""
    seconds = max(passed, 0) // SECOND
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02}"
    if passed >= 2 * DAY:
        return countdown(passed)
    if seconds >= 36_000:
        return f"{seconds // 3600}h {seconds % 3600 // 60:02}m"
    return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"


def age(passed: Duration) -> str:
    """Return `now`, `4s`, `12m`, `3h`, `2d`."""
    return rough(passed)


def duration(length: Duration | None) -> str:
    """Return `621ms`, `1.2s`, `4m12s`, `3h05m`, `2d04h`; a dot for None."""
    return "·" if length is None else short(length)


def took_text(row: RunRow, now: Instant) -> str:
    """Return how long a run took, or goes on by now: `4m12s`, `0:37`; a dot if it never started."""
    if row.started_at is None or (row.ended_at is None and row.outcome is not None):
        return duration(None)
    if row.ended_at is None:
        return elapsed_clock(now - row.started_at)
    return duration(row.ended_at - row.started_at)


def size(count: int) -> str:
    """Return `512 B`, `41.2 MiB`, `1.3 GiB`."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def clock(at: Instant) -> str:
    """Return `14:32:07` in this machine's zone."""
    return f"{aware(at).astimezone():%H:%M:%S}"


def moment(at: Instant) -> str:
    """Return `2026-11-21 14:32:07` in this machine's zone."""
    return f"{aware(at).astimezone():%Y-%m-%d %H:%M:%S}"


def day_moment(at: Instant, now: Instant) -> str:
    """Return `today 12:00:00`, `yesterday 23:14:05`, `tomorrow …` or the date."""
    here, today = aware(at).astimezone(), aware(now).astimezone()
    days = (today.date() - here.date()).days
    if days in (-1, 0, 1):
        return f"{('today', 'yesterday', 'tomorrow')[days]} {here:%H:%M:%S}"
    return f"{here:%Y-%m-%d %H:%M}"


def with_days(text: str, now: Instant) -> str:
    """Return a sentence of the engine, its times (`at 2026-11-22T02:30:00Z`) as `day_moment`."""

    def in_words(stamp: re.Match[str]) -> str:
        try:
            return day_moment(instant(datetime.fromisoformat(stamp[1])), now)
        except ValueError:
            return stamp[0]

    return STAMP.sub(in_words, text)


def short_moment(at: Instant, now: Instant) -> str:
    """Return `12:00:00`, for other days of the week `Fri 23:14:05`, else `11-19 12:00`."""
    here, today = aware(at).astimezone(), aware(now).astimezone()
    days = abs((today.date() - here.date()).days)
    if days < 7:
        return f"{here:%a %H:%M:%S}" if days else f"{here:%H:%M:%S}"
    return f"{here:%m-%d %H:%M}"


def percent(ratio: float | None) -> str:
    """Return `97%`, a dot for None."""
    return "·" if ratio is None else f"{ratio:.0%}"


def schedule_words(job: Job) -> str:
    """Return in words when it starts, what else starts it by name, safe to show."""
    words = [describe(job.schedule)] if is_timed(job) or not job.triggers else []
    if job.depends_on and not is_timed(job):
        words = [f"once {met_words(job)}"]
    return sanitize_line("; ".join([*words, *map(trigger_name, job.triggers)]))


def end_text(end: AttemptEnd) -> str:
    """Return how an attempt ended: `exit 3`, `signal 9`, `timeout`."""
    if end.start_error:
        return sanitize_line(end.start_error)
    if end.stopped_for:
        return end.stopped_for
    if end.lost:
        return f"lost: {end.lost}"
    if end.broken_rule and end.exit_code == 0:
        return end.broken_rule.replace("_", " ")
    return f"signal {end.signal}" if end.signal is not None else f"exit {end.exit_code}"


def pause_text(pause: Pause, now: Instant) -> str:
    """Return `until today 16:30:00 · by ann since today 14:02:11: disk swap`: the end first."""
    end = f"until {day_moment(pause.until, now)} · " if pause.until is not None else ""
    reason = f": {pause.reason}" if pause.reason else ""
    return sanitize_line(f"{end}by {pause.by} since {day_moment(pause.at, now)}{reason}")


def mute_text(mute: Mute, now: Instant) -> str:
    """Return `until 16:30:00 · by ann at 14:02:11`: how long alerts are silent."""
    end, since = short_moment(mute.until, now), short_moment(mute.at, now)
    return sanitize_line(f"until {end} · by {mute.by} at {since}")


def past_text(past: PastRun) -> str:
    """Return how a run ended: `exit 3`, `timed out`, `start error`."""
    match past.reason:
        case "exit" | "exit_code":
            return f"exit {past.exit_code}"
        case "signal":
            return f"signal {past.signal}"
        case "":
            return "exit 0" if past.outcome == "succeeded" else past.outcome.replace("_", " ")
        case reason:
            return reason.replace("_", " ")


def run_end_text(event: RunEnded, live: LiveRun | None) -> str:
    """Return `exit 0 in 212ms`, `timed out after 8.0s`, `skipped: overlap`."""
    message = f" — {sanitize_line(event.message)}" if event.message else ""
    if live is None or live.started_at is None or live.last_end is None:
        reason = f": {event.reason}" if event.reason else ""
        return f"{event.outcome}{reason}".replace("_", " ") + message
    took = duration(live.last_end.ended_at - live.started_at)
    if event.outcome == "timed_out":
        return f"timed out after {took}{message}"
    if event.outcome in ("stopped", "replaced"):
        return f"{event.outcome} after {took}{message}"
    if event.outcome == "failed" and event.reason not in ("exit", "signal", "start_error"):
        return f"{event.reason.replace('_', ' ')} in {took}{message}"  # its exit code was good
    return f"{end_text(live.last_end)} in {took}{message}"


def asked_text(row: RunRow) -> str:
    """Return ` by ann`, ` after extract 22`, or nothing."""
    if row.upstream_run is not None:
        return f" after {row.by} {row.upstream_run}"
    return f" by {row.by}" if row.by else ""


def row_text(row: RunRow) -> str:
    """Return how a run of the history ended, with what a person should know."""
    if row.outcome is None:
        return "running" if row.started_at is not None else "waits for its start"
    by = asked_text(row)  # who asked did not cause its end: a sign stands between
    by = f" · run{by}" if by.startswith(" by") else by
    message = f" — {sanitize_line(row.message)}" if row.message else ""
    match row.reason:
        case "exit" | "exit_code":
            how = f"exit {row.exit_code}"
        case "signal":
            how = f"signal {row.signal}"
        case _:
            how = "exit 0" if row.outcome == "succeeded" else row.outcome.replace("_", " ")
            how += f": {row.reason.replace('_', ' ')}" if row.reason else ""
    return f"{how}{by}{message}"


def cause_text(row: RunRow) -> str:
    """Return why a run is; one that repeats another is told by its number."""
    return row.cause.replace("_", " ") if row.repeat is None else row.repeat.text


def never_again(view: JobView, now: Instant) -> str:
    """Return why a job that is not due does not run by itself any more, "" where that is no news.

    A job that waits for a boot or for a start of the engine, or is disabled, may run again.
    """
    job = view.job
    if not is_timed(job) or not job.enabled or view.next_at is not None:
        return ""
    if job.max_runs is not None and view.timed_runs >= job.max_runs:
        return f"it has run {view.timed_runs} time{'s' * (view.timed_runs != 1)} (max_runs)"
    if job.not_after is not None and job.not_after < now:
        return f"not_after was {day_moment(job.not_after, now)}"
    if all(isinstance(spec, AtSpec | InSpec | ManualSpec) for spec in job.schedule):
        return "its time is over"
    return ""
