"""What was before the screen attached: the newest runs, with the end of what they printed."""

from cronterm.clock import Instant
from cronterm.control import Control
from cronterm.errors import CrontermError
from cronterm.model.query import ListRuns, OutputPart, ReadOutput, Runs
from cronterm.model.run import RunRow
from cronterm.tui.stream import LogLine, row_lines

PAST_ROWS = 60
PAST_OUTPUTS = 25  # runs whose output is read: each is a question to the engine
PAST_BYTES = 2048


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
