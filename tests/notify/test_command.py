"""Commands and foreign services: told in environment and stdin, bounded in time."""

import json
from pathlib import Path

import pytest

from cronterm.clock import SECOND
from cronterm.model.notifier import Apprise, Command, Private
from cronterm.notify.base import NotSent
from cronterm.notify.channels import send
from tests.notify.messages import HOSTILE, message, reveal
from tests.notify.sinks import web_sink


def test_a_command_is_told_in_its_environment_and_on_stdin(tmp_path: Path) -> None:
    text = 'cat > stdin; printf "%s\\n" "$CRONTERM_JOB" "$CRONTERM_STATUS" "$CRONTERM_TITLE" > env'
    told = message(title=HOSTILE)

    send(Command(command=text, directory=str(tmp_path)), told, reveal)
    assert (tmp_path / "env").read_text().splitlines() == ["backup", "failure", HOSTILE]
    assert json.loads((tmp_path / "stdin").read_text())["title"] == HOSTILE


def test_a_command_that_is_a_list_runs_without_a_shell(tmp_path: Path) -> None:
    send(Command(command=("touch", "a; b"), directory=str(tmp_path)), message(), reveal)

    assert [path.name for path in tmp_path.iterdir()] == ["a; b"]


def test_a_command_need_not_read_what_it_is_told(tmp_path: Path) -> None:
    told = message(text="x" * 1_000_000)

    send(Command(command="exec <&-; true", directory=str(tmp_path)), told, reveal)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("echo s3cr3t; exit 3", "its command ended with 3"),
        (("/does/not/exist",), "its command ended with 127"),
        ("sleep 60", "its command took longer than 0.2s"),
        ("kill -9 $PPID", "its command did not come to its end"),
    ],
)
def test_a_command_that_fails_is_told_without_its_words(
    tmp_path: Path, command: str | tuple[str, ...], expected: str
) -> None:
    channel = Command(command=command, directory=str(tmp_path), timeout=SECOND // 5)
    with pytest.raises(NotSent) as caught:
        send(channel, message(), reveal)

    assert str(caught.value) == expected


def test_apprise_speaks_to_what_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with web_sink() as sink:
        url = f"json://127.0.0.1:{sink.port}/s3cr3t"
        send(Apprise(urls=(Private(url),)), message(), reveal)

        assert sink.taken[0].json["title"] == "backup failed: exit 1"
        assert sink.taken[0].json["message"].startswith("what: exit 1")
        sink.status = 500
        with pytest.raises(NotSent, match=r"^not every service took it$"):
            send(Apprise(urls=(Private(url),)), message(), reveal)


def test_an_address_that_apprise_does_not_know_is_not_shown() -> None:
    with pytest.raises(NotSent) as caught:
        send(Apprise(urls=(Private("nonsense://s3cr3t"),)), message(), reveal)

    assert str(caught.value) == "apprise does not know 1 of 1 addresses"
