"""Errors that a user can mend; everything else is a builtin exception."""


class CrontermError(Exception):
    """A mistake or a refusal that the user can act on.

    `hint` names the mend. `exit_code` follows CLI conventions: 1 refused or failed, 2 usage,
    65 a bad file or expression, 69 no engine, 75 already running.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class BadInput(CrontermError):
    """A file, an expression or a value that cannot be read."""

    exit_code = 65


class NoEngine(CrontermError):
    """Nothing answers where an engine was expected."""

    exit_code = 69


class AlreadyRunning(CrontermError):
    """Another engine holds this instance."""

    exit_code = 75
