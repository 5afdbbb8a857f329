"""Edits of the jobs file where no engine runs: the same rules, and the next engine reads it."""

from cronterm.config.load import Loaded, load
from cronterm.engine.edits import (
    changes_of,
    done_answer,
    loaded_after,
    new_problems,
    not_in_force,
    write_changes,
)
from cronterm.errors import BadInput, CrontermError
from cronterm.instance import Instance
from cronterm.model.command import Answer, Edit


def edit_offline(instance: Instance, command: Edit, *, local_timezone: str) -> Answer:
    """Carry out an edit on the file. A refusal is an answer; raises `BadInput` for a broken file.

    Nothing keeps an engine from starting meanwhile: it reads the file before or after.
    """
    path = instance.jobs_file
    loaded = load(path, local_timezone=local_timezone)
    if not loaded.sha256:
        if path.exists():
            raise BadInput("\n".join(map(str, loaded.problems)))
        loaded = Loaded.empty()
    try:
        changes = changes_of(command, loaded, path)
    except CrontermError as error:
        return Answer(ok=False, kind="invalid", message=error.message, hint=error.hint)
    if command.based_on not in ("", loaded.sha256, changes[0].target.sha256):
        message = f"{changes[0].target.path.name} was changed by someone else meanwhile"
        return Answer(ok=False, kind="stale", message=message, hint="look at it and try again")
    after = loaded_after(changes, path, local_timezone=local_timezone)
    if problems := new_problems(after, loaded):
        return Answer(ok=False, kind="invalid", message=str(problems[0]))
    if not command.dry_run:
        write_changes(changes)
    but = not_in_force(changes, after.problems, is_usable=after.is_usable)
    return done_answer(command, changes, sha256="", but=but)
