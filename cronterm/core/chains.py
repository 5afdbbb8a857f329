"""Chains: what the end of a run starts, releases or calls off (SEMANTICS 11).

An end and what follows from it are of one step, so of one transaction: a run follows each run that
it depends on once, whenever an engine dies.
"""

from collections import defaultdict
from graphlib import TopologicalSorter

from cronterm.core.books import Books
from cronterm.core.gates import set_hold
from cronterm.core.limits import hold_back
from cronterm.core.records import JobRecord, RunRecord
from cronterm.core.runs import admission, arrive, end_run, queue_run
from cronterm.model.command import Answer, RunJob
from cronterm.model.gates import Hold, Need, Result, has_result, meets
from cronterm.model.job import Job, is_timed
from cronterm.model.run import Cause, Outcome

NAMED_RUNS = 8  # in an answer: a chain may have thousands


def index_chains(books: Books) -> None:
    """Note who depends on whom, and whether any is urgent, after definitions changed."""
    jobs = [record.job for record in books.jobs.values()]
    books.has_priorities = any(job.priority for job in jobs)
    books.decides_together = books.has_priorities or any(job.depends_on for job in jobs)
    downstream: dict[str, list[str]] = defaultdict(list)
    for record in books.jobs.values():
        if record.job.depends_on and not is_timed(record.job):
            for upstream in record.job.depends_on:
                downstream[upstream].append(record.job.id)
    books.downstream = dict(downstream)


def follow_ends(books: Books) -> None:
    """Do what follows from each run that ended, also in turn from what that ends."""
    while books.ended:
        ended, books.ended = books.ended, []
        for run, outcome, reason in ended:
            has_ran = has_result(outcome, reason, run.attempt)
            if has_ran:
                _note_result(books, run, outcome)
            served = _release(books, run, outcome if has_ran else None)
            if has_ran:
                _start_downstream(books, run, outcome, served)


def _note_result(books: Books, run: RunRecord, outcome: Outcome) -> None:
    record = books.jobs.get(run.job)
    if record is not None:
        ended_at = run.last_end.ended_at if run.last_end is not None else books.now.utc
        record.result = Result(run.run, outcome, ended_at, books.next_order())


def _start_downstream(books: Books, run: RunRecord, outcome: Outcome, served: set[str]) -> None:
    """Queue a run of each job that the end of `run` starts, but for those it has `served`."""
    named = [] if run.definition is None else _named(run.definition, outcome)
    gathered = [job for job in books.downstream.get(run.job, ()) if _is_complete(books, job)]
    for job in dict.fromkeys([*named, *gathered]):
        record = books.jobs.get(job) or _renamed_from(books, job)
        if record is None or record.job.id in served:
            continue
        cause = Cause("upstream", by=run.job, run=run.run)
        new = queue_run(books, record, cause, ready_at=books.now.utc)
        record.started_n = books.next_order()
        if books.is_held(record):
            end_run(books, new, "skipped", *hold_back(books, record))
        else:
            arrive(books, record, new, admission(books, record, new))


def _renamed_from(books: Books, old: str) -> JobRecord | None:
    """Return the job that a run in flight knows by the name it had when that run started."""
    return next((each for each in books.jobs.values() if each.job.renamed_from == old), None)


def _named(job: Job, outcome: Outcome) -> list[str]:
    """Return the jobs that `job` itself names to follow an end like this."""
    needs: tuple[tuple[Need, tuple[str, ...]], ...] = (
        ("success", job.on_success),
        ("failure", job.on_failure),
        ("complete", job.on_complete),
    )
    return [name for need, names in needs if meets(need, outcome) for name in names]


def _is_complete(books: Books, job: str) -> bool:
    """Tell whether all that `job` depends on has ended as it needs since it started last."""
    record = books.jobs[job]
    window = record.job.depends_window
    for name, need in record.job.depends_on.items():
        upstream = books.jobs.get(name)
        result = upstream.result if upstream is not None else None
        if result is None or result.n <= record.started_n or not meets(need, result.outcome):
            return False
        if window is not None and books.now.utc - result.ended_at > window:
            return False
    return True


# -- run JOB --with-deps -------------------------------------------------------------------------


def run_with_deps(
    books: Books, record: JobRecord, command: RunJob, by: str, params: dict[str, str]
) -> Answer:
    """Queue a run of all that a job depends on, and of the job after them, with `params`."""
    order = _upstreams_first(books, record.job.id)
    for job in order:
        if job not in books.jobs:
            message = f"{record.job.id} depends on {job}, which is not in the file"
            return Answer(ok=False, kind="unknown_job", message=message)
        refused = not command.force and admission(books, books.jobs[job]) in ("skip", "queue_full")
        if refused:
            open_run = next(iter(books.jobs[job].open.values()))
            return Answer(
                ok=False,
                kind="overlap",
                message=f"run {open_run.run} of {job} is {open_run.state},"
                f" overlap is {books.jobs[job].job.overlap}",
                hint="run them all the same with --force",
            )
    runs: dict[str, RunRecord] = {}
    for job in order:
        each = books.jobs[job]
        chosen = params if job == record.job.id else {}
        run = runs[job] = queue_run(
            books,
            each,
            Cause("manual", by=by, scheduled_at=command.scheduled_at, params=chosen),
            ready_at=books.now.utc,
            is_forced=command.force,
            after={runs[name].run: need for name, need in each.job.depends_on.items()},
        )
        if run.after:
            books.held_back[run.run] = run
            _tell_after(books, run)
        else:
            _admit(books, each, run)
    *before, last = runs.values()
    names = [f"run {run.run} of {run.job}" for run in before[:NAMED_RUNS]]
    if len(before) > NAMED_RUNS:
        names.append(f"{len(before) - NAMED_RUNS:,} more")
    told = f", after {', '.join(names)}" if names else ""
    return Answer(ok=True, message=f"run {last.run} of {last.job}{told}", run=last.run)


def _upstreams_first(books: Books, job: str) -> list[str]:
    """Return all that `job` depends on, each after what it depends on itself, and `job` last."""
    before: dict[str, list[str]] = {}
    unseen = [job]
    while unseen:
        name = unseen.pop()
        if name not in before:
            upstream = books.jobs.get(name)
            before[name] = list(upstream.job.depends_on) if upstream is not None else []
            unseen += before[name]
    return list(TopologicalSorter(before).static_order())


def _release(books: Books, run: RunRecord, outcome: Outcome | None) -> set[str]:
    """Let in, or call off, the runs that were to come after `run`; return their jobs.

    `outcome` is None where nothing ran.
    """
    served: set[str] = set()
    for waiting in list(books.held_back.values()):
        need = waiting.after.get(run.run)
        if need is None:
            continue
        served.add(waiting.job)
        if outcome is None or not meets(need, outcome):
            how = outcome or "did not run"
            end_run(books, waiting, "skipped", "dependency", f"run {run.run} of {run.job} {how}")
            continue
        del waiting.after[run.run]
        if waiting.after:
            _tell_after(books, waiting)
        else:
            del books.held_back[waiting.run]
            set_hold(books, waiting, None)
            _admit(books, books.jobs[waiting.job], waiting)
    return served


def _admit(books: Books, record: JobRecord, run: RunRecord) -> None:
    arrive(books, record, run, "start" if run.is_forced else admission(books, record, run))


def _tell_after(books: Books, run: RunRecord) -> None:
    still_open = [books.runs[number] for number in run.after if number in books.runs]
    if still_open:  # else their ends are of this step, and come next
        names = " and ".join(f"run {each.run} of {each.job}" for each in still_open)
        set_hold(books, run, Hold("dependency", f"it comes after {names}"))
