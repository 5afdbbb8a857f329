"""Tests for all files of a set as one."""

from pathlib import Path

import pytest

from cronterm.config.load import load_text
from cronterm.config.whole import read_whole
from cronterm.errors import BadInput


def put(directory: Path, **texts: str) -> Path:
    """Write files of a directory: `a_yaml` is `a.yaml`."""
    directory.mkdir(exist_ok=True)
    for name, text in texts.items():
        (directory / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return directory


def test_a_file_that_stands_alone_is_given_as_it_is(tmp_path: Path) -> None:
    put(tmp_path, jobs_yaml="defaults: {timeout: 5m}\njobs:\n- {name: a, command: x}\n")

    assert read_whole(tmp_path / "jobs.yaml", local_timezone="UTC").content == {
        "defaults": {"timeout": "5m"},
        "jobs": [{"name": "a", "command": "x"}],
    }


def test_defaults_of_each_file_go_to_its_jobs(tmp_path: Path) -> None:
    put(
        tmp_path,
        jobs_yaml=(
            "include: [more.yaml]\nsettings: {max_running: 5}\npools: {p: {slots: 1}}\n"
            "defaults: {timeout: 5m, tags: [all], env: {A: '1'}}\n"
            "jobs: {a: {command: x, timeout: 1m, tags: [own]}}\n"
        ),
        more_yaml=(
            "pools: {q: {slots: 2}}\ndefaults: {env: [B=2], history: {keep_runs: 5}}\n"
            "jobs: {b: {command: y, env: {C: '3'}, history: {keep_days: 7}}}\n"
        ),
    )
    whole = read_whole(tmp_path / "jobs.yaml", local_timezone="UTC")

    assert whole.content == {
        "version": 1,
        "settings": {"max_running": 5},
        "pools": {"q": {"slots": 2}, "p": {"slots": 1}},
        "jobs": {
            "b": {
                "env": ["A=1", "B=2", "C=3"],
                "history": {"keep_runs": 5, "keep_days": 7},
                "command": "y",
                "timeout": "5m",
                "tags": ["all"],
            },
            "a": {"timeout": "1m", "tags": ["all", "own"], "env": {"A": "1"}, "command": "x"},
        },
    }
    assert whole.placed == ()


def test_a_directory_is_one_file(tmp_path: Path) -> None:
    folder = put(
        tmp_path / "jobs.d",
        a_yaml="jobs: {a: {command: x}}\n",
        b_json='{"job_id": "b", "schedule": "0 1 * * *", "task": '
        '{"type": "execute_command", "command": "y"}}',
    )
    jobs = read_whole(folder, local_timezone="UTC").content["jobs"]

    assert jobs["a"] == {"command": "x"}
    assert (jobs["b"]["schedule"], jobs["b"]["command"]) == ("0 1 * * *", "y")


def test_paths_of_a_file_elsewhere_are_written_out(tmp_path: Path) -> None:
    put(tmp_path, jobs_yaml="include: [sub/*.yaml]\n")
    sub = put(
        tmp_path / "sub",
        a_yaml="jobs:\n  a: {command: x, env_file: [e, {path: f, required: false}]}\n"
        "  b: {command: x, working_dir: '~'}\n  c: {python: 'c.py:run'}\n",
    )
    whole = read_whole(tmp_path / "jobs.yaml", local_timezone="UTC")

    assert whole.content["jobs"] == {
        "a": {
            "command": "x",
            "env_file": [f"{sub}/e", {"path": f"{sub}/f", "required": False}],
            "working_dir": str(sub),
        },
        "b": {"command": "x", "working_dir": "~"},
        "c": {"python": "c.py:run", "working_dir": str(sub)},
    }
    assert whole.placed == (("c", f"{sub}/a.yaml"),)


def test_what_is_whole_loads(tmp_path: Path) -> None:
    put(
        tmp_path,
        jobs_yaml="include: [more.yaml]\ndefaults: {env: {A: '1'}}\njobs: {a: {command: x}}\n",
        more_yaml="defaults: {env: [B=2]}\njobs: {b: {command: y}}\n",
    )
    content = read_whole(tmp_path / "jobs.yaml", local_timezone="UTC").content

    loaded = load_text(
        str(content).replace("'", '"'), path=tmp_path / "all.json", local_timezone="UTC"
    )
    assert {job.id: job.env for job in loaded.jobs} == {"a": {"A": "1"}, "b": {"A": "1", "B": "2"}}


def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    put(tmp_path, jobs_yaml="jobs: {a: {comand: x}}\n")

    with pytest.raises(BadInput, match="comand"):
        read_whole(tmp_path / "jobs.yaml", local_timezone="UTC")
