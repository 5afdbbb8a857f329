"""Tests for edits of whole jobs as text."""

import pytest

from cronterm.config.blocks import (
    insert_job,
    movable_block,
    other_name,
    rename_job,
    rename_references,
    replace_job,
    replace_json_job,
    words_of,
)
from cronterm.config.edit import EditRefused, job_block

FILE = """\
# all of it
jobs:
  one:              # the first
    command: "true"
    on_success: [two]   # then

  two:
    command: "false"
    depends_on: {one: success}
"""
LISTED = """\
jobs:
  - name: one
    command: "true"
  - {id: two, command: x, depends_on: one}
"""


# -- replaced ------------------------------------------------------------------------------------


def test_a_block_takes_the_place_of_a_job_and_nothing_else_changes() -> None:
    block = job_block(FILE, "one")[1].replace('"true"', "date  # now")

    assert replace_job(FILE, "one", block) == FILE.replace('"true"', "date  # now")


def test_a_listed_job_is_replaced_too() -> None:
    block = job_block(LISTED, "one")[1].replace('"true"', "date")

    assert replace_job(LISTED, "one", block) == LISTED.replace('"true"', "date")


def test_line_ends_stay_as_they_are() -> None:
    text = FILE.replace("\n", "\r\n")
    block = job_block(text, "one")[1].replace("\r\n", "\n").replace("true", "date")

    assert replace_job(text, "one", block) == text.replace("true", "date")


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("  uno:\n    command: x\n", "one is not there any more"),
        ("", "one is not there any more"),
        ("  one: {command: x}\n  three: {command: y}\n", "more than this job"),
        ("  one: {command: x\n", "3:8: is not YAML: a bracket opened here"),
        ("  one:\n    command: [x\n", "4:14: is not YAML: a bracket opened here"),
        ("settings: {max_running: 3}\njobs:\n  one: {command: x}\n", ""),
    ],
)
def test_a_block_that_is_not_this_job_is_refused(block: str, said: str) -> None:
    with pytest.raises(EditRefused) as refused:
        replace_job(FILE, "one", block)

    assert said in str(refused.value)


def test_a_job_of_a_json_file_is_replaced_by_its_words() -> None:
    text = '{"jobs": {"one": {"command": "x", "timeout": "5s"}}}'
    new = replace_json_job(text, "one", '{"one": {"command": "y"}}')

    assert words_of(new, "one", is_json=True) == {"command": "y"}
    with pytest.raises(EditRefused):
        replace_json_job(text, "one", '{"uno": {"command": "y"}}')


# -- renamed -------------------------------------------------------------------------------------


def test_another_name_in_a_text_is_found_and_its_own_put_back() -> None:
    assert other_name("  uno: # it\n    command: true\n", "one") == (
        "uno",
        "  one: # it\n    command: true\n",
    )
    assert other_name("- command: ls\n  name: 'uno'\n", "one") == (
        "uno",
        "- command: ls\n  name: one\n",
    )
    for own in ("one:\n  command: ls\n", "uno: {}\ndue: {}\n", "[", "uno", ""):
        assert other_name(own, "one") == ("", own)


def test_a_new_name_is_known_to_those_that_used_the_old_one() -> None:
    new = rename_job(FILE, "one", "uno")

    assert new == (
        FILE.replace("  one: ", "  uno: ")
        .replace("{one: success}", "{uno: success}")
        .replace("# then\n", "# then\n    renamed_from: one\n")
    )


def test_a_listed_job_gets_its_new_name() -> None:
    new = rename_job(LISTED, "one", "uno")

    assert words_of(new, "uno", is_json=False) == {"command": "true", "renamed_from": "one"}
    assert words_of(new, "two", is_json=False)["depends_on"] == "uno"


def test_a_name_that_has_to_be_quoted_is() -> None:
    assert '  "1e3":' in rename_job("jobs:\n  a: {command: x}\n", "a", "1e3")


@pytest.mark.parametrize(("old", "new"), [("one", "two"), ("three", "four")])
def test_a_name_that_is_taken_or_of_nobody_is_refused(old: str, new: str) -> None:
    with pytest.raises(EditRefused):
        rename_job(FILE, old, new)


def test_other_files_follow_a_new_name() -> None:
    text = "defaults: {on_failure: [one]}\njobs:\n  x: {command: one, on_complete: [one, y]}\n"

    assert rename_references(text, "one", "uno") == (
        "defaults: {on_failure: [uno]}\njobs:\n  x: {command: one, on_complete: [uno, y]}\n"
    )
    assert rename_references("jobs: {}\n", "one", "uno") == "jobs: {}\n"


# -- moved ---------------------------------------------------------------------------------------


def test_a_job_comes_into_another_file_with_its_comments() -> None:
    block = movable_block(FILE, "one")
    assert block is not None

    new = insert_job("jobs:\n    x: {command: y}\n", "one", block)
    assert new == (
        "jobs:\n    x: {command: y}\n    one:              # the first\n"
        '      command: "true"\n      on_success: [two]   # then\n'
    )


@pytest.mark.parametrize("text", ["", "settings: {}\n", "jobs: {}\n", "jobs:\n", "jobs: []\n"])
def test_a_job_comes_into_a_file_without_any(text: str) -> None:
    new = insert_job(text, "one", job_block(FILE, "one")[1])

    assert words_of(new, "one", is_json=False) == {"command": "true", "on_success": ["two"]}


def test_a_job_that_shares_its_line_does_not_move_as_text() -> None:
    assert movable_block("jobs: {a: {command: x}, b: {command: y}}\n", "a") is None
    assert movable_block(LISTED, "one") is None


def test_a_name_that_is_there_is_not_inserted_again() -> None:
    with pytest.raises(EditRefused):
        insert_job(FILE, "one", job_block(FILE, "one")[1])
