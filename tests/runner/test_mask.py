"""Masking: whole secrets only, whatever the cut, and nothing held longer than it must be."""

from hypothesis import example, given
from hypothesis import strategies as st

from cronterm.runner.mask import Masker

PARTS = st.text("abc", max_size=6).map(str.encode)
SECRETS = st.lists(st.text("abc", min_size=1, max_size=5).map(str.encode), min_size=1, max_size=3)


def masked(secrets: list[bytes], parts: list[bytes]) -> bytes:
    """Return what comes out of `parts`."""
    masker = Masker(secrets)
    return b"".join(map(masker.feed, parts)) + masker.finish()


def reference(secrets: list[bytes], whole: bytes) -> bytes:
    """Mask every byte that is in an occurrence, and make one mask of those that overlap."""
    found = sorted(
        (at, at + len(secret))
        for secret in secrets
        for at in range(len(whole))
        if whole.startswith(secret, at)
    )
    out, place, end = b"", 0, 0
    for start, stop in found:
        if start >= end:
            out += whole[place:start] + b"***"
        end = place = max(end, stop)
    return out + whole[place:]


@given(SECRETS, st.lists(PARTS, max_size=8))
@example([b"abcd", b"bc"], [b"ab", b"ce"])
@example([b"abcd", b"abcdef"], [b"abcd", b"ef"])
@example([b"abcd", b"cdef"], [b"abcd", b"ef"])
@example([b"aa"], [b"a"] * 9)
def test_it_does_not_matter_where_the_reads_cut(secrets: list[bytes], parts: list[bytes]) -> None:
    assert masked(secrets, parts) == reference(secrets, b"".join(parts))


@given(SECRETS, PARTS, PARTS)
def test_no_secret_comes_out_and_the_rest_does(
    secrets: list[bytes], before: bytes, after: bytes
) -> None:
    out = masked(secrets, [before, *(secrets), after])

    assert not any(secret in out for secret in secrets)


def test_only_what_may_become_a_secret_is_held_back() -> None:
    masker = Masker([b"s3cret-value"])

    assert masker.feed(b"password: ") == b"password: "
    assert masker.feed(b"s3cret") == b""
    assert masker.is_holding
    assert masker.feed(b"ive\n") == b"s3cretive\n"
    assert masker.feed(b"[s3c") + masker.feed(b"ret-value]") == b"[***]"
    assert not masker.is_holding
    assert masker.feed(b"s3") + masker.finish() == b"s3"


def test_a_stream_of_the_same_byte_is_held_in_bounds() -> None:
    masker = Masker([b"a" * 1000])

    for _ in range(10):
        masker.feed(b"a" * 10_000)
        assert len(masker._held) < 1000
