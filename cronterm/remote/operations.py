"""What can be asked of the API: one table for the routes, the scopes and the OpenAPI document."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from cronterm.config.tokens import Token
from cronterm.model.api import Scope
from cronterm.remote.wire import Trouble
from cronterm.users import user_name

Needs: TypeAlias = Scope | Literal["nothing"]
"""What a token must allow; `nothing` is for everybody, also without a token."""

JSON = "application/json"


@dataclass(frozen=True)
class Asked:
    """One request, read and found to be well-formed."""

    request: Request
    body: Any = None
    """As `Operation.body` says; bytes where that is `bytes`; None where there was none."""
    query: Any = None

    @property
    def token(self) -> Token | None:
        """Who asks over TCP; None on the Unix socket."""
        token: Token | None = getattr(self.request.state, "token", None)
        return token

    @property
    def is_far(self) -> bool:
        """It came over TCP: nothing is defined by it, and less is shown."""
        return self.token is not None

    @property
    def by(self) -> str:
        """The name under which it is recorded."""
        if self.token is not None:
            return f"api:{self.token.name}"
        return user_name(self.request.state.uid)

    def path(self, name: str) -> str:
        """Return a part of the path."""
        part: str = self.request.path_params[name]
        return part


Answering: TypeAlias = Callable[[Asked], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    name: str
    """Unique; the `operationId`."""
    summary: str
    needs: Needs
    answer: Answering
    body: Any = None
    """The type of its JSON body, or `bytes` for any body; None: it takes none."""
    is_body_needed: bool = True
    read: Callable[[bytes], Any] | None = None
    """How the body is read, where its type alone does not say all. Raises ValueError."""
    query: type[msgspec.Struct] | None = None
    reply: Any = None
    """The type of its JSON answer, or `str` for text."""
    media_type: str = JSON
    status: int = 200
    refusals: dict[int, str] = field(default_factory=dict)
    """What else it may answer, beside what everything may."""


def json_response(content: Any, status: int = 200) -> Response:
    """Return `content` as JSON."""
    return Response(msgspec.json.encode(content), status, media_type=JSON)


def refusal(status: int, message: str, hint: str = "") -> Response:
    """Return a refusal."""
    return json_response(Trouble(message, hint), status)
