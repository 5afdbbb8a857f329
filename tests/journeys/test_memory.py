"""What an engine keeps of the memory that faces cost it."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.journeys.house import House, house

JOBS = 1500
MIB = 1 << 20


@pytest.fixture
def it(tmp_path: Path) -> Iterator[House]:
    """An engine whose snapshot is six megabytes."""
    words = f"{{command: 'true', schedule: '@manual', description: '{'x' * 4000}'}}"
    lines = [f"  job-{number}: {words}" for number in range(JOBS)]
    with house(tmp_path, "\n".join(["jobs:", *lines]) + "\n") as made:
        made.start()
        yield made


def test_memory_for_a_face_is_given_back(it: House) -> None:
    assert it.engine is not None
    engine, door = psutil.Process(it.engine.pid), it.door()
    before = engine.memory_info().rss

    for _ in range(5):
        assert len(door.snapshot().jobs) == JOBS

    assert engine.memory_info().rss - before < 10 * MIB  # 30 where nothing is
