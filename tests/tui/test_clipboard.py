"""The roads of what is copied: tmux, the terminal, a program of the desktop, a file."""

import base64
import stat
from pathlib import Path

import pytest

from cronterm.errors import CrontermError
from cronterm.tui.clipboard import copy


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Return a directory for programs that tests write, the only one in PATH."""
    directory = tmp_path / "bin"
    directory.mkdir()
    return directory


def tool(directory: Path, name: str, *, code: int = 0) -> Path:
    """Write a program that keeps its words and its input, and return where."""
    kept = directory / f"{name}.kept"
    script = f'#!/bin/sh\n{{ echo "$@"; /bin/cat; }} > {kept}\nexit {code}\n'
    program = directory / name
    program.write_text(script, encoding="utf-8")
    program.chmod(0o700)
    return kept


def environ(tools: Path, **words: str) -> dict[str, str]:
    """Return an environment where only these programs and this runtime directory are."""
    return {"PATH": str(tools), "TERM": "xterm", "XDG_RUNTIME_DIR": str(tools), **words}


async def test_in_tmux_its_buffer_takes_it_and_passes_it_on(tools: Path) -> None:
    kept = tool(tools, "tmux")
    written: list[str] = []
    road = await copy("grüße\n$(x)", environ(tools, TMUX="/s,1,0"), written.append)

    assert road == "through tmux"
    assert kept.read_text(encoding="utf-8") == "load-buffer -w -\ngrüße\n$(x)"
    assert written == []


async def test_a_terminal_is_told_by_its_own_sequence(tools: Path) -> None:
    written: list[str] = []
    road = await copy("grüße", environ(tools), written.append)

    assert road == "through the terminal"
    encoded = base64.b64encode("grüße".encode()).decode()
    assert written == [f"\x1b]52;c;{encoded}\x07"]


@pytest.mark.parametrize(
    "words",
    [{"TERM": "linux"}, {"STY": "1.screen"}, {"TMUX": "/s,1,0"}, {"TERM": "dumb"}],
    ids=lambda words: next(iter(words.items()))[1],
)
async def test_where_no_terminal_hears_it_a_private_file_holds_it(
    tools: Path, words: dict[str, str]
) -> None:
    tool(tools, "tmux", code=1)
    written: list[str] = []
    road = await copy("one\ntwo", environ(tools, **words), written.append)

    clip = tools / "cronterm" / "clip"
    assert road == f"into {clip}"
    assert clip.read_text(encoding="utf-8") == "one\ntwo"
    assert stat.S_IMODE(clip.stat().st_mode) == 0o600
    assert written == []


async def test_what_is_too_long_for_a_terminal_goes_to_the_desktop(tools: Path) -> None:
    kept = tool(tools, "xclip")
    text = "x" * 60_000
    here = environ(tools, DISPLAY=":0", WAYLAND_DISPLAY="wayland-0")
    written: list[str] = []

    assert await copy(text, here, written.append) == "through xclip"
    assert kept.read_text(encoding="utf-8") == f"-selection clipboard\n{text}"
    over_ssh = await copy(text, here | {"SSH_TTY": "/dev/pts/1"}, written.append)
    assert over_ssh == f"into {tools / 'cronterm' / 'clip'}"
    assert written == []


async def test_no_file_is_written_through_a_link(tools: Path) -> None:
    (tools / "cronterm").mkdir()
    (tools / "cronterm" / "clip").symlink_to(tools / "elsewhere")
    with pytest.raises(CrontermError, match="nothing takes what is copied"):
        await copy("x", environ(tools))

    assert not (tools / "elsewhere").exists()
