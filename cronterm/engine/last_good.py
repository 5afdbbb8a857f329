"""The newest texts that loaded without a problem, kept beside the history."""

import logging
from collections.abc import Mapping
from pathlib import Path

import msgspec

from cronterm.config.edit import write_atomically
from cronterm.config.load import Loaded, load

log = logging.getLogger("cronterm.reload")


class LastGood:
    """What an engine goes on with that starts on a broken file, or has one among many."""

    def __init__(self, cache: Path) -> None:
        self._path = cache / "last-good.json"
        self._texts: dict[str, str] | None = None

    @property
    def texts(self) -> Mapping[str, str]:
        """The text of each file, and of what it reads besides, by its path."""
        if self._texts is None:
            try:
                raw = self._path.read_bytes()
                self._texts = msgspec.json.decode(raw, type=dict[str, str])
            except (OSError, msgspec.DecodeError):
                self._texts = {}
        return self._texts

    def keep(self, loaded: Loaded) -> None:
        """Keep the texts that are in force; a full disk only loses this safety net."""
        read = loaded.texts.keys() | loaded.beside.keys()
        texts = {path: text for path, text in self.texts.items() if path in read}
        texts |= {path: loaded.texts[path] for path in loaded.good}
        if not loaded.problems:
            texts |= {path: text for path, text in loaded.beside.items() if text}
        if texts == self._texts:
            return
        self._texts = texts
        try:
            write_atomically(self._path, msgspec.json.encode(texts).decode(), keep_old=False)
        except OSError as error:
            log.warning("the last good jobs file was not kept: %s", error)

    def load(self, path: Path, *, local_timezone: str) -> Loaded | None:
        """Return what was kept, read as if it stood on the disk, or None."""
        if not self.texts:
            return None
        loaded = load(path, local_timezone=local_timezone, texts=self.texts)
        return None if loaded.problems else loaded


def load_for_start(path: Path, cache: Path, *, local_timezone: str) -> Loaded:
    """Read the files as an engine does that starts now: what was good stands in for what is bad."""
    return load(path, local_timezone=local_timezone, last_good=LastGood(cache).texts)
