"""Tests for the process behind a tab, with small programs in place of the screen."""

import asyncio
import os
import sys
from typing import Any

import pytest

from cronterm.web.tab import MOST_CELLS, READY, Size, Tab, open_tab

PRELUDE = f"""
import os, sys, time, json
def packet(kind, text): os.write(1, kind + len(text).to_bytes(4, "big") + text)
def take():
    head = sys.stdin.buffer.read(5)
    return head[:1], sys.stdin.buffer.read(int.from_bytes(head[1:], "big"))
os.write(1, b"noise\\n" + {READY!r})
"""
LEAVES_WHEN_ASKED = "while take()[1] not in (b'', b'{\"type\": \"quit\"}'): pass"


def words(program: str) -> tuple[str, ...]:
    """Return the argv of a small program."""
    return (sys.executable, "-S", "-c", PRELUDE + program)


async def keep_nothing(name: str, text: str) -> None:
    """Take a file that is not looked at."""


async def shown(program: str, **env: str) -> str:
    """Return what a program that ends by itself draws."""
    drawn: list[bytes] = []

    async def draw(part: bytes) -> None:
        drawn.append(part)

    async def hand_over(name: str, text: str) -> None:
        drawn.append(f"[{name}: {text}]".encode())

    async with open_tab(words(program), env, Size(90, 30)) as tab:
        await tab.show(draw, hand_over)
    return b"".join(drawn).decode()


def is_there(pid: int) -> bool:
    """Tell whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pid_of(tab: Tab) -> int:
    """Return the pid behind a tab."""
    return tab._process.pid


async def test_drawings_are_shown_and_nothing_else() -> None:
    program = """
packet(b"D", b"one ")
packet(b"M", json.dumps({"type": "open_url", "url": "http://evil.example"}).encode())
packet(b"M", json.dumps({"type": "file", "name": "a.csv", "text": "job,runs"}).encode())
packet(b"D", b"two" * 100_000)
"""

    assert await shown(program) == "one [a.csv: job,runs]" + "two" * 100_000


async def test_what_a_process_says_as_it_fails_is_shown_without_its_sequences() -> None:
    said = await shown("sys.exit('no engine\\nruns \\x1b]0;title\\x07here')")

    assert said.startswith("no engine\r\nruns ")
    assert not {"\x1b", "\x07"} & {*said}


async def test_a_process_gets_the_size_and_a_terminal_of_its_own() -> None:
    names = ["COLUMNS", "ROWS", "TERM", "LC_ALL", "WORD"]
    program = f"packet(b'D', ' '.join(os.environ.get(n, '') for n in {names}).encode())"

    assert await shown(program, WORD="given") == "90 30 xterm-256color C.UTF-8 given"


async def test_a_process_is_started_without_a_shell() -> None:
    program = "packet(b'D', sys.argv[1].encode())"
    drawn: list[bytes] = []

    async def draw(part: bytes) -> None:
        drawn.append(part)

    async with open_tab((*words(program), "$(id); `id` | id"), {}, Size(80, 24)) as tab:
        await tab.show(draw, keep_nothing)

    assert drawn == [b"$(id); `id` | id"]


async def test_keys_and_the_terminal_are_told() -> None:
    program = "for _ in range(2): packet(b'D', b' '.join(take()) + b';')"
    drawn: list[bytes] = []

    async def draw(part: bytes) -> None:
        drawn.append(part)

    async with open_tab(words(program), {}, Size(80, 24)) as tab:
        await tab.type("t é")
        await tab.tell("resize", width=7, height=8)
        await tab.show(draw, keep_nothing)

    told = '{"type": "resize", "width": 7, "height": 8}'
    assert b"".join(drawn).decode() == f"D t é;M {told};"


async def test_a_process_leaves_when_it_is_asked() -> None:
    async with open_tab(words(LEAVES_WHEN_ASKED), {}, Size(80, 24)) as tab:
        pid = pid_of(tab)

    assert not is_there(pid)


@pytest.mark.parametrize(
    "program",
    ["time.sleep(1000)", "while True: packet(b'D', b'x' * 65_536)"],
    ids=["that hangs", "that draws for nobody"],
)
async def test_a_process_that_does_not_leave_is_killed(program: str) -> None:
    async with open_tab(words(program), {}, Size(80, 24), grace_s=0.05) as tab:
        pid = pid_of(tab)

    assert not is_there(pid)


async def test_a_process_is_killed_where_nobody_waits_for_its_end() -> None:
    opened = asyncio.Event()
    found: list[Tab] = []

    async def use() -> None:
        async with open_tab(words("time.sleep(1000)"), {}, Size(80, 24)) as tab:
            found.append(tab)
            opened.set()

    async with asyncio.TaskGroup() as tasks:
        using = tasks.create_task(use(), name="use")
        await opened.wait()
        await asyncio.sleep(0)
        using.cancel()

    async with asyncio.timeout(10):
        await found[0]._reap()
    assert not is_there(pid_of(found[0]))


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        (("120", "40"), Size(120, 40)),
        ((120, 40), Size(120, 40)),
        (("0", "-3"), Size(1, 1)),
        ((10**9, 10**400), Size(MOST_CELLS, MOST_CELLS)),
        ((None, "4"), Size(80, 24)),
        (("x", "4"), Size(80, 24)),
        ((float("inf"), 4), Size(80, 24)),
        (({}, []), Size(80, 24)),
    ],
)
def test_a_size_is_within_bounds(asked: tuple[Any, Any], size: Size) -> None:
    assert Size.of(*asked) == size
