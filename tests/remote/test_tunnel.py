"""Tests for the near end of ssh, with a script in its place."""

import os
import re
import sys
from pathlib import Path

import pytest

from cronterm.errors import CrontermError, NoEngine
from cronterm.model.query import ListRuns, ReadState, Runs
from cronterm.model.snapshot import Snapshot
from cronterm.remote.bridge import run_bridge, this_machine
from cronterm.remote.tunnel import Route, Tunnel, options_there

SSH = """\
#!/bin/sh
while [ "$1" != "--" ]; do shift; done
case $2 in
  away) echo "ssh: connect to host away port 22: No route to host" >&2; exit 255 ;;
  bare) echo "sh: 1: cronterm: not found" >&2; exit 127 ;;
  noisy) echo "Last login: today" ;;
esac
exec sh -c "$3"
"""


@pytest.fixture
def route(tmp_path: Path) -> Route:
    """The way to a machine without an engine."""
    ssh = tmp_path / "ssh"
    ssh.write_text(SSH, encoding="utf-8")
    ssh.chmod(0o700)
    (tmp_path / "jobs.yaml").write_text('jobs: {a: {command: "true"}}\n', encoding="utf-8")
    options = options_there(str(tmp_path / "jobs.yaml"), str(tmp_path / "state"))
    return Route("noisy", options, f"{sys.executable} -m cronterm", (str(ssh),))


def test_without_an_engine_there_its_file_and_history_are_asked(route: Route) -> None:
    with Tunnel(route) as tunnel:
        state = tunnel.ask_offline(ReadState())
        with pytest.raises(NoEngine) as refused:
            tunnel.client  # noqa: B018  it raises

        assert tunnel.ask_offline(ListRuns()) == Runs(())
    hint = refused.value.hint
    assert isinstance(state, Snapshot)
    assert [*state.jobs] == ["a"]
    assert str(refused.value).startswith("noisy: no engine runs for ")
    assert re.match(r"start one with `ssh noisy cronterm -f |running: cronterm -H noisy -f ", hint)


@pytest.mark.parametrize(
    ("host", "said"), [("away", "No route to host"), ("bare", "CRONTERM_REMOTE names it")]
)
def test_a_machine_that_cannot_be_reached_says_why(route: Route, host: str, said: str) -> None:
    tunnel = Tunnel(Route(host, route.options, route.program, route.ssh))
    with pytest.raises(NoEngine) as refused, tunnel:
        pass

    assert said in str(refused.value)
    assert str(refused.value).startswith(f"{host}: ")


def test_nobody_is_asked_for_a_password_the_second_time() -> None:
    route = Route("h", ("-f", "a b.yaml"))

    assert "BatchMode=yes" not in route.words(is_first=True)
    assert "BatchMode=yes" in route.words(is_first=False)
    assert route.words(is_first=True)[-2:] == ["h", "cronterm bridge -f 'a b.yaml'"]


def test_the_environment_names_ssh_and_the_program_there() -> None:
    env = {"CRONTERM_SSH": "ssh -F cfg", "CRONTERM_REMOTE": "~/bin/cronterm"}
    words = Route.of("h", (), env, may_ask=False).words(is_first=True)

    assert words[:3] == ["ssh", "-F", "cfg"]
    assert words[-1] == "~/bin/cronterm bridge"


def test_what_ssh_is_given_is_no_option_of_its_own() -> None:
    words = Route("h", ()).words(is_first=True)

    assert words[-3] == "--"


def test_a_bridge_whose_stdin_is_no_pipe_says_so(tmp_path: Path) -> None:
    read, write = (
        os.open(os.devnull, os.O_RDONLY),
        os.open(tmp_path / "out", os.O_CREAT | os.O_WRONLY),
    )
    hello = this_machine("9.9", tmp_path / "jobs.yaml", None)
    try:
        with pytest.raises(CrontermError, match="nothing that can be waited for"):
            run_bridge(
                tmp_path / "sock", hello=hello, ask=lambda query: Runs(()), read=read, write=write
            )
    finally:
        os.close(read)
        os.close(write)
