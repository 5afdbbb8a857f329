"""`cronterm keys`: the keys of the screen, as they are for this person."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from cronterm.cli.base import common, desk
from cronterm.cli.render import Cell
from cronterm.cli.sheet import Sheet, formatted, present

HEAD = ("GROUP", "ID", "KEYS", "WITHOUT", "WHAT", "PLACES")
ONLY_WIDE = frozenset({"PLACES"})


@click.command()
@common
@formatted
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.pass_context
def keys(context: click.Context, /, words: tuple[str, ...], **given: Any) -> None:
    """List the keys of the screen, by what ID they are chosen in ~/.config/cronterm/screen.yaml.

    WITHOUT is what a key would be that you have chosen. WORDs leave those in which all of them
    stand. A screen.yaml that the screen would refuse is refused here as well, with its line.

    Example: cronterm keys log mark
    """
    at = desk(context, **given)
    if at.hosts:
        raise click.UsageError("The keys are those of the screen here, whatever it looks at.")
    rows = [row for row in at.rooms.list_keys() if all(_has(row, word) for word in words)]
    present(at, lambda one: _sheet(rows))


def _has(row: Mapping[str, Any], word: str) -> bool:
    said = " ".join([row["group"], row["id"], row["what"], *row["places"]])
    return word.casefold() in said.casefold()


def _sheet(rows: Sequence[Mapping[str, Any]]) -> Sheet:
    return Sheet(
        content=rows,
        records=[{name: _joined(value) for name, value in row.items()} for row in rows],
        head=HEAD,
        rows=[_row(row) for row in rows],
        only_wide=ONLY_WIDE,
        empty="no key is like that",
        is_lines=True,
    )


def _joined(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else " ".join(value)


def _row(row: Mapping[str, Any]) -> list[Cell]:
    keys, default = " ".join(row["keys"]), " ".join(row["default"])
    without = default if keys != default else ""
    return [row["group"], row["id"], keys, without, row["what"], ", ".join(row["places"])]
