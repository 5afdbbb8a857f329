"""What output must and must not say, whatever pieces it comes in."""

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronterm.runner.output import ERR, OUT
from cronterm.runner.rules import PART, SHOWN, OutputRules

LINES = [b"one\n", b"two ERROR 7\r\n", b"three\n", b"done"]


def rules(match: str = "", reject: str = "", *, stderr_empty: bool = False) -> OutputRules:
    """Return rules."""
    return OutputRules(match, reject, stderr_empty=stderr_empty)


def test_nothing_to_judge_is_nothing() -> None:
    assert OutputRules.read({}) is None


@pytest.mark.parametrize(
    ("it", "verdict"),
    [
        (rules(match="^done$"), ("", "")),
        (rules(match="^three$"), ("", "")),
        (rules(match="one.two"), ("stdout_match", "")),
        (rules(match="nothing", reject="ERROR"), ("stdout_match", "")),
        (rules(reject=r"ERROR \d$"), ("output_reject", "two ERROR 7")),
        (rules(reject="FATAL"), ("", "")),
        (rules(stderr_empty=True), ("", "")),
    ],
)
def test_a_pattern_is_looked_for_in_each_line_of_stdout(
    it: OutputRules, verdict: tuple[str, str]
) -> None:
    it.feed(OUT, b"".join(LINES))

    assert it.finish() == verdict


@given(st.lists(st.integers(0, len(b"".join(LINES))), max_size=8))
def test_it_does_not_matter_in_which_pieces_output_comes(cuts: list[int]) -> None:
    whole = b"".join(LINES)
    it = rules(match="^three$", reject="^two ERROR 7$")
    places = [0, *sorted(cuts), len(whole)]
    for start, end in pairwise(places):
        it.feed(OUT, whole[start:end])

    assert it.finish() == ("output_reject", "two ERROR 7")


def test_streams_are_judged_apart() -> None:
    it = rules(match="done", reject="ERROR")
    it.feed(ERR, b"done\nERR")
    it.feed(OUT, b"OR\n")

    assert it.finish() == ("stdout_match", "")

    it = rules(reject="ERROR")
    it.feed(ERR, b"an ERROR\n")

    assert it.finish() == ("output_reject", "an ERROR")


def test_stderr_that_is_not_empty_tells_its_first_line() -> None:
    it = rules(stderr_empty=True)
    it.feed(OUT, b"fine\n")
    it.feed(ERR, b"disk \x1b]52;c;almost\x07 full\nmore\n")
    it.feed(ERR, b"and more\n")

    assert it.finish() == ("stderr_empty", "disk �]52;c;almost� full")


def test_colours_do_not_hide_what_a_line_says() -> None:
    it = rules(match="^backup complete$")
    it.feed(OUT, b"backup \x1b[1;32mcomplete\x1b[0m\n")

    assert it.finish() == ("", "")


def test_a_line_is_told_short_and_harmless() -> None:
    it = rules(reject="ERROR")
    it.feed(OUT, b"ERROR " + b"x" * 500 + b"\n")
    _, line = it.finish()

    assert len(line) == SHOWN
    assert line.endswith("x…")


def test_bytes_that_are_no_text_are_judged_as_well() -> None:
    it = rules(match="done")
    it.feed(OUT, b"\xff\xfe\x00 done\n")

    assert it.finish() == ("", "")


def test_a_very_long_line_is_judged_in_parts_and_not_kept() -> None:
    it = rules(match="needle")
    for _ in range(100):
        it.feed(OUT, b"x" * PART)
    it.feed(OUT, b"needle")

    assert it.finish() == ("", "")


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (r"^(a+)+$", b"a" * 60 + b"!"),
        (r"(.*)*x\1y", b"ab" * 2000),
        (r"^(a|aa)+$", b"a" * 100 + b"!"),
        (r"(?:x*)*(?:x*)*(?:x*)*z", b"x" * 8000),
    ],
)
def test_a_pattern_that_takes_for_ever_fails_the_run_and_not_the_runner(
    pattern: str, line: bytes
) -> None:
    it = rules(reject=pattern)
    began = time.process_time()
    it.feed(OUT, line + b"\n")
    it.feed(OUT, line + b"\n")

    assert it.finish() == ("output_reject", "its pattern takes too long on what was written")
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("pattern", [".*done.*", ".*?.*done", "a.*done"])
def test_what_people_write_is_fast_enough_for_long_lines(pattern: str) -> None:
    it = rules(match=pattern)
    line = b"b" * PART + b"\n"
    for _ in range(50):
        it.feed(OUT, line * 16)
    it.feed(OUT, b"a: done.\n")

    assert it.finish() == ("", "")


@pytest.mark.parametrize("pattern", ["a*b", "[ab]*c", "x.*.*x"])
def test_what_re_does_not_interrupt_is_bounded_by_the_length_of_a_part(pattern: str) -> None:
    it = rules(reject=pattern)
    began = time.process_time()
    it.feed(OUT, b"a" * (64 << 10) + b"\n")
    it.finish()

    assert time.process_time() - began < 5.0


def test_a_flood_is_judged_faster_than_a_pipe_brings_it() -> None:
    it = rules(match="never", reject="nor this")
    flood = b"y\n" * (32 << 10)
    began = time.process_time()
    for _ in range(10):
        it.feed(OUT, flood)

    assert time.process_time() - began < 2.0


def test_a_pattern_of_another_python_is_told() -> None:
    with pytest.raises(re.error):
        OutputRules.read({"stdout_match": "(", "output_reject": "", "stderr_empty": False})
