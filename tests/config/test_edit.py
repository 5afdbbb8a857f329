"""Edits keep every byte that they do not mean."""

import difflib
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronterm.config.edit import (
    EditRefused,
    add_job,
    delete_job,
    edit_job,
    job_block,
    unified_diff,
    write_atomically,
)
from cronterm.config.load import load_text

TEXT = """\
# the head
version: 1
jobs:
  # about the first
  first:
    schedule: "*/5 * * * *"   # often
    command: |
      echo a

      echo b
    retry: {attempts: 2}

  # about the second
  second: {schedule: "@hourly", command: [ls, -l]}  # short

  third:
    command: ls   # plain
# the end
"""


def changed(old: str, new: str) -> list[str]:
    """Return the lines that went (-) and came (+)."""
    lines = difflib.ndiff(old.splitlines(), new.splitlines())
    return [line for line in lines if line.startswith(("-", "+"))]


def test_a_changed_word_changes_its_own_characters() -> None:
    assert changed(TEXT, edit_job(TEXT, "first", {"schedule": "@daily"})) == [
        '-     schedule: "*/5 * * * *"   # often',
        "+     schedule: '@daily'   # often",
    ]


def test_a_new_word_goes_below_the_last() -> None:
    assert changed(TEXT, edit_job(TEXT, "third", {"timeout": "5m", "enabled": False})) == [
        "+     timeout: 5m",
        "+     enabled: false",
    ]


def test_a_block_text_is_replaced_as_a_whole() -> None:
    new = edit_job(TEXT, "first", {"command": "x\ny\n"})

    assert "    command: |\n      x\n      y\n    retry: {attempts: 2}\n" in new
    assert "    command: ls" in edit_job(TEXT, "first", {"command": "ls"})


def test_a_word_can_be_removed() -> None:
    assert changed(TEXT, edit_job(TEXT, "first", {"retry": None, "nothing": None})) == [
        "-     retry: {attempts: 2}"
    ]


def test_a_job_in_braces_stays_in_braces() -> None:
    new = edit_job(TEXT, "second", {"enabled": False, "schedule": None})

    assert "  second: {command: [ls, -l], enabled: false}  # short\n" in new


def test_a_deleted_job_takes_only_its_own_lines() -> None:
    assert changed(TEXT, delete_job(TEXT, "second")) == [
        '-   second: {schedule: "@hourly", command: [ls, -l]}  # short'
    ]
    assert "# the end" in delete_job(TEXT, "third")


def test_the_last_job_leaves_an_empty_mapping() -> None:
    new = delete_job(delete_job(delete_job(TEXT, "first"), "second"), "third")

    assert "jobs: {}\n" in new
    assert "jobs:\n  a:\n    command: x\n" in add_job(new, "a", {"command": "x"})


def test_a_new_job_stands_at_the_end_as_its_neighbours_do() -> None:
    new = add_job(TEXT, "fourth", {"schedule": "* * * * *", "command": "a\nb\n", "tags": ["x"]})

    assert changed(TEXT, new) == [
        "+ ",
        "+   fourth:",
        "+     schedule: '* * * * *'",
        "+     command: |",
        "+       a",
        "+       b",
        "+     tags: [x]",
    ]


@pytest.mark.parametrize(
    "text", ["", "jobs:\n", "jobs: {}\n", "version: 1\n", "jobs:\n  a:\n    command: y", "# only\n"]
)
def test_a_job_can_be_added_to_any_beginning(text: str) -> None:
    new = add_job(text, "new", {"command": "x"})
    loaded = load_text(new, path=Path("/j.yaml"), local_timezone="UTC")

    assert loaded.problems == ()
    assert [job.id for job in loaded.jobs][-1] == "new"


LISTED = "jobs:\n- name: a\n  command: x\n- name: b\n  command: y\n"


def test_the_list_form_is_edited_as_well() -> None:
    assert changed(LISTED, edit_job(LISTED, "a", {"command": "z"})) == [
        "-   command: x",
        "+   command: z",
    ]
    assert delete_job(LISTED, "a") == "jobs:\n- name: b\n  command: y\n"
    assert delete_job(delete_job(LISTED, "a"), "b") == "jobs: {}\n"
    assert add_job(LISTED, "c", {"command": "z"}) == LISTED + "- name: c\n  command: z\n"
    assert job_block(LISTED, "b") == (4, "- name: b\n  command: y\n")


def test_line_ends_stay_as_they_are() -> None:
    text = TEXT.replace("\n", "\r\n")
    new = add_job(edit_job(text, "third", {"timeout": "5m"}), "d", {"command": "x"})

    assert new.count("\n") == new.count("\r\n")


def test_a_block_is_told_with_its_line() -> None:
    line, block = job_block(TEXT, "first")

    assert line == 5
    assert block.startswith("  first:\n")
    assert block.endswith("    retry: {attempts: 2}\n")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda: add_job(TEXT, "first", {"command": "x"}), "already"),
        (lambda: edit_job(TEXT, "nobody", {"command": "x"}), "there is no job"),
        (lambda: delete_job(TEXT, "nobody"), "there is no job"),
        (lambda: delete_job("jobs: [", "a"), "has to be mended first"),
        (lambda: add_job("jobs: {a: {command: x}}\n", "b", {"command": "x"}), "braces"),
        (lambda: add_job("- a\n", "b", {"command": "x"}), "not a mapping"),
        (lambda: edit_job("jobs:\n  a: 5\n", "a", {"command": "x"}), "not a mapping"),
    ],
)
def test_what_cannot_be_done_cleanly_is_refused(edit: Any, message: str) -> None:
    with pytest.raises(EditRefused, match=message):
        edit()


VALUES = st.sampled_from(
    ["ls", "a: b", "# no", "*/5 * * * *", "yes", "0755", "1:30", "", " x", "a\nb\n", "'", '"', "é"]
) | st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["first", "second", "third"]), VALUES)
def test_any_text_is_read_back_as_it_was_written(job_id: str, value: str) -> None:
    try:
        new = edit_job(TEXT, job_id, {"x-note": value})
    except EditRefused:
        return

    assert edit_job(new, job_id, {"x-note": None}).split() == TEXT.split() or job_id == "second"


def test_a_diff_has_three_lines_around_it() -> None:
    diff = unified_diff(TEXT, edit_job(TEXT, "third", {"command": "pwd"}), "jobs.yaml")

    assert diff.startswith("--- jobs.yaml\n+++ jobs.yaml\n@@")
    assert "+    command: pwd   # plain\n" in diff


def test_a_file_is_replaced_through_its_link_with_mode_and_old_text(tmp_path: Path) -> None:
    target, link = tmp_path / "real.yaml", tmp_path / "jobs.yaml"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_atomically(link, "new")

    assert link.is_symlink()
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "real.yaml~1").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["jobs.yaml", "real.yaml", "real.yaml~1"]  # noqa: PTH208


def test_a_failed_write_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "jobs.yaml"

    with pytest.raises(OSError, match="No such file"):
        write_atomically(path, "new")
