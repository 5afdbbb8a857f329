"""An engine inside a program: it has a thread and a loop of its own there."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Self

from cronterm.clock import local_zone
from cronterm.doors import opener
from cronterm.embed.connection import Connection
from cronterm.embed.jobs import Job, jobs_text
from cronterm.engine.host import Host, HostOptions
from cronterm.engine.local import LocalControl
from cronterm.errors import BadInput, CrontermError, NoEngine
from cronterm.instance import find_instance
from cronterm.model.command import ShutDown

CODE_FILE = "jobs.json"
"""In the state directory: what jobs from code are written to."""

log = logging.getLogger("cronterm.engine")


class Scheduler(Connection):
    """Hosts the engine of an instance while a `with` or `async with` block runs.

    `state_dir` is a directory of its own, which is made and kept private; history, and runs that
    are not over when the program ends, are found there by the next Scheduler. Give either `jobs`,
    with `settings` as in a jobs file, or `jobs_file`. Jobs from code are written to `jobs.json` in
    the state directory at each start: `cronterm --state-dir DIR -f DIR/jobs.json` shows them.

    Raises `BadInput` for jobs that cannot be read. The engine leaves signals to the program and
    logs to the logger `cronterm`.
    """

    def __init__(
        self,
        state_dir: str | os.PathLike[str],
        *,
        jobs: Sequence[Job] | None = None,
        jobs_file: str | os.PathLike[str] | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        if (jobs is None) == (jobs_file is None):
            raise BadInput("a Scheduler takes jobs or a jobs_file, one of them")
        if jobs is None and settings:
            raise BadInput("settings go with jobs; a jobs file has its own")
        file = Path(state_dir, CODE_FILE) if jobs_file is None else Path(jobs_file)
        super().__init__(find_instance(str(file), str(Path(state_dir))))
        own = self.instance.jobs_file
        self._text = None if jobs is None else jobs_text(jobs, settings, own)
        self._thread: threading.Thread | None = None
        self._opened: Future[None] = Future()
        self._died_of: BaseException | None = None

    def start(self) -> None:
        """Start the engine and return once it answers. A Scheduler is started once.

        Raises `AlreadyRunning` if another engine has the instance, `NoEngine` and `BadInput` for
        a jobs file that is missing or broken.
        """
        if self._thread is not None:
            raise CrontermError("this Scheduler was started before", "make another one")
        self._thread = threading.Thread(target=self._host, name="cronterm", daemon=True)
        self._thread.start()
        try:
            self._opened.result()
        except BaseException:
            self.close()
            raise

    def close(self, *, now: bool = False, stop_runs: bool = False) -> None:
        """End the engine and return once it has.

        Open runs get `settings.shutdown_grace` to end, with `now` none; what runs longer goes on,
        and the next engine records its end. With `stop_runs` every run is ended by its stop rule.
        Raises what the engine ended by, if it was an error.
        """
        thread, is_told = self._thread, False
        while thread is not None and thread.is_alive():
            # Before it is open another engine may have the socket.
            if self._opened.done() and not is_told:
                is_told = self._tell_end(ShutDown(now=now, stop_runs=stop_runs))
            thread.join(0.02)
        died_of, self._died_of = self._died_of, None
        if died_of is not None:
            raise died_of

    def __enter__(self) -> Self:
        """Start the engine."""
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        """End the engine."""
        self.close()

    async def __aenter__(self) -> Self:
        """Start the engine; the program's loop goes on meanwhile."""
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(self, *error: object) -> None:
        """End the engine."""
        await asyncio.to_thread(self.close)

    def _tell_end(self, command: ShutDown) -> bool:
        try:
            return self._door.send(command).ok
        except NoEngine:
            return False

    def _host(self) -> None:
        """Run the engine, in its thread."""
        options = HostOptions(
            self.instance, local_zone(), is_embedded=True, on_lock=self._write_jobs
        )
        try:
            asyncio.run(Host(options, serve=self._serve).run())
        except BaseException as error:  # noqa: BLE001  # it ends its thread: the program must hear
            self._note_end(_first(error))
        else:
            self._note_end(NoEngine("the engine ended before it answered"))

    async def _serve(self, control: LocalControl, store: str, is_open: Callable[[], None]) -> None:
        def open_both() -> None:
            is_open()
            self._opened.set_result(None)

        await opener(self.instance.socket)(control, store, open_both)

    def _note_end(self, error: BaseException) -> None:
        if not self._opened.done():
            self._opened.set_exception(error)
        elif not isinstance(error, NoEngine):
            log.critical("the engine ended by an error", exc_info=error)
            self._died_of = error

    def _write_jobs(self) -> None:
        """Write the jobs from code; the instance is ours by now."""
        if self._text is None:
            return
        path = self.instance.jobs_file
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
            with os.fdopen(os.open(beside, flags, 0o600), "w", encoding="utf-8") as file:
                file.write(self._text)
            beside.replace(path)
        except OSError as error:
            raise CrontermError(f"{path}: {error.strerror}") from None


def _first(error: BaseException) -> BaseException:
    """Return the first error of a group, and of a group in it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
