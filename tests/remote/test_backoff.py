"""Tests for how long who sends wrong tokens is told to wait."""

from cronterm.remote.backoff import FORGOTTEN_AFTER_S, MOST_PEERS, Backoff


class Moment:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def test_the_first_failures_are_free_and_then_each_wait_is_longer() -> None:
    backoff = Backoff(Moment())

    assert [backoff.fail("192.0.2.1") for _ in range(13)] == [0] * 5 + [1, 2, 4, 8, 16, 32, 60, 60]


def test_each_peer_fails_for_itself() -> None:
    backoff = Backoff(Moment())
    waits = [backoff.fail(f"192.0.2.{n}") for n in range(20)]

    assert waits == [0] * 20


def test_a_network_of_ipv6_is_one_peer() -> None:
    backoff = Backoff(Moment())
    waits = [backoff.fail(f"2001:db8::{n}") for n in range(6)]

    assert waits[-1] == 1


def test_failures_are_forgotten_after_a_while() -> None:
    moment = Moment()
    backoff = Backoff(moment)
    for _ in range(6):
        backoff.fail("192.0.2.1")
    moment.s = FORGOTTEN_AFTER_S + 1

    assert backoff.fail("192.0.2.1") == 0


def test_what_is_remembered_is_bounded() -> None:
    backoff = Backoff(Moment())
    for _ in range(6):
        backoff.fail("first")
    for n in range(MOST_PEERS):
        backoff.fail(f"peer-{n}")

    assert backoff.fail("first") == 0
