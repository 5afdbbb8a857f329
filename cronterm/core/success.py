"""The rules for an attempt whose exit code is a good one (SEMANTICS 8)."""

from cronterm.clock import SECOND, Duration
from cronterm.model.run import AttemptEnd, Reason
from cronterm.model.success import Success


def broken_rule(end: AttemptEnd, success: Success) -> tuple[Reason, str] | None:
    """Return the first rule that an attempt broke and what a person should know, or None.

    What the output says the runner has judged, while it came by; sizes and durations are judged
    here. The rules are those of the run's definition: a reload in between changes nothing.
    """
    if end.broken_rule:
        return end.broken_rule, end.broken_by or _unsaid(end, success)
    if success.max_output is not None and end.output_bytes > success.max_output:
        return "max_output", f"wrote {end.output_bytes:,} bytes, more than {success.max_output:,}"
    if end.duration_us is not None and end.duration_us < success.min_duration:
        took, least = _seconds(end.duration_us), _seconds(success.min_duration)
        return "min_duration", f"took {took}, less than {least}"
    return None


def _unsaid(end: AttemptEnd, success: Success) -> str:
    """Return what to say where no line tells: there is none, or it is blank."""
    match end.broken_rule:
        case "stdout_match":
            return f"no line matched {success.stdout_match!r}"
        case "output_reject":
            return f"a blank line matched {success.output_reject!r}"
        case _:
            return "wrote a blank line to stderr"


def _seconds(duration: Duration) -> str:
    return f"{duration / SECOND:.3f}".rstrip("0").rstrip(".") + "s"
