"""The runs that belong together because one started the other."""

from cronterm.control import Control
from cronterm.model.query import ListRuns, ReadRun, RunDetail, Runs
from cronterm.model.run import RunRow

MOST_STEPS = 50  # up to the run that began it
MOST_ROWS = 2_000  # runs looked through for those that it started


async def chain_of(control: Control, run: int) -> list[int]:
    """Return the runs of a chain, the one that began it first. Raises `CrontermError`."""
    first = await _row(control, run)
    for _ in range(MOST_STEPS):
        if first is None or first.upstream_run is None:
            break
        first = await _row(control, first.upstream_run)
    if first is None or first.run is None:
        return [run]
    query = ListRuns(causes=("upstream",), decisions=False, since=first.queued_at, limit=MOST_ROWS)
    runs = await control.query(query)
    found = [first.run]
    for row in sorted(runs.rows if isinstance(runs, Runs) else (), key=_number):
        if row.run is not None and row.upstream_run in found:
            found.append(row.run)
    return found if run in found else [*found, run]


def _number(row: RunRow) -> int:
    return row.run or 0


async def _row(control: Control, run: int) -> RunRow | None:
    detail = await control.query(ReadRun(run=run))
    return detail.row if isinstance(detail, RunDetail) else None
