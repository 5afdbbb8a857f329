"""When the runner's socket tells what waits, and what it does about an engine that is gone."""

import selectors
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cronterm.runner.door import READ_MOST, Door
from cronterm.runner.journal import Entry
from cronterm.runner.protocol import Frames, connect, listen, pack


class Bench:
    """A door, and an engine that has said hello."""

    def __init__(self, path: Path, listener: socket.socket) -> None:
        self._selector = selectors.DefaultSelector()
        self._frames = Frames()
        self.words: list[str] = []
        self.door = Door(
            self._selector,
            listener,
            on_hello=lambda header: None,
            on_word=lambda header: self.words.append(header["type"]),
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


def test_what_is_told_goes_out_together(tmp_path: Path) -> None:
    with bench(tmp_path) as it:
        it.tells_ends(3)
        it.says("ack")
        assert it.words == ["ack"]
        assert it.heard() == 0, "what the engine says is no reason to tell it"
        it.door.flush()
        assert it.heard() == 3
        it.door.flush()
        assert it.heard() == 0


def test_the_next_engine_does_not_hear_what_was_meant_for_the_one_before(tmp_path: Path) -> None:
    with bench(tmp_path) as it:
        it.tells_ends(3)
        it.says("hello")
        it.door.flush()
        assert it.heard() == 0


def test_an_engine_that_is_gone_with_much_to_be_told_is_let_go(tmp_path: Path) -> None:
    with bench(tmp_path) as it:
        it.tells_ends(100, output=b"x" * (64 << 10))
        it.door.flush()
        it.engine.close()
        it.turn()
        assert not it.door.has_engine
