"""Every way an engine ends while a job runs: the job goes on, the next engine has its end.

The runner leaves a minute after the last end; that minute in full:
`pytest -m long -n 0 tests/journeys/test_endings.py`.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.house import House, house, process_states, process_words, wait_until

JOBS = """\
settings:
  shutdown_grace: {grace}
jobs:
  steady:
    schedule: "@reboot"
    stop_grace_period: 1s
    command: |
      echo "start" >> truth
      until [ -e go ]; do sleep 0.02; done
      echo "the end of $CRONTERM_RUN_ID"
      echo "end" >> truth
      exit 3
"""


def truth(home: House) -> str:
    """Return what the job noted."""
    path = home.directory / "truth"
    return path.read_text(encoding="utf-8") if path.exists() else ""


@contextmanager
def working(directory: Path, *, grace: str = "60s") -> Iterator[House]:
    """Give an engine whose one job runs until it is let go."""
    with house(directory, JOBS.format(grace=grace)) as home:
        home.launch()
        wait_until(lambda: truth(home) == "start\n", f"the job starts\n{home.log()}")
        wait_until(home.answers, "the engine answers")
        yield home


def let_go(home: House) -> None:
    """Let the job come to its end."""
    (home.directory / "go").touch()
    wait_until(lambda: truth(home) == "start\nend\n", "the job ends")


def check_end_is_known(home: House) -> None:
    """There is one row, with the job's own end and output, and nothing is left of the run."""
    if home.answers():
        home.wait_idle()
    (row,) = home.history()

    assert (row["outcome"], row["exit_code"]) == ("failed", 3)
    assert home.run("logs", str(row["run_id"])).stdout == f"the end of {row['run_id']}\n"
    assert truth(home) == "start\nend\n"
    assert home.jobs() == []
    wait_until(lambda: home.zombies() == [], "the dead are reaped")


def end_by_signals(home: House, *numbers: signal.Signals) -> int:
    """Send signals, each once the one before is understood; return the exit status."""
    assert home.engine is not None
    for number in numbers:
        home.engine.send_signal(number)
        wait_until(lambda: "engine stopping" in home.log(), "it hears")
    return home.engine.wait(10)


def end_by_down(home: House, *words: str) -> int:
    """Send `down` and return the engine's exit status."""
    assert home.engine is not None
    done = home.run("down", *words)
    assert (done.returncode, done.stderr) == (0, "")
    return home.engine.wait(10)


ENDINGS = {
    "SIGTERM twice": lambda home: end_by_signals(home, signal.SIGTERM, signal.SIGTERM),
    "SIGINT, then SIGTERM": lambda home: end_by_signals(home, signal.SIGINT, signal.SIGTERM),
    "down --now": lambda home: end_by_down(home, "--now"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_engine_that_ends_now_leaves_the_job_to_the_next(tmp_path: Path, ending: str) -> None:
    with working(tmp_path) as home:
        assert ENDINGS[ending](home) == 0
        assert len(home.jobs()) > 0
        let_go(home)
        home.start()

        check_end_is_known(home)
        assert home.stop() == 0


def test_down_waits_no_longer_than_the_grace(tmp_path: Path) -> None:
    with working(tmp_path, grace="200ms") as home:
        assert end_by_down(home) == 0
        assert len(home.jobs()) > 0
        home.start()
        assert home.status()["jobs"]["steady"]["state"] == "running"
        let_go(home)

        check_end_is_known(home)


def test_an_idle_engine_does_not_wait_for_who_looks_at_it(tmp_path: Path) -> None:
    with house(tmp_path, JOBS.replace("@reboot", "@manual").format(grace="60s")) as home:
        before = time.monotonic()
        engine = home.start()
        to_start = time.monotonic() - before
        stream = home.door().open_stream(output=True, last_id="")
        before = time.monotonic()
        engine.terminate()
        engine.wait(10)
        took = time.monotonic() - before
        assert list(stream)  # read to its end

        assert took < max(1.0, 2 * to_start)  # 0.15 and 0.56 s where nothing else runs


def test_an_engine_that_drains_ends_with_its_last_job(tmp_path: Path) -> None:
    with working(tmp_path) as home:
        assert home.engine is not None
        home.engine.terminate()
        wait_until(lambda: home.door().snapshot().engine.state == "stopping", "it drains")
        assert home.engine.poll() is None
        let_go(home)

        assert home.engine.wait(10) == 0
        check_end_is_known(home)


def test_down_with_stop_runs_ends_them_first(tmp_path: Path) -> None:
    with working(tmp_path) as home:
        assert end_by_down(home, "--stop-runs") == 0
        (row,) = home.history()

        assert (row["outcome"], row["reason"]) == ("stopped", "shutdown")
        assert home.jobs() == []
        assert truth(home) == "start\n"


def test_a_second_engine_names_the_first_and_a_killed_pair_needs_no_hand(tmp_path: Path) -> None:
    with working(tmp_path) as home:
        assert home.engine is not None
        second = home.run("--headless")
        assert second.returncode == 75
        assert f"pid {home.engine.pid} " in second.stderr

        (runner,) = home.runners()
        home.kill()
        os.kill(runner, signal.SIGKILL)
        home.start()
        home.wait_idle()
        (row,) = home.history()
        assert (row["outcome"], row["reason"]) == ("lost", "runner_died")
        assert home.jobs() == []
        assert home.stop() == 0


def test_sighup_reads_the_jobs_file_again(tmp_path: Path) -> None:
    with working(tmp_path, grace="100ms") as home:
        assert home.engine is not None
        text = home.jobs_file.read_text(encoding="utf-8")
        home.jobs_file.write_text(text.replace("steady:", "other:"), encoding="utf-8")
        home.engine.send_signal(signal.SIGHUP)

        wait_until(lambda: "other" in home.door().snapshot().jobs, "the new job is there")
        assert home.door().hello().pid == home.engine.pid
        assert len(home.jobs()) > 0


def test_an_engine_works_with_nothing_but_a_path_under_an_init(tmp_path: Path) -> None:
    init = Path(__file__).with_name("init.py")
    with house(tmp_path, JOBS.format(grace="60s")) as home:
        words = ["env", "-i", f"PATH={os.environ['PATH']}", sys.executable, str(init)]
        with open(tmp_path / "engine.log", "ab") as log:
            home.engine = subprocess.Popen([*words, *home.command("--headless")], stderr=log)
        wait_until(lambda: truth(home) == "start\n", f"the job starts\n{home.log()}")
        wait_until(home.answers, "the engine answers")
        pid = home.door().hello().pid
        assert pid != home.engine.pid
        os.kill(pid, signal.SIGTERM)
        let_go(home)

        assert home.engine.wait(10) == 0
        check_end_is_known(home)


ORPHANS = """\
jobs:
  parent:
    schedule: "@reboot"
    command: |
      setsid sh -c 'until [ -e go ]; do sleep 0.02; done' &
      echo "start" >> truth
"""
AS_PID_1 = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


@pytest.mark.skipif(
    subprocess.run([*AS_PID_1, "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0,
    reason="this user may not make a PID namespace",
)
def test_an_engine_that_is_pid_1_reaps_what_lost_its_runner(tmp_path: Path) -> None:
    with house(tmp_path, ORPHANS) as home:
        with open(tmp_path / "engine.log", "ab") as log:
            home.engine = subprocess.Popen([*AS_PID_1, *home.command("--headless")], stderr=log)
        wait_until(lambda: truth(home) == "start\n", f"the job starts\n{home.log()}")
        wait_until(home.answers, "the engine answers")
        home.wait_idle()
        assert home.door().hello().pid == 1
        (engine,) = [p for p, parent, _ in process_states() if parent == home.engine.pid]
        (runner,) = home.runners()
        os.kill(runner, signal.SIGKILL)
        wait_until(lambda: len(home.jobs()) > 0 and home.runners() != [runner], "another comes")
        (home.directory / "go").touch()

        wait_until(lambda: home.jobs() == [], "the orphan ends")
        wait_until(lambda: dead_below(engine) == [], "the dead are reaped")
        os.kill(engine, signal.SIGTERM)
        assert home.engine.wait(10) == 0


def dead_below(engine: int) -> list[int]:
    """Return the zombies whose parent is `engine`."""
    return [pid for pid, parent, state in process_states() if parent == engine and state == "Z"]


# -- with a screen -------------------------------------------------------------------------------

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")


class Terminal:
    """A tmux server of its own with one session that runs one command."""

    def __init__(self, name: str, command: list[str]) -> None:
        self._tmux = ["tmux", "-L", name, "-f", "/dev/null"]
        size = ["-x", "100", "-y", "30"]
        self.do("new-session", "-d", "-s", "it", *size, "--", *command)

    def do(self, *words: str) -> str:
        """Carry out a tmux command and return what it prints."""
        done = subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=False)
        return done.stdout

    def wait_for(self, words: str) -> None:
        """Return once the screen shows `words`."""
        wait_until(
            lambda: words in self.do("capture-pane", "-p", "-t", "it"),
            f"{words!r} is on the screen:\n{self.do('capture-pane', '-p', '-t', 'it')}",
        )

    def is_there(self) -> bool:
        """Tell whether the session still runs its command."""
        return "it" in self.do("list-sessions")


@contextmanager
def screen(directory: Path) -> Iterator[tuple[House, Terminal]]:
    """Give a screen that started its engine, once its job runs."""
    with house(directory, JOBS.format(grace="60s")) as home:
        terminal = Terminal(f"cronterm-{os.getpid()}", home.command())
        try:
            terminal.wait_for("steady")
            wait_until(lambda: truth(home) == "start\n", "the job starts")
            yield home, terminal
        finally:
            terminal.do("kill-server")


@needs_tmux
def test_a_terminal_that_is_killed_leaves_engine_and_job_alone(tmp_path: Path) -> None:
    with screen(tmp_path) as (home, terminal):
        engine = home.door().hello().pid
        terminal.do("kill-session", "-t", "it")
        wait_until(lambda: not terminal.is_there(), "the session ends")
        wait_until(lambda: len(screens(home)) == 0, "the screen ends")
        let_go(home)

        check_end_is_known(home)
        assert home.door().hello().pid == engine


@needs_tmux
def test_quit_and_keep_leaves_engine_and_job_alone(tmp_path: Path) -> None:
    with screen(tmp_path) as (home, terminal):
        engine = home.door().hello().pid
        terminal.do("send-keys", "-t", "it", "q")
        terminal.wait_for("Keep the engine")
        terminal.do("send-keys", "-t", "it", "k")
        wait_until(lambda: not terminal.is_there(), "the screen ends")
        let_go(home)

        check_end_is_known(home)
        assert home.door().hello().pid == engine


def screens(home: House) -> list[int]:
    """Return the pids of the screens on this instance."""
    needle = str(home.state_dir).encode()
    engines = (b"--headless", b"cronterm.runner")
    return [
        pid
        for pid, words, _ in process_words()
        if needle in words and not any(each in words for each in engines)
    ]


# -- the end of the runner -----------------------------------------------------------------------


@pytest.mark.long
def test_the_runner_of_a_killed_engine_leaves_a_minute_after_the_last_end(tmp_path: Path) -> None:
    with working(tmp_path) as home:
        (runner,) = home.runners()
        home.kill()
        let_go(home)

        wait_until(lambda: home.runners() == [], "the runner leaves", 65)
        wait_until(lambda: runner not in [pid for pid, _, _ in process_states()], "it is reaped")
        home.start()
        check_end_is_known(home)
