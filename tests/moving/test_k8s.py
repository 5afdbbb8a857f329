"""Tests for reading CronJobs of Kubernetes."""

import pytest

from cronterm.errors import BadInput
from cronterm.moving.base import Found
from cronterm.moving.k8s import read_k8s
from tests.moving.here import ME, only, reasons

HELLO = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: hello}
spec:
  schedule: "*/5 * * * *"
  timeZone: Europe/Berlin
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 200
  suspend: true
  successfulJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 2
      activeDeadlineSeconds: 100
      template:
        spec:
          serviceAccountName: x
          containers:
          - name: hello
            image: busybox:1.28
            command: [/bin/sh, -c, date; echo Hello]
            args: [1]
            workingDir: /srv
            env:
            - {name: A, value: b}
            - {name: S, valueFrom: {secretKeyRef: {name: x, key: y}}}
            resources: {limits: {cpu: 1}}
          restartPolicy: OnFailure
"""

SMALL = """\
kind: CronJob
metadata: {name: small}
spec:
  schedule: "TZ=Asia/Tokyo 0 5 * * *"
  jobTemplate: {spec: {backoffLimit: 0, template: {spec: {containers: [{image: x}]}}}}
"""


def read(text: str) -> Found:
    """Read manifests."""
    return read_k8s(text, "jobs.yaml", ME)


def test_a_cronjob_runs_its_container_with_docker() -> None:
    assert only(read(HELLO)).words == {
        "schedule": "*/5 * * * *",
        "timezone": "Europe/Berlin",
        "command": [
            *("docker", "run", "--rm", "-e", "A=b", "-w", "/srv", "--entrypoint", "/bin/sh"),
            *("busybox:1.28", "-c", "date; echo Hello", "1"),
        ],
        "overlap": "skip",
        "start_deadline": "200s",
        "catch_up": "latest",
        "timeout": "100s",
        "retry": {"attempts": 2, "delay": "10s", "backoff": 2, "max_delay": "6m"},
        "enabled": False,
    }


def test_what_only_the_cluster_has_is_told() -> None:
    assert only(read(HELLO)).remarks == (
        "env S comes from the cluster and is not kept",
        "runs with docker run on this machine",
        "container: resources is not kept",
        "activeDeadlineSeconds is over all tries; timeout here is of each",
        "serviceAccountName is not kept",
    )


def test_a_zone_in_the_schedule_is_read() -> None:
    words = only(read(SMALL)).words

    assert (words["schedule"], words["timezone"]) == ("0 5 * * *", "Asia/Tokyo")
    assert "retry" not in words


def test_without_a_zone_it_is_utc() -> None:
    job = only(read(SMALL.replace("TZ=Asia/Tokyo ", "")))

    assert job.words["timezone"] == "UTC"
    assert job.remarks[0] == "without timeZone: the cluster's, which is UTC mostly"


def test_manifests_of_other_kinds_are_told_with_their_lines() -> None:
    found = read(f"{SMALL}---\nkind: ConfigMap\nmetadata: {{name: cm}}\n---\n{HELLO}")

    assert [job.id for job in found.jobs] == ["small", "hello"]
    assert reasons(found) == [(7, "a ConfigMap has no schedule")]


def test_a_list_is_read_item_by_item() -> None:
    items = "".join(
        f"- kind: CronJob\n  metadata: {{name: {name}}}\n  spec: {{schedule: '@daily', "
        "jobTemplate: {spec: {template: {spec: {containers: [{image: x}]}}}}}\n"
        for name in ("a", "b")
    )
    found = read(f"kind: List\nitems:\n{items}---\n{SMALL}")

    assert [(job.id, job.line) for job in found.jobs] == [("a", 3), ("b", 6), ("small", 10)]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[{image: x}]", "[{image: x}, {image: y}]", "it has 2 containers, not one"),
        ("{image: x}", "{name: x}", "it has no image"),
        ("  schedule", "  times", "it has no schedule"),
        ("kind: CronJob", "no: kind", "a ? has no schedule"),
    ],
)
def test_a_broken_cronjob_is_refused(old: str, new: str, reason: str) -> None:
    assert [why for _, why in reasons(read(SMALL.replace(old, new)))] == [reason]


def test_what_is_no_yaml_has_a_line() -> None:
    with pytest.raises(BadInput, match=r"jobs\.yaml:1: "):
        read("{a: [")
