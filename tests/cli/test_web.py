"""Tests for `cronterm web`."""

import subprocess
import sys
from pathlib import Path

import pytest

from cronterm.cli.base import WebOptions
from tests.cli.desk import Desk


def test_a_tab_is_on_loopback_unless_it_is_said_otherwise(desk: Desk) -> None:
    desk.run("web")
    desk.run("web", "--listen", "localhost", "--port", "0", "--read-only", "--tabs", "2", "--json")
    desk.run("web", "--listen", "::1", "--url", "https://cron.example.com/")

    assert desk.webs == [
        WebOptions("127.0.0.1", 7879, "", read_only=False, tabs=8, as_json=False),
        WebOptions("127.0.0.1", 0, "", read_only=True, tabs=2, as_json=True),
        WebOptions("::1", 7879, "https://cron.example.com", False, 8, as_json=False),
    ]


def test_beyond_loopback_it_has_to_be_said_twice(desk: Desk) -> None:
    refused = desk.run("web", "--listen", "192.0.2.7")
    desk.run("web", "--listen", "192.0.2.7", "--expose")

    assert refused.exit_code == 2
    assert "--expose" in refused.stderr
    assert [each.listen for each in desk.webs] == ["192.0.2.7"]


def test_every_address_has_no_name_of_its_own(desk: Desk) -> None:
    refused = desk.run("web", "--listen", "0.0.0.0", "--expose")
    desk.run("web", "--listen", "0.0.0.0", "--expose", "--url", "http://localhost:7879")

    assert refused.exit_code == 2
    assert "--url" in refused.stderr
    assert [each.url for each in desk.webs] == ["http://localhost:7879"]


@pytest.mark.parametrize(
    "words",
    [
        ("--listen", "example.com"),
        ("--port", "65536"),
        ("--tabs", "0"),
        ("--url", "cron.example.com"),
        ("--url", "https://cron.example.com/path"),
        ("--url", "https://me@cron.example.com"),
        ("--url", "https://cron.example.com:port"),
        ("--url", "ftp://cron.example.com"),
        ("--url", "https://"),
    ],
)
def test_what_is_no_address_is_a_usage_error(desk: Desk, words: tuple[str, ...]) -> None:
    assert desk.run("web", *words).exit_code == 2
    assert desk.webs == []


def test_it_attaches_and_so_needs_an_engine(lonely: Desk) -> None:
    assert lonely.run("web").exit_code == 69
    assert lonely.webs == []


@pytest.mark.parametrize("absent", ["aiohttp", "textual_serve"])
def test_without_the_extra_it_says_how_to_get_it(desk: Desk, absent: str) -> None:
    program = f"import sys; sys.modules[{absent!r}] = None; from cronterm.main import main; main()"
    place = ["-f", str(desk.instance.jobs_file), "--state-dir", str(desk.instance.state_dir)]
    done = subprocess.run(
        [sys.executable, "-c", program, "web", *place],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )

    assert done.returncode == 1
    assert "pip install 'cronterm[web]'" in done.stderr
    assert "Traceback" not in done.stderr
