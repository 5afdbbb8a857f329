"""`diff`: what was different in a run, numbers, times and ids apart."""

import json
from typing import Any

import click

from cronterm.cli.base import JOB_NAME, Desk, common, desk, leave, print_json, say
from cronterm.cli.output import read_from
from cronterm.cli.past import row_as_json
from cronterm.cli.render import describe_end, show_duration, show_size, show_time
from cronterm.errors import CrontermError
from cronterm.model.comparison import SAME, Printed, changed_lines, changed_words
from cronterm.model.query import ListRuns, ReadDecisions, ReadRun, RunDetail, Runs
from cronterm.model.run import RunRow
from cronterm.sanitize import sanitize_line

FACTS = ("outcome", "reason", "exit_code", "signal", "attempt", "cause", "params")


@click.command()
@common
@click.argument("first", type=JOB_NAME, metavar="RUN|JOB")
@click.argument("second", metavar="[RUN]", required=False)
@click.option("--exact", is_flag=True, help="Compare numbers, times and ids as well.")
@click.pass_context
def diff(
    context: click.Context, /, first: str, second: str | None, exact: bool, **given: Any
) -> None:
    """Compare two runs: how they ended, their definitions, and their output.

    Lines that differ in numbers, times or ids alone are the same. With one run it is compared to
    the last good one of its job before it. A job stands for its last run. Of more than 10,000
    lines the first and the last 5,000 are compared. Exits with 1 if the outputs or the ends differ.

    Example: cronterm diff 57 61
    """
    at = desk(context, **given)
    new = _detail(at, second or first)
    old = _detail(at, first) if second else _before(at, new.row)
    compared = Comparison(at, old, new, is_exact=exact)
    if at.as_json:
        print_json(compared.as_json())
    else:
        _print(at, compared)
    leave(0 if compared.is_same else 1)


def _detail(at: Desk, what: str) -> RunDetail:
    if what.isdigit():
        detail = at.query(ReadRun(run=int(what)))
        assert isinstance(detail, RunDetail)
        return detail
    runs = at.query(ListRuns(job=what, decisions=False, limit=1))
    assert isinstance(runs, Runs)
    if not runs.rows:
        at.query(ReadDecisions(job=what, limit=1))  # raises for a job that does not exist
        raise CrontermError(f"{what} has not run yet")
    return _detail(at, str(runs.rows[-1].run))


def _before(at: Desk, row: RunRow) -> RunDetail:
    """Return the last run before `row` that succeeded, else the last one."""
    for outcomes in (("succeeded",), ()):
        runs = at.query(
            ListRuns(job=row.job, decisions=False, before_run=row.run, limit=1, outcomes=outcomes)
        )
        assert isinstance(runs, Runs)
        if runs.rows:
            return _detail(at, str(runs.rows[-1].run))
    raise CrontermError(f"there is no run of {row.job} before {row.run}", "name two runs")


class Comparison:
    """Two runs beside each other."""

    def __init__(self, at: Desk, old: RunDetail, new: RunDetail, *, is_exact: bool) -> None:
        self.old, self.new = old.row, new.row
        before, after = row_as_json(old.row), row_as_json(new.row)
        self.facts = {
            name: [before.get(name), after.get(name)]
            for name in FACTS
            if before.get(name) != after.get(name)
        }
        self.definition = dict(changed_words(old.definition, new.definition))
        printed = _printed(at, old.row), _printed(at, new.row)
        self.is_exact = is_exact
        self.output = list(changed_lines(*printed, is_exact=is_exact))
        self.left_out = [each.left_out for each in printed]
        told = zip(printed, (old.row, new.row), strict=True)
        self.notes = [note for each, row in told if (note := each.note(row.run))]

    @property
    def is_same(self) -> bool:
        """Whether ends and outputs are the same."""
        ends = ("outcome", "reason", "exit_code", "signal")
        return not self.output and not any(name in self.facts for name in ends)

    def as_json(self) -> dict[str, Any]:
        """Return it as `diff --json` prints it."""
        return {
            "same": self.is_same,
            "runs": [row_as_json(self.old), row_as_json(self.new)],
            "facts": self.facts,
            "definition": self.definition,
            "output": [f"{each.sign}{each.text}" for each in self.output],
            "lines_left_out": self.left_out,
        }


def _printed(at: Desk, row: RunRow) -> Printed:
    """Return the output of a run's last attempt."""
    printed = Printed()
    if row.run is not None and row.attempt:
        for piece in read_from(at, row.run, row.job, row.attempt, 0):
            printed.take(piece.data)
    printed.finish()
    return printed


COLORS = {"-": "red", "+": "green", "@": "cyan", " ": None}


def _print(at: Desk, compared: Comparison) -> None:
    for sign, row in (("-", compared.old), ("+", compared.new)):
        color = COLORS[sign] if at.colors else None
        say(f"{sign * 3} {_headline(row)}", color=color)
    for word, (old, new) in compared.definition.items():
        say(f"definition: {word}: {_short(old)} → {_short(new)}")
    if old_params := compared.facts.get("params"):
        say(f"params: {_short(old_params[0])} → {_short(old_params[1])}")
    for note in compared.notes:
        say(note)
    if compared.output and not compared.is_exact:
        say(f"{SAME} (--exact: they are)")
    for line in compared.output:
        text = line.sign + sanitize_line(line.text)
        say(text, color=COLORS[line.sign] if at.colors else None)
    if not compared.output:
        say("the outputs are the same" + ("" if compared.is_exact else f"; {SAME}"))


def _headline(row: RunRow) -> str:
    took = row.ended_at - row.started_at if row.ended_at and row.started_at else None
    end = describe_end(row) if row.outcome is not None else "open"
    words = [f"run {row.run} of {row.job}", show_time(row.started_at or row.queued_at), end]
    words += [show_duration(took)] if took is not None else []
    words += [f"memory {show_size(row.max_rss_bytes)}"] if row.max_rss_bytes else []
    return ", ".join(words)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:199] + "…"
