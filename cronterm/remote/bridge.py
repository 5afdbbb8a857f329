"""`cronterm bridge`: the far end of `ssh HOST cronterm bridge`, between its pipes and the door.

It holds no rights of its own: whoever runs it is who the engine sees.
"""

import contextlib
import os
import platform
import socket
from collections.abc import Callable
from pathlib import Path

import msgspec

from cronterm.control import API_VERSION
from cronterm.errors import CrontermError
from cronterm.model.query import AnyReply, Query
from cronterm.remote.frames import MAGIC, Kind, Pump
from cronterm.remote.wire import Trouble, address, read_query, trouble

Ask = Callable[[Query], AnyReply]


class BridgeHello(msgspec.Struct, frozen=True, kw_only=True):
    """The first thing that a bridge says."""

    api: int = API_VERSION
    version: str
    host: str = ""
    jobs_file: str = ""
    trouble: Trouble | None = None
    """Why no engine answers here; then it answers questions itself, from file and history."""


class Reply(msgspec.Struct, frozen=True):
    """An answer to a question that no engine heard: one of the two."""

    content: msgspec.Raw = msgspec.Raw(b"null")
    trouble: Trouble | None = None


def run_bridge(
    path: Path,
    *,
    hello: BridgeHello,
    ask: Ask,
    read: int = 0,
    write: int = 1,
) -> None:
    """Connect what comes over `read` and `write` with the door at `path` until it ends."""

    def on_frame(kind: Kind, number: int, content: bytes) -> None:
        match kind:
            case Kind.OPEN:
                sock = _connected(path)
                if sock is None:
                    pump.put(Kind.CLOSE, number)
                else:
                    pump.open(number, sock)
            case Kind.ASK:
                pump.put(Kind.ANSWER, number, _answer(ask, content))

    pump = Pump(read, write, has_magic=False, on_frame=on_frame)
    os.set_blocking(write, True)
    with contextlib.suppress(BrokenPipeError):
        os.write(write, MAGIC)
        os.set_blocking(write, False)
        pump.put(Kind.HELLO, 0, msgspec.json.encode(hello))
        try:
            pump.run()
        except PermissionError:  # epoll(7): a file, or /dev/null
            hint = "`cronterm -H HOST` runs this over ssh"
            raise CrontermError("stdin is nothing that can be waited for", hint) from None


def this_machine(version: str, jobs_file: Path, error: CrontermError | None) -> BridgeHello:
    """Return what a bridge of this machine says first."""
    return BridgeHello(
        version=version,
        host=platform.node(),
        jobs_file=str(jobs_file),
        trouble=trouble(error) if error is not None else None,
    )


def _connected(path: Path) -> socket.socket | None:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with address(path) as name:
            sock.connect(name)
    except OSError:
        sock.close()
        return None
    return sock


def _answer(ask: Ask, content: bytes) -> bytes:
    try:
        answer = msgspec.json.encode(ask(read_query(content)))
    except CrontermError as error:
        return msgspec.json.encode(Reply(trouble=trouble(error)))
    except ValueError as error:
        return msgspec.json.encode(Reply(trouble=Trouble(f"not a query: {error}")))
    return msgspec.json.encode(Reply(content=msgspec.Raw(answer)))
