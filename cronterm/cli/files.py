"""Commands about the jobs file itself: schema, fmt, config."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from cronterm.cli.base import Desk, common, desk, leave, print_json, say
from cronterm.clock import local_zone
from cronterm.config.edit import write_atomically
from cronterm.config.format import format_text
from cronterm.config.gather import is_folder
from cronterm.config.load import Loaded, load
from cronterm.config.resolve import resolve
from cronterm.config.schema import jobs_schema, part
from cronterm.errors import BadInput, CrontermError
from cronterm.model.query import ConfigText, ReadConfig
from cronterm.model.resolved import Resolved, Value
from cronterm.model.unknown import unknown_job


@click.command()
@common
@click.argument("path", required=False, default="")
@click.pass_context
def schema(context: click.Context, /, path: str, **given: Any) -> None:
    """Print the jobs file's JSON Schema, or the part that PATH means, for editors.

    Example: cronterm schema > jobs.schema.json; cronterm schema retry
    """
    desk(context, **given)
    click.echo(json.dumps(part(jobs_schema(), path), indent=2))


@click.command()
@common
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if anything would.")
@click.pass_context
def fmt(context: click.Context, /, files: tuple[str, ...], check: bool, **given: Any) -> None:
    """Give jobs files their one form: order of words, indentation. Comments and values stay.

    Example: cronterm fmt --check jobs.yaml
    """
    at = desk(context, **given)
    changed, refused = [], []
    for name in files or (at.jobs_file,):
        for path, text in sorted(_texts(Path(name)).items()):
            try:
                new = format_text(text, is_json=path.endswith(".json"))
            except CrontermError as error:
                refused.append(f"{path}: {error}")
                continue
            if new == text:
                continue
            changed.append(path)
            if not check:
                _write(Path(path), new)
    if at.as_json:
        print_json({"changed": changed, "refused": refused})
    else:
        for path in changed:
            say(f"{path}: {'would change' if check else 'formatted'}")
        for line in refused:
            say(line, err=True)
    leave(65 if refused else int(check and bool(changed)))


def _write(path: Path, text: str) -> None:
    try:
        write_atomically(path, text)
    except OSError as error:
        raise CrontermError(f"{path} was not written: {error.strerror}") from None


def _texts(path: Path) -> dict[str, str]:
    """Return the texts of a file and of what it includes. Raises `BadInput` where none is."""
    loaded = load(path, local_timezone=local_zone())
    texts = {name: text for name, text in loaded.texts.items() if text}
    if not texts and loaded.problems:
        raise BadInput("\n".join(map(str, loaded.problems)))
    return texts


@click.command()
@common
@click.argument("job", required=False, default="")
@click.option("--resolved", is_flag=True, help="Every value, and where it comes from.")
@click.pass_context
def config(context: click.Context, /, job: str, resolved: bool, **given: Any) -> None:
    """Print the jobs file, or JOB's part of it; --resolved has all values with their places.

    Example: cronterm config --resolved backup
    """
    at = desk(context, **given)
    if resolved:
        _print_resolved(at, job)
        return
    reply = at.query(ReadConfig(job=job))
    assert isinstance(reply, ConfigText)
    if at.as_json:
        print_json({"path": reply.path, "line": reply.line, "text": reply.text})
    else:
        say(reply.text.rstrip("\n"))


def _print_resolved(at: Desk, job: str) -> None:
    path = at.jobs_file
    loaded: Loaded = load(path, local_timezone=local_zone())
    if not loaded.is_usable:
        raise BadInput("\n".join(map(str, loaded.problems)))
    settings, found = resolve(path, local_timezone=local_zone())
    if job and job not in (each.job for each in found):
        raise unknown_job(job, [each.job for each in found])
    wanted = [each for each in found if job in ("", each.job)]
    if at.as_json:
        jobs = {each.job: _as_json(each) for each in wanted}
        print_json({"settings": _all_as_json(settings), "jobs": jobs})
        return
    home = path if is_folder(path) else path.parent
    if not job:
        say("settings")
        _say_values(settings, home)
    for each in wanted:
        say(f"{each.job}  {_near(each.file, home)}:{each.line}")
        _say_values(each.values, home)


def _say_values(values: Iterable[Value], home: Path) -> None:
    for value in values:
        place = _near(value.place.replace(f"{home}/", ""), home)
        say(f"  {f'{value.word}: {value.text}':<58}  {place}")


def _near(text: str, home: Path) -> str:
    return text.removeprefix(f"{home}/")


def _as_json(each: Resolved) -> dict[str, Any]:
    return {"file": each.file, "line": each.line, "values": _all_as_json(each.values)}


def _all_as_json(values: Iterable[Value]) -> list[dict[str, Any]]:
    return [
        {
            "word": value.word,
            "value": value.text,
            "from": value.origin,
            "file": value.file or None,
            "line": value.line or None,
        }
        for value in values
    ]
