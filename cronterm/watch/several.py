"""Tells when the content of any of several files changed; which they are may change meanwhile."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from cronterm.watch.files import FileWatch


class FilesWatch:
    """Watches files while the block runs; calls `on_change` on threads of its own."""

    def __init__(self, *, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._open: dict[str, ExitStack] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.follow({})

    def follow(self, files: Mapping[str, str]) -> None:
        """Watch these files from now on and no others.

        `files`: the digest of what the caller read last, by path. It is no news of a file that is
        watched already.
        """
        for path in [path for path in self._open if path not in files]:
            self._open.pop(path).close()
        for path, known in files.items():
            if path not in self._open:
                opened = self._open[path] = ExitStack()
                watch = FileWatch(Path(path), on_change=self._on_change, known=known)
                opened.enter_context(watch)
