"""The tokens of the API, from a file that only its user can read."""

import hashlib
import hmac
import os
import re
import stat
from pathlib import Path

import msgspec

from cronterm.errors import BadInput
from cronterm.model.api import Scope

LARGEST_FILE = 64 << 10
MOST_TOKENS = 100

_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{32,256}")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SCOPES: dict[str, Scope] = {"read": "read", "operate": "operate"}


class Token(msgspec.Struct, frozen=True):
    """Who may do what. The token itself is not kept, so nothing can show it."""

    name: str
    scope: Scope
    digest: bytes


def read_tokens(path: Path, uid: int) -> tuple[Token, ...]:
    """Return the tokens in `path`, a file of the user `uid` that nobody else can read.

    A line is a token of at least 32 characters; before it may stand what it allows (`read`,
    otherwise `operate`) and after that a name. Raises `BadInput` for anything else.
    """
    tokens: list[Token] = []
    for number, line in enumerate(_private_text(path, uid).splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        tokens.append(_token(words, f"{path}:{number}"))
    if not tokens:
        raise BadInput(f"{path} holds no token", _how_to_make(path))
    if len(tokens) > MOST_TOKENS:
        raise BadInput(f"{path} holds more than {MOST_TOKENS} tokens")
    if len({token.digest for token in tokens}) < len(tokens):
        raise BadInput(f"{path} holds a token twice")
    return tuple(tokens)


def find_token(tokens: tuple[Token, ...], given: str) -> Token | None:
    """Return the token that `given` is; takes as long for a wrong one as for a right one."""
    digest = _digest(given)
    found = None
    for token in tokens:
        if hmac.compare_digest(token.digest, digest):
            found = token
    return found


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _token(words: list[str], place: str) -> Token:
    *about, token = words
    if len(about) > 2 or (about and about[0] not in _SCOPES):
        raise BadInput(f"{place}: not a token", "a line is: [read|operate [NAME]] TOKEN")
    if not _TOKEN.fullmatch(token):
        raise BadInput(
            f"{place}: a token has 32 to 256 letters, digits or . _ ~ + / = -",
            "head -c 32 /dev/urandom | base64",
        )
    scope = _SCOPES[about[0]] if about else "operate"
    name = about[1] if len(about) == 2 else scope
    if not _NAME.fullmatch(name):
        raise BadInput(f"{place}: a name has letters, digits or . _ -, at most 64")
    return Token(name, scope, _digest(token))


def _private_text(path: Path, uid: int) -> str:
    try:
        # Not blocking: a FIFO in its place must not hold up who reads the jobs file.
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}", _how_to_make(path)) from None
    try:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode):
            raise BadInput(f"{path} is not a file")
        if about.st_uid != uid:
            raise BadInput(f"{path} belongs to somebody else", "the engine's user must own it")
        if stat.S_IMODE(about.st_mode) & 0o077:
            raise BadInput(f"others may read {path}", f"chmod 600 {path}")
        if about.st_size > LARGEST_FILE:
            raise BadInput(f"{path} is too large for a file of tokens")
        content = os.read(file, LARGEST_FILE)
    finally:
        os.close(file)
    try:
        return content.decode("ascii")
    except UnicodeDecodeError:
        raise BadInput(f"{path} holds something else than tokens") from None


def _how_to_make(path: Path) -> str:
    return f"umask 077; head -c 32 /dev/urandom | base64 > {path}"
