"""Events start jobs of a real engine: files, webhooks, readings."""

import json
import subprocess
from pathlib import Path
from typing import Any

from cronterm.model.trigger import OnFile
from tests.journeys.house import House, house, wait_until

ON_FILES = """\
jobs:
  import:
    triggers:
      - file: {{path: {place}, patterns: ["*.csv"], events: [created, modified], settle: 500ms}}
    overlap: queue
    queue_limit: 100
    command: printf '%s\\n' "$CRONTERM_EVENT_COUNT" "$CRONTERM_EVENT_PATHS" >> told
"""

ON_HOOK = """\
jobs:
  deploy:
    triggers: [{webhook: {path: deploy-done}}]
    command: |
      printf '%s|' "$CRONTERM_TRIGGER" "$CRONTERM_EVENT_KIND" "$CRONTERM_EVENT_NAME" > told
      printf '%s' "$CRONTERM_EVENT_BODY" > body
"""

ON_READINGS = """\
jobs:
  low-disk:
    triggers: [{disk: {path: /, free_below: 100%, every: 1s}}]
    command: echo "$CRONTERM_EVENT_USED_PERCENT" >> disk
  busy:
    triggers: [{metric: {memory_above: 0, every: 1s}}]
    command: echo "$CRONTERM_EVENT_METRIC" >> metric
  config:
    triggers:
      - attribute: {path: watched.conf, of: [mode], every: 1s}
      - env: {file: .env, name: FEATURE_X, every: 1s}
    overlap: queue
    command: echo "$CRONTERM_EVENT_KIND $CRONTERM_EVENT_CHANGED" >> changed
"""

ON_VARIABLE = """\
jobs:
  feature:
    triggers: [{env: {name: FEATURE_X}}]
    command: echo "$CRONTERM_EVENT_CHANGED" >> told
"""


def post(home: House, hook: str, body: bytes = b"") -> tuple[int, dict[str, Any]]:
    """Post to a webhook as anybody would: with curl."""
    done = subprocess.run(
        [
            *("curl", "-s", "-X", "POST", "--data-binary", "@-", "-w", "\n%{http_code}"),
            *("--unix-socket", "state/api.sock", f"http://cronterm/hooks/{hook}"),
        ],
        input=body,
        capture_output=True,
        check=True,
        cwd=home.directory,
    )
    answer, _, status = done.stdout.decode().rpartition("\n")
    return int(status), json.loads(answer)


def lines(path: Path) -> list[str]:
    """Return what a job wrote."""
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def test_a_burst_of_a_hundred_files_is_one_run_with_all_paths(tmp_path: Path) -> None:
    place = tmp_path / "in $(touch evil)"
    place.mkdir()
    with house(tmp_path, ON_FILES.format(place=json.dumps(str(place)))) as home:
        home.start()
        for number in range(100):
            (place / f"{number:03}.csv").write_text("x")
        (place / "other.txt").write_text("x")
        home.wait_idle()
        rows = home.history()

        assert [(row["cause"], row["outcome"]) for row in rows] == [("signal", "succeeded")]
        paths = [str(place / f"{number:03}.csv") for number in range(100)]
        assert lines(tmp_path / "told") == ["100", *paths]
        assert not (tmp_path / "evil").exists()
        (place / "000.csv").write_text("again")
        wait_until(lambda: len(home.history()) == 2, "the next burst is a run of its own")
        home.wait_idle()
        assert lines(tmp_path / "told")[101:] == ["1", paths[0]]


def test_a_reload_begins_and_ends_triggers(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    with house(tmp_path, ON_FILES.format(place=before)) as home:
        home.start()
        new = ON_FILES.format(place=after).replace("500ms", "0s")
        home.jobs_file.write_text(new)
        wait_until(lambda: waits_for(home, str(after)), "the new place is in force")
        (before / "a.csv").write_text("x")

        def has_run_after_a_file() -> bool:
            with open(after / "a.csv", "a", encoding="utf-8") as file:
                file.write("x")
            return bool(paths())

        def paths() -> set[str]:
            told = tmp_path / "told"
            return {line for line in lines(told) if "/" in line} if told.exists() else set()

        wait_until(has_run_after_a_file, "the new place is watched")

        assert paths() == {str(after / "a.csv")}


def waits_for(home: House, place: str) -> bool:
    """Tell whether the job waits for files there."""
    (trigger,) = home.door().snapshot().jobs["import"].job.triggers
    return isinstance(trigger, OnFile) and trigger.path == place


def test_a_webhook_fires_a_job(tmp_path: Path) -> None:
    with house(tmp_path, ON_HOOK) as home:
        home.start()
        status, answer = post(home, "deploy-done", b"$(touch evil) \xff\n")
        home.wait_idle()

        assert (status, answer["message"]) == (202, "run 1 of deploy")
        assert lines(tmp_path / "told") == ["event|webhook|deploy-done|"]
        assert (tmp_path / "body").read_bytes() == b"$(touch evil) \xff\n"
        assert not (tmp_path / "evil").exists()
        assert post(home, "nobody")[0] == 404
        assert post(home, "deploy-done")[0] == 202
        assert "webhook deploy-done" in home.run("why", "deploy").stdout


def test_readings_fire_once_until_they_come_back(tmp_path: Path) -> None:
    conf, env = tmp_path / "watched.conf", tmp_path / ".env"
    conf.write_text("a")
    env.write_text("FEATURE_X=1\n")
    with house(tmp_path, ON_READINGS) as home:
        home.start()
        wait_until(lambda: bool(lines(tmp_path / "disk")), "the disk is never quite free")
        wait_until(lambda: bool(lines(tmp_path / "metric")), "some memory is in use")
        conf.chmod(0o600)
        wait_until(lambda: lines(tmp_path / "changed") == ["attribute mode"], "the mode")
        env.write_text("FEATURE_X=2\n")
        wait_until(lambda: len(lines(tmp_path / "changed")) == 2, "the variable")

        assert lines(tmp_path / "changed") == ["attribute mode", "env changed"]
        assert len(lines(tmp_path / "disk")) == 1
        assert lines(tmp_path / "metric") == ["memory"]


def test_a_variable_of_the_engine_is_compared_with_its_last_run(tmp_path: Path) -> None:
    with house(tmp_path, ON_VARIABLE) as home:
        home.start(FEATURE_X="1")
        home.stop()
        home.start(FEATURE_X="1")
        home.stop()
        assert home.history() == []
        home.start(FEATURE_X="2")
        home.wait_idle()

        assert lines(tmp_path / "told") == ["changed"]
