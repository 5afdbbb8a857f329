"""A fault hook for tests: stand still at a named point, so that the process can be killed there.

`CRONTERM_TEST_PAUSE=<point>` chooses the point, `CRONTERM_TEST_PAUSE_FILE` the file that is told.
Unset, which is always so outside tests, it costs one comparison.
"""

import os
import signal

_POINT = os.environ.get("CRONTERM_TEST_PAUSE", "")


def pause_point(point: str) -> None:
    """Stop this process here if the test asked for this point."""
    if point != _POINT:
        return
    with open(os.environ["CRONTERM_TEST_PAUSE_FILE"], "a", encoding="utf-8") as told:
        told.write(f"{point} {os.getpid()}\n")
    os.kill(os.getpid(), signal.SIGSTOP)
