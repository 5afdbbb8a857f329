"""Tests for many connections over one pair of pipes."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from cronterm.errors import CrontermError
from cronterm.model.query import AnyReply, ListRuns, Query, Runs
from cronterm.remote.bridge import BridgeHello, Reply, run_bridge
from cronterm.remote.frames import HEAD, MAGIC, WINDOW, FrameReader, Kind, LineBroken, Pump

PATIENCE_S = 20.0


def echo(sock: socket.socket) -> None:
    """Send back what comes, until it ends."""
    with sock, contextlib.suppress(OSError):
        while content := sock.recv(65536):
            sock.sendall(content)


def serve(listener: socket.socket, answer: Callable[[socket.socket], None]) -> None:
    """Answer every connection on a thread of its own."""
    with contextlib.suppress(OSError):
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=answer, args=(sock,), daemon=True).start()


def no_answer(query: Query) -> AnyReply:
    """Answer as nobody."""
    raise CrontermError("there is nothing")


class Line:
    """A bridge in this process, and the near end of it."""

    def __init__(self, directory: Path, ask: Callable[[Query], AnyReply] = no_answer) -> None:
        self.door = directory / "door"
        self.frames: list[tuple[Kind, int, bytes]] = []
        self.arrived = threading.Semaphore(0)
        self.listener = self._listen(self.door)
        down_read, down_write = os.pipe()
        up_read, up_write = os.pipe()
        self.pipes = [down_read, down_write, up_read, up_write]
        self.pump = Pump(up_read, down_write, has_magic=True, on_frame=self._hear)
        hello = BridgeHello(version="9.9", host="there")
        bridge = {"hello": hello, "ask": ask, "read": down_read, "write": up_write}
        self.threads = [
            threading.Thread(target=serve, args=(self.listener, echo), daemon=True),
            threading.Thread(target=run_bridge, args=(self.door,), kwargs=bridge, daemon=True),
            threading.Thread(target=self.pump.run, daemon=True),
        ]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def _listen(path: Path) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        listener.listen(64)
        return listener

    def _hear(self, kind: Kind, number: int, content: bytes) -> None:
        self.frames.append((kind, number, content))
        self.arrived.release()

    def next_frame(self) -> tuple[Kind, int, bytes]:
        """Return what comes that is not data."""
        assert self.arrived.acquire(timeout=PATIENCE_S)
        return self.frames.pop(0)

    def connect(self) -> socket.socket:
        """Return a connection through the line."""
        near, far = socket.socketpair()
        near.settimeout(PATIENCE_S)
        assert self.pump.adopt(far)
        return near

    def close(self) -> None:
        """End the line: the bridge ends with it."""
        self.pump.stop()
        self.threads[2].join(PATIENCE_S)
        os.close(self.pipes[1])
        self.threads[1].join(PATIENCE_S)
        self.listener.close()
        for pipe in (self.pipes[0], *self.pipes[2:]):
            os.close(pipe)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """A line with an echo behind its far end."""
    it = Line(tmp_path)
    assert it.next_frame()[0] is Kind.HELLO
    yield it
    it.close()


def received(sock: socket.socket, size: int) -> bytes:
    """Return so many bytes."""
    content = b""
    while len(content) < size:
        piece = sock.recv(65536)
        assert piece, "it ended"
        content += piece
    return content


def test_what_goes_in_comes_out_there_and_back(line: Line) -> None:
    socks = [line.connect() for _ in range(20)]
    for number, sock in enumerate(socks):
        sock.sendall(b"%d\n" % number)

    assert [received(sock, 2 if n < 10 else 3) for n, sock in enumerate(socks)] == [
        b"%d\n" % number for number in range(20)
    ]
    for sock in socks:
        sock.close()


def test_a_megabyte_comes_whole(line: Line) -> None:
    whole = os.urandom(1 << 20)
    with line.connect() as sock:
        sender = threading.Thread(target=sock.sendall, args=(whole,))
        sender.start()

        assert received(sock, len(whole)) == whole
        sender.join()


def test_who_does_not_read_holds_up_nobody_else(line: Line) -> None:
    with line.connect() as lazy, line.connect() as keen:
        lazy.settimeout(0.3)
        sent = 0
        with contextlib.suppress(TimeoutError):  # until everything on the way is full
            while sent < 64 * WINDOW:
                sent += lazy.send(b"x" * 65536)
        keen.sendall(b"quick")

        assert received(keen, 5) == b"quick"
        assert sent < 64 * WINDOW


def test_an_end_at_one_side_is_an_end_at_the_other(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.listener.shutdown(socket.SHUT_RDWR)
    line.door.unlink()
    with line.connect() as sock:
        assert sock.recv(10) == b""
    line.close()


def test_when_the_line_ends_all_that_used_it_ends(line: Line) -> None:
    with line.connect() as sock:
        sock.sendall(b"a")
        received(sock, 1)
        line.pump.stop()

        assert sock.recv(1) == b""


def test_a_line_that_has_ended_takes_nobody(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.pump.stop()
    line.threads[2].join(PATIENCE_S)
    near, far = socket.socketpair()

    with near:
        assert not line.pump.adopt(far)
        assert near.recv(1) == b""
    line.close()


def test_a_question_is_answered_where_no_engine_runs(tmp_path: Path) -> None:
    line = Line(tmp_path, ask=lambda query: Runs(()))
    line.next_frame()
    line.pump.put(Kind.ASK, 7, msgspec.json.encode(ListRuns()))
    line.pump.put(Kind.ASK, 8, b"{}")
    line.pump.wake()
    answers = [line.next_frame(), line.next_frame()]
    line.close()

    assert [(kind, number) for kind, number, _ in answers] == [(Kind.ANSWER, 7), (Kind.ANSWER, 8)]
    good, bad = (msgspec.json.decode(content, type=Reply) for _, _, content in answers)
    assert bytes(good.content) == b'{"rows":[]}'
    assert bad.trouble is not None


def test_what_a_login_shell_prints_is_passed_over() -> None:
    reader = FrameReader(has_magic=True)
    frame = HEAD.pack(Kind.HELLO, 0, 2) + b"hi"

    assert list(reader.feed(b"Welcome!\n" + MAGIC[:5])) == []
    assert list(reader.feed(MAGIC[5:] + frame + frame[:3])) == [(Kind.HELLO, 0, b"hi")]
    assert list(reader.feed(frame[3:])) == [(Kind.HELLO, 0, b"hi")]


@pytest.mark.parametrize("content", [b"\xff" * 20, HEAD.pack(Kind.DATA, 1, 1 << 31)])
def test_what_is_no_frame_breaks_the_line(content: bytes) -> None:
    with pytest.raises(LineBroken):
        list(FrameReader(has_magic=False).feed(content))


def test_endless_noise_is_not_kept() -> None:
    reader = FrameReader(has_magic=True)
    list(reader.feed(b"x" * 65536))

    with pytest.raises(LineBroken):
        list(reader.feed(b"x" * (1 << 20)))
