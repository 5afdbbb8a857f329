"""Walks through every screen and dialog: what is pressed, and what each stop is called."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from cronterm.clock import DAY
from cronterm.control import Gone, Message
from cronterm.model.alert import Alert
from cronterm.model.command import Answer
from cronterm.model.identity import Param
from cronterm.model.job import Job, Shell
from cronterm.model.problem import Problem
from cronterm.model.query import (
    Alerts,
    AnyReply,
    ListAlerts,
    ListMissed,
    ListRuns,
    Missed,
    Query,
    ReadRun,
    ReadStats,
    ReadTrends,
    RunDetail,
    Runs,
)
from cronterm.model.rollup import Rollup
from cronterm.model.snapshot import JobView, Snapshot
from cronterm.model.stats import Categories, FileEvents, Trends, make_stats
from cronterm.tui.app import CrontermApp
from cronterm.tui.look import ASCII
from cronterm.tui.personal import Person
from cronterm.tui.questions import ask_edit_again
from cronterm.tui.screens.page import repaint_all
from cronterm.tui.widgets.table import JobTable
from tests.tui.scene import NOW, FakeControl, broken, job, missed, row, scene

Action = str | Callable[[CrontermApp], object]
"""A key, or what no key leads to."""

PARAMS = {
    "target": Param(choices=("staging", "prod"), description="where to"),
    "dry_run": Param("bool", "true", (), "only say what would be done"),
    "tries": Param("int", "3"),
    "note": Param(description="goes into the change log"),
}


@dataclass(frozen=True)
class Walk:
    """An app and where a person goes in it, in order: what is done there, by its name."""

    stops: dict[str, tuple[Action, ...]]
    control: Callable[[], FakeControl] = FakeControl
    words: dict[str, Any] = field(default_factory=dict)
    """Of `scene.app`."""


class Past(FakeControl):
    """Its runs had this definition; those that never started had none."""

    definition: Job | None = msgspec.structs.replace(
        job("invoice-export", "@manual"),
        action=Shell("./export.sh --since 1h\n./report.sh"),
        env={"STAGE": "prod", "NOTE": "of today"},
        params={"limit": Param("int", "100", (), "how many at most")},
    )

    async def query(self, query: Query) -> AnyReply:
        """Answer about runs from the definition."""
        if isinstance(query, ReadRun):
            shown = msgspec.structs.replace(row(12), run=query.run, params={"limit": "7"})
            text = msgspec.json.encode(self.definition).decode() if self.definition else ""
            return RunDetail(shown, (), text)
        return await super().query(query)


class Quiet(FakeControl):
    """An engine under which nothing has happened yet, of one job or of none."""

    def __init__(self, *jobs: str) -> None:
        views = {name: JobView(job=job(name, "@daily")) for name in jobs}
        super().__init__(Snapshot(n=1, jobs=views, engine=scene().engine))

    async def events(
        self, *, after: int | None = None, output: bool = True
    ) -> AsyncIterator[Message]:
        """Yield the jobs and no life."""
        yield self.scene
        while True:
            yield await self.more.get()

    async def query(self, query: Query) -> AnyReply:
        """Answer that there is nothing."""
        match query:
            case ListRuns():
                return Runs(())
            case ListMissed():
                return Missed(())
            case ListAlerts():
                return Alerts(())
            case ReadStats():
                return make_stats((), Categories(0, 0, 0), FileEvents())
            case ReadTrends():
                return Trends(since=NOW, until=NOW, step=DAY, total=Rollup())
        return await super().query(query)


def with_inbox() -> FakeControl:
    """Return an engine that missed something."""
    control = FakeControl()
    control.missed = missed()
    return control


def with_params(params: dict[str, Param]) -> FakeControl:
    """Return the scene whose job that never ran has params."""
    snapshot = scene()
    view = snapshot.jobs["new-job"]
    view.job = msgspec.structs.replace(view.job, params=params)
    return FakeControl(snapshot)


def after_a_downtime() -> FakeControl:
    """Return the scene with one alert: what a downtime left."""
    control = FakeControl()
    text = "14 instants passed while no engine ran, the last of wal-archive, log-rotate"
    down = Alert(id=1, kind="downtime", message=text, count=14, opened_at=NOW, last_at=NOW)
    control.scene = msgspec.structs.replace(control.scene, alerts={1: down}, mutes={})
    return control


def in_trouble() -> FakeControl:
    """Return an engine whose file is rejected and whose history cannot be written."""
    snapshot = broken()
    snapshot.problems += (
        Problem(
            file="/srv/ops/conf.d/finance.yaml",
            line=7,
            column=3,
            path="jobs.invoice-export.retires",
            message="unknown word 'retires'",
            hint="did you mean 'retry'?",
        ),
    )
    snapshot.engine = msgspec.structs.replace(
        snapshot.engine,
        state="store_failing",
        trouble="the store cannot commit: database or disk is full; nothing new is started",
        listeners_trouble="the API is not served on 127.0.0.1:8470: address already in use",
    )
    return FakeControl(snapshot)


def grouped() -> FakeControl:
    """Return the scene with its jobs in groups."""
    snapshot = scene()
    billing, storage = "invoice-export report-weekly", "db-backup-nightly wal-archive s3-sync-eu"
    for group, names in (("billing", billing), ("storage", storage)):
        for name in names.split():
            view = snapshot.jobs[name]
            view.job = msgspec.structs.replace(view.job, group=group)
    return FakeControl(snapshot)


def of_two_machines() -> FakeControl:
    """Return the scene of two machines in one table."""
    snapshot = scene()
    snapshot.hosts = ("db-01", "web-02")
    jobs = {}
    for number, (name, view) in enumerate(snapshot.jobs.items()):
        there = f"{snapshot.hosts[number % 2]}:{name}"
        jobs[there] = msgspec.structs.replace(view, job=msgspec.structs.replace(view.job, id=there))
    snapshot.jobs, snapshot.alerts = jobs, {}
    return FakeControl(snapshot)


def guided() -> FakeControl:
    """Return the scene as what `jobs.example.yaml` shows."""
    snapshot = scene()
    snapshot.engine.jobs_file = "/srv/ops/jobs.example.yaml"
    return FakeControl(snapshot)


def to(name: str) -> Action:
    """Return what moves the cursor to a job."""

    def go(running: CrontermApp) -> None:
        running.screen.query_one(JobTable).go_to(name)

    return go


def wear(theme: str) -> Action:
    """Return what changes the colours."""

    def change(running: CrontermApp) -> None:
        running.theme = theme
        repaint_all(running.screen)

    return change


def lose(running: CrontermApp) -> None:
    """Lose the engine."""
    running.control.more.put_nowait(Gone(since=NOW, why="connection closed"))  # type: ignore[attr-defined]


def refuse(running: CrontermApp) -> None:
    """Ask what is asked when a text was refused."""
    answer = Answer(
        ok=False,
        message="jobs.yaml:44:15: timeout: 'soon' is not a duration",
        hint="30s, 5m, 1h30m, 2d",
    )
    running.push_screen(ask_edit_again("invoice-export", answer))


BEFORE, AFTER = "left_square_bracket", "right_square_bracket"
WALKS = {
    "jobs": Walk(
        {
            "dashboard": (),
            "light": (wear("cronterm-light"),),
            "contrast": (wear("cronterm-contrast"),),
            "ansi": (wear("cronterm-ansi"),),
            "trigger": (wear("cronterm-dark"), "t"),
            "trigger-running": ("escape", to("search-reindex"), "t"),
            "stop": ("escape", "x"),
            "delete": ("escape", "d"),
            "delete-many": ("escape", "asterisk", "d", "y", "1"),
            "pause-all": ("escape", "asterisk", "g", "P"),
            "pause-other": ("o", *"3d", "tab", *"disk", "space", *"swap"),
            "copy": ("escape", "y"),
            "sort": ("escape", "s"),
            "columns": ("escape", "v"),
            "settings": ("escape", "comma"),
            "save-screen": ("escape", "ctrl+s"),
            "quit": ("escape", "q"),
            "palette": ("escape", "colon", *"log"),
            "help": ("escape", "question_mark"),
            "filter": ("escape", "slash", *"is:ok"),
            "filtered": ("enter",),
            "marked": ("escape", "g", "space", "space"),
            "zoomed": ("z",),
            "zoomed-log": ("z", "tab", "z"),
        },
    ),
    "groups": Walk({"groups": ("b",), "folded": ("minus",)}, grouped),
    "machines": Walk({"machines": ()}, of_two_machines),
    "job": Walk(
        {
            "detail": (to("invoice-export"), "enter"),
            "detail-runs": (AFTER,),
            "detail-log": (AFTER,),
            "detail-alerts": (AFTER,),
            "detail-why": (AFTER,),
            "detail-config": (AFTER, AFTER),
            "detail-skip": (AFTER, "b"),
            "detail-schedule": ("escape", "escape", to("search-reindex"), "enter", *[AFTER] * 5),
            "log": ("escape", to("invoice-export"), "l"),
            "log-search": ("slash", *"erp", "enter"),
            "log-only": ("escape", "ampersand", *"refused", "enter"),
            "log-errors": ("escape", "t", "e"),
        },
    ),
    "muted": Walk({"detail-muted": (to("mail-queue-flush"), "enter")}),
    "form": Walk(
        {
            "form": ("a",),
            "leave": (*"ar", "escape"),
            "edit": ("y", to("invoice-export"), "e"),
            "saved": ("tab", *"to", "ctrl+s"),
            "not-saved": ("escape", refuse),
            "edit-sections": ("escape", "e", *["tab"] * 12, "enter", "tab"),
            "try": ("ctrl+t",),
        },
    ),
    "views": Walk(
        {
            "timeline": ("2", "down", "down"),
            "timeline-why": ("tab", "down", "down", BEFORE, "w"),
            "timeline-skip": ("b",),
            "timeline-filter": ("escape", "w", "slash", *"db", "enter"),
            "stats": ("3",),
            "stats-export": ("ctrl+s",),
            "metric": ("escape", "l", "j", *["m"] * 5, "z"),
            "alerts": ("4", "o", "down"),
            "alerts-mute": ("m",),
            "alerts-comment": ("escape", "c", *"known"),
            "alerts-all": ("escape", "A"),
            "alerts-filter": ("escape", "slash", *"fail", "enter"),
            "compare": ("4", "down", "equals_sign"),
            "runs": ("5", "down", "down"),
            "runs-filter": ("slash", *"is:failed", "enter"),
            "log-of-two": ("5", "space", "space", "l"),
            "log-of-two-mixed": ("vertical_line",),
            "system": ("6",),
        },
    ),
    "inbox": Walk(
        {
            "inbox": ("M", "G"),
            "inbox-run": ("t",),
            "inbox-run-all": ("escape", "T"),
            "inbox-ignore": ("escape", "i"),
        },
        with_inbox,
    ),
    "params": Walk({"params": ("G", "k", "t", "ctrl+s")}, lambda: with_params(PARAMS)),
    "again": Walk({"again": ("5", "r")}, Past),
    "downtime": Walk({"alerts-downtime": ("4",)}, after_a_downtime),
    "quiet": Walk(
        {
            "quiet": (),
            "quiet-detail": ("enter",),
            "quiet-timeline": ("2",),
            "quiet-stats": ("3",),
            "quiet-alerts": ("4",),
            "quiet-runs": ("5",),
            "quiet-inbox": ("M",),
        },
        lambda: Quiet("backup"),
    ),
    "first": Walk({"first-run": ()}, Quiet),
    "guide": Walk({"guide": ()}, guided, {"person": Person()}),
    "trouble": Walk(
        {"trouble": (), "trouble-told": ("o",), "gone": ("escape", lose)},
        in_trouble,
        {"has_started": False},
    ),
    "looking": Walk({"read-only": ()}, words={"has_started": False, "is_read_only": True}),
    "ascii": Walk({"ascii": ()}, lambda: FakeControl(broken()), {"glyphs": ASCII}),
}
