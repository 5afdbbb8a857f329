"""Every command against a live engine and without one, on real files."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cronterm.cli.program import COMMANDS
from tests.journeys.house import House

JOBS = """\
jobs:
  talker: {command: echo hello, tags: [loud]}
  sleeper: {command: sleep 1000}
  nightly: {command: "true", schedule: "30 2 * * *"}
  mirror: {monitor: true, schedule: "@daily"}
"""


def _house(directory: Path) -> House:
    """Return a house with something to call."""
    house = House(directory, JOBS)
    house.jobs_file.chmod(0o600)
    (directory / "calls.py").write_text("def sample(a, b): ...\n", encoding="utf-8")
    (directory / "tab").write_text("30 2 * * * date\n", encoding="utf-8")
    return house


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An engine that has run something."""
    house = _house(tmp_path_factory.mktemp("live"))
    house.start()
    for _ in range(2):
        house.run("run", "talker", "--wait")
    yield house
    house.run("kill", "--all")
    house.stop()


@pytest.fixture(scope="module")
def asleep(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A file without an engine, whose history has a run."""
    house = _house(tmp_path_factory.mktemp("asleep"))
    house.start()
    house.run("run", "talker", "--wait")
    house.stop()
    return house


LOOKS = [
    ("status",),
    ("ls",),
    ("show", "talker"),
    ("history",),
    ("history", "talker", "--last", "1h", "--status", "succeeded"),
    ("logs",),
    ("logs", "talker", "--grep", "h"),
    ("next",),
    ("next", "--expr", "@daily"),
    ("why", "nightly"),
    ("alerts",),
    ("missed",),
    ("stats",),
    ("calls",),
    ("explain", "*/5 * * * *"),
    ("diff", "1", "1"),
    ("validate",),
    ("config",),
    ("doctor",),
    ("motd",),
    ("actions", "calls.py"),
    ("schema",),
    ("export",),
    ("import", "crontab", "tab", "--dry-run"),
    ("simulate", "--days", "1"),
    ("install-service", "--user", "--dry-run"),
    ("run", "talker", "--dry-run"),
]
SAY_WHAT_IS_NOT = ("missed", "alerts", "calls")
"""What people are told where there is nothing; a program gets no line."""
WITHOUT_ENGINE = {"status": 69}


def values(text: str) -> list[Any]:
    """Return the JSON that was printed: one value, or one a line."""
    try:
        return [json.loads(text)]
    except ValueError:
        return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_who_looks_gets_an_answer_from_a_live_engine(
    live: House, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(live.directory)
    people, program = live.run(*words), live.run(*words, "--json")

    assert (people.returncode, program.returncode) == (0, 0), people.stderr + program.stderr
    assert values(program.stdout) or not people.stdout or words[0] in SAY_WHAT_IS_NOT


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_who_looks_gets_an_answer_without_an_engine(
    asleep: House, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(asleep.directory)
    people = asleep.run(*words)

    assert people.returncode == WITHOUT_ENGINE.get(words[0], 0), people.stderr
    assert people.stdout or people.returncode


ACTS = [
    ("run", "talker", "--wait"),
    ("rerun", "1"),
    ("pause", "nightly", "--for", "1h", "--reason", "test"),
    ("resume", "nightly"),
    ("skip", "nightly"),
    ("run", "sleeper"),
    ("stop", "sleeper"),
    ("kill", "--all"),
    ("ping", "mirror"),
    ("exec", "--job", "mirror", "--", "true"),
    ("alerts", "snooze", "nightly", "1h"),
]


def test_who_acts_is_heard_by_a_live_engine(live: House) -> None:
    for words in ACTS:
        done = live.run(*words)

        assert done.returncode == 0, (words, done.stderr)


@pytest.mark.parametrize("words", ACTS, ids=" ".join)
def test_who_acts_hears_that_there_is_no_engine(asleep: House, words: tuple[str, ...]) -> None:
    done = asleep.run(*words)

    assert done.returncode == (0 if words[0] == "exec" else 69)
    assert "no engine runs" in done.stderr


EDITS = [
    ("add", "new", "--every", "10m", "--", "true"),
    ("disable", "new"),
    ("enable", "new"),
    ("rename", "new", "newer"),
    ("edit", "newer"),
    ("rm", "newer", "-y"),
    ("fmt",),
]


@pytest.mark.parametrize("which", ["live", "asleep"])
def test_the_file_is_changed_with_an_engine_and_without(
    which: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "sed -i s/10m/20m/")
    house: House = request.getfixturevalue(which)
    before = house.jobs_file.read_text(encoding="utf-8")
    for words in EDITS:
        done = house.run(*words)

        assert done.returncode == 0, (words, done.stderr)
    assert "new" not in house.jobs_file.read_text(encoding="utf-8")
    house.jobs_file.write_text(before, encoding="utf-8")


def test_what_is_misspelt_is_a_usage_error_everywhere(live: House, tmp_path: Path) -> None:
    for words in (*LOOKS, *ACTS):
        assert live.run(words[0], "--nosuch").returncode == 2


OTHERS = {
    "up": "test_commands.py",
    "down": "test_commands.py",
    "attach": "test_commands.py",
    "init": "../cli/test_begin.py",
    "completion": "../cli/test_begin.py",
    "mv": "../cli/test_edits.py",
    "bridge": "../cli/test_far.py",
}
"""Where the commands are seen at work that are neither seen here nor have a module of tests."""


def test_every_command_is_seen_at_work() -> None:
    here = {words[0] for words in (*LOOKS, *ACTS, *EDITS)}
    tests = Path(__file__).parent
    there = {
        command
        for command, file in OTHERS.items()
        if f'"{command}"' in (tests / file).read_text(encoding="utf-8")
    }
    alone = {command for command in COMMANDS if (tests / f"../cli/test_{command}.py").exists()}

    assert here | there | alone == set(COMMANDS)
