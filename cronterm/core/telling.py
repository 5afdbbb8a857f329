"""Decides who is told of what a step recorded (SEMANTICS 12): pure, one hook in the stepper.

A notice is recorded with what it is about. Of one kind (job, notifier, event) at most one waits:
what comes meanwhile is counted in it, so that neither a storm nor a mail server that is down can
make more of them than there are jobs.
"""

from collections.abc import Collection, Iterable, Iterator
from heapq import heappop, heappush

import msgspec

from cronterm.clock import MINUTE, Duration, Instant, Now
from cronterm.core.base import Delivered
from cronterm.core.books import Books
from cronterm.core.notice_book import kind_of
from cronterm.core.quiet import quiet_until
from cronterm.model.alert import Alert
from cronterm.model.event import (
    AlertClosed,
    AlertOpened,
    AlertRepeated,
    AnyEvent,
    AttemptStarted,
    InstantDecided,
    JobChanged,
    JobPaused,
    RetryScheduled,
    RunEnded,
)
from cronterm.model.notice import Notice, NoticeDropped, NoticeQueued, NoticesFailed, NoticesSent
from cronterm.model.rule import NOTICE_EVENTS, NoticeEvent, Rule

REST: Duration = 15 * MINUTE  # of one kind not more than one in so long
_NOT_SKIPPED = ("paused", "disabled", "removed")  # nobody waits for what was held back by hand
_OVER = {"failure": ("recovered",), "missed": ("started", "run")}


def queue_notices(books: Books) -> None:
    """Record who is to be told of what this step recorded, and of what goes on."""
    missed: set[str] = set()
    for event in tuple(books.events):
        match event:
            case AlertOpened(alert=alert):
                _tell_alert(books, alert, missed)
            case AlertRepeated(alert=number) if number in books.alerts.open:
                _tell_alert(books, books.alerts.open[number], missed)
            case AlertClosed():
                _tell_end(books, event)
            case InstantDecided(reason="downtime", job=job):
                missed.add(job)
            case RunEnded(outcome="missed", reason="downtime", job=job):
                missed.add(job)
            case _:
                _tell_event(books, event)
    _repeat(books)


def wait_notices(books: Books, now: Now) -> Duration | None:
    """Return how long nothing is told again, in microseconds; None is for ever."""
    repeats = books.notices.repeats
    return max(repeats[0][0] - now.utc, 0) if repeats else None


def note_delivered(books: Books, given: Delivered) -> None:
    """Take in what became of notices. What one came to stand for meanwhile is told later."""
    book, now = books.notices, books.now.utc
    numbers = tuple(number for number, _ in given.notices if number in book.pending)
    if not numbers:
        return
    if given.error:
        failed = NoticesFailed(
            at=now,
            notifier=given.notifier,
            notices=numbers,
            error=given.error,
            retry_at=given.retry_at,
        )
        books.events.append(failed)
        if given.retry_at is None:
            for number in numbers:
                book.drop(number)
        return
    sent = NoticesSent(
        at=now,
        notifier=given.notifier,
        notices=numbers,
        channel=given.channel,
        title=given.title,
    )
    books.events.append(sent)
    for number, told in given.notices:
        notice = book.drop(number)
        if notice is None:
            continue
        book.last[kind_of(notice)] = now
        if notice.more > told:
            rest = {"id": book.next_notice, "more": notice.more - told - 1, "ready_at": now + REST}
            _record(books, msgspec.structs.replace(notice, **rest))


# -- alerts --------------------------------------------------------------------------------------


def _tell_alert(books: Books, alert: Alert, missed: Collection[str]) -> None:
    """Tell those who were not told of an alert yet and whose rule it meets by now."""
    if alert.acknowledged_at is not None:
        return
    names = _names(alert)
    for job in missed if alert.kind == "downtime" else (alert.job,):
        for rule in _rules(books, job, names):
            if alert.count < rule.after:
                continue
            for notifier in rule.to:
                if alert.kind == "downtime" or (alert.id, notifier) not in books.notices.told:
                    _queue_alert(books, alert, notifier, rule, names)


def _queue_alert(
    books: Books,
    alert: Alert,
    notifier: str,
    rule: Rule,
    names: Collection[NoticeEvent],
    *,
    rest: Duration = REST,
) -> None:
    event = next(each for each in names if each in rule.on)
    notice = _notice(books, notifier, event, rule, alert.job, alert.message, alert)
    at = _queue(books, notice, rule, rest=rest)
    if alert.kind != "downtime":
        _note_told(books, alert.id, notifier, max(at, books.now.utc))


def _note_told(books: Books, alert: int, notifier: str, at: Instant) -> None:
    """Let a repetition count from `at`."""
    books.notices.told[alert, notifier] = at
    heappush(books.notices.repeats, (at, alert, notifier))


def _names(alert: Alert) -> tuple[NoticeEvent, ...]:
    """Return the words of `on` that an alert goes by."""
    match alert.kind:
        case "failure" if alert.outcome == "timed_out":
            return ("timeout",)
        case "failure":
            return ("failure", "killed") if alert.reason == "signal" else ("failure",)
        case "missed" | "downtime":
            return ("missed",)
        case "late":
            return ("late",)
        case "long":
            return ("long",)
        case "suspicious":
            return ("suspicious",)
        case _:
            return ()


def _tell_end(books: Books, event: AlertClosed) -> None:
    """Tell of a recovery those who were told of what is over."""
    told = books.notices.forget_alert(event.alert)
    if event.closed_for not in _OVER.get(event.kind, ()):
        return
    text = "it succeeded again" if event.kind == "failure" else "it has started again"
    rules = {name: rule for rule in _rules(books, event.job, ("recovery",)) for name in rule.to}
    for notifier in told:
        rule = rules.get(notifier)
        if rule is not None:
            notice = _notice(books, notifier, "recovery", rule, event.job, text, None)
            _queue(books, msgspec.structs.replace(notice, alert=event.alert), rule, rest=0)


def _repeat(books: Books) -> None:
    """Tell again what goes on, where a rule says so."""
    book, now = books.notices, books.now.utc
    while book.repeats and book.repeats[0][0] <= now:
        _, number, notifier = heappop(book.repeats)
        alert, told_at = books.alerts.open.get(number), book.told.get((number, notifier))
        if alert is None or told_at is None or alert.acknowledged_at is not None:
            continue
        muted_until = _muted_until(books, alert.job)
        if muted_until > now:
            heappush(book.repeats, (muted_until, number, notifier))
            continue
        names = _names(alert)
        rules = [each for each in _rules(books, alert.job, names) if notifier in each.to]
        rule = min(
            (each for each in rules if each.repeat is not None),
            key=lambda each: each.repeat or 0,
            default=None,
        )
        if rule is None or rule.repeat is None:
            continue
        due_at = told_at + rule.repeat
        if due_at > now:
            heappush(book.repeats, (due_at, number, notifier))
        elif any(book.find((alert.job, notifier, name)) for name in names):
            _note_told(books, number, notifier, now)  # it still waits to be told at all
        else:
            _queue_alert(books, alert, notifier, rule, names, rest=0)


# -- what is no alert ----------------------------------------------------------------------------


def _tell_event(books: Books, event: AnyEvent) -> None:
    found = _event_text(books, event)
    if found is None:
        return
    job, name, text, run = found
    for rule in _rules(books, job, (name,)):
        for notifier in rule.to:
            notice = _notice(books, notifier, name, rule, job, text, None)
            _queue(books, msgspec.structs.replace(notice, run=run), rule)


def _event_text(books: Books, event: AnyEvent) -> tuple[str, NoticeEvent, str, int | None] | None:
    """Return (job, word of `on`, text, run) of an event that rules may ask for."""
    match event:
        case AttemptStarted(attempt=1, job=job, run=run) if not _is_manual(books, run):
            return job, "start", "", run
        case RetryScheduled(job=job, run=run, attempt=attempt):
            return job, "retry", f"try {attempt} follows", run
        case RunEnded(job=job, run=run) if not _is_manual(books, run):
            text = event.message or event.reason.replace("_", " ")
            if event.outcome == "succeeded":
                return job, "success", event.message, run
            if event.outcome == "stopped":
                return job, "killed", f"stopped: {text}", run
            if event.outcome == "skipped" and event.reason not in _NOT_SKIPPED:
                return job, "skipped", text, run
        case InstantDecided(outcome="skipped", job=job) if event.reason not in _NOT_SKIPPED:
            return job, "skipped", event.message or event.reason.replace("_", " "), None
        case JobPaused(job=job):
            why = f": {event.reason}" if event.reason else ""
            return job, "paused", f"by {event.by}{why}", None
        case JobChanged(job=changed):
            return changed.id, "changed", "its definition is another one", None
        case _:
            pass
    return None


def _is_manual(books: Books, run: int) -> bool:
    """Tell whether a person started a run: who did knows how it goes."""
    watched = books.alerts.runs.get(run) or books.alerts.ended.get(run)
    return watched is None or watched.cause.kind == "manual"


# -- queueing ------------------------------------------------------------------------------------


def _rules(books: Books, job: str, names: Collection[str]) -> Iterator[Rule]:
    """Yield the rules of a job that ask for one of `names`; none while it is muted."""
    record = books.jobs.get(job)
    if record is None or not record.job.notify or _muted_until(books, job) > books.now.utc:
        return
    policies = books.settings.alert_policies
    for each in record.job.notify:
        rules: Iterable[Rule] = policies.get(each, ()) if isinstance(each, str) else (each,)
        yield from (rule for rule in rules if any(name in rule.on for name in names))


def _muted_until(books: Books, job: str) -> Instant:
    mute = books.alerts.mutes.get(job)
    return 0 if mute is None else mute.until


def _notice(
    books: Books,
    notifier: str,
    event: NoticeEvent,
    rule: Rule,
    job: str,
    message: str,
    alert: Alert | None,
) -> Notice:
    now = books.now.utc
    notice = Notice(
        id=books.notices.next_notice,
        notifier=notifier,
        event=event,
        job=job,
        message=message,
        happened_at=now,
        ready_at=now,
        output=rule.output,
    )
    if alert is None:
        return notice
    return msgspec.structs.replace(
        notice,
        alert=alert.id,
        run=alert.run,
        due_at=alert.due_at,
        outcome=alert.outcome,
        reason=alert.reason,
        count=alert.count,
    )


def _queue(books: Books, notice: Notice, rule: Rule, *, rest: Duration = REST) -> Instant:
    """Record a notice, or count it in the one of its kind that waits; return when it is sent."""
    book, now, kind = books.notices, books.now.utc, kind_of(notice)
    waiting = book.find(kind)
    if waiting is not None:
        _drop_recovery(books, waiting)
        merged = msgspec.structs.replace(
            notice, id=waiting.id, ready_at=waiting.ready_at, more=waiting.more + 1
        )
        _record(books, merged)
        return waiting.ready_at
    ready_at = now
    if rest and kind in book.last:
        ready_at = max(now, min(book.last[kind], now) + rest)
    if notice.event == "recovery":
        found = (book.find((notice.job, notice.notifier, event)) for event in NOTICE_EVENTS)
        ready_at = max([now, *(each.ready_at for each in found if each is not None)])
    job = books.jobs.get(notice.job)
    timezone = books.settings.timezone if job is None else job.job.timezone
    ready_at = quiet_until(ready_at, rule.quiet, timezone)
    _record(books, msgspec.structs.replace(notice, ready_at=ready_at))
    return ready_at


def _drop_recovery(books: Books, waiting: Notice) -> None:
    """Say nothing of a recovery between two of what waits to be told once."""
    recovery = books.notices.find((waiting.job, waiting.notifier, "recovery"))
    if recovery is not None and waiting.event != "recovery" and recovery.id > waiting.id:
        books.notices.drop(recovery.id)
        books.events.append(NoticeDropped(at=books.now.utc, notice=recovery.id))


def _record(books: Books, notice: Notice) -> None:
    books.notices.keep(notice)
    books.notices.last[kind_of(notice)] = notice.ready_at
    books.events.append(NoticeQueued(at=books.now.utc, notice=notice))
