"""The system view: each box says what is so, also when something is wrong."""

from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from cronterm.clock import HOUR, MINUTE, SECOND
from cronterm.control import Gone
from cronterm.model.command import ReloadConfig
from cronterm.model.gates import Hold
from cronterm.model.job import Settings
from cronterm.model.notice import Notice, NotifierView
from cronterm.model.problem import Problem
from cronterm.model.query import Query, ReadSystem
from cronterm.model.run import Cause
from cronterm.model.snapshot import LiveRun, Pause
from cronterm.model.system import StoreView, System
from cronterm.model.trigger import OnFile, OnMetric, OnWebhook
from cronterm.tui.questions import quit_lines
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.dialogs import Ask
from cronterm.tui.screens.system import SystemView
from cronterm.tui.widgets.bars import TopBar
from cronterm.tui.widgets.panels import SystemPanel
from cronterm.tui.widgets.system_boxes import (
    EngineBox,
    QueueBox,
    StoreBox,
    SystemBox,
    VersionsBox,
    WatchBox,
    wrap_groups,
)
from cronterm.tui.words import size
from tests.tui.scene import NOW, FakeControl, app, job, scene, system
from tests.tui.test_screens import on_page, wait_for


def line_of(bar: TopBar) -> str:
    """Return what the top bar shows."""
    return "".join(text for text, _ in bar.paint(120, 1)[0])


async def on_system(pilot: Pilot[Any]) -> SystemView:
    """Open the view and wait for what it asks."""
    screen = await on_page(pilot, "6", SystemView)
    await wait_for(pilot, lambda: screen.system is not None)
    return screen


def told(screen: SystemView, kind: type[SystemBox]) -> dict[str, str]:
    """Return the facts of a box, the last of each name."""
    box = screen.query_one(kind)
    box.now = NOW
    return {name: text for name, text, _ in box.facts()}


async def test_what_waits_says_why() -> None:
    control = FakeControl(scene())
    snapshot = control.scene
    hold = Hold("pool", "pool db is full (2 of 2)")
    live = next(iter(snapshot.jobs["search-reindex"].live.values()))
    for run, name, at in ((950, "wal-archive", HOUR), (951, "log-rotate", MINUTE)):
        snapshot.jobs[name].live[run] = LiveRun(
            run=run,
            job=name,
            cause=live.cause,
            state="queued",
            queued_at=NOW - at,
            ready_at=NOW - at,
            hold=hold if run == 950 else None,
        )
    snapshot.all_paused = Pause("ann", NOW, reason="power")
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_system(pilot)
        assert told(screen, QueueBox) == {
            "paused": "everything, by ann: power",
            "1h": "· wal-archive  pool db is full (2 of 2)  run 950",
            "1m": "· log-rotate  all places of the engine are taken (max_running)  run 951",
            "40s": "↻ flaky-upload  try 2 of 3 in 20s  run 902",
        }
        assert screen.query_one(QueueBox).titles() == ("Queue 3", "1 of 256 places taken")


async def test_what_goes_on_of_a_job_that_left_the_file_is_counted_and_named() -> None:
    control = FakeControl(scene())
    snapshot = control.scene
    for name in ("search-reindex", "flaky-upload"):
        snapshot.jobs[name].live.clear()
    async with app(control).run_test(size=(120, 40)) as pilot:
        bar = pilot.app.screen.query_one(TopBar)
        assert "►" not in line_of(bar)
    snapshot.removed["cleanup"] = {
        138: LiveRun(
            run=138,
            job="cleanup",
            cause=Cause("manual"),
            state="running",
            queued_at=NOW - MINUTE,
            ready_at=NOW - MINUTE,
            started_at=NOW - 46 * SECOND,
        )
    }
    async with app(control).run_test(size=(120, 40)) as pilot:
        bar = pilot.app.screen.query_one(TopBar)
        assert " 12 jobs " in line_of(bar)
        assert " ► 1 " in line_of(bar)
        panel = pilot.app.screen.query_one(SystemPanel)
        assert " open 1/256 " in "".join(text for text, _ in panel.paint(40, 4)[-1])
        screen = await on_system(pilot)
        assert told(screen, QueueBox) == {
            "": "nothing waits",
            "46s": "► cleanup  removed from the file, still running  run 138",
        }
        assert screen.query_one(QueueBox).titles() == ("Queue 0", "1 of 256 places taken")
    assert quit_lines(snapshot, "cronterm")[0] == "1 run is open."


async def test_a_notifier_that_fails_is_said_before_those_that_do_well() -> None:
    control = FakeControl(scene())
    snapshot = control.scene
    snapshot.settings = Settings(notifiers={"mail": "email", "chat": "webhook", "bell": "terminal"})
    snapshot.notifiers["mail"] = NotifierView(sent=3, last_sent_at=NOW - HOUR)
    snapshot.notifiers["chat"] = NotifierView(
        error="500 from chat", failing_since=NOW - 5 * MINUTE, given_up=2
    )
    snapshot.notices[1] = Notice(
        id=1,
        notifier="chat",
        event="failure",
        job="invoice-export",
        message="exit 1",
        happened_at=NOW,
        ready_at=NOW,
    )
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_system(pilot)
        box = screen.query_one(QueueBox)
        box.now = NOW
        assert [fact for fact in box.facts() if fact[0] == "notify"] == [
            (
                "notify",
                "chat  fails for 5m: 500 from chat; nothing sent yet, 1 wait, 2 given up",
                "fail",
            ),
            ("notify", "mail  3 sent, last 1h ago", "text"),
            ("notify", "bell  nothing sent yet", "text"),
        ]


async def test_watchers_say_how_they_look_and_which_are_held() -> None:
    control = FakeControl(scene())
    triggers = (
        OnFile(path="/srv/in", patterns=("*.csv",)),
        OnMetric(measure="load", above=4),
        OnWebhook(path="deploy"),
    )
    jobs = control.scene.jobs
    jobs["new-job"].job = job("new-job", "@manual", triggers=triggers)
    jobs["new-job"].suspended = {"webhook deploy": NOW - 5 * MINUTE}
    jobs["retired"].job = job("retired", "@hourly", enabled=False, triggers=triggers[:1])
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_system(pilot)
        assert told(screen, WatchBox) == {
            "jobs file": "jobs.yaml  by inotify, else every 2s",
            "held": "webhook deploy  new-job  suspended 5m ago, p resumes",
            "every 10s": "metric load above 4  new-job",
            "off": "file /srv/in *.csv  retired",
            "inotify": "file /srv/in *.csv  new-job",
        }
        assert screen.query_one(WatchBox).titles()[0] == "Watchers 3"


async def test_engine_and_runners_say_what_they_take() -> None:
    control = FakeControl(scene())
    control.scene.engine.listeners = ("https://[::]:8080",)
    control.scene.engine.listeners_trouble = "port 80 is taken"
    control.scene.problems = (Problem(file="jobs.yaml", line=1, column=1, message="no"),)
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_system(pilot)
        facts = told(screen, EngineBox)
        assert facts["engine"] == "pid 812  0.1.0  up 1d  41.2 MiB  cpu 1m12s"
        assert facts["runner"] == "pid 813  0.1.0  2 processes  up 1d  13.3 MiB  cpu 9.0s"
        assert facts["state"] == "running since yesterday 14:32:07"
        assert facts["API"] == "port 80 is taken"
        assert facts["file"].endswith("1 problems, see o")
        roles = [role for name, _, role in screen.query_one(EngineBox).facts() if name == "runner"]
        assert roles == ["warn", "text"]
        await pilot.press("o")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("n", "R")
        await wait_for(pilot, lambda: bool(control.sent))
    assert isinstance(control.sent[0], ReloadConfig)


async def test_a_gone_engine_is_said_in_its_box() -> None:
    control = FakeControl()
    async with app(control, has_started=False).run_test(size=(120, 40)) as pilot:
        screen = await on_system(pilot)
        await control.more.put(Gone(since=NOW, why="killed"))
        await wait_for(pilot, lambda: told(screen, EngineBox)["state"].startswith("gone"))
        screen.system = System(store=StoreView(path="/x"), versions={})
        screen._draw(NOW)
        assert told(screen, EngineBox)["runner"] == "none: the next start brings one"
        assert told(screen, EngineBox)["state"].endswith("since today 14:32:07")
        screen.system = system()  # of another engine, which answers already
        screen._draw(NOW)
        assert told(screen, EngineBox)["engine"] == "pid 812  0.1.0  does not answer"


async def test_a_screen_of_another_version_says_so() -> None:
    control = FakeControl(scene())
    control.scene.engine.version = "9.9.9"
    async with app(control).run_test(size=(120, 40)) as pilot:
        screen = await on_system(pilot)
        assert "not the engine's" in told(screen, VersionsBox)["screen"]
        assert told(screen, StoreBox)["runs"] == "412,893 kept of 1,204,511  14 jobs"


async def test_what_does_not_fit_is_wrapped_counted_and_scrolled_to() -> None:
    control = FakeControl(scene())
    path = f"/srv/{'very-long-name/' * 8}cronterm.db"
    store = replace(system(), store=replace(system().store, path=path))
    async with app(control).run_test(size=(80, 24)) as pilot:
        screen = await on_system(pilot)
        screen.system = store
        screen.update(NOW + SECOND)
        box = screen.query_one(StoreBox)
        width, height = box.size
        lines = [[text for text, _ in line] for line in box.lines(width)]
        assert all(sum(map(len, line)) <= width for line in lines)
        at = next(place for place, line in enumerate(lines) if line[0].strip() == "path")
        assert "".join(line[1] for line in lines[at:]) == path
        below = len(lines) - height
        assert str(box.border_title) == f"Store · ↓{below}"
        await pilot.press("tab", "tab", "tab", "G")
        assert screen.focused is box
        assert box.paint(width, height) == box.lines(width)[-height:]
        assert str(box.border_title) == f"Store · ↑{below}"
        await pilot.resize_terminal(30, 8)
        await pilot.resize_terminal(200, 60)
        await pilot.press("q")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, Dashboard))


async def test_it_asks_again_while_it_is_open() -> None:
    asked: list[Query] = []

    class Counting(FakeControl):
        async def query(self, query: Query) -> Any:
            if isinstance(query, ReadSystem):
                asked.append(query)
            return await super().query(query)

    async with app(Counting()).run_test(size=(120, 40)) as pilot:
        screen = await on_system(pilot)
        screen.update(NOW + 2 * SECOND)
        screen.update(NOW + 6 * SECOND)
        await wait_for(pilot, lambda: len(asked) == 2)
        assert screen.system == system()


@pytest.mark.parametrize(
    ("count", "text"),
    [(12, "12 B"), (1536, "1.5 KiB"), (3 << 30, "3.0 GiB"), (5 << 40, "5.0 TiB")],
)
def test_sizes_are_short(count: int, text: str) -> None:
    assert size(count) == text


def test_a_line_of_several_figures_breaks_between_them() -> None:
    text = "155 kept of 155  9 jobs"
    assert wrap_groups(text, 30) == [text]
    assert wrap_groups(text, 20) == ["155 kept of 155", "9 jobs"]
    assert wrap_groups(text, 12) == ["155 kept of", "155  9 jobs"]
    assert wrap_groups("", 12) == []
