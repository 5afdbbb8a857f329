"""The Stats view: ten metrics, a range, a job, and what they lead to."""

import csv
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from cronterm.clock import DAY, HOUR, SECOND
from cronterm.model.query import AnyReply, Query, ReadStats, ReadTrends
from cronterm.model.rollup import Rollup
from cronterm.model.stats import Categories, FileEvents, JobFigures, Trends, make_stats
from cronterm.tui.courses import Figures, averages, cells, change, change_text, counted, ratios
from cronterm.tui.look import UNICODE
from cronterm.tui.picture import Picture
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.detail import Detail
from cronterm.tui.screens.dialogs import Ask
from cronterm.tui.screens.runs import RunsView
from cronterm.tui.screens.stats import RangeLine, StatsView
from cronterm.tui.stats_export import HEAD, as_csv
from cronterm.tui.widgets.bars import KeyBar
from cronterm.tui.widgets.charts import Drawing
from cronterm.tui.widgets.filter_line import FilterLine
from cronterm.tui.widgets.metric_lines import PAINTERS
from cronterm.tui.widgets.metrics import Metric
from tests.tui import figures
from tests.tui.scene import NOW, FakeControl, app
from tests.tui.test_screens import on_page, wait_for


class Asked(FakeControl):
    """Remembers the ranges and jobs that it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.trends: list[tuple[str, str]] = []

    async def query(self, query: Query) -> AnyReply:
        """Remember, and answer."""
        if isinstance(query, ReadTrends):
            self.trends.append((query.range, query.job))
        return await super().query(query)


async def on_stats(pilot: Pilot[Any]) -> StatsView:
    """Open the figures and wait for them."""
    screen = await on_page(pilot, "3", StatsView)
    await wait_for(pilot, lambda: screen.figures.is_read)
    return screen


def shown(screen: StatsView, number: int) -> str:
    """Return the text of a panel."""
    panel = screen.query_one(f"#metric-{number}", Metric)
    lines = panel.paint(80, 12)
    return "\n".join("".join(text for text, _ in line) for line in lines)


async def test_ten_metrics_are_numbered_and_each_shows_something() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        screen = await on_stats(pilot)
        titles = [panel.titles()[0] for panel in screen.query(Metric)]

        assert [title.split()[0] for title in titles] == [f"{n}." for n in range(1, 11)]
        for number, word in enumerate(
            (
                *("mail-queue-flush", "timed out", "p95", "CPU", "busiest"),
                *("exit code", "by events", "modified", "recovered", "median"),
            ),
            1,
        ):
            assert word in shown(screen, number), number


async def test_range_and_job_are_asked_for() -> None:
    control = Asked()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_stats(pilot)
        await pilot.press("l", "j")
        await wait_for(pilot, lambda: control.trends[-1] == ("7d", "mail-queue-flush"))
        await wait_for(pilot, lambda: screen.figures.trends.step == HOUR)
        assert screen.query_one("#metric-10", Metric).titles()[0].endswith("mail-queue-flush")
        await pilot.press("h", "h", "h", "k")
        await wait_for(pilot, lambda: control.trends[-1] == ("1h", ""))
        await pilot.press("k")  # round and round: before all of them comes the last one
        await wait_for(pilot, lambda: control.trends[-1][1] == screen.figures.jobs()[-1])
        await pilot.press("j")
        await wait_for(pilot, lambda: control.trends[-1] == ("1h", ""))


async def test_figures_lead_to_a_job_and_to_its_runs() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        await on_stats(pilot)
        await pilot.press("enter", "enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Detail))
        await pilot.press("3")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, StatsView))
        screen = pilot.app.screen
        assert isinstance(screen, StatsView)
        await wait_for(pilot, lambda: screen.figures.is_read)
        await pilot.press("m", "j")
        await wait_for(pilot, lambda: bool(screen.figures.total.failures))
        await pilot.press("o")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, RunsView))
        runs = pilot.app.screen
        assert isinstance(runs, RunsView)
        await wait_for(
            pilot, lambda: "mail-queue-flush is:failed last:24h" in str(runs.runs.border_title)
        )


async def test_the_jobs_to_choose_from_are_filtered() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await on_stats(pilot)
        line, chosen = screen.query_one(FilterLine), screen.figures
        await pilot.press("slash", *"back", "enter")
        await wait_for(pilot, lambda: chosen.job == "db-backup-nightly")
        assert not line.is_open
        (line_of,) = screen.query_one(RangeLine).paint(80, 1)
        assert "Job db-backup-nightly /back " in "".join(text for text, _ in line_of)
        await pilot.press("down")
        assert chosen.job == ""
        await pilot.press("down", "down", "down")
        assert chosen.job == "db-backup-nightly"
        await pilot.press("escape")
        assert (chosen.job, chosen.words) == ("", "")
        assert pilot.app.screen is screen
        await pilot.press("slash", *"wal")
        await wait_for(pilot, lambda: chosen.job == "wal-archive")
        await pilot.press("escape")
        assert (chosen.job, chosen.words, line.is_open) == ("", "", False)


async def test_the_footer_of_narrow_figures_says_what_moves_where() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await on_stats(pilot)
        words = "".join(text for text, _ in screen.query_one(KeyBar).paint(80, 1)[0])
    for each in ("↓ next job", "/ filter", "m metric", "⏎ open job"):
        assert each in words


async def test_one_metric_is_shown_in_full_and_back_leads_out() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        screen = await on_stats(pilot)
        await pilot.press("M", "z")
        await pilot.pause()
        assert [panel.number for panel in screen.query(Metric) if panel.display] == [10]
        await pilot.press("j", "escape")
        await pilot.pause()
        assert len([panel for panel in screen.query(Metric) if panel.display]) == 10
        assert screen.figures.job
        await pilot.press("escape")
        assert not screen.figures.job
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Dashboard))


async def test_a_narrow_terminal_shows_one_at_a_time_and_the_mouse_chooses() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await on_stats(pilot)
        await pilot.click("#metric-names", offset=(4, 6))
        await pilot.pause()

        assert [panel.number for panel in screen.query(Metric) if panel.display] == [6]


async def test_comparing_is_on_until_it_is_put_off() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        screen = await on_stats(pilot)
        panel = screen.query_one("#metric-1", Metric)
        assert "▲" in panel.titles()[1]
        others = [screen.query_one(f"#metric-{number}", Metric) for number in (5, 10)]
        for each in others:
            assert any(sign in each.titles()[1] for sign in "▲▼=")
        line = screen.query_one("#range", RangeLine)
        await pilot.press("c")
        assert panel.titles()[1] == "1,612 runs"
        assert [each.titles()[1][-2:] for each in others] == ["/h", "2s"]
        await pilot.press("c")
        screen.figures.trends = msgspec.structs.replace(screen.figures.trends, before=None)
        assert "compared with the 24h before: nothing ran then" in "".join(
            text for text, _ in line.paint(120, 1)[0]
        )


async def test_where_there_is_little_room_comparing_is_seen_as_well() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await on_stats(pilot)
        panel = screen.query_one("#metric-1", Metric)
        await wait_for(pilot, lambda: "1,612 runs ▲" in str(panel.border_title))
        line = screen.query_one("#range", RangeLine)
        assert "compared: on" in "".join(text for text, _ in line.paint(80, 1)[0])
        await pilot.press("c")
        assert str(panel.border_title) == "1. Runs per job · 1,612 runs"
        assert "compared: off" in "".join(text for text, _ in line.paint(80, 1)[0])


async def test_the_view_is_read_again_after_a_run_but_not_at_once() -> None:
    control = Asked()
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_stats(pilot)
        many = len(control.trends)
        screen.look_again()
        screen.update(NOW)
        await pilot.pause()
        assert len(control.trends) == many
        screen.update(NOW + HOUR)
        await wait_for(pilot, lambda: len(control.trends) == many + 1)


@pytest.mark.parametrize(("key", "kind"), [("c", "csv"), ("j", "json")])
async def test_figures_are_exported(
    key: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"cronterm-stats-24h.{kind}").write_text("kept")
    async with app().run_test(size=(120, 40)) as pilot:
        await on_stats(pilot)
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press(key)
        path = tmp_path / f"cronterm-stats-24h-2.{kind}"
        await wait_for(pilot, lambda: path.exists() and bool(path.read_text()))

    assert (tmp_path / f"cronterm-stats-24h.{kind}").read_text() == "kept"
    if kind == "json":
        assert len(json.loads(path.read_text())) == 10
    else:
        rows = list(csv.reader(path.read_text().splitlines()))
        assert tuple(rows[0]) == HEAD
        assert {len(row) for row in rows} == {len(HEAD)}
        assert len(rows) == 1 + len(figures.JOBS)


class Empty(FakeControl):
    """Nothing has ever run."""

    async def query(self, query: Query) -> AnyReply:
        """Answer with nothing."""
        if isinstance(query, ReadTrends):
            return Trends(since=NOW, until=NOW, step=HOUR, total=Rollup())
        if isinstance(query, ReadStats):
            return Figures().stats
        return await super().query(query)


async def test_nothing_has_run() -> None:
    async with app(Empty()).run_test(size=(120, 40)) as pilot:
        screen = await on_stats(pilot)
        assert "nothing has run" in shown(screen, 1)
        assert "no trigger saw" in shown(screen, 8)
        await pilot.press("enter", "o")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, RunsView))


def test_cells_hold_every_step_and_fill_the_width() -> None:
    trends = figures.trends("7d", NOW, "")
    for width in (5, 40, 168, 300):
        made = cells(trends, width)
        assert len(made) <= width
        assert sum(rollup.runs for cell in made for rollup in cell) == trends.total.runs
        for of in (averages, ratios):
            assert len(of(trends, width)) == width
        assert len(counted(trends, width, lambda each: each.runs)) == width


def test_a_part_of_a_range_is_compared_by_its_time() -> None:
    def changed(runs: int, before: int, passed: int) -> float | None:
        trends = Trends(
            since=0,
            until=passed,
            step=HOUR,
            total=Rollup(scheduled=runs),
            before=Rollup(scheduled=before),
            before_length=DAY,
        )
        return change(Figures(trends=trends), lambda each: each.runs)

    assert changed(12, 24, DAY // 2) == 0
    assert changed(48, 24, DAY) == 1
    assert changed(48, 0, DAY) is None


@pytest.mark.parametrize(
    ("part", "text"),
    [(None, ""), (0.0, " = as before"), (0.12, " ▲ 12%"), (-0.5, " ▼ 50%"), (19.0, " ▲ ×20")],
)
def test_a_change_is_said_in_short(part: float | None, text: str) -> None:
    assert change_text(part, UNICODE) == text


@pytest.mark.parametrize("is_compared", [True, False])
def test_each_job_tells_by_how_much_it_takes_longer(is_compared: bool) -> None:
    total = Rollup(
        timed=2, scheduled=2, duration_sum=24 * SECOND, duration_min=0, duration_max=SECOND
    )
    jobs = tuple(
        JobFigures(job=job, total=total, average_before=before)
        for job, before in (("slower", 10 * SECOND), ("faster", 16 * SECOND), ("new", None))
    )
    made = make_stats(jobs, Categories(6, 0, 0), FileEvents())
    given = Figures(
        range="7d",
        is_compared=is_compared,
        stats=made,
        trends=Trends(since=0, until=DAY, step=HOUR, total=total),
    )
    on = Drawing(Picture(), given, UNICODE, NOW)
    lines = ["".join(text for text, _ in line).split() for line in PAINTERS[3](on, 80, 5)]

    if is_compared:
        assert lines[0][:3] == ["job", "avg", "change"]
        told = {line[0]: line[1:4] for line in lines[1:]}
        assert told["slower"] == ["12.0s", "▲", "20%"]
        assert told["faster"] == ["12.0s", "▼", "25%"]
        assert told["new"][:2] == ["12.0s", "·"]
    else:
        assert "change" not in lines[0]
    text = "".join(text for line in PAINTERS[10](on, 120, 8) for text, _ in line)
    assert "mean 12.0s" in text
    assert "trend" not in text  # of all jobs together it means nothing


def test_a_name_that_a_spreadsheet_would_compute_is_text() -> None:
    odd = JobFigures(job="=cmd", total=Rollup(scheduled=1))
    made = make_stats((odd,), Categories(1, 0, 0), FileEvents())

    assert as_csv(made).splitlines()[1].startswith("'=cmd,")
