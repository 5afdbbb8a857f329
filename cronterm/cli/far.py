"""Commands between machines: attach, bridge."""

from typing import Any

import click

from cronterm.cli.base import common, desk, leave
from cronterm.instance import no_engine


@click.command()
@common
@click.option(
    "--read-only", is_flag=True, help="Look, and change nothing: the engine refuses it, too."
)
@click.pass_context
def attach(context: click.Context, /, read_only: bool, **given: Any) -> None:
    """Open the screen on a running engine, here or on other machines; it starts none.

    With -H it goes over ssh, as you: nothing has to run there but the engine, and cronterm has to
    be in the PATH of ssh (CRONTERM_REMOTE names it otherwise, CRONTERM_SSH the ssh to use). Jobs
    of several machines are shown in one table.

    Example: cronterm attach -H db1,db2 --read-only
    """
    at = desk(context, **given)
    if at.hosts:
        engines = {host: at.reach(host) for host in at.hosts}
        leave(at.rooms.run_attached(engines, None, read_only))
    instance = at.instance
    if not instance.is_held():
        raise no_engine(instance)
    leave(at.rooms.run_attached({}, instance, read_only))


@click.command()
@common
@click.pass_context
def bridge(context: click.Context, /, **given: Any) -> None:
    """Connect stdin and stdout with the engine: the far end of `cronterm -H HOST`.

    Example: ssh HOST cronterm bridge  (what `cronterm -H HOST status` runs)
    """
    at = desk(context, **given)
    leave(at.rooms.run_bridge(at.instance))
