"""The rules of a job, in words."""

from cronterm.model.job import Retry
from cronterm.schedule.duration import format_duration

SHOWN = 5  # delays, one by one
WHEN = {"failure": "fails", "timeout": "times out", "lost": "is lost"}


def retry_words(retry: Retry) -> str:
    """Return `when it fails or times out, up to 3 more times: after 30s, 1m, 2m`; or nothing."""
    if not retry.attempts:
        return ""
    codes = ""
    if retry.exit_codes is not None:
        codes = f" with exit code {' or '.join(map(str, retry.exit_codes))}"
    ends = " or ".join(WHEN[end] + codes * (end == "failure") for end in retry.on)
    many = "once more" if retry.attempts == 1 else f"up to {retry.attempts} more times"
    waits = [retry.delay_after(tries) for tries in range(1, min(retry.attempts, SHOWN) + 1)]
    waits = waits[: waits.index(waits[-1]) + 1]  # then it stays so
    delays = [*map(format_duration, waits)]
    if retry.attempts > len(waits) > 1:
        is_most = waits[-1] >= retry.max_delay
        delays.append("…" if is_most else f"… (at most {format_duration(retry.max_delay)})")
    spread = f", each ± {retry.jitter:.0%}" if retry.jitter else ""
    each = "each time after" if len(delays) == 1 and retry.attempts > 1 else "after"
    return f"when it {ends}, {many}: {each} {', '.join(delays)}{spread}"
