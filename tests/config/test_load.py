"""jobs.yaml: what it may say, and what is said about the rest."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronterm.clock import DAY, HOUR, MINUTE, SECOND
from cronterm.config.load import Loaded, is_suspicious, load, load_text
from cronterm.config.words import WORDS
from cronterm.model.job import Job, Keep, PythonCall, Retry, Shell
from cronterm.schedule.base import CronSpec

PATH = Path("/srv/ops/jobs.yaml")


def read(text: str) -> Loaded:
    """Read a text as if it stood in /srv/ops/jobs.yaml."""
    return load_text(text, path=PATH, local_timezone="UTC")


def job(words: str) -> Job:
    """Return the one job `a` of a text, given its words below it."""
    loaded = read("jobs:\n  a:\n" + "".join(f"    {line}\n" for line in words.splitlines()))
    assert loaded.problems == ()
    return loaded.jobs[0]


def problems(text: str) -> list[str]:
    """Return the problems as lines without the directory."""
    return [str(problem).removeprefix("/srv/ops/") for problem in read(text).problems]


def test_a_job_has_all_its_defaults() -> None:
    assert job("command: ls") == Job(
        id="a",
        source=str(PATH),
        line=2,
        directory="/srv/ops",
        working_dir="/srv/ops",
        action=Shell("ls"),
        schedule_text="@manual",
    )


WORD_VALUES = {
    "description: nightly": ("description", "nightly"),
    "tags: [a, b]": ("tags", ("a", "b")),
    "tags: a": ("tags", ("a",)),
    "group: g": ("group", "g"),
    'schedule: "0 2 * * *"': ("schedule", (CronSpec("0 2 * * *", "UTC"),)),
    "timezone: Europe/Berlin": ("timezone", "Europe/Berlin"),
    "jitter: 5m": ("jitter", 5 * MINUTE),
    "working_dir: sub/../logs": ("working_dir", "/srv/ops/logs"),
    "env: {A: 1, B: 'x y'}": ("env", {"A": "1", "B": "x y"}),
    "env: [A=1, B=x]": ("env", {"A": "1", "B": "x"}),
    "env_file: .env": ("env_files", ("/srv/ops/.env",)),
    "stdin: hello": ("stdin", "hello"),
    "timeout: 90": ("timeout", 90 * SECOND),
    "stop_signal: int": ("stop_signal", "SIGINT"),
    "stop_grace_period: 0s": ("stop_grace_period", 0),
    "retry: 2": ("retry", Retry(attempts=2)),
    "retry: {delay: 1s, on: timeout}": ("retry", Retry(3, SECOND, on=("timeout",))),
    "overlap: queue": ("overlap", "queue"),
    "queue_limit: 5": ("queue_limit", 5),
    "max_instances: 2": ("max_instances", 2),
    "catch_up: latest": ("catch_up", "latest"),
    "catch_up_window: 1h": ("catch_up_window", HOUR),
    "start_deadline: 2h": ("start_deadline", 2 * HOUR),
    "success: {exit_codes: [0, 3]}": ("success_exit_codes", (0, 3)),
    "skip_exit_codes: [77]": ("skip_exit_codes", (77,)),
    "output: {max_size: 2MiB}": ("output_max_size", 2 << 20),
    "history: {keep_runs: 5, keep_days: 2}": ("keep", Keep(5, 2 * DAY)),
    "enabled: false": ("enabled", False),
}


@pytest.mark.parametrize("words", WORD_VALUES)
def test_each_word_has_its_effect(words: str) -> None:
    field, expected = WORD_VALUES[words]

    assert getattr(job(f"command: x\n{words}"), field) == expected


def test_every_word_is_tried() -> None:
    tried = {words.partition(":")[0] for words in WORD_VALUES}

    assert set(WORDS) - tried == {"command", "python", "args", "kwargs", "shell"}


def test_actions_are_shell_argv_or_python() -> None:
    assert job("command: |\n  a\n  b\nshell: [bash, -euc]").action == Shell(
        "a\nb\n", ("bash", "-euc")
    )
    assert job("command: x\nshell: bash").action == Shell("x", ("bash", "-c"))
    assert job("command: [ls, -l, 5]").action == Shell(("ls", "-l", "5"))
    assert job("python: a.b:c\nargs: [1, two]\nkwargs: {x: true}").action == PythonCall(
        "a.b:c", (1, "two"), {"x": True}
    )


def test_defaults_and_settings_lie_below_the_jobs() -> None:
    loaded = read(
        """
version: 1
settings: {timezone: Asia/Tokyo, max_running: 3, catch_up: all, history: {keep_days: 7}}
defaults: {tags: [x], env: {A: "1"}, history: {keep_runs: 9}, overlap: queue}
jobs:
  a: {command: x, tags: [y], env: {B: "2"}, overlap: skip, x-note: free}
  b: {command: x}
"""
    )
    first, second = loaded.jobs

    assert loaded.problems == ()
    assert loaded.settings.max_running == 3
    assert (first.tags, first.env, first.overlap) == (("x", "y"), {"A": "1", "B": "2"}, "skip")
    assert (first.timezone, first.catch_up, first.keep) == ("Asia/Tokyo", "all", Keep(9, 7 * DAY))
    assert second.overlap == "queue"


def test_jobs_may_be_a_list() -> None:
    loaded = read("jobs:\n- name: a\n  command: x\n- {id: b, command: y}\n")

    assert [each.id for each in loaded.jobs] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jobs: {a: {comand: x}}", "jobs.yaml:1:8: there is nothing to run (add a command)"),
        ("jobs: {a: {comand: x}}", "unknown key 'comand' (did you mean command?)"),
        ("job: {}", "unknown key 'job' (did you mean jobs?)"),
        ("jobs: {a: {command: x, cron: x}}", "it is called schedule here"),
        ("jobs: {a: {command: x, concurrencyPolicy: Forbid}}", "Forbid is skip"),
        ("jobs: {a: {command: x, notify: [x]}}", "'notify' is not built yet in this version"),
        ("settings: {api: {}}\njobs: {}", "'api' is not built yet in this version"),
        ("jobs: {a: {command: x, enabled: no}}", "'no' is not true or false"),
        ("jobs: {a: {command: x, env: {A: yes}}}", "may be read two ways (put it in quotes)"),
        ("jobs: {a: {command: x, env: {A: 0755}}}", "may be read two ways (put it in quotes)"),
        ("jobs: {a: {command: x, env: {CRONTERM_JOB: x}}}", "set by cronterm itself"),
        ("jobs: {a: {command: x, env: {'A-B': x}}}", "not the name of a variable"),
        ("jobs: {a: {command: x, env: [A]}}", "not NAME=value"),
        ("jobs: {a: {command: 5}}", "5 is not a text (put it in quotes)"),
        ("jobs: {a: {command: ''}}", "the command is empty"),
        ("jobs: {a: {command: []}}", "the command is empty"),
        ("jobs: {a: {command: x, python: 'a:b'}}", "exclude each other"),
        ("jobs: {a: {command: x, args: [1]}}", "args goes with python"),
        ("jobs: {a: {python: nope}}", "names no function"),
        ("jobs: {a: {command: x, timeout: 0}}", "must be longer than 0s"),
        ("jobs: {a: {command: x, timeout: 1:30}}", "is not a duration"),
        ("jobs: {a: {command: x, timeout: [1]}}", "where a duration is expected"),
        ("jobs: {a: {command: x, overlap: skp}}", "did you mean skip?"),
        ("jobs: {a: {command: x, retry: {backoff: 0}}}", "not between 1 and 100"),
        ("jobs: {a: {command: x, retry: {backoff: x}}}", "not a number"),
        ("jobs: {a: {command: x, retry: 01}}", "without a leading zero"),
        ("jobs: {a: {command: x, queue_limit: 0}}", "not between 1 and"),
        ("jobs: {a: {command: x, stop_signal: SIGSTOP}}", "does not end a process"),
        ("jobs: {a: {command: x, output: {max_size: big}}}", "is not a size"),
        ("jobs: {a: {command: x, output: {max_size: 5}}}", "at least 1KB"),
        ("jobs: {a: {command: x, success: {}}}", "exit_codes is missing"),
        ("jobs: {a: {command: x, tags: {a: b}}}", "where a text is expected"),
        ('jobs: {a: {command: x, description: "a\\nb"}}', "must be one line"),
        ('jobs: {a: {command: "a\\0b"}}', "cannot contain NUL"),
        ("jobs: {a: {command: x, timezone: Mars}}", "unknown timezone"),
        ("settings: {timezone: Mars}\njobs: {}", "unknown timezone"),
        ("settings: 5\njobs: {}", "where a mapping is expected"),
        ("defaults: {command: x}\njobs: {}", "cannot be a default"),
        ("version: 2\njobs: {}", "not between 1 and 1"),
        ('jobs: {a: {command: x, schedule: ["@daily", {cron: 61 * * * *}]}}', "jobs.yaml:1:52"),
        ('jobs: {a: {command: x, schedule: "0 0 31 2 *"}}', "never fires"),
        ("jobs: {a: 5}", "where a mapping is expected"),
        ("jobs: 5", "where a mapping of jobs is expected"),
        ("jobs: [5]", "a job is a mapping"),
        ("jobs: [{command: x}]", "exactly one of name, id, job_id"),
        ("jobs: {a: {command: x}, A: {command: x}}", "stands twice, first in line 1"),
        ("jobs: {a: {command: x}, a: {command: x}}", "'a' stands twice, first in line 1"),
        ("jobs: {5: {command: x}}", "taken for a run"),
        ("jobs: {'../x': {command: x}}", "cannot name a job"),
        ("jobs: {'é': {command: x}}", "cannot name a job"),
        ("settings: {}", "there is no `jobs`"),
        ("5", "where a mapping is expected"),
        ("jobs: {a: {schedule: * * * * *, command: x}}", "put the value in quotes"),
        ("jobs:\n  a:\n    schedule: @daily\n", "jobs.yaml:3:15: is not YAML"),
        ("jobs:\n\ta: b", "indent with spaces"),
        ("jobs: {a: &x {command: x}, b: *x}", "aliases are not built yet"),
        ("jobs: {a: {<<: {command: x}}}", "merge keys are not built yet"),
        ("jobs: {a: !!python/object/apply:os.system [ls]}", "is not allowed"),
        ("jobs: {? [a] : b}", "a key is a text"),
        ("jobs: \x01", "is not YAML"),
        ("[" * 100_000, "nested too deeply"),
        ("- " * 30_000, "nested too deeply"),
        ("jobs: " + "{a: " * 60 + "5" + "}" * 60, "nested too deeply"),
        (f"jobs: {{a: {{command: {'x' * 140_000}}}}}", "longer than the kernel takes"),
        (f"jobs: {{a: {{command: [{'x' * 140_000}]}}}}", "longer than the kernel takes"),
        (f"jobs: {{a: {{command: x, retry: {'9' * 5000}}}}}", "not a whole number"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_its_mend(text: str, expected: str) -> None:
    found = problems(text)

    assert any(expected in problem for problem in found), found
    assert all(problem.startswith("jobs.yaml") and len(problem) < 400 for problem in found)


def test_all_problems_are_told_at_once_in_order() -> None:
    found = problems("jobs:\n  a: {comand: x}\n  b: {command: x, timout: 5}\n  c: {command: 5}\n")

    assert [problem.split(":")[1] for problem in found] == ["2", "2", "3", "4"]


def test_problems_without_end_are_summed_up() -> None:
    found = problems("jobs:\n" + "".join(f"  j{n}: {{x: 1}}\n" for n in range(500)))

    assert len(found) == 201
    assert found[-1].endswith("problems more")


def test_an_empty_jobs_is_no_problem() -> None:
    assert read("jobs:\n").problems == ()
    assert read("jobs: {}\nsettings:\ndefaults:\n").problems == ()
    assert read("").problems == ()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.text("jobs:{}[]a-, \n\"'*&!|>@%#", max_size=80))
def test_rubbish_is_told_and_nothing_else_happens(text: str) -> None:
    loaded = read(text)

    assert isinstance(loaded, Loaded)


def test_ten_thousand_jobs_are_read_in_seconds() -> None:
    text = "jobs:\n" + "".join(
        f'  job-{n}:\n    schedule: "*/{n % 50 + 2} * * * *"\n    command: echo {n}\n'
        for n in range(10_000)
    )
    started = time.process_time()

    assert len(read(text).jobs) == 10_000
    assert time.process_time() - started < 10


# -- files ---------------------------------------------------------------------------------------


def from_file(path: Path) -> Loaded:
    """Read a file."""
    return load(path, local_timezone="UTC")


def test_a_file_is_read_with_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_bytes(b"\xef\xbb\xbfjobs:\r\n  a: {command: ls}\r\n")

    loaded = from_file(path)
    assert [each.id for each in loaded.jobs] == ["a"]
    assert len(loaded.sha256) == 64


@pytest.mark.parametrize("kind", ["missing", "fifo", "device", "directory", "binary", "huge"])
def test_what_is_not_a_text_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "jobs.yaml"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "directory":
        path.mkdir()
    elif kind == "binary":
        path.write_bytes(b"jobs: \xff\xfe")
    elif kind == "huge":
        with open(path, "wb") as file:
            file.truncate(1 << 40)

    started = time.monotonic()
    loaded = from_file(path)
    assert len(loaded.problems) == 1
    assert time.monotonic() - started < 2


def test_a_file_that_others_may_write_is_told(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text("jobs: {a: {command: ls}}")
    path.chmod(0o666)

    loaded = from_file(path)
    told = loaded.problems if os.geteuid() == 0 else loaded.warnings
    assert "others may change this file" in told[0].message


def test_the_example_is_without_problems() -> None:
    loaded = from_file(Path(__file__).parents[2] / "jobs.example.yaml")

    assert loaded.problems == ()
    assert 10 <= len(loaded.jobs) <= 14


def test_a_half_written_file_is_suspicious() -> None:
    known = {"a", "b", "c", "d"}
    full = "jobs:\n" + "".join(f"  {name}: {{command: x}}\n" for name in "abcd")

    assert not is_suspicious(known, read(full))
    assert is_suspicious(known, read("jobs: {a: {command: x}}"))
    assert is_suspicious(known, read(""))
    assert is_suspicious(known, read("jobs: ["))
    assert not is_suspicious(set(), read(""))
    assert not is_suspicious({"a", "b"}, read("jobs: {a: {command: x}}"))
