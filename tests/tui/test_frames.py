"""What widgets want drawn is drawn, though only a part of their screen is to be drawn."""

import pytest
from textual._compositor import ChopsUpdate
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget

from tests.tui.scene import app
from tests.tui.test_screens import on_dashboard, wait_for

PART = Region(0, 1, 120, 2)


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        ("", "JobTable"),
        ("2", "LanesBox"),
        ("t", "Vertical"),
        ("question_mark", "Static"),
        ("colon", "CommandList"),
    ],
)
async def test_a_part_of_a_screen_is_drawn_beside_what_its_widgets_want_drawn(
    keys: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: set[int] = set()
    async with app().run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press(*keys.split())
        await wait_for(pilot, lambda: pilot.app.screen.query(name).first().region.height > 0)
        screen, display = pilot.app.screen, pilot.app._display

        def see(screen: Screen[object], update: object) -> None:
            if isinstance(update, ChopsUpdate):
                drawn.update(y for y, _, _ in update.spans)
            display(screen, update)  # type: ignore[arg-type]

        monkeypatch.setattr(pilot.app, "_display", see)
        widget = screen.query(name).first(Widget)
        line = widget.content_region.y + 2
        assert line not in range(PART.y, PART.bottom)
        widget.refresh(Region(0, 2, 1, 1))
        screen._dirty_widgets.add(widget)
        screen.refresh(PART)
        screen._on_timer_update()

    assert {*range(PART.y, PART.bottom), line} <= drawn


async def test_nothing_is_drawn_any_more_once_the_screens_are_closed() -> None:
    running = app()
    async with running.run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
    assert not running.screen_stack
    running._is_dirty = True
    running._draw()  # its timer may come once more while the app ends
