"""Keeps runs added up by time, so that a question about a million of them reads few rows."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from cronterm.clock import DAY, HOUR, MINUTE, Duration, Instant
from cronterm.model.rollup import EndedRun, Rollup, add_run
from cronterm.model.run import FAILED
from cronterm.model.trigger import FileEvent
from cronterm.store.rows import WAS_RUN

ALL_JOBS = 0
ALL_TIME = 0
SPANS: tuple[Duration, ...] = (ALL_TIME, 5 * MINUTE, HOUR, DAY)
"""All time first: who has no row there has none at all."""
KEPT: dict[Duration, Duration] = {5 * MINUTE: 4 * HOUR, HOUR: 9 * DAY, DAY: 1100 * DAY}
"""How long rows stay: what charts show, and as much before it to compare with."""
KEPT_IN_MEMORY = 8_192

COLUMNS = msgspec.structs.fields(Rollup)
NAMES = tuple(column.encode_name for column in COLUMNS)
SUMS = NAMES[: NAMES.index("duration_min")]
LEAST = ("duration_min", "first_rank", "first_at")
MOST = ("duration_max", "last_at", "max_rss_bytes")


def added_up(names: Collection[str]) -> str:
    """Return the columns of rows added up, in their order; for those not in `names` nothing."""
    sql = {name: f"sum({name})" for name in SUMS}
    sql |= {name: f"min({name})" for name in LEAST} | {name: f"max({name})" for name in MOST}
    sql |= {name: f"group_concat({name}, ' ')" for name in NAMES[-2:]}
    nothing = dict.fromkeys(SUMS, "0")
    return ", ".join(sql[name] if name in names else nothing.get(name, "NULL") for name in NAMES)


ADDED_UP = added_up(NAMES)

READ = f"SELECT {', '.join(NAMES)} FROM rollups WHERE span = ? AND minute = ? AND job = ?"

Place = tuple[Duration, int, int]
"""A span, its first minute, and a job's key."""


class RollupRecorder:
    """The part of a `Recorder` that adds up; rows are written once a batch."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[Place, Rollup] = {}
        self._new: set[int] = set()
        """Jobs that had no row when they were looked for: all they have is known."""
        self._changed: set[Place] = set()

    def begin(self) -> None:
        """Forget what the batch before touched."""
        self._changed.clear()
        if len(self._known) > KEPT_IN_MEMORY:
            self._known.clear()
            self._new.clear()

    def finish(self) -> None:
        """Write the rows that this batch touched."""
        if self._changed:
            write_rollups(self._connection, {each: self._known[each] for each in self._changed})

    def add(self, job: int, run: EndedRun) -> None:
        """Add a run of a job."""
        for each in (job, ALL_JOBS):
            rank = self._rollup((ALL_TIME, 0, each)).timed + 1
            add_run(self._rollups(each, run.ended_at), run, rank)

    def count_files(self, job: int, at: Instant, counts: Mapping[FileEvent, int]) -> None:
        """Add changes of files."""
        for rollup in (*self._rollups(job, at), *self._rollups(ALL_JOBS, at)):
            for what, count in counts.items():
                setattr(rollup, what, getattr(rollup, what) + count)

    def _rollups(self, job: int, at: Instant) -> list[Rollup]:
        places = [place_of(span, at, job) for span in SPANS]
        self._changed.update(places)
        return [self._rollup(place) for place in places]

    def _rollup(self, place: Place) -> Rollup:
        rollup = self._known.get(place)
        if rollup is None:
            read = None if place[2] in self._new else read_rollup(self._connection, place)
            if read is None and place[0] == ALL_TIME:
                self._new.add(place[2])
            rollup = self._known[place] = read or Rollup()
        return rollup


def place_of(span: Duration, at: Instant, job: int) -> Place:
    """Return where a run of a job that ended `at` belongs."""
    return (span, at // span * span // MINUTE if span else 0, job)


def read_rollup(connection: sqlite3.Connection, place: Place) -> Rollup | None:
    """Return one row, None where there is none."""
    row = connection.execute(READ, (place[0] // MINUTE, *place[1:])).fetchone()
    return None if row is None else rollup_of(row)


def rollup_of(row: Iterable[Any]) -> Rollup:
    """Return a rollup from its columns, or from what `added_up` gives."""
    *numbers, lengths, reasons = row
    rollup = Rollup(*numbers)
    rollup.lengths = {int(place): count for place, count in _counts(lengths).items()}
    rollup.reasons = _counts(reasons)
    return rollup


def _counts(pairs: str | None) -> dict[str, int]:
    """Add up `what count what count`."""
    if not pairs:
        return {}
    counts: dict[str, int] = {}
    words = pairs.split()
    for what, count in zip(words[::2], map(int, words[1::2]), strict=True):
        counts[what] = counts.get(what, 0) + count
    return counts


def write_rollups(connection: sqlite3.Connection, rollups: Mapping[Place, Rollup]) -> None:
    """Write rows in place of those that are there."""
    marks = ", ".join("?" * (3 + len(NAMES)))
    connection.executemany(
        f"INSERT OR REPLACE INTO rollups (span, minute, job, {', '.join(NAMES)}) VALUES ({marks})",
        ((place[0] // MINUTE, *place[1:], *_columns(rollups[place])) for place in sorted(rollups)),
    )


def _columns(rollup: Rollup) -> tuple[Any, ...]:
    *numbers, lengths, reasons = msgspec.structs.astuple(rollup)
    return (*numbers, _pairs(lengths), _pairs(reasons))


def _pairs(counts: Mapping[Any, int]) -> str:
    return " ".join(f"{what} {count}" for what, count in counts.items())


def prune_rollups(connection: sqlite3.Connection, now: Instant) -> None:
    """Remove rows that no question asks for any more."""
    for span, kept in KEPT.items():
        connection.execute(
            "DELETE FROM rollups WHERE span = ? AND minute < ?",
            (span // MINUTE, (now - kept) // MINUTE),
        )


def fill_rollups(connection: sqlite3.Connection) -> None:
    """Add up the runs that were there before rollups were, in the caller's transaction."""
    rollups: dict[Place, Rollup] = {}
    ranks: Counter[int] = Counter()
    failing: dict[int, bool] = {}
    newest: Instant = connection.execute("SELECT ifnull(max(ended_at_us), 0) FROM runs").fetchone()[
        0
    ]
    found = connection.execute(
        "SELECT job, outcome, reason, cause, started_at_us, ended_at_us, attempt, cpu_us,"
        " max_rss_bytes, output_bytes FROM runs"
        f" WHERE outcome IS NOT NULL AND {WAS_RUN} ORDER BY ended_at_us, run"
    )
    for job, outcome, reason, cause, started_at, ended_at, attempt, *used in found:
        run = EndedRun(
            outcome=outcome,
            reason=reason,
            cause=cause,
            started_at=started_at,
            ended_at=ended_at,
            attempt=attempt,
            was_failing=failing.get(job, False),
            cpu_us=used[0],
            max_rss_bytes=used[1],
            output_bytes=used[2],
        )
        for each in (job, ALL_JOBS):
            ranks[each] += started_at is not None
            spans = (span for span in SPANS if not span or ended_at > newest - KEPT[span])
            places = (place_of(span, ended_at, each) for span in spans)
            kept = [rollups.setdefault(place, Rollup()) for place in places]
            add_run(kept, run, ranks[each])
        if outcome in FAILED:
            failing[job] = True
        elif outcome == "succeeded":
            failing[job] = False
    _fill_files(connection, rollups)
    write_rollups(connection, rollups)


def _fill_files(connection: sqlite3.Connection, rollups: dict[Place, Rollup]) -> None:
    """Add how often what happened to files: only over all time is it known."""
    found = connection.execute(
        "SELECT job, what, count FROM counts WHERE what IN"
        " ('created', 'modified', 'deleted', 'moved')"
    ).fetchall()
    for job, what, count in found:
        for each in (job, ALL_JOBS):
            rollup = rollups.setdefault((ALL_TIME, 0, each), Rollup())
            setattr(rollup, what, getattr(rollup, what) + count)
