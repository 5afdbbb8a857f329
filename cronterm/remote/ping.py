"""`/ping/{id}`: reports by plain requests, as healthchecks takes them."""

from typing import Literal

import msgspec
from starlette.exceptions import HTTPException

from cronterm.model.command import Answer, PingJob
from cronterm.remote.operations import Answering, Asked, Operation

LONGEST_TEXT = 100_000  # bytes of a body that are kept
LONGEST_RID = 200
METHODS: tuple[Literal["GET", "POST"], ...] = ("GET", "POST")
REFUSALS = {
    404: "There is no such job, or no such report.",
    409: "The job takes no such report, or the engine is stopping.",
}


class Pinged(msgspec.Struct, frozen=True):
    """What the query of a report says."""

    rid: str = ""
    """Tells runs apart that are open at the same time."""


def ping_operations(answer: Answering) -> list[Operation]:
    """Return what can be asked: the id alone, and with start, fail, log or an exit status."""
    return [
        Operation(
            method=method,
            path=path,
            name=f"{name}_{method.lower()}",
            summary=summary,
            needs="operate",
            answer=answer,
            body=bytes if method == "POST" else None,
            query=Pinged,
            reply=Answer,
            refusals=REFUSALS,
        )
        for path, name, summary in (
            ("/ping/{id}", "ping", "The job is well: a heartbeat, or the end of its run."),
            ("/ping/{id}/{what}", "report", "It did this: start, fail, log, or 0 to 255."),
        )
        for method in METHODS
    ]


def read_ping(asked: Asked) -> PingJob:
    """Return what a request reports. Raises HTTPException for what is no report."""
    parts = asked.request.path_params
    job, what, rid = parts["id"], parts.get("what", ""), asked.query.rid
    if len(rid) > LONGEST_RID:
        raise HTTPException(400, "the rid is too long")
    text = (asked.body or b"")[:LONGEST_TEXT].decode("utf-8", "replace")
    match what:
        case "" if "what" not in parts:
            return PingJob(job=job, rid=rid, text=text)
        case "start" | "fail" | "log":
            return PingJob(job=job, what=what, rid=rid, text=text)
        case _ if what.isascii() and what.isdigit() and len(what) < 4 and int(what) < 256:
            return PingJob(job=job, what="end", exit_code=int(what), rid=rid, text=text)
    raise HTTPException(404, "it is /ping/ID, or that with /start, /fail, /log or /0 to /255")


def ping_status(answer: Answer) -> int:
    """Return the HTTP status that says what became of a report."""
    if answer.ok:
        return 200
    return 404 if answer.kind == "unknown_job" else 409
