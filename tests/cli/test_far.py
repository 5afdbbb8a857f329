"""Tests for `-H`, `attach` and `bridge`."""

import json

import pytest

from cronterm.cli.base import Place, ScreenOptions
from cronterm.model.command import Answer
from cronterm.model.rollup import Rollup
from cronterm.model.stats import Categories, FileEvents, JobFigures, make_stats
from tests.cli.desk import Desk, FakeClient, FarFake
from tests.remote.fake_control import FakeControl, job


@pytest.fixture
def two(lonely: Desk) -> Desk:
    """A desk with two other machines."""
    for host in ("db1", "db2"):
        control = FakeControl([job("backup"), job(f"only-{host}")])
        lonely.far[host] = FarFake(FakeClient(control))
    return lonely


def test_a_command_goes_to_the_machine_that_is_named(two: Desk) -> None:
    done = two.run("-H", "db2", "run", "backup")

    assert done.exit_code == 0
    assert len(two.far["db2"].client.control.received) == 1
    assert two.far["db1"].client.control.received == []


def test_the_host_may_stand_before_and_after_the_command(two: Desk) -> None:
    before, after = two.run("-H", "db1", "status"), two.run("status", "--host", "db1")

    assert before.stdout == after.stdout != ""


def test_its_file_is_the_one_there(two: Desk) -> None:
    two.run("-H", "db1", "-f", "/etc/there.yaml", "status", bare=True)

    assert two.reached == [Place("db1", "/etc/there.yaml")]


def test_several_machines_are_one_table(two: Desk) -> None:
    lines = two.run("status", "-H", "db1", "-H", "db2,db1").stdout.splitlines()

    assert lines[2].split()[:2] == ["HOST", "JOB"]
    assert [line.split()[:2] for line in lines[3:]] == [
        ["db1", "backup"],
        ["db1", "only-db1"],
        ["db2", "backup"],
        ["db2", "only-db2"],
    ]


def test_what_comes_next_of_several_machines_is_one_list(two: Desk) -> None:
    span = ("--from", "2027-01-15T08:00:00Z", "-n", "1")
    lines = two.run("next", *span, "-H", "db1,db2").stdout.splitlines()
    listed = two.run("next", *span, "-H", "db1,db2", "-o", "csv").stdout.splitlines()

    assert [line.split()[0] for line in lines] == ["HOST", *["db1", "db2"] * 3]
    assert [line.split()[-1] for line in lines[1:3]] == ["backup", "backup"]
    assert all("later, the first of each" in line for line in lines[3:5])
    assert [line.split()[-1] for line in lines[5:]] == ["only-db1", "only-db2"]
    assert [line.split(",")[0] for line in listed] == ["host", "db1", "db2"]


def test_a_machine_that_is_gone_stays_visible(two: Desk) -> None:
    done = two.run("status", "-H", "db1,db9")
    told = json.loads(two.run("status", "-H", "db1,db9", "--json").stdout)
    lines = two.run("ls", "-H", "db1,db9", "-o", "csv").stdout.splitlines()

    assert done.exit_code == 69
    assert done.stdout.splitlines()[-1].split() == ["db9", "gone"]
    assert "db9: gone: no route to host" in done.stdout
    assert told["db9"] == {"gone": "no route to host"}
    assert "only-db1" in told["db1"]["jobs"]
    assert lines[-1].startswith("db9,")


def test_where_all_are_gone_there_is_nothing_to_show(two: Desk) -> None:
    done = two.run("status", "-H", "db8,db9")

    assert (done.exit_code, done.stdout) == (69, "")
    assert "db8: no route to host; db9: no route to host" in done.stderr


def test_histories_are_laid_between_each_other(two: Desk) -> None:
    two.run("-H", "db2", "run", "backup")
    two.run("-H", "db1", "run", "backup")
    lines = two.run("history", "-H", "db1,db2", "--json").stdout.splitlines()

    assert [json.loads(line)["host"] for line in lines] == ["db1", "db2"]


def test_lines_of_several_machines_are_laid_between_each_other(two: Desk) -> None:
    talker = job("talker")
    for host in ("db1", "db2"):
        two.far[host] = FarFake(FakeClient(FakeControl([talker])))
        two.run("-H", host, "run", "talker")
    lines = two.run("logs", "-H", "db1,db2").stdout.splitlines()
    told = [
        json.loads(line)
        for line in two.run("logs", "talker", "-H", "db1,db2", "--json").stdout.splitlines()
    ]

    assert lines == ["08:00:00 db1 talker │ hello", "08:00:00 db2 talker │ hello"]
    assert [(each["host"], each["text"]) for each in told] == [("db1", "hello"), ("db2", "hello")]
    assert two.run("logs", "-n", "1", "-H", "db1,db2").stdout.count("hello") == 1
    assert two.run("logs", "1", "-H", "db1,db2").exit_code == 2


def test_lines_are_followed_on_each_machine_until_it_leaves(two: Desk) -> None:
    clients = {host: FakeClient(FakeControl([job("talker")])) for host in ("db1", "db2")}
    two.far |= {host: FarFake(client) for host, client in clients.items()}
    two.run("-H", "db1", "run", "talker")
    clients["db2"].control.leaves_open = True
    two.run("-H", "db2", "run", "talker")
    done = two.run("logs", "-f", "-H", "db1,db2,db9")

    assert done.exit_code == 69
    assert done.stdout.count("talker │ hello") == 2
    assert [line.split(":")[0] for line in sorted(done.stderr.splitlines())] == [
        "db1",
        "db2",
        "db9",
    ]
    assert "db9: gone: no route to host" in done.stderr


def test_a_job_that_one_machine_does_not_have_is_said(two: Desk) -> None:
    done = two.run("logs", "only-db1", "-H", "db1,db2")

    assert done.exit_code == 1
    assert done.stderr == "db2: there is no job only-db1 (did you mean backup?)\n"


def test_figures_of_several_machines_are_one_table(two: Desk) -> None:
    figures = make_stats(
        (JobFigures(job="backup", total=Rollup(scheduled=4)),), Categories(4, 0, 0), FileEvents()
    )
    for host in ("db1", "db2"):
        two.far[host].client.control.stats = figures
    lines = two.run("stats", "-H", "db1,db2").stdout.splitlines()
    told = json.loads(two.run("stats", "-H", "db1,db9", "--json").stdout)

    assert lines[0] == "db1: 4 by time, 0 by events, 0 by hand or other jobs"
    assert [line.split()[:3] for line in lines[3:]] == [
        ["db1", "backup", "4"],
        ["db2", "backup", "4"],
    ]
    assert (told["db1"]["total_runs"], told["db9"]) == ({"backup": 4}, {"gone": "no route to host"})


def test_what_changes_something_goes_to_one_machine(two: Desk) -> None:
    for words in (("run", "backup"), ("stop", "backup"), ("add", "x", "--", "true")):
        assert two.run("-H", "db1,db2", *words).exit_code == 2


def test_without_an_engine_there_its_history_is_read(two: Desk) -> None:
    two.far["db3"] = FarFake(FakeClient(FakeControl()), is_asleep=True)

    two.far["db4"] = two.far["db3"]
    told = two.run("-H", "db3,db4", "history").stderr.splitlines()
    assert sorted(line.split(":")[0] for line in told) == ["db3", "db4"]
    assert two.run("-H", "db3", "ls").exit_code == 0
    assert two.run("-H", "db3", "history").exit_code == 0
    assert two.run("-H", "db3", "status").exit_code == 69
    assert two.asked_offline == []


@pytest.mark.parametrize("words", [("doctor",), ("validate",), ("up",), ("init",), ("bridge",)])
def test_what_is_about_this_machine_says_so(two: Desk, words: tuple[str, ...]) -> None:
    done = two.run("-H", "db1", *words)

    assert done.exit_code == 2
    assert "on this machine only" in done.stderr


@pytest.mark.parametrize("host", ["-oProxyCommand=x", "", "a,,b"])
def test_a_host_is_no_option_of_ssh(two: Desk, host: str) -> None:
    assert two.run(f"--host={host}", "status").exit_code == 2
    assert two.reached == []


def test_attach_opens_a_screen_on_other_machines(two: Desk) -> None:
    two.run("attach", "-H", "db1,db2", "--read-only")
    two.run("-H", "db1")

    assert two.attached == [(2, None, True), (1, None, False)]


def test_attach_here_needs_an_engine(lonely: Desk) -> None:
    assert lonely.run("attach").exit_code == 69


def test_attach_and_bridge_are_of_the_instance_here(desk: Desk) -> None:
    desk.run("attach")
    desk.run("bridge")

    assert desk.attached == [(0, desk.instance, False)]
    assert desk.bridges == [desk.instance]


def test_a_screen_is_shown_as_it_is_asked_for(desk: Desk) -> None:
    desk.run("--glyphs", "block", "--no-mouse")
    desk.run("attach", "--read-only", "--glyphs", "ascii", "--no-color")
    desk.run()

    assert desk.shown == [
        ScreenOptions("block", no_mouse=True),
        ScreenOptions("ascii", no_color=True, read_only=True),
        ScreenOptions(),
    ]
    assert desk.run("--glyphs", "emoji").exit_code == 2


def test_what_mends_an_error_names_the_machine_that_was_asked(two: Desk) -> None:
    refusal = Answer(ok=False, message="run 7 never started", hint="`cronterm run backup`")
    two.far["db1"].client.control.refusal = refusal

    done = two.run("-H", "db1", "-f", "/etc/my jobs.yaml", "pause", "backup", bare=True)
    assert "(`cronterm -H db1 -f '/etc/my jobs.yaml' run backup`)" in done.stderr
