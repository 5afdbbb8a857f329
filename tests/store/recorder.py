"""Records runs in a process of its own: `python -m tests.store.recorder DIRECTORY WORK`."""

import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from cronterm.clock import MINUTE
from cronterm.model.event import AnyEvent
from cronterm.store.base import StoreFailing
from cronterm.store.sqlite import SqliteStore, open_store
from tests.store.facts import NOON, added, whole_run

NOISE = bytes(range(256)) * 8


def record_until_killed(directory: Path) -> None:
    """Record batches of five runs and print the number of the last one after each commit."""
    with open_store(directory, now=NOON) as store:
        if not store.memory(now=NOON).jobs:
            store.record([added()])
        while True:
            print(_record_five(store), store.last_n, flush=True)


def _record_five(store: SqliteStore) -> int:
    first = store.memory(now=NOON).next_run
    events: list[AnyEvent] = []
    for run in range(first, first + 5):
        events += whole_run(run)
    store.record(events, outputs={(first, 1): NOISE})
    return first + 4


def record_on_full_disk(directory: Path) -> None:
    """Fill the file system of `directory`, then make space."""
    ballast = directory / "ballast"
    ballast.write_bytes(bytes(200_000))
    _record_until_full(directory, make_space=ballast.unlink)


def record_up_to_limit(directory: Path) -> None:
    """Reach the largest size a file may have, then lift the limit."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    _record_until_full(
        directory, make_space=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    )


def _record_until_full(directory: Path, *, make_space: Callable[[], None]) -> None:
    """Record until there is no space, make space, and go on; prints `ok` when all is consistent."""
    with open_store(directory, now=NOON) as store:
        store.record([added()])
        last = 0
        try:
            while last < 100_000:
                last = _record_five(store)
        except StoreFailing as error:
            print(error)
        before = store.last_n
        make_space()
        again = _record_five(store)
        recent, totals = store.views(["backup"])["backup"]
        assert again == last + 5, (again, last)
        assert store.last_n == before + 25
        assert totals.runs == again
        assert recent[-1].run == again
        assert store.memory(now=NOON).jobs[0].counts_from == NOON + again * MINUTE
    print("ok")


if __name__ == "__main__":
    work = {"until-killed": record_until_killed, "full": record_on_full_disk}
    work["limit"] = record_up_to_limit
    work[sys.argv[2]](Path(sys.argv[1]))
