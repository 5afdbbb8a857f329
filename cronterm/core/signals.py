"""Events become decisions: each starts a run, or is recorded with the reason why not.

Guards against feedback: a trigger that starts more than ten runs within a minute is suspended until
somebody resumes its job or changes its triggers (SEMANTICS 13).
"""

from collections import deque

from cronterm.clock import MINUTE, Duration
from cronterm.core.books import Books
from cronterm.core.limits import hold_back, refusal
from cronterm.core.records import JobRecord, Signals
from cronterm.core.runs import admission, arrive, queue_run, turned_away
from cronterm.model.command import Answer, FireHook
from cronterm.model.event import SignalDecided, TriggersResumed, TriggerSuspended
from cronterm.model.memory import KnownJob
from cronterm.model.run import Cause, Reason
from cronterm.model.trigger import OnWebhook, Signal, trigger_name

MOST_STARTS = 10  # by one trigger within the window
WINDOW: Duration = MINUTE


def take_signal(books: Books, job: str, signal: Signal) -> int | Reason | None:
    """Decide about an event; return the run that it starts, or the reason why none.

    None: the job does not wait for it any more.
    """
    record = books.jobs.get(job)
    if record is None or all(trigger_name(each) != signal.trigger for each in record.job.triggers):
        return None
    refused = _refusal(books, record, signal)
    if refused is not None:
        reason, message = refused
        books.events.append(
            SignalDecided(
                at=books.now.utc,
                job=job,
                signal=signal,
                outcome="skipped",
                reason=reason,
                message=message,
            )
        )
        return reason
    admitted = admission(books, record)
    cause = Cause("signal", by=signal.text, signal=signal)
    run = queue_run(books, record, cause, ready_at=books.now.utc)
    arrive(books, record, run, admitted)
    record.signals.started_at = books.now.elapsed
    _latest_starts(books, record, signal).append(books.now.elapsed)
    return run.run


def _refusal(books: Books, record: JobRecord, signal: Signal) -> tuple[Reason, str] | None:
    """Return why an event starts nothing, and what a person should know beyond the reason."""
    if books.is_held(record):
        return hold_back(books, record)
    limit = refusal(books, record)
    if limit is not None:
        return limit
    signals = record.signals
    if signal.trigger in signals.suspended:
        return "suspended", ""
    started_at = signals.started_at
    if started_at is not None and books.now.elapsed - started_at < record.job.cooldown:
        return "cooldown", ""
    admitted = admission(books, record)
    if admitted == "skip" or admitted == "queue_full":
        return turned_away(record, admitted)
    if signal.kind != "webhook" and len(_latest_starts(books, record, signal)) >= MOST_STARTS:
        signals.suspended[signal.trigger] = books.now.utc
        books.events.append(
            TriggerSuspended(at=books.now.utc, job=record.job.id, trigger=signal.trigger)
        )
        return "suspended", f"its trigger had started {MOST_STARTS} runs within a minute"
    return None


def _latest_starts(books: Books, record: JobRecord, signal: Signal) -> deque[Duration]:
    """Return when this trigger started runs within the window."""
    starts = record.signals.starts.setdefault(signal.trigger, deque(maxlen=MOST_STARTS))
    while starts and books.now.elapsed - starts[0] >= WINDOW:
        starts.popleft()
    return starts


def resume_triggers(books: Books, record: JobRecord, *, by: str) -> bool:
    """End the suspension of a job's triggers; return whether there was one."""
    signals = record.signals
    if not signals.suspended:
        return False
    signals.suspended = {}
    signals.starts = {}
    books.events.append(TriggersResumed(at=books.now.utc, job=record.job.id, by=by))
    return True


def drop_stale_suspensions(books: Books, record: JobRecord) -> None:
    """Resume the triggers of a job that was edited while no engine ran."""
    names = {trigger_name(trigger) for trigger in record.job.triggers}
    if not record.signals.suspended.keys() <= names:
        resume_triggers(books, record, by="reload")


def remembered_signals(books: Books, known: KnownJob | None) -> Signals:
    """Return what goes on of a job that was known before; its cooldown is elapsed time."""
    if known is None or not known.present:
        return Signals()
    started_at: Duration | None = None
    if known.last_signal_at is not None:
        started_at = books.now.elapsed - max(books.now.utc - known.last_signal_at, 0)
    return Signals(started_at=started_at, suspended=dict(known.suspended))


def fire_hook(books: Books, command: FireHook) -> Answer:
    """Tell every job that waits for a webhook."""
    trigger = OnWebhook(path=command.hook)
    values = {"NAME": command.hook.encode()}
    values |= {"FILE": command.file.encode()} if command.file else {"BODY": command.body}
    name = trigger_name(trigger)
    signal = Signal(kind="webhook", trigger=name, text=name, values=values)
    told: list[str] = []
    first: int | None = None
    for record in list(books.jobs.values()):
        if trigger not in record.job.triggers:
            continue
        decided = take_signal(books, record.job.id, signal)
        if isinstance(decided, int):
            told.append(f"run {decided} of {record.job.id}")
            first = decided if first is None else first
        else:
            told.append(f"{record.job.id} was skipped: {decided}")
    if not told:
        return Answer(ok=False, kind="unknown_hook", message=f"no job waits for {command.hook}")
    return Answer(ok=first is not None, message="; ".join(told), run=first)
