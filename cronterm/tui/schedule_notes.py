"""What is to be known of a job's schedule, in sentences: the most telling ones first."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from cronterm.clock import Instant, aware
from cronterm.model.foresight import short_timeout
from cronterm.model.job import Job, is_timed
from cronterm.model.outlook import Outlook
from cronterm.model.snapshot import JobView, Pause
from cronterm.model.starts import met_words
from cronterm.model.trigger import trigger_name
from cronterm.readable import against_timeout
from cronterm.schedule.base import CalendarSpec, RebootSpec, StartupSpec
from cronterm.schedule.calendar_words import doubts, keeping
from cronterm.schedule.describe import warnings
from cronterm.schedule.duration import format_duration

Note = tuple[str, str]
"""(sentence, role): `accent` is a fact, `warn` what may surprise."""


def schedule_notes(
    view: JobView,
    told: Outlook,
    all_paused: Pause | None,
    now: Instant,
    calendars: Mapping[str, CalendarSpec],
) -> list[Note]:
    """Return the notes of a job; `calendars` are those of the settings."""
    job = view.job
    surprises = (*warnings(job.schedule), *doubts(job.only, calendars))
    return [
        *_stand(view, told, all_paused),
        *_cut_short(view),
        *(("May surprise: " + text + ".", "warn") for text in surprises),
        *((_moved(told, each.at, each.mark), "warn") for each in told.changes),
        *((text, "accent") for text in _waits(view)),
        *((text, "accent") for text in _limits(job, calendars)),
        *([(_zone(told, now), "accent")] if is_timed(job) else []),
        *([(_after_downtime(job), "accent")] if is_timed(job) and not job.is_monitor else []),
    ]


def _cut_short(view: JobView) -> Iterator[Note]:
    if short := short_timeout(view):
        yield f"May be cut short: {against_timeout(*short)}.", "warn"


def _stand(view: JobView, told: Outlook, all_paused: Pause | None) -> Iterator[Note]:
    """Yield why nothing comes, or starts as things are."""
    job = view.job
    if not job.enabled:
        yield "Disabled in the file (enabled: false): nothing starts by itself.", "warn"
    elif view.is_used_up:
        yield f"Never fires again: it has run {view.timed_runs} times (max_runs).", "warn"
    elif is_timed(job) and not any(not each.held for each in told.coming):
        yield _never(view), "warn"
    elif job.max_runs is not None:
        yield f"Runs by itself {job.max_runs - view.timed_runs} times more (max_runs).", "accent"
    for pause, what in ((view.pause, "Paused"), (all_paused, "Everything is paused")):
        if pause is not None:
            until = f" until {_local(pause.until, told)}" if pause.until is not None else ""
            yield f"{what} by {pause.by}{until}: what is due meanwhile starts nothing.", "warn"
    if not is_timed(job) and not job.triggers and not job.depends_on:
        yield "Starts by hand only: it has no schedule and waits for nothing.", "accent"


def _never(view: JobView) -> str:
    job = view.job
    if any(isinstance(spec, RebootSpec | StartupSpec) for spec in job.schedule):
        boot = any(isinstance(spec, RebootSpec) for spec in job.schedule)
        return f"No instant to tell: it starts {'at boot' if boot else 'when the engine starts'}."
    if job.not_after is not None:
        return "Never fires again: nothing comes up to not_after."
    if job.exclude or job.only:
        return "Never fires: its calendars let nothing through as far as can be seen."
    if view.timed_runs:
        return "Never fires again: its schedule has no instant to come."
    return "Never fires: its schedule has no instant to come."


def _local(at: Instant, told: Outlook) -> str:
    return f"{aware(at).astimezone(ZoneInfo(told.timezone)):%a %Y-%m-%d %H:%M}"


def _moved(told: Outlook, at: Instant, mark: str) -> str:
    return f"The clock is set: {_local(at, told)}, {mark}."


def _waits(view: JobView) -> Iterator[str]:
    """Yield what starts it besides its schedule, and what must have ended before."""
    job = view.job
    for trigger in job.triggers:
        name = trigger_name(trigger)
        yield f"Waits for {name}" + (" (suspended)." if name in view.suspended else ".")
    if job.triggers and job.cooldown:
        yield f"After such a start no event starts it for {format_duration(job.cooldown)}."
    if job.depends_on:
        met = met_words(job)
        yield f"Starts only once {met}." if is_timed(job) else f"Starts once {met}."
    if job.is_monitor:
        yield "Something else runs it: these are the instants at which a report is expected."
    if job.jitter:
        share = "another part of it each time"
        share = share if job.jitter_mode == "random" else "the same part of it each time"
        yield f"Jitter: each start waits up to {format_duration(job.jitter)} more, {share}."


def _limits(job: Job, calendars: Mapping[str, CalendarSpec]) -> Iterator[str]:
    """Yield what keeps instants back."""
    for text in keeping(job.exclude, job.only, calendars):
        yield f"{text[:1].upper()}{text[1:]}."
    info = ZoneInfo(job.timezone)
    for words, at in (("Not before", job.not_before), ("Not after", job.not_after)):
        if at is not None:
            yield f"{words} {aware(at).astimezone(info):%a %Y-%m-%d %H:%M:%S}."
    if job.start_deadline is not None:
        yield f"Starts within {format_duration(job.start_deadline)} of its instant, or not at all."


def _zone(told: Outlook, now: Instant) -> str:
    there = aware(now).astimezone(ZoneInfo(told.timezone)).utcoffset() or timedelta()
    here = aware(now).astimezone().utcoffset() or timedelta()
    if there == here:
        return f"Times are {told.timezone}: the clock on this machine shows the same."
    ahead = abs(there - here) // timedelta(minutes=1)
    apart = f"{ahead // 60} h" + (f" {ahead % 60} min" if ahead % 60 else "")
    side = "ahead of" if there > here else "behind"
    return f"Times are {told.timezone}: {apart} {side} this machine."


def _after_downtime(job: Job) -> str:
    match job.catch_up:
        case "skip":
            return "What a downtime misses is not run (catch_up: skip)."
        case "latest":
            what = "the newest instant that a downtime missed is run"
        case _:
            what = "all that a downtime missed is run"
    return f"After a start, {what} (catch_up, {format_duration(job.catch_up_window)} back)."
