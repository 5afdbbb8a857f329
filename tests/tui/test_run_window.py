"""A window over a million runs: it is read ahead, never grows, and knows where it is."""

from cronterm.model.run import RunRow
from cronterm.tui.run_window import AHEAD, MOST, PAGE, RunWindow

ALL = 1_000_000


def row(number: int, outcome: str | None = "succeeded") -> RunRow:
    """Return a run."""
    return RunRow(run=number, job="a", cause="scheduled", queued_at=number, outcome=outcome)  # type: ignore[arg-type]


def numbers(window: RunWindow) -> list[int | None]:
    """Return the runs that it has."""
    return [each.run for each in window.rows]


def read(window: RunWindow, newest: int = ALL) -> RunWindow:
    """Give it what it wants of a list of so many runs."""
    while window.wants_older or window.wants_newer:
        if window.wants_older:
            first = (window.before or newest + 1) - 1
            window.add_older([row(n) for n in range(first, max(first - PAGE, 0), -1)])
        else:
            last = min(window.after + PAGE, newest)
            window.add_newer([row(n) for n in range(last, window.after, -1)])
    return window


def test_rows_are_there_before_the_cursor_comes() -> None:
    window = read(RunWindow())
    for _ in range(3 * PAGE):
        window.step(1)
        assert window.row is not None
        assert len(window.rows) - window.cursor > AHEAD - 2
        read(window)

    assert window.row is not None
    assert (window.row.run, window.position.partition("/")[0]) == (ALL - 3 * PAGE, "1501")


def test_a_walk_to_the_end_and_back_keeps_few_rows() -> None:
    window = read(RunWindow(), 9 * MOST)
    while window.has_older:
        window.step(300)
        read(window, 9 * MOST)
        assert len(window.rows) <= MOST + PAGE
    window.step(PAGE)
    assert window.position == f"{9 * MOST}/{9 * MOST}"

    while window.has_newer:
        window.step(-300)
        read(window, 9 * MOST)
        assert len(window.rows) <= MOST + PAGE
        assert numbers(window) == list(range(window.after, (window.before or 0) - 1, -1))
    window.step(-PAGE)
    assert window.position.startswith("1/")


def test_the_cursor_may_be_a_page_ahead_of_what_is_read() -> None:
    window = RunWindow()
    window.step(2 * PAGE)
    assert (window.cursor, window.row, window.unread_below) == (PAGE - 1, None, PAGE)

    window.add_older([row(n) for n in range(20, 0, -1)])

    assert (window.cursor, window.row, window.unread_below) == (19, row(1), 0)
    assert window.position == "20/20"


def test_from_the_end_it_counts_back() -> None:
    window = RunWindow.at_end()
    window.step(-3)
    read(window)

    assert window.row == row(4)
    assert window.position == "3 before the oldest"
    window.step(PAGE)
    assert window.position == "the oldest"


def test_an_empty_history_has_a_place_too() -> None:
    for window in (RunWindow(), RunWindow.at_end()):
        read(window, 0)
        assert (window.cursor, window.row, window.position) == (0, None, "0/0")


def test_new_runs_leave_the_cursor_on_its_run() -> None:
    window = read(RunWindow())
    window.step(7)
    window.renew([row(n) for n in range(ALL + 3, ALL + 3 - PAGE, -1)])
    assert (window.cursor, window.row) == (10, row(ALL - 7))

    window.step(-10)
    window.renew([row(n) for n in range(ALL + 4, ALL + 4 - PAGE, -1)])
    assert (window.cursor, window.row) == (0, row(ALL + 4))
    assert numbers(window) == list(range(ALL + 4, ALL - 2 * PAGE, -1))[: len(window.rows)]


def test_more_new_runs_than_a_page_leave_no_hole() -> None:
    page = [row(n) for n in range(ALL + 5 * PAGE, ALL + 4 * PAGE, -1)]
    below, top = read(RunWindow()), read(RunWindow())
    below.step(7)
    for window in (below, top):
        window.renew(page)

    assert (below.row, below.has_newer) == (row(ALL - 7), True)
    assert numbers(read(below, ALL + 5 * PAGE))[: below.cursor] == list(
        range(below.after, ALL - 7, -1)
    )
    assert (top.row, top.has_older) == (row(ALL + 5 * PAGE), True)


def test_what_is_in_view_is_renewed_far_from_the_newest_too() -> None:
    window = read(RunWindow.at_end())
    before = window.stale_before
    assert before is not None
    window.renew([row(n, "failed") for n in range(before - 1, 0, -1)])

    assert window.row == row(1, "failed")
    assert len(window.rows) == PAGE


def test_runs_of_several_machines_are_renewed_though_their_numbers_are_in_no_order() -> None:
    window = RunWindow()
    runs = [n * 2 + (n % 3 and 100_000) for n in range(PAGE + 40, 0, -1)]
    window.add_older([row(n) for n in runs[20 : 20 + PAGE]])
    window.step(7)
    here = window.row

    window.renew([row(n, "failed") for n in runs[:PAGE]])

    assert numbers(window) == runs[: 20 + PAGE]
    assert window.row is not None
    assert here is not None
    assert window.row.run == here.run
    assert window.row.outcome == "failed"
