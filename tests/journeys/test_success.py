"""Success and the kinds of action, from jobs.yaml to the history, with a real engine."""

import json
import re
from pathlib import Path

from tests.config.test_kinds import install
from tests.execute.server import serving
from tests.journeys.house import House, house

JOBS = """
jobs:
  complete:
    command: echo backup complete
    success: {{stdout_match: "complete$", output_reject: ERROR, stderr_empty: true}}
  silent: {{command: "echo backup", success: {{stdout_match: complete}}}}
  noisy: {{command: "echo 'ERROR: disk full'", success: {{output_reject: ERROR}}}}
  moaning: {{command: "echo oh >&2", success: {{stderr_empty: true}}}}
  wordy: {{command: "seq 1 1000", success: {{max_output: 1KB}}}}
  hasty: {{command: "true", success: {{min_duration: 20s}}}}
  idle: {{command: "echo ERROR; exit 77", success: {{output_reject: ERROR}}, skip_exit_codes: [77]}}
  timed: {{command: "echo one; echo two", output: {{timestamps: true}}}}
  ping: {{http: {{url: "{url}", expect_status: 200, timeout: 10s}}}}
  query: {{sql: {{query: select 1}}}}
"""

ENDS = {
    "complete": ("succeeded", "", 0),
    "silent": ("failed", "stdout_match", 1),
    "noisy": ("failed", "output_reject", 1),
    "moaning": ("failed", "stderr_empty", 1),
    "wordy": ("failed", "max_output", 1),
    "hasty": ("failed", "min_duration", 1),
    "idle": ("skipped", "exit_code", 77),
    "timed": ("succeeded", "", 0),
    "ping": ("succeeded", "", 0),
    "query": ("succeeded", "", 0),
}


def run_all(it: House) -> dict[str, tuple[str, str, int]]:
    """Run every job to its end; return outcome, reason and the exit status of the command."""
    ends = {}
    for job in ENDS:
        done = it.run("run", job, "--wait", "--json")
        told = json.loads(done.stdout)
        ends[job] = (told["outcome"], told["reason"], done.returncode)
    return ends


def test_each_rule_and_each_action_has_its_end(tmp_path: Path) -> None:
    extra = tmp_path / "site"
    install(extra)
    (extra / "psql").write_text('#!/bin/sh\necho "psql for $PGAPPNAME"; cat\n')
    (extra / "psql").chmod(0o755)
    with serving() as server, house(tmp_path, JOBS.format(url=server.url("/health"))) as it:
        it.start(PYTHONPATH=str(extra), PATH=f"{extra}:/usr/bin:/bin")

        assert run_all(it) == ENDS

        history = {row["job"]: (row["outcome"], row["reason"]) for row in it.history()}
        assert history == {job: end[:2] for job, end in ENDS.items()}
        assert "HTTP 200 OK" in it.run("logs", "ping").stdout
        assert it.run("logs", "query").stdout == "psql for query\nselect 1"
        lines = it.run("logs", "timed").stdout.splitlines()
        assert [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", "> ", line) for line in lines] == [
            "> one",
            "> two",
        ]
        said = it.run("run", "noisy", "--wait").stderr
        assert said.endswith("noisy failed: output reject (ERROR: disk full)\n")
