"""Calendars, limits and pauses of their own, with a real engine."""

import json
from pathlib import Path

from tests.journeys.house import House, house, wait_until

EVENTS = "BEGIN:VCALENDAR\nBEGIN:VEVENT\n{}\nEND:VEVENT\nEND:VCALENDAR\n"
JOBS = """\
settings: {timezone: UTC}
calendars:
  shut: {weekdays: mon-sun}
  free: {ics: free.ics}
jobs:
  never: {schedule: "* * * * * *", exclude: shut, command: "true"}
  kept: {schedule: "0 12 * * *", only: free, command: "true"}
  twice: {schedule: "@every 1s", max_runs: 2, command: "true"}
  broken: {schedule: "@every 1s", auto_pause: {after_failures: 2}, command: "false"}
"""


def test_what_limits_a_job_limits_it_and_says_so(tmp_path: Path) -> None:
    events = tmp_path / "free.ics"
    events.write_text(EVENTS.format("DTSTART:20990601"))
    with house(tmp_path, JOBS) as it:
        it.start()
        door = it.door()

        def is_done() -> bool:
            jobs = door.snapshot().jobs
            skipped = any(past.reason == "calendar" for past in jobs["never"].recent)
            return skipped and jobs["twice"].is_used_up and jobs["broken"].pause is not None

        wait_until(is_done, "every job has come to its limit")
        assert "was skipped by a calendar (excluded by shut)" in it.run("why", "never").stdout
        assert "has run 2 times (max_runs)" in it.run("why", "twice").stdout
        why = it.run("why", "broken").stdout
        assert "It is paused by auto_pause" in why
        assert "2 failed runs in a row" in why
        begun = [row["job"] for row in it.history() if row["run_id"]]
        assert sorted(begun) == ["broken", "broken", "twice", "twice"]

        assert next_of(it, "never") == []
        assert next_of(it, "kept") == ["2099-06-01T12:00:00+00:00"]
        events.write_text(EVENTS.format("DTSTART:20990701"))
        wait_until(
            lambda: next_of(it, "kept") == ["2099-07-01T12:00:00+00:00"],
            "the other calendar is in force",
        )


def next_of(it: House, job: str) -> list[str]:
    """Return what `next` foresees, in UTC."""
    done = it.run("next", job, "--json", "--tz", "UTC")
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)[job]
    return found
