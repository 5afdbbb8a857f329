"""When the runner's socket tells what waits, and what it does about an engine that is gone."""

import selectors
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cronterm.runner.door import BURST_TELL_EVERY_S, FEW_STARTS, READ_MOST, Door
from cronterm.runner.journal import Entry
from cronterm.runner.protocol import Frames, connect, listen, pack


class Bench:
    """A door, and an engine that has said hello."""

    def __init__(self, path: Path, listener: socket.socket) -> None:
        self._selector = selectors.DefaultSelector()
        self._frames = Frames()
        self.words: list[str] = []
        self.now = 100.0
        self.door = Door(
            self._selector,
            listener,
            on_hello=lambda header: None,
            on_word=lambda header: self.words.append(header["type"]),
            seconds=lambda: self.now,
        )
        self.engine = connect(path)
        self.engine.setblocking(False)
        self.says("hello")

    def says(self, word: str) -> None:
        """The engine says something, and the door hears it."""
        self.engine.send(pack({"type": word}))
        self.turn()

    def turn(self) -> None:
        """Take in all there is, as the runner's loop does."""
        while ready := self._selector.select(0):
            for key, _ in ready:
                key.data(key.fd)

    def tells_ends(self, count: int, output: bytes = b"") -> None:
        """Have the engine told of so many ends."""
        for run in range(count):
            self.door.tell_ended((run, 1), Entry("", "", end={"exit_code": 0}, output=output))

    def heard(self) -> int:
        """Return how many frames have come since the last look."""
        try:
            return len(self._frames.feed(self.engine.recv(READ_MOST)))
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """Let all go."""
        self.engine.close()
        self.turn()
        self._selector.close()


@contextmanager
def bench(place: Path) -> Iterator[Bench]:
    with listen(place / "sock") as listener:
        it = Bench(place / "sock", listener)
        try:
            yield it
        finally:
            it.close()


def test_while_many_starts_wait_ends_are_told_together(tmp_path: Path) -> None:
    many = FEW_STARTS + 20
    with bench(tmp_path) as it:
        it.tells_ends(1)
        it.door.flush(starts=many)
        assert it.heard() == 1, "the first at once"
        it.tells_ends(many - 1)
        it.door.flush(starts=many)
        it.says("ack")
        assert it.words == ["ack"]
        assert it.heard() == 0, "what the engine says is no reason to tell it"
        it.tells_ends(1)
        it.door.flush(starts=many)
        assert it.heard() == many, "they make room for as many as wait"
        it.tells_ends(1)
        it.door.flush(starts=many)
        assert it.heard() == 0
        it.now += BURST_TELL_EVERY_S
        it.door.flush(starts=many)
        assert it.heard() == 1, "nobody waits for ever"


def test_when_few_starts_are_left_an_end_is_told_at_once(tmp_path: Path) -> None:
    with bench(tmp_path) as it:
        for starts in (FEW_STARTS, 1, 0):
            it.tells_ends(1)
            it.door.flush(starts=starts)
            assert it.heard() == 1


def test_an_engine_that_is_gone_with_much_to_be_told_is_let_go(tmp_path: Path) -> None:
    with bench(tmp_path) as it:
        it.tells_ends(100, output=b"x" * (64 << 10))
        it.door.flush(starts=0)
        it.engine.close()
        it.turn()
        assert not it.door.has_engine
