"""Chains and gates in jobs.yaml: how they are read, and what is refused."""

import time

import pytest

from cronterm.clock import MINUTE
from cronterm.model.gates import Condition, DiskFree
from tests.config.test_load import job, problems, read


def test_a_list_of_upstreams_needs_their_success() -> None:
    assert job("command: x\ndepends_on: [b]").depends_on == {"b": "success"}


def test_a_condition_is_a_command_or_facts() -> None:
    assert job(
        "command: x\ncondition: [test, -d, /srv]".replace("[", "{command: [").replace("]", "]}")
    ).condition == Condition(command=("test", "-d", "/srv"))
    assert job(
        "command: x\ncondition: {command: ls, load_below: 4, on_ac: true, wait: 5m,"
        " path_exists: go, disk_free: {path: sub, above: 10GB}}"
    ).condition == Condition(
        command="ls",
        load_below=4.0,
        on_ac=True,
        wait=5 * MINUTE,
        path_exists=("/srv/ops/go",),
        disk_free=DiskFree("/srv/ops/sub", above=10_000_000_000),
    )
    assert job("command: x\ncondition: {disk_free: {path: /, above: 5%}}").condition == Condition(
        disk_free=DiskFree("/", ratio=0.05)
    )


def test_pools_have_slots() -> None:
    loaded = read("pools: {heavy: {slots: 1}, net: {slots: 4, x-why: y}}\njobs: {}")

    assert loaded.problems == ()
    assert loaded.settings.pools == {"heavy": 1, "net": 4}


def test_a_default_does_not_make_a_job_follow_itself() -> None:
    loaded = read(
        "defaults: {on_failure: [page], depends_on: [a]}\n"
        "jobs: {a: {command: x, on_failure: []}, page: {command: y, depends_on: []}}"
    )

    assert loaded.problems == ()
    assert (loaded.jobs[0].depends_on, loaded.jobs[1].on_failure) == ({}, ())


CIRCLES = {
    "depends_on": (
        "jobs:\n  a: {command: x, depends_on: [c]}\n  b: {command: x, depends_on: [a]}\n"
        "  c: {command: x, depends_on: [b]}\n",
        {"a → b → c → a", "b → c → a → b", "c → a → b → c"},
    ),
    "followers": (
        "jobs:\n  a: {command: x, on_success: [b]}\n  b: {command: x, on_failure: [a]}\n",
        {"a → b → a", "b → a → b"},
    ),
    "both": (
        "jobs:\n  a: {command: x, on_complete: [b], depends_on: [b]}\n  b: {command: x}\n",
        {"a → b → a", "b → a → b"},
    ),
    "itself": ("jobs:\n  a: {command: x, depends_on: [a]}\n", {"a → a"}),
}


@pytest.mark.parametrize("kind", CIRCLES)
def test_a_circle_is_refused_with_the_way_round(kind: str) -> None:
    text, ways = CIRCLES[kind]
    found = problems(text)

    assert len(found) == 1
    place, _, way = found[0].partition(": jobs follow each other in a circle: ")
    assert place.startswith("jobs.yaml:")
    assert ":1:" not in place
    assert way in ways


def test_each_circle_is_told() -> None:
    lines = ["a: {command: x, depends_on: [b]}", "b: {command: x, depends_on: [a]}"]
    lines += ["c: {command: x, on_success: [c]}", "d: {command: x, depends_on: [a]}"]
    found = problems("jobs:\n  " + "\n  ".join(lines))

    assert [way.partition("circle: ")[2][:5] for way in found] == ["a → b", "c → c"]


def test_all_that_is_wrong_in_a_mapping_is_told_at_once() -> None:
    found = problems(
        "jobs:\n  a:\n    command: x\n    depends_on: {b: sucess, c: failure, d: 5}\n"
        "    condition: {load_below: none, disk_free: 5GB, on_ac: maybe, path_exists: []}\n"
        "  b: {command: x, on_success: [1, a, [c]], on_failure: {a: b}}\n"
    )

    assert [line.partition("jobs.yaml:")[2] for line in found] == [
        "4:21: 'sucess' is not one of success, failure, complete (did you mean success?)",
        "4:29: there is no job 'c'",
        "4:41: there is no job 'd'",
        "4:44: '5' is not one of success, failure, complete",
        "5:29: 'none' is not a number",
        "5:46: '5GB' where a mapping is expected ({path: /srv, above: 10GB})",
        "5:58: 'maybe' is not true or false (write true or false)",
        "6:32: 1 is not a text (put it in quotes)",
        "6:38: a list where a text is expected",
        "6:56: a mapping where a list is expected",
    ]


def test_a_chained_job_is_shown_with_what_it_runs_after() -> None:
    assert job("command: x\ndepends_on: [b]").schedule_text == "after b"
    assert job("command: x\ndepends_on: [b]\nschedule: '@daily'").schedule_text == "@daily"


def test_a_circle_of_ten_thousand_jobs_is_refused_soon() -> None:
    lines = [f"  j{n}: {{command: x, depends_on: [j{(n + 1) % 10_000}]}}" for n in range(10_000)]

    (problem,) = problems("jobs:\n" + "\n".join(lines))
    assert "in a circle" in problem
    assert len(problem) < 400


def test_ten_thousand_names_that_are_not_there_are_refused_soon() -> None:
    lines = [f"  job-{n}: {{command: x, depends_on: [jbo-{n}x]}}" for n in range(10_000)]
    started = time.process_time()
    found = problems("jobs:\n" + "\n".join(lines))

    assert "there is no job 'jbo-0x'" in found[0]
    assert time.process_time() - started < 6  # 1.2 s here; a suggestion for each took 38


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "jobs:\n  extract: {command: x}\n  b: {command: x, depends_on: [extrakt]}",
            "jobs.yaml:3:32: there is no job 'extrakt' (did you mean extract?)",
        ),
        (
            "jobs:\n  a: {command: x, depends_on: {zz: success}}",
            "jobs.yaml:2:32: there is no job 'zz'",
        ),
        ("jobs:\n  a: {command: x, on_failure: [zz]}", "2:32: there is no job 'zz'"),
        (
            "pools: {heavy: {slots: 1}}\njobs: {a: {command: x, pool: hevy}}",
            "jobs.yaml:2:30: there is no pool 'hevy' (did you mean heavy?)",
        ),
        ("jobs: {a: {command: x, pool: net}}", "(pools: {net: {slots: 1}})"),
        ("jobs: {a: {command: x, depends_on: b}, b: {command: x}}", "(write [b])"),
        (
            "jobs: {a: {command: x, depends_on: {b: sucess}}, b: {command: x}}",
            "did you mean success?",
        ),
        ("jobs: {a: {command: x, depends_wait: 5m}}", "means nothing without depends_on"),
        ("jobs: {a: {command: x, depends_window: 5m}}", "means nothing without depends_on"),
        (
            "jobs: {a: {command: x, depends_on: [b], depends_wait: 5m}, b: {command: x}}",
            "depends_wait goes with a schedule",
        ),
        ("jobs: {a: {command: x, priority: high}}", "'high' is not a whole number"),
        ("pools: {p: 3}\njobs: {}", "'3' where a mapping is expected"),
        ("pools: {p: {slots: 0}}\njobs: {}", "0 is not between 1 and"),
        ("pools: {p: {}}\njobs: {}", "slots is missing"),
        ("pools: {p: {slot: 1}}\njobs: {}", "did you mean slots?"),
        ("pools: {'a b': {slots: 1}}\njobs: {}", "'a b' cannot name a pool"),
        ("jobs: {a: {command: x, condition: {wait: 5m}}}", "there is nothing to look at"),
        (
            "jobs: {a: {command: x, condition: {load: 5}}}",
            "unknown key 'load' (known: command, disk_free, load_below",
        ),
        ("jobs: {a: {command: x, condition: ''}}", "the command is empty"),
        ("jobs: {a: {command: x, condition: {path_exists: []}}}", "there is no path"),
        ("jobs: {a: {command: x, condition: {load_below: 0}}}", "0 is not between 0.01 and"),
        ("jobs: {a: {command: x, condition: {on_ac: yes}}}", "is not true or false"),
        ("jobs: {a: {command: x, condition: {disk_free: {path: /}}}}", "above is missing"),
        (
            "jobs: {a: {command: x, condition: {disk_free: {path: /, above: lots}}}}",
            "'lots' is not a size",
        ),
        ("jobs: {a: {command: x, serial: p}}", "it is called pool here"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_its_mend(text: str, expected: str) -> None:
    found = problems(text)

    assert any(expected in problem for problem in found), found


def test_a_job_with_a_problem_of_its_own_is_still_there_for_others() -> None:
    found = problems("jobs: {a: {command: x, timeout: x}, b: {command: x, depends_on: [a]}}")

    assert len(found) == 1
