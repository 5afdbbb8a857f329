"""Tests for the columns of the job table."""

from cronterm.model.event import JobAdded, Numbered
from cronterm.model.fold import fold
from cronterm.model.snapshot import Snapshot
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.columns import (
    BEFORE_NAME,
    BY_ITSELF,
    BY_KEY,
    COLUMNS,
    MOST_WORDS,
    behind_host,
    layout_for,
)
from tests.remote.fake_control import START, job


def test_a_name_stands_behind_its_machine_where_there_are_several() -> None:
    assert behind_host("", "backup", (), 6) == "backup"
    assert behind_host("db1", "backup", ("db1", "web-10"), 14) == "db1     backup"
    assert behind_host("a-very-long-name", "x", ("a-very-long-name",), 15) == "a-very-long…  x"


def test_a_job_of_a_machine_that_is_gone_is_gone() -> None:
    picture = Picture()
    snapshot = Snapshot(n=1, hosts=("a", "b"), gone={"b": "no route"})
    for host in ("a", "b"):
        added = job(f"{host}:backup")
        event = JobAdded(at=START, job=added, counts_from=START, first_seen_at=START)
        fold(snapshot, Numbered(snapshot.n + 1, event))
    picture.take(snapshot, START)

    states = [picture.state(view, START) for view in picture.snapshot.jobs.values()]
    assert states == ["never", "gone"]


def test_the_name_always_has_room() -> None:
    assert all(layout_for(width).name >= 8 for width in range(20, 200))


def test_a_long_name_is_whole_where_there_is_room() -> None:
    assert layout_for(232).name == 30
    assert layout_for(232, longest=63).name == 63
    assert layout_for(80, longest=63) == layout_for(80)
    assert layout_for(120, ("duration",), longest=63).name == 63


def test_the_schedule_in_words_has_what_nothing_else_needs() -> None:
    words = {width: layout_for(width).cells["words"] for width in range(150, 260)}
    assert words[150] == BY_KEY["words"].cells
    assert words[259] == 2 + MOST_WORDS
    assert layout_for(259, longest=63).name == 63


def test_columns_come_by_themselves_where_there_is_room() -> None:
    assert list(layout_for(50).cells) == ["duration"]
    assert list(layout_for(80).cells) == ["schedule", "last", "duration", "trend"]
    assert tuple(layout_for(150).cells) == BY_ITSELF
    for width in range(40, 250):
        layout = layout_for(width)
        assert BEFORE_NAME + layout.name + sum(layout.cells.values()) <= max(width, 64)


def test_chosen_columns_are_shown_in_their_order_as_far_as_they_fit() -> None:
    layout = layout_for(80, ("tags", "last", "owner", "errors", "group"))

    assert list(layout.cells) == ["last", "errors", "group", "owner"]
    assert (layout.before, layout.after) == (0, 1)
    assert BEFORE_NAME + layout.name + sum(layout.cells.values()) <= 80


def test_every_column_comes_into_view_by_pushing_others_out() -> None:
    everything = [column.key for column in COLUMNS]
    for width in (20, 60, 80, 120, 200):
        for chosen in ((), everything):
            seen = set(layout_for(width, chosen).cells)
            pushed = 0
            while (layout := layout_for(width, chosen, pushed)).after:
                pushed = layout.before + 1
                seen |= set(layout_for(width, chosen, pushed).cells)

            assert seen == set(chosen or BY_ITSELF)
            assert layout_for(width, chosen, pushed + 9).cells == layout.cells
