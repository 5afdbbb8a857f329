"""Who jobs are and what they know, with a real engine: users, secrets, params, names, ends."""

import os
import socket
import time
from pathlib import Path

import pytest

from tests.journeys.house import House, house, wait_until

SECRETS = """\
jobs:
  talkative:
    schedule: "@manual"
    secrets:
      FROM_FILE: {{file: pg}}
      FROM_ENV: {{env: HOUSE_SECRET}}
      FROM_COMMAND: {{command: cat token}}
    inherit_env: false
    command: |
      test "$FROM_FILE$FROM_ENV$FROM_COMMAND" = {whole} || exit 9
      echo "file=$FROM_FILE env=$FROM_ENV"
      echo "command=$FROM_COMMAND" >&2
      for i in $(seq 4000); do echo "$i $FROM_FILE"; done
      printf '%s' "${{FROM_ENV%%-*}}"; sleep 0.3; printf '%s\\n' "-${{FROM_ENV#*-}}"
      touch {ready}; while [ ! -e {go} ]; do sleep 0.05; done
      exit 3
  failing:
    schedule: "@manual"
    secrets: {{TOKEN: {{command: "cat token; exit 5"}}}}
    command: "true"
"""


def test_a_secret_is_nowhere_but_in_its_job(tmp_path: Path) -> None:
    values = [f"{kind}-{os.getpid()}-s3cret" for kind in ("file", "variable", "command")]
    (tmp_path / "pg").write_text(values[0] + "\n")
    (tmp_path / "token").write_text(values[2] + "\n")
    ready, go = tmp_path / "ready", tmp_path / "go"
    check = tmp_path / "whole"
    check.write_text("".join(values))
    text = SECRETS.format(whole=f'"$(cat {check})"', ready=ready, go=go)
    with house(tmp_path, text) as home:
        home.start(HOUSE_SECRET=values[1])
        assert home.run("run", "talkative").returncode == 0
        wait_until(ready.exists, "the job has written all but its end")
        seen = [_processes(), _api(home), home.run("logs", "talkative").stdout]
        go.touch()
        wait_until(lambda: home.history()[-1]["outcome"] == "failed", "the run ends")
        assert home.history()[-1]["exit_code"] == 3
        assert home.run("run", "failing", "--wait").returncode == 1
        logs = home.run("logs", "talkative").stdout
        why = home.run("run", "failing", "--wait").stderr
        seen += [logs, why, _api(home), home.run("history", "--json").stdout]
        assert home.stop() == 0
        seen += [home.log(), *_state(home)]

    assert "file=*** env=***" in logs
    assert "4000 ***" in logs
    assert "\n***\n" in logs  # written in two halves
    assert "secret TOKEN: its command ended with 5" in why
    for value in values:
        assert [place[:80] for place in seen if value in place] == []


def _processes() -> str:
    """Return the command lines of all processes."""
    lines = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                lines.append((entry / "cmdline").read_bytes().decode("utf-8", "replace"))
            except OSError:
                continue
    return "\n".join(lines)


def _api(home: House) -> str:
    """Return what the door tells: the snapshot, and each answer about what ran."""
    told = ""
    with socket.socket(socket.AF_UNIX) as there:
        there.settimeout(0.5)
        there.connect(str(home.state_dir / "api.sock"))
        there.sendall(
            b"GET /api/v1/stream HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n"
        )
        try:
            while received := there.recv(1 << 16):
                told += received.decode("utf-8", "replace")
        except TimeoutError:
            pass
    assert "talkative" in told
    return told


def _state(home: House) -> list[str]:
    """Return all that lies in the state directory; the long output is there as it is."""
    texts = []
    for path in home.state_dir.rglob("*"):
        if path.is_file():
            texts.append(f"{path.name} " + path.read_bytes().decode("utf-8", "replace"))
    assert len(texts) > 3
    return texts


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be somebody else")
def test_a_job_of_another_user_has_that_users_rights_alone(tmp_path: Path) -> None:
    for place in (tmp_path, *tmp_path.parents[:2]):
        place.chmod(0o711)
    mine = tmp_path / "mine"
    mine.write_text("for root alone")
    mine.chmod(0o600)
    text = f"""\
jobs:
  somebody:
    schedule: "@manual"
    user: daemon:nogroup
    umask: "0077"
    nice: 3
    limits: {{open_files: 64}}
    command: "id -un; id -gn; echo $HOME; pwd; umask; ulimit -n; nice; cat {mine}"
"""
    with house(tmp_path, text) as home:
        home.start()
        done = home.run("run", "somebody", "--follow")
        assert home.stop() == 0

    assert done.stdout.splitlines()[:7] == [
        "daemon",
        "nogroup",
        "/usr/sbin",
        "/usr/sbin",
        "0077",
        "64",
        "3",
    ]
    assert "Permission denied" in done.stdout + done.stderr
    assert done.returncode == 1


NAMES = """\
jobs:
  {name}:
    schedule: "@manual"
    shutdown_runs: {end}
    params: {{target: {{default: staging, choices: [staging, prod]}}}}
    command: "echo to $PARAM_TARGET; test $PARAM_TARGET = prod || sleep 60"
    {more}
"""


def test_params_a_new_name_and_an_orderly_end(tmp_path: Path) -> None:
    text = NAMES.format(name="deploy", end="stop", more="")
    with house(tmp_path, text) as home:
        home.start()
        done = home.run("run", "deploy", "-p", "target=prod", "--follow")
        assert (done.stdout, done.returncode) == ("to prod\n", 0)
        refused = home.run("run", "deploy", "-p", "target=live")
        assert "'live' is not one of staging, prod" in refused.stderr
        assert home.run("pause", "deploy").returncode == 0

        more = "renamed_from: deploy"
        home.jobs_file.write_text(NAMES.format(name="release", end="stop", more=more))
        wait_until(lambda: _names(home) == ["release"], "the new name is in force")
        assert [row["params"] for row in home.history("release")] == [{"target": "prod"}]
        assert home.status()["jobs"]["release"]["state"] == "paused"

        assert home.run("run", "release").returncode == 0
        wait_until(lambda: home.status()["jobs"]["release"]["state"] == "running", "it runs")
        began = time.monotonic()
        assert home.stop() == 0
        assert time.monotonic() - began < 8  # nobody waited for its sleep
        home.start()
        last = home.history("release")[-1]
        assert (last["outcome"], last["reason"]) == ("stopped", "shutdown")
        assert home.status()["jobs"]["release"]["state"] == "paused"
        assert home.stop() == 0

        more = "renamed_from: release"
        home.jobs_file.write_text(NAMES.format(name="deploy", end="stop", more=more))
        home.start()  # renamed while no engine ran
        assert _names(home) == ["deploy"]
        assert home.status()["jobs"]["deploy"]["state"] == "paused"
        assert [row["outcome"] for row in home.history("deploy")] == ["succeeded", "stopped"]
        assert home.stop() == 0


def _names(home: House) -> list[str]:
    return list(home.status()["jobs"])
