"""`settings.api` and the file of tokens: what they may say, and what is said about the rest."""

import os
import socket
from pathlib import Path

import pytest

from cronterm.config.load import Loaded, load_text
from cronterm.config.tokens import find_token, read_tokens
from cronterm.errors import BadInput
from cronterm.model.api import Api, Listener

TOKEN = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    """Write a file with these rights."""
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def read(directory: Path, api: str) -> Loaded:
    """Read a jobs file in `directory` whose settings.api says this."""
    text = f"settings:\n  api: {api}\njobs: {{}}\n"
    return load_text(text, path=directory / "jobs.yaml", local_timezone="UTC")


def problem(directory: Path, api: str) -> str:
    """Return the one problem of it, without the directory."""
    found = [str(each) for each in read(directory, api).problems]
    assert len(found) == 1, found
    return found[0].replace(f"{directory}/", "")


def test_a_listener_has_an_address_and_a_token_file(tmp_path: Path) -> None:
    write(tmp_path / "token", TOKEN)
    loaded = read(
        tmp_path,
        '{listen: ["http://127.0.0.1:7878", "http://[::1]:7878/"], token_file: token,'
        " hosts: Cron.example.com, metrics: true, stats_file: stats.json}",
    )

    assert loaded.problems == ()
    assert loaded.warnings == ()
    assert loaded.settings.api == Api(
        listen=(Listener("127.0.0.1", 7878), Listener("::1", 7878)),
        token_file=str(tmp_path / "token"),
        hosts=("cron.example.com",),
        metrics=True,
        stats_file=str(tmp_path / "stats.json"),
    )
    assert [each.url for each in loaded.settings.api.listen] == [
        "http://127.0.0.1:7878",
        "http://[::1]:7878",
    ]


def test_localhost_is_the_loopback_address(tmp_path: Path) -> None:
    write(tmp_path / "token", TOKEN)
    loaded = read(tmp_path, '{listen: "http://localhost:80", token_file: token}')

    assert loaded.settings.api.listen == (Listener("127.0.0.1", 80),)


def test_without_a_listener_nothing_else_is_needed(tmp_path: Path) -> None:
    assert read(tmp_path, "{}").settings.api == Api()


def test_beyond_loopback_is_said_twice_and_warned_of(tmp_path: Path) -> None:
    write(tmp_path / "token", TOKEN)
    said_once = '{listen: "http://0.0.0.0:7878", token_file: token}'
    loaded = read(tmp_path, said_once.replace("{", "{expose: true, "))

    assert "can be reached from other machines (say `expose: true` as well" in problem(
        tmp_path, said_once
    )
    assert loaded.problems == ()
    assert "carries the token in clear text" in str(loaded.warnings[0])


BAD = {
    '{listen: "http://127.0.0.1:7878"}': "jobs.yaml:2:9: nobody is let in without a token",
    '{listen: "https://127.0.0.1:7878", token_file: token}': "TLS is not spoken here",
    '{listen: "127.0.0.1:7878", token_file: token}': "is not an address (http://127.0.0.1:7878)",
    '{listen: "http://127.0.0.1", token_file: token}': "is not an address",
    '{listen: "http://127.0.0.1:0", token_file: token}': "is not an address",
    '{listen: "http://127.0.0.1:77777", token_file: token}': "is not an address",
    '{listen: "http://127.0.0.1:80/x", token_file: token}': "is not an address",
    '{listen: "http://me@127.0.0.1:80", token_file: token}': "is not an address",
    '{listen: "http://[::1:80", token_file: token}': "is not an address",
    '{listen: "http://[fe80::1%eth0]:80", token_file: token}': "has a zone",
    '{listen: "http://example.com:80", token_file: token}': "'example.com' is a name",
    "{listen: 7878, token_file: token}": "7878 is not a text",
    '{listen: ["http://[::1]:1", "http://[::1]:1"], token_file: token}': "each once",
    "{hosts: 'a b'}": "is not the name of a host",
    "{hosts: 'http://a'}": "is not the name of a host",
    "{metrics: 1}": "is not true or false",
    "{tokenfile: token}": "did you mean token_file?",
    "{stats_file: ''}": "the path is empty",
}


@pytest.mark.parametrize("api", BAD)
def test_what_cannot_be_is_refused_at_its_place(tmp_path: Path, api: str) -> None:
    write(tmp_path / "token", TOKEN)

    found = problem(tmp_path, api)

    assert BAD[api] in found
    assert found.startswith("jobs.yaml:2:")


BAD_FILES = {
    "": "holds no token (umask 077; head -c 32",
    "\n# a comment\n": "holds no token",
    "short": "a token has 32 to 256",
    f"{TOKEN}{'x' * 256}": "a token has 32 to 256",
    f"{TOKEN}!": "a token has 32 to 256",
    f"admin {TOKEN}": "not a token (a line is: [read|operate [NAME]] TOKEN)",
    f"read a b {TOKEN}": "not a token",
    f"read a/b {TOKEN}": "a name has letters",
    f"{TOKEN}\nread {TOKEN}": "holds a token twice",
    f"{TOKEN}é": "holds something else than tokens",
    "\n".join(f"{n:032}" for n in range(101)): "more than 100 tokens",
    "x" * 70_000: "too large for a file of tokens",
}


@pytest.mark.parametrize("text", BAD_FILES, ids=lambda text: str(text)[:20])
def test_a_file_without_good_tokens_keeps_the_api_from_being_served(
    tmp_path: Path, text: str
) -> None:
    write(tmp_path / "token", text)

    assert BAD_FILES[text] in problem(tmp_path, "{token_file: token}")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o777])
def test_a_token_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    write(tmp_path / "token", TOKEN, mode)

    assert "others may read token (chmod 600 token)" in problem(tmp_path, "{token_file: token}")


def test_a_token_file_must_be_a_file_of_ours(tmp_path: Path) -> None:
    token = write(tmp_path / "token", TOKEN)
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "fifo", 0o600)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "socket"))

    assert "belongs to somebody else" in _refused(token, uid=os.geteuid() + 1)
    assert "No such file" in _refused(tmp_path / "nothing")
    for name in ("directory", "fifo"):
        assert "is not a file" in _refused(tmp_path / name)
    assert "No such device" in _refused(tmp_path / "socket")


def _refused(path: Path, uid: int | None = None) -> str:
    with pytest.raises(BadInput) as refused:
        read_tokens(path, os.geteuid() if uid is None else uid)
    return str(refused.value)


def test_a_token_has_a_scope_and_a_name(tmp_path: Path) -> None:
    path = write(tmp_path / "t", f"{TOKEN}\nread  grafana {OTHER}\noperate {TOKEN}x\n")
    tokens = read_tokens(path, os.geteuid())

    assert [(token.scope, token.name) for token in tokens] == [
        ("operate", "operate"),
        ("read", "grafana"),
        ("operate", "operate"),
    ]
    assert find_token(tokens, OTHER) == tokens[1]
    assert find_token(tokens, OTHER[:-1]) is None
    assert find_token(tokens, "") is None
    assert TOKEN not in repr(tokens), "what could be shown is its digest"
