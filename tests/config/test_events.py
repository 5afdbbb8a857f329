"""The words about events: read strictly, told with their place and a mend."""

from pathlib import Path

import pytest

from cronterm.clock import HOUR, MINUTE, SECOND
from cronterm.config.load import Loaded, load_text
from cronterm.model.job import Job
from cronterm.model.trigger import (
    OnAttribute,
    OnDisk,
    OnEnv,
    OnFile,
    OnMetric,
    OnWebhook,
    Room,
    Trigger,
    trigger_name,
)

PATH = Path("/srv/ops/jobs.yaml")

EXAMPLE = """\
jobs:
  on-upload:
    triggers:
      - file: {path: ./watched_directory, patterns: ["*.csv"], events: [created, modified, moved], recursive: true, settle: 2s}
    overlap: queue
    queue_limit: 100
    command: ./import.sh "$CRONTERM_EVENT_PATH"
  on-low-disk:
    triggers: [{disk: {path: /, free_below: 10%, every: 60s}}]
    cooldown: 1h
    command: ./prune.sh
  on-config-change:
    triggers:
      - attribute: {path: /etc/myapp.conf, of: [mtime, mode, owner, size], every: 30s}
      - env: {file: .env, name: FEATURE_X}
      - webhook: {path: deploy-done}
      - metric: {cpu_above: 90, for: 5m}
    command: ./react.sh
"""  # noqa: E501  the example of the design, to the letter


def read(text: str) -> Loaded:
    """Read a jobs file."""
    return load_text(text, path=PATH, local_timezone="UTC")


def job(words: str) -> Job:
    """Read a job with these words."""
    loaded = read(f"jobs:\n  a:\n    command: x\n    {words}\n")
    assert loaded.problems == ()
    return loaded.jobs[0]


def problem(words: str) -> str:
    """Return the one problem of a job with these words, from its line and column on."""
    loaded = read(f"jobs:\n  a:\n    command: x\n    {words}\n")
    assert loaded.jobs == ()
    (only,) = loaded.problems
    return str(only).removeprefix(f"{PATH}:")


def test_the_example_of_the_design_is_read() -> None:
    loaded = read(EXAMPLE)
    assert loaded.problems == ()
    upload, disk, config = loaded.jobs

    assert upload.triggers == (
        OnFile(
            path="/srv/ops/watched_directory",
            patterns=("*.csv",),
            events=("created", "modified", "moved"),
            recursive=True,
            settle=2 * SECOND,
        ),
    )
    assert disk.triggers == (OnDisk(path="/", free_below=Room(ratio=0.1), every=MINUTE),)
    assert disk.cooldown == HOUR
    assert config.triggers == (
        OnAttribute(path="/etc/myapp.conf"),
        OnEnv(name="FEATURE_X", file="/srv/ops/.env"),
        OnWebhook(path="deploy-done"),
        OnMetric(measure="cpu", above=90, hold=5 * MINUTE),
    )


def test_people_read_what_a_job_waits_for() -> None:
    hook = "triggers: [{webhook: {path: a}}, {webhook: {path: b}}]"
    both = job(f'schedule: "0 2 * * *"\n    {hook}')

    assert both.schedule_text == "0 2 * * *; on webhook"
    assert job(hook).schedule_text == "on webhook"
    assert job(f'schedule: "@manual"\n    {hook}').schedule_text == "on webhook"


FORMS: dict[str, Trigger] = {
    "file: {path: ~/in}": OnFile(path=str(Path.home() / "in")),
    "file: {path: in, patterns: '*.a', events: deleted, settle: 0}": OnFile(
        path="/srv/ops/in", patterns=("*.a",), events=("deleted",), settle=0
    ),
    "disk: {path: /, used_above: 12.5%}": OnDisk(path="/", used_above=Room(ratio=0.125)),
    "disk: {path: /, free_below: 10GB}": OnDisk(path="/", free_below=Room(bytes=10**10)),
    "attribute: {path: a, of: mode}": OnAttribute(path="/srv/ops/a", of=("mode",)),
    "env: {name: A}": OnEnv(name="A"),
    "metric: {cpu_above: 90%}": OnMetric(measure="cpu", above=90),
    "metric: {memory_above: 99.5}": OnMetric(measure="memory", above=99.5),
    "metric: {swap_above: 1, every: 1s}": OnMetric(measure="swap", above=1, every=SECOND),
    "metric: {load_above: 250}": OnMetric(measure="load", above=250),
}


@pytest.mark.parametrize("written", FORMS)
def test_each_form_is_read(written: str) -> None:
    assert job(f"triggers: [{{{written}}}]").triggers == (FORMS[written],)


BAD = {
    "file": "4:15: 'file' where a list is expected (write [file])",
    "[file]": "4:16: a trigger is a mapping of one of file, disk, attribute, env, metric, webhook"
    " (- file: {path: ./in})",
    "[{files: {path: a}}]": "4:17: unknown key 'files' (did you mean file?)",
    "[{command: {run: a}}]": "4:17: 'command' is not built yet in this version",
    "[{env: {name: A}, disk: {path: /}}]": "4:16: a trigger is exactly one of file, disk,"
    " attribute, env, metric, webhook (each kind is an item of its own)",
    "[{file: {}}]": "4:23: path is missing",
    "[{file: {path: a, pattern: b}}]": "4:33: unknown key 'pattern' (did you mean patterns?)",
    "[{file: {path: a, events: [create]}}]": "4:42: 'create' is not one of created, modified,"
    " deleted, moved (did you mean created?)",
    "[{file: {path: a, events: []}}]": "4:41: none of created, modified, deleted, moved",
    "[{file: {path: a, patterns: []}}]": '4:43: a pattern is empty (all files are ["*"])',
    "[{file: {path: a, settle: soon}}]": "4:41: 'soon' is not a duration",
    "[{disk: {path: /}}]": "4:23: a disk trigger has one of free_below, used_above",
    "[{disk: {path: /, free_below: 101%}}]": "4:45: 101% is more than all of it",
    "[{disk: {path: /, free_below: little}}]": "4:45: 'little' is not a size"
    " (write it like 10MB or 2GiB)",
    "[{disk: {path: /, free_below: 1%, every: 0}}]": "4:56: looks no more often than every second"
    " (every: 1s)",
    "[{attribute: {path: a, of: [content]}}]": "4:43: 'content' is not one of mtime, mode, owner,"
    " size",
    "[{env: {name: 9}}]": "4:29: 9 is not a text (put it in quotes)",
    "[{env: {name: a-b}}]": "4:29: 'a-b' is not the name of a variable",
    "[{metric: {for: 5m}}]": "4:25: a metric trigger has one of cpu_above, memory_above,"
    " swap_above, load_above",
    "[{metric: {cpu_above: 1, load_above: 2}}]": "4:25: a metric trigger has one of cpu_above,"
    " memory_above, swap_above, load_above (each measure is a trigger of its own)",
    "[{metric: {cpu_above: 900}}]": "4:37: 900 is not between 0 and 100",
    "[{metric: {cpu_above: much}}]": "4:37: 'much' is not a number",
    "[{webhook: {path: /a/b}}]": "4:33: '/a/b' cannot name a webhook"
    " (letters, digits, . _ -, at most 64: it is called as /hooks/NAME)",
    "[{webhook: {path: a}}, {webhook: {path: a}}]": "4:38: the trigger 'webhook a' stands twice",
}


@pytest.mark.parametrize("written", BAD)
def test_what_is_wrong_is_told_with_its_place(written: str) -> None:
    assert problem(f"triggers: {written}").startswith(BAD[written])


def test_a_bad_cooldown_is_told() -> None:
    assert problem("cooldown: often").startswith("4:15: 'often' is not a duration")


def test_all_that_is_wrong_is_told_at_once() -> None:
    loaded = read(
        "jobs:\n  a:\n    command: x\n    triggers:\n"
        "      - file: {pat: a, settle: x}\n      - webhook: {path: /}\n    cooldown: y\n"
    )
    assert [found.line for found in loaded.problems] == [5, 5, 6, 7]


def test_the_name_of_a_trigger_tells_it_from_its_neighbours() -> None:
    names = [trigger_name(trigger) for trigger in FORMS.values()]

    assert len(set(names)) == len(names)
    assert trigger_name(OnDisk(path="/", used_above=Room(ratio=0.125))) == (
        "disk / used above 12.5%"
    )
