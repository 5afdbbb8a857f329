"""The program: its commands, and `cronterm FILE` without one."""

import difflib
import io
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from cronterm.cli.base import (
    AT,
    COMMON,
    Desk,
    HeadlessOptions,
    Rooms,
    ScreenOptions,
    common,
    desk,
    leave,
    on_screen,
    print_json,
    say,
)
from cronterm.cli.exits import exit_status
from cronterm.errors import CrontermError

LOG_LEVEL = click.Choice(["debug", "info", "warning", "error"], case_sensitive=False)
TAKES_A_WORD = (
    *("-f", "--file", "--jobs-dir", "--state-dir"),
    *("--log-format", "--log-level", "--log-file", "-H", "--host", "--glyphs"),
)
LOG_FILE = "The log goes there and not to stderr: a new file each day, 14 are kept."

# Imported when they are used: `cronterm status` does not pay for a YAML parser.
COMMANDS = {
    "status": "cronterm.cli.state:status",
    "run": "cronterm.cli.runs:run",
    "rerun": "cronterm.cli.again:rerun",
    "stop": "cronterm.cli.ends:stop",
    "kill": "cronterm.cli.ends:kill",
    "pause": "cronterm.cli.control:pause",
    "resume": "cronterm.cli.control:resume",
    "skip": "cronterm.cli.control:skip",
    "logs": "cronterm.cli.logs:logs",
    "history": "cronterm.cli.past:history",
    "stats": "cronterm.cli.stats:stats",
    "next": "cronterm.cli.coming:next_due",
    "why": "cronterm.cli.past:why",
    "simulate": "cronterm.cli.simulate:simulate",
    "alerts": "cronterm.cli.alerts:alerts",
    "missed": "cronterm.cli.alerts:missed",
    "calls": "cronterm.cli.calls:calls",
    "ping": "cronterm.cli.reports:ping",
    "validate": "cronterm.cli.plans:validate",
    "fmt": "cronterm.cli.files:fmt",
    "schema": "cronterm.cli.files:schema",
    "config": "cronterm.cli.files:config",
    "import": "cronterm.cli.moving:import_jobs",
    "export": "cronterm.cli.moving:export",
    "up": "cronterm.cli.program:up",
    "install-service": "cronterm.cli.service:install_service",
    "down": "cronterm.cli.control:down",
    "add": "cronterm.cli.edits:add",
    "rm": "cronterm.cli.edits:rm",
    "actions": "cronterm.cli.actions:actions",
    "edit": "cronterm.cli.edits:edit",
    "enable": "cronterm.cli.edits:enable",
    "disable": "cronterm.cli.edits:disable",
    "rename": "cronterm.cli.edits:rename",
    "mv": "cronterm.cli.edits:mv",
    "exec": "cronterm.cli.wrap:execute",
    "attach": "cronterm.cli.far:attach",
    "bridge": "cronterm.cli.far:bridge",
    "web": "cronterm.cli.web:web",
    "keys": "cronterm.cli.keys:keys",
    "ls": "cronterm.cli.jobs:list_jobs",
    "show": "cronterm.cli.show:show",
    "explain": "cronterm.cli.plans:explain",
    "diff": "cronterm.cli.compare:diff",
    "doctor": "cronterm.cli.doctor:doctor",
    "init": "cronterm.cli.begin:init",
    "completion": "cronterm.cli.begin:completion",
    "motd": "cronterm.cli.begin:motd",
}

ALIASES = {
    "trigger": "run",
    "start": "run",
    "retry": "rerun",
    "get": "show",
    "describe": "show",
    "list": "ls",
    "follow": "logs",
}
"""Other names; `follow` is `logs --follow`."""


SECTIONS = {
    "Look": "status ls show logs history why diff stats alerts missed calls",
    "Look ahead": "next explain simulate",
    "Act": "run rerun stop kill pause resume skip ping exec",
    "Change the jobs file": "add edit rm enable disable rename mv actions"
    " validate fmt schema config",
    "Engine and screen": "up down attach web keys install-service",
    "Begin": "init import export doctor completion motd",
}
"""What the help lists together; what is in none of these comes last."""
SENTENCE = 200  # letters: what a command is for is told whole, on two lines where it must


class Program(click.Group):
    """A group that takes a jobs file where a command could stand."""

    def invoke(self, context: click.Context) -> Any:
        """Carry out a command; what an error names to mend it is for the machine that was asked."""
        try:
            return super().invoke(context)
        except CrontermError as error:
            if (at := context.meta.get(AT)) is not None:
                error.message, error.hint = at.from_here(error.message), at.from_here(error.hint)
            raise

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names of the commands, in the order of the day."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return a command, or None."""
        name = ALIASES.get(name, name)
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        command.params.sort(key=lambda each: each.name in COMMON)  # its own come first in its help
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by what they are for."""
        sections = {title: names.split() for title, names in SECTIONS.items()}
        listed = {name for names in sections.values() for name in names}
        sections["More"] = [name for name in COMMANDS if name not in listed]
        for title, names in sections.items():
            known = [(name, self.get_command(context, name)) for name in names]
            rows = [(name, each.get_short_help_str(SENTENCE)) for name, each in known if each]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Read `cronterm FILE` as `cronterm -f FILE`."""
        place = _first_word(args)
        known = {*COMMANDS, *ALIASES}
        if place is not None and args[place] == "follow":
            args = [*args[: place + 1], "--follow", *args[place + 1 :]]
        elif place is not None and args[place] not in known and _is_file(args[place]):
            args = [*args[:place], "-f", *args[place:]]
        return super().parse_args(context, args)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say what is near a command that does not exist."""
        if self.get_command(context, args[0]) is None:
            near = difflib.get_close_matches(args[0], {*COMMANDS, *ALIASES}, 2)
            hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", context)
        return super().resolve_command(context, args)


def _first_word(args: list[str]) -> int | None:
    skip = False
    for place, word in enumerate(args):
        if skip:
            skip = False
        elif word in TAKES_A_WORD:
            skip = True
        elif not word.startswith("-"):
            return place
    return None


def _is_file(word: str) -> bool:
    return "/" in word or word.endswith((".yaml", ".yml", ".json")) or Path(word).exists()


@click.group(cls=Program, invoke_without_command=True, no_args_is_help=False)
@common
@click.option("--headless", is_flag=True, help="Run the engine here, without a screen.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text")
@click.option("--log-level", type=LOG_LEVEL, default="info")
@click.option("--log-file", metavar="FILE", default="", help=LOG_FILE)
@click.option("--for-screen", is_flag=True, hidden=True)
@on_screen
@click.option("--version", is_flag=True, help="Print the version.")
@click.pass_context
def program(
    context: click.Context,
    /,
    headless: bool,
    log_format: str,
    log_level: str,
    log_file: str,
    for_screen: bool,
    glyphs: str | None,
    no_mouse: bool,
    version: bool,
    **given: Any,
) -> None:
    """Cron that you can see.

    `cronterm [FILE]` opens the screen on FILE (./jobs.yaml) and starts its engine if none runs;
    `cronterm --headless` runs the engine alone. The commands below look at a running engine, or at
    file and history where none runs.
    """
    at = desk(context, **given)
    context.obj = at
    if version:
        say(f"cronterm {at.rooms.version()}")
        leave(0)
    if context.invoked_subcommand is not None:
        return
    if headless:
        options = HeadlessOptions(log_format, log_level, for_screen, log_file)
        leave(at.rooms.run_headless(at.instance, options))
    screen = ScreenOptions(glyphs or "", no_mouse, at.no_color)
    if at.hosts:
        leave(at.rooms.run_attached({host: at.reach(host) for host in at.hosts}, None, screen))
    leave(at.rooms.run_screen(at.instance, screen))


@click.command()
@common
@click.option("--log-format", type=click.Choice(["text", "json"]))
@click.option("--log-level", type=LOG_LEVEL)
@click.option("--log-file", metavar="FILE", help=LOG_FILE)
@click.option("-d", "--detach", is_flag=True, help="In the background; it stays after a logout.")
@click.pass_context
def up(
    context: click.Context,
    /,
    log_format: str | None,
    log_level: str | None,
    log_file: str | None,
    detach: bool,
    **given: Any,
) -> None:
    """Run the engine here, without a screen (the same as --headless).

    SIGHUP and SIGUSR2 read the jobs file again, SIGUSR1 writes the state into the log, SIGTERM and
    SIGINT end the engine in good order, a second one at once. Jobs go on.

    Example: cronterm up -d && cronterm status
    """
    at, before = desk(context, **given), context.find_root().params
    options = HeadlessOptions(
        log_format or before["log_format"],
        log_level or before["log_level"],
        log_file=log_file or before["log_file"],
    )
    if detach and options.log_file:
        raise click.UsageError("an engine in the background has its log in the state directory")
    if not detach:
        leave(at.rooms.run_headless(at.instance, options))
    pid = at.rooms.run_daemon(at.instance, options)
    if at.as_json:
        print_json({"ok": True, "pid": pid, "log": str(at.instance.log_file)})
    elif not at.is_quiet:
        say(f"the engine runs, pid {pid}; its log is {at.instance.log_file}")


def run_program(rooms: Rooms, args: list[str] | None = None) -> int:
    """Run one invocation and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal in Latin-1 has no ✓: no traceback
            stream.reconfigure(errors="replace")
    at = Desk(rooms)

    def run() -> object:
        with at.open:
            return program.main(args, prog_name="cronterm", standalone_mode=False, obj=at)

    return exit_status(run, "cronterm")
