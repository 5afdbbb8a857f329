"""Hostile text in every place that a user, a job or a file name can fill, seen in a terminal."""

import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from cronterm.config.load import load_text
from tests.journeys.hostile_text import corpus
from tests.journeys.house import House, house, wait_until
from tests.journeys.terminal import Terminal, terminal

TEXTS = tuple(corpus())
PRINTER = """
import sys
for text in open("texts.bin", "rb").read().split(b"\\0\\0"):
    sys.stdout.buffer.write(text + b"\\n")
    sys.stderr.buffer.write(text + b"\\n")
sys.exit(3)
"""
SHAPES = re.compile(
    rb"\x1b\[(#(;#)*)?m"  # colours
    rb"|\x1b\[(#;#)?H|\x1b\[#;#;#;#t|\x1b\[J|\x1b\[K"
    rb"|\x1b\]#;default\x07"  # the shape of the mouse's pointer
    rb"|\x1b\[\?#[hl]|\x1b\[\?#\$p|\x1b\[[>=<]#?u|\x1b\[\?u|\x1b\[c|\x1b\[#n"
)
"""What Textual itself writes: positions, colours, modes and its questions to the terminal."""


def is_shown(letter: str) -> bool:
    """Tell whether a terminal draws it, or begins a line with it."""
    kind = unicodedata.category(letter)
    return letter in "\r\n" or (kind not in ("Cc", "Cf", "Cs", "Zl", "Zp"))


def check(seen: Terminal) -> None:
    """Fail when anything but Textual steered the terminal."""
    shapes, text = seen.pieces()
    assert [shape for shape in shapes if not SHAPES.fullmatch(shape)] == []
    assert sorted({ascii(letter) for letter in text if not is_shown(letter)}) == []
    assert "\x1b" not in text


def jobs_file() -> str:
    """Return jobs with each text as their description, tag, group, owner and argument."""
    lines = ["jobs:"]
    for number, text in enumerate(TEXTS):
        said = json.dumps(text)
        words = f"schedule: '@manual', description: {said}"
        whole = f"{words}, tags: [{said}], group: {said}, owner: {said}, command: [echo, {said}]"
        for tried in (whole, f"{words}, command: ['true']"):
            line = f"  job-{number:03}: {{{tried}}}"
            if is_valid(line):
                lines.append(line)
                break
    printer = f"[{json.dumps(sys.executable)}, -c, {json.dumps(PRINTER)}]"
    lines.append(f"  a-printer: {{schedule: '@manual', command: {printer}}}")
    lines.append("  a-watcher: {triggers: [{file: {path: drop}}], command: ['true']}")
    return "\n".join(lines) + "\n"


def is_valid(line: str) -> bool:
    """Tell whether a job is taken."""
    return not load_text(f"jobs:\n{line}\n", path=Path("/x.yaml"), local_timezone="UTC").problems


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An engine whose jobs have said all of it, and have failed."""
    directory = tmp_path_factory.mktemp("hostile")
    (directory / "drop").mkdir()
    encoded = [text.encode(errors="surrogatepass") for text in TEXTS]
    raw = [bytes([byte]) * 3 for byte in range(0x80, 0x100)]
    (directory / "texts.bin").write_bytes(b"\0\0".join(encoded + raw))
    with house(directory, jobs_file()) as made:
        made.start()
        for text in encoded:
            name = text.replace(b"/", b"|").replace(b"\0", b"")[:200]
            if name not in (b"", b".", b".."):
                (Path(os.fsdecode(bytes(directory / "drop") + b"/" + name))).touch()
        assert made.run("run", "a-printer").returncode == 0
        made.wait_idle()
        wait_until(lambda: bool(made.history("a-watcher")), "the files are seen")
        yield made


def test_no_view_lets_a_text_steer_the_terminal(it: House) -> None:
    before = it.jobs_file.read_bytes(), len(it.history())

    with terminal(it.command("attach")) as seen:
        seen.wait_for("a-printer")
        for key in (*"23456", *"1?q", "l", "/", "日本語の", "\r", *"fwetq"):
            seen.press(key)
            seen.settle()
        for key in ("\r", *"]]]]]]q", "/", "watcher", "\r", "\r", *"]", "\r", *"q?"):
            seen.press(key)
            seen.settle()

        assert seen.process.poll() is None, seen.tail()
        check(seen)
        assert "日本語" in seen.pieces()[1]
    assert (it.jobs_file.read_bytes(), len(it.history())) == before


@pytest.mark.parametrize(
    "words",
    [
        ("ls",),
        ("status",),
        ("history",),
        ("logs", "a-printer"),
        ("show", "a-watcher"),
        ("why", "a-watcher"),
        ("alerts",),
        ("explain", "job-000"),
    ],
    ids=lambda words: " ".join(words),
)
def test_no_command_lets_a_text_steer_the_terminal(it: House, words: tuple[str, ...]) -> None:
    with terminal(it.command(*words)) as seen:
        seen.wait_ended()

        check(seen)
        assert b"Traceback" not in seen.written


def test_a_refused_name_does_not_steer_the_terminal(it: House, tmp_path: Path) -> None:
    lines = [f"  {json.dumps(text)}: {{command: x}}" for text in TEXTS]
    (tmp_path / "jobs.yaml").write_text("jobs:\n" + "\n".join(lines) + "\n")

    command = [sys.executable, "-m", "cronterm", "-f", str(tmp_path / "jobs.yaml"), "validate"]
    with terminal(command) as seen:
        seen.wait_ended()

        check(seen)
        assert seen.process.returncode not in (0, 1)
        assert b"Traceback" not in seen.written


def test_a_screen_ends_with_its_terminal_though_no_signal_says_so(it: House) -> None:
    with terminal(it.command("attach")) as seen:
        seen.wait_for("a-printer")

        seen.hang_up()

        wait_until(lambda: seen.process.poll() is not None, "the screen ends")
