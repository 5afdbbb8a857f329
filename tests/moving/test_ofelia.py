"""Tests for reading ofelia's configurations."""

from cronterm.moving.base import Found
from cronterm.moving.ofelia import read_ofelia
from tests.moving.here import ME, fates, only, reasons

FOUR = """\
[global]
slack-webhook = x

; runs in a container
[job-exec "in-container"]
schedule = @hourly
container = my container
user = www-data
command = touch /tmp/example

[job-run "new-container"]
schedule = 0 0 3 * * *
image = ubuntu:latest
volume = /a:/a
volume = /b:/b
network = net
environment = A=b c
command = touch /tmp/example

[job-local "here"]
schedule = 15 4 * * *
command = "touch /tmp/example"
dir = /srv
environment = A=b
no-overlap = true
mail-only-on-error = true

[job-service-run "service"]
schedule = @daily
image = ubuntu
nonsense
"""


def read(text: str) -> Found:
    """Read a configuration."""
    return read_ofelia(text, "config.ini", ME)


def test_jobs_in_containers_run_with_docker() -> None:
    running, new, _ = read(FOUR).jobs

    assert running.words["command"] == ("docker exec -u www-data 'my container' touch /tmp/example")
    assert new.words["command"] == (
        "docker run --rm -e 'A=b c' -v /a:/a -v /b:/b --network net ubuntu:latest"
        " touch /tmp/example"
    )
    assert running.remarks == ("runs with docker on this machine",)


def test_a_job_of_the_machine_runs_as_it_is() -> None:
    local = read(FOUR).jobs[2]

    assert local.words == {
        "schedule": "15 4 * * *",
        "command": "touch /tmp/example",
        "working_dir": "/srv",
        "env": ["A=b"],
        "overlap": "skip",
    }
    assert local.remarks == ("mail-only-on-error is not kept",)


def test_overlap_is_allowed_unless_it_says_otherwise() -> None:
    assert read(FOUR).jobs[0].words["overlap"] == "allow"


def test_what_cannot_be_imported_is_told_with_its_line() -> None:
    assert reasons(read(FOUR)) == [
        (31, "this is no key = value"),
        (28, "job-service-run is not imported (job-local, job-exec and job-run are)"),
    ]
    assert read(FOUR).notes == ("line 2: slack-webhook of [global] is not kept",)


def test_every_line_has_a_fate() -> None:
    numbers = [number for number, _ in fates(read(FOUR))]

    assert sorted(numbers) == list(range(1, 32))


def test_a_job_without_a_time_a_container_or_an_image_is_refused() -> None:
    found = read(
        "[other]\n[job-exec a]\nschedule=@daily\ncommand=x\n[job-run b]\nschedule=@daily\n"
        "[job-local c]\ncommand=x\n"
    )

    assert reasons(found) == [
        (1, "this is no section of a job"),
        (2, "it names no container"),
        (5, "it names no image"),
        (7, "it has no schedule or no command"),
    ]


def test_a_stopped_container_is_started() -> None:
    job = only(read("[job-run x]\nschedule=@daily\ncontainer=old\ndelete=false\n"))

    assert job.words["command"] == "docker start -a old"


def test_seconds_are_compared_where_they_are_none() -> None:
    exact, seconds = (
        only(read(f"[job-local x]\nschedule={when}\ncommand=x\n")).meaning
        for when in ("0 30 4 * * *", "*/5 * * * * *")
    )

    assert exact.instants is not None
    assert seconds.why_not.startswith("no second reading: ")
