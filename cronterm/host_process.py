"""Starts an engine as a process of its own: it outlives the screen that wanted it."""

import os
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


def ensure_engine(instance: Instance) -> bool:
    """Return whether an engine had to be started; on return one answers.

    Raises `CrontermError` with the end of its log when it does not come up.
    """
    instance.check()
    client = RequestClient(instance.socket)
    if instance.is_held():
        _wait_for_answer(client, None, instance)
        return False
    engine = start_engine(instance)
    _wait_for_answer(client, engine, instance)
    return True


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
