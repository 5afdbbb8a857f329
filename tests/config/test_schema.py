"""The schema takes what the reader takes, and refuses what it refuses for its form."""

import json
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from cronterm.config.load import load_text
from cronterm.config.reader import compose, plain
from cronterm.config.schema import jobs_schema, part
from cronterm.config.shape import Shape
from cronterm.config.shapes import JOB_SHAPES, SETTINGS_SHAPES, TOP_SHAPES
from cronterm.config.words import LATER_JOB, LATER_SETTINGS, LATER_TOP, SETTINGS, TOP, WORDS
from cronterm.errors import CrontermError
from tests.config.test_load import WORD_VALUES

EXAMPLE = (Path(__file__).parents[2] / "jobs.example.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def check() -> Callable[[Any], Any]:
    """Return what raises for content that the schema refuses."""
    found: Callable[[Any], Any] = fastjsonschema.compile(jobs_schema())
    return found


def content(text: str) -> Any:
    """Return what a text says."""
    root = compose(text, "f")
    return None if root is None else plain(root)


@pytest.mark.parametrize(
    ("words", "shapes", "later"),
    [
        (WORDS, JOB_SHAPES, LATER_JOB),
        (SETTINGS, SETTINGS_SHAPES, LATER_SETTINGS),
        (TOP, TOP_SHAPES, LATER_TOP),
    ],
)
def test_every_word_has_a_shape_in_the_schema(
    words: Collection[str], shapes: Collection[str], later: Collection[str]
) -> None:
    assert set(words) - set(shapes) == set(), "a new word needs its shape in config/shapes.py"
    assert set(shapes) <= {*words, *later}


def test_every_word_is_described() -> None:
    schema = jobs_schema()

    assert set(schema["properties"]) == set(TOP)
    assert set(schema["definitions"]["job"]["properties"]) >= set(WORDS)
    assert set(schema["definitions"]["settings"]["properties"]) == set(SETTINGS)
    for shapes in (schema, part(schema, "jobs"), schema["definitions"]["settings"]):
        assert all(each["description"] for each in shapes["properties"].values())


def inner_words(shape: Shape, path: str) -> Iterator[tuple[str, str]]:
    """Yield each mapping with fixed words below a shape: its path, and each word."""
    for word in shape.get("properties", {}):
        yield path, word
        yield from inner_words(shape["properties"][word], f"{path}.{word}")
    for each in (*shape.get("anyOf", ()), shape.get("items")):
        if isinstance(each, dict):
            yield from inner_words(each, path)
    if isinstance(more := shape.get("additionalProperties"), dict):
        yield from inner_words(more, f"{path}.NAME")


TOLD = """
notifiers:
  mail: {type: email, to: [a@b.c], from: c@b.c, smtp: "smtps://h:465", user: u, password: {env: P}}
  plain: {type: email, to: a@b.c, tls: none, timeout: 5s}
  chat: {type: webhook, url: {file: x}, format: slack, headers: {X-A: {env: B}}, method: PUT}
  own: {type: webhook, url: "https://h/x", format: template, body: "{{title}}"}
  phone: {type: ntfy, topic: t, server: "https://h", token: {command: x}, priority: 5}
  bell: {type: terminal}
  page: {type: command, command: [page, x], timeout: 10s}
  more: {type: apprise, url: ["json://h"]}
alert_policies:
  p: [{to: [mail, chat], on: [failure], after: 3, repeat: 6h, quiet: "22:00-06:00", output: 5}]
  q: {to: bell, output: false}
jobs: {a: {command: x, notify: [p, {to: phone, on: missed, quiet: [Sun 00:00-24:00]}]}}
"""
INNER = sorted({pair for word in WORDS for pair in inner_words(JOB_SHAPES.get(word, {}), word)})


def unknown(path: str, word: str) -> list[str]:
    """Return what the reader says of keys that it does not know."""
    first, *steps = path.split(".")
    value: Any = {word: [[[]]]}
    for step in reversed(steps):
        value = {step: value}
    job = {first: [value] if first == "triggers" else value}
    text = json.dumps({"jobs": {"a": job}})
    problems = load_text(text, path=Path("/j.yaml"), local_timezone="UTC").problems
    return [each.message for each in problems if "unknown key" in each.message]


@pytest.mark.parametrize(("path", "word"), INNER)
def test_the_reader_knows_each_inner_word_of_the_schema(path: str, word: str) -> None:
    assert unknown(path, word) == []
    assert path == "schedule" or unknown(path, "zzz") == ["unknown key 'zzz'"]


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLE,
        "jobs:\n",
        "jobs: []\ndefaults:\nsettings:\nx-a: 5\n",
        "include: a/*.yaml\njobs: [{name: a, command: x}, {id: b, python: 'a:b', x-n: 1}]",
        """jobs:
  a:
    command: x
    triggers:
      - file: {path: ., patterns: "*.csv", events: [created, moved], recursive: true, settle: 2s}
      - disk: {path: /, free_below: 10%, every: 60s}
      - disk: {path: /, used_above: 10GB}
      - attribute: {path: /etc/a, of: [mtime, mode, owner, size], every: 30s}
      - env: {file: .env, name: FEATURE_X}
      - metric: {cpu_above: 90, for: 5m}
      - metric: {load_above: 4.5}
""",
        TOLD,
        "version: 1\ninclude: [a]\nsettings: {watch: {poll_interval: 5s}}\njobs: {}",
        *(
            "jobs:\n  a:\n    command: x\n    " + words.replace("\n", "\n    ")
            for words in WORD_VALUES
        ),
    ],
)
def test_what_the_reader_takes_the_schema_takes(check: Callable[[Any], Any], text: str) -> None:
    check(content(text))


@pytest.mark.parametrize(
    "text",
    [
        "jobs: 5",
        "jobz: {}",
        "version: 2",
        "jobs: {a: {comand: x}}",
        "jobs: {5: {command: x}}",
        "jobs: {a b: {command: x}}",
        "jobs: {a: {command: 5}}",
        "jobs: {a: {command: []}}",
        "jobs: {a: {command: x, timeout: soon}}",
        "jobs: {a: {command: x, overlap: Forbid}}",
        "jobs: {a: {command: x, enabled: no}}",
        "jobs: {a: {command: x, retry: {limit: 3}}}",
        "jobs: {a: {command: x, history: {keep_runs: 0}}}",
        "jobs: {a: {command: x, output: {max_size: big}}}",
        "settings: {max_running: 0}\njobs: {}",
        "defaults: {command: x}\njobs: {}",
        "defaults: {http: 'https://a.example'}\njobs: {}",
        "jobs: {a: {http: {method: GET}}}",
        "jobs: {a: {http: ftp://a.example}}",
        "jobs: {a: {http: {url: 'https://a.example', expect_status: [20]}}}",
        "jobs: {a: {command: x, schedule: {every: 5m, from: middle}}}",
        "jobs: {a: {command: x, schedule: {cron: '@daily', every: 5m}}}",
        "jobs: {a: {command: x, schedule: []}}",
        "jobs: {a: {command: x, env: {A B: x}}}",
        "jobs: {a: {command: x, env: [A]}}",
        "jobs: {a: {command: x, env: {CRONTERM_A: x}}}",
        "jobs: {a: {command: x, umask: '9'}}",
        "jobs: {a: {command: x, nice: 20}}",
        "jobs: {a: {command: x, ionice: best-effort:8}}",
        "jobs: {a: {command: x, limits: {memory: lots}}}",
        "jobs: {a: {command: x, secrets: {A: {file: x, env: y}}}}",
        "jobs: {a: {command: x, secrets: {A: x}}}",
        "jobs: {a: {command: x, params: {A B: x}}}",
        "jobs: {a: {command: x, params: {A: {type: date}}}}",
        "jobs: {a: {command: x, params: {A: {choices: []}}}}",
        "jobs: {a: {command: x, success: {exit_codes: []}}}",
        "jobs: {a: {command: x, skip_exit_codes: [256]}}",
        "jobs: {a: {command: x, depends_on: {b: success, c: never}}, b: {command: x}}",
        "jobs: {a: {command: x, condition: {load_under: 1}}}",
        "jobs: {a: {command: x, condition: {disk_free: {path: /}}}}",
        "jobs: {a: {command: x, auto_pause: {}}}",
        "jobs: {a: {command: x, exclude: [{dates: [tomorrow]}]}}",
        "jobs: {a: {command: x, max_runs: 0}}",
        "pools: {a: {}}\njobs: {}",
        "pools: {a: {slots: 0}}\njobs: {}",
        "calendars: {a: {day: 1}}\njobs: {}",
        "calendars: {a: {weekdays: [1]}}\njobs: {}",
        "settings: {watch: {interval: 5s}}\njobs: {}",
        "settings: {start_grace: soon}\njobs: {}",
    ],
)
def test_what_it_refuses_the_reader_refuses(check: Callable[[Any], Any], text: str) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaException):
        check(content(text))
    assert load_text(text, path=Path("/j.yaml"), local_timezone="UTC").problems


def test_a_part_is_found_by_its_path() -> None:
    schema = jobs_schema()

    assert part(schema, "jobs").keys() == schema["definitions"]["job"].keys()
    assert "$ref" not in json.dumps([part(schema, word) for word in ("jobs", "settings", "retry")])
    assert part(schema, "jobs.any.timeout")["description"] == WORDS["timeout"]
    assert part(schema, "retry.delay") == part(schema, "jobs.x.retry.delay")
    assert part(schema, "settings.output.max_size")["examples"]
    assert part(schema, "pools.heavy.slots")["minimum"] == 1
    assert part(schema, "calendars.free.windows")["anyOf"]
    assert part(schema, "env_file.required")["type"] == "boolean"
    assert part(schema, "") is schema
    with pytest.raises(CrontermError, match="there is no frob in a jobs file"):
        part(schema, "frob")
