"""What every test relies on: one time zone, signals that are heard, a cheap collector."""

import contextlib
import gc
import importlib
import os
import signal
import sys
import time
from pathlib import Path

import pytest

os.environ["TZ"] = "UTC"
time.tzset()

# What a script starts in the background ignores them, and so would every program of a test.
for ignored in (signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(ignored) is signal.SIG_IGN:
        signal.signal(
            ignored, signal.default_int_handler if ignored == signal.SIGINT else signal.SIG_DFL
        )

# Else every program that a test starts compiles the whole package again: a fifth of its time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


MEMORY = Path("/dev/shm")
ROOM = 4 << 30  # what a run writes is a fraction of it


def _is_fit(place: Path) -> bool:
    """Tell whether programs can be written there and started, and there is room enough."""
    try:
        found = os.statvfs(place)
    except OSError:
        return False
    may_start = not found.f_flag & os.ST_NOEXEC and os.access(place, os.W_OK | os.X_OK)
    return may_start and found.f_bavail * found.f_frsize >= ROOM


# Stores and journals are synced thousands of times: on a disk the tests would wait for that.
if _is_fit(MEMORY):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.fixture(scope="session", autouse=True)
def _no_word_in_this_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have engines with a state directory of their own leave word elsewhere than in this home."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state-home"))


def pytest_collection_finish() -> None:
    """Look for garbage among what tests make, not among their modules: a fifth of all the time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def pytest_collection(session: pytest.Session) -> None:
    """Begin to compile the tests elsewhere than the other workers do, and find theirs done."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    gc.disable()
    number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    count = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    places = [Path(each.partition("::")[0]).resolve() for each in session.config.args]
    files = sorted(file for place in places for file in place.rglob("test_*.py"))
    first = len(files) * number // count
    for file in files[first:] + files[:first]:
        with contextlib.suppress(Exception, pytest.skip.Exception):  # it is told where it counts
            name = file.relative_to(session.config.rootpath).with_suffix("")
            importlib.import_module(".".join(name.parts))
