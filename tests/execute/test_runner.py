"""The runner with real processes: the clean room, the limits, the whole tree, the takeover."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cronterm.clock import MILLISECOND, SECOND
from cronterm.execute.base import ClaimedAttempt, NeverStarted
from cronterm.execute.output import read_output
from cronterm.model.action import Custom
from cronterm.model.job import PythonCall
from tests.execute.hold import STORE, Held, alive, held, start, stop


async def test_output_exit_code_and_streams_are_kept(tmp_path: Path) -> None:
    async with held(tmp_path) as it:
        end = await it.run(1, "echo out; echo err >&2; exit 3")

        assert (end.exit_code, end.signal, end.output_bytes) == (3, None, 8)
        part = read_output(
            tmp_path,
            run=1,
            attempt=1,
            blob=it.ended[1, 1].output,
            offset=0,
            max_bytes=99,
            complete=True,
        )
        assert {(chunk.stream, chunk.data) for chunk in part.chunks} == {
            ("out", b"out\n"),
            ("err", b"err\n"),
        }


async def test_what_is_no_utf_8_reaches_the_job_and_comes_back(tmp_path: Path) -> None:
    odd = os.fsdecode(b"\xff")
    async with held(tmp_path) as it:
        await it.run(1, 'printf %s "$ODD"', env={"ODD": odd})
        assert it.text(1) == b"\xff"
        end = await it.run(2, [f"/nowhere/{odd}"])
        assert end.start_error == f"/nowhere/{odd}: 127: not found"


async def test_ends_are_heard_whatever_signals_the_engine_was_started_without(
    tmp_path: Path,
) -> None:
    deaf = {signal.SIGCHLD, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, deaf)
    try:
        async with held(tmp_path) as it:
            end = await it.run(1, "exit 3")
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    assert end.exit_code == 3


async def test_a_job_starts_in_a_clean_room(tmp_path: Path) -> None:
    probe = (
        "ls /proc/self/fd | wc -l; readlink /proc/self/fd/0; ps -o sid= -p $$; echo $$; pwd;"
        " grep -E 'SigIgn|SigBlk' /proc/self/status; umask; cat"
    )
    async with held(tmp_path) as it:
        await it.run(1, probe, working_dir="/tmp")
        fds, stdin, session, pid, place, blocked, ignored, umask = it.text(1).split(b"\n")[:8]

    assert int(fds) <= 4  # 0 to 2 and the listing's own
    assert stdin == b"/dev/null"
    assert session.strip() == pid
    assert place == b"/tmp"
    named = (1 << 31) - 1  # signals 1 to 31: the C library plays with those above
    assert int(blocked.split()[1], 16) & named == int(ignored.split()[1], 16) & named == 0
    mask = os.umask(0)
    os.umask(mask)
    assert int(umask, 8) == mask


async def test_a_job_knows_what_it_is(tmp_path: Path) -> None:
    async with held(tmp_path) as it:
        await it.run(7, "env | grep ^CRONTERM_ | sort; echo $A", env={"A": "1"})

        assert it.text(7).decode().splitlines() == [
            "CRONTERM_ATTEMPT=1",
            "CRONTERM_JOB=a-job",
            f"CRONTERM_MARK={STORE}-7",
            "CRONTERM_RUN_ID=7",
            "CRONTERM_SCHEDULED_AT=1970-01-01T00:00:01Z",
            "CRONTERM_TRIGGER=scheduled",
            "1",
        ]


async def test_stdin_env_files_and_argv_reach_the_job(tmp_path: Path) -> None:
    env_file = tmp_path / "env"
    env_file.write_text("# note\nexport B='two words'\nA=1\n")
    async with held(tmp_path) as it:
        await it.run(1, ["/bin/cat", "-"], stdin="line one\n")
        await it.run(2, "echo $A $B", env_files=(str(env_file),), env={"A": "over"})
        assert it.text(1) == b"line one\n"
        assert it.text(2) == b"over two words\n"
        env_file.write_text("no equals\n")
        end = await it.run(3, "true", env_files=(str(env_file),))
        assert end.start_error.endswith("env:1: not NAME=value")
        end = await it.run(4, "true", env_files=("/nowhere",))
        assert "No such file" in end.start_error


@pytest.mark.parametrize(
    ("command", "words", "reason"),
    [
        (["/nowhere/x"], {}, "127: not found"),
        (["/proc/self/status"], {}, "126: not executable"),
        ("true", {"working_dir": "/nowhere"}, "is not a directory"),
        (["/bin/true", "x" * 200_000], {}, "Argument list too long"),
    ],
)
async def test_what_cannot_start_says_why(
    tmp_path: Path, command: Any, words: dict[str, str], reason: str
) -> None:
    async with held(tmp_path) as it:
        end = await it.run(1, command, **words)

    assert reason in end.start_error
    assert end.exit_code is None


async def test_a_signal_is_told_apart_from_a_code(tmp_path: Path) -> None:
    async with held(tmp_path) as it:
        end = await it.run(1, "kill -SEGV $$")

    assert (end.exit_code, end.signal) == (None, signal.SIGSEGV)


ZOO = {
    "plain": "sleep 987{n}",
    "background": "sleep 987{n} & wait",
    "session": "setsid sleep 987{n} & wait",
    "nohup": "nohup setsid sh -c 'sleep 987{n}' & wait",
    "double fork": "(setsid sh -c 'sleep 987{n} & sleep 987{n}' &) ; sleep 987{n}",
    "deaf": "trap '' TERM HUP INT; sleep 987{n} & while true; do sleep 987{n}; done",
    "stopped": "sleep 987{n} & kill -STOP $$",
    "holds pipes": "setsid sh -c 'trap \"\" TERM; sleep 987{n}' & sleep 987{n}",
}


@pytest.mark.parametrize("kind", ZOO)
async def test_a_timeout_ends_the_whole_tree(tmp_path: Path, kind: str) -> None:
    number = list(ZOO).index(kind)
    command = ZOO[kind].format(n=f"{number}.{os.getpid()}")
    async with held(tmp_path) as it:
        began = time.monotonic()
        end = await it.run(
            1, command, timeout=300 * MILLISECOND, stop_grace_period=300 * MILLISECOND
        )

        assert end.stopped_for == "timeout"
        assert time.monotonic() - began < 0.6 + 1.0 + 0.5
        assert alive(f"987{number}.{os.getpid()}") == []
        assert end.survivors == ()


async def test_a_condition_that_is_ended_late_leaves_its_run_alone(tmp_path: Path) -> None:
    async with held(tmp_path) as it:
        it.executor.start_nowait(start(1, "sleep 600 & sleep 600", attempt=-5, timeout=SECOND // 2))
        go = tmp_path / "go"
        it.executor.start_nowait(start(1, f"until [ -e {go} ]; do sleep 0.02; done; echo $PPID"))
        await it.wait(lambda: it.has_started(1))
        assert (await it.end(1, -5)).stopped_for == "timeout"
        go.touch()

        assert (await it.end(1)).exit_code == 0


async def test_a_stop_asks_first_and_a_kill_does_not(tmp_path: Path) -> None:
    command = "trap 'echo bye; exit 5' TERM; while true; do sleep 0.05; done"
    async with held(tmp_path) as it:
        for run, name in ((1, "SIGTERM"), (2, "SIGKILL")):
            it.executor.start_nowait(start(run, command))
            await it.wait(partial(it.has_started, run))
            await asyncio.to_thread(_wait_for_trap, it.started[run, 1].pid)
            it.executor.stop_nowait(stop(run, signal=name, grace_us=2_000_000 * (run == 1)))
            await it.end(run)

        assert it.ended[1, 1].end.exit_code == 5
        assert it.text(1).endswith(b"bye\n")
        assert it.ended[2, 1].end.signal == signal.SIGKILL
        assert it.ended[2, 1].end.stopped_for == "user"


async def test_a_stop_of_what_still_waits_for_its_start_is_not_lost(tmp_path: Path) -> None:
    async with held(tmp_path) as it:
        it.executor.start_nowait(start(1, "echo ran"))
        it.executor.stop_nowait(stop(1))  # it arrives together with the start
        end = await it.end(1)

        assert (end.stopped_for, end.exit_code, end.signal) == ("user", None, None)
        assert not it.has_started(1)
        assert it.text(1) == b""


def _wait_for_trap(pid: int) -> None:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        status = Path(f"/proc/{pid}/status").read_text()
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
        if int(caught.split()[1], 16) & (1 << (signal.SIGTERM - 1)):
            return
    raise AssertionError("it never set its trap")


async def test_what_outlives_a_normal_exit_is_left_alone_and_counted(tmp_path: Path) -> None:
    mark = f"654.{os.getpid()}"
    async with held(tmp_path) as it:
        began = time.monotonic()
        end = await it.run(1, f"sleep {mark} & echo started")
        took = time.monotonic() - began

        assert (end.exit_code, end.left_processes) == (0, 1)
        assert 1.5 < took < 4  # the pipe is held: drained for two seconds, not longer
        assert it.text(1) == b"started\n"
        assert len(alive(mark)) == 1
        os.kill(alive(mark)[0], signal.SIGKILL)


async def test_a_background_child_that_writes_on_and_on_does_not_keep_a_run_open(
    tmp_path: Path,
) -> None:
    mark = f"on and on {os.getpid()}"
    async with held(tmp_path) as it:
        it.executor.start_nowait(start(1, f"yes '{mark}' & echo started"))
        await it.end(1)
        other = await it.run(2, "echo other")
        left = alive(f"yes\0{mark}")
        for pid in left:
            os.kill(pid, signal.SIGKILL)

        assert (it.ended[1, 1].end.left_processes, len(left), other.exit_code) == (1, 1, 0)


async def test_of_many_that_end_beside_a_background_child_only_one_has_left_it(
    tmp_path: Path,
) -> None:
    mark = f"655.{os.getpid()}"
    async with held(tmp_path) as it:
        it.executor.start_nowait(start(1, f"sleep {mark} > /dev/null 2>&1 &"))
        for run in range(2, 20):
            it.executor.start_nowait(start(run, "true"))
        left = {run: (await it.end(run)).left_processes for run in range(1, 20)}
        for pid in alive(mark):
            os.kill(pid, signal.SIGKILL)

        assert left == {run: int(run == 1) for run in range(1, 20)}


async def test_over_the_limit_head_and_tail_are_kept(tmp_path: Path) -> None:
    async with held(tmp_path) as it:
        end = await it.run(1, "seq 1 400000", output_max_size=100_000)
        part = read_output(
            tmp_path / "output" / STORE,
            run=1,
            attempt=1,
            blob=None,
            offset=0,
            max_bytes=1 << 20,
            complete=True,
        )
        kept = b"".join(chunk.data for chunk in part.chunks)
        tail = read_output(
            tmp_path / "output" / STORE,
            run=1,
            attempt=1,
            blob=None,
            offset=None,
            max_bytes=14,
            complete=True,
        )

    assert end.output_bytes == part.end_offset == 2_688_895
    assert kept.startswith(b"1\n2\n3\n")
    assert kept.endswith(b"399999\n400000\n")
    assert 50_000 <= len(kept) <= 100_000
    assert part.dropped is not None
    assert b"".join(chunk.data for chunk in tail.chunks) == b"399999\n400000\n"


@pytest.mark.parametrize(
    ("command", "size"),
    [
        ("head -c 10000000 /dev/zero | tr '\\0' x", 10_000_000),
        ("head -c 100000 /dev/urandom", 100_000),
        ("printf 'no line break'", 13),
    ],
)
async def test_output_of_any_shape_is_kept_byte_for_byte(
    tmp_path: Path, command: str, size: int
) -> None:
    async with held(tmp_path) as it:
        end = await it.run(1, command, output_max_size=100_000_000)

        assert end.output_bytes == size
        assert len(it.text(1)) == size


async def test_live_output_comes_when_someone_looks(tmp_path: Path) -> None:
    async with held(tmp_path) as it:
        it.executor.watch_nowait(on=True)
        it.executor.start_nowait(start(1, "echo first; sleep 60"))
        await it.wait(lambda: b"first\n" in it.output)
        it.executor.stop_nowait(stop(1))
        await it.end(1)


TASKS = """
import os

def greet(name):
    print('hello', name)

def call_wrongly():
    greet()

async def wait_for(value):
    return value

def leave():
    print('written before', end='')
    print()
    os._exit(0)

def fork():
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    print('the child ended')
"""


@pytest.mark.parametrize(
    ("call", "code", "words"),
    [
        (PythonCall("math:sqrt", (9,)), 0, b"3.0"),
        (PythonCall("nowhere.at_all:f"), 127, b"cannot load nowhere.at_all:f"),
        (PythonCall("math:nothing"), 127, b"has no attribute"),
        (PythonCall("sys:exit", (4,)), 4, b""),
        (PythonCall("os:_exit", (6,)), 6, b"os._exit(6) ended the interpreter"),
        (PythonCall("math:sqrt", (-1,)), 1, b"ValueError"),
        (PythonCall("math:sqrt", ("x",)), 2, b"cannot call math:sqrt with these arguments"),
        (PythonCall("tasks.py:greet", (), {"name": "Ann"}), 0, b"hello Ann"),
        (PythonCall("tasks.py:greet", (), {"nom": "Ann"}), 2, b"unexpected keyword argument"),
        (PythonCall("tasks.py:call_wrongly"), 1, b"in call_wrongly"),
        (PythonCall("tasks.py:wait_for", (7,)), 0, b"7"),
        (PythonCall("tasks.py:leave"), 0, b"written before\ncronterm: os._exit(0) ended"),
        (PythonCall("tasks.py:fork"), 0, b"the child ended\n"),
        (PythonCall("broken.py:f"), 127, b"SyntaxError"),
        (PythonCall("quits.py:f"), 127, b"it called sys.exit(0) while it was imported"),
        (PythonCall("nosuch.py:f"), 127, b"cannot load nosuch.py:f: FileNotFoundError"),
        (PythonCall("json.py:dumps"), 0, b'["still there"]'),
    ],
)
async def test_a_python_call_runs_in_its_own_interpreter(
    tmp_path: Path, call: PythonCall, code: int, words: bytes
) -> None:
    (tmp_path / "tasks.py").write_text(TASKS)
    (tmp_path / "broken.py").write_text("def f(:\n")
    (tmp_path / "quits.py").write_text("import sys\nsys.exit(0)\n")
    (tmp_path / "json.py").write_text(
        "import json\ndef dumps():\n  return json.dumps(['still there'])"
    )
    async with held(tmp_path) as it:
        end = await it.run(1, call, directory=str(tmp_path))

        assert (end.exit_code, words in it.text(1)) == (code, True), it.text(1)


async def test_what_another_package_makes_of_its_words_runs(tmp_path: Path) -> None:
    action = Custom(
        kind="shout",
        argv=("/bin/sh", "-c", "tr a-z A-Z; echo $A $B $CRONTERM_JOB"),
        env={"A": "theirs", "B": "theirs"},
        stdin="hello\n",
    )
    async with held(tmp_path) as it:
        await it.run(1, action, env={"B": "the job's"})

        assert it.text(1) == b"HELLO\ntheirs the job's a-job\n"


async def test_a_python_call_that_crashes_says_where(tmp_path: Path) -> None:
    (tmp_path / "crash.py").write_text("import ctypes\ndef f():\n    ctypes.string_at(0)\n")
    async with held(tmp_path) as it:
        end = await it.run(1, PythonCall("crash.py:f"), directory=str(tmp_path))

        assert end.signal == signal.SIGSEGV
        assert b'crash.py", line 3 in f' in it.text(1)


# -- takeover ------------------------------------------------------------------------------------


async def test_a_start_that_is_known_is_not_done_twice(tmp_path: Path) -> None:
    truth = tmp_path / "truth"
    async with held(tmp_path) as it:
        for _ in range(3):
            it.executor.start_nowait(start(1, f"echo x >> {truth}; sleep 0.1"))
        await it.end(1)
        it.executor.start_nowait(start(1, f"echo x >> {truth}"))
        await it.run(2, "true")

    assert truth.read_text() == "x\n"


async def test_the_next_engine_takes_over_what_runs_and_what_ended(tmp_path: Path) -> None:
    first = Held(tmp_path, linger_s=5, acknowledges=False)
    await first.executor.open([])
    first.executor.start_nowait(start(1, "echo one; exit 4"))
    first.executor.start_nowait(start(2, "sleep 0.4; echo two"))
    await first.end(1)
    runner = first.executor.runner_id
    second = Held(tmp_path, linger_s=0.5)
    claimed = [ClaimedAttempt(run=run, attempt=1, runner=runner) for run in (1, 2, 3)]
    verdicts = {each.run: each for each in await second.executor.open(claimed)}

    assert [verdicts[run].state for run in (1, 2, 3)] == ["ended", "live", "never_started"]
    assert verdicts[1].end is not None
    assert verdicts[1].end.exit_code == 4
    second.executor.acknowledge_nowait(1, 1)
    assert (await second.end(2)).exit_code == 0
    assert second.text(2) == b"two\n"
    await first.executor.close()
    await second.executor.close()


async def test_a_runner_that_was_killed_is_replaced_and_its_runs_are_lost(tmp_path: Path) -> None:
    mark = f"321.{os.getpid()}"
    async with held(tmp_path) as it:
        it.executor.start_nowait(start(1, f"setsid sleep {mark} & sleep {mark}"))
        await it.wait(lambda: (1, 1) in it.started and len(alive(mark)) >= 2)
        before = it.executor.runner_id
        runner = [pid for pid in alive(before) if pid != os.getpid()]
        os.kill(runner[0], signal.SIGKILL)
        end = await it.end(1)

        assert end.lost == "runner_died"
        assert alive(mark) == []
        assert it.executor.runner_id != before
        assert (await it.run(2, "exit 2")).exit_code == 2


async def test_an_idle_runner_leaves_and_takes_its_directory_along(tmp_path: Path) -> None:
    it = Held(tmp_path, linger_s=0.2)
    await it.executor.open([])
    await it.run(1, "true")
    assert len(it.runner_dirs()) == 1
    await it.executor.close()
    await it.wait(lambda: it.runner_dirs() == [])


async def test_a_runner_that_was_idle_for_long_waits_for_the_next_engine(tmp_path: Path) -> None:
    first, second = (Held(tmp_path, linger_s=1) for _ in range(2))
    began = time.monotonic()
    await first.executor.open([])
    await first.wait(lambda: time.monotonic() > began + 1.2)
    await first.executor.close()
    await second.executor.open([])

    assert second.executor.runner_id == first.executor.runner_id
    await second.executor.close()
    await second.wait(lambda: second.runner_dirs() == [])


async def test_terminating_the_runner_ends_its_runs_by_their_rule(tmp_path: Path) -> None:
    async with held(tmp_path) as it:
        it.executor.start_nowait(start(1, "sleep 456", stop_grace_period=SECOND))
        await it.wait(lambda: (1, 1) in it.started)
        os.kill(alive(it.executor.runner_id)[0], signal.SIGTERM)
        end = await it.end(1)

    assert end.stopped_for == "shutdown"


def test_a_second_runner_in_one_directory_is_refused(tmp_path: Path) -> None:
    words = [sys.executable, "-P", "-m", "cronterm.runner", "--directory", str(tmp_path / "r")]
    words += ["--output", str(tmp_path), "--store", STORE, "--linger", "3"]
    first = subprocess.Popen(words)
    until = time.monotonic() + 10
    while not (tmp_path / "r" / "sock").exists() and time.monotonic() < until:
        os.sched_yield()
    second = subprocess.run(words, check=False, timeout=10)
    first.terminate()

    assert second.returncode == 75
    assert first.wait(10) == 0


async def test_a_thousand_starts_leave_no_zombie_and_lose_nothing(tmp_path: Path) -> None:
    async with held(tmp_path) as it:
        for run in range(1, 301):
            it.executor.start_nowait(start(run, ["/bin/echo", str(run)]))
        await it.wait(lambda: len(it.ended) == 300)
        zombies = zombies_of(alive(it.executor.runner_id))

        assert [it.text(run) for run in (1, 150, 300)] == [b"1\n", b"150\n", b"300\n"]
        assert zombies == []


async def test_an_end_is_told_though_the_starts_that_were_announced_do_not_come(
    tmp_path: Path,
) -> None:
    async with held(tmp_path) as it:
        it.executor.start_nowait(start(1, ["/bin/true"]))
        it.executor.more_nowait()
        assert (await it.end(1)).exit_code == 0


def zombies_of(parents: list[int]) -> list[str]:
    """Return the dead children that nobody took note of."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (OSError, UnicodeDecodeError):
            continue
        if entry.name.isdigit() and fields[0] == "Z" and int(fields[1]) in parents:
            found.append(entry.name)
    return found


def runner_pid(it: Held) -> int:
    """Return the pid of the runner that starts what comes next."""
    return alive(it.executor.runner_id)[0]


async def test_the_journal_of_a_dead_runner_is_replayed_beside_a_living_one(tmp_path: Path) -> None:
    mark = f"987.{os.getpid()}"
    first, second, third = (Held(tmp_path, linger_s=5) for _ in range(3))
    await first.executor.open([])
    first.executor.start_nowait(start(1, f"sleep {mark}"))
    await first.wait(lambda: first.has_started(1))
    runner = runner_pid(first)
    os.kill(runner, signal.SIGSTOP)
    await first.executor.close()
    claimed = ClaimedAttempt(run=1, attempt=1, runner=first.executor.runner_id)

    assert [each.state for each in await second.executor.open([claimed])] == ["unknown"]
    await second.executor.close()
    os.kill(runner, signal.SIGKILL)
    await third.wait(lambda: runner not in alive(first.executor.runner_id))
    (verdict,) = await third.executor.open([claimed])
    assert verdict.end is not None
    assert verdict.end.lost == "runner_died"
    assert alive(mark) == []
    third.executor.acknowledge_nowait(1, 1)
    await third.wait(lambda: len(third.runner_dirs()) == 1)
    assert third.runner_dirs()[0].name == third.executor.runner_id
    os.kill(runner_pid(third), signal.SIGTERM)
    await third.executor.close()


async def test_what_a_dead_runner_had_not_read_never_started(tmp_path: Path) -> None:
    async with held(tmp_path) as it:
        runner = runner_pid(it)
        os.kill(runner, signal.SIGSTOP)
        it.executor.start_nowait(start(1, "true"))
        os.kill(runner, signal.SIGKILL)
        it.executor.start_nowait(start(2, "true"))
        await it.wait(lambda: {NeverStarted(1, 1), NeverStarted(2, 1)} <= set(it.told))

        assert (await it.run(1, "exit 3")).exit_code == 3


async def test_what_had_a_process_and_is_in_no_journal_is_lost(tmp_path: Path) -> None:
    it = Held(tmp_path, linger_s=0.1)
    claimed = ClaimedAttempt(run=1, attempt=1, runner="gone", is_started=True)
    (verdict,) = await it.executor.open([claimed])
    await it.executor.close()

    assert verdict.end is not None
    assert verdict.end.lost == "runner_died"
