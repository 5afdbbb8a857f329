"""Characters: what a terminal is sent when it shows ASCII only."""

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color

from cronterm.tui.look import (
    ASCII,
    BLOCK,
    BLOCKS,
    GLYPHS,
    UNICODE,
    Glyphs,
    choose_glyphs,
    filters_for,
)
from cronterm.tui.widgets.spark import area


@pytest.mark.parametrize(
    ("environment", "glyphs"),
    [
        ({"LANG": "de_DE.UTF-8"}, UNICODE),
        ({"LANG": "C"}, ASCII),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, ASCII),
        ({"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, ASCII),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, BLOCK),
        ({"LANG": "en_US.UTF-8", "TERM": "vt220"}, BLOCK),
        ({"LANG": "C", "TERM": "linux"}, ASCII),
        ({}, UNICODE),
    ],
    ids=str,
)
def test_glyphs_follow_the_locale_that_was_asked_for(
    environment: dict[str, str], glyphs: Glyphs
) -> None:
    assert choose_glyphs("", environment) is glyphs


def test_every_line_is_ascii_and_keeps_its_width() -> None:
    segments = [Segment("╭─ Jobs · ▲ ✓ ─╮"), Segment("plain"), Segment("日本 ⣿ é")]

    written = [each.text for each in filters_for(ASCII)[0].apply(segments, Color(0, 0, 0))]

    assert written == ["+- Jobs . ^ + -+", "plain", "???? ? ?"]


def test_a_wish_wins() -> None:
    for name, glyphs in GLYPHS.items():
        assert choose_glyphs(name, {"LANG": "C", "TERM": "linux"}) is glyphs


def test_blocks_are_in_code_page_437_and_letters_stay() -> None:
    own = "╭─╮ ✓✗× ‖ ◷↻ – … ● ⏎ ▁▃▅▇ ━┃╌"
    (only,) = filters_for(BLOCK)
    (written,) = only.apply([Segment(own + " é日本")], Color(0, 0, 0))

    assert written.text == "┌─┐ √xx ║ or - . • ◄ ▄▄██ ─│─ é日本"
    own_signs = {*"".join(BLOCKS.values()), *"".join(BLOCK.states.values()), *BLOCK.spark}
    control_glyphs = "•►▼◄↔▲"  # the font has them where the code page has control characters
    assert all(sign in control_glyphs or sign.encode("cp437") for sign in own_signs)


def test_nothing_is_rewritten_where_everything_shows() -> None:
    assert filters_for(UNICODE) == []


def test_every_set_has_every_state_in_one_cell() -> None:
    for glyphs in GLYPHS.values():
        assert glyphs.states.keys() == UNICODE.states.keys()
        signs = [*glyphs.states.values(), *glyphs.spark, glyphs.failed, glyphs.cursor, glyphs.up]
        assert {cell_len(sign) for sign in signs} == {1}


def test_a_chart_without_braille_has_halves() -> None:
    values = [0.0, 0.25, 0.5, 0.75, 1.0]

    assert area(values, 6, 2, BLOCK) == ["    ▄█", "  ▄███"]
    assert area(values, 6, 2, ASCII) == ["     #", "   ###"]
