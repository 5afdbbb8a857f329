"""The engine's log: one line per fact that a person would want to find there.

Never the output or the environment of a job.
"""

import logging
from pathlib import PurePath

from cronterm.clock import rfc3339
from cronterm.model.event import (
    AlertClosed,
    AlertOpened,
    AllPaused,
    AllResumed,
    AnyEvent,
    AttemptClaimed,
    AttemptEnded,
    AttemptStarted,
    ClockMoved,
    ConfigLoaded,
    ConfigRejected,
    EngineStarted,
    EngineStopping,
    InstantDecided,
    JobPaused,
    JobRenamed,
    JobResumed,
    MonitorDefined,
    MonitorDropped,
    RetryScheduled,
    RunEnded,
    RunHeld,
    RunQueued,
    RunStopping,
    SignalDecided,
    SkipLifted,
    TriggersResumed,
    TriggerSuspended,
)
from cronterm.model.gates import Hold
from cronterm.model.notice import NoticesFailed, NoticesSent

log = logging.getLogger("cronterm")


def narrate(event: AnyEvent) -> None:
    """Log `event`, if it is worth a line."""
    match event:
        case RunQueued() | AttemptClaimed():
            pass  # the most frequent ones, not worth a line
        case AttemptStarted():
            log.info("started", extra=_run(event) | {"attempt": event.attempt, "pid": event.pid})
        case RunEnded():
            level = logging.INFO if event.outcome in ("succeeded", "skipped") else logging.WARNING
            log.log(level, event.outcome, extra=_run(event) | _why(event.reason, event.message))
        case AttemptEnded() if event.end.survivors:
            pids = " ".join(map(str, event.end.survivors))
            log.warning("processes could not be ended", extra=_run(event) | {"pids": pids})
        case RetryScheduled():
            log.info("will be tried again", extra=_run(event) | {"attempt": event.attempt})
        case RunHeld(hold=Hold(until=int()) as hold):  # not each of a thousand in a pool
            log.info("held", extra=_run(event) | {"gate": hold.gate, "why": hold.message})
        case RunStopping():
            log.info("stopping", extra=_run(event) | {"why": event.why, "by": event.by})
        case InstantDecided(outcome="missed"):
            log.warning(
                "missed",
                extra={"job": event.job, "count": event.count} | _why(event.reason, event.message),
            )
        case InstantDecided(reason="user"):
            log.info(
                "skipped", extra={"job": event.job, "due": _moment(event)} | _why("", event.message)
            )
        case SkipLifted():
            log.info("skip lifted", extra={"job": event.job, "due": _moment(event), "by": event.by})
        case JobRenamed():
            log.info("renamed", extra={"job": event.job, "old": event.old})
        case SignalDecided():
            log.info(
                "event skipped",
                extra={"job": event.job, "text": event.signal.text}
                | _why(event.reason, event.message),
            )
        case TriggerSuspended():
            log.warning("trigger suspended", extra={"job": event.job, "trigger": event.trigger})
        case TriggersResumed():
            log.info("triggers resumed", extra={"job": event.job, "by": event.by})
        case AlertOpened(alert=alert):
            log.warning("alert: %s", alert.kind, extra={"job": alert.job} | _why("", alert.message))
        case AlertClosed():
            log.info("alert closed", extra={"job": event.job, "why": event.closed_for})
        case NoticesSent():
            log.info("told", extra={"notifier": event.notifier, "text": event.title})
        case NoticesFailed():
            what = "not told" if event.retry_at is None else "not told yet"
            log.warning(what, extra={"notifier": event.notifier, "why": event.error})
        case JobPaused():
            level = logging.WARNING if event.by == "auto_pause" else logging.INFO
            what = "paused" if event.since is None else "pause changed"
            log.log(level, what, extra={"job": event.job} | _pause(event))
        case JobResumed():
            log.info("resumed", extra={"job": event.job, "by": event.by})
        case AllPaused():
            what = "everything paused" if event.since is None else "pause of everything changed"
            log.warning(what, extra=_pause(event))
        case AllResumed():
            log.info("everything resumed", extra={"by": event.by})
        case MonitorDefined(definition=definition):
            log.info("monitor defined", extra={"job": definition.job, "by": definition.by})
        case MonitorDropped():
            log.info("monitor dropped", extra={"job": event.job})
        case ConfigLoaded():
            log.info("jobs file loaded", extra={"jobs": event.jobs})
        case ConfigRejected():
            for problem in event.problems:
                log.error("%s", problem)
            log.error("%s", _rejected(event))
        case ClockMoved():
            log.warning("clock corrected", extra={"by_s": event.by / 1_000_000})
        case EngineStarted():
            log.info("engine started", extra={"pid": event.pid, "version": event.version})
        case EngineStopping():
            pass  # `ending` has said it, with what is waited for


def _run(
    event: AttemptStarted | AttemptEnded | RetryScheduled | RunStopping | RunEnded | RunHeld,
) -> dict[str, object]:
    return {"job": event.job, "run": event.run}


def _moment(event: InstantDecided | SkipLifted) -> str:
    return rfc3339(event.due_at)


def _pause(event: JobPaused | AllPaused) -> dict[str, object]:
    until = {} if event.until is None else {"until": rfc3339(event.until)}
    return {"by": event.by} | until | _why(event.reason, "")


def _rejected(event: ConfigRejected) -> str:
    if not event.is_partial:
        return "jobs file rejected, the definitions before it stay in force"
    files = len({problem.file for problem in event.problems})
    what = f"{files} files" if files > 1 else PurePath(event.problems[0].file).name
    return f"{what} rejected: the jobs there stay as they were, the other files are in force"


def _why(reason: str, message: str) -> dict[str, object]:
    return {key: text for key, text in (("reason", reason), ("message_", message)) if text}
