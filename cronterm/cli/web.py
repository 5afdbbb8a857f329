"""`cronterm web`: the screen in a browser."""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

import click

from cronterm.cli.base import WebOptions, common, desk, leave
from cronterm.instance import no_engine

PORT = 7879  # the one after the API's in the README
TABS = 8  # about 55 MiB each


def _read_address(context: click.Context, param: click.Parameter, given: str) -> str:
    try:
        return str(ipaddress.ip_address("127.0.0.1" if given == "localhost" else given))
    except ValueError:
        raise click.BadParameter(f"{given!r} is not an address; 127.0.0.1 is one.") from None


def _read_url(context: click.Context, param: click.Parameter, given: str) -> str:
    """Return `scheme://host[:port]`, or nothing."""
    try:
        parts = urlsplit(given)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not given:
        return ""
    if not is_one or parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
        raise click.BadParameter("It looks like https://cron.example.com, without a path.")
    return f"{parts.scheme}://{parts.netloc}"


@click.command()
@common
@click.option("--read-only", is_flag=True, help="Tabs look, and change nothing.")
@click.option(
    "--listen",
    metavar="ADDRESS",
    default="127.0.0.1",
    callback=_read_address,
    help="Where to listen (127.0.0.1).",
)
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, help=f"({PORT}; 0 is any.)")
@click.option("--expose", is_flag=True, help="Yes, listen where other machines reach it.")
@click.option(
    "--url",
    metavar="URL",
    default="",
    callback=_read_url,
    help="What browsers call it, where a proxy with TLS stands before it.",
)
@click.option(
    "--tabs", type=click.IntRange(1, 100), default=TABS, help=f"At most so many ({TABS})."
)
@click.pass_context
def web(
    context: click.Context,
    /,
    read_only: bool,
    listen: str,
    port: int,
    expose: bool,
    url: str,
    tabs: int,
    **given: Any,
) -> None:
    """Show the screen of a running engine in browsers (pip install 'cronterm[web]').

    It prints an address that lets one browser in, and the next one when that was used. Whoever is
    in can do what you can do on the screen; with --read-only just look. Each tab is a process that
    attaches, and ends with its tab; the engine goes on in any case. To a machine that you reach by
    ssh: ssh -t -L 7879:127.0.0.1:7879 HOST cronterm web

    Example: cronterm web --read-only
    """
    at = desk(context, **given)
    if not expose and not ipaddress.ip_address(listen).is_loopback:
        raise click.UsageError(
            f"{listen} can be reached from other machines, and what they send can be read on the"
            " way: say --expose as well, or use ssh or a proxy with TLS (--url)."
        )
    if not url and ipaddress.ip_address(listen).is_unspecified:
        raise click.UsageError(f"{listen} is every address: say what browsers call it with --url.")
    instance = at.instance
    if not instance.is_held():
        raise no_engine(instance)
    options = WebOptions(listen, port, url, read_only, tabs, as_json=at.as_json)
    leave(at.rooms.run_web(instance, options))
