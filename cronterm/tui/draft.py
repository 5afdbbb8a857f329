"""What is typed into the form, checked as jobs.yaml would be, in words for people."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml
from rich.text import Text

from cronterm.clock import Instant, aware
from cronterm.config.attempt import Known
from cronterm.config.load import load_text
from cronterm.model.job import Job, Retry, Settings, is_timed
from cronterm.model.retrying import retry_words, tries_words
from cronterm.model.snapshot import JobView
from cronterm.sanitize import sanitize
from cronterm.schedule.describe import describe, warnings
from cronterm.schedule.duration import format_duration
from cronterm.schedule.forecast import first_dst_marks
from cronterm.tui.coming import schedule_of

ESSENTIALS: dict[str, tuple[str, str]] = {
    "description": ("Description", "what it is for"),
    "schedule": ("Schedule *", "30 2 * * *   @every 5m   @manual"),
    "timezone": ("Timezone", "the file's; like Europe/Berlin"),
    "command": ("Command *", "pg_dump prod | gzip > dump.gz  (enter: a new line)"),
    "working_dir": ("Working dir", "the jobs file's directory"),
    "env": ("Environment", "STAGE=prod LANG=C"),
    "timeout": ("Timeout", "none; like 5m"),
    "retry": ("Retries", "0; or {attempts: 3, delay: 30s, backoff: 2}"),
    "overlap": ("Overlap", ""),
    "catch_up": ("Catch up", ""),
    "tags": ("Tags", "db, critical"),
}
"""Words that are always in sight, with their names and what is typed; the others by section."""

TIMING = frozenset(
    ("schedule", "timezone", "jitter", "exclude", "only", "not_before", "not_after", "max_runs")
)
"""Words without which it cannot be told when a job runs."""

FREE_NAME = "new-job"
"""Stands where no name is typed, or none that can be taken."""


def check_words(
    name: str,
    words: Mapping[str, Any],
    settings: Settings,
    jobs: Collection[str],
    given: Mapping[str, Any] | None = None,
    directory: str = "/form",
) -> tuple[Job | None, dict[str, str]]:
    """Return the definition these words make, and what is wrong by word; "" is the job itself.

    Where something is wrong it is that of the other words, if they say when it runs, or None.

    `settings` and `jobs` are those of the file: they may be named. `given` is what the job gets
    for words that it does not have, `directory` where its paths begin.
    """
    text = json.dumps({"defaults": given or {}, "jobs": {name: words}})
    known = Known(
        settings.calendars, settings.pools, jobs, settings.notifiers, settings.alert_policies
    )
    zone = settings.timezone
    path = Path(directory, "form.json")
    loaded = load_text(text, path=path, local_timezone=zone, known=known)
    if any(problem.path.startswith("defaults") for problem in loaded.problems):
        return check_words(
            name, words, settings, jobs, directory=directory
        )  # the file is wrong, not what is typed
    problems: dict[str, str] = {}
    for problem in loaded.problems:
        place = problem.path.removeprefix(f"jobs.{name}").strip(".").partition(".")[0]
        if problem.path in ("jobs", f"jobs.{name}") and _is_of_name(problem.message):
            place = "name"
        hint = f" ({problem.hint})" if problem.hint else ""
        if "nothing to run" not in problem.message:
            problems.setdefault(place, problem.message + hint)
    if "name" in problems and name != FREE_NAME:  # it hides what is wrong with the rest
        job, beside = check_words(FREE_NAME, words, settings, jobs, given, directory)
        return job, problems | beside
    if not loaded.jobs and not problems.keys() & TIMING:  # when it runs can be told all the same
        right = {word: value for word, value in words.items() if word not in problems}
        if right.keys() != words.keys():
            return check_words(name, right, settings, jobs, given, directory)[0], problems
    return (loaded.jobs[0] if loaded.jobs else None), problems


def _is_of_name(message: str) -> bool:
    return "cannot name" in message or "would be taken for a run" in message


def directory_of(view: JobView | None, jobs_file: str) -> str:
    """Return where the paths of a job begin, or those of one that is added."""
    if view is not None:
        return view.job.directory
    path = Path(jobs_file or "/form/")
    return str(path.parent if path.suffix else path)


def changed_words(before: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words that differ from those before; None is one that is gone."""
    changed = {word: value for word, value in words.items() if before.get(word) != value}
    return changed | {word: None for word in before if word not in words}


def told_at(place: str, problem: str) -> str:
    """Return a problem with its place, where it has one."""
    return f"{place}: {problem}" if place else problem


def schedule_note(job: Job, now: Instant) -> str:
    """Return the schedule in words, and what may surprise."""
    schedule = schedule_of(job, now)
    lines = [describe(job.schedule)]
    if job.jitter and is_timed(job):
        lines.append(f"each start waits up to {format_duration(job.jitter)} more (jitter)")
    for each in first_dst_marks(schedule, job.schedule, timezone=job.timezone, after=now):
        lines.append(f"! {aware(each.at):%d %b %Y}: {each.mark}")
    lines += [f"! {warning}" for warning in warnings(job.schedule)]
    return "\n".join(lines)


def retry_note(job: Job | None) -> str:
    """Return when a job is tried again."""
    if job is None or not job.retry.attempts:
        return ""
    is_usual = (job.retry.on, job.retry.exit_codes) == (Retry().on, None)
    return tries_words(job.retry) if is_usual else retry_words(job.retry)


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as a block, as people do."""


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _write_text)


def preview(name: str, words: Mapping[str, Any], roles: Mapping[str, str]) -> Text:
    """Return the job as it would stand in jobs.yaml, its keys in another colour."""
    text = yaml.dump({name: dict(words)}, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    shown = Text(sanitize(text), roles["text"])
    shown.highlight_regex(r"(?m)^ *[a-z_-]+:", roles["accent"])
    return shown
