"""A filter that says nothing, or something else than was meant, is said to."""

import pytest

from cronterm.tui.alert_list import TERMS as ALERT_TERMS
from cronterm.tui.filter import FIELDS, TERMS
from cronterm.tui.filter_doubt import doubt_about
from cronterm.tui.lane_filter import LANE_TERMS
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.timeline import TimelineView
from cronterm.tui.widgets.bars import KeyBar
from cronterm.tui.widgets.filter_line import FilterLine
from tests.tui.scene import app
from tests.tui.test_screens import on_dashboard, on_page, wait_for


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("took:>abc", "took: 'abc' is not a duration"),
        ("backup is:foo", "is: 'foo' is not a state; known: failing, ok, succeeded"),
        ("is:fialed", "is: 'fialed' is not a state; did you mean failed?"),
        ("!last:soon", "last: 'soon' is not a duration"),
        ("/[a/", "/[a/: not a pattern, unterminated character set"),
        ("exit:xyz", "exit:xyz is looked for as text; known: is: last: next: took: group: owner:"),
    ],
)
def test_what_is_wrong_with_a_filter_is_said(words: str, said: str) -> None:
    doubt = doubt_about(words, TERMS)
    assert doubt is not None
    assert doubt.text.startswith(said)
    assert doubt.is_wrong == ("as text" not in said)


@pytest.mark.parametrize(
    "words",
    ["", "back !up #db", "is:", "is:fail", "is:ok", "!is:paused", "took:>", "last:<1h", "/^a.*b$/"],
)
def test_nothing_is_wrong_with_what_is_right_or_half_typed(words: str) -> None:
    assert doubt_about(words, TERMS) is None


def test_every_word_of_a_filter_is_judged() -> None:
    assert TERMS.keys() == FIELDS.keys()
    assert doubt_about("had:missed last:<1h", LANE_TERMS) is None
    assert doubt_about("had:foo", LANE_TERMS) is not None
    assert doubt_about("12:30 #a:b", TERMS) is None
    assert doubt_about("is:acknowledged is:missed is:failed last:<6h", ALERT_TERMS) is None
    assert doubt_about("is:acked", ALERT_TERMS) is not None


@pytest.mark.parametrize("number", ["1", "2", "4", "5"])
async def test_a_wrong_filter_is_said_while_it_is_typed_and_not_kept(number: str) -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        await pilot.press(number)
        await wait_for(pilot, lambda: bool(pilot.app.screen.query(FilterLine)))
        screen = pilot.app.screen
        bar, line = screen.query_one(KeyBar), screen.query_one(FilterLine)
        await pilot.press("slash", *"last:soon")
        await wait_for(pilot, lambda: "'soon' is not a duration" in bar.doubt)
        painted = "".join(text for text, _ in bar.paint(80, 1)[0])
        assert painted.startswith(" ! last:")
        assert painted.endswith("esc clear")
        await pilot.press("enter")
        assert line.is_open
        await pilot.press("escape")
        await wait_for(pilot, lambda: not line.is_open)
        assert bar.doubt == ""


async def test_the_hints_of_filters_have_one_form() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        hints = [pilot.app.screen.query_one(FilterLine).placeholder]
        for number in "245":
            await pilot.press(number)
            await wait_for(pilot, lambda: not isinstance(pilot.app.screen, Dashboard))
            hints.append(pilot.app.screen.query_one(FilterLine).placeholder)
            await pilot.press("1")
            await wait_for(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
    for hint in hints:
        assert hint.startswith("job  ")
        assert "is:" in hint
        assert "last:<" in hint
        assert len(hint) <= 76


async def test_a_word_that_is_looked_for_as_text_is_kept() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await on_page(pilot, "2", TimelineView)
        line = screen.query_one(FilterLine)
        await pilot.press("slash", *"foo:bar")
        await wait_for(pilot, lambda: "as text" in screen.query_one(KeyBar).doubt)
        await pilot.press("enter")
        await wait_for(pilot, lambda: not line.is_open)
        assert screen.lanes.words == "foo:bar"
