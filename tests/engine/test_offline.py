"""Without an engine, file and store still tell what would come and what was last recorded."""

from pathlib import Path

from msgspec.structs import replace

from cronterm.clock import Now
from cronterm.engine.offline import ask_offline
from cronterm.instance import Instance
from cronterm.model.decision import Decisions
from cronterm.model.query import (
    Query,
    ReadDecisions,
    ReadState,
)
from cronterm.model.run import Cause
from cronterm.model.snapshot import Snapshot
from cronterm.store.sqlite import open_store
from tests.store.facts import NOON, added, claimed, queued, started, whole_run


class StoppedClock:
    """It is noon."""

    def now(self) -> Now:
        """Return noon."""
        return Now(NOON, NOON)


def ask(directory: Path, query: Query, *facts: object) -> object:
    instance = Instance(directory / "jobs.yaml", directory / "state")
    instance.jobs_file.write_text(
        'jobs:\n  backup:\n    schedule: "@hourly"\n    command: "true"\n'
    )
    instance.prepare()
    with open_store(instance.state_dir, now=NOON) as store:
        store.record([added(), *facts])  # type: ignore[list-item]
    return ask_offline(instance, query, clock=StoppedClock(), local_timezone="UTC")


def test_why_says_first_that_no_engine_runs_and_then_what_would_be_due(tmp_path: Path) -> None:
    told = ask(tmp_path, ReadDecisions(job="backup"), *whole_run(1))

    assert isinstance(told, Decisions)
    assert told.sentences[0] == "No engine runs: nothing is being scheduled."
    assert told.sentences[1].startswith("With an engine it would be due next at ")


def test_a_run_that_is_still_open_is_not_idle(tmp_path: Path) -> None:
    told = ask(tmp_path, ReadState(), queued(1), claimed(1), started(1))

    assert isinstance(told, Snapshot)
    assert told.jobs["backup"].state == "running"


def test_why_tells_of_the_last_run_by_hand_and_of_its_exit_code(tmp_path: Path) -> None:
    by_hand = replace(queued(1), cause=Cause("manual", by="ann"))
    told = ask(tmp_path, ReadDecisions(job="backup"), by_hand, *whole_run(1, code=3)[1:])

    assert isinstance(told, Decisions)
    assert any(
        line.startswith("Its last run, 1 (by hand by ann), failed by its exit code 3 at ")
        for line in told.sentences
    )
