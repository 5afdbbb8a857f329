"""Action kinds that other packages bring, shown with a throw-away package."""

from pathlib import Path

import pytest

from cronterm.model.action import Custom
from cronterm.model.job import action_text
from tests.config.test_load import job, problems

ENTRY_POINTS = """\
[cronterm.actions]
sql = cronterm_sql:sql
gone = cronterm_sql:no_such_function
odd = cronterm_sql:odd
command = cronterm_sql:sql
Not-A-Word = cronterm_sql:sql
"""

PACKAGE = '''\
"""An action kind: `sql: {query: ..., dsn: ...}` runs psql."""


def sql(words, job):
    if not isinstance(words, dict) or "query" not in words:
        raise ValueError("sql wants {query, dsn}")
    return {
        "argv": ["psql", "--no-psqlrc", words.get("dsn", "")],
        "env": {"PGAPPNAME": job["id"], "PLACE": job["directory"]},
        "stdin": words["query"],
    }


def odd(words, job):
    return eval(words)
'''


def install(directory: Path) -> None:
    """Lay a package that brings the kinds sql, gone and odd into a directory of its own."""
    place = directory / "cronterm_sql-1.0.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: cronterm-sql\nVersion: 1.0\n")
    (place / "entry_points.txt").write_text(ENTRY_POINTS)
    (directory / "cronterm_sql.py").write_text(PACKAGE)


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the package on the path."""
    install(tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))


def test_a_kind_makes_a_process_of_its_words() -> None:
    it = job("sql: {query: select 1, dsn: 'service=ops'}\nenv: {PGAPPNAME: mine}")

    assert it.action == Custom(
        kind="sql",
        argv=("psql", "--no-psqlrc", "service=ops"),
        env={"PGAPPNAME": "a", "PLACE": "/srv/ops"},
        stdin="select 1",
    )
    assert action_text(it.action) == "sql: psql --no-psqlrc service=ops"


def test_a_kind_is_known_and_suggested() -> None:
    assert "unknown key 'sqll' (did you mean sql?)" in problems("jobs: {a: {sqll: x}}")[0]
    assert "known: args, auto_pause" in problems("jobs: {a: {frobnicate: 1}}")[0]


def test_our_own_words_stay_ours() -> None:
    assert action_text(job("command: ls").action) == "ls"
    assert "unknown key 'Not-A-Word'" in problems("jobs: {a: {Not-A-Word: 1}}")[0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("sql: 5", "jobs.yaml:1:17: sql wants {query, dsn}"),
        ("sql: {query: 1e999}", "is too large"),
        ("sql: {query: 5}", "5 is not a text that a process can be given"),
        ("sql: {query: x}, command: y", "sql and command exclude each other"),
        ("sql: {query: x}, stdin: y", "stdin goes with command and python, not with sql"),
        ("sql: {query: x}, args: [y]", "args goes with python, not with sql"),
        ("gone: x", "gone failed: AttributeError: module 'cronterm_sql' has no"),
        ("gone: x", "(the package that brings gone is at fault)"),
        ("odd: '1 / 0'", "odd failed: ZeroDivisionError: division by zero"),
        ("odd: 'None'", "it is not a mapping of argv, env and stdin"),
        ("odd: 'dict(argv=[], shell=1)'", "it is not a mapping of argv, env and stdin"),
        ("odd: 'dict(argv=[])'", "argv is not a list that begins with a program"),
        ("odd: 'dict(argv=chr(97))'", "argv is not a list that begins with a program"),
        ("odd: 'dict(argv=[chr(0)])'", "is not a text that a process can be given"),
        ("odd: 'dict(argv=[chr(97) * 200000])'", "longer than the kernel takes"),
        ("odd: 'dict(argv=[chr(97)], env=[])'", "env is not a mapping of variables"),
        ("odd: 'dict(argv=[chr(97)], env={chr(45): chr(97)})'", "not a mapping of variables"),
        ("odd: 'dict(argv=[chr(97)], env=dict(CRONTERM_JOB=chr(97)))'", "mapping of variables"),
    ],
)
def test_what_is_wrong_with_a_kind_is_told_and_harms_nothing(words: str, expected: str) -> None:
    told = problems(f"jobs: {{a: {{{words}}}}}")

    assert len(told) == 1, told
    assert expected in told[0]


def test_a_kind_cannot_be_a_default() -> None:
    text = "defaults: {sql: {query: x}}\njobs: {a: {command: x}}"

    assert "'sql' cannot be a default" in problems(text)[0]
