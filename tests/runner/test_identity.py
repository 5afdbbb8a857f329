"""A process that is somebody else, as the kernel sees it."""

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cronterm.runner.identity import Identity, read_identity
from cronterm.runner.start import Start, StartError, StartSpec, Surroundings, start_all

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may be somebody else")


@pytest.fixture
def surroundings() -> Iterator[Surroundings]:
    """Give what this process is between starts."""
    files, place = resource.getrlimit(resource.RLIMIT_NOFILE), Path.cwd()
    yield Surroundings()
    resource.setrlimit(resource.RLIMIT_NOFILE, files)
    os.chdir(place)


def output_of(command: str, identity: Identity, surroundings: Surroundings) -> str:
    """Start a shell as somebody, wait for it and return what it wrote."""
    read, write = os.pipe2(os.O_CLOEXEC)
    argv = ["/bin/sh", "-c", command]
    spec = StartSpec(argv, {"PATH": "/usr/bin:/bin"}, "/", None, 0o022, identity)
    start = Start(spec, write, os.dup(write))
    start_all([start], surroundings)
    if start.error is not None:
        os.close(read)
        raise start.error
    with os.fdopen(read, encoding="utf-8") as out:
        text = out.read()
    os.waitpid(start.pid, 0)
    return text


@needs_root
def test_it_has_the_groups_it_is_given_and_no_others(surroundings: Surroundings) -> None:
    identity = Identity(uid=65534, gid=65533, groups=(65533, 4, 20))
    out = output_of("id -u; id -g; id -G; grep ^Cap /proc/self/status", identity, surroundings)
    uid, gid, groups, *capabilities = out.splitlines()

    assert (uid, gid, sorted(groups.split())) == ("65534", "65533", ["20", "4", "65533"])
    assert {line.split()[1] for line in capabilities[1:3]} == {"0" * 16}  # permitted, effective


@needs_root
def test_it_cannot_become_root_again(surroundings: Surroundings) -> None:
    identity = Identity(uid=65534, gid=65534, groups=(65534,))
    out = output_of("grep -E '^(Uid|Gid)' /proc/self/status", identity, surroundings)

    assert out.split() == ["Uid:", *["65534"] * 4, "Gid:", *["65534"] * 4]


def test_this_process_is_as_it_was(surroundings: Surroundings) -> None:
    before = (Path.cwd(), os.nice(0), signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    output_of("true", Identity(nice=9, limits=(("open_files", 20),)), surroundings)
    with pytest.raises(StartError, match=r"^limits.open_files 20000000000: "):
        output_of("true", Identity(limits=(("open_files", 20_000_000_000),)), surroundings)

    assert (Path.cwd(), os.nice(0), signal.pthread_sigmask(signal.SIG_BLOCK, ())) == before


def test_a_message_without_such_words_takes_the_fast_way() -> None:
    assert read_identity({"argv": ["true"], "umask": 0o77}) is None
    assert read_identity({"owner": [5, 6, [6, 7]], "nice": 3}) == Identity(5, 6, (6, 7), 3)
