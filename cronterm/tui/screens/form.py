"""Add or edit a job: every word of it, checked as jobs.yaml would be, while it is typed."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any

import msgspec
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from cronterm.clock import MINUTE, SECOND, Instant
from cronterm.config.reader import Refused
from cronterm.config.sections import sections
from cronterm.config.shapes import JOB_SHAPES
from cronterm.errors import CrontermError
from cronterm.model.command import AddJob, Answer, EditJob, RenameJob
from cronterm.model.job import Job, is_timed
from cronterm.model.query import ConfigText, ReadConfig
from cronterm.model.snapshot import JobView
from cronterm.sanitize import sanitize
from cronterm.tui.busy import busy_note
from cronterm.tui.coming import coming_runs, coming_text, next_line, nothing_comes
from cronterm.tui.draft import (
    ESSENTIALS,
    FREE_NAME,
    changed_words,
    check_words,
    directory_of,
    preview,
    retry_note,
    schedule_note,
    told_at,
)
from cronterm.tui.given import Given, read_given
from cronterm.tui.keymap import bindings
from cronterm.tui.picture import Picture
from cronterm.tui.questions import RENAMED, ask_leave_form, doubt_of, tell_diff
from cronterm.tui.screens.page import Page
from cronterm.tui.screens.run_dialog import TryDialog
from cronterm.tui.themes import roles_of
from cronterm.tui.typed import as_text, as_value, read_yaml
from cronterm.tui.what_note import what_note
from cronterm.tui.widgets.choice_line import ChoiceLine
from cronterm.tui.widgets.hint_line import HintLine
from cronterm.tui.widgets.word_row import SectionHead, WordRow

QUIET_S = 0.15
NEXT = "Next 5 runs"

OTHER_ACTIONS = ("python", "http", "monitor")
UNSEEN = ("renamed_from",)
"""Words that are written by what is done here: another name."""


class JobForm(Page):
    """The form. Saving is an edit of the file by the engine."""

    BINDINGS = bindings("form")  # Textual reads it from the class
    where = "form"
    AUTO_FOCUS = ""

    def __init__(self, picture: Picture, job: str | None) -> None:
        super().__init__(picture)
        self._job = job
        self._based_on = picture.snapshot.read_sha256
        self._before: dict[str, Any] = {}
        self._given: dict[str, Given] = {}
        self._problems: dict[str, str] = {}
        self._draft: Job | None = None
        self._is_runnable = False
        self._waiting: Timer | None = None
        self._left: Widget | None = None
        """What had the focus before the preview was shown in its place."""
        self._checked_at: Instant = 0
        self._busy: tuple[object, Instant, str] = (None, 0, "")
        """What a schedule is, the minute of the look, and which other jobs start with it."""
        self.place = job or "new job"

    def body(self) -> ComposeResult:
        """Give the fields, and beside them the next runs and the YAML."""
        with Horizontal(id="form") as whole:
            whole.visible = self._job is None  # one that is edited is shown when it is filled
            with VerticalScroll(id="form-fields", can_focus=False) as box:
                box.border_title = f"Edit {self._job}" if self._job else "Add job"
                box.border_subtitle = "keeps comments, ~1 is the file before"
                yield WordRow("name", "Name *", "a-short-name")
                for word, (label, hint) in ESSENTIALS.items():
                    yield WordRow(word, label, hint)
                for title, words in sections().items():
                    folded = tuple(w for w in words if w not in ESSENTIALS and w not in UNSEEN)
                    if folded:
                        is_first = title == next(iter(sections()))
                        yield SectionHead(title, folded, classes="first" if is_first else "")
            with Vertical(id="form-side"):
                yield Static("", id="form-coming")
                yield Static("", id="form-preview")
        yield HintLine("", id="form-hint")
        yield Static("", id="form-status")

    def on_mount(self) -> None:
        """Fill in what the file says."""
        self.query_one("#form-coming").border_title = NEXT
        self.query_one("#form-preview").border_title = "jobs.yaml preview"
        name = self.query_one("#f-name", Input)
        if self._job is None:
            name.focus()
            self.call_after_refresh(self._check)
            self.run_worker(self._fill_given(), group="fill")
        else:
            self.rows["name"].put(self._job)
            self.run_worker(self._fill(self._job), group="fill")

    @property
    def rows(self) -> dict[str, WordRow]:
        """The words that have a field by now."""
        return {row.word: row for row in self.query(WordRow)}

    def keys(self) -> list[tuple[str, str]]:
        """Return the form's own keys; what types a letter is none."""
        choose = f"{self.home.key('last_word')} {self.home.key('next_word')}"
        fields = [("tab", "next"), ("S-tab", "before"), (choose, "choose")]
        own = [key for key in self.home.keys if key.bar and "form" in key.where]
        return fields + [(key.first, key.bar) for key in own]

    async def _fill_given(self) -> None:
        self._given = await read_given(self.home.control, self._job)
        self._put_before(self.rows.values())
        self._check()

    async def _fill(self, job: str) -> None:
        try:
            config = await self.home.control.query(ReadConfig(job=job))
            assert isinstance(config, ConfigText)
            content = read_yaml(config.text)
        except (CrontermError, Refused) as error:
            self.dismiss()
            editor = self.home.key("editor")
            hint = f" — {editor} mends the file" if self.picture.snapshot.rejected_sha256 else ""
            self.home.tell(f"{job} cannot be edited: {error}{hint}", is_bad=True)
            return
        self._based_on = config.sha256
        (words,) = content if isinstance(content, list) else content.values()
        self._before = {str(word): value for word, value in (words or {}).items()}
        await self._fill_given()
        self.query_one("#form").visible = True
        # Nothing is selected: the first letter would give the job another name.
        self.set_focus(self.query_one("#f-name"), from_app_focus=True)

    def _put_before(self, rows: Iterable[WordRow]) -> None:
        for row in rows:
            if row.word in self._before:
                row.put(as_text(row.word, self._before[row.word]))
            if row.word in self._given:
                row.give(self._given[row.word])

    @on(SectionHead.Toggled)
    async def _unfold(self, message: SectionHead.Toggled) -> None:
        """Show the words of a section, or hide them; they are made when they are first seen."""
        head = message.head
        rows = self.rows
        if head.words[0] not in rows:
            made = [WordRow(word) for word in head.words]
            await self.query_one("#form-fields").mount(*made, after=head)
            self._put_before(made)
            self._check()
        for word, row in rows.items():
            if word in head.words:
                row.display = head.is_open

    # -- checking --------------------------------------------------------------------------------

    def update(self, now: Instant) -> None:
        """Draw the picture, and when it runs next as time goes on; not while somebody types."""
        super().update(now)
        if self._draft is not None and self._waiting is None and now >= self._checked_at + SECOND:
            self._check()

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(ChoiceLine.Chosen)
    def _changed(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(QUIET_S, self._check, name="check")

    def words(self) -> dict[str, Any]:
        """Return what is typed, as the words of jobs.yaml; an empty field is not there."""
        rows, before = self.rows, self._before
        words: dict[str, Any] = {}
        for word in JOB_SHAPES:
            row = rows.get(word)
            if word in before and (row is None or row.typed == row.shown):
                words[word] = before[word]
            elif row is not None and row.typed:
                words[word] = as_value(word, row.typed)
        return words | {word: value for word, value in before.items() if word not in JOB_SHAPES}

    def typed_name(self) -> str:
        """Return the name that is typed."""
        return self.query_one("#f-name", Input).value.strip()

    def _is_renamed(self) -> bool:
        """Tell whether the job gets another name."""
        return self._job is not None and self.typed_name() not in ("", self._job)

    def _check(self) -> None:
        if not self.is_mounted:
            return
        self._waiting, self._checked_at = None, self.home.now()
        name, words = self.typed_name(), self.words()
        snapshot = self.picture.snapshot
        given = {word: each.value for word, each in self._given.items()}
        directory = directory_of(self._view, snapshot.engine.jobs_file)
        job, self._problems = check_words(
            name or FREE_NAME, words, snapshot.settings, snapshot.jobs, given, directory
        )
        self._draft = job
        self._is_runnable = job is not None or bool(self._problems)
        if not name:
            self._problems["name"] = ""
        elif name != self._job and name in self.picture.snapshot.jobs:
            self._problems["name"] = "there is a job of this name already"
        self._show_notes(job, words)
        self._show_side(job, words)
        area = self.query_one("#f-command", TextArea)
        other = next((word for word in OTHER_ACTIONS if word in words), "")
        area.disabled = bool(other) and not area.text
        area.placeholder = f"{other}, below" if other else ESSENTIALS["command"][1]

    def _show_side(self, job: Job | None, words: Mapping[str, Any]) -> None:
        """Show when it runs next, and what is written."""
        roles = roles_of(self.app)
        runs = self._coming(job)
        has_schedule = "schedule" in words or "schedule" in self._given
        nothing = nothing_comes(job, has_schedule=has_schedule, view=self._view)
        coming = self.query_one("#form-coming", Static)
        coming.border_title = f"{NEXT} · {job.timezone}" if job is not None and runs else NEXT
        coming.update(coming_text(runs, nothing, roles))
        was = {"renamed_from": self._job} if self._is_renamed() else {}
        shown = preview(self.typed_name() or FREE_NAME, {**words, **was}, roles)
        self.query_one("#form-preview", Static).update(shown)

    def _show_notes(self, job: Job | None, words: Mapping[str, Any]) -> None:
        rows, problems = self.rows, self._problems
        warn = roles_of(self.app)["warn"]
        for word, row in rows.items():
            row.say(problems.get(word, ""), self._good_note(word, job, words), warn=warn)
        for head in self.query(SectionHead):
            is_bad = any(problems.get(word) for word in head.words)
            head.mark(sum(word in words for word in head.words), is_bad=is_bad)
        unseen = [
            told_at(place, text)
            for place, text in problems.items()
            if text and (place not in rows or not rows[place].display)
        ]
        missing = list(filter(None, [self._lack()]))
        count = sum(bool(text) for text in problems.values())
        text = "; ".join([*unseen, *missing]) or (f"! {count} to mend" if count else "")
        status = self.query_one("#form-status", Static)
        status.set_class(not text, "good")
        status.update(Text(sanitize(text) or f"✓ {self.home.key('save_form')} saves"))

    def _is_whole(self) -> bool:
        """Tell whether there is a name and something to run."""
        return bool(self.typed_name()) and self._is_runnable

    def _good_note(self, word: str, job: Job | None, words: Mapping[str, Any]) -> str:
        if word == "name" and self._job is None and self.typed_name():
            return "✓ free"
        if word == "name" and self._is_renamed():
            return f"✓ free; {RENAMED}"
        if word == "schedule" and job is not None and ("schedule" in words or is_timed(job)):
            self._look_around(job)
            note = "\n".join(filter(None, [schedule_note(job, self.home.now()), self._busy[2]]))
            nothing = nothing_comes(job, has_schedule=True, view=self._view)
            if self.has_class("-w80"):
                note = f"{note}\n{next_line(self._coming(job), nothing, job.timezone)}"
            return note.strip("\n")
        return retry_note(job) if word == "retry" else what_note(word, job, words)

    def _look_around(self, job: Job) -> None:
        """Find out, beside the screen, which other jobs start with this one."""
        schedule, minute = (job.schedule, job.jitter), self.home.now() // MINUTE
        if self._busy[:2] != (schedule, minute):
            self._busy = schedule, minute, self._busy[2] if self._busy[0] == schedule else ""
            self.run_worker(self._find_busy(job), group="busy", exclusive=True)

    async def _find_busy(self, job: Job) -> None:
        own = msgspec.structs.replace(job, id=self._job or job.id)
        views = [*self.picture.snapshot.jobs.values()]
        note = await asyncio.to_thread(busy_note, own, views, self.home.now())
        if note != self._busy[2]:
            self._busy = *self._busy[:2], note
            self._check()

    @property
    def _view(self) -> JobView | None:
        """The job as it is in force."""
        return self.picture.snapshot.jobs.get(self._job or "")

    def _coming(self, job: Job | None) -> list[str]:
        calendars = self.picture.snapshot.settings.calendars
        return coming_runs(job, self.home.now(), calendars, self._view) if job is not None else []

    # -- leaving ---------------------------------------------------------------------------------

    def action_save(self) -> None:
        """Save, if nothing is wrong; the form stays open until the engine has taken it."""
        self._check()
        words = self.words()
        if self._problems or not self._is_whole():
            self._tell_lack("not saved")
            return
        if self._job is None:
            add = AddJob(job=self.typed_name(), words=words, based_on=self._based_on)
            self.run_worker(self._save(self.home.deliver(add)), group="save", exclusive=True)
        elif edits := self._edits(self._job, changed_words(self._before, words)):
            self.run_worker(
                self._save(self.home.deliver_edits(*edits)), group="save", exclusive=True
            )
        else:
            self.home.tell("nothing changed")
            self.dismiss()

    def _edits(self, job: str, changed: dict[str, Any]) -> list[EditJob | RenameJob]:
        """Return what makes the job what is typed: its words first, then its name."""
        edits: list[EditJob | RenameJob] = []
        if changed:
            edits.append(EditJob(job=job, words=changed, based_on=self._based_on))
        if self._is_renamed():
            edits.append(RenameJob(job=job, new=self.typed_name(), based_on=self._based_on))
        return edits

    def _tell_lack(self, undone: str) -> None:
        """Say what is missing or wrong, and so `undone`, and go there."""
        rows, wrong = self.rows, [word for word, text in self._problems.items() if text]
        place = "" if wrong else "command" if self.typed_name() else "name"
        place = place or next((word for word in rows if word in wrong), "")
        if place and rows[place].display:
            rows[place].field.focus()
        lack = self._lack() or told_at(wrong[0], self._problems[wrong[0]])
        self.home.tell(f"{undone}: {sanitize(lack)}", is_bad=True)

    def _lack(self) -> str:
        """Return what is needed and not there."""
        needed = [] if self.typed_name() else ["name"]
        needed += [] if self._is_runnable else ["command"]
        return f"{' and '.join(needed)} {'are' if needed[1:] else 'is'} needed" if needed else ""

    def action_try(self) -> None:
        """Run once what is typed, without saving it."""
        self._check()
        if self._problems or not self._is_whole() or self._draft is None:
            self._tell_lack("not tried")
        else:
            doubt = doubt_of(self._view, is_again=True) if self._view is not None else ""
            changed = changed_words(self._before, self.words())
            is_new = self._job is None
            draft = msgspec.structs.replace(self._draft, id=self._job or self._draft.id)
            self.app.push_screen(TryDialog(draft, changed, doubt, is_new=is_new))

    async def _save(self, sending: Awaitable[Answer | None]) -> None:
        name = self.typed_name()
        answer = await sending
        if answer is None:
            return
        if answer.ok:
            self.dismiss()
            if name != self._job:
                self.home.show_job(name)
            if answer.diff:
                question = tell_diff(name, answer)
                self.home.ask(question, lambda answer: self.home.undo())
        elif answer.kind == "stale":
            self._based_on = answer.sha256 or self._based_on
            again = f"{self.home.key('save_form')} again saves on top of it"
            text = f"! the file changed meanwhile; {again}"
            self.query_one("#form-status", Static).update(Text(text))

    def action_preview(self) -> None:
        """Show the next runs and the YAML where there is no room beside the fields."""
        is_back = self.has_class("shows-side")
        if not is_back and self.query_one("#form-side").region:
            self.home.tell("the YAML is beside the fields")
            return
        if not is_back:
            self._left = self.focused
        self.toggle_class("shows-side")
        if is_back and self._left is not None:
            self.set_focus(self._left, from_app_focus=True)  # nothing gets selected

    def action_leave(self) -> None:
        """Leave without a change, after asking if something was typed."""
        typed = any(row.typed != row.shown for row in self.query(WordRow) if not row.field.disabled)
        if typed:
            self.home.ask(ask_leave_form(), lambda answer: self.dismiss())
        else:
            self.dismiss()
