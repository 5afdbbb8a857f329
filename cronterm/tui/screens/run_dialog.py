"""A run by hand: what may be chosen for it, a field each, checked before it is asked for."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from cronterm.model.command import RerunEdited, RerunRun, RunJob, TryJob
from cronterm.model.identity import Param
from cronterm.model.job import Job, action_text
from cronterm.sanitize import sanitize, sanitize_line
from cronterm.tui.screens.field_dialog import FieldDialog
from cronterm.tui.themes import roles_of
from cronterm.tui.widgets.param_field import ParamField

RunCommand: TypeAlias = RunJob | RerunRun | RerunEdited | TryJob


class RunDialog(FieldDialog[None]):
    """Stays open until the engine has taken what it asks for."""

    AUTO_FOCUS = "#params Input, #params Select, #params ChoiceLine, #params TextArea"

    def __init__(
        self,
        job: str,
        params: Mapping[str, Param],
        doubts: Sequence[str],
        given: Mapping[str, str] | None = None,
    ) -> None:
        """`doubts` are told above the fields, `given` are params that were chosen before."""
        super().__init__()
        self._job = job
        self._doubts = [sanitize(line) for line in doubts]
        self._fields = [
            ParamField(name, param, (given or {}).get(name)) for name, param in params.items()
        ]

    def compose(self) -> ComposeResult:
        """Give a box with the fields."""
        with Vertical(id="dialog") as box:
            box.border_title = sanitize_line(f"Run {self._job}")
            with VerticalScroll(id="params", can_focus=False):
                if self._doubts:
                    yield Static(self._lines(), id="dialog-text")
                yield from self.fields()
            yield Static("", id="dialog-buttons")

    def fields(self) -> Sequence[Widget]:
        """Return the fields in their order."""
        return self._fields

    def _lines(self) -> Text:
        text = Text("\n".join(self._doubts), roles_of(self.app)["muted"])
        text.highlight_regex(r"(?m)^[✗!] ", f"bold {roles_of(self.app)['warn']}")
        return text

    def on_mount(self) -> None:
        """Say which keys there are."""
        self.tell_keys("Run")

    def action_run(self) -> None:
        """Ask for the run, unless something is wrong."""
        bad = [field for field in self._fields if not field.check()]
        if bad:
            self.app.bell()
            bad[0].focus_value()
        elif (command := self.command()) is not None:
            self.run_worker(self._send(command), group="run", exclusive=True)

    def chosen(self) -> dict[str, str]:
        """Return the params that were chosen; each has been checked."""
        read = {field.param_name: field.read() for field in self._fields}
        return {name: value for name, value in read.items() if value is not None}

    def command(self) -> RunCommand | None:
        """Return what is asked for, None where it cannot be yet."""
        return RunJob(job=self._job, params=self.chosen())

    async def _send(self, command: RunCommand) -> None:
        answer = await self.home.deliver(command)
        if answer is not None and answer.ok:
            self.dismiss()
            if isinstance(command, TryJob) and answer.run is not None:
                self.home.open_run(command.job, answer.run)


class TryDialog(RunDialog):
    """Asks for a run of what is typed into the form; its log opens."""

    def __init__(
        self, definition: Job, words: Mapping[str, Any], doubt: str, *, is_new: bool
    ) -> None:
        """`words` are those that differ from the file's."""
        first, *more = action_text(definition.action).splitlines() or [""]
        lines = ["Run once what is typed here? The file stays as it is.", ""]
        lines += [f"  {first}{' …' if more else ''}", ""]
        differs = f"Not as in the file: {', '.join(words)}" if words else "It is as in the file."
        lines += ["It is in no file yet." if is_new else differs]
        lines += ["The run is one of the job's: its history, figures and alerts count it."]
        super().__init__(definition.id, definition.params, [*lines, *([doubt] if doubt else [])])
        self._changed_words = dict(words)
        self._is_new = is_new

    def command(self) -> RunCommand:
        """Return the run that is asked for."""
        return TryJob(
            job=self._job, words=self._changed_words, params=self.chosen(), is_new=self._is_new
        )
