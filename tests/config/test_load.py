"""jobs.yaml: what it may say, and what is said about the rest."""

import gc
import os
import pwd
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cronterm.clock import DAY, HOUR, MINUTE, SECOND
from cronterm.config.load import MANY, Loaded, is_suspicious, load, load_text
from cronterm.config.reader import explain
from cronterm.config.words import WORDS
from cronterm.model.gates import Condition
from cronterm.model.identity import Limits, Param, Secret
from cronterm.model.job import Job, Keep, PythonCall, Retry, Shell, definition_hash
from cronterm.model.success import Success
from cronterm.model.trigger import OnWebhook
from cronterm.schedule.base import CalendarSpec, CronSpec

PATH = Path("/srv/ops/jobs.yaml")
ME = pwd.getpwuid(os.geteuid()).pw_name


def read(text: str) -> Loaded:
    """Read a text as if it stood in /srv/ops/jobs.yaml."""
    return load_text(text, path=PATH, local_timezone="UTC")


def job(words: str) -> Job:
    """Return the job `a` of a text, given its words below it; `b` and a pool are there to name."""
    text = "jobs:\n  a:\n" + "".join(f"    {line}\n" for line in words.splitlines())
    loaded = read(text + "  b: {command: x}\npools: {heavy: {slots: 1}}\n")
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
    "notify: []": ("notify", ()),
    "description: nightly": ("description", "nightly"),
    "owner: dba": ("owner", "dba"),
    "runbook: https://wiki.example.com/backup": ("runbook", "https://wiki.example.com/backup"),
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
    "success: {stdout_match: done}": ("success", Success(stdout_match="done")),
    "success: {output_reject: '^E[0-9]+'}": ("success", Success(output_reject="^E[0-9]+")),
    "success: {stderr_empty: true}": ("success", Success(stderr_empty=True)),
    "success: {max_output: 2KB}": ("success", Success(max_output=2000)),
    "success: {min_duration: 20s}": ("success", Success(min_duration=20 * SECOND)),
    "output: {max_size: 2MiB}": ("output_max_size", 2 << 20),
    "output: {keep: head}": ("output_keep", "head"),
    "output: {timestamps: true}": ("output_timestamps", True),
    "history: {keep_runs: 5, keep_days: 2}": ("keep", Keep(5, 2 * DAY)),
    "enabled: false": ("enabled", False),
    f"user: {ME}": ("user", ME),
    'umask: "0027"': ("umask", 0o027),
    "nice: 10": ("nice", 10),
    "ionice: best-effort:7": ("ionice", "best-effort:7"),
    "limits: {memory: 2GB, cpu_time: 1h}": ("limits", Limits(2 * 10**9, HOUR)),
    "inherit_env: [LANG, TZ]": ("inherit_env", ("LANG", "TZ")),
    "secrets: {TOKEN: {env: X}}": ("secrets", {"TOKEN": Secret(env="X")}),
    "params: {target: staging}": ("params", {"target": Param(default="staging")}),
    "kill_leftovers: true": ("kill_leftovers", True),
    "shutdown_runs: stop": ("shutdown_runs", "stop"),
    "renamed_from: old-name": ("renamed_from", "old-name"),
    "depends_on: {b: complete}": ("depends_on", {"b": "complete"}),
    "depends_on: [b]\ndepends_window: 6h": ("depends_window", 6 * HOUR),
    "schedule: '@daily'\ndepends_on: [b]\ndepends_wait: 5m": ("depends_wait", 5 * MINUTE),
    "on_success: [b]": ("on_success", ("b",)),
    "on_failure: [b]": ("on_failure", ("b",)),
    "on_complete: [b]": ("on_complete", ("b",)),
    "pool: heavy": ("pool", "heavy"),
    "priority: -3": ("priority", -3),
    "condition: test -d /srv": ("condition", Condition(command="test -d /srv")),
    "exclude: {weekdays: sun}": ("exclude", (CalendarSpec(weekdays=(6,)),)),
    "only: [{days: [1, L]}]": ("only", (CalendarSpec(days=(-1, 1)),)),
    "not_before: 1970-01-02": ("not_before", DAY),
    'not_after: "1970-01-01T01:00Z"': ("not_after", HOUR),
    "max_runs: 3": ("max_runs", 3),
    "jitter_mode: random": ("jitter_mode", "random"),
    "auto_pause: {after_failures: 3}": ("auto_pause", 3),
    "triggers: [{webhook: {path: deploy}}]": ("triggers", (OnWebhook(path="deploy"),)),
    "cooldown: 1h": ("cooldown", HOUR),
    "tolerance: 2m": ("tolerance", 2 * MINUTE),
    "max_runtime: 45m": ("max_runtime", 45 * MINUTE),
}


@pytest.mark.parametrize("words", WORD_VALUES)
def test_each_word_has_its_effect(words: str) -> None:
    field, expected = WORD_VALUES[words]

    assert getattr(job(f"command: x\n{words}"), field) == expected


def test_every_word_is_tried() -> None:
    tried = {line.partition(":")[0] for words in WORD_VALUES for line in words.splitlines()}

    assert set(WORDS) - tried == {"command", "python", "args", "kwargs", "shell", "http", "monitor"}


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
defaults: {tags: [x], env: {A: "1"}, history: {keep_runs: 9}, overlap: queue, output: {keep: tail}}
jobs:
  a: {command: x, tags: [y], env: {B: "2"}, overlap: skip, x-note: free}
  b: {command: x, output: {max_size: 1MB}}
"""
    )
    first, second = loaded.jobs

    assert loaded.problems == ()
    assert loaded.settings.max_running == 3
    assert (first.tags, first.env, first.overlap) == (("x", "y"), {"A": "1", "B": "2"}, "skip")
    assert (first.timezone, first.catch_up, first.keep) == ("Asia/Tokyo", "all", Keep(9, 7 * DAY))
    assert second.overlap == "queue"
    assert (second.output_max_size, second.output_keep) == (1_000_000, "tail")


def test_jobs_may_be_a_list() -> None:
    loaded = read("jobs:\n- name: a\n  command: x\n- {id: b, command: y}\n")

    assert [each.id for each in loaded.jobs] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jobs: {a: {tags: x}}", "jobs.yaml:1:8: there is nothing to run (add a command)"),
        ("jobs: {a: {comand: x}}", "unknown key 'comand' (did you mean command?)"),
        ("job: {}", "unknown key 'job' (did you mean jobs?)"),
        ("settings: {pools: {}}", "unknown key 'pools' (it belongs at the top level of the file)"),
        ("max_running: 3", "unknown key 'max_running' (it belongs in settings)"),
        ("settings: {timeout: 3m}", "'timeout' (it belongs in a job, or in defaults)"),
        ("jobs: {a: {command: x, cron: x}}", "it is called schedule here"),
        (
            "jobs: {a: {command: x, concurrencyPolicy: Forbid}}",
            "it is called overlap here: Forbid is skip",
        ),
        ("jobs: {a: {command: x, notify: [x]}}", "there is no policy 'x'"),
        ("jobs: {a: {command: x, depends: y}}", "it is called depends_on here"),
        ("jobs: {a: {command: x, retry: {limit: 3}}}", "it is called attempts here"),
        ("jobs: {a: {command: x, output: {stderr: y}}}", "'stderr' is not built yet"),
        ("jobs: {a: {command: x, output: {keep: haed}}}", "did you mean head?"),
        ("jobs: {a: {command: x, success: {stdout_mach: y}}}", "did you mean stdout_match?"),
        ("jobs: {a: {command: x, success: {stdout_match: '('}}}", "is not a regular expression"),
        ("jobs: {a: {command: x, success: {stdout_match: ''}}}", "1 to 1,000 characters"),
        ("jobs: {a: {command: x, success: {output_reject: 'x*'}}}", "matches every line"),
        ("jobs: {a: {command: x, success: {output_reject: '[[a]'}}}", "nested set"),
        ("jobs: {a: {command: x, success: {exit_codes: []}}}", "no exit code would be a success"),
        ("jobs: {a: {command: x, success: {max_output: x}}}", "is not a size"),
        ("jobs: {a: {command: x, frobnicate: 1}}", "known: args, auto_pause, catch_up"),
        ("jobs: {a: {command: x, enabled: no}}", "'no' is not true or false"),
        ("jobs: {a: {command: x, env: {A: yes}}}", "may be read two ways (put it in quotes)"),
        ("jobs: {a: {command: x, env: {A: 0755}}}", "may be read two ways (put it in quotes)"),
        ("jobs: {a: {command: x, env: {CRONTERM_JOB: x}}}", "set by cronterm itself"),
        ("jobs: {a: {command: x, env: {'A-B': x}}}", "not the name of a variable"),
        ("jobs: {a: {command: x, env: [A]}}", "not NAME=value"),
        ('jobs: {a: {command: x, env: {A: "b\\0c"}}}', "cannot contain NUL"),
        ("jobs: {a: {command: x, env: {A: [b]}}}", "a list where a text is expected"),
        (f"jobs: {{a: {{command: x, env: [A={'é' * 70_000}]}}}}", "longer than the kernel takes"),
        (
            "jobs: {a: {command: x, env: {"
            + ", ".join(f"A{n}: {'x' * 100_000}" for n in range(22))
            + "}}}",
            "its command and env are longer than the kernel takes (2 MiB)",
        ),
        ("jobs: {a: {command: 5}}", "5 is not a text (put it in quotes)"),
        ("jobs: {a: {command: ''}}", "the command is empty"),
        ("jobs: {a: {command: []}}", "the command is empty"),
        ("jobs: {a: {command: x, python: 'a:b'}}", "exclude each other"),
        ("jobs: {a: {command: x, args: [1]}}", "args goes with python, not with command"),
        ("jobs: {a: {python: 'a:b', shell: bash}}", "shell goes with command, not with python"),
        ("jobs: {a: {python: 'a:b', args: [1e999]}}", "'1e999' is too large"),
        ("jobs: {a: {python: 'a:b', args: [99999999999999999999]}}", "is too large"),
        (f"jobs: {{a: {{python: 'a:b', args: [{'9' * 5000}]}}}}", "is too large"),
        ("jobs: {a: {python: 'a:b', kwargs: {x: {y: [-1e999]}}}}", "'-1e999' is too large"),
        (f"jobs: {{a: {{python: 'a:b', args: ['{'x' * 140_000}']}}}}", "longer than the kernel"),
        ("jobs: {a: {python: 'a:b', args: 5}}", "'5' where a list is expected (write [5])"),
        ("jobs: {a: {python: 'a:b', args: {a: b}}}", "a mapping where a list is expected"),
        ("jobs: {a: {python: 'a:b', kwargs: }}", "nothing where a mapping is expected"),
        ("jobs: {a: {python: '~nosuchuser/x.py:f'}}", "'~nosuchuser' has no home directory"),
        ("jobs: {a: {command: x, working_dir: ~nosuchuser/x}}", "has no home directory"),
        ("jobs: {a: {command: x, working_dir: ~}}", "the path is empty (~ in quotes is the home)"),
        ("jobs: {a: {command: x, shell: []}}", "the shell is empty"),
        ("jobs: {a: {command: x, description: }}", "nothing is not a text"),
        ("jobs: {a: {command: x, schedule: }}", "a schedule is a text"),
        ("jobs: {a: {command: x, schedule: {cron: '* * * * *', timezone: X}}}", "jobs.yaml:1:64"),
        ("jobs: {a: {command: x, schedule: {every: [1]}}}", "jobs.yaml:1:42"),
        ("jobs: {a: {command: x, schedule: {}}}", "jobs.yaml:1:34"),
        ("jobs: {a: {python: nope}}", "names no function"),
        ("jobs: {a: {command: x, timeout: 0}}", "must be longer than 0s"),
        ("jobs: {a: {command: x, timeout: 1:30}}", "is not a duration"),
        ("jobs: {a: {command: x, timeout: [1]}}", "where a duration is expected"),
        ("jobs: {a: {command: x, timeout: }}", "nothing where a duration is expected"),
        ("jobs: {a: {command: x, overlap: skp}}", "did you mean skip?"),
        ("jobs: {a: {command: x, overlap: Forbid}}", "did you mean skip?"),
        ("jobs: {a: {command: x, overlap: {a: b}}}", "a mapping is not one of skip"),
        ("jobs: {a: {command: x, overlap: frob}}", "'frob' is not one of skip, queue"),
        ("jobs: {a: {command: x, retry: {backoff: 0}}}", "not between 1 and 100"),
        ("jobs: {a: {command: x, retry: {backoff: x}}}", "not a number"),
        ("jobs: {a: {command: x, retry: 01}}", "without a leading zero"),
        ("jobs: {a: {command: x, queue_limit: 0}}", "not between 1 and"),
        ("jobs: {a: {command: x, stop_signal: SIGSTOP}}", "is no signal that ends"),
        ("jobs: {a: {command: x, stop_signal: 15}}", "(SIGTERM, SIGINT, SIGHUP, SIGKILL)"),
        ("jobs: {a: {command: x, stop_signal: [INT]}}", "is no signal that ends"),
        ("jobs: {a: {command: x, output: {max_size: big}}}", "is not a size"),
        ("jobs: {a: {command: x, output: {max_size: 5}}}", "at least 1KB"),
        ("jobs: {a: {command: x, output: {max_size: 9999TB}}}", "is more than 1 PB"),
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
        ("jobs: [{name: {a: b}, command: x}]", "the name of a job is a text"),
        ("jobs: {a: {command: x}, A: {command: x}}", "stands twice, first in line 1"),
        ("jobs: {a: {command: x}, a: {command: x}}", "'a' stands twice, first in line 1"),
        ("jobs: {5: {command: x}}", "taken for a run"),
        ("jobs: {'../x': {command: x}}", "cannot name a job"),
        ("jobs: {'é': {command: x}}", "cannot name a job"),
        ("settings: {}", "there is no `jobs`"),
        ("settings: {max_running: x}", "is not a whole number"),
        ("5", "where a mapping is expected"),
        ("jobs: {a: {schedule: * * * * *, command: x}}", "put the schedule in quotes"),
        ("jobs:\n  a:\n    schedule: @daily\n", "jobs.yaml:3:15: is not YAML"),
        ("jobs:\n  a:\n    schedule: @daily\n", "put the schedule in quotes"),
        ("jobs:\n  a:\n    schedule:\n    - @daily\n", "put the schedule in quotes"),
        ("jobs:\n  a:\n    command: `date`\n", "put the value in quotes"),
        ("jobs:\n  a: *b\n", "a text that begins with * needs quotes"),
        ("jobs:\n\ta: b", "indent with spaces"),
        ("jobs:\n  a:\n    command: echo a: b\n", "a text with `: ` in it needs quotes"),
        ("jobs\n  a: b\n", "a `:` missing in the line above"),
        ("jobs:\n  a:\n    command: x\n   tags: y\n", "look at the indentation"),
        ("jobs: {}\n---\njobs: {}\n", "a jobs file is one document"),
        ("jobs:\n  a:\n    command: [x\n", "jobs.yaml:3:14: is not YAML: a bracket opened here"),
        ("jobs:\n  a: {command: x\n  b: 1\n", "jobs.yaml:2:6: is not YAML: a bracket opened here"),
        ("jobs:\n  a: [", "the file ends here: a bracket may be left open"),
        (
            "jobs:\n  a:\n    command: 'x\n",
            "jobs.yaml:3:14: is not YAML: a quote opened here is not",
        ),
        (
            'jobs:\n  a:\n    schedule: "@daily\n    command: "true"\n',
            "jobs.yaml:3:15: is not YAML: a quote opened here is closed only in line 4",
        ),
        ('jobs: "\\q"', "jobs.yaml:1:8: is not YAML: found unknown escape character"),
        ("x-a: &x {b: *x}\njobs: {}", "jobs.yaml:1:6: stands inside itself"),
        ("jobs: {a: {<<: 5, command: x}}", "jobs.yaml:1:12: << takes a mapping"),
        ("jobs: {a: {<<: [5], command: x}}", "<< takes a mapping, or a list of mappings"),
        ("jobs: {a: {<<: {b: c}, <<: {d: e}}}", "'<<' stands twice"),
        ("jobs: {a: &x !!str b}", "jobs.yaml:1:11: tags are not allowed"),
        ("jobs: {a: !!python/object/apply:os.system [ls]}", "jobs.yaml:1:11: tags are not allowed"),
        ("jobs: {a: {command: !!str x}}", "tags are not allowed"),
        ("jobs: {? [a] : b}", "a key is a text"),
        ("a: 1\njobs: \x1b[1m", "jobs.yaml:2:7: is not YAML: the character '\\x1b'"),
        ("jobs: \ud800", "the character '\\ud800' is not allowed"),
        ("%TAG !a! b\n" * 200 + "--- x", "has lines that begin with %"),
        ("[" * 100_000, "nested too deeply"),
        ("- " * 30_000, "nested too deeply"),
        ("? " * 30_000, "nested too deeply"),
        ("".join(" " * n + "a:\n" for n in range(200)), "jobs.yaml:50:50: is nested too deeply"),
        ("[" + "a," * 400_000 + "]", "has more than 300,000 values"),
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


@pytest.mark.parametrize(
    "text",
    [
        "jobs:\n  */5 * * * * /usr/local/bin/backup.sh\n",
        "jobs:\n  0 3 * * * cmd\n  a: {command: x}\n",
        "jobs:\n  0 3 * * * cmd\n\n\na: 5\n",
        "jobs:\n  @daily /usr/local/bin/backup.sh\n",
        "jobs:\n  a: {command: x}\n  0 3 * * mon-fri cmd\n",
        "jobs:\n  a: */10 8-18 * * 1,3 cmd --all\n",
        "jobs:\n  0 3 * * * cmd\n",
        "jobs:\n  backup: 17 2 * * 1-5 cmd\n",
        "jobs:\n  backup: '@daily cmd'\n",
        "jobs:\n  - 17 2 * jan,feb * cmd\n",
        "0 3 * * * cmd\n",
    ],
)
def test_a_crontab_line_in_place_of_a_job_is_known_as_one(text: str) -> None:
    hint = "this looks like a crontab line: write `schedule:` and `command:`, or `cronterm import"
    found = problems(text)

    assert any(f"({hint} crontab FILE`)" in problem for problem in found), found


@pytest.mark.parametrize(
    "text",
    [
        "jobs:\n  a:\n    schedule: */5 * * * * *\n",
        "jobs:\n  a:\n    schedule: */5 * * * *  # often\n",
        "jobs:\n  a:\n    schedule: @daily at noon\n",
        "jobs:\n  a: 5\n",
        "jobs:\n  a: 17 2 * * 1-5\n",
        "jobs:\n  a:\n    schedule: {cron: * * * * *, command: x}\n",
        "jobs:\n  a: {command: x\n  b: 1\n",
    ],
)
def test_other_slips_are_no_crontab_lines(text: str) -> None:
    found = problems(text)

    assert found
    assert not any("crontab" in problem for problem in found), found


def test_all_problems_are_told_at_once_in_order() -> None:
    found = problems("jobs:\n  a: {comand: x}\n  b: {command: x, timout: 5}\n  c: {command: 5}\n")

    assert [problem.split(":")[1] for problem in found] == ["2", "3", "4"]


def test_problems_without_end_are_summed_up() -> None:
    found = problems("jobs:\n" + "".join(f"  j{n}: {{x: 1}}\n" for n in range(500)))

    assert len(found) == 201
    assert found[-1].endswith("and maybe more: the rest was not looked at")


def test_a_million_double_keys_are_not_all_told() -> None:
    assert len(problems("a: 1\n" * 1000)) == 201


def test_problems_are_short_and_printable() -> None:
    name = "e\\e[31m" * 100
    (problem,) = read(f'jobs: {{a: {{command: x, "{name}": 1}}}}').problems

    assert problem.message.isprintable()
    assert problem.path.isprintable()
    assert len(problem.path) <= 300
    assert len(problems("jobs: {a: {python: " + "x." * 10_000 + "}}")[0]) < 200


def test_brackets_and_dashes_in_texts_are_no_nesting() -> None:
    text = "".join(
        f"  j{n}:\n    command: |\n      printf '\\033[32m' # {'- ' * 60}\n" for n in range(600)
    )

    assert read("jobs:\n" + text).problems == ()


def test_paths_begin_at_the_home_or_beside_the_file() -> None:
    home = str(Path.home())

    assert job("command: x\nworking_dir: '~'").working_dir == home
    assert job("command: x\nenv_file: [~/a, /b, c]").env_files == (f"{home}/a", "/b", "/srv/ops/c")
    assert job("python: ~/a.py:f").action == PythonCall(f"{home}/a.py:f")
    assert job("python: a.py:f").action == PythonCall("a.py:f")


def test_texts_stay_as_they_are_written() -> None:
    """`no`, `1:30` and `0755` are numbers and truth values to other readers."""
    found = job("command: [a, 1.10, 5]\ndescription: 1:30\ngroup: 0755\ntags: [no, on]")

    assert found.action == Shell(("a", "1.10", "5"))
    assert (found.description, found.group, found.tags) == ("1:30", "0755", ("no", "on"))


def test_empty_words_of_a_job_keep_what_the_defaults_add() -> None:
    text = "defaults: {tags: [x], env: {A: b}}\njobs: {a: {command: y, tags: [], env: {}}}"
    (found,) = read(text).jobs

    assert (found.tags, found.env) == (("x",), {"A": "b"})


def test_what_is_read_can_be_stored() -> None:
    text = "python: a:b\nargs: [1.5, 9223372036854775807, null, {x: [true, é]}]"

    assert len(definition_hash(job(text))) == 16


def test_a_list_of_empty_options_is_no_problem() -> None:
    assert job("command: x\nhistory: {}\nretry: {}").retry == Retry(attempts=3)


def test_a_reader_without_libyaml_is_told() -> None:
    loaded = load_text("jobs: {}", path=PATH, local_timezone="UTC", has_libyaml=False)

    assert "without libyaml" in loaded.warnings[0].message


def test_the_collector_stays_off_where_it_was_off() -> None:
    gc.disable()
    try:
        assert job("command: x").id == "a"
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_no_file_is_an_empty_one() -> None:
    assert Loaded.empty().sha256 == read("").sha256


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


@pytest.mark.parametrize("kind", ["missing", "fifo", "device", "binary", "huge"])
def test_what_is_not_a_text_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "jobs.yaml"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "binary":
        path.write_bytes(b"jobs: \xff\xfe")
    elif kind == "huge":
        with open(path, "wb") as file:
            file.truncate(1 << 40)

    started = time.process_time()
    loaded = from_file(path)
    assert len(loaded.problems) == 1
    assert time.process_time() - started < 2


@pytest.mark.parametrize("what", ["file", "directory", "target's directory", "owner"])
def test_a_file_that_others_may_change_is_refused_for_root_and_told_to_others(
    tmp_path: Path, what: str
) -> None:
    path, place = tmp_path / "jobs.yaml", tmp_path / "place"
    place.mkdir()
    target = place / "jobs.yaml"
    target.write_text("jobs: {a: {command: ls}}")
    path.symlink_to(target)
    tmp_path.chmod(0o777 if what == "directory" else 0o755)
    place.chmod(0o770 if what == "target's directory" else 0o755)
    target.chmod(0o666 if what == "file" else 0o644)
    uid = os.geteuid()
    if what == "owner" and uid == 0:
        os.chown(target, 65534, -1)
    elif what == "owner":
        uid = 12345

    for_user = load(path, local_timezone="UTC", uid=uid or 12345)
    assert [each.id for each in for_user.jobs] == ["a"]
    assert "others may change this file" in for_user.warnings[0].message
    if uid == 0 or what != "owner":
        for_root = load(path, local_timezone="UTC", uid=0)
        assert for_root.jobs == ()
        assert "others may change this file" in for_root.problems[0].message


def test_a_sticky_directory_keeps_a_file_from_others(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text("jobs: {a: {command: ls}}")
    path.chmod(0o644)
    tmp_path.chmod(0o1777)

    assert from_file(path).warnings == from_file(path).problems == ()


def test_a_name_that_cannot_be_is_told() -> None:
    assert "cannot be read" in from_file(Path("a\0b")).problems[0].message


def test_a_complaint_without_a_place_is_told_all_the_same() -> None:
    assert explain(yaml.YAMLError("odd"), "", "f").message == "is not YAML: odd"


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


@pytest.mark.parametrize("folder", ["/srv", os.fsdecode(b"/srv/\xff")])
def test_a_job_is_the_same_among_many(folder: str) -> None:
    path = Path(folder) / "jobs.yaml"
    words = "{schedule: '5 4 * * 1', command: [a, b], env: {A: x}, retry: 3, timeout: 5m}"
    lone = load_text(f"jobs:\n  job: {words}\n", path=path, local_timezone="UTC").jobs[0]
    text = "\n".join(["jobs:", f"  job: {words}", *(f"  j{n}: {words}" for n in range(MANY))])
    many = load_text(text, path=path, local_timezone="UTC").jobs

    assert many[0] == lone
    assert [each.id for each in many[1:]] == [f"j{n}" for n in range(MANY)]
