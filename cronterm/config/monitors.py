"""Definitions of monitors that came over the API, read by the same rules as a file."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from cronterm.clock import MILLISECOND
from cronterm.config.load import load_text
from cronterm.errors import BadInput
from cronterm.model.job import Job
from cronterm.model.monitors import MonitorDefinition


def read_monitors(
    definitions: Iterable[MonitorDefinition], *, directory: Path, timezone: str
) -> tuple[Job, ...]:
    """Return the jobs that are defined so; wall times are those of `timezone`.

    Raises `BadInput` for the first that cannot be. They have no source: nothing edits them.
    """
    jobs = {each.job: _words(each) for each in definitions}
    text = json.dumps({"jobs": jobs})
    loaded = load_text(text, path=directory / "monitors.yaml", local_timezone=timezone)
    if loaded.problems:
        problem = loaded.problems[0]
        raise BadInput(problem.message, problem.hint)
    return tuple(msgspec.structs.replace(job, source="", line=0) for job in loaded.jobs)


def _words(definition: MonitorDefinition) -> dict[str, Any]:
    words: dict[str, Any] = {
        "monitor": "heartbeat" if definition.is_heartbeat else True,
        "schedule": definition.schedule,
    }
    for word in ("tolerance", "max_runtime"):
        duration = getattr(definition, word)
        if duration is not None:
            words[word] = f"{duration // MILLISECOND}ms"
    return words
