"""When a job that is being edited will run, as the engine will have it."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from cronterm.clock import Instant, local_zone
from cronterm.model.job import Job, is_timed, schedule_hash
from cronterm.model.snapshot import JobView
from cronterm.schedule.base import CalendarSpec, RebootSpec, Schedule, StartupSpec
from cronterm.schedule.build import build
from cronterm.schedule.calendars import Calendars, Sifted
from cronterm.schedule.forecast import upcoming
from cronterm.tui.words import countdown

IN_LINE = 3
"""So many runs are told in one line."""


def coming_runs(
    job: Job, now: Instant, calendars: Mapping[str, CalendarSpec], view: JobView | None = None
) -> list[str]:
    """Return the next five runs, a line each; `view` is the job before it is edited."""
    decided = () if view is None else view.decided
    limit = 5
    if job.max_runs is not None:
        limit = min(limit, job.max_runs - (0 if view is None else view.timed_runs))
    if not job.enabled or limit <= 0:
        return []
    schedule = schedule_of(job, now, view)
    sieve = Calendars(calendars).sieve(job.exclude, job.only, timezone=job.timezone)
    coming = schedule if sieve is None else Sifted(schedule, sieve)
    found = upcoming(
        coming, job.schedule, timezone=job.timezone, after=now, limit=limit + len(decided)
    )
    kept = [each for each in found if not any(low < each.at <= high for low, high in decided)]
    return [
        f"{each.local:%a %d %b %H:%M:%S}  in {countdown(each.at - now)}"
        + (f"  ! {each.mark}" if each.mark else "")
        for each in kept[:limit]
    ]


def schedule_of(job: Job, now: Instant, view: JobView | None = None) -> Schedule:
    """Return what the engine will go by: a schedule that stays as it was goes on."""
    if view is not None and schedule_hash(view.job) != schedule_hash(job):
        view = None
    return build(
        job.schedule,
        first_seen_at=now if view is None else view.first_seen_at,
        last_end_at=view.recent[-1].ended_at if view is not None and view.recent else None,
        not_before=job.not_before,
        not_after=job.not_after,
    )


def nothing_comes(job: Job | None, *, has_schedule: bool, view: JobView | None) -> str:
    """Say why no run is to be told."""
    if job is None:
        return "something is to be mended first" if has_schedule else "no schedule yet"
    if not is_timed(job):
        return "by hand only" if has_schedule else "no schedule yet"
    if not job.enabled:
        return "none by itself: enabled is false"
    if view is not None and job.max_runs is not None and view.timed_runs >= job.max_runs:
        return f"none: it has run {view.timed_runs} times (max_runs)"
    if any(isinstance(spec, RebootSpec | StartupSpec) for spec in job.schedule):
        return "at no set time"
    return "nothing is due"


def coming_text(runs: Sequence[str], nothing: str, roles: Mapping[str, str]) -> Text:
    """Return the runs with the first one in front of the eye; else `nothing`."""
    text = Text("\n".join(runs) or nothing, roles["text"] if runs else roles["faint"])
    if runs:
        text.stylize(f"bold {roles['accent']}", 0, len(runs[0].partition("  ")[0]))
    return text


def next_line(runs: Sequence[str], nothing: str, zone: str) -> str:
    """Return the first runs in one line, for where they have no box; else `nothing`.

    The day is said where it is another one, the zone where this machine has another.
    """
    told, before = [], ""
    for run in runs[:IN_LINE]:
        at = run.partition("  ")[0].removesuffix(":00")
        day, _, time = at.rpartition(" ")
        told.append(time if day == before else at)
        before = day
    where = f" ({zone})" if zone != local_zone() else ""
    return f"next {' · '.join(told)}{where}" if told else nothing
