"""A crontab moves in and runs as under cron, with a real engine; then it moves out again."""

import os
import pwd
from pathlib import Path

import pytest

from tests.journeys.house import house

TAB = r"""
SHELL=/bin/bash
GREETING="hello world"
# Say it at boot
@reboot [[ $SHELL = /bin/bash ]] && echo "$GREETING 100\% in $PWD, $PATH" # greeting
@monthly cat; env | grep -c ENGINE%one%two\%%three
"""


@pytest.mark.timeout(120)
def test_a_crontab_moves_in_and_runs_as_under_cron(tmp_path: Path) -> None:
    (tmp_path / "tab").write_text(TAB, encoding="utf-8")
    with house(tmp_path, "") as home:
        home.jobs_file.unlink()
        done = home.run(
            "import", "crontab", str(tmp_path / "tab"), "--verify", "-o", str(home.jobs_file)
        )
        assert done.returncode == 0, done.stderr
        assert "cat: 50 of 50 instants the same (@monthly)" in done.stderr

        home.start(ENGINE="running", HOME=str(tmp_path))
        home.wait_idle()
        has_home = Path(pwd.getpwuid(os.geteuid()).pw_dir).is_dir()  # else cron runs it in /
        place = tmp_path if has_home else "/"
        assert home.run("logs", "greeting").stdout.endswith(
            f"hello world 100% in {place}, /usr/bin:/bin\n"
        )
        assert home.run("run", "cat", "--wait").returncode == 1  # grep found nothing of the engine
        lines = home.run("logs", "cat").stdout.splitlines()
        assert [line.split()[-1] for line in lines] == ["one", "two%", "three", "0"]

        exported = home.run("export", "--to", "crontab").stdout
        assert "export GREETING='hello world'" in exported
        assert r"100\% in $PWD" in exported
        assert exported.endswith(r"%one%two\%%three" + "\n")
        assert home.stop() == 0
