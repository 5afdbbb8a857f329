"""An instance: one jobs file, one state directory, one engine.

The name of an instance comes from the place of its jobs file, not from what the file links to:
a ConfigMap swaps the link (CONTRACTS 1). State, lock and socket lie in one private directory.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shlex
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_config_path, user_state_path

from cronterm.clock import SystemClock, rfc3339
from cronterm.errors import AlreadyRunning, CrontermError, NoEngine
from cronterm.version import VERSION

FILE_ENV = "CRONTERM_FILE"
STATE_ENV = "CRONTERM_STATE_DIR"
CLAIM = "instance.json"
ELSEWHERE = "elsewhere"
"""Where in the usual place an engine leaves word whose state is in another."""
LOCK_PATIENCE_S = 0.25  # whoever asks `is_held` holds the lock for microseconds


@dataclass(frozen=True)
class Instance:
    """Where everything of one instance lies. Nothing is created before `prepare`."""

    jobs_file: Path
    """Absolute; its parent resolved, its own link not followed."""
    state_dir: Path

    @property
    def lock_file(self) -> Path:
        """Holds the flock; its JSON only informs."""
        return self.state_dir / "engine.lock"

    @property
    def socket(self) -> Path:
        """The door."""
        return self.state_dir / "api.sock"

    @property
    def log_file(self) -> Path:
        """The log of an engine that a screen started."""
        return self.state_dir / "cronterm.log"

    @property
    def cache_dir(self) -> Path:
        """What can be made again."""
        return self.state_dir / "cache"

    def output_dir(self, store: str) -> Path:
        """Output files of a store's runs."""
        return self.state_dir / "output" / store

    def prepare(self) -> None:
        """Create the private directories and claim them for this jobs file.

        Raises `CrontermError` when they cannot be had, `AlreadyRunning` when the state directory
        belongs to another jobs file.
        """
        _make_private(self.state_dir)
        self.check()
        _make_private(self.cache_dir)
        claim = self.state_dir / CLAIM
        if _read_json(claim).get("jobs_file") is None:
            write_private(claim, {"jobs_file": str(self.jobs_file)})

    def check(self) -> None:
        """Raise `AlreadyRunning` if the state directory belongs to another jobs file."""
        known = _read_json(self.state_dir / CLAIM).get("jobs_file")
        if known not in (None, str(self.jobs_file)):
            raise AlreadyRunning(
                f"{self.state_dir} belongs to {known}", "use another --state-dir for this file"
            )

    def check_alone(self) -> None:
        """Raise `AlreadyRunning` in the usual place if an engine of this file runs elsewhere.

        Two would run each job twice. Whoever names another place for the state means it.
        """
        if others := self.elsewhere():
            state = others[0].state_dir
            raise AlreadyRunning(
                f"an engine of {self.jobs_file} runs already, its state is in {state}",
                f"attach to it with `{reached_by(others[0])}`",
            )

    @contextlib.contextmanager
    def acquire_lock(self) -> Iterator[None]:
        """Hold the instance while the block runs. Raises `AlreadyRunning`, naming the holder."""
        self.check_alone()
        self.prepare()
        lock = _open_private(self.lock_file)
        try:
            if not _take(lock):
                holder = self.holder()
                raise AlreadyRunning(
                    f"an engine of {self.jobs_file} runs already, pid {holder.get('pid', '?')}"
                    f" since {holder.get('since', '?')}",
                    "attach to it with `cronterm`, or end it with `cronterm down`",
                )
            self.check()  # two files may have claimed the directory at once
            os.ftruncate(lock, 0)
            os.pwrite(lock, json.dumps(_about_this_process()).encode(), 0)
            with self._told_in_the_usual_place():
                yield
        finally:
            os.close(lock)

    @contextlib.contextmanager
    def _told_in_the_usual_place(self) -> Iterator[None]:
        """Leave word there while the block runs, where the state is in another and as one can."""
        note = None
        if not self.is_usual:
            with contextlib.suppress(CrontermError):
                note = state_root() / ELSEWHERE / f"{_digest(self.state_dir)}.json"
                _make_private(note.parent)
                about = {"jobs_file": str(self.jobs_file), "state_dir": str(self.state_dir)}
                write_private(note, about)
        try:
            yield
        finally:
            if note is not None:
                with contextlib.suppress(OSError):
                    note.unlink()

    def elsewhere(self) -> "list[Instance]":
        """Return those of this jobs file that run, of an instance in the usual place."""
        if not self.is_usual:
            return []
        found = []
        with contextlib.suppress(CrontermError, OSError):
            for note in sorted((state_root() / ELSEWHERE).glob("*.json")):
                told = _read_json(note)
                if told.get("jobs_file") == str(self.jobs_file):
                    found.append(Instance(self.jobs_file, Path(str(told.get("state_dir")))))
        return [each for each in found if each.is_held()]

    @property
    def is_usual(self) -> bool:
        """The state is in the usual place."""
        try:
            return self.state_dir == _usual_state_dir(self.jobs_file)
        except CrontermError:
            return False

    def is_known(self) -> bool:
        """Tell whether there is anything to read without an engine: the file, or state."""
        return _exists(self.jobs_file) or _exists(self.state_dir)

    def holder(self) -> dict[str, Any]:
        """Return what the lock file tells of its holder."""
        return _read_json(self.lock_file)

    def is_held(self) -> bool:
        """Tell whether an engine holds the lock, without taking it for more than a moment."""
        try:
            lock = os.open(self.lock_file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False


def _take(lock: int) -> bool:
    """Take the lock, unless another engine holds it for longer than a question needs."""
    end = time.monotonic() + LOCK_PATIENCE_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        else:
            return True


def _about_this_process() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "host": platform.node(),
        "version": VERSION,
        "since": rfc3339(SystemClock().now().utc // 1_000_000 * 1_000_000),
    }


def _make_private(directory: Path) -> None:
    """Create a directory that only this user can enter. Raises `CrontermError`.

    One that is there is made private if it is empty or ours already: `--state-dir /tmp` must not
    lock everybody out of it.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        link, about = directory.lstat(), directory.stat()
        if not {link.st_uid, about.st_uid} <= {os.geteuid()}:
            raise CrontermError(f"{directory} is not yours", "use another --state-dir")
        if stat.S_IMODE(about.st_mode) & 0o077:
            names = {entry.name for entry in directory.iterdir()}
            if names and CLAIM not in names:
                raise CrontermError(
                    f"others may enter {directory}, and it holds something else",
                    "name a directory of its own with --state-dir",
                )
            directory.chmod(0o700)
    except OSError as error:
        raise _no_place(directory, error) from None


def _no_place(path: Path, error: OSError) -> CrontermError:
    return CrontermError(f"{path}: {error.strerror}", "name a place for state with --state-dir")


def _open_private(path: Path) -> int:
    """Return a descriptor of a file of ours. Raises `CrontermError`."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags, 0o600)
    except OSError as error:
        raise _no_place(path, error) from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """Write a small JSON file of this user, whole or not at all. Raises `CrontermError`."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        with os.fdopen(os.open(beside, flags, 0o600), "w", encoding="utf-8") as file:
            json.dump(content, file)
        beside.replace(path)
    except OSError as error:
        raise _no_place(path, error) from None


def find_instance(jobs_file: str | None, state_dir: str | None) -> Instance:
    """Return the instance that the options, the environment and the usual places mean.

    The jobs file need not exist when it is named; unnamed, the first that exists counts, and
    `./jobs.yaml` where none does. Raises `CrontermError` where there is no place for either.
    """
    path = _absolute(Path(jobs_file) if jobs_file else _usual_file())
    chosen = state_dir or os.environ.get(STATE_ENV)
    if not chosen:
        return Instance(path, state_root() / instance_name(path))
    state = Path(chosen)
    return Instance(path, _absolute(state) if state.name else _resolved(state))


def instance_name(path: Path) -> str:
    """Return `<stem>-<8 hex of the sha256 of its path>`."""
    return f"{path.stem}-{_digest(path)}"


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]


def _absolute(path: Path) -> Path:
    """Return `path` with its parent resolved; its own link is not followed."""
    if path.name in ("", ".."):
        return _resolved(path)
    return _readable(_resolved(path.parent) / path.name)


def _resolved(path: Path) -> Path:
    try:
        return _readable(Path(os.path.realpath(path.expanduser())))
    except (OSError, RuntimeError):  # the current directory was removed; ~nobody
        raise CrontermError(f"there is no directory {path}", "name it with its full path") from None


def _readable(path: Path) -> Path:
    """Return a path that JSON, the history and screens can name."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        shown = str(path).encode("utf-8", "backslashreplace").decode()
        raise CrontermError(f"{shown}: the name is not UTF-8", "give it another name") from None
    return path


def _usual_file() -> Path:
    if named := os.environ.get(FILE_ENV):
        return Path(named)
    home = os.path.expanduser("~")  # noqa: PTH111  a user may have none: not an error here
    usual = (
        Path("jobs.yaml"),
        Path(home, ".config", "cronterm", "jobs.yaml"),
        Path("/etc/cronterm/jobs.yaml"),
    )
    found = (path for path in usual if _exists(path) or (path == usual[-1] and _has_folder(path)))
    return next(found, usual[0])


def _has_folder(path: Path) -> bool:
    """Tell whether the directory is there that is read with the system's jobs file."""
    return _exists(path.with_name("jobs.d"))


def _exists(path: Path) -> bool:
    """Tell whether there is a file; in a directory that may not be entered there is none."""
    return os.path.exists(path)  # noqa: PTH110  Path.exists raises PermissionError before 3.12


def state_root() -> Path:
    """Return where instances keep their state. Raises `CrontermError` without a home."""
    try:
        root = user_state_path("cronterm")
    except RuntimeError:
        root = Path("~")
    if not root.is_absolute():
        raise CrontermError(
            "there is no home directory to keep state in", "name a place with --state-dir"
        )
    return root


def screen_file() -> Path | None:
    """Return where a person says how their screen shall be; None without a home."""
    try:
        path = user_config_path("cronterm") / "screen.yaml"
    except RuntimeError:
        return None
    return path if path.is_absolute() else None


def running_instances() -> list[Instance]:
    """Return this user's instances whose engine runs, of those in the usual place."""
    try:
        places = sorted(state_root().iterdir())
    except (OSError, CrontermError):
        return []
    found = []
    for place in places:
        jobs_file = _read_json(place / CLAIM).get("jobs_file")
        if isinstance(jobs_file, str):
            instance = Instance(Path(jobs_file), place)
            if instance.is_held():
                found.append(instance)
    return found


def no_engine(instance: Instance) -> NoEngine:
    """Return the error that says what does not run, and what does."""
    what = f"no engine runs for {instance.jobs_file}"
    if not _exists(instance.jobs_file):
        what += ", and the file does not exist"
    if not instance.is_usual:
        what += f" with the state in {instance.state_dir}"
    others = [reached_by(other) for other in (*instance.elsewhere(), *running_instances())]
    if not others:
        return NoEngine(what, f"start one with `{reached_by(instance)} --headless`")
    return NoEngine(what, f"running: {', '.join(others)}")


def reached_by(instance: Instance) -> str:
    """Return the command that reaches a running engine."""
    words = ["cronterm", "-f", str(instance.jobs_file)]
    if not instance.is_usual:
        words += ["--state-dir", str(instance.state_dir)]
    return shlex.join(words)


def _usual_state_dir(jobs_file: Path) -> Path:
    return state_root() / instance_name(jobs_file)
