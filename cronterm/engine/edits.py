"""Which file an edit goes to, and what its text becomes."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from cronterm.config import blocks, edit, json_edit
from cronterm.config.gather import digest, is_folder, is_member
from cronterm.config.load import Loaded, load
from cronterm.errors import CrontermError
from cronterm.model.command import (
    AddJob,
    Answer,
    DeleteJob,
    EditJob,
    MoveJob,
    RenameJob,
    RewriteJob,
    UndoEdit,
)
from cronterm.model.problem import Problem

Edit = AddJob | EditJob | DeleteJob | RewriteJob | RenameJob | MoveJob | UndoEdit


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
    edit: Edit


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


@dataclass(frozen=True)
class Change:
    """A file that is edited, with its new text."""

    target: Target
    text: str

    @property
    def diff(self) -> str:
        """The change as a unified diff."""
        return edit.unified_diff(self.target.text, self.text, self.target.path.name)


def changes_of(command: Edit, loaded: Loaded, path: Path) -> list[Change]:
    """Return what an edit makes of the files. Raises `CrontermError` where that cannot be."""
    target = target_of(command, loaded, path)
    if isinstance(command, MoveJob):
        return _moved(command, target, loaded, path)
    changes = [Change(target, spliced(command, target))]
    if isinstance(command, RenameJob):
        changes += _references_renamed(command, target, loaded)
    return changes


def _references_renamed(command: RenameJob, target: Target, loaded: Loaded) -> Iterator[Change]:
    """Yield what a new name changes in the other files."""
    for name, text in loaded.texts.items():
        if name == str(target.path) or not name.endswith((".yaml", ".yml")):
            continue
        new = blocks.rename_references(text, command.job, command.new)
        if new != text:
            yield Change(Target(Path(name), text), new)


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
        case RewriteJob(job=job, text=block):
            return (blocks.replace_json_job if is_json else blocks.replace_job)(text, job, block)
        case RenameJob(job=job, new=new):
            if is_json:
                raise CrontermError("a job of a JSON file is renamed by hand", "add renamed_from")
            return blocks.rename_job(text, job, new)
        case _:
            raise CrontermError("there is nothing to undo")


def _moved(command: MoveJob, target: Target, loaded: Loaded, path: Path) -> list[Change]:
    home = path if is_folder(path) else path.parent
    to = Path(os.path.normpath(home / command.to))
    if to == target.path:
        raise CrontermError(f"{command.job} is in {to.name} already")
    is_new = is_folder(path) and to.parent == path and is_member(to.name) and not to.exists()
    if str(to) not in loaded.texts and not is_new:
        hint = "name it in `include`, or make the jobs file a directory"
        raise CrontermError(f"{to} is not a file that is read here", hint)
    into = Target(to, loaded.texts.get(str(to), ""))
    are_json = target.path.suffix == ".json", to.suffix == ".json"
    words = blocks.words_of(target.text, command.job, is_json=are_json[0])
    block = None if any(are_json) else blocks.movable_block(target.text, command.job)
    if block is not None:
        new = blocks.insert_job(into.text, command.job, block)
    else:
        new = (json_edit.add_job if are_json[1] else edit.add_job)(into.text, command.job, words)
    gone = spliced(DeleteJob(job=command.job), target)
    return [Change(target, gone), Change(into, new)]


def new_problems(after: Loaded, before: Loaded) -> list[Problem]:
    """Return the problems of the files `after` an edit that they did not have before it.

    One that only stands on another line now is none.
    """

    def unplaced(problem: Problem) -> Problem:
        return msgspec.structs.replace(problem, line=0, column=0)

    known = [*map(unplaced, before.problems)]
    return [problem for problem in after.problems if unplaced(problem) not in known]


def loaded_after(changes: Sequence[Change], path: Path, **given: Any) -> Loaded:
    """Return what the files would say after `changes`; `given` is what `load` takes."""
    texts = {str(change.target.path): change.text for change in changes}
    return load(path, texts=texts, **given)


def write_changes(changes: Sequence[Change]) -> None:
    """Write the files, what is added first: a job is rather there twice than not at all.

    Raises `CrontermError` with the file that could not be written.
    """
    for change in reversed(changes):
        try:
            edit.write_atomically(change.target.path, change.text)
        except OSError as error:
            raise CrontermError(f"{change.target.path.name} was not written: {error}") from None


def not_in_force(changes: Sequence[Change], problems: Sequence[Problem], *, is_usable: bool) -> str:
    """Return why `changes` that are written have no effect yet; "" where they have.

    `problems` are those that they have now; where they are usable, only files that have one wait.
    """
    changed = {str(change.target.path) for change in changes}
    found = [each for each in problems if not is_usable or each.file in changed]
    if not found:
        return ""
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    first = msgspec.structs.replace(found[0], file=Path(found[0].file).name)
    return f"not in force: {first}{more}"


def done_answer(
    command: Edit,
    changes: Sequence[Change],
    *,
    sha256: str,
    undone: Edit | None = None,
    but: str = "",
) -> Answer:
    """Return what is told of an edit that was made, or would be.

    `undone` is the edit that it took back, `but` what `not_in_force` says.
    """
    is_dry = getattr(command, "dry_run", False)
    done, so_again = edit_words(command if undone is None else undone)
    if undone is not None:
        done = f"undone: {done}" if is_dry else so_again
    return Answer(
        ok=True,
        message=("would have " if is_dry else "") + done + (f", but {but}" if but else ""),
        diff="".join(change.diff for change in changes),
        sha256=sha256,
        not_in_force=but,
    )


def edit_words(command: Edit) -> tuple[str, str]:
    """Return what was done, and what is so again once it is taken back, for people."""
    match command:
        case AddJob(job=job):
            return f"added {job}", f"{job} is gone again: undid its addition"
        case EditJob(job=job) | RewriteJob(job=job):
            return f"changed {job}", f"{job} is as it was: undid its change"
        case DeleteJob(job=job):
            return f"deleted {job}", f"{job} is back: undid its deletion"
        case RenameJob(job=job, new=new):
            return f"renamed {job} to {new}", f"{new} is {job} again: undid its new name"
        case MoveJob(job=job, to=to):
            return f"moved {job} to {to}", f"{job} is where it was: undid its move"
        case UndoEdit():
            return "undid the last edit", "undid the last edit"
