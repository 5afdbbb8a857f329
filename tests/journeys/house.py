"""A real engine as a process of its own, with the means to look at it from outside."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cronterm.cli.program import run_program
from cronterm.errors import CrontermError
from cronterm.main import make_rooms
from cronterm.remote.client import RequestClient

PATIENCE_S = 30.0


def wait_until(
    condition: Callable[[], bool],
    what: str,
    limit_s: float = PATIENCE_S,
    *,
    pause_s: float = 0.02,
) -> None:
    """Return once `condition` holds; fail with `what` after `limit_s`."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit_s:g} s: {what}")
        time.sleep(pause_s)


def process_words() -> Iterator[tuple[int, bytes, str]]:
    """Yield (pid, command line and environment, working directory) of all that can be seen."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes() + b"\0" + (entry / "environ").read_bytes()
            yield int(entry.name), words, str((entry / "cwd").readlink())
        except OSError:
            continue


def process_states() -> Iterator[tuple[int, int, str]]:
    """Yield (pid, parent, state letter) of all processes."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        yield int(entry.name), int(fields[1]), fields[0]


class House:
    """One instance in a directory of its own, whose engine is a process of its own."""

    def __init__(self, directory: Path, jobs: str) -> None:
        self.directory = directory
        self.jobs_file = directory / "jobs.yaml"
        self.state_dir = directory / "state"
        self.jobs_file.write_text(jobs, encoding="utf-8")
        self.engine: subprocess.Popen[bytes] | None = None

    def words(self, *words: str) -> list[str]:
        """Return the words of a command on this instance."""
        return ["-f", str(self.jobs_file), "--state-dir", str(self.state_dir), *words]

    def command(self, *words: str) -> list[str]:
        """Return the argv of a cronterm command on this instance."""
        return [sys.executable, "-m", "cronterm", *self.words(*words)]

    def start(self, **env: str) -> subprocess.Popen[bytes]:
        """Start an engine and return once it answers."""
        engine = self.launch(**env)
        wait_until(lambda: self._answers(engine), f"the engine answers\n{self.log()}")
        return engine

    def launch(self, *words: str, **env: str) -> subprocess.Popen[bytes]:
        """Start an engine."""
        with open(self.directory / "engine.log", "ab") as log:
            self.engine = subprocess.Popen(
                self.command("--headless", *words),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | env,
            )
        return self.engine

    def _answers(self, engine: subprocess.Popen[bytes]) -> bool:
        if engine.poll() is not None:
            raise AssertionError(f"the engine ended with {engine.returncode}\n{self.log()}")
        try:
            return self.door().hello().pid == engine.pid
        except CrontermError:
            return False

    def door(self) -> RequestClient:
        """Return what asks the engine without a process for each question: for waiting."""
        return RequestClient(self.state_dir / "api.sock")

    def answers(self) -> bool:
        """Tell whether some engine answers."""
        try:
            return self.door().hello().pid > 0
        except CrontermError:
            return False

    def wait_idle(self) -> None:
        """Return once the engine has recorded the end of every run, and one at least."""

        def is_idle() -> bool:
            if not self.answers():  # it still starts
                return False
            views = self.door().snapshot().jobs.values()
            return all(not view.live for view in views) and any(view.recent for view in views)

        wait_until(is_idle, f"every run ends\n{self.log()}")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, in this process: a start of Python costs more than most do."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run_program(make_rooms(), self.words(*words))
        printed, said = (stream.buffer.getvalue().decode() for stream in (out, err))
        return subprocess.CompletedProcess(words, code, printed, said)

    def run_alone(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, as a process of its own."""
        return subprocess.run(
            self.command(*words),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
            env=os.environ | env,
        )

    def status(self) -> dict[str, Any]:
        """Return what `status --json` prints."""
        done = self.run("status", "--json")
        assert done.returncode == 0, done.stderr
        status: dict[str, Any] = json.loads(done.stdout)
        return status

    def history(self, *words: str) -> list[dict[str, Any]]:
        """Return the rows of `history --json`."""
        done = self.run("history", "--json", *words)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def kill(self) -> None:
        """End the engine with SIGKILL."""
        assert self.engine is not None
        self.engine.kill()
        self.engine.wait()

    def stop(self) -> int:
        """End the engine in an orderly way and return its exit status."""
        assert self.engine is not None
        self.engine.send_signal(signal.SIGTERM)
        return self.engine.wait(PATIENCE_S)

    def log(self) -> str:
        """Return the end of the engine's log."""
        path = self.directory / "engine.log"
        return path.read_text(encoding="utf-8")[-4000:] if path.exists() else ""

    def processes(self) -> list[int]:
        """Return the pids of all processes that belong to this instance: runners, jobs, all."""
        needle = str(self.state_dir).encode()
        return [pid for pid, words, _ in process_words() if needle in words] + self.jobs()

    def jobs(self) -> list[int]:
        """Return the pids of what this instance's jobs started and is still there."""
        return [
            pid
            for pid, words, cwd in process_words()
            if b"CRONTERM_MARK=" in words and cwd == str(self.directory)
        ]

    def runners(self) -> list[int]:
        """Return the pids of this instance's runners."""
        needle = str(self.state_dir).encode()
        return [
            pid
            for pid, words, _ in process_words()
            if needle in words and b"\0cronterm.runner\0" in words
        ]

    def zombies(self) -> list[int]:
        """Return the dead whose parent is the engine or a runner and has not reaped them."""
        own = {*self.runners()} | ({self.engine.pid} if self.engine is not None else set())
        return [pid for pid, parent, state in process_states() if state == "Z" and parent in own]

    def wait_paused(self, point: str) -> int:
        """Return the pid of the process that stands still at `point` of the fault hook."""
        told = self.directory / "paused"

        def is_still() -> bool:
            if not told.exists() or not told.read_text(encoding="utf-8").endswith("\n"):
                return False
            pid = int(told.read_text(encoding="utf-8").split()[1])
            return any(each == pid and state == "T" for each, _, state in process_states())

        wait_until(is_still, f"a process pauses {point}\n{self.log()}")
        name, pid = told.read_text(encoding="utf-8").split()
        assert name == point
        return int(pid)

    def pause_env(self, point: str) -> dict[str, str]:
        """Return what makes the engine or its runner stand still at `point`."""
        return {
            "CRONTERM_TEST_PAUSE": point,
            "CRONTERM_TEST_PAUSE_FILE": str(self.directory / "paused"),
        }

    def end_all(self) -> None:
        """End whatever of this instance is still there."""
        if self.engine is not None and self.engine.poll() is None:
            self.engine.kill()
            self.engine.wait()
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


@contextlib.contextmanager
def house(directory: Path, jobs: str) -> Iterator[House]:
    """Give an instance and leave no process of it behind."""
    it = House(directory, jobs)
    try:
        yield it
    finally:
        it.end_all()
