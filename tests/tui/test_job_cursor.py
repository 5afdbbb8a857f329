"""The cursor belongs to a job, wherever that is sorted."""

import pytest
from msgspec.structs import replace
from textual.geometry import Size

from cronterm.clock import MINUTE, SECOND
from cronterm.model.snapshot import JobView, Pause
from cronterm.tui.agenda import Entry
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.agenda_box import AgendaBox
from cronterm.tui.widgets.table import JobTable
from tests.tui.scene import NOW, job, past
from tests.tui.test_picture import picture_of

ROWS = 3


class SmallTable(JobTable):
    """A table with room for three rows."""

    @property
    def size(self) -> Size:
        """Return the room for them and the head."""
        return Size(80, ROWS + 1)


def table_of(*names: str, filter: str = "") -> SmallTable:
    """Return a table of jobs that are due in this order, a minute apart."""
    due = [NOW + (n + 1) * MINUTE for n in range(len(names))]
    views = [
        JobView(job=job(name, "@hourly"), next_at=at) for name, at in zip(names, due, strict=True)
    ]
    table = SmallTable(picture_of(*views), id="jobs")
    table.filter_by(filter)
    table.update(NOW, is_new=True)
    return table


def put_last(picture: Picture, name: str) -> None:
    """Make a job the last that is due."""
    picture.snapshot.jobs[name].next_at = NOW + 60 * MINUTE


def test_what_something_is_done_to_keeps_the_cursor() -> None:
    table = table_of("a", "b", "c", "d", "e")

    assert table.chosen() == ["a"]
    put_last(table.picture, "a")
    table.update(NOW + 5 * SECOND)

    assert table.jobs == ["b", "c", "d", "e", "a"]
    assert table.chosen() == ["a"]
    assert table.line_role(ROWS) == "selection"  # and it is seen


def test_rows_stay_under_a_finger_however_long_ago_they_were_drawn() -> None:
    table = table_of("a", "b", "c")

    table.action_move(1)  # just before it is drawn again
    put_last(table.picture, "a")
    table.picture.snapshot.n += 1
    table.update(NOW + SECOND)
    assert table.jobs == ["a", "b", "c"]

    table.update(NOW + 2 * SECOND)
    assert table.jobs == ["b", "c", "a"]


def test_one_that_is_opened_keeps_the_cursor_too() -> None:
    table = table_of("a", "b", "c", "d", "e")

    assert table.take() == "a"
    put_last(table.picture, "a")
    table.update(NOW + 5 * SECOND)

    assert table.cursor == "a"


def test_where_nobody_did_anything_the_first_row_is_looked_at() -> None:
    table = table_of("a", "b", "c", "d", "e")

    put_last(table.picture, "a")
    table.update(NOW + 5 * SECOND)

    assert table.cursor == "b"


def test_a_job_stays_though_it_leaves_the_filter_until_the_cursor_goes_on() -> None:
    table = table_of("a", "b", "c", filter="!is:paused")

    assert table.chosen() == ["a"]
    table.picture.snapshot.jobs["a"].pause = Pause("ann", NOW)
    table.update(NOW + 5 * SECOND)
    assert table.chosen() == ["a"]

    table.action_move(1)
    table.update(NOW + 10 * SECOND)
    table.update(NOW + 12 * SECOND)
    assert (table.jobs, table.cursor) == (["b", "c"], "b")


def test_marked_jobs_stay_together_though_they_leave_the_filter() -> None:
    table = table_of("a", "b", "c", filter="!is:paused")
    table.marked = {"a", "c"}

    for each in table.chosen():
        table.picture.snapshot.jobs[each].pause = Pause("ann", NOW)
    table.update(NOW + 5 * SECOND)

    assert table.chosen() == ["a", "c"]


def test_a_job_under_the_cursor_stays_though_its_state_changes_by_itself() -> None:
    table = table_of("a", "b", "c", filter="is:never")

    table.action_move(1)
    table.picture.snapshot.jobs["b"].recent = [past(1, 1, 1000, is_failed=False)]
    table.update(NOW + 5 * SECOND)
    assert table.cursor == "b"

    table.filter_by("is:never")
    assert table.jobs == ["a", "c"]


def described(filter: str = "", *, at: str = "") -> SmallTable:
    """Return a table of jobs one of which is only described by `order`."""
    table = table_of("vacuum", "old-importer", "re-order", "feed", "order-sync", "order-export")
    jobs = table.picture.snapshot.jobs
    jobs["old-importer"].job = replace(jobs["old-importer"].job, description="orders of old")
    if at:
        table.go_to(at)
    for length in range(len(filter)):
        table.filter_by(filter[: length + 1])
    return table


@pytest.mark.parametrize("at", ["", "vacuum", "old-importer", "re-order", "feed"])
def test_a_filter_puts_the_cursor_on_the_first_name_that_begins_so(at: str) -> None:
    assert described("order", at=at).cursor == "order-sync"


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("ORDER-E", "order-export"),
        ("re order", "re-order"),
        ("order-sync", "order-sync"),
        ("old", "old-importer"),
        ("orders", "old-importer"),
        ("/-s/", "order-sync"),
        ("!feed r", "re-order"),
    ],
)
def test_a_filter_puts_the_cursor_on_what_it_means_best(words: str, at: str) -> None:
    assert described(words, at="feed").cursor == at


def test_a_chosen_job_that_a_filter_means_as_well_as_any_keeps_the_cursor() -> None:
    table = described("order", at="order-export")

    assert table.cursor == "order-export"
    table.action_move(-1)
    table.action_move(-1)
    table.filter_by("order")  # the line is opened again
    assert table.cursor == "re-order"
    table.filter_by("is:never")
    assert table.cursor == "re-order"


def test_a_cleared_filter_leaves_the_cursor_on_its_job() -> None:
    table = described("order", at="feed")

    table.filter_by("")
    table.update(NOW + 5 * SECOND)
    assert (table.cursor, len(table.jobs)) == ("order-sync", 6)


def test_a_filter_that_tells_of_no_name_goes_to_the_first_row_it_leaves() -> None:
    table = described("!feed", at="feed")

    assert table.cursor == "vacuum"


def starts_of(*names: str) -> list[Entry]:
    """Return starts of these jobs, a minute apart, the first in a second."""
    return [Entry(NOW + SECOND + n * MINUTE, name, None) for n, name in enumerate(names)]


def test_a_start_stays_in_the_agenda_once_its_job_was_paused_there() -> None:
    picture = picture_of(*(JobView(job=job(name, "@hourly")) for name in "abc"))
    agenda = AgendaBox(picture, id="agenda")
    comes = starts_of("a", "b", "c")
    agenda.show(comes)

    assert agenda.take() == "a"
    picture.snapshot.jobs["a"].pause = Pause("ann", NOW)
    agenda.show(comes[1:])
    assert agenda.take() == "a"
    assert agenda.entries[0].note == "paused"
    assert not agenda.is_old(NOW + 5 * SECOND)

    agenda.move(1)
    agenda.show(comes[1:])
    assert [each.job for each in agenda.entries] == ["b", "c"]
    assert agenda.take() == "b"


def test_an_agenda_that_nobody_touched_begins_with_what_comes_first() -> None:
    agenda = AgendaBox(picture_of(), id="agenda")
    comes = starts_of("a", "b")
    agenda.show(comes)
    assert agenda.is_old(NOW + 5 * SECOND)

    agenda.show(comes[1:])
    assert agenda.take() == "b"
