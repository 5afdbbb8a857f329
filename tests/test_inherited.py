"""What a program makes of what it inherits, as its own children see it."""

import json
import os
import subprocess
import sys

SPOIL = """
import json, os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
os.execve(sys.executable, [sys.executable, "-c", sys.argv[1]], json.loads(sys.argv[2]))
"""
PROBE = """
import os, signal, subprocess, sys
from cronterm.inherited import put_right
put_right()
status = subprocess.run(["/bin/sh", "-c", "exit 7"]).returncode
seen = subprocess.run(["/usr/bin/env"], capture_output=True, text=True).stdout
print(status, signal.pthread_sigmask(signal.SIG_BLOCK, ()), seen.split())
"""


def told(**env: str) -> str:
    """Return what a program tells that was started without some signals, in an environment."""
    words = [sys.executable, "-c", SPOIL, PROBE, json.dumps(env)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_signals_are_heard_and_no_locale_is_made_up() -> None:
    assert told(PATH=os.defpath) == f"7 set() ['PATH={os.defpath}']\n"


def test_a_locale_that_somebody_has_set_stays() -> None:
    assert "'LC_CTYPE=C.UTF-8'" in told(LC_CTYPE="C.UTF-8")
