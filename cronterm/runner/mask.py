"""Masks the secrets of an attempt in what it writes, however the writes are cut."""

from collections.abc import Iterable, Mapping

MASK = b"***"
LINE = 8  # bytes: a line of a key that is masked by itself


class Masker:
    """Replaces whole secrets in one stream.

    What may be the beginning of a secret is held back until more of the stream shows whether it
    is; at most the length of the longest secret.
    """

    def __init__(self, secrets: Iterable[bytes]) -> None:
        self._secrets = sorted(set(secrets))
        self._longest = max(map(len, self._secrets))
        self._held = b""
        self._covered = 0
        """How many bytes at the begin of what is held a mask stands for that was passed on."""

    @property
    def is_holding(self) -> bool:
        """Something is held back."""
        return bool(self._held)

    def feed(self, content: bytes) -> bytes:
        """Return what can be passed on now."""
        whole = self._held + content
        return self._pass_on(whole, self._hold_from(whole))

    def finish(self) -> bytes:
        """Return what was held back: the stream is at its end, or will not be read any more."""
        return self._pass_on(self._held, len(self._held))

    def _hold_from(self, whole: bytes) -> int:
        """Return where the first beginning of a secret stands that the end cuts off."""
        start = max(len(whole) - self._longest + 1, 0)
        tail = whole[start:]
        first = len(tail)
        for secret in self._secrets:
            at = tail.find(secret[:1], max(len(tail) - len(secret) + 1, 0), first)
            while at >= 0:
                if secret.startswith(tail[at:]):
                    first = at
                    break
                at = tail.find(secret[:1], at + 1, first)
        return start + first

    def _pass_on(self, whole: bytes, hold_from: int) -> bytes:
        """Return `whole` up to `hold_from` with masks, and hold the rest."""
        parts: list[bytes] = []
        place = end = self._covered
        for start, stop in self._matches(whole):
            if start >= hold_from:
                break
            if start >= end:
                parts += [whole[place:start], MASK]
            end = place = max(end, stop)
        if place < hold_from:
            parts.append(whole[place:hold_from])
        self._held = whole[hold_from:]
        self._covered = max(end - hold_from, 0)
        return b"".join(parts)

    def _matches(self, whole: bytes) -> list[tuple[int, int]]:
        """Return where secrets stand, in order; they may overlap."""
        found = []
        for secret in self._secrets:
            at = whole.find(secret)
            while at >= 0:
                found.append((at, at + len(secret)))
                at = whole.find(secret, at + 1)
        found.sort()
        return found


def maskers(secrets: Mapping[str, str], streams: Iterable[int]) -> dict[int, Masker]:
    """Return what masks each stream: the values, and the long lines of those that have several."""
    values = [value.encode("utf-8", "surrogateescape") for value in secrets.values()]
    values += [line for value in values for line in value.splitlines() if len(line) >= LINE]
    return {stream: Masker(values) for stream in streams} if values else {}
