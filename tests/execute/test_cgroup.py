"""A delegated cgroup: what hides from session, parents and marker is found and ended all the same.

systemd does not run where tests do; the kernel's part is tried for real where this process may
make cgroups.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cronterm.clock import SECOND
from cronterm.runner.cgroup import PREFIX, Cgroups, find_delegated
from tests.execute.hold import alive, held
from tests.journeys.house import wait_until

HIDES = "(env -i /usr/bin/setsid /bin/sleep {n} &); echo hidden; sleep {n}"


def _unified() -> tuple[Path, Path] | None:
    """Return where cgroup v2 is mounted, and this process's own cgroup."""
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if fields[fields.index("-") + 1] == "cgroup2" and fields[3] == "/":
            for own in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
                if own.startswith("0::/"):
                    return Path(fields[4]), Path(fields[4]) / own[4:]
    return None


@pytest.fixture
def delegated() -> Iterator[Path]:
    """A cgroup with this process in it, marked as systemd marks what it delegates."""
    found = _unified()
    if found is None:
        pytest.skip("no cgroup v2 here")
    mount, before = found
    own = mount / f"cronterm-test-{secrets.token_hex(4)}"
    try:
        own.mkdir()
        os.setxattr(own, "user.delegate", b"1")
        (own / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
    except OSError as error:
        with suppress(OSError):
            own.rmdir()
        pytest.skip(f"cgroups may not be made here: {error}")
    try:
        yield own
    finally:
        (before / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
        (own / "cgroup.kill").write_text("1", encoding="ascii")  # the runner that lingers
        wait_until(lambda: not (own / "cgroup.procs").read_bytes(), "all of it is dead")
        for path in (*left_in(own), own):
            path.rmdir()


def left_in(delegated: Path) -> list[Path]:
    """Return the cgroups of runs that are there."""
    return list(delegated.glob(f"{PREFIX}*"))


@pytest.mark.parametrize("is_delegated", [True, False])
async def test_what_hides_is_found_by_its_cgroup_alone(
    delegated: Path, tmp_path: Path, is_delegated: bool
) -> None:
    if not is_delegated:
        os.removexattr(delegated, "user.delegate")
    number = str(98_000 + os.getpid())
    async with held(tmp_path) as it:
        command = HIDES.format(n=number)
        end = await it.run(1, command, timeout=SECOND, stop_grace_period=SECOND // 10)

        assert end.stopped_for == "timeout"
        assert bool(alive(number)) != is_delegated
        assert not left_in(delegated)  # nothing is left behind
    for pid in alive(number):
        os.kill(pid, 9)


async def test_a_background_child_keeps_its_cgroup_until_it_is_gone(
    delegated: Path, tmp_path: Path
) -> None:
    number = str(99_000 + os.getpid())
    async with held(tmp_path) as it:
        end = await it.run(1, f"sleep {number} >/dev/null 2>&1 & echo done")
        (left,) = left_in(delegated)

        assert end.left_processes == 1
        assert (left / "cgroup.procs").read_text(encoding="ascii").split() == [
            str(pid) for pid in alive(number)
        ]
        for pid in alive(number):
            os.kill(pid, 9)
        await it.wait(lambda: not alive(number))
        await it.run(2, "true")
        assert not left_in(delegated)


@pytest.mark.parametrize(
    ("cgroup", "mount"),
    [
        ("8:pids:/a\n", "29 24 0:26 / {at} rw - cgroup2 cgroup2 rw\n"),
        ("0::/a\n", "29 24 0:26 / {at} rw - cgroup cgroup rw\n"),
        ("0::/a\n", "29 24 0:26 / {at} rw - cgroup2 cgroup2 rw\n"),
        ("", ""),
    ],
)
def test_what_was_not_delegated_is_left_alone(tmp_path: Path, cgroup: str, mount: str) -> None:
    (tmp_path / "at" / "a").mkdir(parents=True)
    (tmp_path / "cgroup").write_text(cgroup, encoding="ascii")
    (tmp_path / "mountinfo").write_text(mount.format(at=tmp_path / "at"), encoding="ascii")

    assert find_delegated(tmp_path) is None


def test_a_cgroup_below_a_container_s_root_is_found(tmp_path: Path) -> None:
    own = tmp_path / "at" / "b"
    own.mkdir(parents=True)
    for name in ("cgroup.kill", "cgroup.procs"):
        (own / name).touch()
    try:
        os.setxattr(own, "user.delegate", b"1")
    except OSError:
        pytest.skip("no extended attributes here")
    (tmp_path / "cgroup").write_text("0::/docker/1/b\n", encoding="ascii")
    line = f"29 24 0:26 /docker/1 {tmp_path / 'at'} rw shared:4 - cgroup2 cgroup2 rw\n"
    (tmp_path / "mountinfo").write_text(line, encoding="ascii")

    assert find_delegated(tmp_path) == own


def test_without_delegation_nothing_is_made(tmp_path: Path) -> None:
    cgroup = Cgroups(None).of("x-1")
    cgroup.kill()

    with cgroup.opened() as directory:
        assert directory == -1
    assert cgroup.members() == set()
