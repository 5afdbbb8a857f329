"""What counts as success beyond the exit code."""

from typing import Literal, TypeAlias

import msgspec

from cronterm.clock import Duration

OutputKeep: TypeAlias = Literal["head_tail", "head", "tail"]
"""Which part of the output stays when it is longer than its limit."""

BrokenRule: TypeAlias = Literal["", "stdout_match", "output_reject", "stderr_empty"]


class Success(msgspec.Struct, frozen=True, kw_only=True):
    """Rules for an attempt whose exit code is a good one, in the order they are applied."""

    stdout_match: str = ""
    """A line of stdout must match this pattern."""
    output_reject: str = ""
    """No line of stdout or stderr may match this pattern."""
    stderr_empty: bool = False
    """Nothing may be written to stderr."""
    max_output: int | None = None
    """Bytes that may be written, both streams together."""
    min_duration: Duration = 0
    """An attempt that ends sooner did not do its work."""
