"""Looks whether the facts hold that a condition names; its command is not run here."""

import os
from pathlib import Path

from cronterm.model.gates import Condition, DiskFree

POWER = Path("/sys/class/power_supply")


def has_facts(condition: Condition) -> bool:
    """Tell whether a condition names anything but a command."""
    given = (condition.load_below, condition.disk_free, condition.on_ac, condition.path_exists)
    return any(each is not None and each != () for each in given)


def unmet_facts(condition: Condition, *, power: Path = POWER) -> str:
    """Say which fact does not hold, with what is so instead; empty when all hold.

    May take as long as a file system takes to answer.
    """
    for path in condition.path_exists:
        if not os.path.lexists(path):
            return f"{path} does not exist"
    if condition.disk_free is not None:
        missing = _missing_space(condition.disk_free)
        if missing:
            return missing
    if condition.load_below is not None:
        load = os.getloadavg()[0]
        if load >= condition.load_below:
            return f"the load is {load:.2f}, not below {condition.load_below:g}"
    if condition.on_ac is not None and condition.on_ac != is_on_ac(power):
        return "the machine runs on battery" if condition.on_ac else "the machine runs on mains"
    return ""


def _missing_space(wanted: DiskFree) -> str:
    try:
        disk = os.statvfs(wanted.path)
    except OSError as error:
        return f"{wanted.path}: {error.strerror}"
    free, whole = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    if wanted.ratio and free <= wanted.ratio * whole:
        ratio = free / whole if whole else 0.0
        return f"{wanted.path} has {ratio:.1%} free, not above {wanted.ratio:.0%}"
    if free <= wanted.above and not wanted.ratio:
        return f"{wanted.path} has {_shown(free)} free, not above {_shown(wanted.above)}"
    return ""


def _shown(size: int) -> str:
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"


def is_on_ac(power: Path = POWER) -> bool:
    """Tell whether the machine has mains power; one without a battery always has."""
    is_discharging = False
    for supply in sorted(power.glob("*")):
        kind = _line(supply / "type")
        if kind == "Mains" and _line(supply / "online") == "1":
            return True
        is_discharging |= kind == "Battery" and _line(supply / "status") == "Discharging"
    return not is_discharging


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
