"""A terminal with nothing behind it: what a program writes to it is kept as it came."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from tests.journeys.house import PATIENCE_S, wait_until

_SEQUENCES = re.compile(
    rb"\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]"
)


class Terminal:
    """The far end of a program's terminal."""

    def __init__(self, fd: int, process: "subprocess.Popen[bytes]") -> None:
        self._fd = fd
        self._seen = 0
        self.process = process
        self.written = bytearray()

    def read(self, wait_s: float = 0.02) -> None:
        """Take in what there is, and what comes within a moment."""
        while select.select([self._fd], [], [], wait_s)[0]:
            try:
                content = os.read(self._fd, 1 << 16)
            except OSError:  # the program has ended
                return
            if not content:
                return
            self.written += content
            wait_s = 0

    def press(self, keys: str) -> None:
        """Type keys."""
        self.read(0)
        self._seen = len(self.written)
        os.write(self._fd, keys.encode())

    def wait_for(self, text: str, limit_s: float = PATIENCE_S) -> None:
        """Return once `text` was written since the last key."""

        def is_there() -> bool:
            self.read()
            plain = _SEQUENCES.sub(b"", bytes(self.written[self._seen :]))
            return text.encode() in plain

        wait_until(is_there, f"{text!r} on the terminal\n{self.tail()}", limit_s)

    def wait_ended(self) -> None:
        """Return once the program has ended and all of its output is taken in."""

        def has_ended() -> bool:
            is_over = self.process.poll() is not None
            self.read()
            return is_over

        wait_until(has_ended, f"the program ends\n{self.tail()}")

    def hang_up(self) -> None:
        """Take the terminal away."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def tail(self) -> str:
        """Return the end of what was written."""
        return repr(bytes(self.written[-2000:]))

    def settle(self, quiet_s: float = 0.15, limit_s: float = 3.0) -> None:
        """Return once nothing was written for a while, or after `limit_s`."""
        end = time.monotonic() + limit_s
        size = -1
        while size != len(self.written) and time.monotonic() < end:
            size = len(self.written)
            self.read(quiet_s)

    def pieces(self) -> tuple[set[bytes], str]:
        """Return the escape sequences that were written, numbers left out, and the rest as text."""
        content = bytes(self.written)
        kinds = {re.sub(rb"\d+", b"#", found) for found in _SEQUENCES.findall(content)}
        return kinds, _SEQUENCES.sub(b"", content).decode(errors="surrogateescape")


@contextmanager
def terminal(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    columns: int = 120,
    rows: int = 40,
) -> Iterator[Terminal]:
    """Run a program in a terminal, with `env` beside its environment, and end it."""
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    given = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
    for name in ("TMUX", "STY", "SSH_TTY", "NO_COLOR"):
        given.pop(name, None)
    process = subprocess.Popen(
        command,
        stdin=far,
        stdout=far,
        stderr=far,
        env=given | dict(env or {}),
        start_new_session=True,
    )
    os.close(far)
    seen = Terminal(near, process)
    try:
        yield seen
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE_S)
        seen.hang_up()
