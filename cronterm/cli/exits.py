"""How a program that is made of commands ends."""

from collections.abc import Callable

import click

from cronterm.cli.base import say
from cronterm.errors import CrontermError


def exit_status(run: Callable[[], object], name: str) -> int:
    """Run a program and return its exit status; errors are said as those of `name`."""
    try:
        done = run()
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except CrontermError as error:
        say(f"{name}: {error}", err=True)
        return error.exit_code
    return done if isinstance(done, int) else 0
