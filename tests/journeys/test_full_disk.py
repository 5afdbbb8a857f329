"""The disk fills up while jobs run; the engine waits, says so once, and goes on by itself."""

import hashlib
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cronterm.model.command import DeleteJob
from cronterm.remote.client import RequestClient
from tests.journeys.house import House, wait_until

JOBS = """\
jobs:
  often:
    schedule: "* * * * * *"
    overlap: allow
    command: 'echo "start $CRONTERM_RUN_ID $CRONTERM_SCHEDULED_AT" >> {truth}'
  steady:
    schedule: "@reboot"
    command: |
      echo "steady" >> {truth}
      until [ -e {go} ]; do sleep 0.02; done
      sleep 2.2
      echo "steady ends" >> {truth}
      exit 4
"""


class SmallHouse(House):
    """An instance whose jobs file and state lie on a small disk that only it can see."""

    def __init__(self, outside: Path) -> None:
        small = outside / "small"
        small.mkdir()
        mount = f'mount -t tmpfs -o size=2m small "{small}" && echo ready && exec sleep 600'
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", mount], stdout=subprocess.PIPE
        )
        assert self.holder.stdout is not None
        self.is_ready = self.holder.stdout.readline() == b"ready\n"
        self.seen = Path(f"/proc/{self.holder.pid}/root{small}")
        """The small disk, seen from outside."""
        self.outside = outside
        self.truth, self.go = outside / "truth", outside / "go"
        if not self.is_ready:
            return
        super().__init__(small, "")
        self.write_jobs(JOBS.format(truth=self.truth, go=self.go))

    def command(self, *words: str) -> list[str]:
        """Return the argv of a cronterm command where the small disk is."""
        return ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", *super().command(*words)]

    run = House.run_alone

    def door(self) -> RequestClient:
        """Return what asks the engine."""
        return RequestClient(self.seen / "state" / "api.sock")

    def write_jobs(self, text: str) -> None:
        """Write the jobs file."""
        (self.seen / "jobs.yaml").write_text(text, encoding="utf-8")

    def fill(self) -> None:
        """Leave not one byte."""
        with open(self.seen / "filler", "wb", buffering=0) as filler:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while filler.write(b"x" * size):
                        pass
                except OSError:
                    continue

    def starts(self) -> list[tuple[int, str]]:
        """Return (run, instant) of each start that `often` noted."""
        lines = self.truth.read_text(encoding="utf-8").splitlines()
        return [(int(w[1]), w[2]) for w in map(str.split, lines) if w[0] == "start"]

    def trouble(self) -> str:
        """Return what the engine says of itself."""
        return self.door().snapshot().engine.trouble


@contextmanager
def small_house(directory: Path) -> Iterator[SmallHouse]:
    """Give an instance on a small disk, or skip where none can be had."""
    home = SmallHouse(directory)
    try:
        if not home.is_ready:
            pytest.skip("this root may not mount")
        yield home
    finally:
        if home.is_ready:
            home.end_all()
        home.holder.kill()
        home.holder.communicate()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_stops_nothing_that_runs_and_starts_nothing_new(tmp_path: Path) -> None:
    with small_house(tmp_path) as home:
        engine = home.start()
        wait_until(lambda: home.truth.exists() and len(home.starts()) > 1, "jobs start")
        text = (home.seen / "jobs.yaml").read_bytes()
        home.fill()
        wait_until(lambda: "full" in home.trouble(), f"the engine says so\n{home.log()}")
        before = home.starts()
        home.go.touch()
        sha = hashlib.sha256(text).hexdigest()
        refused = home.door().send(DeleteJob(id="a", job="often", based_on=sha))
        wait_until(lambda: "steady ends" in home.truth.read_text(), "the running job ends")

        assert not refused.ok
        assert (home.seen / "jobs.yaml").read_bytes() == text
        assert home.starts() == before
        assert engine.poll() is None

        (home.seen / "filler").unlink()
        wait_until(lambda: len(home.starts()) > len(before), "jobs start again")
        assert home.trouble() == ""
        home.write_jobs(text.decode().replace("* * * * * *", "@manual"))
        wait_until(lambda: home.door().snapshot().jobs["often"].next_at is None, "no more starts")
        home.wait_idle()
        check_history(home)
        assert home.log().count("cannot be written") == 1
        assert home.stop() == 0


def check_history(home: SmallHouse) -> None:
    """There is one row for each start, with its end, and no instant started twice."""
    rows = {row["run_id"]: row for row in home.history() if row["started_at"] is not None}
    starts = home.starts()
    steady = [row for row in rows.values() if row["job"] == "steady"]

    assert [at for at, count in Counter(at for _, at in starts).items() if count > 1] == []
    assert {run for run, row in rows.items() if row["job"] == "often"} == {r for r, _ in starts}
    assert {row["exit_code"] for row in rows.values() if row["job"] == "often"} == {0}
    assert [row["exit_code"] for row in steady] == [4]
