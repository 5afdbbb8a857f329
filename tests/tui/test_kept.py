"""What is counted of an hour and a day, where the picture holds too few runs."""

from typing import Any

from msgspec.structs import replace
from textual.pilot import Pilot

from cronterm.clock import DAY, HOUR, MINUTE, SECOND
from cronterm.model.snapshot import RECENT_RUNS
from cronterm.tui.kept import Kept, reach_back
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.system import SystemView
from cronterm.tui.widgets.errors_panel import ErrorsPanel
from cronterm.tui.widgets.panels import SystemPanel
from tests.tui import figures
from tests.tui.scene import NOW, FakeControl, app, past, scene
from tests.tui.test_screens import on_dashboard, on_page, wait_for

BUSY = "mail-queue-flush"


def busy() -> FakeControl:
    """Return a control whose picture holds a quarter of an hour of a busy job that fails."""
    control = FakeControl(scene())
    control.scene.jobs[BUSY].recent = [
        replace(
            past(1, n, 100, is_failed=n % 6 == 0), ended_at=NOW - (RECENT_RUNS - n) * 15 * SECOND
        )
        for n in range(RECENT_RUNS)
    ]
    return control


def text_of(panel: ErrorsPanel | SystemPanel) -> str:
    """Return what a panel shows."""
    panel.now = NOW
    lines = panel.paint(80, 12)
    return "\n".join("".join(text for text, _ in line) for line in lines)


def test_the_picture_reaches_back_where_its_runs_are_few_or_old() -> None:
    view = scene().jobs[BUSY]
    assert reach_back([view], NOW - DAY)
    crowded = busy().scene.jobs[BUSY]
    assert not reach_back([view, crowded], NOW - HOUR)
    assert reach_back([crowded], NOW - 10 * MINUTE)


def test_an_answer_that_took_long_is_not_asked_for_again_soon() -> None:
    hour, day = figures.trends("1h", NOW, ""), figures.trends("24h", NOW, "")
    quick, slow = Kept(NOW, 0, hour, day, {}), Kept(NOW, SECOND, hour, day, {})
    assert quick.is_due(NOW + 5 * SECOND)
    assert not slow.is_due(NOW + 10 * SECOND)
    assert slow.is_due(NOW + 20 * SECOND)
    assert not quick.is_good(NOW + MINUTE)


async def test_errors_of_a_day_are_those_of_the_store_where_the_picture_has_too_few() -> None:
    async with app(busy()).run_test(size=(200, 60)) as pilot:
        await on_dashboard(pilot)
        panel = pilot.app.screen.query_one(ErrorsPanel)
        panel.update(NOW, None)
        await counted(pilot)
        panel.update(NOW, None)
        stored = figures.stats("24h", NOW).errors[BUSY].total
        assert stored > 10
        assert f"{BUSY}{stored:>4} ▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆" in text_of(panel)
        assert "≥" not in str(panel.border_subtitle)
        assert "≥" not in text_of(panel)
        panel.picture.kept = None
        assert panel.titles()[1].startswith("≥ ")


async def test_runs_of_an_hour_are_those_of_the_store_where_the_picture_has_too_few() -> None:
    async with app(busy()).run_test(size=(120, 40)) as pilot:
        screen = await on_page(pilot, "6", SystemView)
        panel = screen.query_one(SystemPanel)
        panel.update(NOW, None)
        await counted(pilot)
        assert f"runs {figures.trends('1h', NOW, '').total.runs:,}/h" in text_of(panel)
        panel.picture.kept = None
        assert "runs ≥ 105/h" in text_of(panel)


async def test_nobody_is_asked_where_the_picture_has_all() -> None:
    control = FakeControl(scene())
    async with app(control).run_test(size=(200, 60)) as pilot:
        await on_dashboard(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, Dashboard)
        screen.query_one(ErrorsPanel).update(NOW, None)
        await pilot.pause()
        assert screen.picture.kept is None
        assert "≥" not in str(screen.query_one(ErrorsPanel).border_subtitle)


async def counted(pilot: Pilot[Any]) -> None:
    """Wait until the store has answered."""
    screen = pilot.app.screen
    assert isinstance(screen, Dashboard | SystemView)
    await wait_for(pilot, lambda: screen.picture.kept is not None)
