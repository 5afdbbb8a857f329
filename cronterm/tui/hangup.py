"""Ends a screen whose terminal is gone, where no SIGHUP says so."""

import os
import select
import signal
import threading


def end_with_terminal(fd: int) -> None:
    """End this process as SIGHUP would once the terminal behind `fd` is gone.

    A program under `nohup`, or whose terminal does not control its session, gets no signal: the
    screen's input would be ready for ever and its output would wait for ever.
    """
    threading.Thread(target=_wait, args=(fd,), name="hangup", daemon=True).start()


def _wait(fd: int) -> None:
    hangup = select.poll()
    hangup.register(fd, 0)  # nothing to read or write, only its end
    while not hangup.poll():
        continue
    os._exit(128 + signal.SIGHUP)
