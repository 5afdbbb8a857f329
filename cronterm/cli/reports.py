"""`ping`: reports about jobs that something else runs."""

from typing import Any, Literal

import click

from cronterm.cli.base import common, desk, print_answer
from cronterm.model.command import PingJob

What = Literal["heartbeat", "start", "end", "fail", "log"]


@click.command()
@common
@click.argument("job", metavar="ID")
@click.argument("what", default="", metavar="[start|fail|log|N]")
@click.option("-m", "--message", default="", help="Goes into the output of the run.")
@click.option("--rid", default="", help="Tells runs apart that are open at the same time.")
@click.pass_context
def ping(
    context: click.Context, /, job: str, what: str, message: str, rid: str, **given: Any
) -> None:
    """Report about a job with `monitor`.

    Alone, that all is well: a heartbeat, or the end of the run. `start`: a run has begun; `fail`:
    it has failed; N: it has ended with the exit status N; `log`: keep the message, no more.

    Example: cronterm ping offsite-mirror $?
    """
    meant, exit_code = _meant(what)
    command = PingJob(job=job, what=meant, exit_code=exit_code, rid=rid, text=message)
    at = desk(context, **given)
    print_answer(at, at.send(command))


def _meant(what: str) -> tuple[What, int]:
    match what:
        case "":
            return "heartbeat", 0
        case "start" | "fail" | "log":
            return what, 0
        case _ if what.isascii() and what.isdigit() and len(what) < 4 and int(what) < 256:
            return "end", int(what)
    raise click.UsageError(f"{what!r} is no report: say start, fail, log or a status, 0 to 255.")
