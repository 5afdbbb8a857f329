"""Words as they are typed mean what they meant."""

from pathlib import Path
from typing import Any

import pytest

from cronterm.config.words import WORDS
from cronterm.tui.typed import as_text, as_value, read_yaml

EXAMPLE = Path(__file__).parents[2] / "jobs.example.yaml"


def written() -> list[tuple[str, Any]]:
    """Return every word of every job of the example."""
    jobs = read_yaml(EXAMPLE.read_text(encoding="utf-8"))["jobs"]
    return [(word, value) for job in jobs.values() for word, value in job.items() if word in WORDS]


def test_what_is_filled_in_and_left_alone_means_the_same() -> None:
    for word, value in written():
        assert as_value(word, as_text(word, value)) == value, word


@pytest.mark.parametrize(
    ("word", "typed", "value"),
    [
        ("tags", "db", ["db"]),
        ("tags", "db, critical", ["db", "critical"]),
        ("exclude", "holidays", "holidays"),
        ("only", "a, b", ["a", "b"]),
        ("on_success", "report", ["report"]),
        ("depends_on", "a, b", ["a", "b"]),
        ("depends_on", "a: success", {"a": "success"}),
        ("skip_exit_codes", "75, 77", [75, 77]),
        ("env", "A=1 B='of two'", {"A": "1", "B": "of two"}),
        ("env", "A= B=''", {"A": "", "B": ""}),
        ("env", "A=1 B", ["A=1", "B"]),
        ("kwargs", "a=1 b", "a=1 b"),
        ("limits", "memory: 2GB, open_files: 64", {"memory": "2GB", "open_files": 64}),
        ("auto_pause", "after_failures: 5", {"after_failures": 5}),
        ("params", "target: prod", {"target": "prod"}),
        ("secrets", "{KEY: {env: KEY}}", {"KEY": {"env": "KEY"}}),
        ("triggers", "webhook: {path: done}", [{"webhook": {"path": "done"}}]),
        ("notify", "[{to: ops, on: [failure]}]", [{"to": "ops", "on": ["failure"]}]),
        ("retry", "3", 3),
        ("retry", "{attempts: 3, on: [timeout]}", {"attempts": 3, "on": ["timeout"]}),
        ("nice", "-5", -5),
        ("umask", "0027", "0027"),
        ("timeout", "5m", "5m"),
        ("command", "[ls, -l]", ["ls", "-l"]),
        ("command", "[ -f x ] && ls", "[ -f x ] && ls"),
        ("schedule", "{every: 10m, from: finish}", {"every": "10m", "from": "finish"}),
        ("enabled", "false", False),
        ("inherit_env", "false", False),
        ("inherit_env", "HOME", ["HOME"]),
        ("monitor", "true", True),
        ("monitor", "heartbeat", "heartbeat"),
        ("args", "1, two", [1, "two"]),
        ("stdin", "[1]", "[1]"),
    ],
)
def test_what_people_type_is_what_they_mean(word: str, typed: str, value: Any) -> None:
    found = as_value(word, typed)

    assert found == value
    assert type(found) is type(value)
