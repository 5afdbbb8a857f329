"""Add or edit a job: what is typed is checked as jobs.yaml would be, while it is typed."""

from collections.abc import Mapping
from typing import Any

import yaml
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Label, Static, TextArea

from cronterm.errors import CrontermError
from cronterm.model.command import AddJob, EditJob
from cronterm.model.job import Job
from cronterm.model.query import ConfigText, ReadConfig
from cronterm.sanitize import sanitize
from cronterm.tui.draft import (
    as_tags,
    as_text,
    as_words,
    check_words,
    coming_runs,
    command_note,
    preview,
    schedule_note,
)
from cronterm.tui.picture import Picture
from cronterm.tui.questions import ask_leave_form, tell_diff
from cronterm.tui.screens.page import Page
from cronterm.tui.themes import roles_of
from cronterm.tui.widgets.choice_line import ChoiceLine

QUIET_S = 0.15

FIELDS: tuple[tuple[str, str, str], ...] = (
    ("name", "Name *", "nightly-backup"),
    ("description", "Description", "what it is for"),
    ("schedule", "Schedule *", "30 2 * * *   @every 5m   @manual"),
    ("timezone", "Timezone", "the file's; like Europe/Berlin"),
    ("command", "Command *", ""),
    ("working_dir", "Working dir", "the jobs file's directory"),
    ("env", "Environment", "STAGE=prod LANG=C"),
    ("timeout", "Timeout", "none; like 5m"),
    ("retry", "Retries", "0; or {attempts: 3, delay: 30s, backoff: 2}"),
    ("overlap", "Overlap", ""),
    ("catch_up", "Catch up", ""),
    ("tags", "Tags", "db, critical"),
)
OTHER_ACTIONS = ("python", "http", "monitor")
CHOICES = {"overlap": ("skip", "queue", "replace", "allow"), "catch_up": ("skip", "latest", "all")}
FORM_KEYS = [
    ("tab", "next"),
    ("S-tab", "before"),
    ("← →", "choose"),
    ("^s", "save"),
    ("^y", "YAML"),
    ("esc", "cancel"),
]


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
        self._shown: dict[str, str] = {}
        """What the fields held when they were filled from the file."""
        self._problems: dict[str, str] = {}
        self._waiting: Timer | None = None
        self.place = job or "new job"

    def body(self) -> ComposeResult:
        """Give the fields, and beside them the next runs and the YAML."""
        with Horizontal(id="form"):
            with VerticalScroll(id="form-fields", can_focus=False) as box:
                box.border_title = f"Edit {self._job}" if self._job else "Add job"
                box.border_subtitle = "keeps comments, ~1 is the file before"
                for name, label, hint in FIELDS:
                    with Horizontal(classes="field"):
                        yield Label(label)
                        yield self._field(name, hint)
                    yield Static("", id=f"n-{name}", classes="note")
            with Vertical(id="form-side"):
                yield Static("", id="form-coming")
                yield Static("", id="form-preview")
        yield Static("", id="form-status")

    def _field(self, name: str, hint: str) -> Widget:
        if name in CHOICES:
            return ChoiceLine(CHOICES[name], id=f"f-{name}")
        if name == "command":
            area = TextArea(id="f-command", soft_wrap=True, tab_behavior="focus")
            area.cursor_blink = False
            area.placeholder = "pg_dump prod | gzip > dump.gz      (enter: one more line)"
            return area
        is_fixed = name == "name" and self._job is not None
        line = Input(id=f"f-{name}", placeholder=hint, disabled=is_fixed)
        line.cursor_blink = False  # nothing moves but clocks and charts
        return line

    def on_mount(self) -> None:
        """Fill in what the file says."""
        self.query_one("#form-coming").border_title = "Next 5 runs"
        self.query_one("#form-preview").border_title = "jobs.yaml preview"
        if self._job is None:
            self.query_one("#f-name", Input).focus()
            self.call_after_refresh(self._check)
        else:
            self._put("name", self._job)
            self.query_one("#f-schedule", Input).focus()
            self.run_worker(self._fill(self._job))

    def _put(self, name: str, text: str) -> None:
        """Put text into a field, made safe."""
        field = self.query_one(f"#f-{name}")
        safe = sanitize(text)
        if isinstance(field, ChoiceLine):
            field.set_value(safe)
        elif isinstance(field, TextArea):
            field.text = safe
        elif isinstance(field, Input):
            field.value = safe
        self._shown[name] = self._typed_in(name)

    def _typed_in(self, name: str) -> str:
        """Return what a field holds; a choice that is the default holds nothing."""
        field = self.query_one(f"#f-{name}")
        if isinstance(field, ChoiceLine):
            return "" if field.is_default and name not in self._before else field.value
        if isinstance(field, TextArea):
            return field.text.strip() if "\n" not in field.text.strip() else field.text
        return field.value.strip() if isinstance(field, Input) else ""

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
                value = self._before[name]
                self._put(name, as_tags(value) if name == "tags" else as_text(value))
        for word in OTHER_ACTIONS:
            if word in self._before:
                area = self.query_one("#f-command", TextArea)
                area.placeholder = f"{word}: {sanitize(as_text(self._before[word]))} (E edits it)"
                area.disabled = True
        self._check()

    # -- checking --------------------------------------------------------------------------------

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(ChoiceLine.Chosen)
    def _changed(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(QUIET_S, self._check, name="check")

    def words(self) -> dict[str, Any]:
        """Return what is typed, as the words of jobs.yaml; an empty field is not there."""
        words: dict[str, Any] = {}
        for name, _, _ in FIELDS[1:]:
            typed = self._typed_in(name)
            if name in self._before and typed == self._shown.get(name):
                words[name] = self._before[name]
            elif typed:
                words[name] = as_words(name, typed)
        return words

    def typed_name(self) -> str:
        """Return the name that is typed."""
        return self.query_one("#f-name", Input).value.strip()

    def _check(self) -> None:
        if not self.is_mounted:
            return
        name, words = self.typed_name(), self.words()
        snapshot = self.picture.snapshot
        job, self._problems = check_words(
            name or "new-job", self._others() | words, snapshot.settings, snapshot.jobs
        )
        if not name:
            self._problems["name"] = ""
        elif self._job is None and name in self.picture.snapshot.jobs:
            self._problems["name"] = "there is a job of this name already"
        self._show_notes(job, words)
        self._show_side(job, self._others() | words)

    def _others(self) -> dict[str, Any]:
        """Return the words of the file that have no field here."""
        fields = {name for name, _, _ in FIELDS}
        return {word: value for word, value in self._before.items() if word not in fields}

    def _show_side(self, job: Job | None, words: Mapping[str, Any]) -> None:
        """Show when it runs next, and what is written."""
        roles = roles_of(self.app)
        runs = self._coming(job) if job is not None and "schedule" in words else []
        text = Text("\n".join(runs) or "no schedule yet", roles["text"] if runs else roles["faint"])
        if runs:
            text.stylize(f"bold {roles['accent']}", 0, len(runs[0].partition("  ")[0]))
        self.query_one("#form-coming", Static).update(text)
        shown = Text(sanitize(preview(self.typed_name() or "new-job", words)), roles["text"])
        shown.highlight_regex(r"(?m)^ *[a-z_-]+:", roles["accent"])
        self.query_one("#form-preview", Static).update(shown)

    def _show_notes(self, job: Job | None, words: Mapping[str, Any]) -> None:
        for name, _, _ in FIELDS:
            note = self.query_one(f"#n-{name}", Static)
            problem = self._problems.get(name, "")
            text = f"✗ {problem}" if problem else self._good_note(name, job, words)
            note.set_class(not problem, "good")
            shown = Text(sanitize(text))
            shown.highlight_regex(r"(?m)^! .*$", roles_of(self.app)["warn"])
            note.update(shown)
            note.display = bool(text)
        others = [text for place, text in self._problems.items() if place == ""]
        missing = [] if self._is_whole(words) else ["name and command are needed"]
        count = sum(bool(text) for text in self._problems.values())
        text = "; ".join([*others, *missing]) or (f"! {count} to mend" if count else "")
        status = self.query_one("#form-status", Static)
        status.set_class(not text, "good")
        status.update(Text(sanitize(text) or "✓ ^s saves"))

    def _is_whole(self, words: Mapping[str, Any]) -> bool:
        """Tell whether there is a name and something to run."""
        is_runnable = "command" in words or any(word in self._before for word in OTHER_ACTIONS)
        return bool(self.typed_name()) and is_runnable

    def _good_note(self, name: str, job: Job | None, words: Mapping[str, Any]) -> str:
        if name == "name" and self._job is None and self.typed_name():
            return "✓ free"
        if name == "schedule" and job is not None and "schedule" in words:
            note = schedule_note(job, self.home.now())
            return f"{note}\n{self._next_line(job)}" if self.has_class("-w80") else note
        if name == "command" and isinstance(words.get("command"), str):
            return command_note(words["command"])
        return ""

    def _next_line(self, job: Job) -> str:
        """Return the next three runs in a line, where there is no room for their box."""
        runs = self._coming(job)[:3]
        return "next " + " · ".join(run.partition("  ")[0] for run in runs)

    def _coming(self, job: Job) -> list[str]:
        snapshot = self.picture.snapshot
        view = snapshot.jobs.get(self._job or "")
        timed_runs = 0 if view is None else view.timed_runs
        return coming_runs(job, self.home.now(), snapshot.settings.calendars, timed_runs=timed_runs)

    # -- leaving ---------------------------------------------------------------------------------

    def action_save(self) -> None:
        """Save, if nothing is wrong; the form stays open until the engine has taken it."""
        self._check()
        words = self.words()
        if self._problems or not self._is_whole(words):
            self.app.bell()
            return
        changed = {word: value for word, value in words.items() if self._before.get(word) != value}
        fields = {field for field, _, _ in FIELDS[1:]}
        changed |= {word: None for word in self._before if word in fields and word not in words}
        if self._job is not None and not changed:
            self.dismiss()
        elif self._job is None:
            add = AddJob(job=self.typed_name(), words=words, based_on=self._based_on)
            self.run_worker(self._save(add), group="save", exclusive=True)
        else:
            edit = EditJob(job=self._job, words=changed, based_on=self._based_on)
            self.run_worker(self._save(edit), group="save", exclusive=True)

    async def _save(self, command: AddJob | EditJob) -> None:
        answer = await self.home.deliver(command)
        if answer is None:
            return
        if answer.ok:
            self.dismiss()
            if answer.diff:
                question = tell_diff(command.job, answer.diff)
                self.home.ask(question, lambda answer: self.home.undo())
        elif answer.kind == "stale":
            self._based_on = answer.sha256 or self._based_on
            text = "! the file changed meanwhile; ^s again saves on top of it"
            self.query_one("#form-status", Static).update(Text(text))

    def action_preview(self) -> None:
        """Show the next runs and the YAML where there is no room beside the fields."""
        self.toggle_class("shows-side")

    def action_cancel(self) -> None:
        """Leave without a change, after asking if something was typed."""
        typed = any(
            self._typed_in(name) != self._shown.get(name, "")
            for name, _, _ in FIELDS
            if not self.query_one(f"#f-{name}").disabled
        )
        if typed:
            self.home.ask(ask_leave_form(), lambda answer: self.dismiss())
        else:
            self.dismiss()
