"""What every command has: where its instance is, who answers, how it prints."""

import difflib
import json
import os
import re
import sys
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar

import click

from cronterm.control import Message
from cronterm.errors import CrontermError, NoEngine
from cronterm.instance import Instance, find_instance, no_engine
from cronterm.model.command import Answer, AnyCommand
from cronterm.model.forecast import Forecast, SimulationRequest
from cronterm.model.query import AnyReply, Query
from cronterm.model.snapshot import Snapshot
from cronterm.sanitize import sanitize

F = TypeVar("F", bound=Callable[..., Any])

# What JSON may hold as it is and a terminal would obey, or UTF-8 cannot say.
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


Progress = Callable[[float], None]
"""Told now and then which part of long work is done, 0 to 1."""


class Client(Protocol):
    """An engine that answers; `NoEngine` where none does."""

    def snapshot(self) -> Snapshot: ...

    def send(self, command: AnyCommand) -> Answer: ...

    def query(self, query: Query) -> AnyReply: ...

    def stream(
        self, *, output: bool = True, last_id: str = ""
    ) -> Generator[Message, None, None]: ...


@dataclass(frozen=True)
class HeadlessOptions:
    """How an engine is asked to run."""

    log_format: str = "text"
    log_level: str = "info"
    for_screen: bool = False


@dataclass(frozen=True)
class Rooms:
    """What `main` gives the commands, so that they need not import it."""

    connect: Callable[[Instance], Client]
    ask_offline: Callable[[Instance, Query], AnyReply]
    simulate: Callable[[Instance, SimulationRequest, Progress], Forecast]
    run_screen: Callable[[Instance], int]
    run_headless: Callable[[Instance, HeadlessOptions], int]
    version: Callable[[], str]


@dataclass(frozen=True)
class Desk:
    """One invocation: its instance, its rooms, how it prints."""

    rooms: Rooms
    file: str | None = None
    state_dir: str | None = None
    as_json: bool = False
    no_color: bool = False

    def with_options(self, **given: Any) -> "Desk":
        """Return a desk with what was given after the command laid over what stood before it."""
        return replace(self, **{name: value for name, value in given.items() if value})

    @property
    def instance(self) -> Instance:
        """The instance that is meant."""
        instance = find_instance(self.file, self.state_dir)
        instance.check()
        return instance

    @property
    def jobs_file(self) -> Path:
        """The jobs file that is meant, whoever the state directory belongs to."""
        return find_instance(self.file, self.state_dir).jobs_file

    @property
    def client(self) -> Client:
        """Who answers. Raises `NoEngine` with what runs elsewhere."""
        instance = self.instance
        if not instance.is_held():
            raise no_engine(instance)
        return self.rooms.connect(instance)

    def query(self, query: Query) -> AnyReply:
        """Ask the engine, or file and history where none runs."""
        try:
            return self.client.query(query)
        except NoEngine:
            instance = self.instance
            if not instance.is_known():
                raise
            return self.rooms.ask_offline(instance, query)

    def send(self, command: AnyCommand) -> Answer:
        """Send a command; a refusal ends the program with 1."""
        answer = self.client.send(command)
        if not answer.ok:
            raise CrontermError(answer.message, answer.hint)
        return answer

    @property
    def colors(self) -> bool:
        """Whether to print colours."""
        return sys.stdout.isatty() and not self.no_color and not os.environ.get("NO_COLOR")


def common(command: F) -> F:
    """Give a command the options that may stand before and after it."""
    return click.option(
        "-f", "--file", "file", metavar="FILE", help="The jobs file, or a directory."
    )(_without_file(command))


def common_but_f(command: F) -> F:
    """Give a command whose -f means something else the common options."""
    return click.option("--file", "file", metavar="FILE", help="The jobs file, or a directory.")(
        _without_file(command)
    )


def _without_file(command: F) -> F:
    for option in (
        click.option("--jobs-dir", metavar="DIR", help="A directory of jobs files (as -f DIR)."),
        click.option("--state-dir", metavar="DIR", help="Where the instance keeps its state."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option("--no-color", is_flag=True, help="Print without colours."),
    ):
        command = option(command)
    return command


def desk(context: click.Context, **given: Any) -> Desk:
    """Return the desk of a command."""
    at: Desk = context.obj
    given["file"] = given.pop("jobs_dir", None) or given.get("file")
    return at.with_options(**given)


def say(text: str, *, color: str | None = None, err: bool = False) -> None:
    """Print text for people. Nothing in it steers their terminal but the colour given here."""
    safe = sanitize(text)
    click.echo(click.style(safe, fg=color) if color else safe, err=err)


def print_json(content: Any) -> None:
    """Print one JSON value on one line."""
    is_unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(content, ensure_ascii=not is_unicode)
    click.echo(_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def print_answer(at: Desk, answer: Answer) -> None:
    """Print what became of a command."""
    if at.as_json:
        print_json(
            {"ok": answer.ok, "n": answer.n, "run_id": answer.run, "message": answer.message}
        )
    else:
        say(answer.message)


def unknown_job(job: str, known: Iterable[str]) -> CrontermError:
    """Return the error for a job that is not there, with one that is near."""
    near = difflib.get_close_matches(job, list(known), 1)
    return CrontermError(f"there is no job {job}", f"did you mean {near[0]}?" if near else "")


def leave(code: int) -> NoReturn:
    """End the program with a status."""
    raise click.exceptions.Exit(code)
