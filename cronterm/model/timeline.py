"""What began and what comes, in equal slots of time."""

import msgspec

from cronterm.clock import Instant

MOST_SLOTS = 500


class Begun(msgspec.Struct, frozen=True, array_like=True):
    """What began in a slot: an array on the wire, new fields go last."""

    slot: int
    runs: int
    worst: str
    """Of their outcomes; `running` where one is open. `missed` is what should have begun."""
    last_slot: int
    """In which the last of them ended, or now."""


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """What began in the slots, as the history has it."""

    lanes: dict[str, list[Begun]] = {}
    """By job, in the order of time."""
    load: dict[int, int] = {}
    """Runs by slot: of all jobs, or of those that are asked for."""
    read_from: Instant
    """What began before is left out."""


class Lane(msgspec.Struct, frozen=True, array_like=True):
    """What is known of a job, in the order of time."""

    past: tuple[Begun, ...] = ()
    coming: tuple[tuple[int, int], ...] = ()
    """(slot, instants)."""
    skipped: tuple[int, ...] = ()
    """Slots with an instant that is skipped ahead of its time."""
    overlaps: tuple[int, ...] = ()
    """Slots with a start that falls on the run before it, as far as can be told; of very many
    lanes it is told of some."""


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """The slots of all lanes begin at `since`."""

    now: Instant
    lanes: dict[str, Lane]
    load: tuple[int, ...]
    """Starts of all jobs by slot: those that were, then those that come."""
    busiest_at: Instant = 0
    """The minute with the most starts to come."""
    busiest: int = 0
    agenda: tuple[tuple[Instant, str], ...] = ()
    """The soonest (instant, job) of the slots that are not over."""
    total: int = 0
    """Instants that come within the slots."""
    read_from: Instant = 0
    """What began before is left out: there is too much of it."""
    is_whole: bool = True
    """False where so many jobs are there that what comes of some is left out of the load."""
