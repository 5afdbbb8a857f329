"""Which file an edit goes to, and what its text becomes."""

from dataclasses import dataclass
from pathlib import Path

from cronterm.config import edit, json_edit
from cronterm.config.gather import digest, is_folder
from cronterm.config.load import Loaded
from cronterm.errors import CrontermError
from cronterm.model.command import AddJob, DeleteJob, EditJob, UndoEdit

Edit = AddJob | EditJob | DeleteJob | UndoEdit


@dataclass(frozen=True)
class Target:
    """A file that is edited, with its text as it is now."""

    path: Path
    text: str

    @property
    def sha256(self) -> str:
        """What an edit of this file may be based on."""
        return digest(self.text)


@dataclass(frozen=True)
class Done:
    """An edit that was made: how it is undone."""

    sha256: str
    """Of all files after it."""
    target: Target
    """The file and its text before it."""
    written: str
    """Its sha256 after it."""


def target_of(command: Edit, loaded: Loaded, path: Path) -> Target:
    """Return the file that the job came from; a new job of a directory gets its own."""
    if isinstance(command, AddJob):
        into = path / f"{command.job}.yaml" if is_folder(path) else path
    elif isinstance(command, UndoEdit):
        into = path
    else:
        sources = (Path(job.source) for job in loaded.jobs if job.id == command.job)
        into = next(sources, path)
    if into == path and is_folder(path):
        raise CrontermError(f"there is no job {getattr(command, 'job', '')} in {path}")
    return Target(into, loaded.texts.get(str(into), ""))


def spliced(command: Edit, target: Target) -> str:
    """Return the new text of a file. Raises `CrontermError` where that cannot be."""
    text, is_json = target.text, target.path.suffix == ".json"
    match command:
        case AddJob(job=job, words=words):
            return (json_edit.add_job if is_json else edit.add_job)(text, job, words)
        case EditJob(job=job, words=words):
            return (json_edit.edit_job if is_json else edit.edit_job)(text, job, words)
        case DeleteJob(job=job):
            return (json_edit.delete_job if is_json else edit.delete_job)(text, job)
        case _:
            raise CrontermError("there is nothing to undo")


def done_words(command: Edit) -> str:
    """Return what was done, for people."""
    match command:
        case AddJob(job=job):
            return f"added {job}"
        case EditJob(job=job):
            return f"changed {job}"
        case DeleteJob(job=job):
            return f"deleted {job}"
        case UndoEdit():
            return "undid the last edit"
