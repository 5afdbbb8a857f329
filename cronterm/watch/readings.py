"""What polled triggers look at: disks, attributes of files, variables, measures of the machine."""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Protocol

import psutil

from cronterm.clock import SECOND
from cronterm.model.trigger import (
    Attribute,
    Measure,
    OnAttribute,
    OnDisk,
    OnEnv,
    OnMetric,
    Polled,
    Room,
    Signal,
    trigger_name,
)
from cronterm.watch.edges import BACK, Edge, Sustained
from cronterm.watch.event_files import printable

MOST_MISSED = 3  # looks: after a longer gap (suspend) a measure has to last anew
LARGEST_ENV_FILE = 1 << 20  # bytes

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")


class Reading(Protocol):
    """One polled trigger."""

    def look(self, now: float) -> Signal | None:
        """Look now (in seconds) and return what came true. Raises OSError where it cannot."""


def reading_of(
    trigger: Polled,
    *,
    environ: Mapping[str, str],
    known: MutableMapping[str, str],
    measure: Callable[[Measure], float | None],
) -> Reading:
    """Return what looks for a trigger.

    `known` has digests of the engine's variables as an engine before saw them, and takes new ones.
    """
    match trigger:
        case OnDisk():
            return DiskReading(trigger)
        case OnAttribute():
            return AttributeReading(trigger)
        case OnEnv():
            return EnvReading(trigger, environ, known)
        case OnMetric():
            return MetricReading(trigger, measure)


class DiskReading:
    """How much room a file system has."""

    def __init__(self, trigger: OnDisk) -> None:
        self._trigger = trigger
        self._edge = Edge()

    def look(self, now: float) -> Signal | None:
        """Return a signal when room gets short; it has to be a tenth more before it may again."""
        usage = psutil.disk_usage(self._trigger.path)
        size = usage.used + usage.free  # what root keeps for itself counts for neither, as in df
        limit = self._limit(size)
        is_short = usage.free < limit
        if not self._edge.look(is_in_trouble=is_short, is_back=usage.free >= limit * (1 + BACK)):
            return None
        used = 100 * usage.used / size if size else 100.0
        path = self._trigger.path
        return Signal(
            kind="disk",
            trigger=trigger_name(self._trigger),
            text=f"{used:.1f}% of {printable(path, 120)} is used",
            values={
                "PATH": os.fsencode(path),
                "FREE_BYTES": str(usage.free).encode(),
                "USED_PERCENT": f"{used:.1f}".encode(),
            },
        )

    def _limit(self, size: int) -> float:
        """Return how many bytes have to be free."""
        if self._trigger.free_below is not None:
            return _bytes(self._trigger.free_below, size)
        assert self._trigger.used_above is not None
        return size - _bytes(self._trigger.used_above, size)


def _bytes(room: Room, size: int) -> float:
    return float(room.bytes or 0) if room.ratio is None else room.ratio * size


class AttributeReading:
    """What a file is like, its content aside."""

    def __init__(self, trigger: OnAttribute) -> None:
        self._trigger = trigger
        self._seen: dict[Attribute, object] | None = None
        self._has_looked = False

    def look(self, now: float) -> Signal | None:
        """Return a signal when an attribute differs from the look before; the first finds none."""
        before, had_looked = self._seen, self._has_looked
        self._seen, self._has_looked = self._attributes(), True
        if not had_looked or self._seen == before:
            return None
        path = self._trigger.path
        changed = [
            name
            for name in self._trigger.of
            if before is None or self._seen is None or before[name] != self._seen[name]
        ]
        how = "changed" if before is not None else "is there"
        how = "is gone" if self._seen is None else how
        what = f"{', '.join(changed)} of " if how == "changed" else ""
        return Signal(
            kind="attribute",
            trigger=trigger_name(self._trigger),
            text=f"{what}{printable(path, 140)} {how}",
            values={"PATH": os.fsencode(path), "CHANGED": " ".join(changed).encode()},
        )

    def _attributes(self) -> dict[Attribute, object] | None:
        try:
            about = Path(self._trigger.path).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        found: dict[Attribute, object] = {
            "mtime": about.st_mtime_ns,
            "mode": stat.S_IMODE(about.st_mode),
            "owner": (about.st_uid, about.st_gid),
            "size": about.st_size,
        }
        return {name: found[name] for name in self._trigger.of}


class EnvReading:
    """What a variable is; its value is neither kept nor passed on."""

    def __init__(
        self, trigger: OnEnv, environ: Mapping[str, str], known: MutableMapping[str, str]
    ) -> None:
        self._trigger = trigger
        self._environ = environ
        self._known = known
        self._seen: str | None = known.get(trigger.name) if trigger.file is None else None
        self._has_looked = self._seen is not None

    def look(self, now: float) -> Signal | None:
        """Return a signal when it differs from the look before, of the engine from its last run."""
        trigger, before, had_looked = self._trigger, self._seen, self._has_looked
        value = self._value()
        self._seen, self._has_looked = _digest(value), True
        if trigger.file is None:
            self._known[trigger.name] = self._seen
        if not had_looked or self._seen == before:
            return None
        how = "set" if before == _digest(None) else "changed"
        how = "unset" if value is None else how
        place = f" in {printable(trigger.file, 100)}" if trigger.file is not None else ""
        values = {"NAME": trigger.name.encode(), "CHANGED": how.encode()}
        if trigger.file is not None:
            values["PATH"] = os.fsencode(trigger.file)
        return Signal(
            kind="env",
            trigger=trigger_name(trigger),
            text=f"{printable(trigger.name, 60)}{place} is {how}",
            values=values,
        )

    def _value(self) -> str | None:
        if self._trigger.file is None:
            return self._environ.get(self._trigger.name)
        try:
            # Without O_NONBLOCK, opening a FIFO would wait for a writer.
            file = os.open(self._trigger.file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise OSError(errno.EINVAL, "it is not a regular file", self._trigger.file)
            text = os.read(file, LARGEST_ENV_FILE).decode("utf-8", "replace")
        finally:
            os.close(file)
        value: str | None = None
        for line in text.splitlines():
            found = _ASSIGNMENT.fullmatch(line)
            if found is not None and found[1] == self._trigger.name:
                value = found[2]
        return value


def _digest(value: str | None) -> str:
    """Return what tells values apart without telling them."""
    if value is None:
        return ""
    return hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()


class MetricReading:
    """How busy the machine is."""

    def __init__(self, trigger: OnMetric, measure: Callable[[Measure], float | None]) -> None:
        self._trigger = trigger
        self._measure = measure
        hold_s, every_s = trigger.hold / SECOND, trigger.every / SECOND
        self._edge = Sustained(trigger.above, hold_s=hold_s, gap_s=MOST_MISSED * every_s)

    def look(self, now: float) -> Signal | None:
        """Return a signal when the measure has been above its limit for long enough."""
        value = self._measure(self._trigger.measure)
        if value is None or not self._edge.look(value, now):
            return None
        measure = self._trigger.measure
        unit = "" if measure == "load" else "%"
        held = self._trigger.hold // SECOND
        lasting = f" for {held}s" if held else ""
        return Signal(
            kind="metric",
            trigger=trigger_name(self._trigger),
            text=f"{measure} at {value:.1f}{unit}, above {self._trigger.above:g}{unit}{lasting}",
            values={"METRIC": measure.encode(), "VALUE": f"{value:.1f}".encode()},
        )


class Machine:
    """Reads the measures of this machine. The use of the CPU is that since the reading before."""

    def __init__(self) -> None:
        self._cpu: tuple[float, float] | None = None

    def measure(self, measure: Measure) -> float | None:
        """Return a measure in percent, the load as it is; None before there are two readings."""
        match measure:
            case "cpu":
                return self._cpu_percent()
            case "memory":
                return float(psutil.virtual_memory().percent)
            case "swap":
                return float(psutil.swap_memory().percent)
            case "load":
                return os.getloadavg()[0]

    def _cpu_percent(self) -> float | None:
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        # Guests are counted within user and nice already.
        guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
        total = sum(times) - guests
        before, self._cpu = self._cpu, (total, idle)
        if before is None or total <= before[0]:
            return None
        return max(100 * (1 - (idle - before[1]) / (total - before[0])), 0.0)
