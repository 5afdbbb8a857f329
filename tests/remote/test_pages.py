"""Pages of the runs of several machines have each run once, in the order of time."""

import random
from collections.abc import Sequence

import pytest

from cronterm.clock import SECOND, Instant
from cronterm.errors import CrontermError
from cronterm.model.query import AnyReply, ListRuns, Query, Runs
from cronterm.model.run import RunRow
from cronterm.remote.merged import MergedControl
from tests.remote.fake_control import START, FakeControl
from tests.store.test_listing import matches

PAGE = 5


class Past(FakeControl):
    """A machine whose runs were queued at these times, the first of them run 1."""

    def __init__(self, times: Sequence[Instant]) -> None:
        super().__init__()
        self.rows = [
            RunRow(run=run, job="backup", cause="scheduled", queued_at=at, outcome="succeeded")
            for run, at in enumerate(times, 1)
        ]
        self.asked: list[ListRuns] = []

    async def query(self, query: Query) -> AnyReply:
        """As in `Control`."""
        assert isinstance(query, ListRuns)
        self.asked.append(query)
        rows = [row for row in self.rows if matches(row, query)]
        if query.limit is None:
            return Runs(tuple(rows))
        return Runs(tuple(rows[: query.limit] if query.is_forward else rows[-query.limit :]))


def several(seed: int) -> MergedControl:
    """Return machines with few runs and with many, some of them of the same instant."""
    dice = random.Random(seed)
    counts = (60, 3, dice.randint(0, 30))
    times = [sorted(dice.randint(0, 25) for _ in range(count)) for count in counts]
    return MergedControl(
        {
            host: Past([START + at * SECOND for at in own])
            for host, own in zip("abc", times, strict=True)
        }
    )


async def rows_of(merged: MergedControl, query: ListRuns) -> list[RunRow]:
    """Return what a query finds, oldest first."""
    found = await merged.query(query)
    assert isinstance(found, Runs)
    return list(found.rows)


@pytest.mark.parametrize("seed", range(20))
async def test_pages_back_and_forth_have_each_run_once(seed: int) -> None:
    merged = several(seed)
    everything = await rows_of(merged, ListRuns(decisions=False))
    back: list[RunRow] = []
    while page := await rows_of(
        merged, ListRuns(decisions=False, before_run=back[0].run if back else None, limit=PAGE)
    ):
        back[:0] = page
    forth: list[RunRow] = []
    while page := await rows_of(
        merged, ListRuns(decisions=False, after_run=(forth[-1].run if forth else 0), limit=PAGE)
    ):
        forth += page

    assert [row.queued_at for row in back] == sorted(row.queued_at for row in everything)
    assert back == forth == everything
    assert len({row.run for row in back}) == len(back)


async def test_a_page_between_two_runs_and_times_has_what_lies_there() -> None:
    merged = several(1)
    rows = await rows_of(merged, ListRuns(decisions=False))
    since, until = START + 4 * SECOND, START + 20 * SECOND
    inside = [row for row in rows if since <= row.queued_at < until]
    first, last = inside[3], inside[-3]
    query = ListRuns(
        decisions=False, since=since, until=until, after_run=first.run, before_run=last.run
    )

    assert await rows_of(merged, query) == inside[4:-3]


async def test_a_page_at_a_run_that_is_not_kept_any_more_goes_on_at_the_next() -> None:
    machines = {"a": Past([START, START + 2, START + 4]), "b": Past([START + 1, START + 3])}
    merged = MergedControl(machines)
    *_, first, _ = await rows_of(merged, ListRuns(decisions=False))
    del machines["b"].rows[-1]

    assert first.job == "b:backup"
    older = await rows_of(merged, ListRuns(decisions=False, before_run=first.run, limit=2))
    assert [row.queued_at for row in older] == [START, START + 1]
    del machines["b"].rows[:]
    with pytest.raises(CrontermError, match="not kept any more"):
        await merged.query(ListRuns(decisions=False, before_run=first.run, limit=2))
