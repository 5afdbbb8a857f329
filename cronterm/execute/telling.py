"""Turns what a runner tells into messages."""

from cronterm.control import Output
from cronterm.execute.base import Ended, OutputBatch
from cronterm.model.run import AttemptEnd
from cronterm.runner.protocol import Header


def ended_of(header: Header, payload: bytes) -> Ended:
    """Return what an `ended` frame tells."""
    words = dict(header["end"])
    words["survivors"] = tuple(words.get("survivors", ()))
    pid, started_at = words.pop("pid", 0), words.pop("started_at", 0)
    end = AttemptEnd(**words)
    return Ended(header["run"], header["attempt"], end, payload, pid, started_at)


def output_of(header: Header, payload: bytes, job: str) -> OutputBatch:
    """Return what an `output` frame tells of an attempt of `job`."""
    run, attempt = header["run"], header["attempt"]
    chunks = []
    place = 0
    for offset, at, stream, _, length in header["pieces"]:
        content = payload[place : place + length]
        place += length
        chunks.append(
            Output(run, job, attempt, offset, at, "out" if stream == 1 else "err", content)
        )
    return OutputBatch(tuple(chunks))
