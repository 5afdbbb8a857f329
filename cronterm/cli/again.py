"""Runs again what was: `rerun`, also with changes for this once."""

import json
from typing import Any

import click
import msgspec

from cronterm.cli.base import common, desk, print_answer
from cronterm.cli.drafts import edit_draft, write_draft
from cronterm.cli.render import describe_end
from cronterm.config.notation import entry
from cronterm.config.once import words_once
from cronterm.config.source import Source
from cronterm.config.words import WORDS
from cronterm.errors import CrontermError
from cronterm.model.command import RerunEdited, RerunRun
from cronterm.model.job import Job
from cronterm.model.query import ReadRun, RunDetail
from cronterm.model.run import RunRow
from cronterm.sanitize import sanitize_line


@click.command()
@common
@click.argument("number", metavar="RUN", type=click.IntRange(1))
@click.option("--edit", "is_edited", is_flag=True, help="Change it in $VISUAL or $EDITOR first.")
@click.pass_context
def rerun(context: click.Context, /, number: int, is_edited: bool, **given: Any) -> None:
    """Run again what a run was, by the definition it had then.

    With --edit its command, stdin, env, working_dir, timeout and params are changed for this run
    alone: the jobs file stays as it is, the history says what really ran.

    \b
    Example: cronterm rerun 57
             EDITOR=nano cronterm rerun 57 --edit
    """
    at = desk(context, **given)
    if not is_edited:
        print_answer(at, at.send(RerunRun(run=number)))
        return
    detail = at.query(ReadRun(run=number))
    assert isinstance(detail, RunDetail)
    if not detail.definition:
        message = f"run {number} never started: there is nothing to change of it"
        raise CrontermError(message, f"cronterm run {detail.row.job}")
    definition = msgspec.json.decode(detail.definition, type=Job)

    def take(text: str) -> None:
        print_answer(at, at.send(edited_run(detail.row, definition, text)))

    draft = write_draft(detail.row.job, ".yaml", draft_of(detail.row, definition))
    edit_draft(at, draft, take, failure="it was not run")


def draft_of(row: RunRow, definition: Job) -> str:
    """Return what may be changed of a run, as the words of a jobs file."""
    how = "is open" if row.outcome is None else describe_end(row)
    lines = [
        f"# Run {row.run} of {row.job} {sanitize_line(how)}.",
        "# What stands here is run once; the jobs file stays as it is.",
        "# Save it unchanged, and nothing runs.",
        "",
    ]
    params = _params(row, definition) or None
    for word, value in [*words_once(definition).items(), ("params", params)]:
        if value is not None:
            lines += entry(word, value, is_block=isinstance(value, dict))
        elif word != "params":
            lines.append(f"# {word}: {WORDS[word]}")
    return "\n".join(lines) + "\n"


def edited_run(row: RunRow, definition: Job, text: str) -> RerunEdited:
    """Return what an edited draft asks for. Raises `CrontermError` where it cannot be read."""
    assert row.run is not None
    content = Source(text).content()
    given = content.pop("params", None) or {}
    if not isinstance(given, dict):
        raise CrontermError("params: it is not a mapping of names to values")
    texts = {str(name): _text(value) for name, value in given.items() if value is not None}
    before = _params(row, definition)
    params = {
        name: value
        for name, value in texts.items()
        if name in row.params or value != before.get(name)
    }
    words = words_once(definition)
    changed = {
        word: content.get(word)
        for word in [*words, *(word for word in content if word not in words)]
        if content.get(word) != words.get(word)
    }
    return RerunEdited(run=row.run, words=changed, params=params)


def _params(row: RunRow, definition: Job) -> dict[str, str]:
    """Return the values that a run had, chosen or by default."""
    values = {name: row.params.get(name, each.default) for name, each in definition.params.items()}
    return {name: value for name, value in values.items() if value is not None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
