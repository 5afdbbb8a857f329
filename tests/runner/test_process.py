"""Tests for finding and ending processes."""

from itertools import permutations

from cronterm.runner.process import Row, elders_first


def test_a_parent_is_signalled_before_its_children() -> None:
    shell, script, command, stranger = (
        Row(pid, parent, 7, is_zombie=False) for pid, parent in [(9, 1), (4, 9), (6, 4), (5, 2)]
    )

    for rows in permutations([shell, script, command, stranger]):
        order = elders_first(rows)
        assert {*order} == {9, 4, 6, 5}
        assert order.index(9) < order.index(4) < order.index(6)


def test_what_is_read_while_numbers_are_given_again_loses_nobody() -> None:
    changed = [Row(4, 6, 7, is_zombie=False), Row(6, 4, 7, is_zombie=False)]

    assert sorted(elders_first(changed)) == [4, 6]
