"""What the engine's log says of what people do."""

import pytest

from cronterm.engine.narrate import narrate
from cronterm.model.event import InstantDecided, SkipLifted

DUE = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z


def test_a_skip_and_who_lifted_it_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "cronterm")
    narrate(
        InstantDecided(
            at=0,
            job="a",
            due_at=DUE,
            outcome="skipped",
            reason="user",
            schedule_hash="",
            message="by ann",
        )
    )
    narrate(SkipLifted(at=0, job="a", due_at=DUE, by="bob"))

    told = [(each.getMessage(), each.__dict__) for each in caplog.records]
    assert [(what, more["due"]) for what, more in told] == [
        ("skipped", "2026-01-01T00:00:00Z"),
        ("skip lifted", "2026-01-01T00:00:00Z"),
    ]
    assert told[0][1]["message_"] == "by ann"
    assert told[1][1]["by"] == "bob"
