"""Commands between machines: attach, bridge."""

from typing import Any

import click

from cronterm.cli.base import ScreenOptions, common, desk, leave, on_screen
from cronterm.instance import no_engine


@click.command()
@common
@click.option(
    "--read-only", is_flag=True, help="Look, and change nothing: the engine refuses it, too."
)
@on_screen
@click.pass_context
def attach(
    context: click.Context,
    /,
    read_only: bool,
    glyphs: str | None,
    no_mouse: bool,
    **given: Any,
) -> None:
    """Open the screen on a running engine, here or on other machines; it starts none.

    With -H it goes over ssh, as you: nothing has to run there but the engine, and cronterm has to
    be in the PATH of ssh (CRONTERM_REMOTE names it otherwise, CRONTERM_SSH the ssh to use). Jobs
    of several machines are shown in one table.

    Example: cronterm attach -H db1,db2 --read-only
    """
    at = desk(context, **given)
    screen = ScreenOptions(glyphs or "", no_mouse, at.no_color, read_only)
    if at.hosts:
        engines = {host: at.reach(host) for host in at.hosts}
        leave(at.rooms.run_attached(engines, None, screen))
    instance = at.instance
    if not instance.is_held():
        raise no_engine(instance)
    leave(at.rooms.run_attached({}, instance, screen))


@click.command()
@common
@click.pass_context
def bridge(context: click.Context, /, **given: Any) -> None:
    """Connect stdin and stdout with the engine: the far end of `cronterm -H HOST`.

    Example: ssh HOST cronterm bridge  (what `cronterm -H HOST status` runs)
    """
    at = desk(context, **given)
    leave(at.rooms.run_bridge(at.instance))
