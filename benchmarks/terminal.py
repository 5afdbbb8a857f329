"""A terminal for the screen to run in: a pty that is read, answered, resized and timed."""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len

ANSWERS = {
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",  # synchronized output
    b"\x1b[?2048$p": b"\x1b[?2048;0$y",  # resizing is told by a signal
}
QUIET_S = 0.06  # no byte for so long: a frame is whole
KEPT_BYTES = 1 << 20

SEQUENCE = re.compile(
    r"\x1b\[(?P<mark>[<=>?]?)(?P<numbers>[0-9;:]*)[ -/]*(?P<end>[@-~])"
    r"|\x1b[P\]_^X].*?(?:\x07|\x1b\\)"
    r"|\x1b[()][0-~]"
    r"|\x1b[^\[P\]_^X()]",
    re.DOTALL,
)

Cell = tuple[str, str]
"""A character and the attributes that it is written in."""


@dataclass(frozen=True)
class Paint:
    """What a key did: milliseconds until its paint was there, of CPU until all was quiet."""

    wall_ms: float
    net_ms: float
    """Without the time that the program or this one could run and had no core."""
    cpu_ms: float


class Terminal:
    """Runs a command; a context manager that ends it."""

    def __init__(
        self, command: Sequence[str], columns: int, rows: int, *, has_cells: bool = False
    ) -> None:
        self.began = time.perf_counter()
        self.total = 0
        """Bytes that it wrote."""
        self.packed = 0
        """Bytes that `ssh -C` would have sent for them, about."""
        self._pack = zlib.compressobj(6)
        self.grid = Grid(columns, rows) if has_cells else None
        """What it shows; keeping it costs more than most of what is measured."""
        self._tail = b""
        pid, self._fd = pty.fork()
        if pid == 0:
            _resize(0, columns, rows)
            settings = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
            os.execvpe(command[0], list(command), os.environ | settings)
        self.pid = pid

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *what: object) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._fd)

    def pump(self, timeout: float) -> bytes:
        """Return what it writes within `timeout`; empty where it writes nothing."""
        if not select.select([self._fd], [], [], timeout)[0]:
            return b""
        try:
            written = os.read(self._fd, 1 << 20)
        except OSError:
            raise EOFError("the screen has ended") from None
        self.total += len(written)
        sent = self._pack.compress(written) + self._pack.flush(zlib.Z_SYNC_FLUSH)
        self.packed += len(sent)
        for question, answer in ANSWERS.items():
            if question in written:
                os.write(self._fd, answer)
        self._tail = (self._tail + written)[-KEPT_BYTES:]
        if self.grid is not None:
            self.grid.feed(written)
        return written

    def pump_for(self, seconds: float) -> None:
        """Read for a while."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self.pump(left)

    def wait_for(self, pattern: str, *, timeout: float = 30) -> float:
        """Return the moment at which `pattern` is in what it wrote since the last key."""
        wanted = re.compile(pattern.encode())
        until = time.perf_counter() + timeout
        while not wanted.search(self._tail):
            # Who looks more often waits for a core while the other runs: net would be too little.
            self.pump(max(until - time.perf_counter(), 0))
            if time.perf_counter() > until:
                raise TimeoutError(f"{pattern} is not painted: {self._tail[-3000:]!r}")
        return time.perf_counter()

    def last_painted(self, pattern: str) -> str:
        """Return what it wrote last, since the last key, that `pattern` matches; or nothing."""
        found = [each[0] for each in re.finditer(pattern.encode(), self._tail)]
        return found[-1].decode() if found else ""

    def settle(self) -> None:
        """Read until it is quiet, for a second at most."""
        until = time.perf_counter() + 1
        while self.pump(QUIET_S) and time.perf_counter() < until:
            continue

    def send(self, keys: str) -> None:
        """Press keys; what was written before is forgotten."""
        self._tail = b""
        os.write(self._fd, keys.encode())

    def press(
        self, keys: str, pattern: str, *, settles: bool = False, timeout: float = 10
    ) -> Paint:
        """Press keys and wait until `pattern` is painted, and, for its CPU, until all is quiet."""
        ran, waited = read_sched(self.pid)
        ours = read_sched(os.getpid())[1]
        began = time.perf_counter()
        self.send(keys)
        wall = (self.wait_for(pattern, timeout=timeout) - began) * 1e3
        idle = read_sched(self.pid)[1] - waited + read_sched(os.getpid())[1] - ours
        if settles:
            self.settle()
        return Paint(wall, max(wall - idle, 0.0), read_sched(self.pid)[0] - ran)

    def press_or_rest(self, keys: str, pattern: str) -> Paint | None:
        """Press keys like `press`; None where nothing is painted for a second."""
        try:
            return self.press(keys, pattern, timeout=1)
        except TimeoutError:
            return None

    def resize(self, columns: int, rows: int) -> None:
        """Give it another size."""
        if self.grid is not None:
            self.grid.resize(columns, rows)
        _resize(self._fd, columns, rows)


def _resize(fd: int, columns: int, rows: int) -> None:
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def read_sched(pid: int) -> tuple[float, float]:
    """Return the milliseconds that a process ran, and that its first thread waited for a core.

    What its other threads waited they waited at the same time.
    """
    ran = waited = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            numbers = (thread / "schedstat").read_text().split()
        except OSError:
            continue  # it has just ended
        ran += int(numbers[0])
        if thread.name == str(pid):
            waited = int(numbers[1])
    return ran / 1e6, waited / 1e6


class Grid:
    """The cells that a terminal shows after what was written: as much as the screen needs."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._cells: list[list[Cell]] = [self._blank() for _ in range(rows)]
        self._x = self._y = 0
        self._style: dict[str, str] = {}
        self._shown_style = ""
        self._decode = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def _blank(self) -> list[Cell]:
        return [(" ", "")] * self.columns

    def resize(self, columns: int, rows: int) -> None:
        """Cut or widen; nothing flows into another line."""
        self.columns, self.rows = columns, rows
        lines = self._cells[:rows]
        self._cells = [(line + self._blank())[:columns] for line in lines]
        self._cells += [self._blank() for _ in range(rows - len(self._cells))]
        self._x, self._y = min(self._x, columns - 1), min(self._y, rows - 1)

    def feed(self, written: bytes) -> None:
        """Write."""
        text = self._rest + self._decode.decode(written)
        place = 0
        for found in SEQUENCE.finditer(text):
            self._put(text[place : found.start()])
            place = found.end()
            if found["end"] and not found["mark"]:
                self._obey(found["end"], found["numbers"])
        left = text[place:]
        escape = left.find("\x1b")
        self._rest = left[escape:] if escape >= 0 else ""
        self._put(left[:escape] if escape >= 0 else left)

    def _put(self, text: str) -> None:
        for char in text:
            if char == "\r":
                self._x = 0
            elif char == "\n":
                self._y = min(self._y + 1, self.rows - 1)
            elif char >= " ":
                self._put_cell(char, cell_len(char))

    def _put_cell(self, char: str, cells: int) -> None:
        if not cells:
            return
        if self._x + cells > self.columns:
            self._x, self._y = 0, min(self._y + 1, self.rows - 1)
        line = self._cells[self._y]
        for number in range(min(cells, self.columns - self._x)):
            line[self._x + number] = (char if not number else "", self._shown_style)
        self._x += cells

    def _obey(self, end: str, numbers: str) -> None:
        first, _, second = numbers.partition(";")
        if end in "Hf":
            self._y = min(max(int(first or 1), 1), self.rows) - 1
            self._x = min(max(int(second or 1), 1), self.columns) - 1
        elif end == "J":
            self._cells = [self._blank() for _ in range(self.rows)]
        elif end == "K":
            self._cells[self._y][self._x :] = [(" ", self._shown_style)] * (self.columns - self._x)
        elif end == "m":
            self._restyle([int(number or 0) for number in re.split("[;:]", numbers or "0")])
        elif end in "ABCD":
            by = int(first or 1)
            self._y += {"A": -by, "B": by}.get(end, 0)
            self._x += {"C": by, "D": -by}.get(end, 0)

    def _restyle(self, numbers: list[int]) -> None:
        rest = iter(numbers)
        for number in rest:
            if number == 0:
                self._style.clear()
            elif number in (38, 48):
                kind = next(rest)
                wide = [next(rest) for _ in range(3 if kind == 2 else 1)]
                self._style[str(number)] = f"{kind}:{wide}"
            elif number in (39, 49):
                self._style.pop(str(number - 1), None)
            elif number in (22, 23, 24, 27):
                for off in {22: "12", 23: "3", 24: "4", 27: "7"}[number]:
                    self._style.pop(off, None)
            elif 30 <= number < 38 or 40 <= number < 48:
                self._style["38" if number < 40 else "48"] = str(number)
            else:
                self._style[str(number)] = ""
        self._shown_style = str(sorted(self._style.items()))

    def lines(self) -> list[list[Cell]]:
        """Return a copy of the cells, line by line."""
        return [list(line) for line in self._cells]
