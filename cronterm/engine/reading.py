"""Reads the definitions, as little of the files as it takes: what was read is kept for a start."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from cronterm.config.again import Kept, Stamps, find, keep, program_key
from cronterm.config.load import Loaded, load, load_text
from cronterm.config.reader import collector_off

log = logging.getLogger("cronterm.reload")


class Reader:
    """Knows what it read last, in memory and in the cache."""

    def __init__(self, path: Path, cache: Path, *, local_timezone: str) -> None:
        self._path = path
        self._file = cache / "definitions.msgpack"
        self._local_timezone = local_timezone
        self._uid = os.geteuid()
        self._key = program_key(path, local_timezone, self._uid)
        self._kept: Kept | None = None
        self._saved = ""
        self._stamps: Stamps = {}
        self._is_first = True

    def read(self, last_good: Mapping[str, str]) -> Loaded:
        """Return what the files say now."""
        if self._is_first:
            self._is_first = False
            self._kept = self._cached()
            self._saved = self._kept.loaded.sha256 if self._kept else ""
        found = self._found()
        if found is None:
            found = load(self._path, local_timezone=self._local_timezone, last_good=last_good)
        if self._kept is None or found is not self._kept.loaded:
            self._kept = keep(found, self._key) or self._kept
        return found

    def _found(self) -> Loaded | None:
        if self._kept is None:
            return None
        with collector_off():
            return find(self._kept, self._key, self._uid, self._read_text, self._stamps)

    def _read_text(self, path: Path, text: str) -> Loaded:
        return load_text(text, path=path, local_timezone=self._local_timezone)

    def _cached(self) -> Kept | None:
        try:
            with collector_off():
                return msgspec.msgpack.decode(self._file.read_bytes(), type=Kept)
        except (OSError, msgspec.DecodeError):
            return None

    def save(self) -> None:
        """Put what was read last beside the history; a full disk only makes a start slower."""
        if self._kept is None or self._saved == self._kept.loaded.sha256:
            return
        bare = msgspec.structs.replace(self._kept.loaded, texts={}, text="")
        content = msgspec.msgpack.encode(msgspec.structs.replace(self._kept, loaded=bare))
        beside = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        try:
            beside.write_bytes(content)
            beside.chmod(0o600)
            beside.replace(self._file)
        except OSError as error:
            log.warning("the definitions were not kept: %s", error)
            return
        self._saved = self._kept.loaded.sha256
