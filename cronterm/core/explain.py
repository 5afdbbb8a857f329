"""Says in sentences why a job ran or did not, from recorded decisions only."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from cronterm.clock import SECOND, Instant
from cronterm.model.alert import Alert, Mute
from cronterm.model.decision import Decision
from cronterm.model.job import Job, is_timed
from cronterm.model.notice import NoticeRow
from cronterm.model.run import Outcome, Reason, RunRow
from cronterm.model.snapshot import JobView, LiveRun, Pause
from cronterm.model.trigger import trigger_name
from cronterm.readable import rough, span

Show = Callable[[Instant], str]
"""Turns an instant into text for people."""

OFFLINE = "No engine runs: nothing is being scheduled."

BECAUSE: dict[tuple[Outcome, Reason], str] = {
    ("skipped", "overlap"): "was skipped: the run before it was still open (overlap: skip)",
    ("skipped", "queue_full"): "was skipped: the queue of the job was full (queue_limit)",
    ("skipped", "paused"): "was held back: the job was paused",
    ("skipped", "disabled"): "was held back: the job was disabled (enabled: false)",
    ("skipped", "removed"): "was cancelled: the job was removed from the file",
    ("skipped", "exit_code"): "ran and had nothing to do (skip_exit_codes)",
    ("skipped", "dependency"): "was skipped: what it depends on was not met (depends_on)",
    ("skipped", "condition"): "was skipped: its condition did not hold",
    ("skipped", "cooldown"): "started nothing: the event before it was too recent (cooldown)",
    ("skipped", "suspended"): "started nothing: its trigger is suspended",
    ("skipped", "user"): "was skipped by a person ahead of time",
    ("missed", "start_deadline"): "was missed: it could not start before its start_deadline",
    ("missed", "coalesced"): "was folded into the newest one (catch_up: latest)",
    ("skipped", "calendar"): "was skipped by a calendar",
    ("skipped", "not_before"): "was skipped: it came before not_before",
    ("skipped", "not_after"): "was skipped: it came after not_after",
    ("skipped", "max_runs"): "was skipped: the job has run as often as it may (max_runs)",
    ("missed", "no_ping"): "was missed: nothing was reported within its tolerance",
    ("lost", "no_end"): "was lost: its end was not reported",
    ("succeeded", ""): "succeeded",
    ("failed", "exit"): "failed by its exit code",
    ("failed", "stdout_match"): "failed: its stdout lacks what success.stdout_match asks for",
    ("failed", "output_reject"): "failed: its output has what success.output_reject refuses",
    ("failed", "stderr_empty"): "failed: it wrote to stderr (success.stderr_empty)",
    ("failed", "max_output"): "failed: it wrote too much (success.max_output)",
    ("failed", "min_duration"): "failed: it ended too soon (success.min_duration)",
    ("failed", "signal"): "was ended by a signal",
    ("failed", "start_error"): "could not be started",
    ("timed_out", ""): "ran into its timeout and was ended",
    ("stopped", "user"): "was stopped by a person",
    ("stopped", "shutdown"): "was stopped with the machine or the engine",
    ("replaced", ""): "was replaced by the next run (overlap: replace)",
    ("lost", "runner_died"): "was lost: its runner died",
    ("lost", "reboot"): "was lost: the machine restarted",
}


def explain(
    view: JobView | None,
    all_paused: Pause | None,
    decisions: Sequence[Decision],
    *,
    show: Show,
    now: Instant = 0,
    quiet_until: Instant = 0,
    is_offline: bool = False,
) -> tuple[str, ...]:
    """Return what is so now, then what was decided, oldest first, and where to read on.

    Until `quiet_until` nothing starts by itself (settings.startup_delay). `is_offline`: no engine
    runs, and what is known is what was last recorded.
    """
    present = _present(view, all_paused, show, now, quiet_until)
    return (
        *(_asleep(present) if is_offline else present),
        *explain_past(decisions, show=show),
        *(_further(view) if view is not None else ()),
    )


def _asleep(present: list[str]) -> list[str]:
    """Return what is so now as what was last recorded, and would come with an engine."""
    due = "It is due next at"
    would = "With an engine it would be due next at"
    known = [line.replace(due, would, 1) if line.startswith(due) else line for line in present]
    known = [f"Last recorded: {line}" if line.startswith("Run ") else line for line in known]
    return [OFFLINE, *known]


def explain_last(rows: Sequence[RunRow], *, show: Show) -> tuple[str, ...]:
    """Tell of the newest run, where it ended and no instant or event is told to have started it."""
    row = rows[-1] if rows else None
    if row is None or row.cause not in ("manual", "upstream"):
        return ()
    if row.ended_at is None or row.outcome is None:
        return ()
    by = f" by {row.by}" if row.by else ""
    cause = f"by hand{by}" if row.cause == "manual" else f"after a run{by}"
    because = _because(row.outcome, row.reason, row.exit_code)
    message = f" ({row.message})" if row.message else ""
    return (f"Its last run, {row.run} ({cause}), {because} at {show(row.ended_at)}{message}.",)


def _because(outcome: Outcome, reason: Reason, exit_code: int | None) -> str:
    because = BECAUSE.get((outcome, reason), outcome.replace("_", " "))
    return f"{because} {exit_code}" if reason == "exit" and exit_code is not None else because


def explain_past(decisions: Sequence[Decision], *, show: Show) -> tuple[str, ...]:
    """Return a sentence a decision."""
    return tuple(_past(each, show) for each in decisions)


def explain_alerts(
    view: JobView | None,
    alerts: Sequence[Alert],
    mute: Mute | None = None,
    *,
    notices: Mapping[int, Sequence[NoticeRow]] | None = None,
    now: Instant = 0,
    show: Show,
) -> tuple[str, ...]:
    """Return what is watched of a job that something else runs, and the job's open alerts.

    While it has a `mute` nobody is told of them. With the `notices` of each alert it is said who is
    told later.
    """
    watched = "Something else runs it: here its reports are waited for (monitor)."
    is_monitor = view is not None and view.job.is_monitor
    lines = [watched] if is_monitor else []
    if mute is not None:
        since = f"since {show(mute.at)} until {show(mute.until)}"
        lines.append(f"Its alerts are muted by {mute.by} {since}: nobody is told of them.")
    for alert in alerts:
        lines.append(_told(alert, show))
        lines += _told_later(alert, (notices or {}).get(alert.id, ()), show, now)
    return tuple(lines)


def _told(alert: Alert, show: Show) -> str:
    due = f" (due {show(alert.due_at)})" if alert.due_at is not None else ""
    known = f"; {alert.acknowledged_by} knows" if alert.acknowledged_by else ""
    since = show(alert.opened_at)
    return f"Alert {alert.id} since {since}: {alert.kind}, {alert.message}{due}{known}."


def _told_later(
    alert: Alert, notices: Sequence[NoticeRow], show: Show, now: Instant
) -> Iterator[str]:
    for each in notices:
        if each.state == "waiting" and not each.tries and each.at > now:
            yield (
                f"{each.notifier} is told of alert {alert.id} at {show(each.at)}, not before: of"
                " the same kind and job it hears once in 15 minutes, in its quiet hours nothing."
            )


def _further(view: JobView) -> list[str]:
    named = (("Its runbook", view.job.runbook), ("Its owner", view.job.owner))
    return [f"{what}: {text}" for what, text in named if text]


def _present(
    view: JobView | None, all_paused: Pause | None, show: Show, now: Instant, quiet_until: Instant
) -> list[str]:
    if view is None:
        return ["The job is not in the file any more."]
    lines = []
    if not view.job.enabled:
        lines.append("It is disabled in the file (enabled: false): nothing starts by itself.")
    for pause, what in ((view.pause, "It is paused"), (all_paused, "Everything is paused")):
        if pause is not None:
            lines.append(_paused(pause, what, show))
    for run in view.live.values():
        since = run.started_at if run.started_at is not None else run.queued_at
        is_quiet = run.state == "queued" and run.cause.kind != "manual" and quiet_until
        quiet = f" and waits until {show(quiet_until)} (startup_delay)" if is_quiet else ""
        wait = quiet or _wait(view, run, show, now)
        lines.append(f"Run {run.run} is {run.state} since {show(since)}{wait}.")
    lines += _chain(view.job)
    lines += _triggers(view, show)
    if view.next_at is not None:
        lines.append(f"It is due next at {show(view.next_at)}.")
    elif view.is_used_up:
        lines.append(f"It is not due any more: it has run {view.timed_runs} times (max_runs).")
    elif not lines:
        lines.append(_never(view.job, show))
    return lines


def _triggers(view: JobView, show: Show) -> list[str]:
    lines = [
        f"Its trigger {trigger} is suspended since {show(since)}: it had started more than ten"
        " runs within a minute. `cronterm resume` ends that."
        for trigger, since in view.suspended.items()
    ]
    if view.job.triggers:
        lines.append(f"It waits for {'; '.join(map(trigger_name, view.job.triggers))}.")
    return lines


def _wait(view: JobView, run: LiveRun, show: Show, now: Instant) -> str:
    wait = view.wait_of(run, now)
    until = run.hold.until if run.hold is not None else None
    limit = f" (it gives up at {show(until)})" if until is not None else ""
    return f": {wait}{limit}" if wait else ""


def _chain(job: Job) -> list[str]:
    """Say what a job without a schedule follows."""
    if not job.depends_on or is_timed(job):
        return []
    needs = ", ".join(f"{name} ({need})" for name, need in job.depends_on.items())
    return [f"It starts when all of these have ended so since its last start: {needs}."]


def _never(job: Job, show: Show) -> str:
    """Return why nothing is due that is not held back."""
    if job.not_after is not None:
        return f"It is not due any more: nothing comes up to not_after, {show(job.not_after)}."
    if job.exclude or job.only:
        return "Its calendars let nothing through as far as can be seen."
    if not is_timed(job):
        return "It is never due by itself: it has no schedule."
    return "It is not due any more: it has no coming instant."


def _paused(pause: Pause, what: str, show: Show) -> str:
    until = f" until {show(pause.until)}" if pause.until is not None else ""
    reason = f": {pause.reason}" if pause.reason else ""
    return f"{what} by {pause.by} since {show(pause.at)}{until}{reason}."


def _past(decision: Decision, show: Show) -> str:
    is_event = decision.cause == "signal"
    if decision.until is not None and decision.count > 1:
        what = f"({decision.count} {'events' if is_event else 'instants'})"
        when = f"{show(decision.due_at)} to {show(decision.until)} {what}"
    else:
        when = f"{show(decision.due_at)}{' event' if is_event else ''}"
    if is_event:
        when += f": {decision.by};"
    run = f" run {decision.run}{_late(decision)}" if decision.run is not None else ""
    if decision.outcome is None:
        return f"{when}{run} is open."
    because = _because(decision.outcome, decision.reason, decision.exit_code)
    if decision.reason == "downtime":
        because = _unattended(decision)
    tries = f" at attempt {decision.attempt}" if decision.attempt > 1 else ""
    message = f" ({decision.message})" if decision.message else ""
    return f"{when}{run} {because}{tries}{message}."


def _late(decision: Decision) -> str:
    """Say by which rule a run began that was decided later than it was due."""
    late = decision.decided_at - decision.due_at
    if decision.cause == "catch_up":
        return f" (caught up {span(late)} later)"
    is_late = decision.cause == "scheduled" and late >= 2 * SECOND
    return f" ({rough(late)} late, within start_grace)" if is_late else ""


def _unattended(decision: Decision) -> str:
    """Say why a downtime's instant, of a range the newest one, was not taken up after it."""
    last = decision.due_at if decision.until is None else decision.until
    return (
        f"was missed: no engine ran then, and {span(decision.decided_at - last)} later neither"
        " start_grace (for the newest) nor catch_up (for older ones) took it"
    )
