"""Tests for taking lines out of a crontab."""

from pathlib import Path

import pytest

from cronterm.errors import CrontermError
from cronterm.moving.disable import disable_lines


@pytest.fixture
def tab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The table of a `crontab` that notes how it was called."""
    table = tmp_path / "tab"
    table.write_bytes(b"A=1\r\n0 1 * * * \xff\n  0 2 * * * b  \n")
    program = tmp_path / "crontab"
    program.write_text(
        f'#!/bin/sh\necho "$*" >> {tmp_path}/calls\n'
        f'case "$*" in *-l*) cat {table};; *) cat > {table};; esac\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return table


def test_lines_are_commented_out_and_the_others_stay_byte_for_byte(tab: Path) -> None:
    disable_lines("", {3: "0 2 * * * b"})

    assert tab.read_bytes() == b"A=1\r\n0 1 * * * \xff\n#cronterm   0 2 * * * b  \n"


def test_somebody_elses_crontab_is_named(tab: Path) -> None:
    disable_lines("you", {})

    calls = (tab.parent / "calls").read_text(encoding="utf-8").splitlines()
    assert calls == ["-l -u you", "-u you -"]


@pytest.mark.parametrize("lines", [{3: "0 3 * * * b"}, {9: "x"}])
def test_a_crontab_that_has_changed_is_left_alone(tab: Path, lines: dict[int, str]) -> None:
    before = tab.read_bytes()

    with pytest.raises(CrontermError, match="has changed meanwhile"):
        disable_lines("", lines)
    assert tab.read_bytes() == before
