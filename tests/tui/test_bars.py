"""What the lines at the edges say."""

from cronterm.model.problem import Problem
from cronterm.model.snapshot import JobView, Snapshot
from cronterm.tui.look import UNICODE, Glyphs
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.bars import Banner
from cronterm.tui.widgets.first_steps import first_steps
from cronterm.tui.widgets.paint import Part
from tests.tui.scene import job


class PlainBanner(Banner):
    """A banner that is in no app."""

    @property
    def glyphs(self) -> Glyphs:
        """Return the usual ones."""
        return UNICODE

    def key(self, id: str) -> str:
        """Return a letter."""
        return id[0]


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
    banner = PlainBanner(Picture(Snapshot(problems=(problem,), jobs=jobs)))

    wide = text_of(banner.paint(140, 1))
    assert "'shedule' — did you mean schedule? — the jobs before it stay in force " in wide
    narrow = text_of(banner.paint(90, 1))
    assert "'shedule' — did you mean schedule? " in narrow
    assert "in force" not in narrow
    assert "unknown key 'shedule'  " in text_of(banner.paint(64, 1))


def test_where_there_is_no_job_the_engines_of_other_files_are_named() -> None:
    picture = Picture(Snapshot())
    assert "other files" not in text_of(first_steps(picture, str, 80, 20))

    picture.others = ("cronterm -f /srv/jobs.yaml",)
    assert "cronterm -f /srv/jobs.yaml" in text_of(first_steps(picture, str, 80, 20))
