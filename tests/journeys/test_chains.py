"""Chains, pools and conditions with a real engine."""

from pathlib import Path

from tests.journeys.house import House, house, wait_until

CHAIN = """\
pools: {one: {slots: 1}}
jobs:
  extract: {schedule: "@manual", command: "echo extract >> {truth}", pool: one}
  transform: {depends_on: [extract], command: "echo transform >> {truth}; exit $(cat {code})"}
  load:
    depends_on: {extract: success, transform: success}
    command: echo "load $CRONTERM_TRIGGER $CRONTERM_UPSTREAM_JOB" >> {truth}
    on_complete: [told]
  told: {schedule: "@manual", command: "echo told >> {truth}"}
  alarm: {depends_on: {transform: failure}, command: "echo alarm >> {truth}"}
  slow: {schedule: "@manual", command: "while [ ! -e {go} ]; do sleep 0.05; done", pool: one}
  if-ready:
    schedule: "@manual"
    command: echo ready >> {truth}
    condition: {command: "test -e {go}", wait: 1m}
  stuck: {schedule: "@manual", command: "true", condition: "echo $$ > {pid}; exec sleep 100"}
  never: {schedule: "@manual", command: "echo never >> {truth}", condition: "exit 3"}
"""


def chain(directory: Path) -> str:
    """Return the jobs file of these journeys."""
    text = CHAIN
    for name in ("truth", "code", "go", "pid"):
        text = text.replace("{" + name + "}", str(directory / name))
    (directory / "code").write_text("0", encoding="ascii")
    return text


def notes(directory: Path) -> list[str]:
    """Return what the jobs wrote."""
    truth = directory / "truth"
    return truth.read_text(encoding="utf-8").splitlines() if truth.exists() else []


def ended(home: House, job: str, count: int = 1) -> bool:
    """Tell whether so many runs of a job have ended."""
    return sum(row["outcome"] is not None for row in home.history(job)) >= count


def test_a_chain_of_three_runs_in_order_and_stops_at_a_failure(tmp_path: Path) -> None:
    with house(tmp_path, chain(tmp_path)) as home:
        home.start()
        assert home.run("run", "extract").returncode == 0
        wait_until(lambda: ended(home, "told"), "the chain runs to its end")
        assert notes(tmp_path) == ["extract", "transform", "load upstream transform", "told"]
        rows = {row["job"]: row for row in home.history()}
        assert rows["transform"]["cause"] == "upstream"
        assert rows["transform"]["upstream_job"] == "extract"
        assert rows["transform"]["upstream_run_id"] == rows["extract"]["run_id"]
        assert f"extract {rows['extract']['run_id']}" in home.run("history", "transform").stdout

        (tmp_path / "truth").unlink()
        assert home.run("run", "load", "--with-deps", "--wait").returncode == 0
        wait_until(lambda: ended(home, "told", 2), "what follows has run")
        assert notes(tmp_path) == ["extract", "transform", "load manual ", "told"]

        (tmp_path / "code").write_text("1", encoding="ascii")
        (tmp_path / "truth").unlink()
        assert home.run("run", "extract").returncode == 0
        wait_until(lambda: ended(home, "alarm"), "the failure is followed")
        assert notes(tmp_path) == ["extract", "transform", "alarm"]
        assert len(home.history("load")) == 2

        done = home.run("run", "load", "--with-deps", "--wait")
        assert done.returncode == 1
        assert "skipped" in done.stderr
        newest = home.history("load")[-1]
        assert (newest["outcome"], newest["reason"]) == ("skipped", "dependency")
        assert home.stop() == 0


def test_a_chain_goes_on_after_the_engine_was_killed_in_the_middle(tmp_path: Path) -> None:
    go = tmp_path / "go"
    held = f"while [ ! -e {go} ]; do sleep 0.05; done; echo extract >>"
    text = chain(tmp_path).replace("echo extract >>", held)
    with house(tmp_path, text) as home:
        home.start()
        home.run("run", "extract")
        wait_until(lambda: home.status()["jobs"]["extract"]["state"] == "running", "it runs")
        home.kill()
        go.touch()
        wait_until(lambda: notes(tmp_path) == ["extract"], "it ends without an engine")
        home.start()
        wait_until(lambda: ended(home, "told"), "the chain goes on")
        assert notes(tmp_path) == ["extract", "transform", "load upstream transform", "told"]
        assert home.stop() == 0


def test_what_holds_a_run_is_seen_while_it_waits(tmp_path: Path) -> None:
    with house(tmp_path, chain(tmp_path)) as home:
        home.start()
        assert home.run("run", "never", "--wait").returncode == 1
        (row,) = home.history("never")
        assert (row["outcome"], row["reason"]) == ("skipped", "condition")
        assert row["message"] == "its command exits with 3"

        home.run("run", "slow")
        home.run("run", "extract")
        home.run("run", "if-ready")
        wait_until(
            lambda: home.status()["jobs"]["if-ready"]["reason"] == "its command exits with 1",
            "the condition is looked at",
        )
        status = home.status()["jobs"]["extract"]
        assert (status["state"], status["reason"]) == ("queued", "pool one is full (slots: 1)")
        assert "pool one is full" in home.run("why", "extract").stdout

        home.kill()
        home.start()
        assert home.status()["jobs"]["extract"]["reason"] == "pool one is full (slots: 1)"
        (tmp_path / "go").touch()
        wait_until(lambda: "ready" in notes(tmp_path), "the condition holds")
        wait_until(lambda: "extract" in notes(tmp_path), "the slot is free")
        assert "never" not in notes(tmp_path)
        assert home.stop() == 0


def test_a_stop_ends_the_command_that_looks_at_the_condition_too(tmp_path: Path) -> None:
    with house(tmp_path, chain(tmp_path)) as home:
        home.start()
        home.run("run", "stuck")
        pid = tmp_path / "pid"
        wait_until(
            lambda: pid.exists() and pid.read_text(encoding="ascii") != "", "it is looked at"
        )
        process = Path("/proc") / pid.read_text(encoding="ascii").strip()
        assert process.exists()
        home.run("stop", "stuck")
        wait_until(lambda: not process.exists(), "its condition's command is ended")
        (row,) = home.history("stuck")
        assert (row["outcome"], row["reason"]) == ("stopped", "user")
        assert home.stop() == 0
