"""Every key of the key table does what help says, in every kind of terminal.

The tour takes minutes: `pytest -m long -n 2 -rP tests/journeys/test_tour.py`. It needs tmux.
"""

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from cronterm.tui.keymap import CHANGING, KEYS
from cronterm.tui.places import PAGES
from tests.journeys.house import House, house
from tests.journeys.promises import promise_of, promised
from tests.journeys.sshd import sshd, why_no_sshd
from tests.journeys.terminal import terminal
from tests.journeys.tmux import TMUX, Tmux
from tests.journeys.tour import BUSY, FILE, SHELL, Step, Tour, steps

EDITOR = """\
#!/bin/sh
case "$1" in +*) shift;; esac
sed -i "s/the first/the edited/; /^nonsense/d" "$1"
if test -e other; then name=s/alpha:/omega:/; else name=s/omega:/alpha:/; fi
sed -i "$name" "$1"
test ! -e spoil || echo "nonsense: [" >> "$1"
case "$1" in *screen.yaml) echo "it is edited"; read line;; esac
"""
PAGER = '#!/bin/sh\ncp "$1" paged; echo "it is paged"; read line\n'
UTF8 = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
TERMINALS: dict[str, tuple[Mapping[str, str], str]] = {
    "xterm": (UTF8 | {"COLORTERM": "truecolor"}, "unicode"),
    "screen": (UTF8 | {"TERM": "screen"}, "unicode"),
    "linux": (UTF8 | {"TERM": "linux"}, "block"),
    "C": (UTF8 | {"LANG": "C"}, "ascii"),
    "no color": (UTF8 | {"NO_COLOR": "1"}, "unicode"),
}
ONLY_LOOKS = "read-only: this screen only looks"
COLOUR = re.compile(rb"\x1b\[([0-9;]*)m")
OF_DETAIL = (
    "open_run",
    "compare",
    "again",
    "copy",
    "logs",
    "next_job",
    "previous_job",
    "skip",
)

needs_tmux = pytest.mark.skipif(TMUX is None, reason="tmux is not installed")
takes_minutes = pytest.mark.timeout(1800)


@contextmanager
def tour(
    directory: Path,
    env: Mapping[str, str],
    glyphs: str = "unicode",
    *,
    ssh: Sequence[str] = (),
    words: Sequence[str] = (),
) -> Iterator[Tour]:
    """Give a screen on an engine with some history, in a terminal of its own."""
    for name, text in (("editor", EDITOR), ("pager", PAGER)):
        (directory / name).write_text(text, encoding="utf-8")
        (directory / name).chmod(0o700)
    said = dict(env) | {
        "HOME": str(directory),
        "PATH": os.environ["PATH"],
        "SHELL": "/bin/sh",
        "EDITOR": str(directory / "editor"),
        "PAGER": str(directory / "pager"),
        "XDG_STATE_HOME": str(directory / "xdg"),
    }
    with house(directory, BUSY) as home:
        command = ["bash", "-c", SHELL, "-", *home.command(*words)]
        if ssh:
            far = ["cd", str(directory), "&&", "env", *(f"{n}={v}" for n, v in said.items())]
            line = shlex.join([*far, *command]).replace("'&&'", "&&")
            command = [*ssh, re.sub(r"TERM=\S+ ", "", line)]  # the terminal is told by ssh
        it = Tour(home, Tmux(directory), command, said, glyphs)
        it.prepare()
        try:
            it.start()
            yield it
        finally:
            it.tmux.end()


def walk(it: Tour, tried: Sequence[Step]) -> None:
    """Try keys, and tell all at once which of them did something else than they should."""
    for step in tried:
        promise = promise_of(step.id, step.place)
        assert promise is not None, step
        it.walk(promise, step)
    print(f"{len(it.passed)} of {len(tried)} keys did what help says")
    told = [f"{step}: {why}" for step, why in it.failed.items()]
    assert not told, f"{len(told)} of {len(tried)} keys:\n" + "\n".join(told)


def test_every_key_of_the_table_has_an_expectation() -> None:
    lacking = [str(step) for step in steps() if promise_of(step.id, step.place) is None]
    ids = {step.id for step in steps()}

    assert lacking == []
    assert promised() == ids


@pytest.mark.long
@takes_minutes
@needs_tmux
@pytest.mark.parametrize("kind", TERMINALS)
def test_every_key_does_what_help_says(kind: str, tmp_path: Path) -> None:
    env, glyphs = TERMINALS[kind]
    with tour(tmp_path, env, glyphs) as it:
        walk(it, list(steps()))
        written = it.tmux.written

    if kind == "no color":
        assert {tuple(codes) for codes in colours(written) if not is_grey(codes)} == set()
    if kind == "C":
        assert written.decode(errors="replace").isascii()


@pytest.mark.long
@takes_minutes
@needs_tmux
@pytest.mark.skipif(bool(why_no_sshd()), reason=why_no_sshd())
def test_every_key_does_what_help_says_over_ssh(tmp_path: Path) -> None:
    (tmp_path / "ssh").mkdir()
    with ExitStack() as stack:
        ssh = stack.enter_context(sshd(tmp_path / "ssh"))
        walk(stack.enter_context(tour(tmp_path, UTF8, ssh=ssh)), list(steps()))


@pytest.mark.long
@takes_minutes
@needs_tmux
def test_a_screen_that_only_looks_refuses_every_key_that_changes_something(
    tmp_path: Path,
) -> None:
    with tour(tmp_path, UTF8, words=["attach", "--read-only"]) as it:
        for step in steps():
            if step.id in CHANGING and step.place in PAGES:
                it.go_home()
                it.press("c")  # tells something else: the newest alone is shown
                it.lacks(ONLY_LOOKS)
                it.go(step.place)
                it.try_key(step.key)
                it.has(ONLY_LOOKS)
        assert it.file() == FILE
        assert it.snapshot().n == it.event


@pytest.mark.long
@takes_minutes
@needs_tmux
def test_what_the_key_bar_of_a_job_names_is_there_in_each_of_its_tabs(tmp_path: Path) -> None:
    with tour(tmp_path, UTF8) as it:
        for tab in range(7):
            for key in KEYS:
                if key.id in OF_DETAIL:
                    it.go("detail")
                    for _ in range(tab):
                        it.press("right_square_bracket")
                        it.scrolls()
                    it.press(key.keys)
                    it.shows_something()
                    it.press("escape")


@pytest.mark.long
@needs_tmux
def test_keys_that_are_typed_faster_than_pages_open_arrive_in_their_order(tmp_path: Path) -> None:
    with tour(tmp_path, UTF8) as it:
        it.press("slash", *"alph", "enter", "enter", "l", "slash", *"word", "enter", "n")
        it.sees("› alpha › log", "/word ", "1 of 2 matches")
        it.press("escape", "escape", "escape", "escape", "G", "enter", "k", "T", *"xy", "escape")
        it.sees("Overview")
        it.press("escape", "G")
        it.sees("─ 7/7 ─")
        assert it.is_idle()


@pytest.mark.long
@needs_tmux
def test_what_was_told_leaves_nothing_on_the_line_of_the_tabs(tmp_path: Path) -> None:
    with tour(tmp_path, UTF8) as it:
        for _ in range(3):
            it.press("ctrl+s")
            it.sees("Save the screen")
            it.press("t")
            it.has("▌ saved ")
            it.press("c")
            it.has("▌ copied ")
            it.has(re.compile(r"6 System  +CPU \S +\d+%  MEM \S +\d+%  DSK \S +\d+%\n"))


@pytest.mark.parametrize("name", ["dumb", ""])
def test_a_terminal_that_only_appends_is_told(name: str, tmp_path: Path) -> None:
    home = House(tmp_path, FILE)
    with terminal(home.command(), env={"TERM": name}) as seen:
        seen.wait_for("only appends text, the screen cannot be drawn on it")
        seen.wait_for("use `cronterm status --watch`")
        seen.wait_ended()

        assert seen.process.returncode == 1
        assert b"\x1b" not in seen.written
    assert not home.processes()


def colours(written: bytes) -> list[list[int]]:
    """Return the colours that were asked for, attributes left out."""
    found = {match[1] for match in COLOUR.finditer(written)}
    return [colour for codes in found for colour in split_colours(codes)]


def split_colours(codes: bytes) -> Iterator[list[int]]:
    """Yield the colours of one sequence."""
    numbers = [int(each or 0) for each in codes.split(b";")]
    while numbers:
        first = numbers.pop(0)
        if first in (38, 48):
            count = 4 if numbers[0] == 2 else 2
            yield [first, *numbers[:count]]
            del numbers[:count]
        elif 30 <= first <= 37 or 40 <= first <= 47 or 90 <= first <= 107:
            yield [first]


def is_grey(colour: Sequence[int]) -> bool:
    """Tell whether a colour is black, white or between."""
    match colour:
        case [_, 2, red, green, blue]:
            return red == green == blue
        case [_, 5, number]:
            return number >= 232 or number in (0, 7, 8, 15, 16, 59, 102, 145, 188, 231)
    return colour[0] % 10 in (0, 7)
