"""What people change: definitions, pauses, runs by hand."""

import difflib
from collections import defaultdict

import msgspec

from cronterm.clock import Instant
from cronterm.core.alert_commands import carry_out_alert
from cronterm.core.base import ConfigChanged, RunAgain, RunCommand
from cronterm.core.books import Books
from cronterm.core.chains import run_with_deps
from cronterm.core.corrections import joined, keep_decided, note_restart
from cronterm.core.due import decide, decide_rest
from cronterm.core.inbox import ignore_missed, run_missed
from cronterm.core.limits import sift_all
from cronterm.core.pauses import decide_sifted, lift, lift_all, pause, pause_all
from cronterm.core.pings import end_reported, lose_reports, settle_reports, take_ping
from cronterm.core.records import JobRecord, RunRecord
from cronterm.core.renames import rename_jobs
from cronterm.core.runs import (
    admission,
    arrive,
    cancel_waiting,
    queue_run,
    stop_runs,
)
from cronterm.core.signals import (
    drop_stale_suspensions,
    fire_hook,
    remembered_signals,
    resume_triggers,
)
from cronterm.core.skips import skip_next
from cronterm.model.command import (
    AcknowledgeAlert,
    Answer,
    CommentAlert,
    FireHook,
    IgnoreMissed,
    MuteAlerts,
    PauseJob,
    PingJob,
    ResumeJob,
    RunJob,
    RunMissed,
    SkipNext,
    StopRun,
)
from cronterm.model.event import (
    JobAdded,
    JobChanged,
    JobRemoved,
)
from cronterm.model.job import Job, definition_hash, schedule_hash
from cronterm.model.memory import KnownJob
from cronterm.model.params import BadParam, read_params
from cronterm.model.run import Cause, Repeat

LONG_AGO: Instant = 0  # an engine before this one may have decided anything up to its count


def apply_config(books: Books, changed: ConfigChanged) -> None:
    """Take a complete new set of definitions into force."""
    decide_sifted(books)
    books.settings = changed.settings
    rename_jobs(books, changed.jobs)
    new = {job.id for job in changed.jobs}
    for job_id in [job_id for job_id in books.jobs if job_id not in new]:
        remove_job(books, job_id)
    orphans: dict[str, list[RunRecord]] = defaultdict(list)
    for run in books.runs.values():
        if run.job not in books.jobs:
            orphans[run.job].append(run)
    for job in changed.jobs:
        record = books.jobs.get(job.id)
        if record is None:
            add_job(books, job, books.absent.pop(job.id, None), orphans.pop(job.id, []))
        else:
            _change(books, record, job)
    sift_all(books)
    for runs in orphans.values():
        cancel_waiting(books, runs, "removed")
        lose_reports(books, runs, "its job was removed")
    for known in [known for known in books.absent.values() if known.present]:
        books.absent[known.id] = msgspec.structs.replace(known, present=False, pause=None)
        books.events.append(JobRemoved(at=books.now.utc, job=known.id))


def add_job(books: Books, job: Job, known: KnownJob | None, runs: list[RunRecord]) -> None:
    """Take in a job that was not in force, with those of its runs that are open."""
    now, timing = books.now.utc, schedule_hash(job)
    is_same = known is not None and known.schedule_hash == timing
    goes_on = known is not None and known.present and is_same
    first_seen_at = known.first_seen_at if known is not None and is_same else now
    counts_from = known.counts_from if known is not None and goes_on else now
    record = JobRecord(
        job=job,
        definition_hash=definition_hash(job),
        schedule_hash=timing,
        first_seen_at=first_seen_at,
        counts_from=counts_from,
        counted_since=LONG_AGO if goes_on else now,
        decided=joined(known.decided) if known is not None and goes_on else (),
        last_end_at=None if known is None else _not_after(known.last_end_at, now),
        timed_runs=known.timed_runs if known is not None and known.present else 0,
        failures=known.failures if known is not None and known.present else 0,
        judged_from=now,
        open={run.run: run for run in sorted(runs, key=lambda run: run.run)},
        result=None if known is None else known.result,
        started_n=known.started_n if known is not None and known.present else books.next_order(),
        signals=remembered_signals(books, known),
    )
    books.jobs[job.id] = record
    if known is not None and known.present and known.pause is not None:
        books.set_pause(record, known.pause)
    for run in runs:
        _cap_jitter(books, run, job)
    drop_stale_suspensions(books, record)
    if not job.is_monitor:
        end_reported(books, record)
    if known is None or not known.present:
        books.events.append(
            JobAdded(at=now, job=job, counts_from=counts_from, first_seen_at=first_seen_at)
        )
    elif not goes_on:
        books.events.append(
            JobChanged(at=now, job=job, counts_from=now, first_seen_at=first_seen_at)
        )
    else:
        _go_on(books, record, known)
    if known is not None and not goes_on:
        # what it was not in the file for is not caught up after a pause, by no engine
        is_back = books.all_paused is not None and not known.present
        upto = now if is_back else known.counts_from
        keep_decided(books, record, (*known.decided, (LONG_AGO, upto)), is_told=is_back)
    if not job.enabled and known is not None and known.enabled:
        cancel_waiting(books, runs, "disabled")
    books.watch_job(record)


def _not_after(at: Instant | None, now: Instant) -> Instant | None:
    return None if at is None else min(at, now)


def _cap_jitter(books: Books, run: RunRecord, job: Job) -> None:
    """Have a run wait no longer than its jitter, however the clock was set meanwhile."""
    if run.state == "queued" and not run.is_arrived:
        run.ready_at = min(run.ready_at, books.now.utc + job.jitter)
        books.watch_run(run)


def _go_on(books: Books, record: JobRecord, known: KnownJob) -> None:
    """Continue a job that was in force before this engine started."""
    if record.job.enabled and not known.enabled:
        _decide_as_disabled(books, record)
    if known.definition_hash != record.definition_hash:
        books.events.append(JobChanged(at=books.now.utc, job=record.job))
    note_restart(books, record)


def _decide_as_disabled(books: Books, record: JobRecord) -> None:
    enabled = record.job
    record.job = msgspec.structs.replace(enabled, enabled=False)
    decide(books, record)
    record.job = enabled
    record.held_at = None
    record.count_from(max(record.counts_from, books.now.utc))


def _change(books: Books, record: JobRecord, job: Job) -> None:
    new_hash = definition_hash(job)
    if new_hash == record.definition_hash:
        record.job = job  # its place in the file may have moved, even if nothing else did
        return
    decide_rest(books, record)
    was = record.job
    was_enabled, triggers = was.enabled, was.triggers
    now, timing = books.now.utc, schedule_hash(job)
    is_new_timing = timing != record.schedule_hash
    if was.is_monitor and (is_new_timing or not job.is_monitor):
        settle_reports(books, record)
    record.job, record.definition_hash = job, new_hash
    spans = record.decided_spans
    if is_new_timing:
        record.schedule_hash = timing
        record.first_seen_at = record.counts_from = record.counted_since = now
        record.decided = ()
        record.held_at = None
        record.build()
    elif job.enabled and not was_enabled:
        record.count_from(max(record.counts_from, now))
        record.held_at = None
    books.events.append(
        JobChanged(
            at=now,
            job=job,
            counts_from=record.counts_from if is_new_timing or job.enabled != was_enabled else None,
            first_seen_at=record.first_seen_at if is_new_timing else None,
        )
    )
    if is_new_timing:
        keep_decided(books, record, spans)
    if job.triggers != triggers:
        resume_triggers(books, record, by="reload")
    if was_enabled and not job.enabled:
        cancel_waiting(books, list(record.open.values()), "disabled")
    if not job.is_monitor:
        end_reported(books, record)
    books.watch_job(record)


def remove_job(books: Books, job_id: str) -> None:
    """Let a job go that is in no file any more; its open runs go on, its waiting ones do not."""
    record = books.jobs[job_id]
    settle_reports(books, record)
    end_reported(books, record)
    decide_rest(books, record)
    for run in record.open.values():  # they finish by the definition they started with
        run.definition = run.definition or record.job
    cancel_waiting(books, list(record.open.values()), "removed")
    books.set_pause(record, None)
    del books.jobs[job_id]
    books.absent[job_id] = KnownJob(
        id=job_id,
        schedule_hash=record.schedule_hash,
        definition_hash=record.definition_hash,
        present=False,
        enabled=record.job.enabled,
        first_seen_at=record.first_seen_at,
        counts_from=record.counts_from,
        decided=record.decided,
        last_end_at=record.last_end_at,
        result=record.result,
        started_n=record.started_n,
    )
    books.events.append(JobRemoved(at=books.now.utc, job=job_id))


# -- commands ------------------------------------------------------------------------------------


def carry_out(books: Books, command: RunCommand, by: str) -> Answer:
    """Carry out a command; a refusal is an answer."""
    if books.is_draining and not isinstance(command, StopRun | PingJob):
        return Answer(ok=False, kind="stopping", message="the engine is stopping")
    match command:
        case StopRun():
            return _stop(books, command, by)
        case FireHook():
            return fire_hook(books, command)
        case PauseJob(until=int(until)) if until <= books.now.utc:
            return Answer(ok=False, kind="invalid", message="the end of that pause is past")
        case PauseJob(job=""):
            return pause_all(books, command, by)
        case ResumeJob(job=""):
            return lift_all(books, command, by)
        case AcknowledgeAlert() | CommentAlert() | MuteAlerts():
            return carry_out_alert(books, command, by)
        case IgnoreMissed(job=job):
            if job and job not in books.jobs and job not in books.absent:
                return _unknown_job(books, job)
            return ignore_missed(books, command, by)
        case _:
            pass
    job_id = command.definition.id if isinstance(command, RunAgain) else command.job
    record = books.jobs.get(job_id)
    if record is None:
        return _unknown_job(books, job_id)
    match command:
        case PingJob():
            return take_ping(books, record, command, by)
        case RunJob():
            return _run(books, record, command, by)
        case RunAgain():
            return _run_again(books, record, command, by)
        case RunMissed():
            return run_missed(books, record, command, by)
        case SkipNext():
            return skip_next(books, record, command, by)
        case PauseJob():
            return pause(books, record, command, by)
        case ResumeJob():
            return lift(books, record, command, by)


def _unknown_job(books: Books, job: str) -> Answer:
    near = difflib.get_close_matches(job, books.jobs, 1)
    hint = f"did you mean {near[0]}?" if near else ""
    return Answer(ok=False, kind="unknown_job", message=f"there is no job {job}", hint=hint)


def _run_again(books: Books, record: JobRecord, command: RunAgain, by: str) -> Answer:
    again = RunJob(job=record.job.id, scheduled_at=command.scheduled_at, params=command.params)
    repeat = Repeat(command.run, command.edited)
    return _run(books, record, again, by, command.definition, repeat)


def _run(
    books: Books,
    record: JobRecord,
    command: RunJob,
    by: str,
    definition: Job | None = None,
    repeat: Repeat | None = None,
) -> Answer:
    """Run a job by hand; `definition` where it is not the one it has now."""
    if record.job.is_monitor:
        return Answer(
            ok=False,
            kind="invalid",
            message=f"{record.job.id} is run by something else",
            hint="`cronterm ping` reports a run of it",
        )
    try:
        params = read_params((definition or record.job).params, command.params)
    except BadParam as error:
        hint = f"`cronterm run {record.job.id} -p NAME=VALUE`"
        return Answer(ok=False, kind="invalid", message=str(error), hint=hint)
    if command.with_deps:
        return run_with_deps(books, record, command, by, params)
    admitted = "start" if command.force else admission(books, record)
    if admitted in ("skip", "queue_full"):
        open_run = next(iter(record.open.values()))
        return Answer(
            ok=False,
            kind="overlap",
            message=f"run {open_run.run} of {record.job.id} is {open_run.state},"
            f" overlap is {record.job.overlap}",
            hint="run it all the same with --force",
        )
    at = command.scheduled_at
    cause = Cause("manual", by=by, scheduled_at=at, params=params, repeat=repeat)
    run = queue_run(
        books,
        record,
        cause,
        ready_at=books.now.utc,
        is_forced=command.force,
        definition=definition,
    )
    if command.force:
        run.is_arrived = True
        books.waiting[run.run] = run
    else:
        arrive(books, record, run, admitted)
    return Answer(ok=True, message=f"run {run.run} of {record.job.id}", run=run.run)


def _stop(books: Books, command: StopRun, by: str) -> Answer:
    if command.run is not None:
        run = books.runs.get(command.run)
        if run is None:
            return Answer(ok=False, kind="unknown_run", message=f"run {command.run} is not open")
        stop_runs(books, [run], by=by, signal=command.signal)
        return Answer(ok=True, message=f"stopping run {run.run} of {run.job}", run=run.run)
    runs: list[RunRecord] = [run for run in books.runs.values() if run.job == command.job]
    if not runs and command.job not in books.jobs:
        return _unknown_job(books, command.job)
    if not runs:
        return Answer(ok=False, kind="unknown_run", message=f"no run of {command.job} is open")
    count = stop_runs(books, runs, by=by, signal=command.signal)
    return Answer(ok=True, message=f"stopping {count} run{'s' * (count != 1)} of {command.job}")
