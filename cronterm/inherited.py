"""What this process has from whoever started it, where no program expects it: put right at once."""

import os
import signal
from collections.abc import MutableMapping
from pathlib import Path

OWN_ENVIRONMENT = Path("/proc/self/environ")  # as the kernel was given it


def put_right() -> None:
    """Have open standard streams, all signals, and no variable that nobody has set."""
    _reopen_standard_streams()
    _hear_all_signals()
    _forget_coercion(os.environ)


def _reopen_standard_streams() -> None:
    """Started with closed descriptors, a database file must not become stdout."""
    while (file := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(file)


def _hear_all_signals() -> None:
    """Blocked, SIGTERM would end nothing; ignored, SIGCHLD would take the status of every child."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def _forget_coercion(environ: MutableMapping[str, str]) -> None:
    """Forget the LC_CTYPE that Python gives itself where there is no locale (PEP 538).

    Under cron(8), systemd and in containers there is none. Jobs would get it, and it overrides the
    LANG that theirs set.
    """
    try:
        given = OWN_ENVIRONMENT.read_bytes()
    except OSError:
        return
    if not any(each.startswith(b"LC_CTYPE=") for each in given.split(b"\0")):
        environ.pop("LC_CTYPE", None)
