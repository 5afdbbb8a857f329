"""A store in a directory of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cronterm.store.sqlite import SqliteStore, open_store
from tests.store.facts import NOON


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """An empty store that counts its events from 1."""
    with open_store(tmp_path, now=NOON) as opened:
        yield opened
