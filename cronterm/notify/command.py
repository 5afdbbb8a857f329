"""A command that is told in its environment and on its stdin; never by its words."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

from cronterm.clock import SECOND, rfc3339
from cronterm.model.notifier import Command
from cronterm.notify.base import Message, NotSent, Revealed
from cronterm.notify.webhook import fields

LONGEST_VALUE = 100_000  # bytes; the kernel takes 128 KiB
TELLING_ITS_END = ("/bin/sh", "-c", '"$@"; printf "\\n%d" $?', "sh")
"""An engine that is PID 1 reaps all children: a status may be gone before it is asked for."""


def send_command(notifier: Command, message: Message, reveal: Revealed) -> None:
    """Run the command to its end. Raises `NotSent`."""
    command = notifier.command
    words = ("/bin/sh", "-c", command) if isinstance(command, str) else command
    env = {name: v for name, v in os.environ.items() if not name.startswith("CRONTERM_")}
    content = json.dumps(fields(message)).encode()
    run_told(
        words,
        content,
        directory=notifier.directory,
        env=env | variables(message),
        limit_s=notifier.timeout / SECOND,
    )


def variables(message: Message) -> dict[str, str]:
    """Return what a command finds in its environment."""
    values = {
        "CRONTERM_NOTICE": message.id,
        "CRONTERM_STATUS": str(message.event),
        "CRONTERM_JOB": message.job,
        "CRONTERM_TITLE": message.title,
        "CRONTERM_TEXT": message.whole,
        "CRONTERM_MESSAGE": message.message,
        "CRONTERM_RUN_ID": "" if message.run is None else str(message.run),
        "CRONTERM_COUNT": str(message.count),
        "CRONTERM_TIME": rfc3339(message.happened_at),
        "CRONTERM_HOST": message.host,
    }
    return {name: _bounded(value) for name, value in values.items()}


def _bounded(value: str) -> str:
    raw = value.replace("\0", "").encode("utf-8", "replace")[:LONGEST_VALUE]
    return raw.decode("utf-8", "ignore")


def run_told(
    words: Sequence[str], content: bytes, *, directory: str, env: Mapping[str, str], limit_s: float
) -> str:
    """Run a program with `content` as its stdin; return what it printed. Raises `NotSent`."""
    try:
        process = subprocess.Popen(
            [*TELLING_ITS_END, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env=env,
            start_new_session=True,
        )
    except OSError as error:
        raise NotSent(f"its command: {error.strerror}") from None
    try:
        told, _ = process.communicate(content, timeout=limit_s)
    except subprocess.TimeoutExpired:
        raise NotSent(f"its command took longer than {limit_s:g}s") from None
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    printed, _, status = told.rpartition(b"\n")
    if not status.isdigit():
        raise NotSent("its command did not come to its end")
    if int(status):
        raise NotSent(f"its command ended with {int(status)}")  # what it said may be private
    return printed.decode("utf-8", "replace").strip()
