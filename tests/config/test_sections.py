"""No word of a job is in no section."""

from cronterm.config.sections import STARTS, sections
from cronterm.config.shapes import JOB_SHAPES
from cronterm.config.words import WORDS


def test_every_word_of_a_job_is_in_one_section() -> None:
    words = [word for each in sections().values() for word in each]

    assert words == list(JOB_SHAPES)
    assert set(words) == set(WORDS)
    assert list(sections()) == list(STARTS.values())
    assert next(iter(JOB_SHAPES)) in STARTS
