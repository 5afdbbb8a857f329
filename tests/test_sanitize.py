"""Tests for what may reach a terminal."""

import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cronterm.sanitize import Span, sanitize, sanitize_line, styled

NASTY = (
    "\x1b]52;c;aGk=\x07",
    "\x1b]0;title\x1b\\",
    "\x1b]8;;http://x\x1b\\",
    "\x1b[31m",
    "\x1b[2J",
    "\x1b[6n",
    "\x1b[?1049h",
    "\x1bP+q544e\x1b\\",
    "\x1b_G\x1b\\",
    "\x1b^x\x9c",
    "\x1bX",
    "\x1bc",
    "\x1b(0",
    "\x1b#8",
    "\x9b2J",
    "\x9d0;t\x9c",
    "\x90q",
    "\x1b",
    "\x1b[",
    "\x1b]",
    "\x9c",
    "\r",
    "\b",
    "\x00",
    "\x0e",
    "\x7f",
    "\x85",
    "\u202e",
    "\u2066",
    "\u2028",
    "\ufeff",
    "\u200b",
    "\u200d",
    "\u2060",
    "\ufe0f",
    "\U000e0041",
    "\ud800",
    "\u0301" * 9,
)
SHOWN_FORMATS = (  # signs that are drawn, although Unicode counts them as formats
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    + "".join(map(chr, range(0x13430, 0x13440)))
)
hostile = st.lists(st.sampled_from(NASTY) | st.text(max_size=6), max_size=12).map("".join)


def is_harmless(letter: str) -> bool:
    """Tell whether a terminal only shows this."""
    if letter in "\t\n":
        return True
    kind = unicodedata.category(letter)
    direction = unicodedata.bidirectional(letter)
    return (
        kind not in ("Cc", "Cs", "Zl", "Zp")
        and direction not in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        and (kind != "Cf" or letter in SHOWN_FORMATS)
        and not "\ufe00" <= letter <= "\ufe0f"
    )


@given(hostile)
@example("\x1b\x1b[31m")
@example("\x1b]0;\x1b]0;\x07")
@example("\x1b\x9b2J")
@example("\x1b[3\x1b[1m1m")
def test_nothing_that_acts_on_a_terminal_is_left(text: str) -> None:
    safe = sanitize(text)

    assert all(map(is_harmless, safe))
    assert sanitize(safe) == safe


@given(hostile)
def test_a_line_is_one_line(text: str) -> None:
    line = sanitize_line(text)

    assert all(map(is_harmless, line))
    assert "\n" not in line
    assert "\t" not in line


@given(hostile)
def test_coloured_text_is_as_harmless_as_plain_text(text: str) -> None:
    spans = styled(text)

    assert spans
    for span in spans:
        assert all(map(is_harmless, span.text))
        assert "\n" not in span.text
        assert span.foreground is None or 0 <= span.foreground <= 0x1FFFFFF


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)), st.sampled_from(["\n", "\t"]))
def test_plain_text_stays_as_it_is(text: str, between: str) -> None:
    whole = text + between + text

    assert sanitize(whole) is whole
    assert sanitize_line(text) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Grüße ✓ 日本語 👩\u200d💻", "Grüße ✓ 日本語 👩💻"),  # a joiner takes no cell of its own
        ("a\x1b[31mred\x1b[0mb", "aredb"),
        ("a\x1b]52;c;aGk=\x07b", "ab"),
        ("a\x1b]0;title\x1b\\b", "ab"),
        ("a\x1bP1;2q#0\x1b\\b", "ab"),
        ("a\x9b2Jb", "ab"),
        ("a\x1b(0b", "ab"),
        ("a\x1bcb", "ab"),
        ("user\u202etxt.exe", "usertxt.exe"),
        ("é" + "\u0301" * 50, "é" + "\u0301" * 4),
        ("one\r\ntwo\n", "one\ntwo\n"),
        ("[/] [@click=app.quit]x[/]", "[/] [@click=app.quit]x[/]"),
    ],
)
def test_what_is_shown_of(text: str, safe: str) -> None:
    assert sanitize(text) == safe


def test_a_sequence_left_open_hides_its_own_line_only() -> None:
    assert sanitize("a\x1b]0;hidden\nseen\n") == "a\nseen\n"
    assert sanitize("a\x1bPhidden\x1b[31mseen") == "aseen"


def test_a_progress_bar_shows_what_it_said_last() -> None:
    assert sanitize_line(" 10%\r 20%\r100%\r") == "100%"
    assert sanitize_line("done\r\n".rstrip("\n")) == "done"


def test_colours_are_kept_as_numbers() -> None:
    line = "plain\x1b[1;31mred\x1b[22;38;5;200mpink\x1b[38;2;1;2;3mrgb\x1b[3;4;97mwhite\x1b[mplain"

    assert styled(line) == [
        Span("plain"),
        Span("red", foreground=1, bold=True),
        Span("pink", foreground=200),
        Span("rgb", foreground=0x1010203),
        Span("white", foreground=15, italic=True, underline=True),
        Span("plain"),
    ]


def test_an_empty_line_is_one_empty_span() -> None:
    assert styled("") == [Span("")]
    assert styled("\x1b[31m") == [Span("", foreground=1)]


@pytest.mark.parametrize(
    "unit", ["\x1b]", "\x1b[", "\x1b[0;", "\x90", "\u0301", "\x1bP\x1b", "\x1b[" + "1" * 50, "\r"]
)
def test_a_megabyte_made_to_be_slow_is_not(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    begin = time.process_time()
    sanitize(text)
    styled(text)

    assert time.process_time() - begin < 2
