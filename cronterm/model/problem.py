"""A problem in a jobs file, with its place and its mend."""

import msgspec


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong. `line` and `column` count from 1; 0 is the file as a whole."""

    file: str
    line: int = 0
    column: int = 0
    path: str = ""
    """Where in the file's structure: `jobs.backup.retry.delay`."""
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}: {self.message}{hint}"
