"""Tests for the client of commands."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cronterm.errors import CrontermError, NoEngine
from cronterm.model.command import RunJob
from cronterm.model.query import ListRuns
from cronterm.remote.client import RequestClient
from cronterm.remote.server import bind


class Stub:
    """A server that reads each request and answers it with the same bytes."""

    def __init__(self, path: Path, answer: bytes) -> None:
        self.path = path
        self.requests: list[bytes] = []
        self._answer = answer
        self._listening = bind(path)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            with sock:
                received = sock.recv(65536)
                if b"POST" in received and received.endswith(b"\r\n\r\n"):
                    received += sock.recv(65536)
                self.requests.append(received)
                sock.sendall(self._answer)

    def close(self) -> None:
        """End it."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


@contextmanager
def stub(path: Path, answer: bytes) -> Iterator[Stub]:
    """Serve `answer` at `path` while the block runs."""
    it = Stub(path, answer)
    try:
        yield it
    finally:
        it.close()


def ok(body: bytes) -> bytes:
    """Return a whole answer."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def test_where_nothing_is_there_is_no_engine(tmp_path: Path) -> None:
    with pytest.raises(NoEngine, match="no engine answers"):
        RequestClient(tmp_path / "s").hello()
    with pytest.raises(NoEngine):
        RequestClient(tmp_path / "no" / "directory" / ("s" * 100)).hello()


def test_where_an_engine_died_is_no_engine(tmp_path: Path) -> None:
    bind(tmp_path / "s").close()

    with pytest.raises(NoEngine, match="no engine answers"):
        RequestClient(tmp_path / "s").send(RunJob(job="a"))


def test_a_command_without_an_answer_is_not_sent_again(tmp_path: Path) -> None:
    with stub(tmp_path / "s", b"") as it:
        with pytest.raises(NoEngine, match="left before it answered") as told:
            RequestClient(it.path).send(RunJob(job="a"))

        assert "may have been carried out" in told.value.hint
        assert len(it.requests) == 1
        assert b'"id":"' in it.requests[0]


def test_half_an_answer_is_none(tmp_path: Path) -> None:
    half = b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"rows":'
    with stub(tmp_path / "s", half) as it, pytest.raises(NoEngine, match="left"):
        RequestClient(it.path).query(ListRuns())


@pytest.mark.parametrize("answer", [b"[]", b"{", b'{"rows":7}', b"\xff"])
def test_an_answer_that_cannot_be_read_is_said(tmp_path: Path, answer: bytes) -> None:
    with (
        stub(tmp_path / "s", ok(answer)) as it,
        pytest.raises(CrontermError, match="cannot be read") as told,
    ):
        RequestClient(it.path).query(ListRuns())

    assert "one version" in told.value.hint


def test_something_that_is_no_engine_is_said(tmp_path: Path) -> None:
    with (
        stub(tmp_path / "s", b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nlost") as it,
        pytest.raises(CrontermError, match="404 Not Found"),
    ):
        RequestClient(it.path).query(ListRuns())


@pytest.mark.parametrize(("api", "side"), [(0, "restart the engine"), (2, "this program")])
def test_an_engine_of_another_api_is_named_with_the_side_to_restart(
    tmp_path: Path, api: int, side: str
) -> None:
    hello = ok(b'{"api":%d,"version":"0.0.9","pid":1,"store":"s"}' % api)
    with stub(tmp_path / "s", hello) as it, pytest.raises(CrontermError, match=r"0\.0\.9") as told:
        RequestClient(it.path).hello()

    assert side in told.value.hint


def test_a_stream_that_breaks_ends(tmp_path: Path) -> None:
    broken = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nevent"
    with stub(tmp_path / "s", broken) as it:
        stream = RequestClient(it.path).open_stream()

        assert list(stream) == []
        assert "broke" in stream.why


def test_a_stream_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    odd = b'HTTP/1.1 200 OK\r\n\r\nevent: snapshot\ndata: {"n":"x"}\n\n'
    with stub(tmp_path / "s", odd) as it, pytest.raises(CrontermError, match="cannot be read"):
        RequestClient(it.path).snapshot()


def test_a_stream_ends_when_it_is_closed_from_another_thread(tmp_path: Path) -> None:
    with bind(tmp_path / "s") as listening:
        answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        served: list[socket.socket] = []

        def accept() -> None:
            sock, _ = listening.accept()
            sock.recv(65536)
            sock.sendall(answer)
            served.append(sock)

        server = threading.Thread(target=accept)
        server.start()
        stream = RequestClient(tmp_path / "s").open_stream()
        server.join()
        reader = threading.Thread(target=list, args=(stream,))
        reader.start()
        stream.close()
        reader.join(timeout=10)

        assert not reader.is_alive()
        served[0].close()
