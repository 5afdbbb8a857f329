"""What every command has: where its instance is, who answers, how it prints."""

import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar

import click
from click.shell_completion import CompletionItem

from cronterm.cli.asleep import tell_asleep
from cronterm.cli.render import local_times
from cronterm.control import Message
from cronterm.errors import CrontermError, NoEngine
from cronterm.instance import Instance, find_instance, no_engine
from cronterm.model.command import Answer, AnyCommand, Edit
from cronterm.model.forecast import Forecast, SimulationRequest
from cronterm.model.query import AnyReply, Query, ReadState
from cronterm.model.snapshot import Snapshot
from cronterm.readable import commands_by
from cronterm.sanitize import sanitize

AT = "cronterm.at"
"""The desk of the command, in the context."""
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
    log_file: str = ""


@dataclass(frozen=True)
class ScreenOptions:
    """How a screen is asked to be, whatever the person's settings say."""

    glyphs: str = ""
    """A set of characters; "" leaves it to the settings and the terminal."""
    no_mouse: bool = False
    no_color: bool = False
    read_only: bool = False


@dataclass(frozen=True)
class WebOptions:
    """How the screen is to be shown in browsers."""

    listen: str
    """An IP address."""
    port: int
    """0 is any that is free."""
    url: str
    """What a proxy is called by, `scheme://host[:port]`; empty without one."""
    read_only: bool
    tabs: int
    """How many there may be at once."""
    as_json: bool


class FarEngine(Protocol):
    """What answers on another machine."""

    @property
    def client(self) -> Client:
        """Its engine. Raises `NoEngine` where none runs there."""

    def ask_offline(self, query: Query) -> AnyReply:
        """Answer from file and history there."""


@dataclass(frozen=True)
class Place:
    """An instance on another machine, and whether it may be asked for a password on the way."""

    host: str
    file: str | None = None
    state_dir: str | None = None
    may_ask: bool = True


@dataclass(frozen=True)
class Rooms:
    """What `main` gives the commands, so that they need not import it."""

    connect: Callable[[Instance], Client]
    ask_offline: Callable[[Instance, Query], AnyReply]
    edit_offline: Callable[[Instance, Edit], Answer]
    simulate: Callable[[Instance, SimulationRequest, Progress], Forecast]
    run_screen: Callable[[Instance, ScreenOptions], int]
    run_headless: Callable[[Instance, HeadlessOptions], int]
    run_daemon: Callable[[Instance, HeadlessOptions], int]
    """Returns the pid."""
    version: Callable[[], str]
    reach: Callable[[Place], AbstractContextManager[FarEngine]]
    run_bridge: Callable[[Instance], int]
    run_attached: Callable[[Mapping[str, FarEngine], Instance | None, ScreenOptions], int]
    """A screen on other machines, or on an engine here."""
    run_web: Callable[[Instance, WebOptions], int]
    """Until it is told to leave."""
    list_keys: Callable[[], list[dict[str, Any]]]


@dataclass(frozen=True)
class Desk:
    """One invocation: its instance, its rooms, how it prints."""

    rooms: Rooms
    file: str | None = None
    state_dir: str | None = None
    as_json: bool = False
    no_color: bool = False
    form: str = ""
    """How to print a table: table, wide, json, yaml or csv."""
    watches: bool = False
    """Print it again and again."""
    is_quiet: bool = False
    says_yes: bool = False
    """Do not ask."""
    hosts: tuple[str, ...] = ()
    """The machines that are meant instead of this one."""
    is_one_of_several: bool = False
    open: ExitStack = field(default_factory=ExitStack)
    """Closed at the end of the program."""
    reached: dict[str, FarEngine] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)

    def with_options(self, **given: Any) -> "Desk":
        """Return a desk with what was given after the command laid over what stood before it."""
        given["hosts"] = split_hosts(given.pop("hosts", ()))
        if given.get("form") == "json":
            given["as_json"] = True
        return replace(self, **{name: value for name, value in given.items() if value})

    @property
    def printed_as(self) -> str:
        """How to print a table."""
        return self.form or ("json" if self.as_json else "table")

    @property
    def far(self) -> FarEngine | None:
        """Who answers on the other machine that is meant, None where this one is."""
        if not self.hosts:
            return None
        if len(self.hosts) > 1:
            raise click.UsageError("This works on one host at a time.")
        return self.reach(self.hosts[0])

    def reach(self, host: str) -> FarEngine:
        """Return what answers on a machine. Raises `NoEngine` with what ssh says."""
        if host not in self.reached:
            place = Place(host, self.file, self.state_dir, may_ask=not self.is_one_of_several)
            self.reached[host] = self.open.enter_context(self.rooms.reach(place))
        return self.reached[host]

    @property
    def instance(self) -> Instance:
        """The instance on this machine that is meant."""
        self._check_here()
        instance = find_instance(self.file, self.state_dir)
        instance.check()
        return instance

    @property
    def jobs_file(self) -> Path:
        """The jobs file that is meant, whoever the state directory belongs to."""
        self._check_here()
        return find_instance(self.file, self.state_dir).jobs_file

    def _check_here(self) -> None:
        if self.hosts:
            there = f"ssh {self.hosts[0]} cronterm …"
            raise click.UsageError(f"This works on this machine only; {there} does it there.")

    def from_here(self, text: str) -> str:
        """Return a sentence: a command in it is for the machine that was asked."""
        if len(self.hosts) != 1:
            return text
        place = (("-f", self.file), ("--state-dir", self.state_dir))
        options = [word for name, given in place if given for word in (name, str(given))]
        return commands_by(shlex.join(["cronterm", "-H", *self.hosts, *options]), text)

    @property
    def client(self) -> Client:
        """Who answers. Raises `NoEngine` with what runs elsewhere."""
        if (far := self.far) is not None:
            return far.client
        instance = self.instance
        if not instance.is_held():
            raise no_engine(instance)
        return self.rooms.connect(instance)

    def query(self, query: Query) -> AnyReply:
        """Ask the engine, or file and history where none runs."""
        try:
            return self.client.query(query)
        except NoEngine:
            far = self.far
            if far is None and not self.instance.is_known():
                raise
            tell_asleep(self, query)
            if far is not None:
                return far.ask_offline(query)
            return self.rooms.ask_offline(self.instance, query)

    def snapshot(self) -> Snapshot:
        """Return what is visible, from file and history where no engine runs: its pid is 0."""
        try:
            return self.client.snapshot()
        except NoEngine:
            reply = self.query(ReadState())
        assert isinstance(reply, Snapshot)
        return reply

    def send(self, command: AnyCommand) -> Answer:
        """Send a command; a refusal ends the program with 1."""
        answer = self.client.send(command)
        if not answer.ok:
            raise CrontermError(local_times(answer.message), local_times(answer.hint))
        return answer

    def edit(self, command: Edit) -> Answer:
        """Change the jobs file, by the engine where one runs. A refusal ends the program with 1."""
        try:
            answer = self.client.send(command)
        except NoEngine:
            if self.hosts:
                raise
            answer = self.rooms.edit_offline(self.instance, command)
        if not answer.ok:
            raise CrontermError(answer.message, answer.hint)
        return answer

    @property
    def colors(self) -> bool:
        """Whether to print colours."""
        return sys.stdout.isatty() and not self.no_color and not os.environ.get("NO_COLOR")


class JobName(click.types.StringParamType):
    """A job's name; the shell completes those that there are."""

    name = "job"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the jobs that begin with what is typed; none where nobody answers."""
        at: Desk = ctx.find_root().obj
        try:
            for each in (ctx.find_root(), ctx):
                given = {name: each.params.get(name) for name in ("file", "state_dir")}
                at = at.with_options(**given, hosts=each.params.get("hosts") or ())
            at = at.with_options(is_one_of_several=True, is_quiet=True)  # no password, no notes
            return [CompletionItem(job) for job in at.snapshot().jobs if job.startswith(incomplete)]
        except (CrontermError, click.ClickException):
            return []


JOB_NAME = JobName()


COMMON = frozenset(
    ("file", "jobs_dir", "state_dir", "as_json", "no_color", "hosts", "is_quiet", "says_yes")
)
"""The options that every command has."""


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
        click.option(
            "-H", "--host", "hosts", multiple=True, metavar="HOST", help="On that machine, by ssh."
        ),
        click.option("-q", "--quiet", "is_quiet", is_flag=True, help="Say only what went wrong."),
        click.option("-y", "--yes", "says_yes", is_flag=True, help="Do not ask."),
    ):
        command = option(command)
    return command


def split_hosts(given: Iterable[str]) -> tuple[str, ...]:
    """Return `-H a -H b,c` as three hosts, each once. Raises UsageError."""
    hosts = [host.strip() for words in given for host in words.split(",")]
    if any(not host or host.startswith("-") for host in hosts):
        raise click.UsageError("A host is a name that ssh knows.")
    return tuple(dict.fromkeys(hosts))


def on_screen(command: F) -> F:
    """Give a command that opens the screen the options that say how it is shown."""
    glyphs = click.Choice(["unicode", "block", "ascii"])
    for option in (
        click.option("--glyphs", type=glyphs, default=None, help="Draw the screen with these."),
        click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal."),
    ):
        command = option(command)
    return command


def desk(context: click.Context, **given: Any) -> Desk:
    """Return the desk of a command."""
    at: Desk = context.obj
    given["file"] = given.pop("jobs_dir", None) or given.get("file")
    at = context.meta[AT] = at.with_options(**given)
    return at


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
    elif not at.is_quiet:
        say(local_times(answer.message))


def confirm(at: Desk, question: str) -> None:
    """Ask on a terminal, unless -y; a no ends the program with 1."""
    if at.says_yes or not sys.stdin.isatty():
        return
    if not click.confirm(sanitize(question), err=True):
        raise CrontermError("nothing was done")


def leave(code: int) -> NoReturn:
    """End the program with a status."""
    raise click.exceptions.Exit(code)
