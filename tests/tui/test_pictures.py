"""Every screen and dialog at three sizes, as pictures of fixed data at a fixed time.

`pytest tests/tui/test_pictures.py --snapshot-update` draws them anew; look at those that changed.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cronterm.tui.app import CrontermApp
from tests.tui.gallery import WALKS, Walk
from tests.tui.scene import NOW, app
from tests.tui.test_screens import is_filled, wait_for

PICTURES = Path(__file__).parent / "pictures"
SIZES = [(80, 24), (120, 40), (200, 60)]
PATIENCE = 60  # looks, 50 ms apart


async def go(pilot: Pilot[Any], walk: Walk, name: str) -> None:
    """Do what leads to a stop."""
    running: CrontermApp = pilot.app  # type: ignore[assignment]
    running.clear_notifications()
    for action in walk.stops[name]:
        if isinstance(action, str):
            await pilot.press(action)
        else:
            action(running)
            await pilot.pause()


def draw(running: CrontermApp) -> str:
    """Return what is seen, without what only swells it."""
    svg = re.sub(r"terminal-\d+-", "", running.export_screenshot(simplify=True))
    svg = re.sub(r'<clipPath id="line-.*?</clipPath>\s*', "", svg, flags=re.DOTALL)
    return re.sub(r' clip-path="url\(#line-\d+\)"', "", svg).replace("&#160;", "\u00a0")


async def picture(pilot: Pilot[Any], expected: str | None) -> str:
    """Return what is seen once it is what is expected, or has long been the same."""
    drawn, still = "", 0
    for _ in range(PATIENCE):
        await pilot.pause(0.05)
        before, drawn = drawn, draw(pilot.app)  # type: ignore[arg-type]
        still = still + 1 if drawn == before else 0
        if drawn == expected or (expected is None and still > 10 and is_filled(pilot.app.screen)):
            break
    return drawn


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", WALKS)
async def test_what_is_seen_on_a_walk_looks_as_it_did(
    name: str, size: tuple[int, int], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    walk, is_new = WALKS[name], request.config.getoption("update_snapshots")
    changed = []
    async with app(walk.control(), **walk.words).run_test(size=size) as pilot:
        await wait_for(pilot, lambda: pilot.app.picture.is_live)  # type: ignore[attr-defined]
        pilot.app.screen.update(NOW)  # type: ignore[attr-defined]
        for stop in walk.stops:
            await go(pilot, walk, stop)
            file = PICTURES / f"{stop}_{size[0]}x{size[1]}.svg"
            expected = file.read_text() if file.exists() and not is_new else None
            drawn = await picture(pilot, expected)
            if is_new:
                file.write_text(drawn)
            elif drawn != expected:
                (tmp_path / file.name).write_text(drawn)
                changed.append(tmp_path / file.name)

    assert not changed, "not as before, see: " + " ".join(map(str, changed))


def test_every_picture_is_of_a_stop() -> None:
    names = {
        f"{stop}_{width}x{height}.svg"
        for walk in WALKS.values()
        for stop in walk.stops
        for width, height in SIZES
    }

    assert {file.name for file in PICTURES.iterdir()} == names
    assert len(names) == len(SIZES) * sum(len(walk.stops) for walk in WALKS.values())
