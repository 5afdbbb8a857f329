"""Puts a text where it can be pasted from, by the first road that is open.

In tmux its own buffer, which reaches the terminal outside in every setting of `set-clipboard`: what
a program writes itself (OSC 52) tmux drops unless it was told otherwise.
"""

import base64
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from platformdirs import user_state_path

from cronterm.errors import CrontermError
from cronterm.tui.outside import is_deaf, run

MOST_SEQUENCE_BYTES = 74_000  # of base64: terminals drop a longer one, silently
TMUX = ("tmux", "load-buffer", "-w", "-")


async def copy(
    text: str, environ: Mapping[str, str], write: Callable[[str], object] | None = None
) -> str:
    """Copy `text`, which is safe to show, and say by which road.

    `write` reaches the terminal, None where there is none. Raises `CrontermError` where every road
    is closed.
    """
    content = text.encode()
    if environ.get("TMUX"):
        if (await run(TMUX, environ, content))[0] == 0:
            return "through tmux"
        write = None  # it drops what comes from inside
    sequence = clipboard_sequence(content)
    if write is not None and not is_deaf(environ) and len(sequence) <= MOST_SEQUENCE_BYTES:
        write(sequence)
        return "through the terminal"
    for words in _tools(environ):
        if (await run(words, environ, content))[0] == 0:
            return f"through {words[0]}"
    return f"into {_write(content, environ)}"


def clipboard_sequence(content: bytes) -> str:
    """Return what makes a terminal put `content` on the clipboard (OSC 52)."""
    return f"\x1b]52;c;{base64.b64encode(content).decode()}\x07"


def _tools(environ: Mapping[str, str]) -> Iterator[Sequence[str]]:
    """Yield what sets the clipboard of this desktop; over ssh it would be another one's."""
    if environ.get("SSH_TTY") or environ.get("SSH_CONNECTION"):
        return
    if environ.get("WAYLAND_DISPLAY"):
        yield ("wl-copy",)
    if environ.get("DISPLAY"):
        yield ("xclip", "-selection", "clipboard")
        yield ("xsel", "--input", "--clipboard")


def _write(content: bytes, environ: Mapping[str, str]) -> Path:
    """Write a file that only this user reads, and return its path. Raises `CrontermError`."""
    runtime = Path(environ.get("XDG_RUNTIME_DIR", ""))
    is_there = runtime.is_absolute() and runtime.is_dir()
    path = (runtime / "cronterm" if is_there else user_state_path("cronterm")) / "clip"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            file.write(content)
    except OSError as error:
        raise CrontermError(f"nothing takes what is copied, nor {path}: {error.strerror}") from None
    return path
