"""Whether what the form is to run is there, as far as a look from here can tell."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cronterm.config.programs import look_for
from cronterm.model.job import Job


def what_note(word: str, job: Job | None, words: Mapping[str, Any]) -> str:
    """Return what is to be said of the command, or of the directory, of a job in the form."""
    command = words.get("command")
    if word == "command" and isinstance(command, str):
        look = look_for(command, job)
        return "" if look is None else f"{'✓' if look.is_there else '!'} {look.text}"
    if word != "working_dir" or word not in words or job is None or Path(job.working_dir).is_dir():
        return ""
    return f"! {job.working_dir} does not exist: runs fail until it does"
