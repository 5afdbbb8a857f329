"""What the screen keeps for the person in front of it: small values in a file of theirs."""

import json
import os
import stat
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

from cronterm.errors import CrontermError
from cronterm.instance import write_private

LARGEST_FILE = 64 << 10

Word = TypeVar("Word", bound=str)
Kept = str | bool | int | Sequence[str] | None
"""What a value may be; None forgets."""


class Remembered:
    """Values by name, written as they are put; without a file they last as long as the screen.

    What cannot be read is not believed: `trouble` tells of it in a sentence, the defaults hold,
    and the next value that is put writes the file anew.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self.trouble = ""
        """What is to be told, "" for nothing."""
        self._values = self._read()

    def word(self, name: str, known: Collection[Word]) -> Word | None:
        """Return the one of `known` that is remembered; None where nothing is."""
        value = self._values.get(name)
        if value is None:
            return None
        found = next((each for each in known if each == value), None)
        if found is None:
            self._distrust(name)
        return found

    def words(self, name: str, known: Collection[str]) -> tuple[str, ...] | None:
        """Return those of a list that are in `known`, in its order, each once; or None."""
        value = self._values.get(name)
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(dict.fromkeys(each for each in value if each in known))
        if value is not None:
            self._distrust(name)
        return None

    def flag(self, name: str) -> bool:
        """Tell whether something was switched on."""
        value = self._values.get(name)
        if value is not None and not isinstance(value, bool):
            self._distrust(name)
        return value is True

    def number(self, name: str) -> int:
        """Return a number; 0 where none was put."""
        value = self._values.get(name, 0)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self._distrust(name)
        return 0

    def put(self, **values: Kept) -> None:
        """Remember values by name; None forgets. What another screen has put meanwhile stays.

        Never raises: what cannot be written is told by `trouble`.
        """
        now = self._read() or self._values
        kept = {name: value for name, value in now.items() if name not in values}
        for name, value in values.items():
            if value is not None:
                kept[name] = value if isinstance(value, str | int) else list(value)
        self._values = kept
        if self._path is None or kept == now:
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self._path, self._values)
        except (OSError, CrontermError) as error:
            reason = f"{self._path}: {error.strerror}" if isinstance(error, OSError) else error
            self.trouble = f"this is not remembered: {reason}"

    def _distrust(self, name: str) -> None:
        del self._values[name]
        self.trouble = f"{self._path}: what it says of {name} is not understood, and ignored"

    def _read(self) -> dict[str, Any]:
        if self._path is None:
            return {}
        try:
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
            with os.fdopen(os.open(self._path, flags), "rb") as file:
                about = os.fstat(file.fileno())
                if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST_FILE:
                    raise ValueError("not a file that was written here")
                content = json.loads(file.read(LARGEST_FILE))
            if isinstance(content, dict):
                return content
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError):
            pass
        self.trouble = f"{self._path} cannot be read, and is ignored"
        return {}
