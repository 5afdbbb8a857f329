"""`python -P -m cronterm.runner`: hold the jobs of one instance."""

import argparse
import gc
import os
import resource
import shutil
import signal
import sys
from pathlib import Path

from cronterm.runner.attempt import KILL_FOR_S
from cronterm.runner.cgroup import Cgroups, find_delegated
from cronterm.runner.hold import Runner
from cronterm.runner.journal import AttemptId, Entry, Journal, read_journal, take_lock
from cronterm.runner.moment import now_us
from cronterm.runner.place import Place
from cronterm.runner.process import become_subreaper, find_tree, send
from cronterm.runner.protocol import listen


def boot_id() -> str:
    """Return what tells one boot from another; a container restart is a boot."""
    kernel = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    try:
        stat = Path("/proc/1/stat").read_text(encoding="utf-8", errors="replace")
        started = stat.rpartition(")")[2].split()[19]
    except OSError:
        started = "?"
    return f"{kernel}-{started}"


def main() -> int:
    """Run one runner in its directory; return 75 if another has its lock."""
    parser = argparse.ArgumentParser(prog="cronterm.runner")
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--store", required=True)
    parser.add_argument("--linger", type=float, default=60.0)
    parser.add_argument("--version", default="")  # for who looks at the process
    options = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # an engine may have been started without some
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    directory: Path = options.directory
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = take_lock(directory / "lock")
    if lock is None:
        return 75
    become_subreaper()
    boot = boot_id()
    journal = Journal(directory / "journal", read_journal(directory / "journal"))
    cgroups = Cgroups(find_delegated())
    settle(journal, journal.entries, boot, cgroups)
    adopt_siblings(directory, journal, boot, cgroups)
    cgroups.sweep()
    sock = directory / "sock"
    sock.unlink(missing_ok=True)
    place = Place(directory, options.output, options.store, boot, options.linger, cgroups)
    gc.freeze()  # what is loaded stays
    with listen(sock) as listener:
        Runner(place, listener, journal).run()
    journal.close()
    if not journal.entries:
        shutil.rmtree(directory, ignore_errors=True)
    os.close(lock)
    return 0


def adopt_siblings(directory: Path, journal: Journal, boot: str, cgroups: Cgroups) -> None:
    """Take over what runners that died had not told: their ends, and what they left running.

    What cannot be copied for want of space stays where it is, for the next runner.
    """
    for sibling in sorted(directory.parent.iterdir()):
        if sibling == directory or not sibling.is_dir():
            continue
        try:
            lock = take_lock(sibling / "lock")
        except OSError:
            continue
        if lock is None:
            continue
        if settle(journal, read_journal(sibling / "journal"), boot, cgroups):
            shutil.rmtree(sibling, ignore_errors=True)
        os.close(lock)


def settle(journal: Journal, entries: dict[AttemptId, Entry], boot: str, cgroups: Cgroups) -> bool:
    """Give every attempt an end: the one that was journaled, or `lost` after ending survivors.

    Return whether all of it is in the journal's file.
    """
    is_kept = True
    for identity, entry in list(entries.items()):
        end = entry.end
        if end is None:
            is_this_boot = entry.boot == boot
            survivors = end_survivors(entry.mark, cgroups) if is_this_boot else set()
            end = {
                "ended_at": now_us(),
                "lost": "runner_died" if is_this_boot else "reboot",
                "survivors": sorted(survivors),
            }
            if entry.pid is not None:
                end |= {"pid": entry.pid, "started_at": entry.started_at}
        is_kept &= journal.ended(identity, end, entry.output)
    return is_kept


def end_survivors(mark: str, cgroups: Cgroups) -> set[int]:
    """SIGKILL what carries the marker; return what could not be ended."""
    until = now_us() + int(KILL_FOR_S * 1e6)
    cgroups.of(mark).kill()
    while (tree := find_tree(None, mark)) and now_us() < until:
        if send(tree, 9) == tree:
            return tree
    return tree


if __name__ == "__main__":
    sys.exit(main())
