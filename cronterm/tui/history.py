"""What a screen reads of the past, and of what comes, for the lines that it shows."""

from cronterm.clock import Instant
from cronterm.control import Control
from cronterm.errors import CrontermError
from cronterm.model.query import ListNext, ListRuns, NextDue, OutputPart, ReadOutput, Runs
from cronterm.model.run import RunRow
from cronterm.sanitize import sanitize_line
from cronterm.tui.stream import LogLine, row_lines

PAST_ROWS = 60
PAST_OUTPUTS = 25  # runs whose output is read: each is a question to the engine
PAST_BYTES = 2048
LAST_BYTES = 1024
NEXT_SHOWN = 5


async def read_past_lines(control: Control, until: Instant) -> list[LogLine]:
    """Return lines about the newest runs before `until`, oldest first. Raises `CrontermError`."""
    runs = await control.query(ListRuns(limit=PAST_ROWS))
    rows = runs.rows if isinstance(runs, Runs) else ()
    lines: list[LogLine] = []
    for place, row in enumerate(rows):
        is_near = len(rows) - place <= PAST_OUTPUTS or row.outcome is None
        lines += row_lines(row, await _read_output(control, row) if is_near else None)
    return sorted((line for line in lines if line.at < until), key=lambda line: line.at)


async def _read_output(control: Control, row: RunRow) -> OutputPart | None:
    if row.run is None or row.started_at is None:
        return None
    try:
        part = await control.query(ReadOutput(run=row.run, max_bytes=PAST_BYTES))
    except CrontermError:
        return None
    return part if isinstance(part, OutputPart) else None


async def read_last_line(control: Control, run: int) -> str | None:
    """Return what a run printed last, "" where it printed nothing; None where nobody knows."""
    try:
        part = await control.query(ReadOutput(run=run, max_bytes=LAST_BYTES))
    except CrontermError:
        return None
    if not isinstance(part, OutputPart):
        return None
    text = b"".join(chunk.data for chunk in part.chunks).decode("utf-8", "replace")
    lines = [line for line in text.split("\n") if line.strip()]
    return sanitize_line(lines[-1]) if lines else ""


async def read_next(control: Control, job: str) -> tuple[Instant, ...]:
    """Return the next instants of a job; none where it left the file, or nobody answers."""
    try:
        due = await control.query(ListNext(jobs=(job,), limit=NEXT_SHOWN))
    except CrontermError:
        return ()
    return due.next.get(job, ()) if isinstance(due, NextDue) else ()
