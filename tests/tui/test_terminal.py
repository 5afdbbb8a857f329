"""What a terminal sends, as keys."""

import pytest
from textual import events

from cronterm.tui.terminal import KeyParser, TerminalDriver
from tests.tui.scene import app


def keys(*sent: str) -> list[str]:
    """Return the keys that a terminal has sent, in so many pieces."""
    parser = KeyParser()
    found = [event for piece in sent for event in parser.feed(piece)]
    found += parser.feed("")  # nothing more comes
    return [event.key for event in found if isinstance(event, events.Key)]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("\x1bt", ["escape", "t"]),
        ("\x1bG", ["escape", "G"]),
        ("\x1b1", ["escape", "1"]),
        ("\x1b/", ["escape", "slash"]),
        ("\x1b\r", ["escape", "enter"]),
        ("\x1b ", ["escape", "space"]),
        ("\x1b\x1bjk", ["escape", "escape", "j", "k"]),
        ("\x1b\x1b[A", ["escape", "up"]),
        ("\x1bqe", ["escape", "q", "e"]),
        ("\x1b[k", ["escape", "left_square_bracket", "k"]),
        ("\x1bO", ["escape", "O"]),
    ],
)
def test_a_key_right_behind_escape_is_a_key_of_its_own(sent: str, read: list[str]) -> None:
    assert keys(sent) == read
    assert keys(*sent) == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("\x1b[A", ["up"]),
        ("\x1bOP", ["f1"]),
        ("\x1b[1;5D", ["ctrl+left"]),
        ("\x1b[3~x", ["delete", "x"]),
        ("\x1b\x7f", ["ctrl+w"]),
        ("\x1b\t", ["shift+tab"]),
    ],
)
def test_what_one_key_sends_stays_one_key(sent: str, read: list[str]) -> None:
    assert keys(sent) == read
    assert keys(*sent) == read


def test_the_screen_reads_a_terminal_that_way() -> None:
    assert app().get_driver_class() is TerminalDriver
