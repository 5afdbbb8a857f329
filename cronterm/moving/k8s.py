"""Reads CronJobs of Kubernetes: their containers run with docker here."""

from typing import Any

from cronterm.errors import BadInput
from cronterm.moving.base import Found, Gathering, Meaning, Moved, Surroundings, Unreadable, Words
from cronterm.moving.crontab_time import CrontabTime
from cronterm.moving.document import as_list, as_map, chosen, documents, left_out, needed, seconds
from cronterm.moving.names import slug

_POLICIES = {"Allow": "allow", "Forbid": "skip", "Replace": "replace"}
_SPEC = frozenset(
    [
        "schedule",
        "timeZone",
        "suspend",
        "concurrencyPolicy",
        "startingDeadlineSeconds",
        "jobTemplate",
        "successfulJobsHistoryLimit",
        "failedJobsHistoryLimit",
    ]
)
_CONTAINER = frozenset(["name", "image", "command", "args", "env", "workingDir", "imagePullPolicy"])


def read_k8s(text: str, name: str, here: Surroundings) -> Found:
    """Read manifests. Raises `BadInput` for what is no YAML."""
    gathering = Gathering(name)
    for document in documents(text, name):
        items = _items(document.content)
        # Each item of a List has a line of its own; a document begins with its only one.
        lines = document.lines("items") or [document.line]
        for item, line in zip(items, lines, strict=False):
            kind = str(item.get("kind", "?"))
            about = as_map(item.get("metadata"))
            shown = f"{kind} {about.get('name', '?')}"
            if kind != "CronJob":
                gathering.note_line(line, "refused", shown, f"a {kind} has no schedule")
                continue
            try:
                gathering.jobs.append(_job(item, about, line, name))
            except (BadInput, TypeError, ValueError) as error:
                gathering.note_line(line, "refused", shown, str(error))
            else:
                gathering.note_line(line, "job", shown)
    return gathering.found()


def _items(content: Any) -> list[dict[str, Any]]:
    root = as_map(content)
    items = root.get("items") if root.get("kind") in ("List", "CronJobList") else None
    return [as_map(item) for item in items] if isinstance(items, list) else [root]


def _job(item: dict[str, Any], about: dict[str, Any], line: int, name: str) -> Moved:
    spec = as_map(item.get("spec"))
    job = as_map(as_map(spec.get("jobTemplate")).get("spec"))
    pod = as_map(as_map(job.get("template")).get("spec"))
    containers = [as_map(each) for each in as_list(pod.get("containers"))]
    if len(containers) != 1:
        raise Unreadable(f"it has {len(containers)} containers, not one")
    written = " ".join(str(needed(spec, "schedule")).split())
    if written.startswith(("TZ=", "CRON_TZ=")):
        zone, _, written = written.partition("=")[2].partition(" ")
    else:
        zone = str(spec.get("timeZone") or "UTC")
    words: Words = {"schedule": written, "timezone": zone}
    remarks = (
        [] if spec.get("timeZone") else ["without timeZone: the cluster's, which is UTC mostly"]
    )
    words["command"] = _command(containers[0], remarks)
    words["overlap"] = chosen(_POLICIES, spec, "concurrencyPolicy", "Allow")
    if spec.get("startingDeadlineSeconds") is not None:
        words["start_deadline"] = seconds(spec["startingDeadlineSeconds"])
        words["catch_up"] = "latest"
    if job.get("activeDeadlineSeconds"):
        words["timeout"] = seconds(job["activeDeadlineSeconds"])
        remarks.append("activeDeadlineSeconds is over all tries; timeout here is of each")
    attempts = int(job.get("backoffLimit", 6))
    if attempts:
        words["retry"] = {"attempts": attempts, "delay": "10s", "backoff": 2, "max_delay": "6m"}
    if spec.get("suspend"):
        words["enabled"] = False
    remarks += left_out(spec, _SPEC)
    remarks += left_out(pod, ("containers", "restartPolicy"))
    try:
        meaning = Meaning(written, zone, CrontabTime(written, zone).instants)
    except (BadInput, OSError, ValueError, KeyError) as error:
        meaning = Meaning(written, zone, None, f"no second reading: {error}")
    job_id = slug(str(about.get("name", "job")))
    return Moved(job_id, words, f"{name}:{line}", line, job_id, meaning, tuple(remarks))


def _command(container: dict[str, Any], remarks: list[str]) -> list[str]:
    """Return how docker runs a container: what is in the cluster only is told."""
    command = [str(part) for part in as_list(container.get("command"))]
    words = ["docker", "run", "--rm"]
    for pair in map(as_map, as_list(container.get("env"))):
        if "value" in pair:
            words += ["-e", f"{pair.get('name')}={pair['value']}"]
        else:
            remarks.append(f"env {pair.get('name')} comes from the cluster and is not kept")
    if container.get("workingDir"):
        words += ["-w", str(container["workingDir"])]
    if command:
        words += ["--entrypoint", command[0]]
    words.append(str(needed(container, "image")))
    remarks.append("runs with docker run on this machine")
    remarks += left_out(container, _CONTAINER, "container: ")
    return [*words, *command[1:], *(str(part) for part in as_list(container.get("args")))]
