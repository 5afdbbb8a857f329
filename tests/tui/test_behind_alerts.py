"""What is behind an alert is read once, and again where it was not to be had."""

import asyncio

import pytest

from cronterm.errors import NoEngine
from cronterm.model.alert import Alert
from cronterm.model.query import AnyReply, Query
from cronterm.tui.behind_alerts import BehindAlerts
from tests.tui.scene import NOW, FakeControl

ALERT = Alert(id=5, kind="failure", job="load", message="", run=11, opened_at=NOW, last_at=NOW)


class Gone(FakeControl):
    """Nobody answers."""

    async def query(self, query: Query) -> AnyReply:
        """Raise."""
        raise NoEngine("no route")


async def test_what_was_given_up_is_read_when_it_is_looked_at_again() -> None:
    behind, control = BehindAlerts(), FakeControl()
    control.gate.clear()
    reading = asyncio.ensure_future(behind.read(control, ALERT))
    await asyncio.sleep(0)
    assert not behind.lacks(ALERT)  # it is on its way
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert behind.lacks(ALERT)

    control.gate.set()
    await behind.read(control, ALERT)
    assert not behind.lacks(ALERT)
    assert len(behind.printed(ALERT)) == 2
    assert behind.notices(ALERT) is not None


async def test_what_was_not_to_be_had_is_asked_for_again_once_there_is_reason_to() -> None:
    behind = BehindAlerts()
    await behind.read(Gone(), ALERT)
    assert not behind.lacks(ALERT)  # not each time that it is drawn
    behind.try_again()
    assert behind.lacks(ALERT)
    await behind.read(FakeControl(), ALERT)
    behind.try_again()
    assert not behind.lacks(ALERT)
