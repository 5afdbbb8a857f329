"""Several files as one: directories, includes, aliases, JSON, jobs of other systems."""

import os
from pathlib import Path

import pytest

from cronterm.clock import HOUR, MINUTE, SECOND
from cronterm.config.fields import Reading
from cronterm.config.json_text import compose_json
from cronterm.config.load import Loaded, load, load_text
from cronterm.config.reader import plain
from cronterm.config.seeds import is_seed, read_seed
from cronterm.model.job import Job, Keep, Shell
from cronterm.schedule.base import AtSpec, CronSpec

FOLDER_MODE = 0o755


@pytest.fixture(autouse=True)
def private(tmp_path: Path) -> None:
    """Only we may write there."""
    tmp_path.chmod(FOLDER_MODE)


def write(folder: Path, **texts: str) -> Path:
    """Write files, `__` in a name stands for a slash and `_` before the ending for a dot."""
    for name, text in texts.items():
        *parents, last = name.split("__")
        stem, _, ending = last.rpartition("_")
        path = folder.joinpath(*parents, f"{stem}.{ending}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
    return folder


def read(path: Path, **last_good: str) -> Loaded:
    """Read a file or a directory; `last_good` are names in it with their texts."""
    texts = {str(path / name.replace("_", ".")): text for name, text in last_good.items()}
    return load(path, local_timezone="UTC", last_good=texts)


def ids(loaded: Loaded) -> list[str]:
    """Return the ids of the jobs, in order."""
    return sorted(job.id for job in loaded.jobs)


def by_id(loaded: Loaded) -> dict[str, Job]:
    """Return the jobs of what must be without problems."""
    assert loaded.problems == ()
    return {job.id: job for job in loaded.jobs}


# -- a directory ---------------------------------------------------------------------------------


def test_a_directory_is_all_its_jobs_files(tmp_path: Path) -> None:
    write(tmp_path, a_yaml="jobs: {a: {command: x}}", b_yml="jobs: {b: {command: y}}")
    write(tmp_path, c_json='{"jobs": {"c": {"command": "z"}}}', e_txt="x: [")
    (tmp_path / ".d.yaml").write_text("x: [")
    (tmp_path / "a.yaml~1").write_text("x: [")
    jobs = by_id(read(tmp_path))

    assert sorted(jobs) == ["a", "b", "c"]
    assert jobs["b"].source == str(tmp_path / "b.yml")
    assert jobs["c"].directory == str(tmp_path)


def test_an_empty_directory_has_no_jobs_and_no_problems(tmp_path: Path) -> None:
    loaded = read(tmp_path)

    assert (loaded.jobs, loaded.problems, loaded.is_usable) == ((), (), True)
    assert loaded.folders == (str(tmp_path),)


def test_one_bad_file_leaves_the_others_in_force(tmp_path: Path) -> None:
    write(tmp_path, a_yaml="jobs: {a: {command: x}}", b_yaml="jobs: {b: {comand: y}}")
    loaded = read(tmp_path)

    assert ids(loaded) == ["a"]
    assert loaded.is_usable
    assert [problem.file for problem in loaded.problems] == [str(tmp_path / "b.yaml")]
    assert loaded.good == (str(tmp_path / "a.yaml"),)


def test_the_jobs_of_a_bad_file_stay_as_they_last_were_good(tmp_path: Path) -> None:
    write(tmp_path, a_yaml="jobs: {a: {command: x}}", b_yaml="jobs: [")
    loaded = read(tmp_path, b_yaml="jobs: {b: {command: old}}")

    assert ids(loaded) == ["a", "b"]
    assert next(job for job in loaded.jobs if job.id == "b").action == Shell("old")
    assert loaded.texts[str(tmp_path / "b.yaml")] == "jobs: ["


def test_a_job_that_moved_out_of_a_bad_file_is_where_it_is_now(tmp_path: Path) -> None:
    write(tmp_path, z_yaml="jobs: {b: {command: new}}", b_yaml="jobs: [")
    loaded = read(tmp_path, b_yaml="jobs: {b: {command: old}, c: {command: y}}")

    assert ids(loaded) == ["b", "c"]
    assert next(job for job in loaded.jobs if job.id == "b").action == Shell("new")


def test_a_directory_of_bad_files_only_is_not_usable(tmp_path: Path) -> None:
    write(tmp_path, a_yaml="jobs: [", b_yaml="x: y")

    assert not read(tmp_path).is_usable
    assert len(read(tmp_path).problems) == 2


def test_an_id_in_two_files_is_refused_with_both_places(tmp_path: Path) -> None:
    write(tmp_path, a_yaml="jobs:\n  same: {command: x}\n  a: {command: x}\n")
    write(tmp_path, b_yaml="jobs:\n\n  Same: {command: y}\n  b: {command: y}\n")
    loaded = read(tmp_path)

    assert [str(problem) for problem in loaded.problems] == [
        f"{tmp_path}/b.yaml:3:3: 'Same' stands twice, first in {tmp_path}/a.yaml:2"
    ]
    assert ids(loaded) == ["a", "same"]


def test_defaults_stay_in_their_file_and_settings_count_for_all(tmp_path: Path) -> None:
    write(tmp_path, a_yaml="defaults: {timeout: 5m}\njobs: {a: {command: x}}")
    write(tmp_path, b_yaml="settings: {timezone: Asia/Tokyo}\njobs: {b: {command: y}}")
    jobs = by_id(read(tmp_path))

    assert (jobs["a"].timeout, jobs["b"].timeout) == (5 * MINUTE, None)
    assert jobs["a"].timezone == jobs["b"].timezone == "Asia/Tokyo"


def test_a_setting_in_two_files_is_refused_with_both_places(tmp_path: Path) -> None:
    write(tmp_path, a_yaml="settings: {max_running: 2}", b_yaml="settings: {max_running: 3}")
    loaded = read(tmp_path)

    assert f"'max_running' is set twice, first in {tmp_path}/a.yaml:1" in str(loaded.problems[0])
    assert loaded.settings.max_running == 2


def test_the_digest_of_a_directory_is_that_of_all_its_files(tmp_path: Path) -> None:
    write(tmp_path, a_yaml="jobs: {a: {command: x}}", b_yaml="jobs: {b: {command: y}}")
    before = read(tmp_path).sha256
    write(tmp_path, b_yaml="jobs: [")

    assert read(tmp_path).sha256 != before
    write(tmp_path, b_yaml="jobs: {b: {command: y}}")
    assert read(tmp_path).sha256 == before


def test_the_system_file_is_read_with_the_directory_beside_it(tmp_path: Path) -> None:
    main = tmp_path / "jobs.yaml"
    write(tmp_path, jobs_yaml="defaults: {timeout: 1m}\njobs: {a: {command: x}}")
    write(tmp_path, jobs__b_yaml="")
    (tmp_path / "jobs").rename(tmp_path / "jobs.d")
    (tmp_path / "jobs.d/b.yaml").write_text("jobs: {b: {command: y}}")
    (tmp_path / "jobs.d/c.yaml").write_text("jobs: [")
    loaded = load(main, local_timezone="UTC", system_file=main)

    assert ids(loaded) == ["a", "b"]
    assert {job.timeout for job in loaded.jobs} == {MINUTE}
    assert len(loaded.problems) == 1
    assert ids(read(main)) == ["a"]
    main.write_text("jobs: [")
    assert not load(main, local_timezone="UTC", system_file=main).is_usable
    main.unlink()
    assert ids(load(main, local_timezone="UTC", system_file=main)) == ["b"]


def test_a_directory_that_cannot_be_listed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)

    assert str(read(tmp_path).problems[0]) == f"{tmp_path}: cannot be read: Permission denied"


# -- include -------------------------------------------------------------------------------------


def test_included_files_are_read_with_their_own_defaults(tmp_path: Path) -> None:
    write(
        tmp_path,
        jobs_yaml="include: [conf/*.yaml]\ndefaults: {timeout: 1m, tags: [x]}\n"
        "settings: {start_grace: 5s}\njobs: {a: {command: x}}",
        conf__b_yaml="defaults: {timeout: 2m, tags: [y], history: {keep_runs: 3}}\n"
        "settings: {start_grace: 9s, max_running: 7}\njobs: {b: {command: ./y}}",
    )
    loaded = read(tmp_path / "jobs.yaml")
    jobs = by_id(loaded)

    assert (jobs["a"].timeout, jobs["a"].tags, jobs["a"].keep) == (MINUTE, ("x",), Keep())
    assert (jobs["b"].timeout, jobs["b"].tags) == (2 * MINUTE, ("x", "y"))
    assert jobs["b"].working_dir == str(tmp_path / "conf")
    assert (loaded.settings.start_grace, loaded.settings.max_running) == (5_000_000, 7)
    assert str(tmp_path / "conf") in loaded.folders
    assert set(loaded.texts) == {str(tmp_path / "jobs.yaml"), str(tmp_path / "conf/b.yaml")}


def test_a_glob_may_match_nothing_and_never_the_file_itself(tmp_path: Path) -> None:
    write(tmp_path, jobs_yaml='include: ["*.yaml", "no/*.yaml"]\njobs: {a: {command: x}}')
    write(tmp_path, b_yaml="jobs: {b: {command: y}}", c_txt="x: [")
    (tmp_path / ".h.yaml").write_text("x: [")

    assert sorted(by_id(read(tmp_path / "jobs.yaml"))) == ["a", "b"]


def test_a_file_may_only_include(tmp_path: Path) -> None:
    write(tmp_path, jobs_yaml="include: b.yaml", b_yaml="jobs: {b: {command: y}}")

    assert sorted(by_id(read(tmp_path / "jobs.yaml"))) == ["b"]


def test_variables_and_homes_stand_in_includes_and_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLACE", str(tmp_path / "conf"))
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path, conf__b_yaml="jobs: {b: {command: 'echo ${PLACE}', env_file: ~/x.env}}")
    write(tmp_path, jobs_yaml='include: ["${PLACE}/b.yaml"]\njobs:\n  a:\n    command: x\n')
    with open(tmp_path / "jobs.yaml", "a") as file:
        file.write("    working_dir: ${PLACE}/sub\n")
    jobs = by_id(read(tmp_path / "jobs.yaml"))

    assert jobs["a"].working_dir == f"{tmp_path}/conf/sub"
    assert jobs["b"].env_files == (f"{tmp_path}/x.env",)
    assert jobs["b"].action == Shell("echo ${PLACE}")


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        ("no.yaml", "jobs.yaml:1:11: TMP/no.yaml does not exist"),
        ("b.yaml", "b.yaml:1:11: the files include each other: jobs.yaml → b.yaml → jobs.yaml"),
        ("jobs.yaml", "the files include each other: jobs.yaml → jobs.yaml"),
        ("c.yaml, d.yaml", "d.yaml:1:11: TMP/c.yaml is read already (through TMP/jobs.yaml"),
        ('"${NO_SUCH}/x"', "jobs.yaml:1:11: the variable NO_SUCH is not set"),
        ('"${A-B}/x"', "'${A-B}' is not ${NAME}"),
        ("5", "jobs.yaml:1:11: 5 is not a text"),
        ("~nosuchuser/x", "'~nosuchuser' has no home directory"),
        ("e.yaml", "e.yaml:1:12: unknown key 'comand'"),
        ("f.yaml", "TMP/f.yaml is a directory (write f.yaml/*.yaml)"),
        ('""', "TMP/jobs.yaml:1:11: the path is empty"),
    ],
)
def test_an_include_that_cannot_be_is_refused(tmp_path: Path, include: str, expected: str) -> None:
    write(tmp_path, jobs_yaml=f"include: [{include}]\njobs: {{a: {{command: x}}}}")
    write(tmp_path, b_yaml="include: [jobs.yaml]", c_yaml="jobs: {c: {command: x}}")
    write(tmp_path, d_yaml="include: [c.yaml]", e_yaml="jobs: {e: {comand: x}}")
    (tmp_path / "f.yaml").mkdir()
    found = [
        str(problem).replace(str(tmp_path), "TMP")
        for problem in read(tmp_path / "jobs.yaml").problems
    ]

    assert any(expected in problem for problem in found), found
    assert read(tmp_path / "jobs.yaml").jobs == ()


def test_a_file_named_twice_beside_itself_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, jobs_yaml="include: [b.yaml, 'b*']\njobs: {}", b_yaml="jobs: {b: {command: x}}")

    assert sorted(by_id(read(tmp_path / "jobs.yaml"))) == ["b"]


def test_a_long_way_of_includes_is_refused(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"f{number}.yaml").write_text(f"include: f{number + 1}.yaml")
    (tmp_path / "f40.yaml").write_text("jobs: {}")

    assert "more than 20 files include each other" in str(read(tmp_path / "f0.yaml").problems)


def test_an_included_file_of_others_is_refused_for_root(tmp_path: Path) -> None:
    write(tmp_path, jobs_yaml="include: b.yaml", b_yaml="jobs: {b: {command: y}}")
    (tmp_path / "b.yaml").chmod(0o666)

    for_root = load(tmp_path / "jobs.yaml", local_timezone="UTC", uid=0)
    assert "b.yaml: others may change this file" in str(for_root.problems[0])
    if os.geteuid() == 0:
        return
    assert "others may change" in str(read(tmp_path / "jobs.yaml").warnings[0])


# -- aliases and merge keys ----------------------------------------------------------------------


def text_jobs(text: str) -> dict[str, Job]:
    """Return the jobs of a text."""
    return by_id(load_text(text, path=Path("/srv/jobs.yaml"), local_timezone="UTC"))


def test_aliases_stand_for_what_their_anchor_says() -> None:
    jobs = text_jobs(
        'x-when: &when "0 2 * * *"\n'
        "jobs:\n  a: {command: x, schedule: *when, env: &env {A: b}}\n"
        "  b: {command: y, schedule: [*when, '@daily'], env: *env}\n"
    )

    assert jobs["a"].schedule == (CronSpec("0 2 * * *", "UTC"),)
    assert jobs["b"].schedule[0] == jobs["a"].schedule[0]
    assert jobs["b"].env == {"A": "b"}


def test_merge_keys_give_what_a_mapping_does_not_say_itself() -> None:
    jobs = text_jobs(
        "x-one: &one {timeout: 1m, tags: [x], env: {A: b}}\n"
        "x-two: &two {<<: *one, timeout: 2m, retry: 3}\n"
        "jobs:\n  a: {<<: *one, command: x}\n  b: {command: y, tags: [y], <<: [*two, *one]}\n"
        "  c: {<<: {command: z}}\n"
    )

    assert (jobs["a"].timeout, jobs["a"].tags, jobs["a"].env) == (MINUTE, ("x",), {"A": "b"})
    assert (jobs["b"].timeout, jobs["b"].tags, jobs["b"].retry.attempts) == (2 * MINUTE, ("y",), 3)
    assert jobs["c"].action == Shell("z")


def test_a_quoted_merge_key_is_a_key_like_any_other() -> None:
    loaded = load_text('jobs: {a: {"<<": {}, command: x}}', path=Path("/j"), local_timezone="UTC")

    assert "unknown key '<<'" in str(loaded.problems[0])


# -- JSON ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"jobs": {"a": {"command": "x"}, "a": {}}}', ":1:34: 'a' stands twice, first in line 1"),
        ('{"jobs":\n  {"a": {"comand": "x"}}}', ":2:10: unknown key 'comand' (did you mean"),
        ('{"jobs": {"a": {"command": "x", "timeout": "1x"}}}', ":1:44: "),
        ('{"jobs": {}, // c\n}', ":1:14: is not JSON: a key in double quotes is expected"),
        ('{"jobs": {a: 1}}', "a key in double quotes is expected (a text stands in double quotes)"),
        ("{'jobs': 1}", "(JSON has double quotes only)"),
        ('{"jobs": {},}', ":1:13: is not JSON: after a comma another value is expected, not }"),
        ('{"jobs": {}} {}', ":1:14: is not JSON: one value is expected"),
        ('{"jobs": [1 2]}', ":1:13: is not JSON: a comma or ] is expected"),
        ('{"jobs": [1,]}', "after a comma another value is expected, not ]"),
        ('{"jobs": 01}', ":1:10: is not JSON: '01}' is no value"),
        ('{"jobs": NaN}', "is no value"),
        ('{"jobs": "a\nb"}', ":1:10: is not JSON: this text does not end, or has a line break"),
        ('{"jobs": "\\x41"}', "an escape that JSON has not"),
        ('{"jobs": "\\ud800"}', "half of a surrogate pair"),
        ('{"jobs"', ":1:8: is not JSON: a : is expected after a key"),
        ('{"jobs": ', ":1:10: is not JSON: the text ends too early"),
        ("[" * 99, "nested too deeply"),
        ("[" + "1," * 400_000 + "1]", "more than 300,000 values"),
        ("jobs: {}", ":1:1: is not JSON: 'jobs: {}' is no value"),
        ('{"jobs": {"<<": {}}}', "'<<' cannot name a job"),
        ("5", "where a mapping is expected"),
        ("[]", "where a mapping is expected"),
    ],
)
def test_json_is_read_as_strictly_as_yaml(text: str, expected: str) -> None:
    loaded = load_text(text, path=Path("/srv/jobs.json"), local_timezone="UTC")

    assert loaded.jobs == ()
    assert any(expected in str(problem) for problem in loaded.problems), loaded.problems


def test_json_says_what_yaml_says() -> None:
    text = (
        '\ufeff{"version": 1,\r\n "jobs": {"a": {"command": ["x", "\\u00e9\\ud83d\\ude00\\/"],'
        ' "retry": {"backoff": 1.5e0}, "tags": [], "enabled": true, "env": {"A": "0755"}}}}'
    )
    loaded = load_text(text, path=Path("/srv/jobs.json"), local_timezone="UTC")
    job = by_id(loaded)["a"]

    assert job.action == Shell(("x", "é😀/"))
    assert (job.retry.backoff, job.line, job.env) == (1.5, 2, {"A": "0755"})
    empty = load_text(" \n", path=Path("/srv/jobs.json"), local_timezone="UTC")
    assert (empty.jobs, empty.problems) == ((), ())


# -- jobs of other systems -----------------------------------------------------------------------

DAILY_REPORT = """{
  "job_id": "daily-report",
  "description": "Generates the sales report",
  "schedule": "0 1 * * *",
  "task": {
    "type": "execute_command",
    "command": "/usr/bin/python /opt/scripts/generate_sales_report.py"
  }
}"""


def test_a_directory_of_one_job_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    once = DAILY_REPORT.replace("daily-report", "once")
    write(tmp_path, daily_json=DAILY_REPORT)
    write(tmp_path, once_json=once.replace("0 1 * * *", "2031-09-20T02:00:00"))
    write(tmp_path, settings_yaml="settings: {timezone: America/New_York}")
    jobs = by_id(read(tmp_path))

    daily = jobs["daily-report"]
    assert daily.schedule == (CronSpec("0 1 * * *", "America/New_York"),)
    assert daily.action == Shell("/usr/bin/python /opt/scripts/generate_sales_report.py")
    assert daily.description == "Generates the sales report"
    assert (daily.source, daily.line) == (str(tmp_path / "daily.json"), 2)
    assert jobs["once"].schedule == (AtSpec(1_947_636_000_000_000),)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"execute_command"', '"http_request"', ":6:13: there is no task type 'http_request'"),
        ('"type": "execute_command",', "", "a task has a type and a command"),
        ('"command":', '"comand":', "unknown key 'comand' (did you mean command?)"),
        ('"schedule":', '"shedule":', ":4:3: unknown key 'shedule' (did you mean schedule?)"),
        ('"0 1 * * *"', '"0 1 * *"', ":4:15: "),
        ('"daily-report"', '"../x"', ":2:13: '../x' cannot name a job"),
        ('"daily-report"', "5", "5 is not a text"),
        ('"daily-report",', '"daily-report", "job_id": "b",', "'job_id' stands twice"),
    ],
)
def test_what_is_wrong_with_such_a_job_is_told_in_its_place(
    old: str, new: str, expected: str
) -> None:
    assert old in DAILY_REPORT
    text = DAILY_REPORT.replace(old, new, 1)
    loaded = load_text(text, path=Path("/srv/a.json"), local_timezone="UTC")

    assert any(expected in str(problem) for problem in loaded.problems), loaded.problems


def test_more_of_our_words_may_stand_in_such_a_job() -> None:
    text = f'[{DAILY_REPORT[:-2]}, "timeout": "1h", "description": null}}]'.replace(
        '"description": "Generates the sales report",', ""
    )
    job = by_id(load_text(text, path=Path("/srv/a.json"), local_timezone="UTC"))["daily-report"]

    assert (job.timeout, job.description) == (HOUR, "")


def test_monitors_of_another_system_count_in_minutes() -> None:
    root = compose_json(
        '[{"job_id": "a", "schedule": "0 0 * * *", "tolerance": 30, "max_runtime": 1.5},'
        ' {"job_id": "b", "is_health_check": true}, {"job_id": "c", "is_health_check": false}]',
        "f",
    )
    assert root is not None
    assert is_seed(root)
    reading = Reading("f")
    words = plain(read_seed(reading, root))

    assert reading.problems == []
    assert words == {
        "a": {"schedule": "0 0 * * *", "tolerance": "30m", "max_runtime": "1m30s", "monitor": True},
        "b": {"monitor": "heartbeat"},
        "c": {"monitor": True},
    }


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ('"tolerance": "30"', "tolerance is a number of minutes"),
        ('"tolerance": true', "tolerance is a number of minutes"),
        ('"max_runtime": -1', "-1 is not between 0 and 1,000,000 minutes"),
        ('"is_health_check": 5', "'5' is not true or false"),
    ],
)
def test_a_monitor_with_bad_minutes_is_refused(words: str, expected: str) -> None:
    text = f'{{"job_id": "a", {words}}}'
    loaded = load_text(text, path=Path("/srv/a.json"), local_timezone="UTC")

    assert any(expected in str(problem) for problem in loaded.problems), loaded.problems


# -- settings.watch ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("{poll_interval: 1s}", ""),
        ("{}", "poll_interval is missing"),
        ("{poll_interval: 50ms}", "jobs.yaml:1:35: poll_interval is between 100ms and 1d"),
        ("{poll_interval: soon}", "is not a duration"),
        ("{interval: 1s}", "unknown key 'interval'"),
    ],
)
def test_how_files_are_watched_is_a_setting(words: str, expected: str) -> None:
    text = f"settings: {{watch: {words}}}\njobs: {{}}"
    loaded = load_text(text, path=Path("/srv/jobs.yaml"), local_timezone="UTC")

    if not expected:
        assert loaded.settings.watch.poll_interval == SECOND
    assert any(expected in str(problem) for problem in loaded.problems or [""]), loaded.problems


# -- names over all files ------------------------------------------------------------------------


def test_a_job_cannot_be_renamed_from_one_that_stands_in_another_file(tmp_path: Path) -> None:
    write(
        tmp_path,
        a_yaml="jobs: {old: {command: x}}",
        b_yaml="jobs: {new: {command: x, renamed_from: old}, c: {command: x}}",
    )
    loaded = load(tmp_path, local_timezone="UTC")

    assert [each.message for each in loaded.problems] == ["old is still in the file"]
    assert loaded.problems[0].file.endswith("b.yaml")
    assert ids(loaded) == ["old"]


def test_a_job_may_be_renamed_from_its_own_name_in_other_letters(tmp_path: Path) -> None:
    write(tmp_path, a_yaml="jobs: {backup: {command: x, renamed_from: Backup}}")

    assert by_id(load(tmp_path, local_timezone="UTC"))["backup"].renamed_from == "Backup"


def test_jobs_follow_jobs_of_other_files_and_share_their_pools(tmp_path: Path) -> None:
    write(
        tmp_path,
        a_yaml="pools: {heavy: {slots: 2}}\njobs: {first: {command: x}}",
        b_yaml="jobs: {second: {command: x, depends_on: [first], pool: heavy}}",
    )
    loaded = load(tmp_path, local_timezone="UTC")

    assert list(by_id(loaded)["second"].depends_on) == ["first"]
    assert loaded.settings.pools == {"heavy": 2}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("jobs: {a: {command: x, depends_on: [q]}}", "jobs: {}", "a.yaml: there is no job 'q'"),
        (
            "jobs: {a: {command: x, depends_on: [b]}}",
            "jobs: {b: {command: x, depends_on: [a]}}",
            "a.yaml: jobs follow each other in a circle: a → b → a",
        ),
        (
            "pools: {p: {slots: 1}}",
            "pools: {p: {slots: 2}}",
            "b.yaml: 'p' stands twice, first in a.yaml:1",
        ),
    ],
)
def test_what_ties_jobs_of_all_files_is_checked(
    tmp_path: Path, one: str, other: str, expected: str
) -> None:
    write(tmp_path, a_yaml=one, b_yaml=other)
    found = [
        f"{problem.file}: {problem.message}".replace(f"{tmp_path}/", "")
        for problem in load(tmp_path, local_timezone="UTC").problems
    ]

    assert found[0] == expected


def test_a_file_that_needs_a_broken_one_is_told_with_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        a_yaml="jobs: {a: {command: x, depends_on: [b]}}",
        b_yaml="jobs: [",
        c_yaml="jobs: {c: {command: x}}",
    )
    loaded = load(tmp_path, local_timezone="UTC")

    assert {Path(problem.file).name for problem in loaded.problems} == {"a.yaml", "b.yaml"}
    assert ids(loaded) == ["c"]


def test_the_last_good_version_goes_that_needs_what_is_gone(tmp_path: Path) -> None:
    write(
        tmp_path,
        a_yaml="jobs: {a: {command: x, depends_on: [b]}}",
        b_yaml="jobs: {b: {command: x}, c: {command: x}}",
    )
    good = load(tmp_path, local_timezone="UTC").texts
    write(tmp_path, a_yaml="jobs: [", b_yaml="jobs: {c: {command: y}}")
    loaded = load(tmp_path, local_timezone="UTC", last_good=good)

    assert ids(loaded) == ["c"]
    assert {Path(problem.file).name for problem in loaded.problems} == {"a.yaml"}


def test_a_setting_that_moved_out_of_a_broken_file_counts(tmp_path: Path) -> None:
    write(tmp_path, b_yaml="settings: {max_running: 3}\njobs: {b: {command: x}}")
    good = load(tmp_path, local_timezone="UTC").texts
    write(tmp_path, a_yaml="settings: {max_running: 4}", b_yaml="jobs: [")
    loaded = load(tmp_path, local_timezone="UTC", last_good=good)

    assert ids(loaded) == ["b"]
    assert loaded.settings.max_running == 4


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("j.yaml", "command: x", ["'command' is a word of a job"]),
        (
            "j.json",
            '{"schedule": "@daily", "command": "x"}',
            ["'schedule' is a word of a job", "'command' is a word of a job"],
        ),
    ],
)
def test_words_of_a_job_at_the_top_are_told_where_they_belong(
    name: str, text: str, expected: list[str]
) -> None:
    problems = load_text(text, path=Path("/srv", name), local_timezone="UTC").problems

    assert [problem.message for problem in problems] == expected
    assert problems[0].hint == "write it below `jobs:` and the name of the job"


def test_an_alias_without_an_anchor_is_named() -> None:
    text = "jobs: {a: {<<: *nope, command: x}}"
    loaded = load_text(text, path=Path("/j.yaml"), local_timezone="UTC")

    assert loaded.problems[0].hint.startswith("&nope stands nowhere above;")


def test_all_files_that_go_with_a_bad_one_are_told_and_the_rest_is_in_force(tmp_path: Path) -> None:
    for n in range(40):
        text = f"jobs: {{j{n}: {{command: x, depends_on: [j{n + 1}]}}}}"
        (tmp_path / f"f{n:02}.yaml").write_text(text)
    write(tmp_path, f40_yaml="jobs: {j40: {comand: x}}", g_yaml="jobs: {g: {command: x}}")
    loaded = load(tmp_path, local_timezone="UTC")

    assert ids(loaded) == ["g"]
    assert len(loaded.problems) == 41
    assert "the file of j40 has problems" in {each.message for each in loaded.problems}
