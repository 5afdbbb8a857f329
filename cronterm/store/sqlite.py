"""The history in one SQLite file: opened with care, written by one connection."""

import errno
import os
import secrets
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from cronterm.clock import Instant
from cronterm.model.audit import AuditRow
from cronterm.model.event import AnyEvent, Numbered
from cronterm.model.job import Keep
from cronterm.model.memory import Memory
from cronterm.model.snapshot import PastRun, Totals
from cronterm.store import files, schema
from cronterm.store.api import record_calls
from cronterm.store.base import AttemptId, NewerSchema, PrunedRuns, StoreFailing
from cronterm.store.entries import load_entries, write_entries
from cronterm.store.memory import read_memory
from cronterm.store.output import keep_output
from cronterm.store.recording import Recorder
from cronterm.store.retention import give_back_space, prune_history
from cronterm.store.views import read_views
from cronterm.store.watermark import Watermark

Answer = TypeVar("Answer")


class SqliteStore:
    """A `Store`. Make it with `open_store`; calls come from one thread at a time."""

    def __init__(self, directory: Path, watermark: Watermark, notices: list[str]) -> None:
        self._path = directory / files.DATABASE
        self._watermark = watermark
        self._notices = notices
        self._connect()
        self._id: str
        self._n: int
        self._id, self._n = self._connection.execute("SELECT store, n FROM meta").fetchone()
        self._recorder: Recorder | None = None
        self._make_up_for_loss()

    @property
    def id(self) -> str:
        """Eight random hex digits, new with each new database."""
        return self._id

    @property
    def last_n(self) -> int:
        """The number of the last recorded event."""
        return self._n

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the banner: what had to be set aside or done without."""
        return tuple(self._notices)

    def record(
        self, events: Sequence[AnyEvent], *, outputs: Mapping[AttemptId, bytes] | None = None
    ) -> tuple[Numbered, ...]:
        """Number and record all of `events` in one transaction; durable when it returns.

        Raises `StoreFailing` and `InstantTaken`; then nothing is recorded.
        """
        n = self._n + len(events)
        recorder = self._write(lambda: self._apply(events, outputs or {}, n))
        numbered = tuple(
            Numbered(number, event) for number, event in enumerate(events, start=self._n + 1)
        )
        self._n = n
        self._mark(recorder)
        return numbered

    def memory(self, *, now: Instant) -> Memory:
        """Return what a core needs to go on from here."""
        return self._read(lambda: read_memory(self._connection))

    def views(self, jobs: Sequence[str]) -> dict[str, tuple[list[PastRun], Totals]]:
        """Return the newest ended runs (oldest first) and the totals of each job."""
        return self._read(lambda: read_views(self._connection, jobs))

    def prune(self, keep: Mapping[str, Keep], *, now: Instant, limit: int) -> PrunedRuns:
        """Remove at most `limit` runs beyond their job's `Keep`; jobs not named get the default."""
        self._recorder = None
        pruned = self._write(lambda: prune_history(self._connection, keep, now=now, limit=limit))
        if pruned.runs or pruned.decisions:
            with files.failing(self._path):
                give_back_space(self._connection)
        return pruned

    def record_calls(self, rows: Sequence[AuditRow]) -> None:
        """Keep calls over TCP, the newest of them."""
        self._recorder = None
        self._write(lambda: record_calls(self._connection, rows))

    def close(self) -> None:
        """Write everything into the one file and let it go."""
        self._connection.close()
        self._watermark.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- transactions ----------------------------------------------------------------------------

    def _apply(
        self, events: Sequence[AnyEvent], outputs: Mapping[AttemptId, bytes], n: int
    ) -> Recorder:
        recorder = self._recorder
        if recorder is None:
            recorder = Recorder(self._connection, self._id, self._watermark)
            self._recorder = recorder
        recorder.begin(self._n)
        for event in events:
            recorder.apply(event)
        for attempt, output in outputs.items():
            if output:
                keep_output(self._connection, attempt, output)
        recorder.finish(n)
        self._watermark.reserve(recorder.unmarked)
        return recorder

    def _write(self, work: Callable[[], Answer]) -> Answer:
        with files.failing(self._path):
            self._check_files()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                answer = work()
                self._connection.execute("COMMIT")
            except BaseException:
                self._recorder = None
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            return answer

    def _read(self, work: Callable[[], Answer]) -> Answer:
        with files.failing(self._path):
            self._check_files()
            return work()

    def _mark(self, recorder: Recorder) -> None:
        """Tell the watermark, after the commit and before the caller starts anything."""
        unmarked = recorder.unmarked
        decided = {job: entry.decided_until for job, entry in unmarked.items()}
        try:
            self._watermark.write(self._id, self._n, recorder.next_run, decided)
            for entry in unmarked.values():
                entry.marked = entry.decided_until
        except OSError as error:
            notice = f"the watermark cannot be written: {error.strerror}"
            if notice not in self._notices:
                self._notices.append(notice)

    # -- the files under it ----------------------------------------------------------------------

    def _connect(self) -> None:
        self._connection = files.connect(self._path, mode="rw")
        try:
            for pragma in schema.PRAGMAS:
                self._connection.execute(pragma)
            # Makes SQLite open the log and the index beside it, whose identities are taken next.
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("UPDATE meta SET n = n")
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.close()
            raise
        self._sides = [
            self._path.with_name(f"{self._path.name}{side}") for side in ("-wal", "-shm")
        ]
        self._identity = files.file_id(self._path)
        self._side_identities = [files.file_id(side) for side in self._sides]

    def _check_files(self) -> None:
        """Never write into a file that lost its name; raises `StoreFailing`."""
        if files.file_id(self._path) != self._identity:
            raise StoreFailing(
                f"{self._path} was removed or replaced while the engine had it open",
                "put it back, or restart the engine to go on with what is there now",
            )
        if [files.file_id(side) for side in self._sides] != self._side_identities:
            # The log is still open here: closing plays it into the file, nothing is lost.
            self._recorder = None
            self._connection.close()
            self._connect()

    def _make_up_for_loss(self) -> None:
        """Believe the watermark where it knows more of this store than the store itself."""
        mark = self._watermark
        if mark.store != self._id or mark.n <= self._n:
            return
        entries = load_entries(self._connection)
        for job, entry in entries.items():
            known = mark.mark(job)
            if known and known.store == self._id and known.n > self._n:
                entry.counts_from, entry.decided = known.decided, ()
        lost = mark.n - self._n
        self._n = mark.n

        def catch_up() -> None:
            write_entries(self._connection, entries.values())
            self._connection.execute(
                "UPDATE meta SET n = ?, next_run = max(next_run, ?)", (mark.n, mark.next_run)
            )

        self._write(catch_up)
        self._notices.append(f"the newest {lost} events of the history were lost")


def open_store(directory: Path, *, now: Instant) -> SqliteStore:
    """Open the history in the state directory, or begin a new one.

    A damaged one is set aside (see `notices`). Raises `NewerSchema`, and `CrontermError` where the
    directory cannot be written. The caller holds the instance's lock.
    """
    files.prepare_directory(directory)
    notices: list[str] = []
    path = directory / files.DATABASE
    with files.failing(path):
        damage = _examine(path)
        if damage:
            place = files.set_aside(directory, now)
            notices.append(f"the history was damaged ({damage}) and set aside in {place}")
        watermark = _open_watermark(directory, now, notices)
    try:
        with files.failing(path):
            if not path.exists():
                _create(directory, notices)
            files.restrict(path)
            return SqliteStore(directory, watermark, notices)
    except BaseException:
        watermark.close()
        raise


def _examine(path: Path) -> str:
    """Return why the file cannot be used, empty when it can; bring an older schema up to date.

    Raises `NewerSchema`, and sqlite3.Error for what is not the file's fault.
    """
    try:
        _check_and_migrate(path)
    except schema.Damaged as damage:
        return str(damage)
    except sqlite3.DatabaseError as error:
        if not files.is_damage(error):
            raise
        return str(error)
    return ""


def _check_and_migrate(path: Path) -> None:
    if not os.path.lexists(path):
        if any(os.path.lexists(f"{path}{side}") for side in files.SIDES):
            raise schema.Damaged("the database is gone, only its log is left")
        return
    damage = files.look_for_damage(path)
    if damage:
        raise schema.Damaged(damage)
    reading = files.connect(path, mode="ro")
    try:
        version = schema.version_of(reading)
    finally:
        reading.close()
    if version > schema.SCHEMA_VERSION:
        raise NewerSchema(
            f"{path} was written by a newer cronterm (schema {version})",
            "use that version, or name another --state-dir",
        )
    writing = files.connect(path, mode="rw")
    try:
        writing.execute("PRAGMA trusted_schema = OFF")
        if version < schema.SCHEMA_VERSION:
            _back_up(writing, path.with_name(f"{path.name}.schema-{version}"))
            schema.migrate(writing, schema.migrations())
        schema.check(writing)
    finally:
        writing.close()


def _back_up(connection: sqlite3.Connection, path: Path) -> None:
    """Copy the whole database to `path`, so that it is there complete or not at all."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    copy = sqlite3.connect(unfinished)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    unfinished.rename(path)
    files.sync_directory(path.parent)


def _create(directory: Path, notices: list[str]) -> None:
    """Make an empty history under another name and give it its own when it is complete."""
    path = directory / f"{files.DATABASE}.new"
    for leftover in (path, *(path.with_name(path.name + side) for side in files.SIDES)):
        leftover.unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    connection = files.connect(path, mode="rw")
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            notices.append(f"the file system has no shared memory: journal mode is {mode}")
        schema.migrate(connection, schema.migrations())
        connection.execute(
            "INSERT INTO meta (one, store, n, next_run, boot_id) VALUES (1, ?, 0, 1, '')",
            (secrets.token_hex(4),),
        )
    finally:
        connection.close()
    path.rename(directory / files.DATABASE)
    files.sync_directory(directory)


def _open_watermark(directory: Path, now: Instant, notices: list[str]) -> Watermark:
    path = directory / files.WATERMARK
    try:
        return Watermark(path)
    except OSError as error:
        if error.errno not in (errno.EISDIR, errno.ELOOP, errno.EACCES):
            raise
        aside = path.with_name(f"{files.WATERMARK}.{now}")
        path.rename(aside)
        notices.append(f"{path.name} could not be opened ({error.strerror}): now {aside.name}")
        return Watermark(path)
