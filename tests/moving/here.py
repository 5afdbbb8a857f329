"""Where the tests import."""

from cronterm.clock import Instant
from cronterm.moving.base import Found, Moved, Surroundings
from cronterm.schedule.parse import parse_moment

USERS = frozenset(["root", "www-data", "me"])
ME = Surroundings("Europe/Berlin", "me", False, USERS)
ROOT = Surroundings("UTC", "root", True, USERS)

MORNING: Instant = parse_moment("2027-01-15T08:00:00Z", "UTC")


def only(found: Found) -> Moved:
    """Return the one job that was found."""
    (job,) = found.jobs
    return job


def fates(found: Found) -> list[tuple[int, str]]:
    """Return (number, fate) of each line."""
    return [(line.number, line.fate) for line in found.lines]


def reasons(found: Found) -> list[tuple[int, str]]:
    """Return (number, reason) of what was refused."""
    return [(line.number, line.reason) for line in found.refused]
