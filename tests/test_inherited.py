"""What a program makes of what it inherits, as its own children see it."""

import os
import signal
import subprocess
import sys

PROBE = """
import os, signal, subprocess, sys
from cronterm.inherited import put_right
put_right()
status = subprocess.run(["/bin/sh", "-c", "exit 7"]).returncode
seen = subprocess.run(["/usr/bin/env"], capture_output=True, text=True).stdout
print(status, signal.pthread_sigmask(signal.SIG_BLOCK, ()), seen.split())
"""


def told(**env: str) -> str:
    """Return what a program tells that blocks or ignores what it inherits, in an environment."""

    def spoil() -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})

    words = [sys.executable, "-c", PROBE]
    done = subprocess.run(words, env=env, preexec_fn=spoil, capture_output=True, text=True)
    return done.stdout


def test_signals_are_heard_and_no_locale_is_made_up() -> None:
    assert told(PATH=os.defpath) == f"7 set() ['PATH={os.defpath}']\n"


def test_a_locale_that_somebody_has_set_stays() -> None:
    assert "'LC_CTYPE=C.UTF-8'" in told(LC_CTYPE="C.UTF-8")
