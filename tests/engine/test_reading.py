"""What was read is not read again: in memory, and from the cache of the engine before."""

from pathlib import Path

import pytest

from cronterm.config import again
from cronterm.config.load import load
from cronterm.engine.reading import Reader


def reader(directory: Path) -> Reader:
    """Return a reader as a new engine has it."""
    return Reader(directory / "jobs.yaml", directory, local_timezone="UTC")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with a file of many jobs."""
    tmp_path.chmod(0o755)
    lines = (f"  job-{n}:\n    command: x{n}\n" for n in range(again.MANY + 5))
    (tmp_path / "jobs.yaml").write_text("jobs:\n" + "".join(lines))
    return tmp_path


def test_a_new_engine_takes_what_the_one_before_has_read(place: Path) -> None:
    first = reader(place)
    whole = first.read({})
    first.save()
    first.save()  # nothing new

    assert (place / "definitions.msgpack").stat().st_mode & 0o777 == 0o600
    second = reader(place)
    assert second.read({}) == whole
    assert second.read({}) is second.read({})


def test_a_change_since_then_is_read_whole_and_the_next_one_alone(place: Path) -> None:
    first = reader(place)
    first.read({})
    first.save()
    second, file = reader(place), place / "jobs.yaml"
    for command in ("other", "more: or less", "third"):
        text = file.read_text().replace("command: x7\n", f"command: {command!r}\n")
        file.write_text(text)
        assert second.read({}) == load(file, local_timezone="UTC")
    file.write_text("jobs: [")
    assert second.read({}).problems


@pytest.mark.parametrize("spoilt", [b"", b"\xff", b"\x80"])
def test_a_spoilt_cache_is_no_cache(place: Path, spoilt: bytes) -> None:
    (place / "definitions.msgpack").write_bytes(spoilt)

    assert len(reader(place).read({}).jobs) == again.MANY + 5


def test_a_cache_that_cannot_be_written_only_costs_time(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    it = Reader(place / "jobs.yaml", place / "nosuch", local_timezone="UTC")
    it.read({})
    it.save()

    assert "the definitions were not kept" in caplog.text
