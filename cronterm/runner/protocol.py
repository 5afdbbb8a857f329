"""The frames between engine and runner: u32 header length, u32 payload length, JSON, raw bytes.

Engine to runner: `hello`, `start`, `more`, `stop`, `ack`, `watch`, `drain`; what else there may be
is passed over. Runner to engine: `welcome`, `started`, `ended`, `output`. A released protocol
number keeps its meaning: an engine speaks all.
"""

import json
import os
import socket
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

PROTOCOL = 1
LARGEST_HEADER = 4 << 20
LARGEST_PAYLOAD = 16 << 20

_LENGTHS = struct.Struct("!II")
_TEXT = json.JSONEncoder(separators=(",", ":"))  # made once: `json.dumps` makes one a call

Header = dict[str, Any]


class BadFrame(Exception):
    """What arrived is not this protocol."""


def encode(fields: Mapping[str, Any]) -> bytes:
    """Return fields as one line of JSON, without its end."""
    return _TEXT.encode(fields).encode()


def pack(header: Header, payload: bytes = b"") -> bytes:
    """Return one frame."""
    return frame(encode(header), payload)


def frame(text: bytes, payload: bytes = b"") -> bytes:
    """Return one frame whose header is encoded already."""
    return _LENGTHS.pack(len(text), len(payload)) + text + payload


class Frames:
    """Takes bytes in any pieces, gives whole frames in order."""

    def __init__(self, decode: Callable[[bytes], Any] = json.loads) -> None:
        """Decode headers with `decode`, which raises ValueError for what is no JSON."""
        self._decode = decode
        self._buffer = bytearray()

    def feed(self, received: bytes) -> list[tuple[Header, bytes]]:
        """Return the frames that are complete now. Raises `BadFrame`."""
        buffer = self._buffer
        buffer += received
        frames: list[tuple[Header, bytes]] = []
        start = 0
        while len(buffer) - start >= _LENGTHS.size:
            header_length, payload_length = _LENGTHS.unpack_from(buffer, start)
            if header_length > LARGEST_HEADER or payload_length > LARGEST_PAYLOAD:
                raise BadFrame("a frame is too large")
            text = start + _LENGTHS.size
            payload = text + header_length
            end = payload + payload_length
            if len(buffer) < end:
                break
            header = self._header(bytes(buffer[text:payload]))
            frames.append((header, bytes(buffer[payload:end])))
            start = end
        del buffer[:start]
        return frames

    def _header(self, text: bytes) -> Header:
        try:
            header = self._decode(text)
        except ValueError as error:
            raise BadFrame(str(error)) from None
        if not isinstance(header, dict) or not isinstance(header.get("type"), str):
            raise BadFrame("a header without a type")
        return header


def socket_address(path: Path) -> tuple[str, int | None]:
    """Return an address for a Unix socket, and a descriptor to close after its use.

    A path over 100 bytes does not fit into a socket address: it is reached through its directory.
    """
    if len(os.fsencode(path)) <= 100:
        return str(path), None
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    return f"/proc/self/fd/{directory}/{path.name}", directory


def connect(path: Path) -> socket.socket:
    """Return a connected stream socket. Raises OSError."""
    address, directory = socket_address(path)
    there = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        there.connect(address)
    except OSError:
        there.close()
        raise
    finally:
        if directory is not None:
            os.close(directory)
    return there


def listen(path: Path) -> socket.socket:
    """Return a listening socket that only this user can reach. Raises OSError."""
    address, directory = socket_address(path)
    here = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        here.bind(address)
        here.listen(16)
    except OSError:
        here.close()
        raise
    finally:
        os.umask(mask)
        if directory is not None:
            os.close(directory)
    return here
