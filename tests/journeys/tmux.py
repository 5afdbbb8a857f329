"""A terminal that understands what is written to it: tmux, with a server of its own."""

import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

TMUX = shutil.which("tmux")
NAMES = {
    "enter": "Enter",
    "escape": "Escape",
    "space": "Space",
    "tab": "Tab",
    "shift+tab": "BTab",
    "delete": "DC",
    "home": "Home",
    "end": "End",
    "pagedown": "NPage",
    "pageup": "PPage",
    "down": "Down",
    "up": "Up",
    "left": "Left",
    "right": "Right",
    "f1": "F1",
    "f2": "F2",
    "slash": "/",
    "question_mark": "?",
    "at": "@",
    "colon": ":",
    "comma": ",",
    "ampersand": "&",
    "apostrophe": "'",
    "quotation_mark": '"',
    "vertical_line": "|",
    "minus": "-",
    "plus": "+",
    "equals_sign": "=",
    "asterisk": "*",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "less_than_sign": "<",
    "greater_than_sign": ">",
}
"""What tmux calls the keys that the program calls otherwise."""


def named(key: str) -> str:
    """Return tmux's name of a key of the table."""
    return f"C-{key.removeprefix('ctrl+')}" if key.startswith("ctrl+") else NAMES.get(key, key)


class Tmux:
    """A program in a pane: its keys, and what its screen shows."""

    def __init__(self, directory: Path) -> None:
        self._home = str(directory)
        self._socket = directory / "tmux"
        self._raw = directory / "written"
        self._client: subprocess.Popen[str] | None = None

    def _command(self, *words: str) -> list[str]:
        return [TMUX or "tmux", "-u", "-S", str(self._socket), "-f", "/dev/null", *words]

    def _do(self, *words: str) -> None:
        """Carry out a command as a process of its own: it may be of several lines."""
        done = subprocess.run(self._command(*words), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def _attach(self) -> None:
        """Open the line on which everything else is asked: a process for each costs too much."""
        self._client = subprocess.Popen(
            self._command("-C", "attach", "-f", "no-output,ignore-size"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        self._answer()  # to the attaching itself

    def _answer(self) -> str:
        """Return what the server answers next; what it tells by itself is passed over."""
        assert self._client is not None
        assert self._client.stdout is not None
        lines = iter(self._client.stdout.readline, "")
        begin = next(line for line in lines if line.startswith("%begin "))
        number = begin.removeprefix("%begin ")
        said: list[str] = []
        for line in lines:
            assert line != f"%error {number}", "".join(said)
            if line == f"%end {number}":
                return "".join(said)
            said.append(line)
        raise AssertionError("tmux is gone")

    def ask(self, *words: str) -> str:
        """Return what a command of tmux prints."""
        assert self._client is not None
        assert self._client.stdin is not None
        self._client.stdin.write(shlex.join(words) + "\n")
        self._client.stdin.flush()
        return self._answer()

    def start(self, command: Sequence[str], env: Mapping[str, str], size: tuple[int, int]) -> None:
        """Run a program in the pane, in place of what was there; it sees only `env` of ours."""
        words = shlex.join(["env", "-i", *(f"{n}={v}" for n, v in env.items()), *command])
        if self._client is not None:
            self._do("respawn-pane", "-k", words)
        else:
            columns, rows = map(str, size)
            self._do("new-session", "-d", "-x", columns, "-y", rows, "-c", self._home, words)
            self._attach()
            self.ask("set", "-s", "set-clipboard", "on")
        self.ask("pipe-pane", f"cat >> {shlex.quote(str(self._raw))}")

    @property
    def is_there(self) -> bool:
        """A program was started."""
        return self._client is not None

    @property
    def written(self) -> bytes:
        """All that the program wrote."""
        return self._raw.read_bytes()

    def press(self, *keys: str) -> None:
        """Press keys, all of them at once."""
        self.ask("send-keys", *map(named, keys))

    def type(self, text: str) -> None:
        """Type a text."""
        self.ask("send-keys", "-l", text)

    def screen(self) -> str:
        """Return what is on the screen."""
        return self.ask("capture-pane", "-p")

    @property
    def clipboard(self) -> str:
        """What the program put on the clipboard last."""
        done = self.ask("list-buffers", "-F", "#{buffer_name}").split()
        return self.ask("show-buffer", "-b", done[0]).removesuffix("\n") if done else ""

    def forget_clipboard(self) -> None:
        """Have nothing on the clipboard."""
        for name in self.ask("list-buffers", "-F", "#{buffer_name}").split():
            self.ask("delete-buffer", "-b", name)

    def blot(self) -> None:
        """Clear the screen behind the program's back."""
        tty = Path(self.ask("display", "-p", "#{pane_tty}").strip())
        tty.write_bytes(b"\x1b[2J")

    def end(self) -> None:
        """End the server with all that is in it."""
        if self._client is not None:
            self._do("kill-server")
            self._client.communicate()
            self._client = None
