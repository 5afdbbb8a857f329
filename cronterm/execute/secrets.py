"""Fetches the values of secrets when an attempt is about to start. They are kept nowhere."""

import contextlib
import os
import signal
import stat
import subprocess
from collections.abc import Mapping

from cronterm.errors import CrontermError
from cronterm.model.identity import Secret
from cronterm.model.job import Job

SHORTEST = 4  # bytes; what is shorter would be masked all over the output
LONGEST = 32 << 10
COMMAND_S = 30.0
TELLING_ITS_END = ("/bin/sh", "-c", '"$@"; printf "\\n%d" $?', "sh")
"""An engine that is PID 1 reaps all children: a status may be gone before it is asked for."""


class Secrets:
    """Fetches values on any thread, and can end the commands that are still at it."""

    def __init__(self, environ: Mapping[str, str], *, command_s: float = COMMAND_S) -> None:
        self._environ = environ
        self._command_s = command_s
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_closed = False

    def fetch(self, job: Job) -> dict[str, str]:
        """Return the value of each secret of `job`; takes as long as its commands take.

        Raises `CrontermError` that names the secret, never its value.
        """
        values = {}
        for name, secret in job.secrets.items():
            try:
                values[name] = self.value(secret, job.directory)
            except CrontermError as error:
                raise CrontermError(f"secret {name}: {error}") from None
        return values

    def value(self, secret: Secret, directory: str) -> str:
        """Return the value of one secret; its command runs in `directory`.

        Raises `CrontermError`, never with the value.
        """
        if secret.file:
            return _checked(_read(secret.file))
        if secret.env:
            return _checked(self._variable(secret.env))
        return _checked(self._ask(secret.command, directory))

    def close(self) -> None:
        """End the commands that still run; their secrets fail."""
        self._is_closed = True
        for process in list(self._running):
            _end(process)

    def _variable(self, name: str) -> bytes:
        value = self._environ.get(name)
        if value is None:
            raise CrontermError(f"{name} is not set where the engine runs")
        return os.fsencode(value)

    def _ask(self, command: str | tuple[str, ...], directory: str) -> bytes:
        words = ("/bin/sh", "-c", command) if isinstance(command, str) else command
        env = {name: v for name, v in self._environ.items() if not name.startswith("CRONTERM_")}
        try:
            process = subprocess.Popen(
                [*TELLING_ITS_END, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # it may say what it should not
                cwd=directory,
                env=env,
                start_new_session=True,
            )
        except OSError as error:
            raise CrontermError(f"its command: {error.strerror}") from None
        self._running.add(process)
        try:
            if self._is_closed:  # meanwhile: nobody else ends it
                _end(process)
            told, _ = process.communicate(timeout=self._command_s)
        except subprocess.TimeoutExpired:
            _end(process)
            process.communicate()  # leaves no zombie
            raise CrontermError(f"its command took longer than {self._command_s:g} s") from None
        finally:
            self._running.discard(process)
        value, _, status = told.rpartition(b"\n")
        if not status.isdigit():
            raise CrontermError("its command did not come to its end")
        if int(status):
            raise CrontermError(f"its command ended with {int(status)}")
        return value


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a command with all it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _read(path: str) -> bytes:
    try:
        # Without O_NONBLOCK, opening a FIFO would wait for a writer.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as opened:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise CrontermError(f"{path} is not a regular file")
            return opened.read(LONGEST + 3)
    except OSError as error:
        raise CrontermError(f"{path}: {error.strerror}") from None


def _checked(value: bytes) -> str:
    """Return a value as a variable carries it, the line ends at its end left out as in `$(...)`."""
    value = value.rstrip(b"\r\n")
    if len(value) > LONGEST:
        raise CrontermError(f"it is longer than {LONGEST >> 10} KiB")
    if b"\0" in value:
        raise CrontermError("a variable cannot contain NUL")
    if len(value) < SHORTEST:
        what = "it is empty" if not value else f"it is shorter than {SHORTEST} bytes"
        raise CrontermError(f"{what} and could not be masked")
    return value.decode("utf-8", "surrogateescape")
