"""`actions`: what a Python module has that jobs can call."""

import json
import subprocess
import sys
from typing import Any

import click

from cronterm.cli.base import Desk, common, desk
from cronterm.cli.sheet import Sheet, formatted, present
from cronterm.errors import CrontermError

LIMIT_S = 60.0  # an import that takes longer never ends


@click.command()
@common
@formatted
@click.argument("module", metavar="MODULE")
@click.pass_context
def actions(context: click.Context, /, module: str, **given: Any) -> None:
    """List the callables of a Python module (pkg.mod or FILE.py), for `python:` in a job.

    The module is imported as a job's would be, from the jobs file's directory, in a process of its
    own. CALL is what `python` takes; `args` and `kwargs` give it its arguments.

    Example: cronterm actions tasks.py
    """
    at = desk(context, **given)
    present(at, lambda one: _sheet(one, module))


def _sheet(at: Desk, module: str) -> Sheet:
    found = _callables(module, str(at.jobs_file.parent))
    return Sheet(
        content=found,
        records=found,
        head=("CALL", "ARGUMENTS", "WHAT IT DOES"),
        rows=[[each["call"], each["arguments"], each["doc"]] for each in found],
        empty=f"{module} has nothing to call",
    )


def _callables(module: str, directory: str) -> list[dict[str, Any]]:
    words = (sys.executable, "-P", "-m", "cronterm.runner.callables", module, directory)
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CrontermError(f"{module} takes longer than {LIMIT_S:g}s to be imported") from None
    if done.returncode:
        raise CrontermError(f"{module} cannot be loaded from {directory}", "why is above")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
