"""The timelines of several machines as one."""

from collections.abc import Sequence

import msgspec

from cronterm.model.query import ReadTimeline
from cronterm.model.timeline import Timeline
from cronterm.remote.names import SEPARATOR, Names


def own_timeline(query: ReadTimeline, names: Names) -> ReadTimeline:
    """Return the question as one machine understands it: only its jobs have lanes."""
    host = f"{names.host}{SEPARATOR}"

    def own(jobs: Sequence[str]) -> tuple[str, ...]:
        return tuple(job.removeprefix(host) for job in jobs if job.startswith(host))

    return msgspec.structs.replace(
        query,
        jobs=(own(query.jobs) or ("",)) if query.jobs else (),  # none of its jobs: its load
        within=None if query.within is None else own(query.within),
    )


def join_timelines(query: ReadTimeline, told: Sequence[tuple[Names, Timeline]]) -> Timeline:
    """Return what several machines told, in the names of all."""
    agenda = sorted((at, names.job(job)) for names, each in told for at, job in each.agenda)
    busiest = max((each for _, each in told), key=lambda each: each.busiest)
    return Timeline(
        now=max(each.now for _, each in told),
        lanes={
            names.job(job): lane for names, each in told for job, lane in each.lanes.items() if job
        },
        load=tuple(map(sum, zip(*(each.load for _, each in told), strict=True))),
        busiest_at=busiest.busiest_at,
        busiest=busiest.busiest,
        agenda=tuple(agenda[: query.agenda]),
        total=sum(each.total for _, each in told),
        read_from=max(each.read_from for _, each in told),
        is_whole=all(each.is_whole for _, each in told),
    )
