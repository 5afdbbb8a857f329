"""What makes a terminal show a notification, inside of tmux and out of it."""

from pathlib import Path

import pytest

from cronterm.tui.ringing import notice_sequence


def tmux(directory: Path, script: str) -> dict[str, str]:
    """Return the environment of a tmux that answers so."""
    program = directory / "tmux"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o700)
    return {"TMUX": "/s,1,0", "PATH": str(directory), "TERM": "tmux-256color"}


async def test_a_notice_ends_where_it_should() -> None:
    text = "a\x07\x1b]52;c;x\x07 failed\n"

    assert await notice_sequence(text, {"TERM": "xterm"}) == "\x1b]9;cronterm: a failed \x07"
    assert len(await notice_sequence("x" * 9000, {"TERM": "xterm"})) < 300


@pytest.mark.parametrize("script", ["echo on", "echo all", "echo invalid option: x >&2; exit 1"])
async def test_tmux_passes_it_on_where_it_may(tmp_path: Path, script: str) -> None:
    found = await notice_sequence("a failed", tmux(tmp_path, script))

    assert found == "\x1bPtmux;\x1b\x1b]9;cronterm: a failed\x07\x1b\\"


@pytest.mark.parametrize("script", ["echo off", "echo no server running >&2; exit 1"])
async def test_nothing_is_written_that_tmux_would_drop(tmp_path: Path, script: str) -> None:
    assert await notice_sequence("a failed", tmux(tmp_path, script)) == ""


@pytest.mark.parametrize("words", [{"TERM": "linux"}, {"TERM": "dumb"}, {"STY": "1"}], ids=str)
async def test_nothing_is_written_where_nobody_hears_it(words: dict[str, str]) -> None:
    assert await notice_sequence("a failed", {"TERM": "xterm", **words}) == ""
