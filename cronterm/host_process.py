"""Starts an engine as a process of its own: it outlives the screen that wanted it."""

import os
import subprocess
import sys
import time

from cronterm.errors import CrontermError, NoEngine
from cronterm.instance import Instance
from cronterm.remote.client import RequestClient

APPEAR_S = 15.0


def start_engine(instance: Instance) -> "subprocess.Popen[bytes]":
    """Start an engine in a session of its own; its log goes into the state directory."""
    instance.prepare()
    words = [sys.executable, "-P", "-m", "cronterm", "--headless", "--for-screen"]
    words += ["-f", str(instance.jobs_file), "--state-dir", str(instance.state_dir)]
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
