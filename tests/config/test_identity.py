"""Words about who a job is: how they are read, and what is said about the wrong ones."""

import os
import pwd
from pathlib import Path

import pytest

from cronterm.clock import SECOND
from cronterm.config.load import Loaded, load_text
from cronterm.model.identity import Limits, Param, Secret
from cronterm.model.job import Job
from cronterm.model.params import BadParam, param_environment, read_params

PATH = Path("/srv/ops/jobs.yaml")
ME = pwd.getpwuid(os.geteuid())


def read(words: str, uid: int = 0) -> Loaded:
    """Read a job of these words for an engine of a user."""
    text = "jobs:\n  a:\n    command: x\n" + "".join(f"    {line}\n" for line in words.splitlines())
    return load_text(text, path=PATH, local_timezone="UTC", uid=uid)


def job(words: str) -> Job:
    """Return the job of these words."""
    loaded = read(words)
    assert loaded.problems == ()
    return loaded.jobs[0]


def said(words: str, uid: int = 0) -> str:
    """Return all problems of these words."""
    return "\n".join(map(str, read(words, uid).problems))


# -- who -----------------------------------------------------------------------------------------


def test_with_a_user_a_job_runs_at_that_users_home() -> None:
    root = pwd.getpwnam("root").pw_dir

    assert job("user: root").working_dir == root
    assert job("user: root\nworking_dir: '~/logs'").working_dir == f"{root}/logs"
    assert job("user: root\nworking_dir: logs").working_dir == "/srv/ops/logs"
    assert job("working_dir: '~'").working_dir == str(Path("~").expanduser())
    assert job("env: {}").working_dir == "/srv/ops"


def test_somebody_else_needs_an_engine_of_root() -> None:
    nobody = pwd.getpwnam("nobody").pw_uid

    assert "jobs.yaml:4:11: user root needs root" in said("user: root", uid=nobody)
    assert said("user: nobody", uid=nobody) == ""
    assert "needs root" in said("user: nobody:daemon", uid=nobody)
    assert said("user: nobody:daemon", uid=0) == ""


def test_a_user_that_is_not_there_is_a_warning_and_a_hostile_one_is_refused() -> None:
    loaded = read("user: no-such-user:no-such-group")

    assert [each.message for each in loaded.warnings] == [
        "there is no user no-such-user on this machine",
        "there is no group no-such-group on this machine",
    ]
    assert loaded.jobs[0].working_dir == "/"
    for hostile in ("'-rf'", "'a b'", "'root:'", "':daemon'", "../x", "'a:b:c'", "[root]", "'a$b'"):
        assert "is not a user" in said(f"user: {hostile}")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("umask: 0027", "0027 may be read two ways (put it in quotes"),
        ('umask: "0888"', "'0888' is not a umask"),
        ('umask: "27"', "'27' is not a umask"),
        ("nice: 20", "20 is not between -20 and 19"),
        ("nice: low", "'low' is not a whole number"),
        ("ionice: realtime", "'realtime' is not a class of disk access"),
        ("ionice: best-effort:8", "is not a class of disk access (idle, best-effort, or"),
        ("limits: {memory: 5}", "memory is at least 1MB"),
        ("limits: {memmory: 5GB}", "unknown key 'memmory' (did you mean memory?)"),
        ("limits: {cpu_time: 1500ms}", ""),
        ("limits: {cpu_time: 0s}", "must be longer than 0s"),
        ("limits: {open_files: 2}", "2 is not between 8 and"),
        ("limits: 5GB", "where a mapping is expected"),
        ("LimitNOFILE: 5", "it is called limits here: {open_files: N}"),
        ("inherit_env: yes", "must be true, false or a list of names"),
        ("inherit_env: [A B]", "'A B' is not the name of a variable"),
        ("env_file: {required: true}", "path is missing"),
        ("env_file: {path: x, optional: true}", "unknown key 'optional'"),
        ("kill_leftovers: 1", "'1' is not true or false"),
        ("shutdown_runs: kill", "'kill' is not one of keep, stop"),
        ("renamed_from: a", "a is still in the file"),
        ("secrets: {A: {file: x, env: Y}}", "a secret has exactly one of file, env, command"),
        ("secrets: {A: {}}", "a secret has exactly one of file, env, command"),
        ("secrets: {A: {fromFile: x}}", "it is called file here"),
        ("secrets: {'A-B': {env: X}}", "'A-B' is not the name of a variable"),
        ("secrets: {CRONTERM_X: {env: X}}", "is set by cronterm itself"),
        ("secrets: {A: {env: 'X Y'}}", "'X Y' is not the name of a variable"),
        ("secrets: {A: {command: ''}}", "the command is empty"),
        ("secrets: {A: {env: X}}\nenv: {A: 1}", "A is in env and in secrets"),
        ("params: {a b: 1}", "'a b' cannot name a param"),
        ("params: {a: 1, A: 2}", "A and a are both PARAM_A"),
        ("params: {a: [1]}", "the value of a param is a text, a number, true or false"),
        ("params: {a: {type: integer}}", "is not one of string, int, number, bool"),
        ("params: {a: {type: int, default: x}}", "'x' is not a whole number"),
        ("params: {a: {choices: []}}", "there is nothing to choose"),
        ("params: {a: {choices: [x, y], default: z}}", "'z' is not one of x, y"),
        ("params: {a: {choices: [1, x]}}", "'x' is not a whole number"),
        ("params: {a: }\nschedule: '@daily'", "param a needs a default: nobody chooses"),
    ],
)
def test_what_is_wrong_is_said(words: str, expected: str) -> None:
    found = said(words)

    assert expected in found
    assert found


def test_a_secret_that_was_written_down_is_not_repeated() -> None:
    found = said("secrets: {TOKEN: hunter2-hunter2}")

    assert "a secret is {file: ...}" in found
    assert "hunter2" not in found


def test_limits_env_files_and_secrets_are_read_whole() -> None:
    words = "limits: {memory: 2GB, cpu_time: 90, open_files: 99, processes: 64, file_size: 50GB}"
    assert job(words).limits == Limits(2 * 10**9, 90 * SECOND, 99, 64, 50 * 10**9)

    found = job("env_file: [/etc/x, {path: .env, required: false}, {path: y}]")
    assert found.env_files == ("/etc/x", "/srv/ops/.env", "/srv/ops/y")
    assert found.optional_env_files == ("/srv/ops/.env",)

    words = "secrets: {A: {file: pg}, B: {env: X}, C: {command: pass it}, D: {command: [a, 5]}}"
    assert job(words).secrets == {
        "A": Secret(file="/srv/ops/pg"),
        "B": Secret(env="X"),
        "C": Secret(command="pass it"),
        "D": Secret(command=("a", "5")),
    }
    assert job("inherit_env: false").inherit_env is False
    assert job("ionice: idle").ionice == "idle"


def test_two_jobs_cannot_have_been_the_same_one() -> None:
    text = "jobs: {a: {command: x, renamed_from: c}, b: {command: x, renamed_from: c}}"
    loaded = load_text(text, path=PATH, local_timezone="UTC")

    assert [each.message for each in loaded.problems] == ["a was renamed from c already"]


# -- params --------------------------------------------------------------------------------------


def test_params_take_their_type_from_what_is_said_of_them() -> None:
    words = """\
params:
  target: {default: staging, choices: [staging, prod], description: where to}
  dry_run: {type: bool, default: true}
  count: 3
  ratio: 0.5
  level: {choices: [1, 2]}
  name:
  version: {type: string, default: 1.10}"""

    assert job(words).params == {
        "target": Param("string", "staging", ("staging", "prod"), "where to"),
        "dry_run": Param("bool", "true"),
        "count": Param("int", "3"),
        "ratio": Param("number", "0.5"),
        "level": Param("int", None, ("1", "2")),
        "name": Param(),
        "version": Param("string", "1.10"),
    }


PARAMS = {
    "target": Param("string", "staging", ("staging", "prod")),
    "dry_run": Param("bool", "true"),
    "count": Param("int", "3"),
    "ratio": Param("number", "1"),
}


def test_chosen_values_lie_over_the_defaults() -> None:
    chosen = read_params(PARAMS, {"target": "prod", "dry_run": "No", "count": "+07"})

    assert chosen == {"target": "prod", "dry_run": "false", "count": "7"}
    assert param_environment(PARAMS, chosen) == {
        "PARAM_TARGET": "prod",
        "PARAM_DRY_RUN": "false",
        "PARAM_COUNT": "7",
        "PARAM_RATIO": "1",
    }


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"target": "live"}, "param target: 'live' is not one of staging, prod"),
        ({"dry_run": "maybe"}, "param dry_run: 'maybe' is not true or false"),
        ({"count": "1.5"}, "param count: '1.5' is not a whole number"),
        ({"count": "9" * 31}, "is not a whole number"),
        ({"ratio": "nan"}, "param ratio: 'nan' is not a number"),
        ({"ratio": "1e999"}, "is not a number"),
        ({"traget": "prod"}, "there is no param 'traget' (did you mean target?)"),
        ({"zzz": "prod"}, "(params: target, dry_run, count, ratio)"),
        ({"target": "x" * 5000}, "is longer than 4096 characters"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(given: dict[str, str], reason: str) -> None:
    with pytest.raises(BadParam) as refused:
        read_params(PARAMS, given)

    assert reason in str(refused.value)


def test_a_param_without_a_default_has_to_be_chosen() -> None:
    with pytest.raises(BadParam, match="param a needs a value"):
        read_params({"a": Param()}, {})
    with pytest.raises(BadParam, match="a value cannot contain NUL"):
        read_params({"a": Param()}, {"a": "x\0y"})


def test_what_runs_by_hand_alone_may_have_its_params_chosen_each_time() -> None:
    assert said("params: {a: }\nschedule: '@manual'") == ""
    assert said("params: {a: }") == ""
