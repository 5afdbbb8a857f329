"""Tests for reading crontabs."""

import pytest

from cronterm.moving.base import Found, Surroundings
from cronterm.moving.crontab import read_crontab, split_percent
from cronterm.moving.users import owned
from tests.moving.here import ME, MORNING, ROOT, USERS, fates, only, reasons

DEBIAN = """\
# m h  dom mon dow   command
SHELL=/bin/bash
MAILTO=ops@example.com

# Ship the database
30 2 * * 1-5   /usr/local/bin/backup.sh --all
@reboot        /usr/local/bin/warm
@midnight      rotate
17 * * * nonsense
"""

SYSTEM = """\
SHELL=/bin/sh
PATH=/usr/local/sbin:/sbin:/bin
17 *\t* * *\troot    cd / && run-parts --report /etc/cron.hourly
25 6    * * *   www-data  test -x /usr/sbin/anacron || ( cd / && run-parts /etc/cron.daily )
"""


def read(text: str, here: Surroundings = ME, *, has_users: bool | None = False) -> Found:
    """Read a crontab."""
    return read_crontab(text, "tab", here, has_users=has_users)


# -- what becomes of lines -----------------------------------------------------------------------


def test_each_line_is_a_job_or_a_setting_or_a_comment_or_refused() -> None:
    found = read(DEBIAN)

    assert fates(found) == [
        (1, "comment"),
        (2, "setting"),
        (3, "setting"),
        (4, "comment"),
        (5, "comment"),
        (6, "job"),
        (7, "job"),
        (8, "job"),
        (9, "refused"),
    ]


def test_a_refused_line_has_its_number_its_text_and_a_reason() -> None:
    (line,) = read(DEBIAN).refused

    assert (line.number, line.text) == (9, "17 * * * nonsense")
    assert line.reason == ("this is no entry of a crontab (five fields of time, then a command)")


def test_a_job_says_all_that_cron_does_unasked() -> None:
    backup = read(DEBIAN).jobs[0]

    assert (backup.id, backup.place, backup.line) == ("backup", "tab:6", 6)
    assert backup.words == {
        "description": "Ship the database",
        "schedule": "30 2 * * 1-5",
        "command": "/usr/local/bin/backup.sh --all",
        "shell": "/bin/bash",
        "working_dir": "~",
        "env": {"SHELL": "/bin/bash", "PATH": "/usr/bin:/bin", "MAILTO": "ops@example.com"},
        "inherit_env": False,
        "overlap": "allow",
        "catch_up": "skip",
    }


def test_nicknames_stay() -> None:
    assert [job.words["schedule"] for job in read(DEBIAN).jobs[1:]] == ["@reboot", "@midnight"]


@pytest.mark.parametrize(
    ("written", "schedule"),
    [
        ("@every_minute", "* * * * *"),
        ("@every_second", "@every 1s"),
        ("@Daily", "@daily"),
        ("@every 5m", "@every 5m"),
        ("@90", {"every": "90s", "from": "finish"}),
        ("~ 2~4 * * *", "0~59 2~4 * * *"),
        ("5~ ~3,9 * * *", "5~59 0~3,9 * * *"),
        ("0 30 9 * * * 2027", "0 30 9 * * * 2027"),
    ],
)
def test_times_of_other_crons_have_our_words(written: str, schedule: object) -> None:
    assert only(read(f"{written} true\n")).words["schedule"] == schedule


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("@fortnightly x", "cron has no @fortnightly"),
        ("* * * * *", "there is no command"),
        ("* * * * * %in", "there is no command"),
        ("* * * * * Mon-Fri x", "its command would begin with 'Mon-Fri'"),
        ("* * * * * * x", "its command would begin with '*'"),
        ("/***", "this is no entry of a crontab"),
        ("*/@INTERVAL@ * * * * x", "this is no entry of a crontab"),
    ],
)
def test_what_is_no_entry_is_refused(line: str, reason: str) -> None:
    found = read(f"# first\n{line}\n0 0 * * * y\n")

    ((number, told),) = reasons(found)
    assert (number, told.startswith(reason)) == (2, True), told
    assert only(found).line == 3


def test_a_dash_before_an_entry_is_left_out() -> None:
    job = only(read("-*/5 * * * * x\n"))

    assert job.words["schedule"] == "*/5 * * * *"
    assert "no line in cron's log" in job.remarks[0]


# -- % -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("echo", ("echo", None)),
        (r"date +\%F", ("date +%F", None)),
        (r"date +\\%F", (r"date +\\", "F\n")),
        (r"a \x b", (r"a \x b", None)),
        ("cat%", ("cat", "")),
        ("cat%one%two", ("cat", "one\ntwo\n")),
        ("cat%one%%", ("cat", "one\n\n")),
        (r"cat%one\%%two", ("cat", "one%\ntwo\n")),
        (r"cat%a\b", ("cat", "a\\b\n")),
        (r"cat%a\\%b", ("cat", "a\\%b\n")),
        ("cat%a\\", ("cat", "a\\\n")),
    ],
)
def test_percent_signs_are_read_as_cron_does(text: str, parts: tuple[str, str | None]) -> None:
    assert split_percent(text) == parts


def test_what_follows_a_percent_sign_becomes_stdin() -> None:
    job = only(read("0 22 * * * mail -s Hi joe%Joe,%%Where?%\n"))

    assert (job.words["command"], job.words["stdin"]) == ("mail -s Hi joe", "Joe,\n\nWhere?\n")
    assert job.remarks == ("what follows its first bare % is its stdin, as cron has it",)


# -- settings ------------------------------------------------------------------------------------


def test_a_variable_counts_for_the_entries_below_it() -> None:
    found = read("A=1\n* * * * * x\nA=2\nB = 'b c' \n\"C D\"=x\n* * * * * y\n")

    assert [job.words["env"].get("A") for job in found.jobs] == ["1", "2"]
    assert "B" not in found.jobs[0].words["env"]
    assert found.jobs[1].words["env"]["B"] == "b c"
    assert reasons(found) == [(5, "'C D' cannot be the name of a variable here")]


def test_variables_are_not_expanded() -> None:
    assert only(read("P=$HOME/bin\n* * * * * x\n")).words["env"]["P"] == "$HOME/bin"


def test_home_is_where_it_runs() -> None:
    assert only(read("HOME=/srv\n* * * * * x\n")).words["working_dir"] == "/srv"


def test_cron_tz_is_the_zone_of_the_entries_below_it() -> None:
    found = read("0 1 * * * a\nCRON_TZ=Asia/Tokyo\n0 2 * * * b\nCRON_TZ=\n0 3 * * * c\n")

    assert [job.words.get("timezone") for job in found.jobs] == [None, "Asia/Tokyo", None]
    assert [job.meaning.timezone for job in found.jobs] == [
        "Europe/Berlin",
        "Asia/Tokyo",
        "Europe/Berlin",
    ]
    assert any("Debian's cron would not move the times" in note for note in found.notes)


def test_an_unknown_cron_tz_is_utc_and_told() -> None:
    job = only(read("CRON_TZ=Mars/Olympus\n0 2 * * * b\n"))

    assert job.words["timezone"] == "UTC"
    assert "CRON_TZ=Mars/Olympus is no zone" in job.remarks[0]


def test_tz_moves_no_times() -> None:
    found = read("TZ=Asia/Tokyo\n0 2 * * * b\n")

    assert "timezone" not in only(found).words
    assert only(found).words["env"]["TZ"] == "Asia/Tokyo"
    assert any("TZ is for the commands only" in note for note in found.notes)


def test_random_delay_is_a_jitter_in_minutes() -> None:
    found = read("RANDOM_DELAY=45\n0 2 * * * b\nRANDOM_DELAY=soon\n")

    assert only(found).words["jitter"] == "45m"
    assert reasons(found) == [(3, "'soon' is no number of minutes")]


def test_mailto_is_told_and_stays_a_variable() -> None:
    found = read("MAILTO=ops\n0 2 * * * b\n")

    assert only(found).words["env"]["MAILTO"] == "ops"
    assert "line 1: MAILTO=ops: output is kept as history, not mailed" in found.notes


def test_without_mailto_it_is_told_that_nothing_is_mailed() -> None:
    mailing = "cron mails the output of its jobs to their user; here it is kept as history"

    assert mailing in read("0 2 * * * b\n").notes
    assert read("MAILTO=\n0 2 * * * b\n").notes == ()


def test_settings_that_cron_ignores_or_only_mails_need_are_left_out() -> None:
    found = read("USER=you\nMAILFROM=x\nCRONTERM_RUN_ID=7\nMAILTO=\n0 2 * * * b\n")

    assert set(only(found).words["env"]) == {"SHELL", "PATH", "MAILTO"}
    assert [note.split(":")[0] for note in found.notes] == ["line 1", "line 2"]
    assert reasons(found)[0][0] == 3


# -- users ---------------------------------------------------------------------------------------


def test_root_keeps_the_users_of_a_system_crontab() -> None:
    found = read(SYSTEM, ROOT, has_users=True)

    assert [job.words.get("user") for job in found.jobs] == [None, "www-data"]
    assert [job.words["command"] for job in found.jobs] == [
        "cd / && run-parts --report /etc/cron.hourly",
        "test -x /usr/sbin/anacron || ( cd / && run-parts /etc/cron.daily )",
    ]


def test_jobs_of_others_are_held_back_where_one_cannot_become_them() -> None:
    root, www = read(SYSTEM, ME, has_users=True).jobs

    assert root.words["enabled"] is www.words["enabled"] is False
    assert "user" not in www.words
    assert www.remarks == (
        "runs as www-data, which needs root: held back, me would run it otherwise",
    )


def test_a_user_whose_home_is_not_there_runs_in_the_root() -> None:
    here = Surroundings("UTC", "root", True, USERS, frozenset(["www-data"]))
    root, www = read(SYSTEM, here, has_users=True).jobs

    assert (root.words["working_dir"], www.words["working_dir"]) == ("~", "/")
    assert www.remarks == ("the home of www-data is not there: runs in /",)
    own = Surroundings("UTC", "www-data", False, USERS, frozenset(["www-data"]))
    assert only(read("0 1 * * * x\n", own)).words["working_dir"] == "/"
    assert only(read("HOME=/srv\n0 1 * * * x\n", own)).words["working_dir"] == "/srv"


def test_a_user_who_is_not_here_is_told() -> None:
    job = only(read("* * * * * henry x\n", ROOT, has_users=True))

    assert job.words["user"] == "henry"
    assert job.remarks == ("there is no user henry on this machine",)


def test_the_user_column_is_found_by_looking() -> None:
    assert read(SYSTEM, ROOT, has_users=None).notes[0] == (
        "read with a user column, as /etc/crontab has it"
    )
    assert only(read("* * * * * root-check all\n", ROOT, has_users=None)).words["command"] == (
        "root-check all"
    )
    assert read(DEBIAN, ROOT, has_users=None).jobs[0].id == "backup"


def test_a_line_without_a_user_is_refused_where_there_must_be_one() -> None:
    ((number, reason),) = reasons(read("* * * * * /bin/x y\n", has_users=True))

    assert (number, reason) == (
        1,
        "'/bin/x' is no user: the sixth column names one (--no-users reads none)",
    )


def test_somebody_elses_crontab_runs_as_them() -> None:
    job = only(owned(read("0 1 * * * x\n", ROOT), "www-data", ROOT))

    assert job.words["user"] == "www-data"


# -- names and words about jobs ------------------------------------------------------------------


def test_dcrons_id_is_a_name() -> None:
    job = only(read("@daily ID=sys-daily run-cron /etc/cron.daily\n"))

    assert (job.id, job.words["command"]) == ("sys-daily", "run-cron /etc/cron.daily")


@pytest.mark.parametrize(
    "comment",
    [
        "# */5 * * * * old job",
        "# @daily old",
        "#MAILTO=root",
        "# .---------------- minute (0 - 59)",
        "# m h dom mon dow command",
        "# DO NOT EDIT THIS FILE - edit the master and reinstall.",
        "# (ct installed on Sat Nov 21 08:43:00 2026)",
        "# (Cron version -- $Id: crontab.c,v 2.13 1994/01/17 03:20:37 vixie Exp $)",
        "#",
    ],
)
def test_comments_that_say_nothing_about_the_job_are_no_description(comment: str) -> None:
    assert "description" not in only(read(f"{comment}\n0 1 * * * x\n")).words


def test_the_comments_right_above_a_job_describe_it() -> None:
    text = (
        "# about the file\n\n# Ship the database\n#   and the files\n0 1 * * * a\n"
        "# @daily b\n# c\n0 1 * * * d\n"
    )

    assert [job.words["description"] for job in read(text).jobs] == [
        "Ship the database and the files",
        "c",
    ]


def test_a_long_comment_describes_a_job_by_its_last_line() -> None:
    long = "x" * 150

    assert only(read(f"# {long}\n# {long}y\n0 1 * * * a\n")).words["description"] == f"{long}y"
    assert "description" not in only(read(f"# {long}{long}\n0 1 * * * a\n")).words


def test_jobs_of_one_program_are_told_apart_by_their_arguments() -> None:
    found = read("@daily m.py index\n@daily m.py -v prune x\n0 1 * * * e a\n0 2 * * * e a\n")

    assert [job.id for job in found.jobs] == ["m-index", "m-prune", "e", "e"]


# -- the file ------------------------------------------------------------------------------------


def test_crlf_a_byte_order_mark_and_a_missing_line_end_are_told() -> None:
    found = read("\ufeff0 1 * * * a\r\n0 2 * * * b")

    assert [job.words["command"] for job in found.jobs] == ["a", "b"]
    assert [note.split(":")[0] for note in found.notes[:3]] == [
        "its byte order mark is left out",
        "its CRLF line ends are left out",
        "its last line has no line end",
    ]


def test_an_empty_crontab_has_no_lines() -> None:
    assert read("") == Found("tab")


# -- when cron would start it --------------------------------------------------------------------


def test_an_entry_knows_when_cron_would_start_it() -> None:
    meaning = only(read("0 9 * * * x\n")).meaning

    assert meaning.instants is not None
    assert meaning.instants(MORNING, 2) == [MORNING + 86_400_000_000, MORNING + 172_800_000_000]


@pytest.mark.parametrize(
    ("line", "why_not"),
    [
        ("@reboot x", "once per boot: in this one when its engine first starts"),
        ("@every 5m x", "an interval has no instants before it starts"),
        ("@90 x", "an interval has no instants before it starts"),
        ("~ * * * * x", "cron picks its times anew, here they stay"),
        ("0 0 9 * * * 2027 x", "cron would not read it: '0 0 9 * * * 2027' has no five fields"),
    ],
)
def test_an_entry_without_instants_says_why(line: str, why_not: str) -> None:
    meaning = only(read(line + "\n")).meaning

    assert (meaning.instants, meaning.why_not) == (None, why_not)
