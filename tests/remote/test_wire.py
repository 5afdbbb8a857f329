"""Tests for what goes over the wire."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronterm.clock import SECOND
from cronterm.control import Gauges, Lagged, Message, Output
from cronterm.errors import AlreadyRunning, BadInput, CrontermError, NoEngine
from cronterm.model.event import JobPaused, Numbered
from cronterm.model.query import AnyReply, Query, ReadOutput
from cronterm.model.snapshot import Snapshot
from cronterm.remote.wire import (
    MOST_OUTPUT_BYTES,
    REPLIES,
    SseReader,
    address,
    raised,
    read_query,
    to_sse,
    trouble,
)

AT = 1_800_000_000 * SECOND
MESSAGES: tuple[Message, ...] = (
    Snapshot(n=7, store="5eed0042"),
    Numbered(8, JobPaused(at=AT, job="a", by="me", reason="line\nbreak\r\n\n")),
    Output(1, "a", 1, 0, AT, "err", bytes(range(256))),
    Gauges(AT, 0.1, 0.2, 0.3, "/"),
    Lagged(),
)


@given(st.lists(st.integers(1, 400), max_size=20))
def test_messages_survive_however_the_bytes_are_cut(cuts: list[int]) -> None:
    content = b": \n\n" + b": \n\n".join(to_sse(message, "5eed0042") for message in MESSAGES)
    reader = SseReader()
    given_back: list[Message] = []
    for size in cuts:
        given_back += reader.feed(content[:size])
        content = content[size:]
    given_back += reader.feed(content)

    assert tuple(given_back) == MESSAGES
    assert reader.last_id == "5eed0042.8"


def test_an_event_of_a_type_from_the_future_is_left_out_and_counted() -> None:
    reader = SseReader()
    unknown = b'id: s.9\nevent: event\ndata: {"n":9,"event":{"type":"MoonRose","at":1}}\n\n'

    assert list(reader.feed(unknown + to_sse(Lagged(), "s"))) == [Lagged()]
    assert reader.last_id == "s.9"


def test_a_message_of_a_kind_from_the_future_is_left_out() -> None:
    assert list(SseReader().feed(b"event: smell\ndata: {}\n\n")) == []


def test_a_snapshot_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ValueError, match="n"):
        list(SseReader().feed(b'event: snapshot\ndata: {"n":"x"}\n\n'))


def test_every_query_has_its_reply() -> None:
    queries = set(Query.__subclasses__())
    replies = set(AnyReply.__args__)

    assert set(REPLIES) == queries
    assert set(REPLIES.values()) == replies


def test_an_answer_with_output_is_bounded() -> None:
    query = read_query(b'{"type":"ReadOutput","run":1,"max_bytes":1000000000}')

    assert query == ReadOutput(run=1, max_bytes=MOST_OUTPUT_BYTES)


@pytest.mark.parametrize("kind", [CrontermError, BadInput, NoEngine, AlreadyRunning])
def test_an_error_keeps_its_kind_over_the_wire(kind: type[CrontermError]) -> None:
    error = raised(trouble(kind("what", "mend")))

    assert (type(error), error.message, error.hint) == (kind, "what", "mend")


def test_a_short_path_is_its_own_address_and_a_long_one_fits(tmp_path: Path) -> None:
    long = tmp_path / ("d" * 120)
    long.mkdir()

    with address(Path("/run/s")) as short_name, address(long / "api.sock") as long_name:
        assert short_name == "/run/s"
        assert len(long_name) < 100
