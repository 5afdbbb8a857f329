"""Tells people on stderr that no engine runs, where file and history answer in its place."""

from typing import Protocol

import click

from cronterm.model.query import ListNext, ListRuns, Query, ReadState
from cronterm.sanitize import sanitize

ASLEEP = "no engine runs: nothing is being scheduled; this is what was last recorded"


class Asker(Protocol):
    """Who asks: how it prints, and what it was told already."""

    @property
    def is_quiet(self) -> bool: ...

    @property
    def printed_as(self) -> str: ...

    @property
    def hosts(self) -> tuple[str, ...]: ...

    @property
    def said(self) -> set[str]: ...


def tell_asleep(asker: Asker, query: Query) -> None:
    """Say it once of a machine, to people only; `why` says it itself."""
    if asker.is_quiet or asker.printed_as not in ("table", "wide"):
        return
    line = f"{asker.hosts[0]}: {ASLEEP}" if asker.hosts else ASLEEP
    if isinstance(query, ReadState | ListNext | ListRuns) and line not in asker.said:
        asker.said.add(line)
        click.echo(sanitize(line), err=True)
