"""The help: what counts here first, then every key."""

from cronterm.tui.keymap import KEYS, MOVES, find_key
from cronterm.tui.look import UNICODE
from cronterm.tui.screens.help import HelpScreen


def test_the_keys_of_the_page_come_first() -> None:
    help_screen = HelpScreen("cronterm", UNICODE, KEYS, MOVES, "alerts")
    here = [key.id for key in help_screen._here]
    assert here[:2] == ["open", "acknowledge"]
    assert "view_jobs" not in here
    assert {key.id for found in help_screen._found.values() for key in found} >= {*here}
    assert HelpScreen("cronterm", UNICODE, KEYS, MOVES)._here == []


def test_a_key_of_one_question_says_of_which() -> None:
    rows = [
        HelpScreen("cronterm", UNICODE, KEYS, MOVES)._row(find_key(KEYS, id))
        for id in ("kill_now", "yes")
    ]
    assert rows == [("k", "stop: kill now"), ("y", "yes")]
