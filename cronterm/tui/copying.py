"""Copying: what there is to copy of a job and its runs, and saying that it was done."""

import os
from collections.abc import Sequence

from cronterm.control import Control
from cronterm.errors import CrontermError
from cronterm.model.job import action_text
from cronterm.model.query import ConfigText, ListRuns, OutputPart, ReadConfig, ReadOutput, Runs
from cronterm.model.run import FAILED, Outcome, RunRow
from cronterm.model.snapshot import Snapshot
from cronterm.model.trigger import triggers_text
from cronterm.sanitize import sanitize, sanitize_line
from cronterm.tui import clipboard
from cronterm.tui.pausing import Pausing
from cronterm.tui.screens.dialogs import AskList, Choice
from cronterm.tui.widgets.first_steps import import_command
from cronterm.tui.widgets.paint import Painted, fit
from cronterm.tui.words import row_text

OUTPUT_BYTES = 256 << 10  # of a run, from its end
EXCERPT = 40  # cells of a line, in the menu
CHOICES = (
    Choice("copied_name", "name", "name"),
    Choice("copied_run_id", "run id", "run id"),
    Choice("copied_command", "command", "command"),
    Choice("copied_schedule", "schedule", "schedule"),
    Choice("copied_output", "output", "output"),
    Choice("copied_error", "error", "error"),
    Choice("copy_yaml", "YAML", "YAML"),
)


class Copying(Pausing):
    """An app that copies: by keys, and what is marked with the mouse."""

    def ask_copy(self, job: str, run: int | None = None, *, line: str = "") -> None:
        """Ask what to copy of a job: of this run, or of its last one. Or this line of it."""
        which = f"{job}, run {run}" if run is not None else job
        excerpt = fit(sanitize_line(line.strip()), EXCERPT).rstrip()
        this = [Choice("copied_line", f"this line: {excerpt}", "line")] if excerpt else []

        def copy(what: str) -> None:
            if what == "line":
                self.run_worker(self._copy(line, "the line"), group="copy", exclusive=True)
            else:
                self.copy_of(what, job, run)

        choices = [*this, *CHOICES]
        self.ask(AskList(f"Copy of {which}", [], choices, where="copy"), copy)

    def copy_of(self, what: str, job: str, run: int | None = None) -> None:
        """Copy one of `CHOICES`."""
        self.run_worker(self._copy_of(what, job, run), group="copy", exclusive=True)

    async def _copy_of(self, what: str, job: str, run: int | None) -> None:
        try:
            text = await text_of(what, job, run, self.picture.snapshot, self.control)
        except CrontermError as error:
            self.tell(self.picture.or_not_known(str(error)), is_bad=True)
            return
        if text:
            await self._copy(text, f"the {what} of {job}")
        else:
            self.tell(f"{job} has no {what}")

    def copy_import(self) -> None:
        """Copy the command that brings a crontab over."""
        command = import_command(self.picture)
        self.run_worker(self._copy(command, f"`{command}`"), group="copy", exclusive=True)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy what is selected in a field; Textual's own knows one road only."""
        self._clipboard = text  # what ^v pastes here
        self.run_worker(self._copy(text, "what is selected"), group="copy", exclusive=True)

    def on_painted_selected(self, event: Painted.Selected) -> None:
        """Copy what was marked with the mouse."""
        self.copy_to_clipboard(event.text)

    async def _copy(self, text: str, what: str) -> None:
        if self.is_web:  # what is around this process is not what is around the browser
            self.tell("in a tab the browser copies: hold shift and mark the text", is_bad=True)
            return
        safe = sanitize(text)
        write = self._driver.write if self._driver is not None else None
        try:
            road = await clipboard.copy(safe, os.environ, write)
        except CrontermError as error:
            self.tell(str(error), is_bad=True)
        else:
            self.tell(f"copied {what}, {len(safe):,} characters, {road}")


async def text_of(
    what: str, job: str, run: int | None, snapshot: Snapshot, control: Control
) -> str:
    """Return one of `CHOICES` of a job, or of a run, by default the last; "" where there is none.

    Raises `CrontermError`.
    """
    view = snapshot.jobs.get(job)
    match what:
        case "name":
            return job
        case "command":
            return action_text(view.job.action) if view is not None else ""
        case "schedule" if view is not None:
            return view.job.schedule_text or triggers_text(view.job.triggers)
        case "YAML":
            config = await control.query(ReadConfig(job=job))
            return config.text if isinstance(config, ConfigText) else ""
        case "run id" | "output":
            run = run if run is not None else await _last_run(control, job)
            if run is None:
                return ""
            return str(run) if what == "run id" else await _output(control, run)
        case "error":
            return await _error(control, job, run)
    return ""


async def _last_run(control: Control, job: str) -> int | None:
    row = await _row(control, job)
    return row.run if row is not None else None


async def _row(
    control: Control, job: str, outcomes: Sequence[Outcome] = (), before: int | None = None
) -> RunRow | None:
    runs = await control.query(
        ListRuns(job=job, outcomes=tuple(outcomes), decisions=False, before_run=before, limit=1)
    )
    return runs.rows[-1] if isinstance(runs, Runs) and runs.rows else None


async def _output(control: Control, run: int, *, is_error: bool = False) -> str:
    part = await control.query(ReadOutput(run=run, max_bytes=OUTPUT_BYTES))
    chunks = part.chunks if isinstance(part, OutputPart) else ()
    kept = b"".join(each.data for each in chunks if not is_error or each.stream == "err")
    return kept.decode("utf-8", "replace")


async def _error(control: Control, job: str, run: int | None) -> str:
    """Return what a failed run wrote to stderr, else how it failed; "" for one that did not."""
    before = run + 1 if run is not None else None
    row = await _row(control, job, FAILED, before)
    if row is None or row.run is None or run not in (None, row.run):
        return ""
    written = (await _output(control, row.run, is_error=True)).rstrip()
    return written or f"{job}, run {row.run}: {row_text(row)}"
