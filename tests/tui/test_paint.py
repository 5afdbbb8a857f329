"""Painting: what is drawn again, and how wide it is."""

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

from cronterm.tui.widgets.paint import Painted, Part, differing_cells, fit_name, whole_words

RED = Style(color="red")


def strip(*texts: str, style: Style | None = None) -> Strip:
    return Strip([Segment(text, style) for text in texts])


@pytest.mark.parametrize(
    ("before", "after", "cells"),
    [
        (strip(" 9s", "  name", "  1m"), strip(" 8s", "  name", "  1m"), 3),
        (strip(" 9s", "  name", "  1m"), strip(" 9s", "  name", "  2m"), 13),
        (strip(" 9s", "  日本", "  1m"), strip(" 9s", "  本日", "  1m"), 9),
        (strip("one"), strip("longer"), 6),
        (strip("a", "b"), strip("a", "b", style=RED), 2),
        (strip("ab"), strip("a", "b"), 2),
    ],
)
def test_a_line_is_drawn_up_to_where_it_differs(before: Strip, after: Strip, cells: int) -> None:
    assert differing_cells(before, after) == cells


@pytest.mark.parametrize(
    ("parts", "width", "shown"),
    [
        ([(" open ", "muted"), ("3/1000 ", "text")], 10, " open …"),
        (
            [(" timed out ", "muted"), ("10 ", "fail"), (" stopped ", "muted")],
            18,
            " timed out 10  st…",
        ),
        ([("runs", "muted"), (" 1,440", "text")], 8, "runs …"),
        ([("123456", "text")], 3, "…"),
        ([("runs", "muted"), (" 14 of 20", "text")], 7, None),
        ([("▆▆▆▆▆▆", "bar")], 3, None),
        ([("日本日本", "text")], 5, None),
    ],
)
def test_a_line_that_is_too_long_ends_with_a_whole_number(
    parts: list[Part], width: int, shown: str | None
) -> None:
    whole = whole_words(parts, width)
    assert (whole and "".join(text for text, _ in whole)) == shown


class Note(Painted):
    """Says one thing, and notes what of it is drawn again."""

    DEFAULT_CSS = "Note { border: round white; height: 5; width: 20; }"

    def __init__(self) -> None:
        super().__init__()
        self.text = "first"
        self.drawn: list[tuple[Region, ...]] = []
        self.painted: list[tuple[int, int]] = []

    def paint(self, width: int, height: int) -> list[list[Part]]:
        self.painted.append((width, height))
        return [[(f"{self.text:8}", "text"), ("the rest", "muted")]]

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> "Note":
        self.drawn.append(regions)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class NoteApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Note()


async def test_only_what_changed_is_drawn_again() -> None:
    app = NoteApp()
    async with app.run_test(size=(40, 10)):
        note = app.query_one(Note)
        note.entitle("Jobs", "1/9")
        note.repaint()
        note.drawn.clear()

        note.repaint()
        note.entitle("Jobs", "1/9")
        assert note.drawn == []

        note.text = "second"
        note.repaint()
        assert note.drawn == [(Region(0, 0, 8, 1),)]


async def test_it_is_painted_once_for_a_size_and_whole_for_the_next() -> None:
    app = NoteApp()
    async with app.run_test(size=(40, 10)) as pilot:
        note = app.query_one(Note)
        await pilot.pause()
        assert note.painted == [(18, 3)]

        note.text = "second"
        note.styles.height = 6
        await pilot.pause()
        assert note.painted == [(18, 3), (18, 4)]
        assert [strip.text[:6] for strip in note._strips[:2]] == ["second", " " * 6]


async def test_a_title_is_written_as_it_stands() -> None:
    app = NoteApp()
    async with app.run_test(size=(40, 10)):
        note = app.query_one(Note)
        note.entitle("Jobs /[bold]x[/] [", "[red]1")
        note.entitle(None, "2/9")

        assert str(note._border_title) == "Jobs /[bold]x[/] ["
        assert str(note._border_subtitle) == "2/9"


def test_names_that_begin_alike_are_told_apart_where_they_are_cut() -> None:
    names = ("nightly-backup-of-customers-eu", "nightly-backup-of-customers-us")
    short = [fit_name(name, 16) for name in names]

    assert short == ["nightly-…mers-eu", "nightly-…mers-us"]
    assert fit_name("backup", 10) == "backup    "
    assert [len(fit_name(names[0], width)) for width in range(32)] == [*range(32)]
