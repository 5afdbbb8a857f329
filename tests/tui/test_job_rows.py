"""The rows of the job table."""

from cronterm.tui.widgets.job_rows import HEAD, JobRows

GROUPS = {"a": "Web", "b": "", "c": "db", "d": "Web"}


def arranged(*folded: str) -> JobRows:
    """Return the rows of jobs in groups."""
    rows = JobRows()
    rows.arrange([*"dcba"], GROUPS.__getitem__, folded)
    return rows


def test_jobs_keep_their_order_below_the_heads_and_those_of_no_group_come_last() -> None:
    assert arranged().shown == [f"{HEAD}db", "c", f"{HEAD}Web", "d", "a", HEAD, "b"]


def test_of_a_folded_group_there_is_the_head_and_it_stands_for_all_its_jobs() -> None:
    rows = arranged("Web")

    assert rows.shown == [f"{HEAD}db", "c", f"{HEAD}Web", HEAD, "b"]
    assert rows.jobs == ["d", "c", "b", "a"]
    assert [*rows.jobs_at(f"{HEAD}Web")] == ["d", "a"]
    assert [*rows.jobs_at("c")] == ["c"]
    assert [*rows.jobs_at(None)] == []
    assert (rows.place("b"), rows.place("a"), rows.place(None)) == (4, 0, 0)


def test_one_list_has_no_heads() -> None:
    rows = arranged()
    rows.arrange([*"ab"], None, ["Web"])

    assert (rows.shown, rows.groups) == (["a", "b"], {})


def test_a_folded_group_is_as_near_as_the_nearest_of_its_jobs_another_head_is_none() -> None:
    far = {"d": 2, "a": 0, "b": 1, "c": 2, f"{HEAD}db": 3}

    assert arranged("Web").nearest("b", far.__getitem__) == f"{HEAD}Web"
    assert arranged().nearest(f"{HEAD}db", far.__getitem__) == "a"
    assert arranged().nearest(f"{HEAD}db", lambda row: 0) == f"{HEAD}db"
    assert JobRows().nearest(None, far.__getitem__) is None
