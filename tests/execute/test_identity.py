"""Who a job is, with real processes: its user, its limits, its environment, its leftovers."""

import os
import pwd
import signal
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cronterm.clock import SECOND
from cronterm.model.identity import Limits, Param
from cronterm.model.job import PythonCall
from tests.execute.hold import alive, held, start, stop

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may be somebody else")

NAMED = (1 << 31) - 1  # signals 1 to 31: the C library plays with those above
WHO = "id -u; id -g; id -G; echo $HOME $USER $LOGNAME $SHELL; pwd; echo $PATH; env | grep -c ^SUDO_"


@pytest.fixture
def open_path(tmp_path: Path) -> Path:
    """Return a directory that everybody can reach."""
    for place in (tmp_path, *tmp_path.parents):
        if place.stat().st_uid == os.geteuid() and not place.stat().st_mode & 0o001:
            place.chmod(place.stat().st_mode | 0o011)
    return tmp_path


@needs_root
async def test_a_job_of_another_user_is_that_user(
    open_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "somebody")
    secret = open_path / "mine"
    secret.write_text("for root alone")
    secret.chmod(0o600)
    daemon = pwd.getpwnam("daemon")
    groups = os.getgrouplist("daemon", daemon.pw_gid)
    async with held(open_path) as it:
        end = await it.run(1, f"{WHO}; cat {secret}", user="daemon", working_dir=daemon.pw_dir)
        lines = it.text(1).decode().splitlines()

        assert lines[:2] == [str(daemon.pw_uid), str(daemon.pw_gid)]
        assert sorted(map(int, lines[2].split())) == sorted(groups)
        assert lines[3] == f"{daemon.pw_dir} daemon daemon {daemon.pw_shell}"
        assert lines[4:7] == [daemon.pw_dir, "/usr/local/bin:/usr/bin:/bin", "0"]
        assert "Permission denied" in lines[7]
        assert end.exit_code == 1


@needs_root
async def test_a_group_beside_the_user_is_its_first(open_path: Path) -> None:
    async with held(open_path) as it:
        await it.run(1, "id -un; id -gn", user="nobody:daemon")
        await it.run(3, "echo out > /dev/stdout; echo err > /dev/stderr", user="nobody")
        assert sorted(it.text(3).split()) == [b"err", b"out"]
        await it.run(2, "id -u; grep -E 'CapEff|NoNewPrivs' /proc/self/status", user="65534:1")

        assert it.text(1) == b"nobody\ndaemon\n"
        assert it.text(2).split()[:3] == [b"65534", b"CapEff:", b"0000000000000000"]


@needs_root
async def test_a_job_of_another_user_ends_as_any_other(open_path: Path) -> None:
    mark = f"741.{os.getpid()}"
    async with held(open_path) as it:
        it.executor.start_nowait(
            start(1, f"setsid sleep {mark} & trap '' TERM; sleep {mark}", user="nobody")
        )
        await it.wait(lambda: it.has_started(1) and len(alive(f"sleep\0{mark}")) == 2)
        it.executor.stop_nowait(stop(1))
        end = await it.end(1)

        assert (end.stopped_for, end.survivors) == ("user", ())
        assert alive(f"sleep\0{mark}") == []


@needs_root
async def test_what_a_user_may_not_enter_is_said(open_path: Path) -> None:
    closed = open_path / "closed"
    closed.mkdir(mode=0o700)
    async with held(open_path) as it:
        end = await it.run(1, "true", user="nobody", working_dir=str(closed))
        assert end.start_error == f"working_dir {closed}: Permission denied"
        end = await it.run(2, [str(closed / "x")], user="nobody", working_dir="/")
        assert end.start_error == f"{closed / 'x'}: 126: not executable"
        end = await it.run(3, "true", user="no-such-user")
        assert end.start_error == "there is no user no-such-user"
        end = await it.run(4, "true", user="nobody:no-such-group")
        assert end.start_error == "there is no group no-such-group"


@needs_root
async def test_a_loader_variable_reaches_the_job_and_nothing_before_it(open_path: Path) -> None:
    async with held(open_path) as it:
        await it.run(
            1,
            "echo $LD_PRELOAD; id -u",
            user="nobody",
            nice=5,
            env={"LD_PRELOAD": "/nowhere/evil.so"},
        )

        out = it.text(1).decode()
        assert "/nowhere/evil.so\n" in out
        assert "65534\n" in out  # the loader complains beside it


async def test_somebody_else_needs_root(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may")
    async with held(tmp_path) as it:
        end = await it.run(1, "true", user="root")
        assert "needs root" in end.start_error
        me = pwd.getpwuid(os.geteuid()).pw_name
        assert (await it.run(2, "true", user=me)).exit_code == 0


async def test_limits_umask_and_niceness_hold_for_the_job_alone(tmp_path: Path) -> None:
    limits = Limits(
        memory=900_000_000, cpu_time=7 * SECOND, open_files=50, processes=9000, file_size=4096
    )
    probe = "umask; nice; ionice -p $$; grep -E 'address|cpu|open|process|size' /proc/self/limits"
    async with held(tmp_path) as it:
        await it.run(1, probe, limits=limits, umask=0o027, nice=7, ionice="best-effort:6")
        lines = it.text(1).decode().splitlines()
        await it.run(2, "ulimit -n; nice; umask")

        assert lines[:3] == ["0027", "7", "best-effort: prio 6"]
        found = {line[:26].strip(): line[26:].split()[:2] for line in lines[3:]}
        assert found["Max address space"] == ["900000000", "900000000"]
        assert found["Max cpu time"] == ["7", "8"]
        assert found["Max open files"] == ["50", "50"]
        assert found["Max processes"] == ["9000", "9000"]
        assert found["Max file size"] == ["4096", "4096"]
        assert it.text(2).decode().splitlines() != ["50", "7", "0027"]


@pytest.mark.parametrize(
    ("limits", "command", "signal"),
    [
        (Limits(file_size=1000), "head -c 5000 /dev/zero > big", None),
        (Limits(cpu_time=SECOND), "while :; do :; done", 24),
    ],
)
async def test_a_limit_ends_what_goes_beyond_it(
    tmp_path: Path, limits: Limits, command: str, signal: int | None
) -> None:
    async with held(tmp_path) as it:
        end = await it.run(1, command, limits=limits, working_dir=str(tmp_path))

        assert end.signal == signal
        assert end.exit_code != 0
        big = tmp_path / "big"
        assert not big.exists() or big.stat().st_size == 1000


async def test_too_little_memory_is_the_jobs_own_trouble(tmp_path: Path) -> None:
    async with held(tmp_path) as it:
        end = await it.run(1, "echo never", limits=Limits(memory=1_000_000))
        assert end.start_error or end.signal or end.exit_code
        assert (await it.run(2, "echo still here")).exit_code == 0


async def test_what_only_root_may_is_refused_with_its_word(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may")
    async with held(tmp_path) as it:
        end = await it.run(1, "true", nice=-5)
        assert end.start_error.startswith("nice -5: ")


async def test_what_cannot_start_with_an_identity_says_why(tmp_path: Path) -> None:
    async with held(tmp_path) as it:
        end = await it.run(1, ["/nowhere/x"], nice=3)
        assert end.start_error == "/nowhere/x: 127: not found"
        end = await it.run(2, "true", nice=3, working_dir="/nowhere")
        assert end.start_error == "working_dir /nowhere: No such file or directory"
        end = await it.run(3, ["/bin/true", "x" * 200_000], nice=3)
        assert "Argument list too long" in end.start_error
        assert (await it.run(4, "exit 3", nice=3)).exit_code == 3


async def test_an_identity_leaves_the_room_as_clean(tmp_path: Path) -> None:
    probe = (
        "ls /proc/self/fd | wc -l; ps -o sid= -p $$; echo $$;"
        " grep -E 'SigIgn|SigBlk' /proc/self/status; cat /proc/self/oom_score_adj; cat"
    )
    async with held(tmp_path) as it:
        await it.run(1, probe, nice=1, stdin="the end\n")
        fds, session, pid, blocked, ignored, score, stdin = it.text(1).split(b"\n")[:7]

    assert int(fds) <= 4
    assert session.strip() == pid
    assert int(blocked.split()[1], 16) & NAMED == int(ignored.split()[1], 16) & NAMED == 0
    assert int(score) >= 100 or os.geteuid() != 0
    assert stdin == b"the end"


@pytest.mark.parametrize("identity", [{}, {"nice": 1}], ids=["plain", "nice"])
async def test_a_job_ignores_no_signal_that_we_were_started_to_ignore(
    tmp_path: Path, identity: dict[str, Any]
) -> None:
    before = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGQUIT, signal.SIGHUP)}
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    try:
        async with held(tmp_path) as it:
            await it.run(1, "grep -E 'SigIgn|SigBlk' /proc/self/status", **identity)
            told = it.text(1).split()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for number, handler in before.items():
            signal.signal(number, handler)

    assert (told[0], int(told[1], 16) & NAMED) == (b"SigBlk:", 0)
    assert (told[2], int(told[3], 16) & NAMED) == (b"SigIgn:", 0)


async def test_the_environment_is_inherited_as_far_as_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEFT_BEHIND", "x")
    monkeypatch.setenv("TAKEN_ALONG", "y")
    show = "echo $LEFT_BEHIND-$TAKEN_ALONG; env | cut -d= -f1 | sort | tr '\\n' ' '"
    async with held(tmp_path) as it:
        await it.run(1, show)
        await it.run(2, show, inherit_env=False)
        await it.run(3, show, inherit_env=("TAKEN_ALONG", "PATH", "HOME"))

        assert it.text(1).startswith(b"x-y\n")
        first, names = it.text(2).decode().splitlines()
        assert first == "-"
        assert set(names.split()) == {
            "CRONTERM_ATTEMPT", "CRONTERM_JOB", "CRONTERM_MARK", "CRONTERM_RUN_ID",
            "CRONTERM_SCHEDULED_AT", "CRONTERM_TRIGGER", "HOME", "LOGNAME", "PATH", "PWD",
            "SHELL", "USER",
        } | ({"_"} & set(names.split()))  # fmt: skip
        assert it.text(3).startswith(b"-y\n")


async def test_a_job_is_told_nothing_of_the_shell_that_started_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PWD", "OLDPWD", "SHLVL", "_"):
        monkeypatch.setenv(name, "of the shell")
    async with held(tmp_path) as it:
        await it.run(1, ["/usr/bin/env"])
        await it.run(2, ["/usr/bin/env"], env={"PWD": "its own"})

        assert b"of the shell" not in it.text(1)
        assert b"PWD=its own\n" in it.text(2)


async def test_a_later_env_file_wins_and_an_optional_one_may_be_absent(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("A=1\nB=1\nC=1\n")
    second.write_text("B=2\nC=2\n")
    files = (str(first), str(second), str(tmp_path / "absent"))
    async with held(tmp_path) as it:
        await it.run(
            1, "echo $A $B $C", env_files=files, optional_env_files=files[2:], env={"C": "3"}
        )
        assert it.text(1) == b"1 2 3\n"
        end = await it.run(2, "true", env_files=files)
        assert "absent: No such file" in end.start_error


async def test_params_are_in_the_environment(tmp_path: Path) -> None:
    params = {"target": Param(default="staging"), "Count": Param("int", "3")}
    async with held(tmp_path) as it:
        await it.run(1, "echo $PARAM_TARGET $PARAM_COUNT", params=params)
        assert it.text(1) == b"staging 3\n"
        end = await it.run(2, "true", params={"target": Param()})
        assert end.start_error.startswith("param target has no value")
        call = PythonCall("os:getenv", ("PARAM_TARGET",))
        await it.run(3, call, params=params)
        assert it.text(3) == b"staging\n"


async def test_leftovers_are_ended_where_that_is_asked(tmp_path: Path) -> None:
    mark = f"852.{os.getpid()}"
    command = (
        f"sleep {mark} & setsid sh -c \"trap '' TERM; sleep {mark}; sleep {mark}\" & echo started"
    )
    async with held(tmp_path) as it:
        began = time.monotonic()
        end = await it.run(1, command, kill_leftovers=True, stop_grace_period=SECOND // 2)
        took = time.monotonic() - began

        assert (end.exit_code, end.stopped_for, end.left_processes) == (0, "", 0)
        assert it.text(1) == b"started\n"
        assert alive(mark) == []
        assert took < 4
        assert (await it.run(2, "exit 4", kill_leftovers=True)).exit_code == 4


async def test_a_run_with_leftovers_can_be_stopped_meanwhile(tmp_path: Path) -> None:
    mark = f"853.{os.getpid()}"
    command = f"setsid sh -c \"trap '' TERM; sleep {mark}; sleep {mark}\" & exec true"
    async with held(tmp_path) as it:
        it.executor.start_nowait(
            start(1, command, kill_leftovers=True, stop_grace_period=60 * SECOND)
        )
        await it.wait(partial(it.has_started, 1))
        it.executor.stop_nowait(stop(1, signal="SIGKILL", grace_us=0))
        await it.end(1)

        assert alive(mark) == []
