"""The loop on a real store: nothing happens before its commit, also while there can be none."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from cronterm.control import Message
from cronterm.core.base import ConfigChanged, NeverStarted
from cronterm.model.audit import AuditRow
from cronterm.model.command import PauseJob, RunJob
from cronterm.model.event import AnyEvent, AttemptClaimed, AttemptStarted, Numbered
from cronterm.model.job import Job, Keep, Settings
from cronterm.model.memory import Memory
from cronterm.model.query import ListRuns
from cronterm.model.run import RunRow
from cronterm.model.snapshot import PastRun, Snapshot, Totals
from cronterm.store.base import AttemptId, InstantTaken, PrunedRuns, StoreFailing
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import SqliteStore
from tests.core.clockwork import job
from tests.engine.bench import PATIENCE_S, Bench, bench

MANUAL = job("backup", "@manual")
MINUTELY = job("often", "* * * * *", catch_up="all")
BY = "ann"


class FullDisk:
    """A real store whose writes fail while `error` is set; reading goes on."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.error: Exception | None = None
        self.refused = 0
        self._has_refused = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.id = store.id
        self.notices = ("the history was set aside",)

    @property
    def last_n(self) -> int:
        """The number of the last recorded event."""
        return self._store.last_n

    def record(
        self, events: Sequence[AnyEvent], *, outputs: Mapping[AttemptId, bytes] | None = None
    ) -> tuple[Numbered, ...]:
        """Record, or refuse to."""
        error = self.error  # read once: the test changes it from another thread
        if error is not None:
            self.refused += 1
            self._loop.call_soon_threadsafe(self._has_refused.set)
            if isinstance(error, InstantTaken):
                self.error = None
            raise error
        return self._store.record(events, outputs=outputs)

    def record_calls(self, rows: Sequence[AuditRow]) -> None:
        """Keep calls."""
        self._store.record_calls(rows)

    async def refuses(self, times: int) -> None:
        """Wait until it refused so often."""
        async with asyncio.timeout(PATIENCE_S):
            while self.refused < times:
                self._has_refused.clear()
                await self._has_refused.wait()

    def memory(self, *, now: int) -> Memory:
        """Return what a core needs."""
        return self._store.memory(now=now)

    def views(self, jobs: Sequence[str]) -> dict[str, tuple[list[PastRun], Totals]]:
        """Return the newest runs of each job."""
        return self._store.views(jobs)

    def prune(self, keep: Mapping[str, Keep], *, now: int, limit: int) -> PrunedRuns:
        """Remove old runs."""
        return self._store.prune(keep, now=now, limit=limit)

    def close(self) -> None:
        """Leave it to who opened it."""


@asynccontextmanager
async def on_full_disk(
    directory: Path, *jobs: Job, store_retry_s: float = 0.05
) -> AsyncIterator[tuple[Bench, FullDisk]]:
    """Give an engine and its store, whose disk is not full yet."""
    disks: list[FullDisk] = []

    def wrapped(store: SqliteStore) -> FullDisk:
        disks.append(FullDisk(store))
        return disks[0]

    async with bench(directory, *jobs, store=wrapped, store_retry_s=store_retry_s) as it:
        await it.until(lambda: set(it.bus.snapshot.jobs) == {job.id for job in jobs})
        yield it, disks[0]


def rows(directory: Path) -> list[RunRow]:
    """Return the history as a reader sees it."""
    with open_reader(directory) as reader:
        return list(reader.list_runs(ListRuns()).rows)


# -- the order of things -------------------------------------------------------------------------


async def test_a_run_is_claimed_in_the_store_before_it_starts_and_ends_after_it_is_acknowledged(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path, MANUAL) as it:
        answer = await it.engine.command(RunJob(job="backup"), by=BY)
        assert [(each.run, each.attempt) for each in it.executor.started] == [(1, 1)]
        memory = it.store.memory(now=it.now())
        assert [(run.run, run.state, run.runner) for run in memory.runs] == [
            (1, "running", it.executor.runner_id)
        ]
        it.begins(1)
        it.ends(1, code=3)
        await it.until(lambda: bool(it.bus.snapshot.jobs["backup"].recent))

        assert (answer.ok, answer.run) == (True, 1)
        assert it.executor.acknowledged == [(1, 1)]
        past = it.bus.snapshot.jobs["backup"].recent[-1]
        assert (past.outcome, past.exit_code) == ("failed", 3)

    assert [(row.run, row.outcome, row.exit_code) for row in rows(tmp_path)] == [(1, "failed", 3)]


async def test_an_end_that_is_told_twice_is_recorded_once_and_acknowledged_twice(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path, MANUAL) as it:
        await it.engine.command(RunJob(job="backup"), by=BY)
        it.begins(1)
        it.ends(1)
        await it.until(lambda: it.executor.acknowledged == [(1, 1)])
        it.ends(1, code=1)
        await it.engine.command(PauseJob(job="backup"), by=BY)

        assert it.executor.acknowledged == [(1, 1), (1, 1)]
        assert [past.exit_code for past in it.bus.snapshot.jobs["backup"].recent] == [0]


async def test_what_is_due_starts_by_itself(tmp_path: Path) -> None:
    async with bench(tmp_path, MINUTELY) as it:
        await it.until(lambda: "often" in it.bus.snapshot.jobs)
        it.clock.pass_by(60)
        await it.engine.command(PauseJob(job="often"), by=BY)

        assert [start.cause.kind for start in it.executor.started] == ["scheduled"]


async def test_what_the_runner_tells_waits_while_a_burst_is_decided(tmp_path: Path) -> None:
    jobs = [job(f"job-{number:03}", "* * * * *") for number in range(100)]
    async with bench(tmp_path, *jobs) as it:
        it.executor.on_start = lambda start: it.begins(start.run)
        told: list[type[AnyEvent]] = []
        async with aclosing(it.bus.stream(after=it.bus.snapshot.n, output=False)) as stream:  # type: ignore[type-var]
            it.clock.pass_by(60)
            it.engine.tell()
            async with asyncio.timeout(PATIENCE_S):
                async for message in stream:
                    told += [type(message.event)] if isinstance(message, Numbered) else []
                    if told.count(AttemptStarted) == len(jobs):
                        break

        assert it.executor.announced == [16, 48]
        assert AttemptClaimed not in told[told.index(AttemptStarted) :]


# -- a store that cannot commit (CONTRACTS 19) ---------------------------------------------------


async def test_nothing_starts_while_nothing_can_be_recorded_and_it_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with on_full_disk(tmp_path, MANUAL) as (it, disk):
        async with aclosing(it.bus.stream(after=it.bus.snapshot.n, output=False)) as stream:  # type: ignore[type-var]
            watching = asyncio.ensure_future(snapshots(stream, 2))
            await asyncio.sleep(0)
            with caplog.at_level(logging.WARNING, logger="cronterm.engine"):
                disk.error = StoreFailing("the disk is full")
                answer = await it.engine.command(RunJob(job="backup"), by=BY)
                again = await it.engine.command(RunJob(job="backup"), by=BY)
                await disk.refuses(4)
                assert it.bus.snapshot.engine.state == "store_failing"
                disk.error = None
                await it.until(lambda: it.bus.snapshot.engine.state == "running")
            seen = await asyncio.wait_for(watching, PATIENCE_S)

        assert (answer.ok, again.ok) == (False, False)
        assert again.hint == "history cannot be written: the disk is full"
        assert it.executor.started == []
        assert [each.engine.trouble for each in seen] == [
            "history cannot be written: the disk is full",
            "the history was set aside",
        ]
        assert [record.getMessage() for record in caplog.records] == [
            "history cannot be written: the disk is full; running jobs go on, nothing new starts",
            "the history can be written again",
        ]
        assert (await it.engine.command(RunJob(job="backup"), by=BY)).ok

    assert [row.run for row in rows(tmp_path)] == [1]


async def test_ends_of_running_jobs_are_recorded_when_the_store_works_again(
    tmp_path: Path,
) -> None:
    async with on_full_disk(tmp_path, MANUAL) as (it, disk):
        await it.engine.command(RunJob(job="backup"), by=BY)
        it.begins(1)
        await it.until(lambda: it.bus.snapshot.jobs["backup"].live[1].pid is not None)
        disk.error = StoreFailing("the disk is full")
        it.ends(1, code=4)
        await disk.refuses(3)
        assert it.executor.acknowledged == []
        disk.error = None
        await it.until(lambda: not it.bus.snapshot.jobs["backup"].live)

        assert it.executor.acknowledged == [(1, 1)]

    assert [(row.run, row.exit_code) for row in rows(tmp_path)] == [(1, 4)]


async def test_a_change_of_the_jobs_file_meanwhile_is_in_force_afterwards(tmp_path: Path) -> None:
    async with on_full_disk(tmp_path, MANUAL) as (it, disk):
        disk.error = StoreFailing("the disk is full")
        for each in ("one", "two"):
            it.engine.tell(ConfigChanged((job(each, "@manual"),), Settings(), each))
        await disk.refuses(2)
        disk.error = None
        await it.until(lambda: set(it.bus.snapshot.jobs) == {"two"})


async def test_instants_that_were_due_meanwhile_are_decided_afterwards(tmp_path: Path) -> None:
    async with on_full_disk(tmp_path, MINUTELY) as (it, disk):
        disk.error = StoreFailing("the disk is full")
        await it.engine.command(PauseJob(job="often"), by=BY)
        it.clock.pass_by(180)
        await disk.refuses(2)
        assert it.executor.started == []
        disk.error = None
        await it.until(lambda: bool(it.executor.started))

    decided = rows(tmp_path)
    assert sum(row.count for row in decided) >= 3
    assert len({row.scheduled_at for row in decided}) == len(decided)


async def test_an_instant_that_is_taken_drops_the_start_and_the_core_begins_anew(
    tmp_path: Path,
) -> None:
    async with on_full_disk(tmp_path, MANUAL, store_retry_s=30) as (it, disk):
        disk.error = InstantTaken("backup", 1)
        refused = await it.engine.command(RunJob(job="backup"), by=BY)

        assert not refused.ok
        assert it.executor.started == []
        assert it.bus.snapshot.engine.state == "running"
        assert (await it.engine.command(RunJob(job="backup"), by=BY)).ok


async def test_an_orderly_end_does_not_wait_for_the_store_longer_than_its_grace(
    tmp_path: Path,
) -> None:
    async with on_full_disk(tmp_path, MANUAL, store_retry_s=30) as (it, disk):
        disk.error = StoreFailing("the disk is full")
        await it.engine.command(RunJob(job="backup"), by=BY)
        it.engine.shut_down(by=BY, grace_s=0.05)
        assert it.running is not None
        await asyncio.wait_for(it.running, PATIENCE_S)


# -- recovery ------------------------------------------------------------------------------------


async def test_a_claim_that_no_runner_knows_is_started_under_its_own_number(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path, MANUAL) as it:
        await it.engine.command(RunJob(job="backup"), by=BY)
    async with bench(tmp_path, MANUAL, inputs=[NeverStarted(1, 1)]) as it:
        assert [(start.run, start.attempt) for start in it.executor.started] == [(1, 1)]
        assert list(it.bus.snapshot.jobs["backup"].live) == [1]
        it.begins(1)
        it.ends(1)
        await it.until(lambda: not it.bus.snapshot.jobs["backup"].live)

    assert [(row.run, row.outcome) for row in rows(tmp_path)] == [(1, "succeeded")]


async def test_a_run_that_lives_is_not_started_again(tmp_path: Path) -> None:
    async with bench(tmp_path, MANUAL) as it:
        await it.engine.command(RunJob(job="backup"), by=BY)
        it.begins(1)
        await it.until(lambda: it.bus.snapshot.jobs["backup"].live[1].pid is not None)
    async with bench(tmp_path, MANUAL) as it:
        assert it.executor.started == []
        assert it.bus.snapshot.jobs["backup"].live[1].state == "running"
        refused = await it.engine.command(RunJob(job="backup"), by=BY)
        assert refused.kind == "overlap"


async def test_what_was_seen_before_a_restart_is_seen_after_it(tmp_path: Path) -> None:
    async with bench(tmp_path, MANUAL) as it:
        await it.engine.command(RunJob(job="backup"), by=BY)
        it.begins(1)
        it.ends(1, code=2)
        await it.engine.command(PauseJob(job="backup", reason="a move"), by=BY)
        await it.engine.command(PauseJob(), by=BY)
        for job in ("backup", ""):
            changed = PauseJob(job=job, until=9_000_000_000_000_000, reason="later")
            await it.engine.command(changed, by="bob")
        await it.until(lambda: bool(it.bus.snapshot.jobs["backup"].recent))
        before = it.bus.copy()
    async with bench(tmp_path, MANUAL) as it:
        after = it.bus.snapshot

        assert after.n > before.n
        assert after.store == before.store
        assert after.jobs["backup"].recent == before.jobs["backup"].recent
        assert after.jobs["backup"].totals == before.jobs["backup"].totals
        assert after.jobs["backup"].pause == before.jobs["backup"].pause
        assert after.all_paused == before.all_paused


async def test_a_job_that_comes_back_has_its_history(tmp_path: Path) -> None:
    async with bench(tmp_path, MANUAL) as it:
        await it.engine.command(RunJob(job="backup"), by=BY)
        it.begins(1)
        it.ends(1)
        await it.until(lambda: bool(it.bus.snapshot.jobs["backup"].recent))
        it.engine.tell(ConfigChanged((), Settings(), "none"))
        await it.until(lambda: not it.bus.snapshot.jobs)
        it.engine.tell(ConfigChanged((MANUAL,), Settings(), "again"))
        await it.until(lambda: "backup" in it.bus.snapshot.jobs)
        await it.engine.command(PauseJob(job="backup"), by=BY)

        assert [past.run for past in it.bus.snapshot.jobs["backup"].recent] == [1]


async def snapshots(stream: AsyncIterator[Message], count: int) -> list[Snapshot]:
    """Return the next snapshots of a stream."""
    found: list[Snapshot] = []
    async for message in stream:
        if isinstance(message, Snapshot):
            found.append(message)
        if len(found) == count:
            break
    return found
