"""What is said of a job that is not there."""

import difflib
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from cronterm.errors import CrontermError
from cronterm.model.problem import Problem


def unknown_job(
    job: str,
    known: Iterable[str],
    problems: Sequence[Problem] = (),
    *,
    open_runs: Iterable[int] = (),
) -> CrontermError:
    """Return the error for a job that is not there, with one that is near.

    `problems` are those of the newest jobs file, where it was refused; `open_runs` are those of
    the job, which left the file while they ran.
    """
    if runs := [f"run {run}" for run in open_runs]:
        goes = "still runs" if len(runs) == 1 else "still run"
        hint = f"it was removed from the file, and {', '.join(runs)} of it {goes}"
        return CrontermError(f"there is no job {job}", f"{hint}: `cronterm stop {job}` ends that")
    near = difflib.get_close_matches(job, list(known), 1)
    hints = [f"did you mean {near[0]}?"] if near else []
    return CrontermError(f"there is no job {job}", "; ".join([*hints, *refusal_hints(problems)]))


def refusal_hints(problems: Sequence[Problem]) -> list[str]:
    """Return the hint that a refused file, which has `problems`, may have the job."""
    files = {each.file for each in problems}
    if not files:
        return []
    what = f"{len(files)} files are" if len(files) > 1 else f"{PurePath(problems[0].file).name} is"
    return [f"{what} refused and may have it: `cronterm validate`"]
