"""Makes the application of a table of operations: reads what is asked, checks, answers."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from cronterm.control import API_VERSION
from cronterm.errors import CrontermError
from cronterm.remote.operations import JSON, Asked, Operation, json_response, refusal
from cronterm.remote.peer import Limits
from cronterm.remote.wire import API_HEADER, SCOPE_HEADER, decoded, mismatch, trouble


def make_app(operations: Iterable[Operation], limits: Limits, *, version: str) -> Starlette:
    """Return an application that answers `operations` and nothing else."""
    by_path: dict[str, dict[str, Operation]] = defaultdict(dict)
    for operation in operations:
        by_path[operation.path][operation.method] = operation
    routes = [
        Route(path, _endpoint(methods, limits, version), methods=list(methods))
        for path, methods in by_path.items()
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refused})
    app.router.redirect_slashes = False  # one path, one answer
    return app


def _endpoint(
    methods: dict[str, Operation], limits: Limits, version: str
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        operation = methods["GET" if request.method == "HEAD" else request.method]
        try:
            if operation.path.startswith("/api/") and operation.needs != "nothing":
                _check_api(request, version)
            return await operation.answer(await _asked(operation, request, limits))
        except CrontermError as error:
            return json_response(trouble(error), 409)

    return endpoint


def _check_api(request: Request, version: str) -> None:
    """Raise `CrontermError` for a client that speaks another API."""
    spoken = request.headers.get(API_HEADER, str(API_VERSION))
    if spoken != str(API_VERSION) and spoken.isdecimal() and len(spoken) < 6:
        raise mismatch(API_VERSION, int(spoken), version=version)


async def _asked(operation: Operation, request: Request, limits: Limits) -> Asked:
    """Return what is asked. Raises HTTPException where it may not be, or cannot be read."""
    asked = Asked(request)
    if operation.needs == "operate":
        _check_scope(asked)
    query = None
    if operation.query is not None:
        query = _read_query(operation.query, request)
    body = await _read_body(operation, request, limits)
    if isinstance(body, msgspec.Struct):
        of_job = getattr(body, "job", "") or getattr(body, "job_id", "")
        request.state.what = f"{type(body).__name__} {of_job}".strip()
    return Asked(request, body, query)


def _check_scope(asked: Asked) -> None:
    """Raise HTTPException for who may look only, by its token or by its own word."""
    if asked.token is not None and asked.token.scope != "operate":
        raise HTTPException(403, "this token may look, not act")
    if asked.request.headers.get(SCOPE_HEADER, "operate") != "operate":
        raise HTTPException(403, "this connection may look, not act")


def _read_query(kind: type[msgspec.Struct], request: Request) -> msgspec.Struct:
    values = dict(request.query_params)
    try:
        return msgspec.convert(values, kind, strict=False)
    except ValueError as error:
        raise HTTPException(400, f"the query cannot be read: {error}") from None


async def _read_body(operation: Operation, request: Request, limits: Limits) -> Any:
    content = await _content(request, limits)
    if operation.body is None:
        return None
    if operation.body is bytes:
        return content
    if not content and not operation.is_body_needed:
        return None
    _check_type(request)
    try:
        if operation.read is not None:
            return operation.read(content)
        return decoded(content, operation.body)
    except ValueError as error:
        raise HTTPException(400, f"the body cannot be read: {error}") from None


def _check_type(request: Request) -> None:
    """Over TCP a body says that it is JSON: what a form of some page sends never does."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON and (kind or hasattr(request.state, "token")):
        raise HTTPException(415, "the body must be application/json")


async def _content(request: Request, limits: Limits) -> bytes:
    """Return the body. Raises HTTPException when it is too large or does not come."""
    too_large = HTTPException(413, "the body is too large", {"connection": "close"})
    length = request.headers.get("content-length", "")
    if "expect" in request.headers and length.isdecimal() and int(length) > limits.body_bytes:
        raise too_large  # who did not wait for this reads a refusal better once it was heard
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limits.body_bytes:
                    raise too_large
    except TimeoutError:
        raise HTTPException(408, "the body did not come", {"connection": "close"}) from None
    except ClientDisconnect:
        raise HTTPException(400, "the body did not end") from None
    return bytes(body)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = refusal(error.status_code, error.detail)
    response.headers.update(error.headers or {})
    return response
