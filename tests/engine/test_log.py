"""The log in a file: a new one each day, old ones go."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cronterm.engine.log import KEPT_DAYS, DayFile, configure_log
from cronterm.errors import CrontermError

DAY_S = 86_400


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, as it was afterwards."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    for handler in logger.handlers:
        if handler not in handlers:
            handler.close()
    logger.handlers[:] = handlers
    logger.setLevel(level)


def test_the_first_line_of_a_day_begins_a_file(tmp_path: Path, root: logging.Logger) -> None:
    file = tmp_path / "cronterm.log"
    handler = configure_log("text", "info", file)
    assert isinstance(handler, DayFile)
    for day in range(KEPT_DAYS + 2):
        logging.getLogger("cronterm").info("day %d", day)
        handler.rolloverAt -= DAY_S * 2
        os.utime(file, (handler.rolloverAt - day * DAY_S,) * 2)
        handler.rolloverAt -= day * DAY_S  # names are made of it: each another day
    logging.getLogger("cronterm").info("today")

    assert file.read_text(encoding="utf-8").endswith("INFO today\n")
    assert len(list(tmp_path.iterdir())) == KEPT_DAYS + 1
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_stderr_goes_along_where_it_was_the_log(tmp_path: Path, root: logging.Logger) -> None:
    file = tmp_path / "cronterm.log"
    stderr = os.dup(2)
    here = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(here, 2)
    try:
        handler = configure_log("text", "info", file)
        assert isinstance(handler, DayFile)
        logging.getLogger("cronterm").info("yesterday")
        handler.rolloverAt -= DAY_S * 2
        logging.getLogger("cronterm").info("today")
        os.write(2, b"Fatal Python error\n")
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(here)

    assert file.read_text(encoding="utf-8").splitlines()[1:] == ["Fatal Python error"]


def test_a_file_that_cannot_be_is_said(tmp_path: Path) -> None:
    with pytest.raises(CrontermError, match="no/such"):
        configure_log("text", "info", tmp_path / "no" / "such" / "file")
