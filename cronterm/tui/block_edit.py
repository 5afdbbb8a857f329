"""$EDITOR on a job's part of the file, checked before anything is written, or on a whole file."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from cronterm.config.blocks import other_name
from cronterm.errors import CrontermError
from cronterm.model.command import Answer, RenameJob, RewriteJob
from cronterm.model.query import ConfigText, ReadConfig
from cronterm.tui.home import Home
from cronterm.tui.questions import ask_edit_again, ask_rename, tell_diff

RunEditor = Callable[[str, int], None]
"""Opens a file at a line in the editor and comes back when it is left. Raises `OSError`."""


def edit_file(path: Path, line: int, run_editor: RunEditor) -> str:
    """Let a whole file be edited and say what became of it. Raises `CrontermError`."""
    before = _content(path)
    try:
        run_editor(str(path), line)
    except OSError as error:
        raise CrontermError(str(error)) from None
    if _content(path) != before or path.is_dir():
        return f"left {path.name}: what is saved counts at once"
    there = "" if path.exists() else f", {path.name} does not exist yet"
    return f"nothing written{there}"


def _content(path: Path) -> bytes | None:
    """Return what a file has; None where there is none."""
    try:
        return path.read_bytes()
    except OSError:
        return None


async def edit_block(home: Home, job: str, run_editor: RunEditor) -> None:
    """Let a job's text be edited until the engine takes it, or it is given up."""
    try:
        config = await home.control.query(ReadConfig(job=job))
        assert isinstance(config, ConfigText)
        draft = _write_draft(job, config)
    except (CrontermError, OSError) as error:
        home.tell(str(error), is_bad=True)
        return
    # What could not be opened was not changed: why it could not is all there is to tell.
    if await _edit(home, job, config, draft, run_editor) or _content(draft) == config.text.encode():
        draft.unlink(missing_ok=True)
    else:
        home.tell(f"it was not saved; your text is in {draft}", is_bad=True)


def _write_draft(job: str, config: ConfigText) -> Path:
    """Return a private file with the text to edit."""
    suffix = ".json" if config.path.endswith(".json") else ".yaml"
    handle, name = tempfile.mkstemp(prefix=f"{job}-", suffix=suffix)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(config.text)
    return Path(name)


def _edited(draft: Path, run_editor: RunEditor) -> str:
    run_editor(str(draft), 0)
    return draft.read_text(encoding="utf-8")


async def _edit(
    home: Home, job: str, config: ConfigText, draft: Path, run_editor: RunEditor
) -> bool:
    """Tell whether the draft is not needed any more."""
    based_on = config.sha256
    while True:
        try:
            text = _edited(draft, run_editor)
        except (CrontermError, OSError, UnicodeDecodeError) as error:
            home.tell(str(error), is_bad=True)
            return False
        if text.strip() == config.text.strip():
            home.tell("nothing changed")
            return True
        edits: list[RewriteJob | RenameJob] = []
        own = job.rpartition(":")[2]  # in its file, be it on one of several machines
        is_json = config.path.endswith(".json")
        new, under_old = ("", text) if is_json else other_name(text, own)
        if new:
            choice = await home.wait_answer(ask_rename(job, new))
            if choice != "rename":
                if choice:
                    continue
                return False
            edits.append(RenameJob(job=job, new=new, based_on=based_on))
        if under_old.strip() != config.text.strip():
            edits.insert(0, RewriteJob(job=job, text=under_old, based_on=based_on))
        answer = await home.deliver_edits(*edits)
        if answer is not None and answer.ok:
            if answer.diff:
                home.ask(tell_diff(new or job, answer), lambda _: home.undo())
            return True
        if not await home.wait_answer(ask_edit_again(job, answer or _UNREACHED)):
            return False
        if answer is not None and answer.kind == "stale":
            based_on = answer.sha256


_UNREACHED = Answer(ok=False, message="the engine does not answer")
