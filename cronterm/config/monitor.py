"""The words of jobs that something else runs, and of what is late and long."""

from collections.abc import Callable
from typing import Any, Literal

import yaml

from cronterm.config.fields import Reading, Values
from cronterm.config.reader import Node, scalar, short
from cronterm.model.action import Monitor
from cronterm.model.success import Success
from cronterm.schedule.base import RebootSpec, ScheduleSpec, StartupSpec

SAME = ("tolerance", "max_runtime")  # as their fields of a job

# The other words say how cronterm runs a job.
GO_WITH_MONITOR = frozenset(
    [
        "description",
        "owner",
        "runbook",
        "tags",
        "group",
        "schedule",
        "timezone",
        "exclude",
        "only",
        "not_before",
        "not_after",
        "max_runs",
        "monitor",
        "tolerance",
        "max_runtime",
        "overlap",
        "max_instances",
        "success",
        "skip_exit_codes",
        "output",
        "history",
        "notify",
        "auto_pause",
        "on_success",
        "on_failure",
        "on_complete",
        "renamed_from",
        "enabled",
    ]
)


def readers(r: Reading) -> dict[str, Callable[[Node, str], Any]]:
    """Return how the words of this module are read."""
    return {
        "monitor": lambda node, path: _monitor(r, node, path),
        "tolerance": r.duration,
        "max_runtime": r.some_duration,
    }


def check_monitor(
    r: Reading, own: Values, specs: tuple[ScheduleSpec, ...], key: Node, path: str
) -> None:
    """Note what cannot be said of a job that something else runs; `own` has `monitor`."""
    for word in own:
        if word not in GO_WITH_MONITOR:
            message = f"{word} goes with what cronterm runs, not with monitor"
            r.note(key, f"{path}.{word}", message)
    rules = (own.get("success") or {}).get("rules", Success())
    if rules != Success():
        message = "of a reported run only the exit code is known"
        r.note(key, f"{path}.success", message, "success: {exit_codes: [...]}")
    if any(isinstance(spec, RebootSpec | StartupSpec) for spec in specs):
        message = "nobody can report in time for @reboot or @startup"
        r.note(key, f"{path}.schedule", message, "name the times at which reports are due")
    if own["monitor"].kind == "heartbeat" and not specs:
        message = "without a schedule no heartbeat is ever due"
        r.note(key, f"{path}.monitor", message, 'schedule: "*/5 * * * *"')


def _monitor(r: Reading, node: Node, path: str) -> Monitor:
    value = scalar(node) if isinstance(node, yaml.ScalarNode) else None
    if value is not True and value != "heartbeat":
        told = short(node.value) if isinstance(node, yaml.ScalarNode) else "this"
        raise r.bad(node, path, f"{told or 'nothing'} is not a monitor", "true or heartbeat")
    kind: Literal["job", "heartbeat"] = "job" if value is True else "heartbeat"
    return Monitor(kind)
