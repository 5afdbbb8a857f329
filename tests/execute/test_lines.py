"""Lines of output: forwards, backwards, searched and counted, against a plain reading of it all."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cronterm.errors import CrontermError
from cronterm.execute.extent import BLOCK
from cronterm.execute.lines import count_lines, read_lines
from cronterm.model.lines import SHOWN_BYTES, CountLines, OutputLine, OutputLines, ReadLines
from cronterm.runner.output import ERR, OUT, LineMerger, Sink

Printed = list[tuple[int, bytes]]
"""(stream, bytes) as they came, a millisecond apart."""


def write(place: Path, printed: Printed, *, limit: int = 1 << 30, keep: str = "head_tail") -> bytes:
    """Write output as a runner does; return what is left for the store."""
    sink = Sink(place, "1-1", limit, keep)
    merger = LineMerger()
    at = 0
    for stream, content in printed:
        at += 1000
        whole, flags = merger.feed(stream, content)
        if whole:
            sink.take(stream, at, whole, flags)
        if at % 7000 == 0:
            for other, rest in merger.flush():
                sink.take(other, at, rest, 1)
    for stream, rest in merger.flush():
        sink.take(stream, at, rest, 1)
    return sink.close()


def ask(place: Path, blob: bytes = b"", **words: Any) -> OutputLines:
    """Return what is answered."""
    query = ReadLines(run=1, attempt=1, **words)
    return read_lines(place, query, blob=blob or None, complete=True)


def all_lines(place: Path, blob: bytes = b"", **words: Any) -> list[OutputLine]:
    """Return all lines, asked for from the beginning."""
    found: list[OutputLine] = []
    reached = 0
    while True:
        reply = ask(place, blob, offset=reached, **words)
        found += reply.lines
        if reply.reached >= reply.end_offset:
            return found
        assert reply.reached > reached
        reached = reply.reached


def all_lines_back(place: Path, blob: bytes = b"", **words: Any) -> list[OutputLine]:
    """Return all lines, asked for from the end."""
    found: list[OutputLine] = []
    reached: int | None = None
    while reached != 0:
        reply = ask(place, blob, offset=reached, backwards=True, **words)
        found[:0] = reply.lines
        assert reached is None or reply.reached < reached
        reached = reply.reached
    return found


def texts(lines: list[OutputLine] | tuple[OutputLine, ...]) -> list[str]:
    """Return what lines say."""
    return [line.text.decode("utf-8", "replace") for line in lines]


def story(lines: int, seed: int = 1) -> Printed:
    """Return output of both streams with lines of many lengths, cut anywhere."""
    chance = random.Random(seed)
    printed: Printed = []
    for number in range(lines):
        stream = ERR if chance.random() < 0.1 else OUT
        content = f"{number} ".encode() + b"x" * chance.choice([0, 3, 20, 200, 9000]) + b"\n"
        cut = chance.randrange(len(content))
        printed += (
            [(stream, content[:cut]), (stream, content[cut:])] if cut else [(stream, content)]
        )
    return printed


def test_forwards_and_backwards_give_the_same_lines(tmp_path: Path) -> None:
    write(tmp_path, story(400))

    there = all_lines(tmp_path, limit=37)

    assert there == all_lines_back(tmp_path, limit=41)
    whole = b"".join(content.read_bytes() for content in [tmp_path / "1-1.log"])
    assert sum(line.size for line in there) == len(whole)
    assert all(line.text == whole[line.offset :][: len(line.text)] for line in there)


def test_a_line_is_one_even_if_it_came_in_pieces(tmp_path: Path) -> None:
    blob = write(tmp_path, [(OUT, b"hel"), (OUT, b"lo\nwor"), (OUT, b"ld\n")])

    assert texts(all_lines(tmp_path, blob)) == ["hello", "world"]


def test_a_stream_that_cuts_in_ends_a_line(tmp_path: Path) -> None:
    printed = [(OUT, b"asks: ")] * 7 + [(ERR, b"oops\n"), (OUT, b"yes\n")]
    blob = write(tmp_path, printed)
    lines = all_lines(tmp_path, blob)

    assert [(line.stream, line.text.strip()[-4:]) for line in lines] == [
        ("out", b"sks:"),
        ("err", b"oops"),
        ("out", b"yes"),
    ]
    assert [line.is_whole for line in lines] == [False, True, True]


def test_a_flood_without_a_line_break_has_lines_and_says_how_long_they_are(tmp_path: Path) -> None:
    write(tmp_path, [(OUT, b"a\n"), (OUT, b"y" * 1_000_000), (OUT, b"\nz\n")])

    lines = all_lines(tmp_path)

    assert lines == all_lines_back(tmp_path)
    assert sum(line.size for line in lines) == 1_000_005
    assert max(line.size for line in lines) <= 2 * BLOCK
    assert max(len(line.text) for line in lines) == SHOWN_BYTES


def test_what_the_limit_dropped_is_a_line_of_its_own(tmp_path: Path) -> None:
    printed = [(OUT, b"%06d %s\n" % (n, b"z" * 93)) for n in range(5000)]
    write(tmp_path, printed, limit=100_000)

    lines = all_lines(tmp_path)

    assert lines == all_lines_back(tmp_path)
    gaps = [line for line in lines if line.stream == "gap"]
    assert [line.size for line in gaps] == [ask(tmp_path, backwards=True, limit=1).dropped]
    assert sum(line.size for line in lines) == sum(len(content) for _, content in printed)
    assert texts(lines)[-1].startswith("004999")
    assert ask(tmp_path, offset=gaps[0].offset + 10, limit=1).lines[0].offset > gaps[0].offset


def test_a_head_alone_ends_with_what_was_dropped(tmp_path: Path) -> None:
    write(tmp_path, [(OUT, b"%06d\n" % n) for n in range(50_000)], limit=70_000, keep="head")

    reply = ask(tmp_path, backwards=True, limit=2)

    assert [(line.stream, line.size) for line in reply.lines] == [("out", 7), ("gap", 280_000)]
    assert reply.dropped == 280_000
    assert reply.end_offset == 350_000


SEARCHES: list[tuple[dict[str, Any], Callable[[OutputLine], bool]]] = [
    ({"words": ("13",)}, lambda line: b"13" in line.text),
    ({"words": ("13", "XX")}, lambda line: False),
    ({"words": ("13", "xx")}, lambda line: b"13" in line.text and b"xx" in line.text),
    ({"stream": "err"}, lambda line: line.stream == "err"),
    ({"stream": "err", "words": ("7",)}, lambda line: line.stream == "err" and b"7" in line.text),
]


@pytest.mark.parametrize(("words", "wanted"), SEARCHES)
def test_only_lines_that_are_wanted_come_and_are_counted(
    tmp_path: Path, words: dict[str, Any], wanted: Callable[[OutputLine], bool]
) -> None:
    write(tmp_path, story(600, seed=3))
    right = [line for line in all_lines(tmp_path) if wanted(line)]
    asked = CountLines(run=1, attempt=1, max_bytes=1 << 30, **words)

    found = all_lines(tmp_path, limit=5, **words)

    assert found == right
    assert all_lines_back(tmp_path, limit=3, max_bytes=100, **words) == right
    count = count_lines(tmp_path, asked, blob=None)
    # Where the other stream cuts in, a line has no break of its own.
    assert abs(count.lines - len(right)) <= sum(not line.is_whole for line in right)


def test_small_letters_find_capitals_and_colours_hide_nothing(tmp_path: Path) -> None:
    printed = [b"\x1b[31mCon\x1b[1mnection\x1b[0m refused\n", b"connection\n", "ÄRGER\n".encode()]
    blob = write(tmp_path, [(OUT, content) for content in printed])

    assert len(all_lines(tmp_path, blob, words=("connection",))) == 2
    assert len(all_lines(tmp_path, blob, words=("Connection",))) == 1
    assert texts(all_lines(tmp_path, blob, words=("ärger",))) == ["ÄRGER"]


def test_words_without_end_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CrontermError, match="1,000 letters"):
        ask(tmp_path, write(tmp_path, [(OUT, b"a\n")]), words=("x" * 1001,))


def test_a_place_is_found_by_its_instant(tmp_path: Path) -> None:
    write(tmp_path, [(OUT, b"%05d %s\n" % (n, b"q" * 90)) for n in range(3000)])

    reply = ask(tmp_path, since=2_000_500, limit=1)
    late = ask(tmp_path, since=9_000_000, limit=1)

    assert texts(reply.lines) == ["02000 " + "q" * 90]
    assert (late.lines, late.reached) == ((), late.end_offset)


def test_lines_are_counted_in_parts(tmp_path: Path) -> None:
    write(tmp_path, [(OUT, b"%05d %s\n" % (n, b"q" * 993)) for n in range(3000)])
    total, reached = 0, 0

    while reached < 3_000_000:
        query = CountLines(run=1, attempt=1, start=reached, end=2_999_000, max_bytes=1)
        part = count_lines(tmp_path, query, blob=None)
        total, reached = total + part.lines, part.reached
        if reached >= 2_999_000:
            break

    assert total == 2999


def test_nothing_was_printed(tmp_path: Path) -> None:
    reply = ask(tmp_path, backwards=True)

    assert (reply.lines, reply.reached, reply.end_offset) == ((), 0, 0)
    assert count_lines(tmp_path, CountLines(run=1, attempt=1), blob=None).lines == 0
