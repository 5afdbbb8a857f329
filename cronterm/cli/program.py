"""The program: its commands, and `cronterm FILE` without one."""

import difflib
import sys
from pathlib import Path
from typing import Any

import click

from cronterm.cli.base import Desk, HeadlessOptions, Rooms, common, desk, leave
from cronterm.cli.control import down, pause, resume, run, stop
from cronterm.cli.past import history, logs, why
from cronterm.cli.plans import next_due, validate
from cronterm.cli.state import status
from cronterm.errors import CrontermError

LOG_LEVELS = ("debug", "info", "warning", "error")


class Program(click.Group):
    """A group that takes a jobs file where a command could stand."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Read `cronterm FILE` as `cronterm -f FILE`."""
        place = _first_word(args)
        if place is not None and args[place] not in self.commands and _is_file(args[place]):
            args = [*args[:place], "-f", *args[place:]]
        return super().parse_args(context, args)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say what is near a command that does not exist."""
        if args[0] not in self.commands:
            near = difflib.get_close_matches(args[0], self.commands, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", context)
        return super().resolve_command(context, args)


def _first_word(args: list[str]) -> int | None:
    skip = False
    for place, word in enumerate(args):
        if skip:
            skip = False
        elif word in ("-f", "--file", "--state-dir", "--log-format", "--log-level"):
            skip = True
        elif not word.startswith("-"):
            return place
    return None


def _is_file(word: str) -> bool:
    return "/" in word or word.endswith((".yaml", ".yml", ".json")) or Path(word).is_file()


@click.group(cls=Program, invoke_without_command=True, no_args_is_help=False)
@common
@click.option("--headless", is_flag=True, help="Run the engine here, without a screen.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text")
@click.option("--log-level", type=click.Choice(LOG_LEVELS), default="info")
@click.option("--for-screen", is_flag=True, hidden=True)
@click.option("--version", is_flag=True, help="Print the version.")
@click.pass_context
def program(
    context: click.Context,
    /,
    headless: bool,
    log_format: str,
    log_level: str,
    for_screen: bool,
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
        click.echo(f"cronterm {at.rooms.version()}")
        leave(0)
    if context.invoked_subcommand is not None:
        return
    if headless:
        options = HeadlessOptions(log_format, log_level, for_screen)
        leave(at.rooms.run_headless(at.instance, options))
    leave(at.rooms.run_screen(at.instance))


for command in (status, run, stop, pause, resume, logs, history, next_due, why, validate, down):
    program.add_command(command)


@program.command()
@common
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text")
@click.option("--log-level", type=click.Choice(LOG_LEVELS), default="info")
@click.pass_context
def up(context: click.Context, /, log_format: str, log_level: str, **given: Any) -> None:
    """Run the engine here, without a screen (the same as --headless)."""
    at = desk(context, **given)
    leave(at.rooms.run_headless(at.instance, HeadlessOptions(log_format, log_level)))


def run_program(rooms: Rooms, args: list[str] | None = None) -> int:
    """Run one invocation and return its exit status."""
    try:
        done = program.main(args, prog_name="cronterm", standalone_mode=False, obj=Desk(rooms))
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.UsageError as error:
        error.show()
        return 2
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # nobody reads; not even Python's own complaint
        return 141
    except CrontermError as error:
        click.echo(f"cronterm: {error}", err=True)
        return error.exit_code
    return done if isinstance(done, int) else 0
