"""A directory of jobs files under a real engine."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.journeys.house import House, wait_until

SEED = {
    "job_id": "nightly",
    "description": "A job of another system",
    "schedule": "0 1 * * *",
    "task": {"type": "execute_command", "command": "echo from the seed"},
}


class Folder(House):
    """A house whose jobs file is a directory."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, "")
        self.jobs_file.unlink()
        self.jobs_file = directory / "jobs.d"
        self.jobs_file.mkdir(mode=0o755)

    def write(self, name: str, text: str) -> None:
        """Write a file of the directory."""
        (self.jobs_file / name).write_text(text, encoding="utf-8")

    def ids(self) -> set[str]:
        """Return the ids of the jobs in force."""
        return set(self.status()["jobs"])


@contextmanager
def folder(directory: Path) -> Iterator[Folder]:
    """Give an instance of a directory and leave no process of it behind."""
    directory.chmod(0o755)
    it = Folder(directory)
    try:
        yield it
    finally:
        it.end_all()


def test_jobs_of_a_directory_come_change_and_go_while_a_bad_file_hurts_nobody(
    tmp_path: Path,
) -> None:
    with folder(tmp_path) as it:
        it.write("nightly.json", json.dumps(SEED))
        it.write("a.yaml", "include: ['more/*.yaml']\njobs: {a: {command: echo a}}\n")
        it.start()
        assert it.ids() == {"nightly", "a"}

        it.write("b.yml", "jobs: {b: {command: echo b}}\n")
        wait_until(lambda: it.ids() == {"nightly", "a", "b"}, "b is there")
        it.write("b.yml", "jobs: [\n")
        it.write("c.yaml", "jobs: {c: {command: echo c}}\n")
        wait_until(lambda: it.ids() == {"nightly", "a", "b", "c"}, "c is there, b stays")
        (it.jobs_file / "more").mkdir()
        it.write("more/d.yaml", "jobs: {d: {command: echo d}}\n")
        wait_until(lambda: "d" in it.ids(), "d is included")
        (it.jobs_file / "c.yaml").unlink()
        wait_until(lambda: "c" not in it.ids(), "c is gone")

        done = it.run("run", "nightly", "--wait", "--follow")
        assert (done.returncode, "from the seed" in done.stdout) == (0, True)
        assert it.stop() == 0

        it.start()  # b's file is broken still
        assert it.ids() == {"nightly", "a", "b", "d"}
