"""The processes of the runners: where they live, whether they do, and new ones."""

import asyncio
import fcntl
import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from cronterm.errors import CrontermError
from cronterm.execute.link import Link, say_hello
from cronterm.version import VERSION

APPEAR_S = 10.0
LOOK_S = 0.02
REAP_S = 0.05


class RunnerProcesses:
    """Runners below `<state>/runners`, a directory for each, named as the runner is."""

    def __init__(self, state_dir: Path, *, store: str, linger_s: float) -> None:
        self._runners = state_dir / "runners"
        self._errors = state_dir / "cronterm.log"
        self._options = ["--output", str(state_dir / "output" / store), "--store", store]
        self._options += ["--linger", str(linger_s), "--version", VERSION]
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        """Those that this engine started; they outlive it."""

    def names(self) -> list[str]:
        """Return all names in order, dead runners' too; makes the directory above them."""
        self._runners.mkdir(mode=0o700, parents=True, exist_ok=True)
        return sorted(place.name for place in self._runners.iterdir() if place.is_dir())

    async def say_hello(self, name: str) -> Link | None:
        """Connect to a runner; None if it does not answer."""
        return await say_hello(self._runners / name)

    def is_alive(self, name: str) -> bool:
        """Tell whether a runner holds its lock."""
        try:
            with open(self._runners / name / "lock", "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def left_journal(self, name: str) -> bool:
        """Tell whether a dead runner left something to tell; a runner that starts takes it over."""
        try:
            return (self._runners / name / "journal").stat().st_size > 0
        except OSError:
            return False

    async def start(self) -> Link:
        """Start a runner and connect. Raises `CrontermError` when it does not come up."""
        name = secrets.token_hex(4)
        words = [sys.executable, "-P", "-m", "cronterm.runner"]
        words += ["--directory", str(self._runners / name), *self._options]
        process = await asyncio.to_thread(self._spawn, name, words)
        try:
            async with asyncio.timeout(APPEAR_S):
                while (link := await self.say_hello(name)) is None:
                    if process.poll() is not None:
                        del self._processes[name]
                        raise CrontermError(f"the runner ended with {process.returncode}")
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise CrontermError("the runner does not come up") from None
        return link

    def _spawn(self, name: str, words: Sequence[str]) -> "subprocess.Popen[bytes]":
        """Start a process that outlives this one; what it says when it breaks is in the log."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        errors = os.open(self._errors, flags, 0o600)
        try:
            # Known at once: an engine that ends while it waits for a runner lets it go, too.
            process = self._processes[name] = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                cwd="/",
                start_new_session=True,
            )
            return process
        finally:
            os.close(errors)

    async def reap(self, name: str) -> None:
        """Leave no zombie of a runner that ends: its socket closes a little before it is dead."""
        process = self._processes.get(name)
        while process is not None and process.poll() is None:  # noqa: ASYNC110  a pid is no event
            await asyncio.sleep(REAP_S)
        self._processes.pop(name, None)

    def let_go(self) -> None:
        """Leave them alone: they outlive this engine."""
        for process in [*self._processes.values()]:
            if process.poll() is None:
                process.returncode = 0  # on purpose: Popen need not complain
