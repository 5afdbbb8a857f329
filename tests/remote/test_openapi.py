"""Tests for the OpenAPI document: complete, and true to what is answered."""

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from cronterm.control import API_VERSION
from cronterm.model.command import AnyCommand
from cronterm.model.query import AnyQuery
from cronterm.remote.metrics import render_metrics
from cronterm.remote.openapi import describe
from cronterm.remote.peer import Limits
from cronterm.remote.routes import FAR, Door
from cronterm.remote.service import Service
from cronterm.remote.wire import REPLIES
from tests.remote.fake_control import FakeControl


@pytest.fixture
def door() -> Door:
    """A door over a fake."""
    return Door(Service(FakeControl(), "5eed0042", render_metrics), Limits())


@pytest.fixture
def document(door: Door) -> dict[str, Any]:
    """The document, as a client reads it."""
    read: dict[str, Any] = json.loads(json.dumps(describe(door.operations(), version="1.2.3")))
    return read


def test_every_operation_is_described_once(door: Door, document: dict[str, Any]) -> None:
    operations = door.operations()
    described = {
        (path, method.upper()): about
        for path, methods in document["paths"].items()
        for method, about in methods.items()
    }

    assert set(described) == {(each.path, each.method) for each in operations}
    assert len({about["operationId"] for about in described.values()}) == len(operations)
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == "1.2.3"


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    named = {ref.removeprefix("#/components/schemas/") for ref in references(document)}

    assert named <= set(schemas)


def references(part: Any) -> Iterator[str]:
    """Yield each `$ref` in a document."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield value
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_every_command_query_and_reply_has_its_schema(document: dict[str, Any]) -> None:
    kinds = [*get_args(AnyCommand), *get_args(AnyQuery), *REPLIES.values()]

    assert {kind.__name__ for kind in kinds} <= set(document["components"]["schemas"])


def test_what_may_be_left_out_says_its_default(document: dict[str, Any]) -> None:
    for name in ("Job", "Rollup", "CalendarSpec"):
        schema = document["components"]["schemas"][name]
        optional = schema["properties"].keys() - set(schema.get("required", ()))

        assert optional
        assert [each for each in optional if "default" not in schema["properties"][each]] == []


def test_numbers_say_their_bounds(document: dict[str, Any]) -> None:
    limit = document["components"]["schemas"]["ListNext"]["properties"]["limit"]

    assert limit["minimum"] == 0
    assert limit["maximum"] > 2**50


def test_only_the_sign_of_life_needs_no_token(document: dict[str, Any]) -> None:
    free = [
        path
        for path, methods in document["paths"].items()
        for about in methods.values()
        if not about["security"]
    ]

    assert free == ["/healthz"]


def test_who_changes_something_needs_the_scope_for_it(door: Door) -> None:
    changing = {each.name for each in door.operations() if each.needs == "operate"}

    assert "send" in changing
    assert all(
        each.needs == "operate" or each.method == "GET" or each.name == "query"
        for each in door.operations()
    )


def test_what_is_for_the_unix_socket_only_is_decided_for_each_kind() -> None:
    near = {
        *("AddJob", "EditJob", "DeleteJob", "RewriteJob", "RenameJob", "MoveJob", "UndoEdit"),
        *("ReloadConfig", "ShutDown", "ReadConfig", "ReadResolved", "ListCalls"),
        *("RerunEdited", "TryJob"),
    }
    kinds = {*get_args(AnyCommand), *get_args(AnyQuery)}

    assert {kind.__name__ for kind in kinds - set(FAR)} == near
    assert set(FAR) <= kinds


def test_paths_carry_the_number_of_the_api(door: Door) -> None:
    numbered = [each.path for each in door.operations() if each.path.startswith("/api/")]

    assert all(re.match(rf"/api/v{API_VERSION}/\w+$", path) for path in numbered)
