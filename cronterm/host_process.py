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
        self._endings: dict[int, str] = {}

    def ensure(self) -> bool:
        """Return whether an engine had to be started; on return one answers.

        Raises `CrontermError` with the end of its log when it does not come up.
        """
        self._instance.check()
        client = RequestClient(self._instance.socket)
        if not self._instance.is_held():
            self.start()
        _wait_for_answer(client, self._process, self._instance)
        return self.has_started

    @property
    def has_started(self) -> bool:
        """One was started here."""
        return self._process is not None

    def start(self) -> None:
        """Start an engine, unless the one before is only on its way."""
        if self._process is not None:
            status = self._process.poll()
            if status is None:
                return
            self._endings[self._process.pid] = _ending(status)
        self._process = start_engine(self._instance)

    def how_ended(self, pid: int) -> str:
        """Return how an engine that was started here ended; "" where that is not known."""
        return self._endings.get(pid, "")


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with exit code {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"


def start_daemon(instance: Instance, *options: str) -> int:
    """Start an engine that stays when this program ends; return its pid once it answers.

    Raises `AlreadyRunning` where there is one, and `CrontermError` with what it says, and its exit
    code, where it does not come up.
    """
    instance.check()
    if instance.is_held():
        pid = instance.holder().get("pid", "?")
        raise AlreadyRunning(f"an engine of {instance.jobs_file} runs already, pid {pid}")
    engine = start_engine(instance, *options, for_screen=False)
    try:
        _wait_for_answer(RequestClient(instance.socket), engine, instance)
    except CrontermError as error:
        if engine.returncode:
            error.exit_code = engine.returncode
        raise
    return engine.pid


def _wait_for_answer(
    client: RequestClient, engine: "subprocess.Popen[bytes] | None", instance: Instance
) -> None:
    until = time.monotonic() + APPEAR_S
    while True:
        try:
            client.hello()
        except NoEngine:
            is_dead = engine is not None and engine.poll() not in (None, 75)
            if is_dead or time.monotonic() > until:
                raise CrontermError("the engine does not come up", _log_end(instance)) from None
            time.sleep(0.03)
        else:
            return


def _log_end(instance: Instance) -> str:
    try:
        lines = instance.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return f"see {instance.log_file}"
    return lines[-1] if lines else f"see {instance.log_file}"
