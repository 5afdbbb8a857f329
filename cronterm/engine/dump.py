"""Writes what is going on into the log, when SIGUSR1 asks for it."""

import logging

from cronterm.clock import rfc3339
from cronterm.model.snapshot import JobView, Snapshot

log = logging.getLogger("cronterm.dump")


def log_state(snapshot: Snapshot) -> None:
    """Log the engine, each job and each open run, a line each; definitions stay out of it."""
    engine = snapshot.engine
    log.warning(
        "state: engine",
        extra={
            "state": engine.state,
            "event": snapshot.n,
            "jobs": len(snapshot.jobs),
            "all_paused": snapshot.all_paused is not None,
            "problems": len(snapshot.problems),
            "trouble": engine.trouble,
        },
    )
    for view in snapshot.jobs.values():
        _log_job(view)
    for runs in snapshot.removed.values():
        for live in runs.values():
            log.warning("state: run of a removed job", extra={"run": live.run, "job": live.job})


def _log_job(view: JobView) -> None:
    log.warning(
        "state: job",
        extra={
            "job": view.job.id,
            "state": view.state,
            "next_at": rfc3339(view.next_at) if view.next_at is not None else "",
            "failed_in_a_row": view.totals.failed_in_a_row,
        },
    )
    for live in view.live.values():
        log.warning(
            "state: run",
            extra={
                "job": live.job,
                "run": live.run,
                "state": live.state,
                "attempt": live.attempt,
                "pid": live.pid,
                "started_at": rfc3339(live.started_at) if live.started_at is not None else "",
            },
        )
