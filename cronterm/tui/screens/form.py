"""Add or edit a job: what is typed is checked as jobs.yaml would be, while it is typed."""

import json
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Input, Label, Static

from cronterm.clock import Instant, aware, local_zone
from cronterm.config.load import load_text
from cronterm.errors import CrontermError
from cronterm.model.command import AddJob, EditJob
from cronterm.model.job import Job
from cronterm.model.query import ConfigText, ReadConfig
from cronterm.sanitize import sanitize
from cronterm.schedule.build import build
from cronterm.schedule.describe import describe, warnings
from cronterm.schedule.forecast import first_dst_marks, upcoming
from cronterm.tui.picture import Picture
from cronterm.tui.screens.page import Page
from cronterm.tui.words import countdown

QUIET_S = 0.15

FIELDS: tuple[tuple[str, str, str], ...] = (
    ("name", "Name *", "nightly-backup"),
    ("schedule", "Schedule", "30 2 * * *   @every 5m   @manual"),
    ("timezone", "Timezone", "the file's; like Europe/Berlin"),
    ("command", "Command *", "pg_dump prod | gzip > dump.gz"),
    ("working_dir", "Working dir", "the jobs file's directory"),
    ("description", "Description", "what it is for"),
    ("env", "Environment", "STAGE=prod LANG=C"),
    ("timeout", "Timeout", "none; like 5m"),
    ("retry", "Retries", "0"),
    ("overlap", "Overlap", "skip   queue   replace   allow"),
    ("catch_up", "Catch up", "skip   latest   all"),
    ("tags", "Tags", "db, critical"),
)
FORM_KEYS = [("tab", "next"), ("^s", "save"), ("^y", "YAML"), ("esc", "cancel")]


class JobForm(Page):
    """The form. Saving is an edit of the file by the engine."""

    BINDINGS = [  # noqa: RUF012  # Textual reads it from the class
        Binding("ctrl+s,f2", "save", show=False),
        Binding("ctrl+y", "preview", show=False),
        Binding("escape", "cancel", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]
    AUTO_FOCUS = ""

    def __init__(self, picture: Picture, job: str | None) -> None:
        super().__init__(picture)
        self._job = job
        self._based_on = picture.snapshot.sha256
        self._before: dict[str, Any] = {}
        self._problems: dict[str, str] = {}

    def body(self) -> ComposeResult:
        """Give the fields and the preview."""
        with Horizontal(id="form") as form:
            form.border_title = f"Edit {self._job}" if self._job else "Add job"
            with VerticalScroll(id="form-fields", can_focus=False):
                for name, label, hint in FIELDS:
                    with Horizontal(classes="field"):
                        yield Label(label)
                        is_fixed = name == "name" and self._job is not None
                        yield Input(id=f"f-{name}", placeholder=hint, disabled=is_fixed)
                    yield Static("", id=f"n-{name}", classes="note")
            yield Static("", id="form-preview")
        yield Static("", id="form-status")

    def on_mount(self) -> None:
        """Fill in what the file says."""
        if self._job is None:
            self.query_one("#f-name", Input).focus()
            self.call_after_refresh(self._check)
        else:
            self.query_one("#f-name", Input).value = self._job
            self.query_one("#f-schedule", Input).focus()
            self.run_worker(self._fill(self._job))

    def keys(self) -> list[tuple[str, str]]:
        """Return the form's own keys."""
        return FORM_KEYS

    async def _fill(self, job: str) -> None:
        try:
            config = await self.home.control.query(ReadConfig(job=job))
        except CrontermError as error:
            self.query_one("#form-status", Static).update(Text(sanitize(str(error))))
            return
        if not isinstance(config, ConfigText):
            return
        self._based_on = config.sha256
        content = yaml.load(config.text, Loader=yaml.SafeLoader)
        words = content[0] if isinstance(content, list) else content[job]
        self._before = {str(word): value for word, value in (words or {}).items()}
        for name, _, _ in FIELDS:
            if name in self._before:
                self.query_one(f"#f-{name}", Input).value = _as_text(self._before[name])
        self._check()

    # -- checking --------------------------------------------------------------------------------

    @on(Input.Changed)
    def _typed(self) -> None:
        self.set_timer(QUIET_S, self._check, name="check")

    def words(self) -> dict[str, Any]:
        """Return what is typed, as the words of jobs.yaml; an empty field is not there."""
        words: dict[str, Any] = {}
        for name, _, _ in FIELDS[1:]:
            typed = self.query_one(f"#f-{name}", Input).value.strip()
            if typed:
                words[name] = self._word(name, typed)
        return words

    def _word(self, name: str, typed: str) -> Any:
        before = self._before.get(name)
        if before is not None and typed == _as_text(before):
            return before
        match name:
            case "tags":
                return [tag.strip() for tag in typed.split(",") if tag.strip()]
            case "retry" if typed.isdigit():
                return int(typed)
            case "env":
                return _pairs(typed)
            case "schedule" | "command" if typed.startswith(("[", "{")):
                return _literal(typed)
            case _:
                return typed

    def typed_name(self) -> str:
        """Return the name that is typed."""
        return self.query_one("#f-name", Input).value.strip()

    def _check(self) -> None:
        if not self.is_mounted:
            return
        name, words = self.typed_name(), self.words()
        job, self._problems = check_words(name or "new-job", self._before | words)
        if not name:
            self._problems["name"] = ""
        elif self._job is None and name in self.picture.snapshot.jobs:
            self._problems["name"] = "there is a job of this name already"
        self._show_notes(job, words)
        shown = yaml.safe_dump({name or "new-job": words}, sort_keys=False, allow_unicode=True)
        self.query_one("#form-preview", Static).update(Text("jobs.yaml\n\n" + sanitize(shown)))

    def _show_notes(self, job: Job | None, words: Mapping[str, Any]) -> None:
        for name, _, _ in FIELDS:
            note = self.query_one(f"#n-{name}", Static)
            problem = self._problems.get(name, "")
            good = "" if problem else self._good_note(name, job, words)
            note.set_class(not problem, "good")
            note.update(Text(sanitize(problem or good)))
            note.display = bool(problem or good)
        others = [text for place, text in self._problems.items() if place == ""]
        missing = (
            [] if self.typed_name() and "command" in words else ["name and command are needed"]
        )
        count = sum(bool(text) for text in self._problems.values())
        text = "; ".join([*others, *missing]) or ("" if not count else f"{count} to mend")
        self.query_one("#form-status", Static).update(Text(sanitize(text) or "^s saves"))

    def _good_note(self, name: str, job: Job | None, words: Mapping[str, Any]) -> str:
        if name == "schedule" and job is not None and "schedule" in words:
            return schedule_note(job, self.home.now())
        if name == "command" and isinstance(words.get("command"), str):
            return command_note(words["command"])
        return ""

    # -- leaving ---------------------------------------------------------------------------------

    def action_save(self) -> None:
        """Save, if nothing is wrong."""
        self._check()
        name, words = self.typed_name(), self.words()
        if self._problems or not name or "command" not in {*words, *self._before}:
            self.app.bell()
            return
        changed = {word: value for word, value in words.items() if self._before.get(word) != value}
        fields = {field for field, _, _ in FIELDS[1:]}
        changed |= {word: None for word in self._before if word in fields and word not in words}
        if self._job is not None and not changed:
            self.dismiss()
            return
        if self._job is None:
            self.home.send(AddJob(job=name, words=words, based_on=self._based_on))
        else:
            self.home.send(EditJob(job=self._job, words=changed, based_on=self._based_on))
        self.dismiss()

    def action_preview(self) -> None:
        """Show the YAML where there is no room beside the fields."""
        preview = self.query_one("#form-preview")
        fields = self.query_one("#form-fields")
        is_narrow = self.has_class("-w80")
        shows = not preview.display or fields.display is False
        preview.display = True if is_narrow and shows and fields.display else not is_narrow
        fields.display = not (is_narrow and preview.display)

    def action_cancel(self) -> None:
        """Leave without a change."""
        self.dismiss()


def check_words(name: str, words: Mapping[str, Any]) -> tuple[Job | None, dict[str, str]]:
    """Return the definition these words make, or what is wrong by word; "" is the job itself."""
    text = json.dumps({"jobs": {name: words}})
    loaded = load_text(text, path=Path("/form/jobs.yaml"), local_timezone=local_zone())
    problems: dict[str, str] = {}
    for problem in loaded.problems:
        place = problem.path.removeprefix(f"jobs.{name}").strip(".").partition(".")[0]
        if problem.path in ("jobs", f"jobs.{name}") and "cannot name" in problem.message:
            place = "name"
        hint = f" ({problem.hint})" if problem.hint else ""
        if "nothing to run" not in problem.message:
            problems.setdefault(place, problem.message + hint)
    return (loaded.jobs[0] if loaded.jobs else None), problems


def schedule_note(job: Job, now: Instant) -> str:
    """Return the schedule in words, its next five runs, and what may surprise."""
    schedule = build(job.schedule, first_seen_at=now, last_end_at=None)
    found = upcoming(schedule, job.schedule, timezone=job.timezone, after=now, limit=5)
    lines = [describe(job.schedule)]
    lines += [
        f"{each.local:%a %d %b %H:%M:%S}  in {countdown(each.at - now)}"
        + (f"  ! {each.mark}" if each.mark else "")
        for each in found
    ]
    for each in first_dst_marks(schedule, job.schedule, timezone=job.timezone, after=now):
        lines.append(f"! {aware(each.at):%d %b %Y}: {each.mark}")
    lines += [f"! {warning}" for warning in warnings(job.schedule)]
    return "\n".join(lines)


def command_note(command: str) -> str:
    """Tell whether the first word of a command can be found."""
    try:
        first = shlex.split(command)[0]
    except (ValueError, IndexError):
        return ""
    if "=" in first or "$" in first:
        return ""
    found = shutil.which(first)
    return f"{found} found, executable" if found else f"! {first} is not found in PATH"


def _as_text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value) if not any(" " in item for item in value) else json.dumps(value)
    if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return " ".join(f"{key}={shlex.quote(item)}" for key, item in value.items())
    return value if isinstance(value, str) else json.dumps(value)


def _pairs(typed: str) -> Any:
    try:
        words = shlex.split(typed)
    except ValueError:
        return typed
    return dict(word.partition("=")[::2] for word in words)


def _literal(typed: str) -> Any:
    try:
        return yaml.safe_load(typed)
    except yaml.YAMLError:
        return typed
