"""Edits of jobs in JSON files: read, changed, written again with the file's own indentation."""

import json
import re
from collections.abc import Mapping
from typing import Any

from cronterm.config.json_text import compose_json
from cronterm.config.notation import EditRefused
from cronterm.config.reader import BOM, Refused
from cronterm.config.seeds import COMMAND_TASK, ID
from cronterm.config.source import NAMES
from cronterm.config.tree import check_tree

Words = Mapping[str, Any]

_INDENT = re.compile(r"\n([ \t]+)\S")


def add_job(text: str, job_id: str, words: Words) -> str:
    """Return `text` with a new job after the last one. Words that are None are left out."""
    content = json_content(text) if text.strip() else {}
    given = {word: value for word, value in words.items() if value is not None}
    if _find(content, job_id) is not None:
        raise EditRefused(f"there is a job {job_id} already")
    if isinstance(content, list) or ID in content:
        raise EditRefused("the file is in another system's form", "put the job into another file")
    jobs = content.setdefault("jobs", {})
    if isinstance(jobs, list):
        jobs.append({"name": job_id, **given})
    else:
        jobs[job_id] = given
    return _written(content, text)


def edit_job(text: str, job_id: str, words: Words) -> str:
    """Return `text` with words of a job changed; None removes a word."""
    content = json_content(text)
    job = _find(content, job_id)
    if job is None:
        raise EditRefused(f"there is no job {job_id} in the file")
    for word, value in words.items():
        if word == "command" and "task" in job and value is not None:
            job["task"] = {**job["task"], "type": COMMAND_TASK, "command": value}
        elif value is None:
            job.pop(word, None)
        else:
            job[word] = value
    return _written(content, text)


def delete_job(text: str, job_id: str) -> str:
    """Return `text` without a job."""
    content = json_content(text)
    job = _find(content, job_id)
    if job is None:
        raise EditRefused(f"there is no job {job_id} in the file")
    if job is content:
        raise EditRefused("the file is this one job", "delete the file")
    jobs = content if isinstance(content, list) else content["jobs"]
    if isinstance(jobs, list):
        jobs.remove(job)
    else:
        del jobs[job_id]
    return _written(content, text)


def job_block(text: str, job_id: str) -> str:
    """Return a job as JSON in our own form, whichever form the file has."""
    job = _find(json_content(text), job_id)
    if job is None:
        raise EditRefused(f"there is no job {job_id} in the file")
    words = {word: value for word, value in job.items() if word not in (*NAMES, "task")}
    if "task" in job:
        words["command"] = job["task"]["command"]
    return json.dumps({job_id: words}, ensure_ascii=False, indent=2) + "\n"


def json_content(text: str) -> Any:
    """Return what a JSON text says, read strictly. Raises `EditRefused`."""
    try:
        root = compose_json(text, "the file")
        problems = check_tree(root, text, "the file") if root else []
    except Refused as refused:
        problems = [refused.problem]
    if problems:
        raise EditRefused(f"the file has to be mended first: {problems[0]}")
    content = json.loads(text.removeprefix(BOM) or "{}")
    if not isinstance(content, dict | list):
        raise EditRefused("the file is not a mapping")
    return content


def _find(content: Any, job_id: str) -> dict[str, Any] | None:
    """Return the mapping of a job, or None."""
    if isinstance(content, dict) and ID not in content:
        jobs = content.get("jobs") or {}
        if isinstance(jobs, dict):
            job = jobs.get(job_id)
            return job if isinstance(job, dict) else None
        content = jobs
    listed = content if isinstance(content, list) else [content]
    named = (each for each in listed if isinstance(each, dict))
    return next((each for each in named if job_id in (each.get(n) for n in NAMES)), None)


def _written(content: Any, old: str) -> str:
    found = _INDENT.search(old)
    indent: str | int = found[1] if found else 2
    text = json.dumps(content, ensure_ascii=False, indent=indent, allow_nan=False)
    bom = BOM if old.startswith(BOM) else ""
    return bom + text + ("" if old and not old.endswith("\n") else "\n")
