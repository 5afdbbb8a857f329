"""Decides alerts from what was recorded in a step (SEMANTICS 12): pure, one hook in the stepper.

Per job ok, late, failing(n), ok: what fails opens one alert and counts in it, a success closes it.
"""

from collections import Counter
from heapq import heappop, heappush

import msgspec

from cronterm.clock import MINUTE, Duration, Instant, Now
from cronterm.core.alert_book import Watched, rough
from cronterm.core.alert_facts import close_alert, tell, tell_end
from cronterm.core.books import Books
from cronterm.core.policies import tolerance_of
from cronterm.core.records import RunRecord
from cronterm.model.alert import AlertKind, ClosedFor
from cronterm.model.event import (
    AnyEvent,
    AttemptClaimed,
    AttemptEnded,
    AttemptStarted,
    InstantDecided,
    JobRemoved,
    JobRenamed,
    MissedSettled,
    RunEnded,
    RunQueued,
)
from cronterm.model.memory import Success
from cronterm.model.run import Reason
from cronterm.schedule.duration import format_duration

TOO_LONG = 10  # times longer than usual, for a run without a max_runtime
NAMED_JOBS = 5  # in the summary of a downtime; the inbox has all
MISSED_TEXTS: dict[Reason, str] = {
    "no_ping": "nothing was reported in time",
    "start_deadline": "it could not start before its start_deadline",
}
FAILED_TEXTS: dict[Reason, str] = {
    "runner_died": "its runner died",
    "reboot": "the machine restarted",
    "no_end": "its end was not reported",
}


def tell_alerts(books: Books) -> None:
    """Look at what this step recorded and at what has become late; record the alerts."""
    downtime: Counter[str] = Counter()
    books.alerts.ended.clear()
    names = {event.old: event.job for event in books.events if isinstance(event, JobRenamed)}
    for event in tuple(books.events):
        match _renamed(event, names) if names else event:
            case RunQueued() | AttemptClaimed() | AttemptStarted() | AttemptEnded() as following:
                _follow(books, following)
            case RunEnded() as ended:
                _take_end(books, ended, downtime)
            case InstantDecided(outcome="missed") as decided:
                _take_missed(books, decided, downtime)
            case MissedSettled() as settled:
                _settle(books, settled)
            case JobRemoved(job=job):
                books.alerts.apply(event)
                for alert in books.alerts.of_job(job):
                    close_alert(books, alert, "removed")
                books.alerts.usual.pop(job, None)
            case _:
                pass
    if downtime:
        _tell_downtime(books, downtime)
    if not books.is_draining:
        _look_for_late(books)
        _look_for_long(books)


def _renamed(event: AnyEvent, names: dict[str, str]) -> AnyEvent:
    """Return what was recorded before a rename of the same step in the new name."""
    known = (RunQueued, AttemptClaimed, AttemptStarted, AttemptEnded, RunEnded, InstantDecided)
    if isinstance(event, known) and event.job in names:
        return msgspec.structs.replace(event, job=names[event.job])
    return event


def wait_alerts(books: Books, now: Now) -> Duration | None:
    """Return how long nothing becomes late or long, in microseconds; None is for ever."""
    if books.is_draining:
        return None
    book = books.alerts
    waits = [book.starts[0][0] - now.utc] if book.starts else []
    waits += [book.ends[0][0] - now.elapsed] if book.ends else []
    return max(min(waits), 0) if waits else None


# -- following runs ------------------------------------------------------------------------------


def _follow(
    books: Books, event: RunQueued | AttemptClaimed | AttemptStarted | AttemptEnded
) -> None:
    book = books.alerts
    if isinstance(event, RunQueued):
        book.runs[event.run] = Watched(event.cause)
        if event.cause.kind == "scheduled" and event.cause.due_at is not None:
            heappush(book.starts, (event.ready_at, event.run))
        return
    watched = book.runs.get(event.run)
    if watched is None:
        return
    match event:
        case AttemptClaimed():
            _no_longer(books, event.job, event.run, "late", "started")
            close_alert(books, book.find(event.job, "missed"), "started")
        case AttemptStarted() if watched.started_at is None:
            watched.started_at = event.started_at
            heappush(book.ends, (books.now.elapsed, event.run))
        case AttemptEnded():
            watched.end = event.end
            watched.output_bytes += event.end.output_bytes


def _take_end(books: Books, event: RunEnded, downtime: Counter[str]) -> None:
    book = books.alerts
    watched = book.runs.get(event.run)
    _no_longer(books, event.job, event.run, "late", "ended")
    _no_longer(books, event.job, event.run, "long", "ended")
    book.runs.pop(event.run, None)
    if watched is not None:
        book.ended[event.run] = watched
    if watched is None or event.job not in books.jobs:
        return
    is_manual = watched.cause.kind == "manual"
    match event.outcome:
        case "failed" | "timed_out" | "lost" if not is_manual:
            text = _failure(event, watched)
            tell_end(books, event, "failure", text, watched)
        case "succeeded":
            close_alert(books, book.find(event.job, "failure"), "recovered")
            if not is_manual:
                _weigh(books, event, watched)
        case "missed" if event.reason == "downtime":
            downtime[event.job] += 1
        case "missed":
            text = MISSED_TEXTS.get(event.reason, event.reason)
            tell_end(books, event, "missed", text, watched)
        case _:
            pass


def _failure(event: RunEnded, watched: Watched) -> str:
    """Return in a few words how a run failed; the same words for the same failure."""
    if event.outcome == "timed_out":
        return "ran into its timeout"
    if event.reason == "exit" and watched.end is not None:
        text = f"exit {watched.end.exit_code}"
        return f"{text}: {event.message}" if event.message else text
    return event.message or FAILED_TEXTS.get(event.reason, event.reason)


def _weigh(books: Books, event: RunEnded, watched: Watched) -> None:
    """Note a success that is not like the ones before it: too short, or silent."""
    if watched.started_at is None or watched.end is None or books.jobs[event.job].job.is_monitor:
        return
    success = Success(watched.end.ended_at - watched.started_at, watched.output_bytes)
    text = books.alerts.unusual(event.job, success)
    if text:
        tell_end(books, event, "suspicious", text, watched)
    else:
        close_alert(books, books.alerts.find(event.job, "suspicious"), "recovered")
    books.alerts.note_success(event.job, success)


# -- instants ------------------------------------------------------------------------------------


def _take_missed(books: Books, event: InstantDecided, downtime: Counter[str]) -> None:
    if event.reason == "downtime":
        downtime[event.job] += event.count
    elif event.reason in MISSED_TEXTS:
        due_at = event.due_at if event.until is None else event.until
        text = MISSED_TEXTS[event.reason]
        tell(
            books,
            event.job,
            "missed",
            text,
            count=event.count,
            due_at=due_at,
            outcome=event.outcome,
            reason=event.reason,
        )


def _tell_downtime(books: Books, downtime: Counter[str]) -> None:
    """Open one alert for all that passed while cronterm itself was away."""
    known = books.alerts.find("", "downtime")
    count = downtime.total() + (known.count if known is not None else 0)
    jobs = sorted(downtime)
    named = ", ".join(jobs[:NAMED_JOBS])
    more = f" and {len(jobs) - NAMED_JOBS} more" if len(jobs) > NAMED_JOBS else ""
    instants = "instant" if count == 1 else "instants"
    text = f"{count} {instants} passed while no engine ran, the last of {named}{more}"
    tell(
        books,
        "",
        "downtime",
        text,
        count=downtime.total(),
        outcome="missed",
        reason="downtime",
    )


def _settle(books: Books, event: MissedSettled) -> None:
    jobs = [event.job] if event.job else list(books.jobs)
    for job in jobs:
        alert = books.alerts.find(job, "missed")
        if alert is not None and (alert.due_at is None or alert.due_at <= event.until):
            close_alert(books, alert, "ignored" if event.run is None else "run")
    if not event.job:
        close_alert(books, books.alerts.find("", "downtime"), "ignored")


# -- time ----------------------------------------------------------------------------------------


def _look_for_late(books: Books) -> None:
    starts = books.alerts.starts
    while starts and starts[0][0] <= books.now.utc:
        run = books.runs.get(heappop(starts)[1])
        if run is None or run.state != "queued" or run.attempt:
            continue
        late_at = _late_at(books, run)
        if late_at is None:
            continue
        if late_at > books.now.utc:
            heappush(starts, (late_at, run.run))
        else:
            text = "due and not started"
            _note(books, run, "late", text)


def _late_at(books: Books, run: RunRecord) -> Instant | None:
    due_at, record = run.cause.due_at, books.jobs.get(run.job)
    if run.cause.kind != "scheduled" or due_at is None or record is None:
        return None
    return run.ready_at + tolerance_of(books.definition(run), record.schedule, due_at) + 1


def _look_for_long(books: Books) -> None:
    book = books.alerts
    while book.ends and book.ends[0][0] <= books.now.elapsed:
        number = heappop(book.ends)[1]
        run, watched = books.runs.get(number), book.runs.get(number)
        if run is None or watched is None or watched.started_at is None:
            continue
        longest, text = _longest(books, run)
        if longest is None:
            continue
        if watched.long_at is None:
            passed = max(books.now.utc - watched.started_at, 0)
            watched.long_at = books.now.elapsed - passed + longest + 1
        if watched.long_at > books.now.elapsed:
            heappush(book.ends, (watched.long_at, number))
        else:
            _note(books, run, "long", text)


def _longest(books: Books, run: RunRecord) -> tuple[Duration | None, str]:
    """Return how long a run may take before that is told, and the words for it."""
    longest = books.definition(run).max_runtime
    if longest is not None:
        return longest, f"runs longer than its max_runtime, {format_duration(longest)}"
    usual = None if run.is_reported else books.alerts.usual_duration(run.job)
    if usual is None:
        return None, ""
    return max(TOO_LONG * usual, MINUTE), f"runs {TOO_LONG} times as long as usual, {rough(usual)}"


def _note(books: Books, run: RunRecord, kind: AlertKind, text: str) -> None:
    """Tell that a run is late or long, once each; after a restart it may be told already."""
    books.alerts.noted[run.job, kind].add(run.run)
    known = books.alerts.find(run.job, kind)
    if known is None or known.run is None or known.run < run.run:
        tell(books, run.job, kind, text, run=run.run, due_at=run.cause.due_at)


def _no_longer(books: Books, job: str, run: int, kind: AlertKind, closed_for: ClosedFor) -> None:
    """Close the alert of a late or long run, unless another run of the job is that as well."""
    noted = books.alerts.noted.get((job, kind), set())
    noted.discard(run)
    if not noted:
        close_alert(books, books.alerts.find(job, kind), closed_for)
