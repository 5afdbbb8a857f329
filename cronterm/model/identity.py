"""Who a job runs as, with what limits, what it is given to know, and what a person may choose."""

from typing import Literal, TypeAlias

import msgspec

from cronterm.clock import Duration

ParamType: TypeAlias = Literal["string", "int", "number", "bool"]


class Limits(msgspec.Struct, frozen=True):
    """What each process of a job may use; None is what the engine has. Never the sum of all."""

    memory: int | None = None
    """Bytes of address space."""
    cpu_time: Duration | None = None
    """Whole seconds, as microseconds."""
    open_files: int | None = None
    processes: int | None = None
    """Of its user, whatever started them; does not bind root."""
    file_size: int | None = None
    """Bytes of each file it writes."""


class Secret(msgspec.Struct, frozen=True):
    """Where the value of a secret comes from; exactly one of the three. The value is nowhere."""

    file: str = ""
    """Absolute."""
    env: str = ""
    """A variable of the engine."""
    command: str | tuple[str, ...] = ""
    """A text goes to /bin/sh, a list runs as it is; what it prints is the value."""


class Param(msgspec.Struct, frozen=True):
    """A value that a person may choose for a run by hand; the job finds it in `PARAM_<NAME>`."""

    type: ParamType = "string"
    default: str | None = None
    """As the job gets it; None: it has to be chosen."""
    choices: tuple[str, ...] = ()
    """Empty is any value of the type."""
    description: str = ""
