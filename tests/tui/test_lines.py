"""Lines: what is left of them when others are drawn in their place."""

import gc
from collections import Counter

from rich.segment import Segment
from textual.strip import Strip

from cronterm.tui.widgets.lines import Line, Lines
from tests.tui.scene import app
from tests.tui.test_views import on_runs


def test_a_line_is_cut_like_any_other() -> None:
    plain = Strip([Segment("one "), Segment("日本 two")])
    line = Line(plain, plain.cell_length)

    for cuts in ([12], [4, 12], [3, 6, 12], [12, 20], []):
        assert [part.text for part in line.divide(cuts)] == [
            part.text for part in plain.divide(cuts)
        ]


def test_a_line_that_stays_is_the_same_object() -> None:
    lines = Lines()
    strips = [Strip([Segment(text)]) for text in ("a", "b", "c")]
    first = lines.of(strips, 0, 3)
    second = lines.of([strips[1], Strip([Segment("d")])], 1, 3)

    assert second[0] is first[1]
    assert second[1] is not first[2]


async def test_scrolling_leaves_no_lines_that_have_to_be_looked_for() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        await on_runs(pilot)
        await pilot.press("down", "down")
        gc.collect()
        gc.disable()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            await pilot.press(*["down"] * 5)
            gc.collect()
            left = Counter(type(each) for each in gc.garbage)
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()

    assert left[Line] == 0
    assert left[Strip] < 5
