"""`/ping/{id}`: reports by plain requests, as healthchecks takes them."""

from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cronterm.model.command import Answer, PingJob

METHODS = ["GET", "POST"]  # HEAD comes with GET
LONGEST_TEXT = 100_000  # bytes of a body that are kept
LONGEST_RID = 200


def ping_routes(answering: Callable[[Request], Awaitable[Response]]) -> list[Route]:
    """Return the routes: the id alone, and with start, fail, log or an exit status."""
    paths = ("/ping/{id}", "/ping/{id}/{what}")
    return [Route(path, answering, methods=METHODS) for path in paths]


def read_ping(request: Request, body: bytes) -> PingJob:
    """Return what a request reports. Raises HTTPException for what is no report."""
    job, what = request.path_params["id"], request.path_params.get("what", "")
    rid = request.query_params.get("rid", "")
    if len(rid) > LONGEST_RID:
        raise HTTPException(400, "the rid is too long")
    text = body[:LONGEST_TEXT].decode("utf-8", "replace")
    match what:
        case "":
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
