"""Where a run stands with the condition that holds it back."""

from dataclasses import dataclass

from cronterm.clock import Duration


@dataclass(eq=False)
class Check:
    """Where a run stands with its condition; times are elapsed time."""

    is_asked: bool = False
    """It is being looked at: the run holds its places meanwhile."""
    is_passed: bool = False
    is_over: bool = False
    """It did not hold until its wait was over."""
    message: str = ""
    at: Duration | None = None
    """When to look again."""
    until: Duration | None = None
    """When its wait is over; known once it did not hold."""
    wait: Duration = 0
    """The wait of the definition that `until` was counted by."""
    tries: int = 0
