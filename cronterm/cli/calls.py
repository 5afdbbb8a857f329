"""`calls`: who asked what over TCP."""

from typing import Any

import click

from cronterm.cli.base import Desk, common, desk
from cronterm.cli.render import Cell, show_time
from cronterm.cli.sheet import Sheet, formatted, present
from cronterm.clock import rfc3339
from cronterm.model.audit import AuditRow
from cronterm.model.query import Calls, ListCalls

SHOWN_ROWS = 30
MOST_ROWS = 100_000  # more than are kept
REFUSED = 400
HEAD = ("LAST", "COUNT", "WHO", "FROM", "STATUS", "WHAT", "FIRST")
ONLY_WIDE = frozenset({"FIRST"})


@click.command()
@common
@formatted
@click.option("-n", "limit", type=click.IntRange(1), help="At most that many, the newest.")
@click.option("--refused", is_flag=True, help="Only what was refused or failed.")
@click.pass_context
def calls(context: click.Context, /, limit: int | None, refused: bool, **given: Any) -> None:
    """List who asked what over TCP (settings.api), oldest first: an hour's equal calls as one row.

    WHO is the name of a token; it is empty where none was right, and then WHAT is not kept. --json
    prints one object a line, all that are kept.

    Example: cronterm calls --refused -o csv
    """
    at = desk(context, **given)
    if limit is None and at.printed_as in ("table", "wide"):
        limit = SHOWN_ROWS
    present(at, lambda one: _sheet(one, limit, refused=refused))


def _sheet(at: Desk, limit: int | None, *, refused: bool) -> Sheet:
    most = MOST_ROWS if refused or limit is None else limit
    found = at.query(ListCalls(limit=most))
    assert isinstance(found, Calls)
    rows = [row for row in found.rows if not refused or row.call.status >= REFUSED]
    rows = rows if limit is None else rows[-limit:]
    records = [_record(row) for row in rows]
    return Sheet(
        content=records,
        records=records,
        head=HEAD,
        rows=[_row(row) for row in rows],
        only_wide=ONLY_WIDE,
        empty="nobody was refused" if refused else "nobody has asked over TCP",
        is_lines=True,
        order=[row.last_at for row in rows],
    )


def _record(row: AuditRow) -> dict[str, Any]:
    call = row.call
    return {
        "first_at": rfc3339(row.first_at),
        "last_at": rfc3339(row.last_at),
        "count": row.count,
        "who": call.who,
        "peer": call.peer,
        "method": call.method,
        "what": call.what,
        "status": call.status,
    }


def _row(row: AuditRow) -> list[Cell]:
    call = row.call
    return [
        show_time(row.last_at),
        str(row.count),
        call.who,
        call.peer,
        (str(call.status), "red" if call.status >= REFUSED else None),
        f"{call.method} {call.what}".rstrip(),
        show_time(row.first_at),
    ]
