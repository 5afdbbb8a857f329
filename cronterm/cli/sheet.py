"""Tables in every form: for people, as JSON, YAML and CSV, watched, of one machine or several."""

import contextlib
import csv
import io
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, TypeVar

import click

from cronterm.cli.base import Desk, leave, print_json, say
from cronterm.cli.render import Cell, table
from cronterm.errors import CrontermError, NoEngine
from cronterm.sanitize import sanitize_line

FORMS = ("table", "wide", "json", "yaml", "csv")
WATCH_S = 2.0
FORMULA = ("=", "+", "-", "@")  # a spreadsheet would run it

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


@dataclass(frozen=True)
class Sheet:
    """What a command has to show."""

    content: Any
    """For JSON and YAML; a list is printed one value a line where `is_lines`."""
    records: Sequence[Mapping[str, Any]]
    """For CSV; an empty one stands beside a row that is none."""
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    only_wide: frozenset[str] = frozenset()
    """Titles of columns that `-o wide` alone shows."""
    above: Sequence[tuple[str, str | None]] = ()
    """Lines above the table with their colours, for people."""
    below: Sequence[str] = ()
    """Lines below it, for people."""
    has_titles: bool = True
    empty: str = ""
    """Said instead of a table without rows."""
    is_lines: bool = False
    order: Sequence[Any] = ()
    """By what rows, records and lines of several machines are laid between each other."""
    exit_code: int = 0


def formatted(command: F) -> F:
    """Give a command that prints a sheet the options for its form."""
    for option in (
        click.option("-w", "--watch", "watches", is_flag=True, help="Again every two seconds."),
        click.option("-o", "--output", "form", type=click.Choice(FORMS), help="How to print it."),
    ):
        command = option(command)
    return command


def present(at: Desk, look: Callable[[Desk], Sheet]) -> None:
    """Print what `look` sees, of every host that is meant, once or until Ctrl-C."""
    while True:
        sheet = merged(at, look) if len(at.hosts) > 1 else None
        if not at.watches:
            sheet = sheet or look(at)
            print_sheet(at, sheet)
            if sheet.exit_code:
                leave(sheet.exit_code)
            return
        try:
            frame = _frame(at, sheet or look(at))
        except CrontermError as error:  # an engine that starts again is seen again
            frame = f"cronterm: {error}\n"
        _draw(frame)
        time.sleep(WATCH_S)


def print_sheet(at: Desk, sheet: Sheet) -> None:
    """Print a sheet in the form that was asked for."""
    match at.printed_as:
        case "json" if sheet.is_lines:
            for value in sheet.content:
                print_json(value)
        case "json":
            print_json(sheet.content)
        case "yaml":
            click.echo(_yaml(sheet.content), nl=False)
        case "csv":
            click.echo(_csv(sheet.records), nl=False)
        case form:
            _print_table(at, sheet, is_wide=form == "wide")


def _print_table(at: Desk, sheet: Sheet, *, is_wide: bool) -> None:
    for line, color in sheet.above:
        say(line, color=color if at.colors else None)
    if not sheet.rows:
        say(sheet.empty)
        return
    titles = enumerate(sheet.head)
    shown = [place for place, title in titles if is_wide or title not in sheet.only_wide]
    head = [sheet.head[place] if sheet.has_titles else "" for place in shown]
    rows = [[row[place] for place in shown] for row in sheet.rows]
    # On a terminal; a pipe, and who asks for all of it, gets all of it.
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() and not is_wide else None
    for line in table(head, rows, colors=at.colors, room=room)[0 if sheet.has_titles else 1 :]:
        click.echo(line)
    for line in sheet.below:
        say(line)


def _yaml(content: Any) -> str:
    # By name: who wants a table does not wait for a YAML library.
    text: str = import_module("yaml").safe_dump(content, sort_keys=False, width=100)
    return text


def _csv(records: Sequence[Mapping[str, Any]]) -> str:
    flat = [dict(_flat("", record)) for record in records if record]
    found = dict.fromkeys(title for record in flat for title in record)
    # What is a mapping in one record may be nothing in another.
    titles = [title for title in found if not any(other.startswith(f"{title}_") for other in found)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(titles)
    for record in flat:
        writer.writerow([_csv_cell(record.get(title)) for title in titles])
    return text.getvalue()


def _flat(prefix: str, record: Mapping[str, Any]) -> Any:
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}_", value)
        else:
            yield f"{prefix}{name}", value


def _csv_cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    if not isinstance(value, str):
        return value
    text = sanitize_line(value)
    return f"'{text}" if text.startswith(FORMULA) else text


# -- again and again -----------------------------------------------------------------------------


class _Frame(io.StringIO):
    """Takes what is printed, and says of itself what the terminal says."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


def _frame(at: Desk, sheet: Sheet) -> str:
    frame = _Frame(is_terminal=sys.stdout.isatty())
    with contextlib.redirect_stdout(frame):
        print_sheet(at, sheet)
    return frame.getvalue()


def _draw(frame: str) -> None:
    if not sys.stdout.isatty() or os.environ.get("TERM", "") in ("", "dumb"):
        click.echo(frame, nl=False)
        sys.stdout.flush()
        return
    lines = frame.splitlines()[: shutil.get_terminal_size().lines - 1]
    # Home, without wrapping, each line cleared to its end, and what is below.
    drawn = "".join(f"{line}\x1b[K\n" for line in lines)
    click.echo(f"\x1b[H\x1b[?7l{drawn}\x1b[J\x1b[?7h", nl=False)
    sys.stdout.flush()


# -- several machines ----------------------------------------------------------------------------


def merged(at: Desk, look: Callable[[Desk], Sheet]) -> Sheet:
    """Return one sheet of all hosts, asked at the same time; one that is gone stays visible."""
    answers = ask_hosts(at, look)
    sheets = {host: each for host, each in answers.items() if isinstance(each, Sheet)}
    gone = _gone(answers)
    if not sheets:
        raise NoEngine("; ".join(f"{host}: {why}" for host, why in gone.items()))
    first = next(iter(sheets.values()))
    rows = [
        (host, row, record)
        for host, sheet in sheets.items()
        for row, record in zip(sheet.rows, sheet.records, strict=False)
    ]
    if all(len(sheet.order) == len(sheet.rows) for sheet in sheets.values()):
        keys = [key for sheet in sheets.values() for key in sheet.order]
        rows = [rows[place] for place in sorted(range(len(rows)), key=keys.__getitem__)]
    missing: list[Cell] = [("gone", "red"), *[""] * (len(first.head) - 1)]
    return Sheet(
        content=_merged_content(answers, rows, is_lines=first.is_lines),
        records=[
            *({"host": host, **record} for host, _, record in rows if record),
            *({"host": host, "gone": why} for host, why in gone.items()),
        ],
        head=("HOST", *first.head),
        rows=[
            *([host, *row] for host, row, _ in rows),
            *([(host, "red"), *missing] for host in gone),
        ],
        only_wide=first.only_wide,
        above=[
            *((f"{host}: {line}", c) for host, sheet in sheets.items() for line, c in sheet.above),
            *((f"{host}: gone: {why}", "red") for host, why in gone.items()),
        ],
        below=[f"{host}: {line}" for host, sheet in sheets.items() for line in sheet.below],
        has_titles=first.has_titles,
        empty=first.empty,
        is_lines=first.is_lines,
        exit_code=NoEngine.exit_code if gone else max(each.exit_code for each in sheets.values()),
    )


def ask_hosts(at: Desk, look: Callable[[Desk], T]) -> dict[str, T | CrontermError]:
    """Return what `look` sees of each host that is meant, or why not; all at the same time."""
    found: dict[str, T | CrontermError] = {}

    def ask(host: str) -> None:
        try:
            found[host] = look(replace(at, hosts=(host,), is_one_of_several=True))
        except CrontermError as error:
            found[host] = error

    # No pool: what it imports costs as much as all of `status`.
    threads = [threading.Thread(target=ask, args=(host,), name=host) for host in at.hosts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(found) < len(at.hosts):
        raise CrontermError("not every host could be asked", "its error is above")
    return {host: found[host] for host in at.hosts}


def _merged_content(
    answers: Mapping[str, Sheet | CrontermError],
    rows: Sequence[tuple[str, Sequence[Cell], Mapping[str, Any]]],
    *,
    is_lines: bool,
) -> Any:
    gone = _gone(answers)
    if is_lines:  # their records are their lines
        lines: list[dict[str, Any]] = [{"host": host, **record} for host, _, record in rows]
        return [*lines, *({"host": host, "gone": why} for host, why in gone.items())]
    return {
        host: each.content if isinstance(each, Sheet) else {"gone": gone[host]}
        for host, each in answers.items()
    }


def _gone(answers: Mapping[str, Sheet | CrontermError]) -> dict[str, str]:
    """Return why each host is gone that is."""
    return {
        host: str(each).removeprefix(f"{host}: ")
        for host, each in answers.items()
        if isinstance(each, CrontermError)
    }
