"""Starts processes in a clean room: their surroundings, their descriptors, what may go wrong."""

import errno
import os
import resource
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from cronterm.runner.cgroup import NOWHERE, Cgroup
from cronterm.runner.environment import NONE, Environment
from cronterm.runner.identity import (
    OOM_SCORE_ADJ,
    Exec,
    Identity,
    NotBecome,
    fork_exec,
    read_identity,
)
from cronterm.runner.moment import Moment
from cronterm.runner.spawn import Spawn, make_all

MOST_FILES = 1 << 16


@dataclass(frozen=True)
class StartSpec:
    """What to start."""

    argv: list[str]
    env: Mapping[str, str]
    """Its own variables, which go before the inherited ones."""
    cwd: str
    stdin: str | None
    umask: int
    identity: Identity | None = None
    inherited: Environment = NONE

    @property
    def mark(self) -> str:
        """What its processes are found by."""
        return self.env["CRONTERM_MARK"]

    @property
    def whole_env(self) -> dict[str, str]:
        """All that it will find in its environment."""
        return {**self.inherited.variables, **self.env}


def read_spec(asked: Mapping[str, Any], env: Environment, umask: int, mark: str) -> StartSpec:
    """Return what a `start` message asks for, in an engine's environment and umask."""
    names = asked.get("inherit_env", True)
    secrets = asked.get("secrets") or {}
    own = asked.get("umask")
    return StartSpec(
        asked["argv"],
        {**asked["env"], **secrets, "CRONTERM_MARK": mark},
        asked["cwd"],
        asked["stdin"],
        umask if own is None else own,
        read_identity(asked),
        env if names is True else env.only(names or ()),
    )


class StartError(Exception):
    """A process could not be started; the text names the reason for a person."""


class Surroundings:
    """What a process inherits and `posix_spawn` cannot set: this process takes it on meanwhile.

    Its threads then make processes and do nothing else. The runner itself keeps more descriptors
    than a program may expect to have (select(2) ends at 1,024), and is not to go first when memory
    runs out.
    """

    def __init__(self, oom: str = "/proc/self/oom_score_adj") -> None:
        soft, self._hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._jobs_files = (soft, self._hard)
        self._own_files = (min(self._hard, MOST_FILES), self._hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, self._own_files)
        self._own_umask = os.umask(0o077)
        os.umask(self._own_umask)
        self._oom, self._own_oom = -1, b""
        with suppress(OSError):  # a Python with capabilities may not write it
            self._oom = os.open(oom, os.O_RDWR | os.O_CLOEXEC)
            self._own_oom = os.read(self._oom, 32)

    @property
    def files(self) -> int:
        """How many descriptors the runner may have open."""
        return self._own_files[0]

    @property
    def jobs_files(self) -> tuple[int, int]:
        """The limit of descriptors, soft and hard, that a process starts with."""
        return self._jobs_files

    def enter(self, spec: StartSpec) -> None:
        """Take on what the process is to have. Raises `OSError` for its directory."""
        os.chdir(spec.cwd)
        os.umask(spec.umask)
        resource.setrlimit(resource.RLIMIT_NOFILE, self._jobs_files)
        self._write_oom(OOM_SCORE_ADJ)

    def leave(self) -> None:
        """Be the runner again."""
        self._write_oom(self._own_oom)
        resource.setrlimit(resource.RLIMIT_NOFILE, self._own_files)
        os.umask(self._own_umask)
        os.chdir("/")

    def _write_oom(self, score: bytes) -> None:
        with suppress(OSError):  # a container that forbids it: the default serves
            os.pwrite(self._oom, score, 0)


class Start:
    """A process that is to be, and then its pid or why there is none."""

    def __init__(self, spec: StartSpec, out: int, err: int, cgroup: Cgroup = NOWHERE) -> None:
        """Have descriptors 0 to 2 ready: `out` and `err` are 1 and 2. Raises `StartError`."""
        self.spec = spec
        self.began = Moment.now()
        """Right before it was made."""
        self.pid = 0
        self.error: StartError | None = None
        self._cgroup = cgroup
        self._descriptors = (-1, out, err)
        try:
            self._program = _program(spec)
            self._descriptors = (_stdin(spec.stdin), out, err)
        except (OSError, ValueError) as error:
            raise _start_error(spec, error) from None

    @property
    def is_alone(self) -> bool:
        """It takes a fork, some milliseconds, and is not made together with others."""
        return self.spec.identity is not None or self._cgroup is not NOWHERE

    @property
    def surroundings(self) -> tuple[str, int, bool]:
        """What has to be the same for those that are made together."""
        return self.spec.cwd, self.spec.umask, self.is_alone

    def spawn(self) -> Spawn | None:
        """Return what makes it; None with an `error`."""
        spec = self.spec
        try:
            return Spawn(
                self._program, spec.argv, spec.env, self._descriptors, inherited=spec.inherited
            )
        except ValueError as error:
            self.fail(error)
            return None

    def made(self, spawn: Spawn) -> None:
        """Take in what became of it."""
        self.began, self.pid = spawn.began, spawn.pid
        if spawn.failure:
            self.fail(OSError(spawn.failure, os.strerror(spawn.failure)))

    def fail(self, error: Exception) -> None:
        """There is no process, for this reason."""
        self.error = _start_error(self.spec, error)

    def fork(self, files: tuple[int, int]) -> None:
        """Make it by a fork, with so many files, soft and hard."""
        spec = self.spec
        self.began = Moment.now()
        what = Exec(
            self._program,
            spec.argv,
            spec.whole_env,
            spec.cwd,
            spec.umask,
            files,
            self._descriptors,
        )
        try:
            with self._cgroup.opened() as place:
                self.pid = fork_exec(what, spec.identity or Identity(), place)
        except (OSError, ValueError, NotBecome) as error:
            self.fail(error)

    def close(self) -> None:
        """Close its descriptors here."""
        for descriptor in self._descriptors:
            if descriptor != _nothing():
                os.close(descriptor)


def start_all(starts: Iterable[Start], surroundings: Surroundings) -> None:
    """Make processes; each start has its `pid` or its `error` afterwards, and is closed here."""
    for (_, _, is_alone), group in groupby(starts, lambda start: start.surroundings):
        alike = list(group)
        if is_alone:
            for start in alike:
                start.fork(surroundings.jobs_files)
        else:
            _spawn(alike, surroundings)
        for start in alike:
            start.close()


def _spawn(starts: list[Start], surroundings: Surroundings) -> None:
    spawns = [(start, spawn) for start in starts if (spawn := start.spawn()) is not None]
    try:
        surroundings.enter(starts[0].spec)
        make_all(spawn for _, spawn in spawns)
    except OSError as error:
        for start, _ in spawns:
            start.fail(error)
        return
    finally:
        surroundings.leave()
    for start, spawn in spawns:
        start.made(spawn)


def _program(spec: StartSpec) -> str:
    """Return the path of the program; its own PATH counts, seen from its own directory."""
    name = spec.argv[0]
    if "/" in name:
        return name
    places = spec.whole_env.get("PATH", os.defpath).split(os.pathsep)
    seen = [place if place.startswith("/") else f"{spec.cwd}/{place}" for place in places]
    found = shutil.which(name, path=os.pathsep.join(seen))
    if found is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
    return found


@cache
def _nothing() -> int:
    """Return a descriptor that is at its end, the same for all."""
    return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)


def _stdin(text: str | None) -> int:
    if text is None:
        return _nothing()
    content = text.encode("utf-8", "surrogateescape")
    stdin = os.memfd_create("stdin", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(stdin), "wb") as file:
            file.write(content)
        os.lseek(stdin, 0, os.SEEK_SET)
    except OSError:
        os.close(stdin)
        raise
    return stdin


def _start_error(spec: StartSpec, error: Exception) -> StartError:
    return StartError(_reason(spec, error) if isinstance(error, OSError) else str(error))


def _reason(spec: StartSpec, error: OSError) -> str:
    place = error.filename if error.filename is not None else spec.argv[0]
    if not Path(spec.cwd).is_dir():
        return f"working_dir {spec.cwd} is not a directory"
    codes = {2: "127: not found", 8: "126: not a program", 13: "126: not executable"}
    named = codes.get(error.errno or 0)
    return f"{place}: {named}" if named else f"{place}: {error.strerror or error}"
