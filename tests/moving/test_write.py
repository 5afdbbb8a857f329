"""Tests for writing what was found."""

import json
from pathlib import Path

import pytest

from cronterm.config.load import load_text
from cronterm.config.notation import EditRefused
from cronterm.moving.base import Found
from cronterm.moving.crontab import read_crontab
from cronterm.moving.fit import fit
from cronterm.moving.write import Merged, merge_into, new_file
from tests.moving.here import ME

TAB = """\
SHELL=/bin/bash
# Ship the database
30 2 * * * /opt/backup.sh --to "$HOST" # all of it
*/5 * * * * A='b'; cat%one%two
-@daily  true
never
"""


def found(text: str = TAB) -> list[Found]:
    """Return what a crontab holds."""
    return fit([read_crontab(text, "tab", ME)], "UTC")


def merge(text: str, tab: str = TAB) -> Merged:
    """Add the jobs of a crontab to a file."""
    return merge_into(text, found(tab), path=Path("/srv/jobs.yaml"), timezone="UTC")


def test_a_new_file_says_where_each_job_is_from_and_what_was_not_imported() -> None:
    assert new_file(found()) == (
        """\
# Imported from tab
# - cron mails the output of its jobs to their user; here it is kept as history

version: 1

defaults:
  shell: /bin/bash
  working_dir: "~"
  env: {SHELL: /bin/bash, PATH: /usr/bin:/bin}
  inherit_env: false
  overlap: allow
  catch_up: skip

jobs:
  # tab:3
  backup:
    description: Ship the database
    schedule: 30 2 * * *
    command: '/opt/backup.sh --to "$HOST" # all of it'

  # tab:4
  # ! what follows its first bare % is its stdin, as cron has it
  cat:
    schedule: "*/5 * * * *"
    command: A='b'; cat
    stdin: |
      one
      two

  # tab:5
  # ! the - before it (no line in cron's log) is left out
  "true":
    schedule: "@daily"
    command: "true"

# not imported, tab:6: this is no entry of a crontab (five fields of time, then a command)
#   never
"""
    )


def test_a_new_file_loads_as_the_jobs_that_were_found() -> None:
    loaded = load_text(new_file(found()), path=Path("/srv/jobs.yaml"), local_timezone="UTC")

    assert loaded.problems == ()
    assert [job.id for job in loaded.jobs] == ["backup", "cat", "true"]
    assert loaded.jobs[1].stdin == "one\ntwo\n"


def test_nothing_is_a_file_too() -> None:
    text = new_file([Found("tab")])

    assert text == "# Imported from tab\n\nversion: 1\n\njobs: {}\n"
    assert load_text(text, path=Path("/x.yaml"), local_timezone="UTC").jobs == ()


def test_notes_of_several_sources_name_them() -> None:
    text = new_file([Found("a", notes=("first",)), Found("b", notes=("second",))])

    assert text.splitlines()[:3] == ["# Imported from a, b", "# - a: first", "# - b: second"]


def test_a_comment_is_one_line_that_steers_no_terminal() -> None:
    text = new_file([Found("a\n\x1b[31m" + "b" * 200)])

    first, second = text.splitlines()[:2]
    assert first.startswith("# Imported from a  [31mbbb")
    assert (first[-1], second) == ("…", "")


# -- into a file that is there -------------------------------------------------------------------

MINE = """\
# mine
jobs:
  backup: {command: "true"}   # stays
"""


def test_jobs_are_added_after_those_that_are_there() -> None:
    merged = merge("jobs:\n  mine: {command: x}\n", "0 1 * * * a\n")

    assert merged.added == ("a",)
    assert merged.text.startswith("jobs:\n  mine: {command: x}\n")
    assert "  # tab:1\n  a:\n    schedule: 0 1 * * *\n" in merged.text


def test_a_job_whose_name_is_taken_is_not_added() -> None:
    merged = merge(MINE)

    assert merged.refused == (("backup", "the file has a job backup already"),)
    assert merged.added == ("cat", "true")
    assert merged.text.startswith(MINE)


def test_an_import_that_is_done_twice_adds_nothing() -> None:
    once = merge("jobs: {}\n", "0 1 * * * a\n0 2 * * * b\n")
    twice = merge(once.text, "0 1 * * * a\n0 2 * * * b\n")

    assert once.added == twice.there == ("a", "b")
    assert (twice.added, twice.refused, twice.text) == ((), (), once.text)


def test_jobs_that_the_defaults_of_the_file_change_are_named() -> None:
    merged = merge("defaults: {timeout: 5m, env: {X: z}}\njobs: {}\n", "0 1 * * * a\n")

    assert merged.changed == (("a", "env, timeout"),)


def test_a_list_of_jobs_takes_more() -> None:
    merged = merge("jobs:\n- name: mine\n  command: x\n", "0 1 * * * a\n")

    assert merged.added == ("a",)
    loaded = load_text(merged.text, path=Path("/x.yaml"), local_timezone="UTC")
    assert [job.id for job in loaded.jobs] == ["mine", "a"]


def test_a_file_in_braces_cannot_be_added_to() -> None:
    merged = merge("{jobs: {mine: {command: x}}}\n", "0 1 * * * a\n")

    assert [name for name, _ in merged.refused] == ["a"]


def test_a_file_in_json_takes_more() -> None:
    text = '{"jobs": {"mine": {"command": "x"}}}'
    merged = merge_into(text, found("0 1 * * * a\n"), path=Path("/a.json"), timezone="UTC")

    assert merged.added == ("a",)
    assert list(json.loads(merged.text)["jobs"]) == ["mine", "a"]


def test_a_broken_file_is_not_touched() -> None:
    with pytest.raises(EditRefused):
        merge("jobs: [\n")
