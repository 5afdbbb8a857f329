"""How a failed run is tried again, in words."""

from cronterm.model.job import Retry
from cronterm.schedule.duration import format_duration

SHOWN = 5  # delays, one by one
BRIEFLY = 3
WHEN = {"failure": "fails", "timeout": "times out", "lost": "is lost"}


def retry_words(retry: Retry) -> str:
    """Return `when it fails or times out, up to 3 more times: after 30s, 1m, 2m`; or nothing."""
    if not retry.attempts:
        return ""
    codes = ""
    if retry.exit_codes is not None:
        codes = f" with exit code {' or '.join(map(str, retry.exit_codes))}"
    ends = " or ".join(WHEN[end] + codes * (end == "failure") for end in retry.on)
    return f"when it {ends}, {tries_words(retry)}"


def tries_words(retry: Retry) -> str:
    """Return `up to 3 more times: after 30s, 1m, 2m`."""
    many = "once more" if retry.attempts == 1 else f"up to {retry.attempts} more times"
    waits = [retry.delay_after(tries) for tries in range(1, min(retry.attempts, SHOWN) + 1)]
    waits = waits[: waits.index(waits[-1]) + 1]  # then it stays so
    delays = [*map(format_duration, waits)]
    if retry.attempts > len(waits) > 1:
        is_most = waits[-1] >= retry.max_delay
        delays.append("…" if is_most else f"… (at most {format_duration(retry.max_delay)})")
    spread = f", each ± {retry.jitter:.0%}" if retry.jitter else ""
    each = "each time after" if len(delays) == 1 and retry.attempts > 1 else "after"
    return f"{many}: {each} {', '.join(delays)}{spread}"


def brief_words(retry: Retry) -> str:
    """Return `3 × 30s` where each delay is the same, else `3 after 10s, 20s, 40s`."""
    count = retry.attempts
    waits = [format_duration(retry.delay_after(tries)) for tries in range(1, count + 1)[:BRIEFLY]]
    if len({*waits}) == 1:
        return f"{count} × {waits[0]}"
    return f"{count} after {', '.join(waits)}{', …' if count > BRIEFLY else ''}"
