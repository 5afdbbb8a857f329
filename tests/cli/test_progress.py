"""Tests for the bar that long work draws on a terminal."""

import io

from cronterm.cli.progress import progress_bar


class Terminal(io.StringIO):
    """What a terminal is written."""

    def isatty(self) -> bool:
        """It is one."""
        return True


class Seconds:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bar_shows_part_and_time_left_and_goes_away() -> None:
    terminal, seconds = Terminal(), Seconds()
    with progress_bar(terminal, seconds=seconds) as progress:
        seconds.now += 2
        progress(0.25)

        assert terminal.getvalue() == f"\r[{'#' * 8}{'-' * 22}]  25%, 6s left \x1b[K"
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_who_wants_quiet_gets_nothing_and_nobody_is_told_of_no_time() -> None:
    for is_quiet, part in ((True, 0.5), (False, 0.0)):
        for stream in (Terminal(), io.StringIO()):
            seconds = Seconds()
            with progress_bar(stream, seconds=seconds, is_quiet=is_quiet) as progress:
                seconds.now += 9
                progress(part)

            assert stream.getvalue() == ""


def test_quick_work_draws_nothing() -> None:
    terminal, seconds = Terminal(), Seconds()
    with progress_bar(terminal, seconds=seconds) as progress:
        seconds.now += 0.4
        progress(0.5)

    assert terminal.getvalue() == ""


def test_a_bar_is_not_drawn_more_often_than_it_can_be_seen() -> None:
    terminal, seconds = Terminal(), Seconds()
    with progress_bar(terminal, seconds=seconds) as progress:
        seconds.now += 1
        for step in range(50):
            progress(step / 50)

    assert terminal.getvalue().count("left") == 1


def test_a_file_gets_one_line_with_what_is_left() -> None:
    file, seconds = io.StringIO(), Seconds()
    with progress_bar(file, what="living through 7 days", seconds=seconds) as progress:
        for step in range(1, 5):
            seconds.now += 1
            progress(step / 10)

    assert file.getvalue() == "living through 7 days: 10% done, about 9s left\n"
