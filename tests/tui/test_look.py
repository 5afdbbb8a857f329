"""Characters: what a terminal is sent when it shows ASCII only."""

import pytest
from rich.segment import Segment
from textual.color import Color

from cronterm.tui.look import ASCII, UNICODE, AsciiFilter, Glyphs, choose_glyphs


@pytest.mark.parametrize(
    ("environment", "glyphs"),
    [
        ({"LANG": "de_DE.UTF-8"}, UNICODE),
        ({"LANG": "C"}, ASCII),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, ASCII),
        ({"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, ASCII),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, ASCII),
        ({}, UNICODE),
    ],
    ids=str,
)
def test_glyphs_follow_the_locale_that_was_asked_for(
    environment: dict[str, str], glyphs: Glyphs
) -> None:
    assert choose_glyphs(environment) is glyphs


def test_every_line_is_ascii_and_keeps_its_width() -> None:
    segments = [Segment("╭─ Jobs · ▲ ✓ ─╮"), Segment("plain"), Segment("日本 ⣿ é")]

    written = [each.text for each in AsciiFilter().apply(segments, Color(0, 0, 0))]

    assert written == ["+- Jobs . ^ + -+", "plain", "???? ? ?"]
