"""Which events change what is told of a job."""

import pytest

from cronterm.model.alert import Alert
from cronterm.model.event import (
    AlertOpened,
    AllPaused,
    AnyEvent,
    ConfigLoaded,
    EngineStopping,
    InstantDecided,
    JobAdded,
    JobPaused,
    JobRenamed,
    NextDueMoved,
    SkipLifted,
)
from cronterm.model.job import Settings
from cronterm.tui.about import is_about
from tests.tui.scene import NOW, job

ITS_ALERT = Alert(id=1, kind="late", job="a", message="due", opened_at=NOW, last_at=NOW)
SKIPPED = InstantDecided(
    at=NOW, job="a", due_at=NOW, outcome="skipped", reason="user", schedule_hash=""
)


@pytest.mark.parametrize(
    ("event", "is_of_a", "is_of_b"),
    [
        (JobPaused(at=NOW, job="a", by="ann"), True, False),
        (SKIPPED, True, False),
        (SkipLifted(at=NOW, job="a", due_at=NOW, by="ann"), True, False),
        (NextDueMoved(at=NOW, next_at={"a": None}), True, False),
        (JobAdded(at=NOW, job=job("a", "@hourly"), counts_from=0, first_seen_at=0), True, False),
        (JobRenamed(at=NOW, job="a", old="b"), True, True),
        (AlertOpened(at=NOW, alert=ITS_ALERT), True, False),
        (AllPaused(at=NOW, by="ann"), True, True),
        (ConfigLoaded(at=NOW, sha256="", settings=Settings(), jobs=2), True, True),
        (EngineStopping(at=NOW, by="ann"), False, False),
    ],
)
def test_what_happens_to_a_job_changes_what_is_told_of_it(
    event: AnyEvent, is_of_a: bool, is_of_b: bool
) -> None:
    assert is_about(event, "a") is is_of_a
    assert is_about(event, "b") is is_of_b
