"""What is read again in a short way is what a whole reading gives."""

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronterm.config.again import Kept, Stamps, find, keep, program_key, read_one_job, stamp
from cronterm.config.load import Loaded, load, load_text

HEAD = "settings: {timezone: Europe/Berlin}\ndefaults:\n  timeout: 5m\n  env: {A: b}\n\njobs:\n"


def many(count: int = 300) -> str:
    """Return a file of jobs in several forms."""
    lines = [HEAD]
    for n in range(count):
        lines.append(
            f"  # job {n}\n  job-{n}:\n    command: |\n      echo {n}\n\n      x\n"
            f"    tags:\n    - t{n}\n"
            if n % 3
            else f"  job-{n}: {{command: x{n}, timeout: {n + 1}s}}\n"
        )
    return "".join(lines)


def whole(path: Path) -> Loaded:
    """Read all."""
    return load(path, local_timezone="UTC")


class Again:
    """Keeps what was read and counts the texts that are read to read it again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.read: list[int] = []
        self.stamps: Stamps = {}
        kept = keep(whole(path), "key")
        assert kept is not None
        self.kept: Kept = kept

    def find(self, key: str = "key") -> Loaded | None:
        """Read in a short way, if there is one."""
        return find(self.kept, key, os.geteuid(), self._read, self.stamps)

    def _read(self, path: Path, text: str) -> Loaded:
        self.read.append(len(text.strip()))
        return load_text(text, path=path, local_timezone="UTC")


@pytest.fixture
def again(tmp_path: Path) -> Again:
    """A file of many jobs that was read."""
    tmp_path.chmod(0o755)
    path = tmp_path / "jobs.yaml"
    path.write_text(many())
    return Again(path)


CHANGES = {
    "a value": ("echo 100\n", "echo one hundred\n"),
    "a line more": ("      echo 100\n", "      echo 100\n      echo more\n\n\n"),
    "a word at the end": ("    - t100\n", "    - t100\n    overlap: queue\n"),
    "a line less": ("      echo 100\n", ""),
    "a comment": ("  # job 101\n", "  # job 101, ours\n"),
    "the first job": ("x0,", "y0,"),
    "the last job": ("- t299\n", "- t299\n    - more\n"),
    "a job of one line": ("{command: x99,", "{command: z99, tags: [u],"),
    "the end of the file": ("    - t299\n", "    - t299"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_one_changed_job_is_read_alone(again: Again, what: str) -> None:
    old, new = CHANGES[what]
    text = again.path.read_text()
    assert text.count(old) == 1
    again.path.write_text(text.replace(old, new))
    found = again.find()

    assert found == whole(again.path)
    assert [size < len(text) / 2 for size in again.read] == [True]


OTHERS = {
    "another id": ("  job-100:", "  job-x:"),
    "a new job": ("  # job 101\n", "  more: {command: x}\n"),
    "a job less": ("  job-99: {command: x99, timeout: 100s}\n", ""),
    "defaults": ("timeout: 5m", "timeout: 6m"),
    "settings": ("Europe/Berlin", "UTC"),
    "a mistake": ("    tags:\n    - t100\n", "    tag:\n    - t100\n"),
    "an end of the jobs": ("    - t100\n", "    - t100\nx-y: 1\n"),
    "an open quote": ("      echo 100\n", "      echo 100\n    description: 'a\n"),
    "an anchor": ("    command: |\n      echo 100\n", "    command: &a |\n      echo 100\n"),
    "a word behind": ("    - t299\n", "    - t299\nversion: 1\n"),
    "everything": ("", None),
}


@pytest.mark.parametrize("what", OTHERS)
def test_everything_else_is_read_whole(again: Again, what: str) -> None:
    old, new = OTHERS[what]
    text = again.path.read_text()
    again.path.write_text("jobs: {}\n" if new is None else text.replace(old, new))

    assert again.find() is None


def test_defaults_below_the_jobs_count_for_all(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    path = tmp_path / "jobs.yaml"
    path.write_text(many() + "x-a: 1\n")
    again = Again(path)
    path.write_text(path.read_text().replace("echo 100\n", "echo 1\n"))

    assert again.find() is None


def test_what_has_not_changed_is_not_read(again: Again) -> None:
    found = again.find()

    assert found is again.kept.loaded
    assert again.read == []
    bare = msgspec.structs.replace(again.kept.loaded, texts={}, text="")
    again.kept = msgspec.structs.replace(again.kept, loaded=bare)
    assert again.find() == whole(again.path)


@pytest.mark.parametrize("what", ["key", "variable", "gone", "rights", "few", "problems"])
def test_what_it_depends_on_is_looked_at(
    again: Again, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "key":
        assert again.find("other") is None
    elif what == "variable":
        monkeypatch.setenv("HOME", "/elsewhere")
        assert again.find() is None
    elif what == "gone":
        again.path.unlink()
        assert again.find() is None
    elif what == "rights":
        again.path.chmod(0o666)
        assert again.find() is None
    elif what == "few":
        assert keep(load_text(many(5), path=again.path, local_timezone="UTC"), "key") is None
    else:
        assert keep(load_text("jobs: [", path=again.path, local_timezone="UTC"), "key") is None


def test_a_directory_of_which_one_file_changed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for n in range(250):
        (tmp_path / f"j{n}.json").write_text(f'{{"jobs": {{"j{n}": {{"command": "x"}}}}}}')
    again = Again(tmp_path)
    assert again.find() is again.kept.loaded
    assert again.stamps == {}
    for path in tmp_path.iterdir():  # as if nobody had written there for a while
        again.stamps[str(path)] = stamp(str(path))
    assert again.find() is again.kept.loaded
    (tmp_path / "j7.json").write_text('{"jobs": {"j7": {"command": "y"}, "k": {"command": "z"}}}')

    assert again.find() == whole(tmp_path)
    assert len(again.read) == 1
    (tmp_path / "j7.json").write_text('{"jobs": {"j8": {"command": "y"}}}')
    assert again.find() is None
    (tmp_path / "j7.json").write_text('{"settings": {}}')
    assert again.find() is None
    (tmp_path / "j7.json").write_text('{"jobs": {"j7": {"command": "x"}}}')
    (tmp_path / "new.yaml").write_text("jobs: {}")
    assert again.find() is None


def test_another_program_reads_anew() -> None:
    one = program_key(Path("/a"), "UTC", 0)

    assert one == program_key(Path("/a"), "UTC", 0)
    assert len({one, program_key(Path("/b"), "UTC", 0), program_key(Path("/a"), "x", 0)}) == 3


PIECES = st.sampled_from(["", " ", "\n", "  ", "x", "# c\n", "    a: b\n", "- ", ": ", "'"])
LONG = many(201)
LONG_LOADED = load_text(LONG, path=Path("/srv/jobs.yaml"), local_timezone="UTC")


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(LONG)), st.integers(0, 30), PIECES)
def test_a_short_way_never_gives_anything_else(start: int, length: int, piece: str) -> None:
    path = Path("/srv/jobs.yaml")
    text = LONG[:start] + piece + LONG[start + length :]
    found = read_one_job(
        LONG_LOADED,
        str(path),
        {str(path): text},
        lambda place, part: load_text(part, path=place, local_timezone="UTC"),
    )

    assert found is None or found == load_text(text, path=path, local_timezone="UTC")


def test_a_kept_file_with_what_it_includes_has_its_own_text_again(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    path, other = tmp_path / "jobs.yaml", tmp_path / "other.yaml"
    other.write_text(many())
    path.write_text("include: other.yaml\njobs: {last: {command: x}}\n")
    again = Again(path)
    bare = msgspec.structs.replace(again.kept.loaded, texts={}, text="")
    again.kept = msgspec.structs.replace(again.kept, loaded=bare)

    assert again.find() == whole(path)


def test_jobs_that_go_by_a_calendar_file_are_read_as_a_whole(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "free.ics").write_text("BEGIN:VCALENDAR\nEND:VCALENDAR\n")
    path = tmp_path / "jobs.yaml"
    path.write_text("calendars: {free: {ics: free.ics}}\n" + many().replace(HEAD, "jobs:\n"))

    assert whole(path).problems == ()
    assert keep(whole(path), "key") is None


def test_a_job_that_begins_to_go_by_a_calendar_file_is_read_with_all(again: Again) -> None:
    (again.path.parent / "free.ics").write_text("BEGIN:VCALENDAR\nEND:VCALENDAR\n")
    text = again.path.read_text()
    again.path.write_text(text.replace("{command: x3,", "{exclude: {ics: free.ics}, command: x3,"))

    assert whole(again.path).problems == ()
    assert again.find() is None
