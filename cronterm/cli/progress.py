"""Shows how far long work is: a bar on a terminal, which goes away; elsewhere one line."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from cronterm.cli.base import Progress

WIDTH = 30
QUIET_S = 0.5  # what is done sooner needs no bar
REDRAW_S = 0.1


@contextmanager
def progress_bar(
    stream: TextIO | None = None,
    *,
    what: str = "working",
    is_quiet: bool = False,
    seconds: Callable[[], float] = time.monotonic,
) -> Iterator[Progress]:
    """Give what draws a bar on `stream` (stderr) when told how far it is.

    Where that is no terminal it gets one line, as soon as the work turns out to be long.
    """
    stream = sys.stderr if stream is None else stream
    began = drawn = seconds()
    is_shown = stream.isatty()
    quiet_s = math.inf if is_quiet else QUIET_S
    has_drawn = False

    def show(part: float) -> None:
        nonlocal drawn, has_drawn
        now = seconds()
        if now - began < quiet_s or now - drawn < REDRAW_S or (has_drawn and not is_shown):
            return
        if not part:
            return  # how long it takes is not known yet
        drawn, has_drawn = now, True
        full = round(part * WIDTH)
        left_s = (now - began) * (1 - part) / part
        if not is_shown:
            click.echo(f"{what}: {part:.0%} done, about {left_s:.0f}s left", file=stream)
            return
        bar = "#" * full + "-" * (WIDTH - full)
        click.echo(f"\r[{bar}] {part:4.0%}, {left_s:.0f}s left \x1b[K", nl=False, file=stream)

    try:
        yield show
    finally:
        if has_drawn and is_shown:
            click.echo("\r\x1b[K", nl=False, file=stream)
