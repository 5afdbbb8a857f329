"""Secrets: fetched at the start, in the job's environment, and nowhere else."""

import os
import time
from functools import partial
from pathlib import Path

import pytest

from cronterm.errors import CrontermError
from cronterm.execute.secrets import Secrets
from cronterm.model.identity import Secret
from cronterm.model.job import Job
from tests.execute.hold import alive, held, job, start, stop

VALUE = f"s3cr3t-{os.getpid()}-0f-the-h0use"


def secretive(directory: Path, **secrets: Secret) -> Job:
    """Return a job with secrets."""
    return job("true", secrets=secrets, directory=str(directory))


def files_with(directory: Path, text: str) -> list[Path]:
    """Return the files below a directory that contain `text`."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    return [path for path in files if text.encode() in path.read_bytes()]


def environ_of(pid: int) -> list[str]:
    """Return the variables of a process."""
    return Path(f"/proc/{pid}/environ").read_text(encoding="utf-8").split("\0")


def test_a_value_comes_from_a_file_a_variable_or_a_command(tmp_path: Path) -> None:
    (tmp_path / "pg").write_text(f"{VALUE}\r\n")
    secrets = Secrets({"S3_KEY": "from the engine", "CRONTERM_X": "1"})
    values = secrets.fetch(
        secretive(
            tmp_path,
            FILE=Secret(file=str(tmp_path / "pg")),
            ENV=Secret(env="S3_KEY"),
            SHELL=Secret(command="cat pg | tr a-z A-Z; test -z $CRONTERM_X"),
            ARGV=Secret(command=("/bin/echo", "two words")),
            BYTES=Secret(command=r"printf 'a\377bcd'"),
        )
    )

    assert values == {
        "FILE": VALUE,
        "ENV": "from the engine",
        "SHELL": VALUE.upper(),
        "ARGV": "two words",
        "BYTES": "a\udcffbcd",
    }


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        (Secret(file="/nowhere"), "/nowhere: No such file or directory"),
        (Secret(file="/"), "/: Is a directory"),
        (Secret(file="/dev/zero"), "/dev/zero is not a regular file"),
        (Secret(env="NOT_SET"), "NOT_SET is not set where the engine runs"),
        (Secret(env="SHORT"), "it is shorter than 4 bytes and could not be masked"),
        (Secret(command=f"echo {VALUE}; echo {VALUE} >&2; exit 3"), "its command ended with 3"),
        (Secret(command="true"), "it is empty and could not be masked"),
        (Secret(command=("/nowhere/x",)), "its command ended with 127"),
        (Secret(command="sleep 60"), "its command took longer than 0.3 s"),
        (Secret(command="head -c 40000 /dev/zero | tr '\\0' x"), "it is longer than 32 KiB"),
        (Secret(command="printf 'ab\\0cd'"), "a variable cannot contain NUL"),
        (Secret(command="kill -9 $$"), "its command ended with 137"),
        (Secret(command="kill -9 $PPID"), "its command did not come to its end"),
    ],
)
def test_what_fails_names_the_secret_and_not_its_value(
    tmp_path: Path, secret: Secret, reason: str
) -> None:
    with pytest.raises(CrontermError) as failed:
        Secrets({"SHORT": "abc"}, command_s=0.3).fetch(secretive(tmp_path, TOKEN=secret))

    assert str(failed.value) == f"secret TOKEN: {reason}"
    assert failed.value.__suppress_context__


def test_a_command_that_begins_while_the_engine_ends_is_ended_with_all_it_started(
    tmp_path: Path,
) -> None:
    secrets = Secrets({}, command_s=10)
    secrets.close()

    with pytest.raises(CrontermError, match="its command did not come to its end"):
        secrets.fetch(secretive(tmp_path, TOKEN=Secret(command="sleep 60 & sleep 60")))


def test_a_fifo_does_not_hold_up_the_start(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(CrontermError, match="is not a regular file"):
        Secrets({}).fetch(secretive(tmp_path, TOKEN=Secret(file=str(tmp_path / "pipe"))))


async def test_a_secret_is_in_the_environment_and_masked_in_the_output(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("-----BEGIN KEY-----\nline-one-of-it\nline-two-of-it\n-----END KEY-----\n")
    command = (
        "echo ${#TOKEN} $(printf $TOKEN | md5sum);"
        ' echo "out: $TOKEN!"; echo "err: $TOKEN" >&2; printf "$TOKEN$TOKEN";'
        ' half=${TOKEN%h0use}; printf "\\n[%s" "$half"; sleep 0.4; echo "h0use]";'
        ' echo "$KEY" | sed "s/^/  /"; echo "$half"'
    )
    secrets = {"TOKEN": Secret(command=f"echo {VALUE}"), "KEY": Secret(file=str(key))}
    async with held(tmp_path) as it:
        it.executor.watch_nowait(on=True)
        await it.run(1, command, secrets=secrets, directory=str(tmp_path))
        out = it.text(1).decode()

        assert out.startswith(f"{len(VALUE)} ")
        assert "out: ***!\n" in out
        assert "err: ***\n" in out
        assert "******\n" in out
        assert "[***]\n" in out  # written in two halves
        assert "line-one-of-it" not in out
        assert VALUE not in out
        assert out.endswith(VALUE.removesuffix("h0use") + "\n")  # half of one is no secret
        assert VALUE.encode() not in b"".join(it.output)
        assert len(b"".join(it.output)) == it.ended[1, 1].end.output_bytes == len(out)


async def test_output_that_spills_into_files_is_masked_as_well(tmp_path: Path) -> None:
    command = "for i in $(seq 3000); do echo $i: $TOKEN and some words to fill the line; done"
    async with held(tmp_path) as it:
        await it.run(1, command, secrets={"TOKEN": Secret(command=f"echo {VALUE}")}, directory="/")
        lines = it.text(1).decode().splitlines()

    assert len(lines) == 3000
    assert lines[-1] == "3000: *** and some words to fill the line"
    assert files_with(tmp_path, VALUE) == []


async def test_a_secret_that_fails_is_a_start_error(tmp_path: Path) -> None:
    async with held(tmp_path) as it:
        secrets = {"TOKEN": Secret(command=f"echo {VALUE}; exit 1")}
        end = await it.run(1, "true", secrets=secrets, directory="/")

        assert end.start_error == "secret TOKEN: its command ended with 1"


async def test_a_slow_secret_delays_its_own_job_only_and_can_be_stopped(tmp_path: Path) -> None:
    mark = f"963.{os.getpid()}"
    async with held(tmp_path) as it:
        slow = {"TOKEN": Secret(command=f"sleep {mark}; echo {VALUE}")}
        it.executor.start_nowait(start(1, "true", secrets=slow))
        began = time.monotonic()
        await it.run(2, "true")
        assert time.monotonic() - began < 5
        await it.wait(lambda: bool(alive(f"sleep\0{mark}")))
        it.executor.stop_nowait(stop(1))
        end = await it.end(1)
        assert (end.stopped_for, end.exit_code, (1, 1) in it.started) == ("user", None, False)
    await it.wait(lambda: not alive(f"sleep\0{mark}"))  # the engine leaves none of it behind


async def test_a_value_is_in_no_command_line_and_no_journal(tmp_path: Path) -> None:
    async with held(tmp_path) as it:
        secrets = {"TOKEN": Secret(command=f"echo {VALUE}")}
        it.executor.start_nowait(
            start(1, "printf '%s' $TOKEN | wc -c; sleep 60", secrets=secrets, directory="/")
        )
        await it.wait(partial(it.has_started, 1))

        pid = it.started[1, 1].pid
        await it.wait(lambda: f"TOKEN={VALUE}" in environ_of(pid))
        assert alive(VALUE) == []
        assert files_with(tmp_path, "starting")
        assert files_with(tmp_path, VALUE) == []
        it.executor.stop_nowait(stop(1))
        await it.end(1)
