"""All output of a run, a piece at a time: a gigabyte does not fit in memory."""

import codecs
from collections.abc import AsyncIterator

from cronterm.control import Control
from cronterm.model.query import OutputPart, ReadOutput, ReadRun, RunDetail
from cronterm.sanitize import sanitize

CHUNK_BYTES = 1 << 20


async def read_whole_output(control: Control, run: int) -> AsyncIterator[str]:
    """Yield all output of a run, its tries one after another, made safe.

    Raises `CrontermError`.
    """
    detail = await control.query(ReadRun(run=run))
    for attempt in detail.attempts if isinstance(detail, RunDetail) else ():
        async for text in _read_attempt(control, run, attempt.attempt):
            yield text


async def _read_attempt(control: Control, run: int, attempt: int) -> AsyncIterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    offset: int | None = 0
    rest = ""
    while offset is not None:
        query = ReadOutput(run=run, attempt=attempt, offset=offset, max_bytes=CHUNK_BYTES)
        part = await control.query(query)
        if not isinstance(part, OutputPart):
            return
        is_more = bool(part.chunks) and offset < part.next_offset < part.end_offset
        content = b"".join(chunk.data for chunk in part.chunks)
        text = rest + decoder.decode(content, final=not is_more)
        # What steers a terminal ends with its line: cut there, nothing of it is left over.
        cut = text.rfind("\n") + 1 if is_more and len(text) < 2 * CHUNK_BYTES else len(text)
        rest = text[cut:]
        yield sanitize(text[:cut])
        offset = part.next_offset if is_more else None
