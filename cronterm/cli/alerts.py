"""Commands about what needs a person: alerts, missed."""

import re
from typing import Any

import click

from cronterm.cli.base import Desk, common, desk, print_answer
from cronterm.cli.render import Cell, show_time
from cronterm.cli.sheet import Sheet, formatted, present
from cronterm.cli.state import mute_words
from cronterm.clock import Instant, SystemClock, local_zone, rfc3339
from cronterm.model.alert import Alert, Mute, in_force, state_of
from cronterm.model.command import (
    AcknowledgeAlert,
    CommentAlert,
    IgnoreMissed,
    MuteAlerts,
    RunMissed,
    TryNotifier,
)
from cronterm.model.query import Alerts, ListAlerts, ListMissed, Missed, MissedInstants
from cronterm.schedule.moments import end_of_hold
from cronterm.schedule.parse import parse_moment

FRACTION = re.compile(r"\.\d+")  # of a second: `missed --json` prints it
NO_LENGTH = ("0", "off")
"""What a person may say for --off."""
COLORS = {"open": "red", "acknowledged": "yellow", "muted": "bright_black", "closed": "green"}


# -- alerts --------------------------------------------------------------------------------------


@click.group(invoke_without_command=True)
@common
@formatted
@click.pass_context
def alerts(context: click.Context, /, **given: Any) -> None:
    """List what is worth a look, and say that it is known.

    Example: cronterm alerts --json | jq 'select(.state == "open")'
    """
    context.obj = desk(context, **given)
    if context.invoked_subcommand is None:
        present(context.obj, lambda one: _list_alerts(one, ListAlerts()))


@alerts.command("ls")
@common
@formatted
@click.argument("job", required=False)
@click.option("--all", "closed", is_flag=True, help="With those that are over.")
@click.pass_context
def list_alerts(context: click.Context, /, job: str | None, closed: bool, **given: Any) -> None:
    """List alerts, oldest first. --json prints one object a line.

    Example: cronterm alerts ls backup --all
    """
    query = ListAlerts(job=job or "", closed=closed)
    present(desk(context, **given), lambda one: _list_alerts(one, query))


def _list_alerts(at: Desk, query: ListAlerts) -> Sheet:
    reply = at.query(query)
    assert isinstance(reply, Alerts)
    now = SystemClock().now().utc
    mutes = reply.mutes
    records = [alert_as_json(alert, mutes.get(alert.job), now) for alert in reply.alerts]
    return Sheet(
        content=records,
        records=records,
        head=("ID", "STATE", "KIND", "JOB", "COUNT", "SINCE", "WHAT", ""),
        rows=[_alert_row(alert, mutes.get(alert.job), now) for alert in reply.alerts],
        above=[
            (f"{job}: alerts muted {mute_words(mute)}", "yellow")
            for job, mute in in_force(mutes, now).items()
            if query.job in ("", job)
        ],
        empty="nothing needs a look",
        is_lines=True,
    )


def alert_as_json(alert: Alert, mute: Mute | None, now: Instant) -> dict[str, Any]:
    """Return an alert in the words of the model, instants as RFC 3339."""
    return {
        "id": alert.id,
        "state": state_of(alert, mute, now),
        "kind": alert.kind,
        "job": alert.job or None,
        "count": alert.count,
        "message": alert.message,
        "outcome": alert.outcome,
        "reason": alert.reason or None,
        "run_id": alert.run,
        "due_at": _time(alert.due_at),
        "opened_at": rfc3339(alert.opened_at),
        "last_at": rfc3339(alert.last_at),
        "acknowledged_by": alert.acknowledged_by or None,
        "acknowledged_at": _time(alert.acknowledged_at),
        "muted_until": rfc3339(mute.until) if mute is not None and mute.until > now else None,
        "comments": [
            {"by": each.by, "at": rfc3339(each.at), "text": each.text} for each in alert.comments
        ],
        "closed_at": _time(alert.closed_at),
        "closed_for": alert.closed_for or None,
    }


def _time(at: Instant | None) -> str | None:
    return None if at is None else rfc3339(at)


def _alert_row(alert: Alert, mute: Mute | None, now: Instant) -> list[Cell]:
    state = state_of(alert, mute, now)
    due = f"due {show_time(alert.due_at)}, " if alert.due_at is not None else ""
    by = f"by {alert.acknowledged_by}" if alert.acknowledged_by else ""
    noted = f"  — {alert.comments[-1].text}" if alert.comments else ""
    return [
        str(alert.id),
        (state, COLORS[state]),
        alert.kind,
        alert.job or "–",
        str(alert.count),
        show_time(alert.opened_at),
        f"{due}{alert.message}{noted}",
        alert.closed_for or by,
    ]


@alerts.command("ack")
@common
@click.argument("numbers", nargs=-1, required=True, type=click.IntRange(1), metavar="ID...")
@click.option("--undo", is_flag=True, help="Say that it is not known after all.")
@click.pass_context
def acknowledge(
    context: click.Context, /, numbers: tuple[int, ...], undo: bool, **given: Any
) -> None:
    """Say that alerts are known; they stay until they are over.

    Example: cronterm alerts ack 7
    """
    at = desk(context, **given)
    for number in numbers:
        print_answer(at, at.send(AcknowledgeAlert(alert=number, undo=undo)))


@alerts.command("comment")
@common
@click.argument("number", type=click.IntRange(1), metavar="ID")
@click.argument("text")
@click.pass_context
def comment(context: click.Context, /, number: int, text: str, **given: Any) -> None:
    """Write something to an alert.

    Example: cronterm alerts comment 7 "the gateway is serviced until 15:00"
    """
    at = desk(context, **given)
    print_answer(at, at.send(CommentAlert(alert=number, text=text)))


@alerts.command("snooze")
@common
@click.argument("job")
@click.argument("end", metavar="LENGTH|TIME", required=False)
@click.option("--off", is_flag=True, help="End it now.")
@click.pass_context
def snooze(context: click.Context, /, job: str, end: str | None, off: bool, **given: Any) -> None:
    """Mute the alerts of a job for a length, or until a time. They are recorded all the same.

    Example: cronterm alerts snooze backup "tomorrow 08:00"
    """
    if end in NO_LENGTH:
        off, end = True, None
    if off == (end is not None):
        raise click.UsageError("Name a length or a time, or say --off.")
    at = desk(context, **given)
    now = SystemClock().now().utc
    until = now if end is None else end_of_hold(end, now)
    print_answer(at, at.send(MuteAlerts(job=job, until=until)))


alerts.add_command(snooze, "mute")


@alerts.command("test")
@common
@click.argument("notifier")
@click.pass_context
def test(context: click.Context, /, notifier: str, **given: Any) -> None:
    """Send a message to a notifier now, to see whether it arrives.

    Example: cronterm alerts test ops-mail
    """
    at = desk(context, **given)
    print_answer(at, at.send(TryNotifier(notifier=notifier)))


# -- missed --------------------------------------------------------------------------------------


@click.group(invoke_without_command=True)
@common
@formatted
@click.pass_context
def missed(context: click.Context, /, **given: Any) -> None:
    """List what was missed, and run it after all or ignore it.

    Example: cronterm missed
    """
    context.obj = desk(context, **given)
    if context.invoked_subcommand is None:
        present(context.obj, lambda one: _list_missed(one, ""))


@missed.command("ls")
@common
@formatted
@click.argument("job", required=False)
@click.pass_context
def list_missed(context: click.Context, /, job: str | None, **given: Any) -> None:
    """List missed instants that were neither run nor ignored. --json prints one object a line.

    Example: cronterm missed ls backup
    """
    present(desk(context, **given), lambda one: _list_missed(one, job or ""))


def _list_missed(at: Desk, job: str) -> Sheet:
    rows = _inbox(at, job)
    records = [_missed_as_json(row) for row in rows]
    return Sheet(
        content=records,
        records=records,
        head=("JOB", "COUNT", "DUE", "UNTIL", "REASON"),
        rows=[_missed_row(row) for row in rows],
        empty="nothing was missed",
        is_lines=True,
    )


def _missed_as_json(row: MissedInstants) -> dict[str, Any]:
    return {
        "job": row.job,
        "scheduled_at": rfc3339(row.due_at),
        "scheduled_until": rfc3339(row.until) if row.count > 1 else None,
        "count": row.count,
        "reason": row.reason,
        "decided_at": rfc3339(row.decided_at),
    }


def _missed_row(row: MissedInstants) -> list[Cell]:
    until = show_time(row.until) if row.count > 1 else ""
    return [row.job, str(row.count), show_time(row.due_at), until, row.reason]


def _inbox(at: Desk, job: str) -> tuple[MissedInstants, ...]:
    reply = at.query(ListMissed(job=job))
    assert isinstance(reply, Missed)
    return reply.rows


@missed.command("run")
@common
@click.argument("jobs", nargs=-1, metavar="JOB...")
@click.option("--all", "everything", is_flag=True, help="Each job that missed something.")
@click.option("--at", "moment", metavar="TIME", help="For this instant, not for the newest.")
@click.pass_context
def run_missed(
    context: click.Context,
    /,
    jobs: tuple[str, ...],
    everything: bool,
    moment: str | None,
    **given: Any,
) -> None:
    """Run each job once for what it missed; the job is told the instant. Older ones are settled.

    Example: cronterm missed run backup
    """
    at = desk(context, **given)
    if bool(jobs) == everything:
        raise click.UsageError("Name jobs, or say --all.")
    due_at = parse_moment(FRACTION.sub("", moment), local_zone()) if moment else None
    for job in jobs or dict.fromkeys(row.job for row in _inbox(at, "")):
        print_answer(at, at.send(RunMissed(job=job, due_at=due_at)))


@missed.command("ignore")
@common
@click.argument("jobs", nargs=-1, metavar="JOB...")
@click.option("--all", "everything", is_flag=True, help="Everything that was missed.")
@click.pass_context
def ignore_missed(
    context: click.Context, /, jobs: tuple[str, ...], everything: bool, **given: Any
) -> None:
    """Take what was missed out of the list. The history keeps it.

    Example: cronterm missed ignore --all
    """
    at = desk(context, **given)
    if bool(jobs) == everything:
        raise click.UsageError("Name jobs, or say --all.")
    for job in jobs or ("",):
        print_answer(at, at.send(IgnoreMissed(job=job)))
