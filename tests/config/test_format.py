"""The one form of a jobs file: reached at once, without a comment or a value lost."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronterm.config.edit import EditRefused
from cronterm.config.format import format_text
from cronterm.config.load import Loaded, load_text
from cronterm.model.job import Job

EXAMPLE = (Path(__file__).parents[2] / "jobs.example.yaml").read_text(encoding="utf-8")

CROOKED = """\
# of the file

# of jobs
jobs:
    b:
         # at the top
         command: |
               one
                 two

               three
         # about when
         schedule:   "@daily"   # at midnight


         tags:
         # first
         - a
         -   b
         # last
         env:
             A: "1"
             # deep
    # of a

    a: {command: x,
          timeout: 5m}   # braces
    c:
       description: a long
         text
       command: >-
           x
       retry:
           delay: 1s

# before settings
settings:
  max_running: 3
  timezone: UTC


version: 1
# the end
"""

STRAIGHT = """\
# of the file

version: 1

# before settings
settings:
  timezone: UTC
  max_running: 3
# of jobs
jobs:
  b:
    tags:
      # first
      - a
      - b
    # about when
    schedule: "@daily"   # at midnight
    # at the top
    command: |
      one
        two

      three
    # last
    env:
      A: "1"
      # deep
  # of a

  a: {command: x,
    timeout: 5m}   # braces
  c:
    description: a long
      text
    command: >-
      x
    retry:
      delay: 1s
# the end
"""


def read(text: str) -> Loaded:
    """Read a text."""
    return load_text(text, path=Path("/srv/jobs.yaml"), local_timezone="UTC")


def jobs(text: str) -> list[Job]:
    """Return the jobs of a text without their lines."""
    return [msgspec.structs.replace(job, line=0) for job in read(text).jobs]


def test_a_crooked_file_becomes_straight() -> None:
    assert format_text(CROOKED) == STRAIGHT
    assert format_text(STRAIGHT) == STRAIGHT
    assert jobs(STRAIGHT) == jobs(CROOKED)
    assert read(STRAIGHT).settings == read(CROOKED).settings


FORMS = {
    "line ends": ("jobs:\r\n    a: {command: x}\r\n", "jobs:\r\n  a: {command: x}\r\n"),
    "byte order mark": ("\ufeffjobs:\n    a: {command: x}", "\ufeffjobs:\n  a: {command: x}\n"),
    "a document's begin": ("---\njobs: {}   \n\n\n", "---\njobs: {}\n"),
    "nothing": ("", ""),
    "comments only": ("# a  \n\n", "# a\n"),
    "braces": ("{jobs: {}}  \n", "{jobs: {}}\n"),
    "a list of jobs": (
        "jobs:\n- command: x\n  name: a\n  # c\n-   {id: b, command: y}\n",
        "jobs:\n  - name: a\n    command: x\n    # c\n  - {id: b, command: y}\n",
    ),
    "a value below its key": (
        "jobs:\n  a:\n    command:\n      x\n",
        "jobs:\n  a:\n    command: x\n",
    ),
    "a key without a value": ("defaults:\njobs:   # c\n", "defaults:\njobs:   # c\n"),
    "an anchor": (
        "jobs:\n   a: &a # c\n      timeout: 1m\n      command: x\n   b:\n      <<: *a\n",
        "jobs:\n  a: &a # c\n    timeout: 1m\n    command: x\n  b:\n    <<: *a\n",
    ),
    "a block with a digit": (
        "jobs:\n    a:\n        command: |1\n           x\n          y\n",
        "jobs:\n  a:\n    command: |1\n       x\n      y\n",
    ),
    "a kept block": (
        "jobs:\n   a:\n      command: |+\n         x\n\n   b: {command: y}\n",
        "jobs:\n  a:\n    command: |+\n      x\n\n  b: {command: y}\n",
    ),
    "a quoted text of lines": (
        'jobs:\n    a:\n        command: "x\n\n            y"\n',
        'jobs:\n  a:\n    command: "x\n\n      y"\n',
    ),
    "a block in a list": (
        "jobs:\n  a:\n    command:\n    - sh\n    - |\n      x\n",
        "jobs:\n  a:\n    command:\n      - sh\n      - |\n        x\n",
    ),
    "an empty item": (
        "jobs:\n  a:\n    args:\n    - b\n    -    # none\n    -\n    python: a:b\n",
        "jobs:\n  a:\n    python: a:b\n    args:\n      - b\n      -    # none\n      -\n",
    ),
    "free words": (
        "jobs:\n  a: {command: x}\nx-b: 1\nversion: 1\n",
        "version: 1\nx-b: 1\njobs:\n  a: {command: x}\n",
    ),
}


@pytest.mark.parametrize("what", FORMS)
def test_each_form_is_kept(what: str) -> None:
    text, expected = FORMS[what]

    assert format_text(text) == expected
    assert format_text(expected) == expected
    assert jobs(text) == jobs(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jobs: [", "mended first"),
        ("jobs:\n  a: # c\n    {command: x}\n", "a comment stands between key and value"),
        ("jobs:\n  ? a\n  : {command: x}\n", "with . before it"),
        ("jobs:\n  a:\n    args:\n    - - 1\n      - 2\n    python: a:b\n", "a list in a list"),
        ("jobs:\n  a:\n    args:\n    -\n      b: 1\n", "a list cannot be formatted"),
        ("%YAML 1.1\n---\njobs: {}\n", "only comments can be kept"),
    ],
)
def test_what_could_be_damaged_is_refused(text: str, message: str) -> None:
    with pytest.raises(EditRefused, match=message):
        format_text(text)


def test_json_has_a_form_too() -> None:
    text = '{"jobs":{"a":{"timeout":"5m","command":"é"}},"version":1}'
    expected = """\
{
  "version": 1,
  "jobs": {
    "a": {
      "command": "é",
      "timeout": "5m"
    }
  }
}
"""

    assert format_text(text, is_json=True) == expected
    assert format_text('[{"job_id": "a"}]', is_json=True).startswith("[\n  {\n")
    with pytest.raises(EditRefused):
        format_text("{jobs: {}}", is_json=True)


PIECES = st.sampled_from(["", " ", "  ", "\n", "\n\n", "  # c\n", "\n# d\n", "\t", ": ", "- ", "x"])


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([EXAMPLE, CROOKED]),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 6), PIECES), max_size=4),
)
def test_whatever_is_formatted_says_the_same(text: str, slips: list[tuple[int, int, str]]) -> None:
    for start, length, piece in slips:
        text = text[:start] + piece + text[start + length :]
    try:
        new = format_text(text)
    except EditRefused:
        return

    assert jobs(new) == jobs(text)
    assert Counter("".join(new.split())) == Counter("".join(text.split()))
    assert format_text(new) == new


@pytest.mark.parametrize("name", ["jobs.example.yaml", "cronterm/tui/sample.yaml"])
def test_our_own_files_have_the_form_of_fmt(name: str) -> None:
    text = (Path(__file__).parents[2] / name).read_text(encoding="utf-8")

    assert format_text(text) == text, f"cronterm fmt {name}"
