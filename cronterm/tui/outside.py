"""What is outside of the screen: small programs beside it, and what its terminal understands."""

import asyncio
from collections.abc import Mapping, Sequence

LONGEST_S = 2.0  # for a small program to be done


async def run(
    words: Sequence[str], environ: Mapping[str, str], content: bytes = b"", *, hears: bool = False
) -> tuple[int, bytes]:
    """Give `content` to a program; return its status, and all it says where we hear it.

    -1 is one that could not be started or was not done in time. One that goes on in the background
    (a clipboard) is not heard: it would hold the pipe.
    """
    pipe = asyncio.subprocess.PIPE
    heard = pipe if hears else asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=pipe, stdout=heard, stderr=heard, env=environ
        )
    except OSError:
        return -1, b""
    try:
        async with asyncio.timeout(LONGEST_S):
            said, trouble = await process.communicate(content)
    except TimeoutError:
        return -1, b""
    finally:  # also where the screen is left meanwhile
        await _end(process)
    return process.returncode or 0, (said or b"") + (trouble or b"")


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a program and let go of its pipes, however often the waiting for its end is given up."""
    given_up: asyncio.CancelledError | None = None
    clock = asyncio.get_running_loop().time
    until = clock() + LONGEST_S  # one that hangs in the kernel is not waited for
    if process.returncode is None:
        process.kill()
    while process.returncode is None and clock() < until:
        try:
            await asyncio.wait_for(process.wait(), until - clock())
        except TimeoutError:
            break
        except asyncio.CancelledError as error:
            given_up = error
    # What it left behind may hold the pipes open: without this they stay ours as well.
    process._transport.close()  # type: ignore[attr-defined]
    if given_up is not None:
        raise given_up


def is_deaf(environ: Mapping[str, str]) -> bool:
    """Tell whether sequences for what is around a terminal (OSC) have no one to hear them.

    GNU screen drops them, a console has nothing around it.
    """
    return bool(environ.get("STY")) or environ.get("TERM", "").startswith(("linux", "vt", "dumb"))
