"""Ways to try a key: what it does is seen, then undone."""

import re

from tests.journeys.tour import Text, Tour, Walk

OFFICE = "office  2 jobs"
INBOX = re.compile(r"[─-] Missed [·.] \d")
"""Its title once it was read."""
IN_OFFICE = re.compile(r" broken +0 0 1 1")
"""The row of a job of it; its name alone may be in a log or an alert as well."""


def opens(*texts: Text, back: str = "escape", first: tuple[str, ...] = ()) -> Walk:
    """Something is opened that `back` closes."""

    def walk(it: Tour, key: str) -> None:
        for each in first:
            it.press(each)
        it.try_key(key)
        it.sees(*texts)
        it.press(back)
        it.loses(texts[0])

    return walk


def opens_job(it: Tour, key: str) -> None:
    """The job under the cursor is opened."""
    opens(f"› {it.job_here()}")(it, key)


def leads(*texts: Text) -> Walk:
    """Another page is shown."""

    def walk(it: Tour, key: str) -> None:
        it.try_key(key)
        it.sees(*texts)

    return walk


def stays(it: Tour, key: str) -> None:
    """It is there already."""
    it.try_key(key)
    it.press("question_mark")
    it.sees("─ Help ─")
    it.press("escape")
    it.loses("─ Help ─")


def turns_on(*texts: Text) -> Walk:
    """Something is there, and with the same key not any more."""

    def walk(it: Tour, key: str) -> None:
        it.try_key(key)
        it.sees(*texts)
        it.press(key)
        it.loses(*texts)

    return walk


def turns_off(*texts: Text) -> Walk:
    """Something is not there any more, and with the same key it is again."""

    def walk(it: Tour, key: str) -> None:
        it.has(*texts)
        it.try_key(key)
        it.loses(*texts)
        it.press(key)
        it.sees(*texts)

    return walk


def hides(*texts: Text, back: str) -> Walk:
    """Something is not there any more until `back` is pressed."""

    def walk(it: Tour, key: str) -> None:
        it.has(*texts)
        it.try_key(key)
        it.loses(*texts)
        it.press(back)
        it.sees(*texts)

    return walk


def changes(pattern: str, *, first: str = "", back: str = "") -> Walk:
    """A text on the page becomes another one; `first` and `back` change it as well."""

    def walk(it: Tour, key: str) -> None:
        it.has(re.compile(pattern))
        if first:
            it.press(first)
            it.differs(pattern)
        it.try_key(key)
        it.differs(pattern)
        if back:
            it.press(back)
            it.differs(pattern)

    return walk


def moves(by: int, *, first: str = "") -> Walk:
    """The cursor goes up or down; `first` goes the other way."""

    def walk(it: Tour, key: str) -> None:
        it.finds_cursor()
        if first:
            it.press(first)
            if by < 0:
                it.moves(1)
        it.try_key(key)
        it.moves(by)

    return walk


def scrolls(first: str = "") -> Walk:
    """The text moves; `first` moves it as well."""

    def walk(it: Tour, key: str) -> None:
        if first:
            it.press(first)
            it.scrolls()
            it.rests()
        it.try_key(key)
        it.scrolls()

    return walk


def here(it: Tour, job: str) -> str:
    """Return the job that is given, or that under the cursor."""
    return job or it.job_here()


def triggers(job: str) -> Walk:
    """It asks; the same key is a yes."""

    def walk(it: Tour, key: str) -> None:
        count = it.runs(job)
        it.try_key(key)
        it.sees(f"Run {job} now?")
        it.press(key)
        it.loses(f"Run {job} now?")
        it.wait(lambda: it.runs(job) > count, f"{job} has run")

    return walk


def runs_by_form(text: Text, given: str = "") -> Walk:
    """A form opens; ^s starts a run of a job, or of that which is under the cursor."""

    def walk(it: Tour, key: str) -> None:
        job = here(it, given)
        count = it.runs(job)
        it.try_key(key)
        it.sees(text)
        it.press("ctrl+s")
        it.wait(lambda: it.runs(job) > count, f"{job} has run")
        it.loses(text)

    return walk


def filters(word: str, seen: Text, lost: Text) -> Walk:
    """A line opens; what does not match is gone until the filter is cleared."""

    def walk(it: Tour, key: str) -> None:
        it.has(lost)
        it.try_key(key)
        it.sees("filter the ")
        it.press(*word, "enter")
        it.loses(lost)
        it.sees(seen)
        it.press("escape")
        it.sees(lost)

    return walk


def grouped(begin: tuple[str, ...], back: str, *, folds: bool) -> Walk:
    """In groups it folds or unfolds; `begin` is pressed before, `back` undoes it."""

    def walk(it: Tour, key: str) -> None:
        it.press("b")
        it.sees(OFFICE)
        it.has(IN_OFFICE)
        it.rests()
        for each in begin:
            it.press(each)
            it.loses(IN_OFFICE)
            it.rests()
        it.try_key(key)
        (it.loses if folds else it.sees)(IN_OFFICE)
        if back:
            it.press(back)
            it.sees(IN_OFFICE)
        it.press("b")
        it.loses(OFFICE)

    return walk


def copies(more: str = "", given: str = "") -> Walk:
    """It asks what; the clipboard has it."""

    def walk(it: Tour, key: str) -> None:
        what = here(it, given)
        it.forget_clipboard()
        it.try_key(key)
        it.sees(f"Copy of {what}{more}")
        it.press("n")
        it.has("copied the name of")
        it.wait(lambda: it.clipboard() == what, f"{what} is on the clipboard")

    return walk


def copies_text(said: str, given: str = "") -> Walk:
    """The clipboard has it."""

    def walk(it: Tour, key: str) -> None:
        begin = here(it, given)
        it.forget_clipboard()
        it.try_key(key)
        it.has(f"copied the {said} of")
        it.wait(lambda: it.clipboard().startswith(begin), f"{begin} is on the clipboard")

    return walk


def saves(question: str, answer: str, pattern: str) -> Walk:
    """It may ask how; there is a new file."""

    def walk(it: Tour, key: str) -> None:
        count = len([*it.home.directory.glob(pattern)])
        it.try_key(key)
        if question:
            it.sees(question)
            it.press(answer)
        it.has("saved ")
        it.wait(lambda: len([*it.home.directory.glob(pattern)]) > count, "there is a file")

    return walk


def settles(question: str, answer: str, *, is_all: bool = False) -> Walk:
    """It asks; what a job missed is settled, or all of it."""

    def walk(it: Tour, key: str) -> None:
        if not it.missed():
            it.miss()
            it.go("missed")
        it.has(INBOX)
        left = 0 if is_all else it.missed() - 1
        it.try_key(key)
        it.sees(question)
        it.press(answer)
        it.wait(lambda: it.missed() == left, f"{left} jobs are left")

    return walk
