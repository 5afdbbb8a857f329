"""Tests for `next` and `validate`."""

import json
import os
import re
from pathlib import Path

import pytest

from cronterm.clock import MINUTE
from cronterm.model.job import Retry
from cronterm.model.retrying import retry_words
from tests.cli.desk import Desk

BERLIN = ("next", "--expr", "30 2 * * *", "--tz", "Europe/Berlin", "--from", "2027-03-27T12:00")


def test_next_of_an_expression_is_a_list_of_instants_with_their_offset(desk: Desk) -> None:
    done = desk.run(*BERLIN, "-n", "2", "--json")

    assert json.loads(done.stdout) == ["2027-03-28T03:00:00+02:00", "2027-03-29T02:30:00+02:00"]


def test_next_is_strictly_after_its_start(desk: Desk) -> None:
    words = ("--expr", "0 * * * *", "--tz", "UTC", "--from", "2027-01-15T08:00:00Z", "-n", "1")

    assert json.loads(desk.run("next", *words, "--json").stdout) == ["2027-01-15T09:00:00+00:00"]


def test_next_for_people_has_words_and_marks(desk: Desk) -> None:
    done = desk.run(*BERLIN, "-n", "2")

    lines = done.stdout.splitlines()
    assert lines[0].startswith("30 2 * * *: ")
    assert "Sun 2027-03-28 03:00:00 +0200" in lines[1]
    assert "!" in lines[1]


def test_next_of_jobs_is_an_object_of_lists(desk: Desk) -> None:
    reply = json.loads(desk.run("next", "backup", "--tz", "Asia/Kathmandu", "--json").stdout)

    assert reply == {"backup": ["2027-01-15T13:45:01+05:45"]}


def test_next_of_jobs_for_people_names_them(desk: Desk) -> None:
    lines = desk.run("next", "--from", "2027-01-15T08:00:00Z").stdout.splitlines()

    assert lines[0].split() == ["WHEN,", "UTC", "IN", "JOB"]
    assert [re.sub(r"  +(in \w+)? +", " .. ", line) for line in lines[1:]] == [
        "Fri 2027-01-15 08:00:01 +0000 .. backup",
        "Fri 2027-01-15 08:00:01 +0000 .. talker",
    ]


def test_how_long_until_is_counted_from_now_also_with_a_later_start(desk: Desk) -> None:
    span = ("--from", "tomorrow 02:59:59", "--tz", "Asia/Tokyo")
    coming = desk.run("next", "--expr", "0 3 * * *", "-n", "1", *span).stdout.splitlines()[1]
    past = ("--from", "2020-01-15T08:00Z", "-n", "1")
    over = desk.run("next", "--expr", "0 3 * * *", "--tz", "UTC", *past).stdout.splitlines()[1]

    assert re.search(r" 03:00:00 \+0900  in ([3-9]|1\d|2[0-7])h$", coming)
    assert over == "  Thu 2020-01-16 03:00:00 +0000"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--expr", "61 * * * *"), 65),
        (("--expr", "* * * * *", "--tz", "Mars/Olympus"), 65),
        (("--expr", "* * * * *", "--from", "later"), 65),
        (("--expr", "* * * * *", "backup"), 2),
        (("-n", "0"), 2),
    ],
)
def test_next_refuses_what_it_cannot_read(desk: Desk, words: tuple[str, ...], code: int) -> None:
    done = desk.run("next", *words)

    assert done.exit_code == code
    assert done.stdout == ""


def test_validate_counts_the_jobs_of_a_good_file(lonely: Desk) -> None:
    done = lonely.run("validate")

    assert done.exit_code == 0
    assert done.stdout == f"{lonely.instance.jobs_file}: ok, 1 job\n"
    assert json.loads(lonely.run("validate", "--json").stdout) == {
        "ok": True,
        "jobs": 1,
        "problems": [],
    }


def test_validate_tells_every_problem_with_its_place(lonely: Desk, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("jobs:\n  a:\n    comand: x\n  b:\n    command: y\n    schedule: '61 * * * *'\n")
    people = lonely.run("validate", str(bad))
    told = json.loads(lonely.run("validate", str(bad), "--json").stdout)

    assert people.exit_code == 65
    assert f"{bad}:3:5: " in people.stdout
    assert f"{bad}:6:15: " in people.stdout
    assert told["ok"] is False
    assert {problem["line"] for problem in told["problems"]} >= {3, 6}
    assert all(
        set(problem) == {"file", "line", "column", "path", "message", "hint"}
        for problem in told["problems"]
    )


def test_validate_of_a_missing_file_is_a_bad_file(lonely: Desk, tmp_path: Path) -> None:
    assert lonely.run("validate", str(tmp_path / "no.yaml")).exit_code == 65


def test_json_for_a_terminal_of_few_letters_is_ascii(lonely: Desk, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("jobs:\n  a:\n    cömmand\u0085: x\n", encoding="utf-8")
    narrow = lonely.run("validate", str(bad), "--json", charset="latin-1")
    wide = lonely.run("validate", str(bad), "--json")

    assert narrow.stdout_bytes.isascii()
    assert json.loads(narrow.stdout_bytes) == json.loads(wide.stdout_bytes)
    assert "\u0085" not in wide.stdout


def test_next_until_a_moment(desk: Desk) -> None:
    span = ("--from", "2027-01-15T00:00Z", "--until", "2027-01-15T02:00Z", "--tz", "UTC")
    found = json.loads(desk.run("next", "--expr", "0 * * * *", *span, "--json").stdout)

    assert found == ["2027-01-15T01:00:00+00:00", "2027-01-15T02:00:00+00:00"]
    assert "not until then" in desk.run("next", "backup", *span).stdout


def test_what_a_calendar_keeps_back_is_marked(lonely: Desk) -> None:
    lonely.instance.jobs_file.write_text(
        "calendars: {night: {windows: ['Mon-Sun 00:00-02:00']}}\n"
        "jobs: {a: {command: x, schedule: '0 * * * *', exclude: [night]}}\n",
        encoding="utf-8",
    )
    lonely.answers_from_disk = True
    span = ("--from", "2027-01-14T23:30Z", "-n", "1")
    lines = lonely.run("next", "a", *span).stdout.splitlines()[1:]

    assert [line.split()[2] for line in lines] == ["00:00:00", "01:00:00", "02:00:00"]
    assert lines[0].endswith(" a    – kept back: excluded by night")
    assert len(json.loads(lonely.run("next", *span, "--json").stdout)["a"]) == 1


def test_what_comes_next_of_all_jobs_is_one_list_in_order_of_time(lonely: Desk) -> None:
    lonely.instance.jobs_file.write_text(
        "settings: {timezone: UTC}\n"
        "calendars: {night: {windows: ['01:00-03:00']}}\n"
        "jobs:\n"
        "  often: {command: x, schedule: '0 * * * *', exclude: [night]}\n"
        "  tokyo: {command: x, schedule: '30 8 * * *', timezone: Asia/Tokyo}\n"
        "  rare: {command: x, schedule: '0 0 1 1 *'}\n"
        "  seen: {monitor: true, schedule: '45 23 * * *'}\n"
        "  a: {command: x}\n  b: {command: x}\n  c: {command: x}\n  d: {command: x}\n",
        encoding="utf-8",
    )
    lonely.answers_from_disk = True
    span = ("--from", "2027-01-14T23:00Z")
    told = [
        [part for part in re.split("  +", line) if part]
        for line in lonely.run("next", *span, "-n", "4").stdout.splitlines()
    ]
    day, after = "Thu 2027-01-14", "Fri 2027-01-15"

    assert told[0] == ["WHEN, UTC", "IN", "JOB"]
    assert [[row[0], *row[2:]] for row in told[1:6]] == [
        [f"{day} 23:30:00 +0000", "tokyo", "Fri 08:30 in Asia/Tokyo"],
        [f"{day} 23:45:00 +0000", "seen", "a report is expected"],
        [f"{after} 00:00:00 +0000", "often"],
        [
            f"{after} 01:00:00 +0000",
            "often",
            "– kept back: excluded by night (and 1 more until Fri 02:00)",
        ],
        [f"{after} 03:00:00 +0000", "often"],
    ]
    assert [[row[0], *row[2:]] for row in told[6:8]] == [
        ["later, the first of each:"],
        ["Sat 2028-01-01 00:00:00 +0000", "rare"],
    ]
    assert told[8:] == [["by hand", "4 jobs", "a, b, c, d"]]
    assert len(lonely.run("next", *span).stdout.splitlines()) == 1 + 10 + 1 + 2 + 1
    few = lonely.run("next", *span, "-n", "1").stdout
    assert re.search(r"still later +2 more jobs +\(-n 50 shows more\)", few)
    of_each = json.loads(lonely.run("next", *span, "--json").stdout)
    assert {job: len(due) for job, due in of_each.items() if due} == {
        "often": 5,
        "tokyo": 5,
        "rare": 5,
        "seen": 5,
    }
    listed = lonely.run("next", *span, "-n", "4", "-o", "csv").stdout.splitlines()
    assert [line.split(",")[1] for line in listed] == ["job", "tokyo", "seen", "often", "often"]


def test_explain_says_in_words_what_comes_and_what_may_surprise(desk: Desk) -> None:
    people = desk.run("explain", "0 9 13 * fri", "--tz", "Europe/Berlin").stdout
    told = json.loads(desk.run("explain", "0 9 13 * fri", "-n", "2", "--json").stdout)

    assert people.splitlines()[0].endswith("(Europe/Berlin)")
    assert "cron runs when either matches" in people
    assert told["expression"] == "0 9 13 * fri"
    assert len(told["next"]) == 2
    assert told["warnings"]


def test_explain_needs_no_engine_and_refuses_what_is_none(lonely: Desk) -> None:
    assert lonely.run("explain", "@every 90s").exit_code == 0
    assert lonely.run("explain", "0 0 31 2 *").exit_code == 65


def test_explain_of_a_job_says_what_becomes_of_a_failure(lonely: Desk) -> None:
    lonely.instance.jobs_file.write_text(
        'jobs: {a: {schedule: "0 3 * * *", command: "true", timezone: Europe/Berlin,'
        " retry: {attempts: 3, delay: 30s, on: [failure], exit_codes: [75]}},"
        ' b: {schedule: "@hourly", command: "true"}}'
    )
    lonely.answers_from_disk = True
    people = lonely.run("explain", "a").stdout.splitlines()

    assert people[0] == "0 3 * * *: daily at 03:00 (Europe/Berlin)"
    assert people[-1] == (
        "retry: when it fails with exit code 75, up to 3 more times: after 30s, 1m, 2m"
    )
    assert lonely.run("explain", "b").stdout.splitlines()[-1] == "retry: none"
    assert "up to 3 more times" in json.loads(lonely.run("explain", "a", "--json").stdout)["retry"]
    assert "  retry: when it fails with" in lonely.run("show", "a").stdout
    assert lonely.run("explain", "c").exit_code == 65


def test_a_job_is_told_what_its_calendars_let_through(lonely: Desk) -> None:
    lonely.instance.jobs_file.write_text(
        "calendars: {shut: {weekdays: mon-sun}}\n"
        'jobs: {a: {schedule: "0 3,12 * * *", command: "true", timezone: UTC,'
        ' only: [{weekdays: mon}, {windows: ["01:00-05:00"]}], not_before: "2030-01-01"},'
        ' b: {schedule: "@hourly", command: "true", exclude: shut}}'
    )
    lonely.answers_from_disk = True
    people = lonely.run("explain", "a").stdout.splitlines()
    told = json.loads(lonely.run("explain", "a", "--json").stdout)

    only = "runs only on Mon, or between 01:00 and 05:00: any of these is enough"
    assert people[1] == f"  {only}"
    assert any(line.startswith("! only has days, and hours of every day") for line in people)
    assert told["rules"] == [only]
    assert [each["at"][:16] for each in told["next"][-2:]] == [
        "2030-01-04T03:00",
        "2030-01-05T03:00",
    ]
    assert f"  {only} (its clock: UTC)" in lonely.run("show", "a").stdout
    assert lonely.run("explain", "b").stdout.splitlines()[1:3] == [
        "  never runs in shut (on any day)",
        "  never",
    ]


def test_show_names_the_zone_of_its_times_and_the_clock_of_the_job(lonely: Desk) -> None:
    lonely.instance.jobs_file.write_text(
        'jobs: {a: {schedule: "30 8 1 1 *", command: "true", timezone: Asia/Tokyo},'
        ' b: {schedule: "30 8 1 1 *", command: "true", timezone: UTC}}'
    )
    lonely.answers_from_disk = True
    a, b = (lonely.run("show", job).stdout.splitlines()[2] for job in "ab")

    assert re.fullmatch(
        r"  next: \d{4}-12-31 23:30:00 UTC \(\w{3} 08:30 in Asia/Tokyo\), in \w+", a
    )
    assert re.fullmatch(r"  next: \d{4}-01-01 08:30:00 UTC, in \w+", b)


def test_what_starts_a_job_without_a_schedule_is_told(lonely: Desk) -> None:
    lonely.instance.jobs_file.write_text(
        'jobs: {a: {schedule: "0 3 * * *", command: "true", on_failure: [page]},'
        ' b: {command: "true", depends_on: {a: success, c: complete}},'
        ' c: {command: "true"}, page: {schedule: "@manual", command: "true"},'
        ' f: {command: "true", triggers: [{file: {path: /srv/in}}]},'
        ' gate: {schedule: "0 4 * * *", command: "true", depends_on: [a],'
        "  triggers: [{webhook: {path: go}}]},"
        ' off: {schedule: "0 4 * * *", command: "true", enabled: false}}'
    )
    lonely.answers_from_disk = True
    told = {
        job: lonely.run("explain", job, "--tz", "UTC").stdout.splitlines()[:3]
        for job in ("b", "c", "page", "f", "gate")
    }
    lines = lonely.run("next", "b", "c", "f", "off", "page").stdout.splitlines()[1:]

    assert told["b"] == ["after a, c: once a succeeded and c ended (UTC)", "retry: none"]
    assert told["c"][1] == "  never by itself"
    assert told["page"][0] == "@manual: whenever a failed (UTC)"
    assert told["f"][0] == "on file: on file /srv/in (UTC)"
    assert told["gate"][1:] == ["  starts only once a succeeded", "  starts also on webhook go"]
    assert [re.split("  +", line) for line in lines] == [
        ["no time", "b", "starts once a succeeded and c ended"],
        ["by hand", "c"],
        ["no time", "f", "starts on file /srv/in"],
        ["never", "off", "– disabled in the file (enabled: false)"],
        ["no time", "page", "starts whenever a failed"],
    ]


@pytest.mark.parametrize(
    ("retry", "words"),
    [
        (Retry(), ""),
        (Retry(1), "when it fails or times out, once more: after 10s"),
        (
            Retry(4, delay=MINUTE, backoff=1.0, on=("lost",)),
            "when it is lost, up to 4 more times: each time after 1m",
        ),
        (
            Retry(9, delay=MINUTE, jitter=0.1, on=("timeout",)),
            "when it times out, up to 9 more times: after 1m, 2m, 4m, 5m, …, each ± 10%",
        ),
    ],
)
def test_a_retry_in_words(retry: Retry, words: str) -> None:
    assert retry_words(retry) == words


def test_validate_checks_several_files(lonely: Desk, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text('jobs: {a: {command: "true"}}')
    bad.write_text("jobs: {a: {}}")
    done = lonely.run("validate", str(good), str(bad))

    assert done.exit_code == 65
    assert f"{good}: ok, 1 job\n" in done.stdout
    assert f"{bad}:1:" in done.stdout
    assert lonely.run("validate", str(good), str(good), "-q").stdout == ""


def test_validate_warns_of_an_empty_file_as_a_running_engine_refuses_it(
    lonely: Desk, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.yaml"
    empty.write_text("\n")
    done = lonely.run("validate", str(empty))
    strict = lonely.run("validate", str(empty), "--strict")

    words = f"{empty}: is empty (`jobs: {{}}` is how to have no jobs)\n"
    assert (done.exit_code, done.stdout) == (0, f"{words}{empty}: ok, 0 jobs\n")
    assert strict.exit_code == 65
    empty.write_text("jobs: {}\n")
    assert lonely.run("validate", str(empty)).stdout == f"{empty}: ok, 0 jobs\n"


def test_validate_and_doctor_warn_of_a_directory_that_is_not_there(
    lonely: Desk, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    gone, file = tmp_path / "gone", lonely.instance.jobs_file
    file.write_text(
        "jobs:\n"
        '  a:\n    command: "true"\n    # working_dir: no\n    working_dir: gone\n'
        '  b: {command: "true", working_dir: gone}\n'
        f'  c: {{command: "true", working_dir: "{tmp_path}/file"}}\n'
        "  d: {command: x}\n"
        "  m: {monitor: true, schedule: '@daily'}\n"
    )
    done = lonely.run("validate")
    told = f"{file}:5:5: working_dir {gone} does not exist (runs of a and 1 more will fail)"

    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        told,
        f"{file}:7:24: working_dir {tmp_path}/file is not a directory (runs of c will fail)",
        f"{file}: ok, 5 jobs",
    ]
    assert f"! jobs file: {told}" in lonely.run("doctor").stdout
    gone.mkdir()
    assert "gone" not in lonely.run("validate").stdout


def test_validate_strict_takes_warnings_for_problems(lonely: Desk, tmp_path: Path) -> None:
    doubtful = tmp_path / "doubtful.yaml"
    job = '{command: "true", user: "nobody:nosuchgroup"}'
    doubtful.write_text(f"jobs: {{a: {job}}}")

    plain = lonely.run("validate", str(doubtful))
    strict = lonely.run("validate", str(doubtful), "--strict", "--json")

    is_root = os.geteuid() == 0  # only root may say `user`
    assert ("there is no group nosuchgroup" if is_root else "needs root") in plain.stdout
    assert plain.exit_code == (0 if is_root else 65)
    assert strict.exit_code == 65
    assert json.loads(strict.stdout)["ok"] is False
