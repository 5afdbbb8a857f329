"""What the lines at the edges say."""

import pytest

from cronterm.control import Gauges, Gone
from cronterm.model.engine_view import EngineView
from cronterm.model.event import EngineStopping, Numbered
from cronterm.model.problem import Problem
from cronterm.model.snapshot import JobView, Snapshot
from cronterm.tui.look import UNICODE, Glyphs
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.bars import Banner, TabBar
from cronterm.tui.widgets.first_steps import first_steps, import_command
from cronterm.tui.widgets.paint import Part
from tests.tui.scene import NOW, job


class Plain:
    """What draws itself in no app."""

    @property
    def glyphs(self) -> Glyphs:
        """Return the usual ones."""
        return UNICODE

    def key(self, id: str) -> str:
        """Return a letter."""
        return id[0]


class PlainBanner(Plain, Banner):
    """A banner that is in no app."""


class PlainTabs(Plain, TabBar):
    """Tabs that are in no app."""


def text_of(lines: list[list[Part]]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


def test_a_broken_file_is_told_with_its_hint_and_what_goes_on_as_far_as_there_is_room() -> None:
    problem = Problem(
        file="/srv/jobs.yaml",
        line=12,
        column=5,
        message="unknown key 'shedule'",
        hint="did you mean schedule?",
    )
    jobs = {"a": JobView(job=job("a", "@hourly"))}
    banner = PlainBanner(Picture(Snapshot(problems=(problem,), jobs=jobs)), "jobs")

    wide = text_of(banner.paint(140, 1))
    assert "'shedule' — did you mean schedule? — the jobs before it stay in force " in wide
    narrow = text_of(banner.paint(90, 1))
    assert "'shedule' — did you mean schedule? " in narrow
    assert "in force" not in narrow
    assert "unknown key 'shedule'  " in text_of(banner.paint(64, 1))


def test_a_banner_offers_the_keys_that_count_on_its_page() -> None:
    picture = Picture(Snapshot())
    picture.gone = Gone(since=0, why="it was killed")
    jobs, missed = (
        text_of(PlainBanner(picture, where).paint(90, 1)) for where in ("jobs", "missed")
    )

    assert jobs.endswith("r restart   t why")
    assert "ENGINE STOPPED, nothing is scheduled" in missed


def test_who_stopped_the_engine_is_said_until_another_answers() -> None:
    picture = Picture(Snapshot())
    picture.take(Numbered(1, EngineStopping(at=NOW, by="root")), NOW)
    picture.take(Gone(since=NOW, why="closed"), NOW)
    banner = PlainBanner(picture, "missed")
    banner.now = NOW
    assert "ENGINE STOPPED, nothing is scheduled — by root 1s ago" in text_of(banner.paint(90, 1))
    for width in (80, 60, 50):
        board = PlainBanner(picture, "jobs")
        board.now = NOW
        assert "ENGINE STOPPED, nothing" in text_of(board.paint(width, 1)), width

    picture.take(Snapshot(), NOW)
    picture.take(Gone(since=NOW, why="killed"), NOW)
    assert "nothing is scheduled — 1s ago" in text_of(banner.paint(90, 1))


def test_where_there_is_no_job_the_engines_of_other_files_are_named() -> None:
    picture = Picture(Snapshot())
    assert "other files" not in text_of(first_steps(picture, str, 80, 20))

    picture.others = ("cronterm -f /srv/jobs.yaml",)
    assert "cronterm -f /srv/jobs.yaml" in text_of(first_steps(picture, str, 80, 20))


@pytest.mark.parametrize(
    ("file", "sha256", "command"),
    [
        ("/srv/jobs.yaml", "", "cronterm import crontab -o /srv/jobs.yaml"),
        ("/srv/jobs.yaml", "1" * 64, "cronterm import crontab --merge -o /srv/jobs.yaml"),
        ("/my jobs/a.yaml", "", "cronterm import crontab -o '/my jobs/a.yaml'"),
        ("/etc/cronterm", "1" * 64, "cronterm import crontab -o /etc/cronterm/crontab.yaml"),
    ],
)
def test_the_first_page_names_the_command_that_brings_a_crontab_over(
    file: str, sha256: str, command: str
) -> None:
    picture = Picture(Snapshot(sha256=sha256, engine=EngineView(jobs_file=file)))
    assert command in text_of(first_steps(picture, str, 80, 20))
    assert command in text_of(first_steps(picture, str, 40, 20))
    assert import_command(picture) == command


def test_gauges_are_shown_all_of_them_or_none() -> None:
    picture = Picture(Snapshot())
    picture.gauges.append(Gauges(0, 1.0, 0.61, 0.87, "/var", 0.62, 16 << 30, 10 << 30))
    tabs = PlainTabs(picture)
    for width in range(40, 140):
        for tabs.place in ("", "Missed", "invoice-export", "a-job-with-a-long-name › log"):
            line = text_of(tabs.paint(width, 1))
            assert ("CPU ▇" in line) == ("DSK ▇" in line), line
            if len(line) > width:
                assert "CPU" not in line, line
    tabs.place = ""
    assert text_of(tabs.paint(80, 1)).endswith("CPU ▇100 MEM ▅61 DSK ▇87 ")
    tabs.place = "invoice-export › log"
    assert text_of(tabs.paint(100, 1)).rstrip().endswith("› log")
    assert text_of(tabs.paint(110, 1)).endswith(" CPU ▇100 MEM ▅61 DSK ▇87 ")
    assert text_of(tabs.paint(120, 1)).endswith(" CPU ▇ 100%  MEM ▅ 61%  DSK ▇ 87%  ")
