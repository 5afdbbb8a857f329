"""How an engine ends: how long it waits for what runs, and what its log says of that."""

import logging
from collections.abc import Sequence

from cronterm.clock import SECOND
from cronterm.model.snapshot import LiveRun, Snapshot
from cronterm.readable import short

log = logging.getLogger("cronterm")

STOP_MARGIN_S = 5.0  # beyond the longest grace of a job; then what is left stays with the runner
NAMED = 5  # runs of a line


def running(snapshot: Snapshot) -> list[LiveRun]:
    """Return the runs whose attempts the runner holds, as far as it was published."""
    return [
        run
        for run in snapshot.all_open()
        if run.state in ("running", "stopping") and not run.is_reported
    ]


def grace_s(snapshot: Snapshot, *, stop_runs: bool) -> float:
    """Return how long an orderly stop may wait for running attempts."""
    graces = [
        view.job.stop_grace_period / SECOND + STOP_MARGIN_S
        for view in snapshot.jobs.values()
        if view.live and (stop_runs or view.job.shutdown_runs == "stop")
    ]
    patience = STOP_MARGIN_S if stop_runs else snapshot.settings.shutdown_grace / SECOND
    return max([patience, *graces])


def say_stopping(snapshot: Snapshot, *, by: str, grace_s: float, stop_runs: bool) -> None:
    """Log that it begins to end, and what it waits for."""
    runs = running(snapshot)
    most = short(round(grace_s * SECOND))
    if not runs:
        what = "nothing runs, it ends now"
    elif stop_runs:
        what = f"it stops {_count(runs)} and waits for the end, at most {most}"
    elif grace_s > 0:
        what = f"it starts nothing more and waits for {_count(runs)} to end, at most {most}"
    else:
        what = f"it does not wait for {_count(runs)}"
    log.info("engine stopping: %s", what, extra={"by": by} | _named(runs))


def say_hurried(snapshot: Snapshot, *, by: str) -> None:
    """Log that it was told to end again: it does not wait any more."""
    runs = running(snapshot)
    extra = {"by": by} | _named(runs)
    log.info("engine stopping at once: it was told so again and waits no longer", extra=extra)


def say_stopped(snapshot: Snapshot) -> None:
    """Log that it has ended, and what goes on without it."""
    runs = running(snapshot)
    if not runs:
        log.info("engine stopped")
        return
    go = "goes" if len(runs) == 1 else "go"
    what = f"{_count(runs)} {go} on in the runner, and the next engine takes over"
    log.info("engine stopped: %s", what, extra=_named(runs))


def _count(runs: Sequence[LiveRun]) -> str:
    return f"{len(runs)} run{'s' * (len(runs) != 1)}"


def _named(runs: Sequence[LiveRun]) -> dict[str, object]:
    names = [f"{run.run} of {run.job}" for run in runs[:NAMED]]
    more = [f"{len(runs) - NAMED} more"] if len(runs) > NAMED else []
    return {"runs": ", ".join(names + more)} if names else {}
