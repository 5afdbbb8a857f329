"""The form shows what is in force while a job says nothing, and writes what is chosen over it."""

from cronterm.clock import MINUTE, SECOND
from cronterm.errors import CrontermError
from cronterm.model.command import AddJob, EditJob
from cronterm.model.query import AnyReply, ConfigText, Query, ReadConfig, ReadResolved
from cronterm.model.resolved import Resolved, Value
from cronterm.tui.given import Given, read_given
from cronterm.tui.screens.form import JobForm
from cronterm.tui.widgets.choice_line import ChoiceLine
from cronterm.tui.widgets.text_line import TextLine
from tests.tui.scene import FakeControl, MovingClock, app
from tests.tui.test_screens import is_filled, on_dashboard, on_page, wait_for

FILE = """\
settings: {timezone: UTC, catch_up: latest, title: ops}
jobs:
  a:
    command: |
      defaults: {overlap: queue}
defaults:
  overlap: allow
  working_dir: "~"

  # of all
  env: {STAGE: prod}
  catch_up: all
include: [more.yaml]
"""


class GivingControl(FakeControl):
    """An engine whose file gives jobs an overlap and a directory."""

    text, path = FILE, "/srv/ops/jobs.yaml"

    async def query(self, query: Query) -> AnyReply:
        """Answer with a file, with a job that says little, or as before."""
        match query:
            case ReadConfig(job=""):
                return ConfigText(path=self.path, sha256="0" * 64, text=self.text)
            case ReadConfig(job=job):
                text = f"  {job}:\n    command: echo\n"
                return ConfigText(path=self.path, sha256="0" * 64, text=text)
            case ReadResolved(job=job):
                values = (
                    Value(word="command", text="echo", origin="job"),
                    Value(word="working_dir", text='"~"', origin="defaults"),
                    Value(word="overlap", text="allow", origin="defaults"),
                    Value(word="enabled", text="true", origin="defaults"),
                    Value(word="tags", text="[a, b]", origin="defaults"),
                    Value(word="tags", text="[c]", origin="defaults"),
                    Value(word="jitter", text="0s", origin="built in"),
                )
                below = (Value(word="timezone", text="Asia/Tokyo", origin="settings"),)
                return Resolved(job=job, file=self.path, line=3, values=values, hidden=below)
        return await super().query(query)


async def test_what_gives_is_read_of_the_job_or_of_the_file() -> None:
    control = GivingControl()
    assert await read_given(control, "a") == {
        "working_dir": Given("~", "defaults", "~"),
        "overlap": Given("allow", "defaults", "allow"),
        "enabled": Given("true", "defaults", True),
        "tags": Given("a, b, c", "defaults", ["c", "a", "b"]),
        "timezone": Given("Asia/Tokyo", "settings", "Asia/Tokyo"),
    }
    of_new = {
        "overlap": Given("allow", "defaults", "allow"),
        "working_dir": Given("~", "defaults", "~"),
        "env": Given("STAGE=prod", "defaults", {"STAGE": "prod"}),
        "catch_up": Given("all", "defaults", "all"),
        "timezone": Given("UTC", "settings", "UTC"),
    }
    assert await read_given(control, None) == of_new
    control.text = '{"defaults": {"overlap": "allow"}, "jobs": {}}'
    control.path = "/srv/ops/jobs.json"
    assert await read_given(control, None) == {"overlap": Given("allow", "defaults", "allow")}


async def test_where_nothing_gives_or_it_cannot_be_read_there_is_nothing() -> None:
    class Refusing(FakeControl):
        async def query(self, query: Query) -> AnyReply:
            raise CrontermError("which machine is meant?")

    assert await read_given(Refusing(), None) == {}
    control = GivingControl()
    for text in ("jobs: {}\n", "defaults:\njobs: {}\n", "defaults: {overlap\n", ""):
        control.text = text
        assert await read_given(control, None) == {}, text


async def test_an_edited_job_shows_what_defaults_give_and_writes_another_choice() -> None:
    control = GivingControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("e")
        await wait_for(pilot, lambda: is_filled(pilot.app.screen))
        form = pilot.app.screen
        overlap = form.query_one("#f-overlap", ChoiceLine)
        assert overlap.value == "allow"
        assert "from defaults: allow" in str(form.query_one("#n-overlap").render())
        assert form.query_one("#f-working_dir", TextLine).placeholder == "from defaults: ~"
        assert "overlap" not in str(form.query_one("#form-preview").render())
        overlap.focus()
        await pilot.press("right")
        assert overlap.value == "skip"
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: bool(control.sent))

    command = control.sent[0]
    assert isinstance(command, EditJob)
    assert command.words == {"overlap": "skip"}


async def test_a_new_job_begins_with_what_the_file_gives() -> None:
    control = GivingControl()
    async with app(control).run_test(size=(120, 40)) as pilot:
        form = await on_page(pilot, "a", JobForm)
        overlap = form.query_one("#f-overlap", ChoiceLine)
        await wait_for(pilot, lambda: overlap.value == "allow")
        form.rows["name"].put("new")
        form.rows["command"].put("echo")
        overlap.focus()
        await pilot.press("right", "left")
        catch_up = form.query_one("#f-catch_up", ChoiceLine)
        assert catch_up.value == "all"
        catch_up.focus()
        await pilot.press("right", "ctrl+s")
        await wait_for(pilot, lambda: bool(control.sent))

    command = control.sent[0]
    assert isinstance(command, AddJob)
    assert command.words == {"command": "echo", "catch_up": "skip"}


async def test_the_next_runs_are_those_that_the_file_makes_of_what_is_typed() -> None:
    control = GivingControl()
    control.text = "settings: {timezone: Asia/Tokyo}\ndefaults: {jitter: 10m, timeout: 5m}\n"
    async with app(control).run_test(size=(120, 40)) as pilot:
        form = await on_page(pilot, "a", JobForm)
        for word, text in (("name", "new"), ("command", "echo"), ("schedule", "30 2 * * *")):
            form.rows[word].put(text)
        note = form.query_one("#n-schedule")
        await wait_for(pilot, lambda: "waits up to 10m more (jitter)" in str(note.render()))
        coming = form.query_one("#form-coming")
        assert "Sun 22 Nov 02:30:00  in 2h" in str(coming.render())
        assert coming.border_title == "Next 5 runs · Asia/Tokyo"
        form.rows["timezone"].put("UTC")
        await wait_for(pilot, lambda: "in 11h" in str(coming.render()))
        assert coming.border_title == "Next 5 runs · UTC"


async def test_the_next_runs_go_on_with_the_clock_while_nobody_types() -> None:
    clock = MovingClock()
    async with app(clock=clock).run_test(size=(120, 40)) as pilot:
        form = await on_page(pilot, "a", JobForm)
        for word, text in (("name", "new"), ("command", "echo"), ("schedule", "33 14 * * *")):
            form.rows[word].put(text)
        coming = form.query_one("#form-coming")
        await wait_for(pilot, lambda: "Sat 21 Nov 14:33:00  in 53s" in str(coming.render()))

        clock.passed = 10 * SECOND
        await wait_for(pilot, lambda: "Sat 21 Nov 14:33:00  in 43s" in str(coming.render()))
        clock.passed = MINUTE
        await wait_for(pilot, lambda: str(coming.render()).startswith("Sun 22 Nov 14:33:00"))
