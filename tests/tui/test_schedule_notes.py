"""Notes say in words what a schedule leaves to guess."""

from typing import Any

import msgspec
import pytest

from cronterm.clock import HOUR, MINUTE
from cronterm.model.outlook import Ahead, Outlook
from cronterm.model.snapshot import JobView, Pause
from cronterm.model.trigger import OnFile, OnWebhook
from cronterm.schedule.base import CalendarSpec
from cronterm.tui.schedule_notes import schedule_notes
from tests.core.clockwork import job
from tests.tui.scene import NOW, scene

CALENDARS = {
    "office": CalendarSpec(weekdays=(0, 1, 2, 3, 4)),
    "nights": CalendarSpec(
        windows=tuple((day * 86_400 + 3_600, day * 86_400 + 18_000) for day in range(7))
    ),
}


def notes(schedule: str, *, zone: str = "UTC", coming: bool = True, **words: Any) -> list[str]:
    """Return the sentences about a job."""
    pause, runs = words.pop("pause", None), words.pop("timed_runs", 0)
    view = JobView(job=job("a", schedule, timezone=zone, **words), pause=pause, timed_runs=runs)
    ahead = (Ahead(NOW + HOUR),) if coming else ()
    changes = (Ahead(NOW + HOUR, "02:30 does not exist"),) if zone != "UTC" else ()
    told = Outlook(timezone=zone, coming=ahead, changes=changes)
    return [text for text, _ in schedule_notes(view, told, None, NOW, CALENDARS)]


@pytest.mark.parametrize(
    ("words", "start"),
    [
        ({"enabled": False}, "Disabled in the file"),
        ({"coming": False}, "Never fires: its schedule"),
        ({"coming": False, "timed_runs": 1}, "Never fires again: its schedule"),
        ({"coming": False, "exclude": ("nights",)}, "Never fires: its calendars"),
        ({"coming": False, "not_after": NOW}, "Never fires again: nothing comes up to not_after"),
        ({"max_runs": 3, "timed_runs": 3}, "Never fires again: it has run 3 times"),
        ({"max_runs": 3, "timed_runs": 1}, "Runs by itself 2 times more"),
        ({"pause": Pause("ann", NOW, NOW + HOUR)}, "Paused by ann until Sat 2026-11-21 15:32"),
        ({"jitter": 5 * MINUTE, "jitter_mode": "random"}, "Jitter: each start waits up to 5m more"),
        ({"depends_on": {"b": "success"}}, "Starts only once b succeeded."),
        (
            {"only": ("office",), "exclude": ("nights",)},
            "Never runs in nights (between 01:00 and 05:00).",
        ),
        ({"only": ("office",)}, "Runs only in office (on Mon-Fri)."),
        ({"only": ("office", "nights")}, "May surprise: only has days, and hours of every day"),
        ({"not_before": NOW}, "Not before Sat 2026-11-21 14:32:07."),
        ({"start_deadline": HOUR}, "Starts within 1h of its instant"),
        ({"catch_up": "latest"}, "After a start, the newest instant"),
        ({}, "Times are UTC: the clock on this machine shows the same."),
    ],
)
def test_a_note_is_there(words: dict[str, Any], start: str) -> None:
    assert any(text.startswith(start) for text in notes("0 9 * * mon", **words))


def test_a_timeout_that_is_too_short_is_told() -> None:
    view = scene().jobs["s3-sync-eu"]
    view.job = msgspec.structs.replace(view.job, timeout=2 * MINUTE)
    told = Outlook(timezone="UTC", coming=(Ahead(NOW + HOUR),))
    text, role = schedule_notes(view, told, None, NOW, CALENDARS)[0]
    assert text.startswith("May be cut short: timeout 2m00s, usually takes 2m")
    assert role == "warn"


def test_another_zone_and_its_clock_are_told() -> None:
    told = notes("30 2 * * *", zone="Asia/Kathmandu")
    assert "Times are Asia/Kathmandu: 5 h 45 min ahead of this machine." in told
    assert told[0] == "The clock is set: Sat 2026-11-21 21:17, 02:30 does not exist."


def test_what_may_surprise_is_told() -> None:
    assert any("both set" in text for text in notes("0 9 13 * fri"))


def test_jobs_of_events_say_what_they_wait_for() -> None:
    triggers = (OnFile(path="/srv/in"), OnWebhook(path="push"))
    told = notes("@manual", triggers=triggers, cooldown=MINUTE)
    assert told == [
        "Waits for file /srv/in.",
        "Waits for webhook push.",
        "After such a start no event starts it for 1m.",
    ]
    assert notes("@manual", depends_on={"b": "failure"}) == ["Starts once b failed."]
    assert notes("@reboot", coming=False)[0].startswith("No instant to tell: it starts at boot")
    assert notes("@manual")[0].startswith("Starts by hand only")
