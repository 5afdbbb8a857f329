"""The OpenAPI 3.1 document, made of the table of operations and the types of the model."""

from collections import defaultdict
from collections.abc import Iterable
from types import UnionType
from typing import Any, get_args

import msgspec

from cronterm.model.command import AnyCommand
from cronterm.model.query import AnyQuery
from cronterm.remote.operations import Operation
from cronterm.remote.wire import KINDS, LATEST, Trouble

SCHEMAS = "#/components/schemas/{name}"
EVERYWHERE = {
    400: "It cannot be read.",
    401: "A token is needed, or it is wrong.",
    403: "The token does not allow it, or it may not come from there.",
    408: "It did not come in time.",
    413: "It is too large.",
    431: "Its head is too large.",
}
"""What the guard and the reading of a request may answer to any of them."""

ABOUT = (
    "What cronterm's faces ask of its engine, on its Unix socket (where the user is known by the "
    "kernel) and, where settings.api asks for it, over TCP with a token. Instants are microseconds "
    "since 1970-01-01T00:00Z, durations microseconds, unless it says otherwise. A field that is "
    "not required may be left out where it is at its default, as in the definitions of jobs."
)


def describe(operations: Iterable[Operation], *, version: str) -> dict[str, Any]:
    """Return the document."""
    operations = list(operations)
    leaves = [leaf for each in operations for kind in _json_types(each) for leaf in _leaves(kind)]
    leaves += [Trouble, *KINDS.values()]
    found, components = msgspec.json.schema_components(leaves, ref_template=SCHEMAS)
    schemas = dict(zip(map(id, leaves), found, strict=True))
    _bound(components)
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for operation in operations:
        paths[operation.path][operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "cronterm", "version": version, "description": ABOUT},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _json_types(operation: Operation) -> list[Any]:
    return [kind for kind in (operation.body, operation.reply) if kind not in (None, bytes, str)]


def _leaves(kind: Any) -> tuple[Any, ...]:
    """Return the types of a union: msgspec takes only those that a tag tells apart."""
    return get_args(kind) if isinstance(kind, UnionType) else (kind,)


def _schema(kind: Any, schemas: dict[int, Any]) -> dict[str, Any]:
    found = [schemas[id(leaf)] for leaf in _leaves(kind)]
    return found[0] if len(found) == 1 else {"anyOf": found}


def _operation(operation: Operation, schemas: dict[int, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = {str(operation.status): _answer(operation, schemas)}
    refusals = {} if operation.needs == "nothing" else dict(EVERYWHERE)
    if operation.body not in (None, bytes):
        refusals[415] = "The body is not JSON."
    for status, why in {**refusals, **operation.refusals}.items():
        answers[str(status)] = {"description": why, "content": _json(_named(Trouble))}
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation), *_query_parameters(operation)],
        "responses": dict(sorted(answers.items())),
        "security": [] if operation.needs == "nothing" else [{"token": []}],
    }
    if operation.needs != "nothing":
        described["description"] = f"The token must allow: {operation.needs}."
    if operation.body is not None:
        described["requestBody"] = _request_body(operation, schemas)
    return described


def _request_body(operation: Operation, schemas: dict[int, Any]) -> dict[str, Any]:
    if operation.body is bytes:
        return {"required": False, "content": {"*/*": {"schema": {}}}}
    content = _json(_schema(operation.body, schemas))
    return {"required": operation.is_body_needed, "content": content}


def _answer(operation: Operation, schemas: dict[int, Any]) -> dict[str, Any]:
    if operation.reply is None:
        return {"description": "Done."}
    is_text = operation.reply is str
    schema = {"type": "string"} if is_text else _schema(operation.reply, schemas)
    return {"description": "Done.", "content": {operation.media_type: {"schema": schema}}}


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    parts = [part for part in operation.path.split("/") if part.startswith("{")]
    return [
        {
            "name": part[1:-1].partition(":")[0],
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 0} if ":int" in part else {"type": "string"},
        }
        for part in parts
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    (_,), components = msgspec.json.schema_components([operation.query])
    schema = components[operation.query.__name__]
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": about,
        }
        for name, about in schema["properties"].items()
    ]


def _bound(components: dict[str, Any]) -> None:
    """Say of the numbers in commands and queries what `read_command` checks."""
    for kind in (*get_args(AnyCommand), *get_args(AnyQuery)):
        for about in components.get(kind.__name__, {}).get("properties", {}).values():
            for each in (about, *about.get("anyOf", ())):
                if each.get("type") == "integer":
                    each |= {"minimum": 0, "maximum": LATEST}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _named(kind: type) -> dict[str, str]:
    return {"$ref": SCHEMAS.format(name=kind.__name__)}
