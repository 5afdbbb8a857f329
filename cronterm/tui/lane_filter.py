"""Which jobs have lanes on the timeline: what filters the job table, and `had:missed`."""

from collections.abc import Mapping
from itertools import chain
from typing import get_args

from cronterm.clock import Instant
from cronterm.model.run import Outcome
from cronterm.model.snapshot import JobView
from cronterm.tui.filter import TERMS, find_jobs
from cronterm.tui.filter_doubt import Terms, one_of
from cronterm.tui.picture import Picture
from cronterm.tui.run_filter import STATES

HAD = "had:"
LANE_TERMS: Terms = {**TERMS, "had": one_of(STATES, "an end")}


def filtered_jobs(
    picture: Picture, words: str, *, since: Instant, until: Instant, now: Instant
) -> list[str]:
    """Return the jobs that match: `had:failed` are those of which a run ended so in that time.

    Their newest sixty runs are looked at.
    """
    terms = words.split()
    had = [term.casefold() for term in terms if term.lstrip("!").casefold().startswith(HAD)]
    others = " ".join(term for term in terms if term.casefold() not in had)

    def state(view: JobView) -> str:
        return picture.state(view, now)

    _, views = find_jobs(others, [*picture.snapshot.jobs.values()], state, now)
    return [
        view.job.id
        for view in views
        if all(_had(view, term, since, until) != term.startswith("!") for term in had)
    ]


def _had(view: JobView, term: str, since: Instant, until: Instant) -> bool:
    """Tell whether a run ended so within a time; a half typed word means all that begin with it."""
    wanted = term.lstrip("!").removeprefix(HAD)
    outcomes = _outcomes(wanted, STATES)
    return any(
        past.outcome in outcomes
        for past in view.recent
        if since <= (past.started_at or past.ended_at) < until
    )


def _outcomes(wanted: str, known: Mapping[str, tuple[Outcome, ...]]) -> frozenset[str]:
    if wanted in known:
        return frozenset(known[wanted])
    if not wanted:
        return frozenset(get_args(Outcome))
    near = (outcomes for name, outcomes in known.items() if name.startswith(wanted))
    return frozenset(chain.from_iterable(near))
