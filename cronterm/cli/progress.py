"""Shows on a terminal how far long work is; nothing of it stays, and nothing goes elsewhere."""

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
    stream: TextIO | None = None, *, seconds: Callable[[], float] = time.monotonic
) -> Iterator[Progress]:
    """Give what draws a bar on `stream` (stderr) when told how far it is, if that is a terminal."""
    stream = sys.stderr if stream is None else stream
    began = drawn = seconds()
    is_shown = stream.isatty()
    has_drawn = False

    def show(part: float) -> None:
        nonlocal drawn, has_drawn
        now = seconds()
        if not is_shown or now - began < QUIET_S or now - drawn < REDRAW_S:
            return
        drawn, has_drawn = now, True
        full = round(part * WIDTH)
        left_s = (now - began) * (1 - part) / part if part else 0
        bar = "#" * full + "-" * (WIDTH - full)
        click.echo(f"\r[{bar}] {part:4.0%}, {left_s:.0f}s left \x1b[K", nl=False, file=stream)

    try:
        yield show
    finally:
        if has_drawn:
            click.echo("\r\x1b[K", nl=False, file=stream)
