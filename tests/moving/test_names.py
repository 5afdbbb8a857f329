"""Tests for names of jobs that had none."""

import pytest

from cronterm.moving.names import free, longer_name_of, name_of, slug, told_apart


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("/usr/local/bin/backup.sh --all", "backup"),
        ("/usr/bin/x # nightly-backup", "nightly-backup"),
        ("cd /srv/app && bin/rake jobs", "rake"),
        (
            "test -x /usr/sbin/anacron || ( cd / && run-parts --report /etc/cron.daily )",
            "cron.daily",
        ),
        ("[[ -e x ]] && echo", "echo"),
        ("A=1 B='2 3' nice -n 10 /opt/report.py", "report"),
        ("/usr/bin/env python3 -u /opt/report.py", "report"),
        ("flock -n /tmp/lock php artisan", "artisan"),
        ("timeout 60 curl -s http://x", "curl"),
        ("docker exec db dump", "db"),
        ("echo hello", "echo"),
        ('[[ $S ]] && echo "a; ${B} | c"', "echo"),
        ("cd / && bash -c 'x && y; z'", "x-y-z"),
        ("bash", "bash"),
        ('echo "unclosed', "echo"),
        ("2024", "job-2024"),
        ("äöü", "job"),
        ("true", "true"),
    ],
)
def test_a_command_suggests_a_name(command: str, name: str) -> None:
    assert name_of(command) == name


def test_a_name_is_an_id() -> None:
    assert slug("../../etc/passwd x") == "etc-passwd-x"
    assert slug("a" * 100) == "a" * 64
    assert slug("7") == "job-7"


def test_a_taken_name_gets_a_number() -> None:
    assert free("x", {"y"}) == "x"
    assert free("Backup", {"backup", "backup-2"}) == "Backup-3"
    assert free("a" * 64, {"a" * 64}) == "a" * 62 + "-2"


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("./manage.py update_index", "manage-update_index"),
        ("./manage.py -v 2 spark x", "manage-spark"),
        ("cd /srv && ./manage.py", "manage"),
        ("flock -n /run/lock /opt/dump.sh full >> /var/log/x 2>&1", "dump-full"),
        ("echo 'two words' three", "echo-three"),
        ("x y # nightly", "nightly"),
        ("sh /opt/a.sh srv/b.py", "a-b"),
    ],
)
def test_an_argument_says_more(command: str, name: str) -> None:
    assert longer_name_of(command) == name


def test_names_that_stand_twice_are_told_apart_where_that_is_enough() -> None:
    names = ["a", "m", "M", "e", "e"]

    assert told_apart(names, ["a-1", "m-1", "M-2", "e-1", "e-1"]) == ["a", "m-1", "M-2", "e", "e"]
