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
        '+     schedule: "@daily"   # often',
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


def test_a_comment_beside_a_value_stays_when_the_value_changes_its_form() -> None:
    text = "jobs:\n  a:\n    command: ls  # look\n    env:  # two\n      A: b\n    tags: [c]  # d\n"
    block = edit_job(text, "a", {"command": "x\ny\n"})

    assert "    command: |  # look\n      x\n      y\n    env:" in block
    assert edit_job(block, "a", {"command": "ls"}) == text
    assert "    env: text  # two\n" in edit_job(text, "a", {"env": "text"})
    assert "    tags: |-  # d\n      x\n      y" in edit_job(text, "a", {"tags": "x\ny"})


def test_a_variable_changes_alone_in_its_environment() -> None:
    text = (
        "jobs:\n  a:\n    command: ls\n    env:\n      # one\n      A: b\n      C: d  # two\n"
        "    retry: {attempts: 2, delay: 1s}\n"
    )
    new = edit_job(text, "a", {"env": {"A": "x", "E": "5"}, "retry": {"attempts": 3}})

    assert changed(text, new) == [
        "-       A: b",
        "+       A: x",
        "-       C: d  # two",
        '+       E: "5"',
        "-     retry: {attempts: 2, delay: 1s}",
        "+     retry: {attempts: 3}",
    ]


def test_a_collection_keeps_its_form() -> None:
    text = "jobs:\n  a:\n    tags:\n    - x\n    env:\n      A: b\n    command: ls\n"
    new = edit_job(text, "a", {"tags": ["v", "w"], "env": {"B": "c"}})

    assert new == (
        "jobs:\n  a:\n    tags:\n      - v\n      - w\n    env:\n      B: c\n    command: ls\n"
    )


def test_words_that_stay_equal_stay_as_they_are_written() -> None:
    assert edit_job(TEXT, "first", {"schedule": "*/5 * * * *", "retry": {"attempts": 2}}) == TEXT
    assert edit_job(TEXT, "first", {"x-n": True}) != edit_job(TEXT, "first", {"x-n": 1})


def test_an_empty_word_gets_its_value_beside_its_comment() -> None:
    text = "jobs:\n  a:\n    command: ls\n    group:  # none\n  b: {command: x, tags, group: }\n"

    assert "    group: g  # none\n" in edit_job(text, "a", {"group": "g"})
    assert "tags: [v], group: g }" in edit_job(text, "b", {"tags": ["v"], "group": "g"})
    assert "    group: |  # none\n      a\n      b\n" in edit_job(text, "a", {"group": "a\nb\n"})


def test_a_text_that_a_block_would_hide_is_quoted() -> None:
    assert '    command: "a \\nb\\n"' in edit_job(TEXT, "first", {"command": "a \nb\n"})
    assert '    command: "a\\n\\x1b\\u2028"' in edit_job(
        TEXT, "first", {"command": "a\n\x1b\u2028"}
    )
    assert '    command: "a\\n\\n"' in edit_job(TEXT, "first", {"command": "a\n\n"})
    assert "    command: |2\n       a\n      b\n" in edit_job(TEXT, "first", {"command": " a\nb\n"})


def test_long_mappings_stand_in_lines() -> None:
    env = {f"NAME_{n}": "a value" for n in range(5)}
    new = edit_job(TEXT, "third", {"env": env})

    assert "    env:\n      NAME_0: a value\n      NAME_1: a value\n" in new


def test_a_word_can_be_removed() -> None:
    assert changed(TEXT, edit_job(TEXT, "first", {"retry": None, "nothing": None})) == [
        "-     retry: {attempts: 2}"
    ]


def test_a_job_in_braces_stays_in_braces() -> None:
    new = edit_job(TEXT, "second", {"enabled": False, "schedule": None})

    assert "  second: {command: [ls, -l], enabled: false}  # short\n" in new
    assert 'second: {schedule: "@hourly"}  # short' in edit_job(TEXT, "second", {"command": None})


BRACES = "jobs: {a: {command: x},  b: {},\n  c: {command: z}}  # all\n"


def test_jobs_in_braces_are_edited_in_braces() -> None:
    assert add_job(BRACES, "d", {"command": "w"}) == BRACES.replace("z}}", "z}, d: {command: w}}")
    assert delete_job(BRACES, "a") == BRACES.replace("a: {command: x},  ", "")
    assert delete_job(BRACES, "c") == BRACES.replace(",\n  c: {command: z}", "")
    assert edit_job(BRACES, "b", {"command": "w"}) == BRACES.replace("{}", "{command: w}")
    assert delete_job("jobs: {a: {command: x}}\n", "a") == "jobs: {}\n"
    assert delete_job("jobs: [{id: a}]\n", "a") == "jobs: []\n"
    assert add_job("jobs: [{id: a}]\n", "b", {"command": "x"}) == (
        "jobs: [{id: a}, {name: b, command: x}]\n"
    )


def test_a_deleted_job_takes_only_its_own_lines() -> None:
    assert changed(TEXT, delete_job(TEXT, "second")) == [
        '-   second: {schedule: "@hourly", command: [ls, -l]}  # short'
    ]
    assert "# the end" in delete_job(TEXT, "third")


def test_the_last_job_leaves_an_empty_mapping() -> None:
    new = delete_job(delete_job(delete_job(TEXT, "first"), "second"), "third")

    assert "jobs: {}\n" in new
    assert delete_job("jobs:  # all\n  a:\n    command: x\n", "a") == "jobs: {}  # all\n"
    assert "jobs:\n  a:\n    command: x\n" in add_job(new, "a", {"command": "x"})


def test_a_new_job_stands_at_the_end_as_its_neighbours_do() -> None:
    new = add_job(TEXT, "fourth", {"schedule": "* * * * *", "command": "a\nb\n", "tags": ["x"]})

    assert changed(TEXT, new) == [
        "+ ",
        "+   fourth:",
        '+     schedule: "* * * * *"',
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


def test_a_job_is_added_with_the_steps_of_its_neighbour() -> None:
    text = "jobs:\n    a:\n       command: |\n           ls\n"
    new = add_job(text, "b", {"command": "x\ny\n"})

    assert new == text + "    b:\n       command: |\n          x\n          y\n"
    assert add_job("jobs: {}  # all\n", "b", {}) == "jobs:  # all\n  b: {}\n"


def test_a_missing_last_line_end_stays_missing() -> None:
    text = "jobs:\n  a:\n    command: x"

    assert edit_job(text, "a", {"group": "g"}) == text + "\n    group: g"
    assert add_job(text, "b", {"command": "w"}) == text + "\n  b:\n    command: w"
    assert edit_job(text, "a", {"command": "x\ny\n"}).endswith("    command: |\n      x\n      y\n")


def test_blank_lines_that_a_text_keeps_stay_its_own() -> None:
    text = "jobs:\n  a:\n    command: |+\n      x\n\n\n  b:\n    command: y\n"
    new = edit_job(text, "a", {"group": "g"})

    assert new == text.replace("\n\n\n", "\n\n\n    group: g\n")


def test_a_byte_order_mark_stays() -> None:
    text = "\ufeffjobs:\n  a: {command: x}\n"

    assert edit_job(text, "a", {"command": "w"}) == text.replace(": x", ": w")
    assert add_job("\ufeff", "a", {"command": "x"}).startswith("\ufeffjobs:\n")
    assert job_block(text, "a") == (2, "  a: {command: x}\n")


LISTED = "jobs:\n- name: a\n  command: x\n- name: b\n  command: y\n"


KEPT = "jobs:\n  a:\n    command: |+\n      x\n  b: {command: w}\n\n  c: {command: w}\n"
EXPLICIT = "jobs:\n  a:\n    command: x\n    ? x-n\n    : w\n"
SHARED = "jobs:\n- command: x\n  name: a\n  x-n: |\n    y\n"


def test_the_list_form_is_edited_as_well() -> None:
    assert changed(LISTED, edit_job(LISTED, "a", {"command": "z"})) == [
        "-   command: x",
        "+   command: z",
    ]
    assert delete_job(LISTED, "a") == "jobs:\n- name: b\n  command: y\n"
    assert delete_job(delete_job(LISTED, "a"), "b") == "jobs: {}\n"
    assert add_job(LISTED, "c", {"command": "z"}) == LISTED + "- name: c\n  command: z\n"
    assert edit_job(SHARED, "a", {"command": None}) == "jobs:\n- name: a\n  x-n: |\n    y\n"
    assert job_block(LISTED, "b") == (4, "- name: b\n  command: y\n")


def test_a_name_that_looks_like_a_number_is_found_in_a_list() -> None:
    text = "jobs:\n- 5\n- name: 1.10\n  command: x\n"

    assert edit_job(text, "1.10", {"command": "w"}) == text.replace("x", "w")
    assert delete_job(text, "1.10") == "jobs:\n- 5\n"


def test_line_ends_stay_as_they_are() -> None:
    text = TEXT.replace("\n", "\r\n")
    new = add_job(edit_job(text, "third", {"timeout": "5m"}), "d", {"command": "x"})

    assert new.count("\n") == new.count("\r\n")


def test_a_block_is_told_with_its_line() -> None:
    line, block = job_block(TEXT, "first")

    assert line == 5
    assert block.startswith("  first:\n")
    assert block.endswith("    retry: {attempts: 2}\n")


ALIASED = "jobs:\n  a: &x\n    command: x\n  b: *x\n"
MERGING = """x-base: &base {timeout: 1m, command: x}
jobs:
  a:
    <<: *base # shared
  b: {command: y}
"""


def test_a_word_that_a_merge_gives_is_overridden_in_the_job() -> None:
    new = edit_job(MERGING, "a", {"timeout": "5m"})

    assert new == MERGING.replace("# shared\n", "# shared\n    timeout: 5m\n")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda: add_job(TEXT, "first", {"command": "x"}), "already"),
        (lambda: edit_job(TEXT, "nobody", {"command": "x"}), "there is no job"),
        (lambda: delete_job(TEXT, "nobody"), "there is no job"),
        (lambda: delete_job("jobs: [", "a"), "has to be mended first"),
        (lambda: add_job("{jobs: {}}", "b", {"command": "x"}), "written in braces"),
        (lambda: edit_job(ALIASED, "a", {"command": "y"}), "would change more than it means"),
        (lambda: edit_job(ALIASED, "b", {"timeout": "1m"}), "b is an alias of line 2"),
        (lambda: edit_job(LISTED, "a", {"command": "\ud800"}), "would break the file"),
        (lambda: edit_job("jobs:\n  a: {command: x}\n", "a", {"command": None}), "be left"),
        (lambda: edit_job("jobs:\n- name: a\n- x\n", "a", {"name": None}), "would be left"),
        (lambda: edit_job(EXPLICIT, "a", {"x-n": None}), "shares its line"),
        (lambda: edit_job("jobs:\n- {id: a, b: c}\n- 5\n", "x", {"b": "d"}), "there is no job"),
        (lambda: add_job("jobs:\n  a:\n    command: |\n      x", "b", {}), "more than it means"),
        (lambda: delete_job(KEPT, "b"), "more than it means"),
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


FORMS = st.sampled_from(
    [TEXT, TEXT.replace("\n", "\r\n"), TEXT.removesuffix("\n"), "\ufeff" + TEXT]
)
SCALARS = VALUES | st.none() | st.booleans() | st.integers() | st.floats(-1e300, 1e300)
NESTED = SCALARS | st.lists(SCALARS, max_size=4) | st.dictionaries(VALUES, SCALARS, max_size=4)


@settings(max_examples=200, deadline=None)
@given(FORMS, st.sampled_from(["first", "second", "third"]), NESTED)
def test_any_value_is_written_and_removed_again(text: str, job_id: str, value: Any) -> None:
    new = edit_job(text, job_id, {"x-note": value})

    assert edit_job(new, job_id, {"x-note": None}) == text


@settings(max_examples=100, deadline=None)
@given(FORMS, st.sampled_from(["schedule", "command", "retry"]), NESTED)
def test_a_changed_value_touches_nothing_beyond_its_job(text: str, word: str, value: Any) -> None:
    line, block = job_block(text, "first")
    new = edit_job(text, "first", {word: value})
    before, _, after = text.partition(block)

    assert line == 5
    assert new.startswith(before)
    assert new.endswith(after)


def test_what_no_yaml_number_can_be_is_refused() -> None:
    with pytest.raises(EditRefused, match="no number"):
        edit_job(TEXT, "first", {"x-note": float("inf")})


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


def test_a_new_file_is_private_and_keeps_nothing_old(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    write_atomically(path, "one")
    write_atomically(path, "two", keep_old=False)

    assert path.read_text() == "two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "jobs.yaml~1").exists()


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    path, prey = tmp_path / "jobs.yaml", tmp_path / "prey"
    path.write_text("old")
    prey.write_text("mine")
    (tmp_path / f".jobs.yaml.{os.getpid()}.new").symlink_to(prey)
    write_atomically(path, "new")

    assert (path.read_text(), prey.read_text()) == ("new", "mine")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_the_owner_of_a_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text("old")
    os.chown(path, 65534, 65534)
    write_atomically(path, "new")

    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 65534)


def test_a_failed_rename_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text("old")
    (tmp_path / "jobs.yaml~1").mkdir()

    with pytest.raises(IsADirectoryError):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["jobs.yaml", "jobs.yaml~1"]


def test_a_failed_write_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "jobs.yaml"

    with pytest.raises(OSError, match="No such file"):
        write_atomically(path, "new")
