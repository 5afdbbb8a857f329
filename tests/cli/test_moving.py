"""Tests for `import` and `export`."""

import json
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.desk import Desk

TAB = """\
# Ship the database
30 2 * * * /opt/backup.sh
*/5 * * * * cat%one
never
"""

AFTER = ("--from", "2027-01-15T08:00:00Z")


@pytest.fixture
def tab(tmp_path: Path) -> str:
    """A crontab with a line that is none."""
    return write(tmp_path / "tab", TAB)


def write(path: Path, text: str) -> str:
    """Write a file and return its name."""
    path.write_text(text, encoding="utf-8")
    return str(path)


def good(tmp_path: Path) -> str:
    """Return a crontab of good lines."""
    return write(tmp_path / "good", TAB.replace("never\n", ""))


def said(done: Result) -> list[str]:
    """Return what was said beside the file."""
    return done.stderr.splitlines()


def test_import_prints_a_jobs_file_and_tells_each_line_that_is_none(desk: Desk, tab: str) -> None:
    done = desk.run("import", "crontab", tab)

    assert done.exit_code == 65
    assert "  backup:\n    description: Ship the database\n" in done.stdout
    assert said(done)[-3:] == [
        f"{tab}:4: not imported: this is no entry of a crontab"
        " (five fields of time, then a command)",
        "    never",
        "2 jobs of 4 lines; 0 settings, 1 comments, 1 not imported",
    ]


def test_import_writes_a_file_that_was_not_there(desk: Desk, tmp_path: Path) -> None:
    target = tmp_path / "new.yaml"

    done = desk.run("import", "crontab", good(tmp_path), "-o", str(target))

    assert (done.exit_code, done.stdout) == (0, "")
    assert said(done)[-1] == f"{target} was written"
    assert desk.run("validate", str(target)).stdout == f"{target}: ok, 2 jobs\n"


def test_import_writes_nothing_on_a_dry_run(desk: Desk, tmp_path: Path) -> None:
    target = tmp_path / "new.yaml"

    done = desk.run("import", "crontab", good(tmp_path), "-o", str(target), "--dry-run")

    assert done.exit_code == 0
    assert "  backup:\n" in done.stdout
    assert said(done)[-1] == f"{target} was not written"
    assert not target.exists()


def test_import_overwrites_nothing(desk: Desk, tmp_path: Path) -> None:
    target = write(tmp_path / "mine.yaml", "jobs: {}\n")

    done = desk.run("import", "crontab", good(tmp_path), "-o", target)

    assert done.exit_code == 1
    assert said(done) == [f"cronterm: {target} is there already (--merge adds the jobs to it)"]


def test_import_adds_to_a_file(desk: Desk, tmp_path: Path) -> None:
    target = write(tmp_path / "mine.yaml", "# mine\njobs:\n  backup: {command: x}\n")

    done = desk.run("import", "crontab", good(tmp_path), "--merge", "-o", target)

    assert done.exit_code == 65
    assert "backup: not added: the file has a job backup already" in said(done)
    assert "2 jobs of 3 lines, 1 added; 0 settings, 1 comments, 0 not imported" in said(done)
    assert (
        (tmp_path / "mine.yaml").read_text(encoding="utf-8").startswith("# mine\njobs:\n  backup:")
    )
    again = desk.run("import", "crontab", good(tmp_path), "--merge", "-o", target, "--dry-run")
    assert (again.stdout, "cat: is there already" in said(again)) == ("", True)


def test_an_import_that_adds_nothing_writes_nothing(desk: Desk, tmp_path: Path) -> None:
    words = ("import", "crontab", good(tmp_path), "--merge", "-o", "new.yaml")

    assert said(desk.run(*words))[-1] == "new.yaml was written"
    stamp = (tmp_path / "new.yaml").stat().st_mtime_ns
    assert said(desk.run(*words))[-1] == "new.yaml is as it was"
    assert (tmp_path / "new.yaml").stat().st_mtime_ns == stamp


def test_import_shows_what_a_merge_would_change(desk: Desk, tmp_path: Path) -> None:
    target = write(tmp_path / "mine.yaml", "defaults: {timeout: 5m}\njobs:\n  a: {command: x}\n")

    done = desk.run("import", "crontab", good(tmp_path), "--merge", "-o", target, "--dry-run")

    assert done.stdout.startswith(f"--- {target}\n+++ {target}\n@@ ")
    assert "backup: defaults of the file change its timeout" in said(done)


def test_merge_needs_a_file(desk: Desk, tab: str) -> None:
    assert desk.run("import", "crontab", tab, "--merge").exit_code == 2


def test_import_refuses_to_add_to_a_broken_file(desk: Desk, tmp_path: Path) -> None:
    broken = write(tmp_path / "mine.yaml", "jobs:\n  a: {comand: x}\n")
    (tmp_path / "latin.yaml").write_bytes(b"# \xff\n")

    done = desk.run("import", "crontab", good(tmp_path), "--merge", "-o", broken)
    latin = desk.run("import", "crontab", good(tmp_path), "--merge", "-o", "latin.yaml")

    assert (done.exit_code, latin.exit_code) == (65, 65)
    assert "the result would not be valid" in done.stderr
    assert Path(broken).read_text(encoding="utf-8") == "jobs:\n  a: {comand: x}\n"


def test_import_says_where_it_cannot_write(desk: Desk, tmp_path: Path) -> None:
    done = desk.run("import", "crontab", good(tmp_path), "-o", str(tmp_path / "none" / "a.yaml"))

    assert done.exit_code == 1
    assert "cannot be written" in done.stderr


def crontab_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Path:
    """Give a `crontab` that keeps its table in a file; return that file."""
    tab = tmp_path / "own"
    write(tab, text)
    program = tmp_path / "crontab"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = -l ] && exec cat {tab}\n[ -e locked ] && {{ echo no >&2; exit 1; }}\n'
        f"cat > {tab}\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tab


def test_ones_own_crontab_is_written_with_a_word_on_cron(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = crontab_program(tmp_path, monkeypatch, TAB)

    done = desk.run("import", "crontab", "-o", str(tmp_path / "new.yaml"))

    assert said(done)[-1] == ("cron still runs them as well: see --disable-source, or `crontab -e`")
    assert tab.read_text(encoding="utf-8") == TAB


def test_what_has_moved_is_commented_out_in_the_crontab(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = crontab_program(tmp_path, monkeypatch, TAB)
    write(tmp_path / "mine.yaml", "jobs: {backup: {command: x}}\n")
    words = ("import", "crontab", "--merge", "-o", "mine.yaml", "--disable-source")

    assert "1 added" in desk.run(*words, "--dry-run").stderr
    assert tab.read_text(encoding="utf-8") == TAB
    assert desk.run(*words).exit_code == 65
    assert tab.read_text(encoding="utf-8") == (
        "# Ship the database\n30 2 * * * /opt/backup.sh\n#cronterm */5 * * * * cat%one\nnever\n"
    )


def test_a_crontab_that_cannot_be_changed_is_told(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crontab_program(tmp_path, monkeypatch, TAB)
    write(tmp_path / "locked", "")

    done = desk.run("import", "crontab", "-o", "new.yaml", "--disable-source")

    assert (done.exit_code, said(done)[-1]) == (
        1,
        "cronterm: crontab -: no (cron still runs all of it)",
    )


@pytest.mark.parametrize(
    "words", [("crontab", "--disable-source"), ("cron.d", "tab", "-o", "x", "--disable-source")]
)
def test_only_ones_own_crontab_is_disabled(desk: Desk, tab: str, words: tuple[str, ...]) -> None:
    assert desk.run("import", *words).exit_code == 2


def test_import_reads_standard_input(desk: Desk) -> None:
    done = desk.run("import", "crontab", "-", typed="0 1 * * * x\n")

    assert done.exit_code == 0
    assert "# stdin:1\n" in done.stdout
    assert "\n  x:\n    schedule: 0 1 * * *\n" in done.stdout


# -- --verify ------------------------------------------------------------------------------------


def test_verify_shows_the_next_50_instants_side_by_side(desk: Desk, tmp_path: Path) -> None:
    done = desk.run("import", "crontab", good(tmp_path), "--verify", *AFTER)

    table = [line for line in said(done) if line.startswith("  Fri")]
    assert (done.exit_code, len(table)) == (0, 50)
    assert table[0] == ("  Fri 2027-01-15 08:05:00 +0000   Fri 2027-01-15 08:05:00 +0000   cat")
    assert "backup: 50 of 50 instants the same (30 2 * * *)" in said(done)
    assert "cat: 50 of 50 instants the same (*/5 * * * *)" in said(done)


def timer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> str:
    """Write a timer and a systemd that says something about it."""
    program = tmp_path / "systemd-analyze"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    text = "[Timer]\nOnCalendar=hourly\nRandomizedDelaySec=5m\n[Service]\nExecStart=/bin/x\n"
    return write(tmp_path / "x.timer", text)


ONE = "  (in UTC): Fri 2027-01-15 {} UTC"


def test_verify_names_every_difference(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elapses = [ONE.format(f"{hour:02}:00:00") for hour in (9, 10, 12)] + [ONE.format("12:30:00")]
    name = timer(tmp_path, monkeypatch, "\n".join(elapses))

    done = desk.run("import", "systemd", name, "--verify", *AFTER)

    assert done.exit_code == 1
    assert said(done)[0] == f"  {'old':29}   {'new':29}   job"
    assert said(done)[3] == (f"! {'–':29}   Fri 2027-01-15 11:00:00 +0000   x")
    assert "  ! x: Fri 2027-01-15 11:00:00 +0000: only the new schedule" in said(done)
    assert "  ! x: Fri 2027-01-15 12:30:00 +0000: only the old schedule" in said(done)
    assert "  ! x: starts up to 5m later: jitter" in said(done)


def test_verify_says_why_it_cannot_compare(desk: Desk, tmp_path: Path) -> None:
    done = desk.run("import", "crontab", write(tmp_path / "t", "@reboot x\n"), "--verify")

    assert done.exit_code == 0
    assert (
        "x: not compared (@reboot): once per boot: in this one when its engine first starts"
        in said(done)
    )


def test_import_prints_json(desk: Desk, tab: str) -> None:
    reply = json.loads(desk.run("import", "crontab", tab, "--verify", *AFTER, "--json").stdout)

    assert [job["id"] for job in reply["jobs"]] == ["backup", "cat"]
    assert reply["jobs"][0]["place"] == f"{tab}:2"
    assert reply["jobs"][0]["verified"]["pairs"][0] == ["2027-01-16T02:30:00Z"] * 2
    assert reply["jobs"][1]["words"]["stdin"] == "one\n"
    assert [(line["line"], line["fate"]) for line in reply["lines"]] == [
        (1, "comment"),
        (2, "job"),
        (3, "job"),
        (4, "refused"),
    ]
    assert (reply["added"], reply["file"][:15]) == (None, "# Imported from")


def test_json_without_verify_has_no_comparison(desk: Desk, tmp_path: Path) -> None:
    target = write(tmp_path / "mine.yaml", "jobs: {backup: {command: x}}\n")
    words = ("import", "crontab", good(tmp_path), "--merge", "-o", target, "--dry-run", "--json")

    reply = json.loads(desk.run(*words).stdout)

    assert [job["verified"] for job in reply["jobs"]] == [None, None]
    assert reply["added"] == ["cat"]
    assert reply["not_added"] == [["backup", "the file has a job backup already"]]


def test_import_knows_its_kinds(desk: Desk, tab: str) -> None:
    done = desk.run("import", "fcron", tab)

    assert done.exit_code == 2
    assert "'crontab', 'cron.d', 'anacrontab', 'systemd'" in done.stderr


# -- export --------------------------------------------------------------------------------------


def export(desk: Desk, text: str, *words: str) -> Result:
    """Export a jobs file."""
    desk.instance.jobs_file.write_text(text, encoding="utf-8")
    return desk.run("export", *words)


def test_export_tells_a_program_what_is_lost_and_what_is_left_out(desk: Desk) -> None:
    text = 'jobs: {a: {command: x, schedule: "@daily"}, b: {command: y}}\n'

    told = json.loads(export(desk, text, "--to", "crontab", "--json").stdout)

    assert told["text"].startswith("# a\n")
    assert {each["job"] for each in told["losses"]} == {"a", "b"}
    assert [each["job"] for each in told["left_out"]] == ["b"]


def test_export_tells_what_is_lost_and_what_is_left_out(desk: Desk) -> None:
    text = 'jobs: {a: {command: x, schedule: "@daily"}, b: {command: y}}\n'

    done = export(desk, text, "--to", "crontab")

    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == "# a"
    assert said(done) == [
        "a: overlap: skip is lost: cron starts it again while it runs",
        "b: overlap: skip is lost: cron starts it again while it runs",
        "b: not exported: cron has no jobs without a time",
    ]


def test_export_succeeds_when_every_job_is_there(desk: Desk) -> None:
    done = export(desk, 'jobs: {a: {command: x, schedule: "@daily"}}\n', "--to", "systemd")

    assert (done.exit_code, done.stderr) == (0, "")
    assert "ExecStart=/bin/sh -c x\n" in done.stdout


def test_export_is_json_unless_told_otherwise(desk: Desk) -> None:
    done = export(desk, "jobs: {a: {command: x}}\n")

    assert json.loads(done.stdout) == {"jobs": {"a": {"command": "x"}}}


def test_export_of_a_broken_file_is_refused(desk: Desk) -> None:
    done = export(desk, "jobs: {a: {comand: x}}\n")

    assert (done.exit_code, done.stdout) == (65, "")
