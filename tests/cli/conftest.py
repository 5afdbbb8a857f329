"""What the tests of commands share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.desk import Desk, open_desk


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of its own, in UTC, without hints from outside."""
    for name in ("CRONTERM_FILE", "CRONTERM_STATE_DIR", "XDG_STATE_HOME", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with an engine."""
    with open_desk(tmp_path) as it:
        yield it


@pytest.fixture
def lonely(tmp_path: Path) -> Iterator[Desk]:
    """A desk without an engine."""
    with open_desk(tmp_path, running=False) as it:
        yield it
