"""Pages of the runs of several machines: the number of a run tells nothing about another's runs.

Runs of all are in the order of time, those of the same instant in the order of their machines.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from cronterm.clock import Instant
from cronterm.model.query import ListRuns, Runs
from cronterm.model.run import RunRow
from cronterm.remote.names import Names


class Edge(NamedTuple):
    """The run before or after which a page lies."""

    place: int
    """Of its machine, among all."""
    run: int
    """Its number there."""
    queued_at: Instant


def own_page(query: ListRuns, place: int, before: Edge | None, after: Edge | None) -> ListRuns:
    """Return the question about a page as the machine at `place` understands it."""
    changes: dict[str, Any] = {}
    if before is not None and place == before.place:
        changes["before_run"] = before.run
    elif before is not None:
        until = before.queued_at + (place < before.place)
        changes["before_run"] = None
        changes["until"] = until if query.until is None else min(until, query.until)
    if after is not None and place == after.place:
        changes["after_run"] = after.run
    elif after is not None:
        since = after.queued_at + (place < after.place)
        changes["after_run"] = 0 if query.is_forward else None
        changes["since"] = since if query.since is None else max(since, query.since)
    return msgspec.structs.replace(query, **changes)


def join_pages(query: ListRuns, pages: Sequence[tuple[Names, Runs]]) -> Runs:
    """Return one page of those of the machines, in the names of all.

    Only what is shown is renamed: that costs more than all the rest.
    """
    found = sorted(
        ((row.queued_at, place) for place, (_, page) in enumerate(pages) for row in page.rows),
    )
    limit = len(found) if query.limit is None else query.limit
    shown = found[:limit] if query.is_forward else found[max(len(found) - limit, 0) :]
    counts = Counter(place for _, place in shown)
    rows: list[RunRow] = []
    for place, (names, page) in enumerate(pages):
        left = len(page.rows) - counts[place]
        own = page.rows[: counts[place]] if query.is_forward else page.rows[left:]
        rows += names.out(Runs(own)).rows
    return Runs(tuple(sorted(rows, key=lambda row: row.queued_at)))
