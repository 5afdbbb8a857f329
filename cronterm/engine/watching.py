"""Keeps the watches in step with the files that the definitions come from."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from cronterm.clock import SECOND, Duration
from cronterm.config.gather import is_folder, is_member
from cronterm.config.load import Loaded
from cronterm.model.job import Watch
from cronterm.watch.files import FileWatch
from cronterm.watch.folders import FoldersWatch


@dataclass(frozen=True)
class Places:
    """Where the files of a set lie, and how often to look at them."""

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    poll_interval: Duration = Watch().poll_interval

    @staticmethod
    def of(loaded: Loaded) -> "Places":
        """Return the places of what was read."""
        interval = loaded.settings.watch.poll_interval
        return Places(tuple(sorted({*loaded.texts, *loaded.beside})), loaded.folders, interval)


class Watching:
    """Watches the jobs file, or its directory, and what it includes, while the block runs."""

    def __init__(
        self, path: Path, places: Places, *, known: str, on_change: Callable[[], None]
    ) -> None:
        self._path = path
        self._places = places
        self._known = known
        self._on_change = on_change
        self._turn = threading.Lock()
        self._watches = ExitStack()

    def __enter__(self) -> Self:
        with self._turn:
            self._begin(self._known)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._turn:
            self._watches.close()

    def follow(self, places: Places, known: str) -> None:
        """Watch other places, if they are others; waits for the old watches to end."""
        with self._turn:
            if places == self._places:
                return
            self._places = places
            self._watches.close()
            self._begin(known)

    def _begin(self, known: str) -> None:
        places, poll_s = self._places, self._places.poll_interval / SECOND
        others = [path for path in places.files if path != str(self._path)]
        if not is_folder(self._path):
            watch = FileWatch(self._path, on_change=self._on_change, known=known, poll_s=poll_s)
            self._watches.enter_context(watch)
        if others or places.folders:
            self._watches.enter_context(
                FoldersWatch(
                    files=[path for path in others if not self._is_in_a_folder(path)],
                    folders=places.folders,
                    counts=is_member,
                    on_change=self._on_change,
                    poll_s=poll_s,
                )
            )

    def _is_in_a_folder(self, path: str) -> bool:
        return str(Path(path).parent) in self._places.folders and is_member(Path(path).name)
