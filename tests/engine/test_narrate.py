"""What the engine's log says of what people do."""

import pytest

from cronterm.engine.narrate import narrate
from cronterm.model.event import AllPaused, AllResumed, InstantDecided, JobPaused, SkipLifted

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


def test_a_pause_and_its_end_are_logged_with_who_and_until_when(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "cronterm")
    narrate(AllPaused(at=0, by="ann", until=DUE, reason="disk swap"))
    narrate(AllResumed(at=0, by="bob"))
    narrate(JobPaused(at=0, job="a", by="eve"))

    told = [(each.getMessage(), each.levelname, each.__dict__) for each in caplog.records]
    assert [(what, more["by"]) for what, _, more in told] == [
        ("everything paused", "ann"),
        ("everything resumed", "bob"),
        ("paused", "eve"),
    ]
    assert told[0][1] == "WARNING"
    assert told[0][2]["until"] == "2026-01-01T00:00:00Z"
    assert told[0][2]["reason"] == "disk swap"
    assert "until" not in told[2][2]
