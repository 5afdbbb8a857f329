"""Answers from what lies on the disk, when no engine runs. Commands need one."""

import asyncio

from cronterm.clock import Clock
from cronterm.config.load import Loaded, load
from cronterm.engine.answers import Answers
from cronterm.errors import BadInput
from cronterm.instance import Instance
from cronterm.model.query import AnyReply, ListNext, Query, ReadDecisions
from cronterm.model.snapshot import JobView, Snapshot
from cronterm.store.reader import open_reader


def ask_offline(instance: Instance, query: Query, *, clock: Clock, local_timezone: str) -> AnyReply:
    """Answer `query` read-only. Raises `BadInput` when it needs a jobs file that is broken."""
    loaded = _loaded(instance, query, local_timezone)
    with open_reader(instance.state_dir) as reader:
        known = {job.id: job for job in reader.memory().jobs}
        now = clock.now().utc
        snapshot = Snapshot(settings=loaded.settings)
        for job in loaded.jobs:
            seen = known.get(job.id)
            snapshot.jobs[job.id] = JobView(
                job=job,
                first_seen_at=seen.first_seen_at if seen is not None else now,
                pause=seen.pause if seen is not None else None,
                timed_runs=seen.timed_runs if seen is not None and seen.present else 0,
            )
        answers = Answers(
            reader=reader,
            output=instance.output_dir(reader.store_id()),
            jobs_file=instance.jobs_file,
            clock=clock,
            snapshot=lambda: snapshot,
        )
        return asyncio.run(answers.answer(query))


def _loaded(instance: Instance, query: Query, local_timezone: str) -> Loaded:
    loaded = load(instance.jobs_file, local_timezone=local_timezone)
    if not loaded.is_usable and isinstance(query, ListNext | ReadDecisions):
        raise BadInput("\n".join(map(str, loaded.problems)))
    return loaded
