"""What waits while a burst is decided."""

from cronterm.engine.batch import STARTS_FIRST_S, Burst


def test_a_burst_holds_what_arrives_but_not_for_long() -> None:
    burst = Burst()

    assert not burst.holds(goes_on=False, now=10.0)
    assert burst.holds(goes_on=True, now=11.0)
    assert burst.holds(goes_on=True, now=11.0 + STARTS_FIRST_S - 0.01)
    assert not burst.holds(goes_on=True, now=11.0 + STARTS_FIRST_S)


def test_each_burst_has_its_own_time() -> None:
    burst = Burst()
    for now in (1.0, 5.0):
        assert burst.holds(goes_on=True, now=now)
        assert not burst.holds(goes_on=False, now=now + 0.1)
