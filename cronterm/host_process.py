"""Starts an engine as a process of its own: it outlives the screen that wanted it."""

import os
import signal
import subprocess
import sys
import time

from cronterm.errors import AlreadyRunning, CrontermError, NoEngine
from cronterm.instance import Instance
from cronterm.remote.client import RequestClient

APPEAR_S = 15.0
ENDING_S = 0.05  # from its last open file to its exit status
LONGEST_LINE = 4096  # bytes that are told of one


def start_engine(
    instance: Instance, *options: str, for_screen: bool = True
) -> "subprocess.Popen[bytes]":
    """Start an engine in a session of its own; its log goes into the state directory."""
    instance.prepare()
    words = [sys.executable, "-P", "-m", "cronterm", "--headless", *options]
    words += ["--for-screen"] if for_screen else []
    words += ["-f", str(instance.jobs_file), "--state-dir", str(instance.state_dir)]
    words += ["--log-file", str(instance.log_file)]
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    log = os.open(instance.log_file, flags, 0o600)
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    finally:
        os.close(log)


class OwnEngine:
    """The engine that a screen starts, and starts again where it ended."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._process: subprocess.Popen[bytes] | None = None
        self._log_size = 0
        """When it was started; what it says comes after that."""
        self._endings: dict[int, str] = {}

    def ensure(self) -> bool:
        """Return whether an engine had to be started; on return one answers.

        Raises `CrontermError` with how it ended and what it said where it does not come up.
        """
        self._instance.check()
        if not self._instance.is_held():
            self._instance.check_alone()
            self.start()
        self.wait_for_answer()
        return self.has_started

    @property
    def has_started(self) -> bool:
        """One was started here."""
        return self._process is not None

    def start(self, *options: str, for_screen: bool = True) -> None:
        """Start an engine, unless the one before is only on its way. Raises `CrontermError`."""
        if self._process is not None:
            try:
                status = self._process.wait(ENDING_S)
            except subprocess.TimeoutExpired:
                return
            self._endings[self._process.pid] = _ending(status)
        self._log_size = _size(self._instance)
        try:
            self._process = start_engine(self._instance, *options, for_screen=for_screen)
        except OSError as error:
            raise CrontermError(f"no engine can be started: {error.strerror}") from None

    def how_ended(self, pid: int) -> str:
        """Return how an engine that was started here ended; "" where that is not known."""
        return self._endings.get(pid, "")

    def how_failed(self) -> str:
        """Return how the engine started last has ended; "" while it, or another, may still come."""
        status = None if self._process is None else self._process.poll()
        if status is None or (status == AlreadyRunning.exit_code and self._instance.is_held()):
            return ""
        said = _last_line(self._instance, self._log_size)
        return f"it {_ending(status)}{f': {said}' if said else ''}"

    def wait_for_answer(self) -> int:
        """Return the pid of an engine once it answers. Raises `CrontermError` as `ensure` does."""
        client, until = RequestClient(self._instance.socket), time.monotonic() + APPEAR_S
        while True:
            try:
                return client.hello().pid
            except NoEngine:
                if self._process is None and not self._instance.is_held():
                    self.start()  # the engine that was found has ended meanwhile
                how = self.how_failed()
                if how or time.monotonic() > until:
                    raise self._failure(how) from None
                time.sleep(0.03)

    def _failure(self, how: str) -> CrontermError:
        log = self._instance.log_file
        error = CrontermError("the engine does not come up", how or f"see {log}")
        if self._process is not None and (self._process.returncode or 0) > 0:
            error.exit_code = self._process.returncode
        return error


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with exit code {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"


def _size(instance: Instance) -> int:
    try:
        return instance.log_file.stat().st_size
    except OSError:
        return 0


def _last_line(instance: Instance, start: int) -> str:
    """Return the last line of the log from byte `start` on."""
    try:
        with open(instance.log_file, "rb") as log:
            log.seek(max(start, log.seek(0, os.SEEK_END) - LONGEST_LINE))
            lines = log.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    said = next((line for line in reversed(lines) if line.strip()), "")
    return said.removeprefix("cronterm: ")


def start_daemon(instance: Instance, *options: str) -> int:
    """Start an engine that stays when this program ends; return its pid once it answers.

    Raises `AlreadyRunning` where there is one, and `CrontermError` with what it says, and its exit
    code, where it does not come up.
    """
    instance.check()
    instance.check_alone()
    if instance.is_held():
        pid = instance.holder().get("pid", "?")
        raise AlreadyRunning(f"an engine of {instance.jobs_file} runs already, pid {pid}")
    engine = OwnEngine(instance)
    engine.start(*options, for_screen=False)
    return engine.wait_for_answer()
