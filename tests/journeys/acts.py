"""What single keys do, where no common way of trying them fits."""

import re

from cronterm.model.command import AcknowledgeAlert, RunJob
from tests.journeys.tour import LEFT, MARKS, Tour, Walk
from tests.journeys.walks import turns_off

HELD = re.compile(r"[‖║=] 1 [│|]")
"""What the top bar says where one job is held back."""
MUTED = re.compile(r"broken +\S+ +\d+ +muted")
"""What a row says, where a sentence in front of it may say it too."""
SLEEPS = re.compile(r"\d:\d\d +sleeper")
"""For how long it runs."""
SPAN = r"Timeline . .*? . 7 jobs"
WHY = r"[─-] Why[^─]*"


def pause(it: Tour, key: str) -> None:
    """Held back once it is said for how long, and let go."""
    it.try_key(key)
    it.sees("Hold back the timed starts of alpha")
    it.press(key)
    it.wait(lambda: it.snapshot().jobs["alpha"].pause is not None, "alpha is paused")
    it.sees("paused alpha")
    it.has(HELD)
    it.press(key)
    it.wait(lambda: it.snapshot().jobs["alpha"].pause is None, "alpha is not paused")
    it.sees("resumed alpha")
    it.lacks(HELD)


def hold(it: Tour, key: str) -> None:
    """Held back until what is typed; that is changed; and let go."""
    it.try_key(key)
    it.sees("Pause alpha")
    it.press("3", "d", "ctrl+s")
    it.wait(lambda: it.snapshot().jobs["alpha"].pause is not None, "alpha is paused")
    it.has(HELD)
    it.press(key)
    it.sees("Change the pause of alpha")
    it.press("tab")
    it.type("a move")
    it.press("ctrl+s")

    def is_changed() -> bool:
        pause = it.snapshot().jobs["alpha"].pause
        return pause is not None and pause.reason == "a move" and pause.until is not None

    it.wait(is_changed, "it has a reason now")
    it.press("p")
    it.wait(lambda: it.snapshot().jobs["alpha"].pause is None, "alpha is not paused")
    it.lacks(HELD)


def pause_all(it: Tour, key: str) -> None:
    """Everything is held back, and let go."""
    it.try_key(key)
    it.sees("Hold back all timed starts")
    it.press(key)
    it.sees("everything is paused by")
    it.press(key)
    it.sees("until, reason…")
    it.press(key)
    it.loses("everything is paused by")


def undo_file(it: Tour, key: str = "u") -> None:
    """The last change of the file is taken back."""
    it.press(key)
    it.wait(it.is_as_it_was, "the file is as it was")


def add(it: Tour, key: str) -> None:
    """A job is written into the file."""
    it.try_key(key)
    it.sees("Add job")
    it.type("fresh")
    it.sees("fresh")
    it.press("tab", "tab")
    it.type("@manual")
    it.sees("@manual")
    it.press("tab", "tab")
    it.type("echo fresh")
    it.sees("echo fresh")
    it.press("ctrl+s")
    it.wait(lambda: "fresh" in it.snapshot().jobs, "the job is there")
    it.loses("Add job")
    undo_file(it)


def edit(it: Tour, key: str) -> None:
    """The description becomes another."""
    it.try_key(key)
    it.sees("Edit alpha", "description: the first")
    it.press("tab", "end")
    it.type(" and")
    it.sees("description: the first and")
    it.press("ctrl+s")
    it.says("the first and")
    it.loses("Edit alpha")
    undo_file(it)


def editor(it: Tour, key: str) -> None:
    """$EDITOR has changed it."""
    it.try_key(key)
    it.says("the edited")
    it.sees("Saved alpha")
    undo_file(it)
    it.wait(lambda: "Saved alpha" not in it.screen(), "it is closed")


def delete(*way: str) -> Walk:
    """It asks; the job leaves the file."""

    def walk(it: Tour, key: str) -> None:
        it.go_home()
        it.go_to_row("gone-one")
        for each in way:
            it.press(each)
            it.sees("› gone-one")
        it.try_key(key)
        it.sees("Delete job gone-one")
        it.press("y")
        it.wait(lambda: "gone-one" not in it.snapshot().jobs, "the job is gone")
        undo_file(it)

    return walk


def undo(it: Tour, key: str) -> None:
    """A pause is taken back."""
    it.press("p", "p")
    it.sees("paused alpha")
    it.try_key(key)
    it.wait(lambda: it.snapshot().jobs["alpha"].pause is None, "alpha is not paused")
    it.sees("resumed alpha")


def begin_sleeper(it: Tour) -> None:
    """Let a job run, and go to it in the table once that is shown."""
    it.send(RunJob(job="sleeper"))
    it.has(SLEEPS)
    it.go_to_row("sleeper")


def stop(*way: str) -> Walk:
    """It asks; what runs is ended."""

    def walk(it: Tour, key: str) -> None:
        it.go_home()
        begin_sleeper(it)
        for each in way:
            it.press(each)
            it.sees("› sleeper")
        it.try_key(key)
        it.sees("Stop what runs of sleeper?")
        it.press("y")
        it.wait(it.is_idle, "it was stopped")

    return walk


def skip(*way: str) -> Walk:
    """The next run is not the next any more."""

    def walk(it: Tour, key: str) -> None:
        if way:
            it.go_home()
        it.go_to_row("gone-two")
        for each in way:
            it.press(each)
            it.sees("› gone-two")
        due_at = it.snapshot().jobs["gone-two"].next_at
        it.try_key(key)
        it.sees("Skip next run")
        it.press("y")
        it.wait(lambda: it.snapshot().jobs["gone-two"].next_at != due_at, "another is next")

    return walk


def reload(it: Tour, key: str) -> None:
    """The file is read again; where the engine is gone, another is started."""
    reads_file(it, key)
    it.before = it.screen()
    it.kill_engine()
    it.sees("ENGINE STOPPED")
    it.press(key)
    it.loses("ENGINE STOPPED")
    it.wait(it.home.answers, "another engine answers")


def reads_file(it: Tour, key: str) -> None:
    """The file is read again."""
    it.try_key(key)
    it.sees("loaded 7 jobs")


def sort(it: Tour, key: str) -> None:
    """It asks by what."""
    it.try_key(key)
    it.sees("Sort by")
    it.press("n")
    it.sees("sort NAME")
    it.lacks("Sort by")
    it.press(key)
    it.sees("Sort by")
    it.press("x")
    it.sees("sort NEXT")


def reverse(it: Tour, key: str) -> None:
    """Down, and up again."""
    it.try_key(key)
    it.sees("sort NEXT ▼")
    it.press(key)
    it.sees("sort NEXT ▲")


def mark(it: Tour, key: str) -> None:
    """One is marked."""
    it.try_key(key)
    it.sees("1 marked")
    it.press("asterisk")
    it.loses("1 marked")


def search(it: Tour, key: str) -> None:
    """The last match is shown, and which it is."""
    it.try_key(key)
    it.sees("search: ")
    it.press(*"word", "enter")
    it.sees("/word ", "2 of 2 matches")
    it.press("escape")
    it.loses("/word ")


def matches(which: str, *first: str) -> Walk:
    """Another match is shown."""

    def walk(it: Tour, key: str) -> None:
        search_only(it)
        for each in first:
            it.press(each)
            it.differs(r"\d of 2 matches")
        it.try_key(key)
        it.sees(f"{which} of 2 matches")
        it.press("escape")
        it.loses("/word ")

    return walk


def search_only(it: Tour) -> None:
    """Search for a word."""
    it.press("slash", *"word", "enter")
    it.sees("2 of 2 matches")


def filter_lines(it: Tour, key: str) -> None:
    """Only lines with the word."""
    it.try_key(key)
    it.sees("filter: ")
    it.press(*"word", "enter")
    it.sees("· &word")
    it.press("escape")
    it.loses("· &word")


def clear(it: Tour, key: str) -> None:
    """No mark is left."""
    it.press("space")
    it.sees("1 marked")
    it.try_key(key)
    it.loses("1 marked")


def further(*way: str) -> Walk:
    """A long line is seen from another column."""

    def walk(it: Tour, key: str) -> None:
        for each in way:
            it.press(each)
            it.scrolls()
        it.has("Log · run" if way else MARKS["log"], " a red word")
        if key == "left":
            it.press("right")
            it.sees("from column")
        it.try_key(key)
        (it.loses if key == "left" else it.sees)("from column")

    return walk


def side_by_side(it: Tour, key: str) -> None:
    """Each run has a column, or not."""
    it.press("C")
    it.sees("2 runs · ")
    it.try_key(key)
    it.scrolls()
    it.press("C")
    it.loses("2 runs · ")


def to_mark(it: Tour, key: str) -> None:
    """From elsewhere back to the mark."""
    it.press("m")
    it.sees("── mark ")
    it.press("home")
    it.loses("── mark ")
    it.try_key(key)
    it.sees("── mark ")


def pager(it: Tour, key: str) -> None:
    """$PAGER has all of it."""
    paged = it.home.directory / "paged"
    paged.unlink(missing_ok=True)
    it.try_key(key)
    it.sees("it is paged")
    assert "a red word" in paged.read_text()
    it.press("enter")
    it.sees("exit 0 after")


def goes_to_time(it: Tour, key: str) -> None:
    """The window goes to the time that is typed."""
    it.has(re.compile(SPAN))
    it.try_key(key)
    it.sees("Go to a time")
    it.type("3h")
    it.press("enter")
    it.loses("Go to a time")
    it.differs(SPAN)


def starts(*first: str) -> Walk:
    """The slot that is explained is another."""

    def walk(it: Tour, key: str) -> None:
        it.press("w")
        it.sees("─ Why ")
        for each in first:
            it.press(each)
            it.differs(WHY)
        it.try_key(key)
        it.differs(WHY)

    return walk


def seen(it: Tour, key: str) -> None:
    """The alert about the downtime is known."""
    if it.missed() < 4:
        it.miss()
        it.go("missed")

    for each in it.downtimes():
        it.send(AcknowledgeAlert(alert=each.id, undo=True))
    it.try_key(key)
    it.wait(lambda: all(each.acknowledged_at for each in it.downtimes()), "it is known")


def known_alerts(it: Tour) -> int:
    """Return how many open alerts are acknowledged."""
    return sum(each.acknowledged_at is not None for each in it.snapshot().alerts.values())


def shows_known(it: Tour, count: int) -> None:
    """Return once the view of the alerts tells that so many are known, and that is so."""
    it.wait(lambda: known_alerts(it) == count, f"{count} are known")
    it.has(f" {count} known")


def acknowledge(it: Tour, key: str) -> None:
    """One more is known."""
    count = known_alerts(it)
    it.try_key(key)
    shows_known(it, count + 1)
    it.press("u")
    shows_known(it, count)


def acknowledge_all(it: Tour, key: str) -> None:
    """All are known."""
    it.try_key(key)
    it.sees("Acknowledge")
    it.press("A")
    count = len(it.snapshot().alerts)
    shows_known(it, count)
    it.press("u")
    shows_known(it, count - 1)


def unacknowledge(it: Tour, key: str) -> None:
    """One less is known."""
    count = known_alerts(it)
    it.press("a")
    shows_known(it, count + 1)
    it.try_key(key)
    shows_known(it, count)


def mute(it: Tour, key: str) -> None:
    """It asks for how long."""
    it.try_key(key)
    it.sees("Mute the alerts of broken for how long?")
    it.press("4")
    it.sees(MUTED)
    it.press(key)
    it.sees("unmute")
    it.press("0")
    it.lacks("unmute")
    it.lacks(MUTED)


def mute_job(it: Tour, key: str) -> None:
    """Its alerts are silent for a while, and told again."""

    def is_muted() -> bool:
        mute = it.snapshot().mutes.get("alpha")
        return mute is not None and mute.until > mute.at

    it.try_key(key)
    it.sees("Mute the alerts of alpha for how long?")
    it.press("1")
    it.wait(is_muted, "alpha is muted")
    it.press(key)
    it.sees("unmute")
    it.press("0")
    it.wait(lambda: not is_muted(), "alpha is not muted any more")


def comment(it: Tour, key: str) -> None:
    """A comment is kept."""
    it.try_key(key)
    it.sees("comment on alert")
    it.type("see the note")
    it.press("enter")

    def has_comment() -> bool:
        return any(each.comments for each in it.snapshot().alerts.values())

    it.wait(has_comment, "the comment is kept")


def leaves(it: Tour, key: str) -> None:
    """The screen ends, the engine does not."""
    it.try_key(key)
    it.sees(f"{LEFT} 0")
    assert it.home.answers()
    it.start()


def suspends(it: Tour, key: str) -> None:
    """The shell is back, then the screen."""
    it.try_key(key)
    it.sees("it is suspended")
    it.press("enter")
    it.sees(MARKS["jobs"])
    it.press("end")
    it.sees("─ 7/7 ─")


def redraws(it: Tour, key: str) -> None:
    """What was wiped away is there again."""
    it.event = it.snapshot().n
    it.before = it.screen()
    it.tmux.blot()
    it.loses("alpha")
    it.try_key(key)
    it.has("SCHEDULE")


def zoom_metric(it: Tour, key: str) -> None:
    """One metric fills the page, or all are there."""
    turns_off("Success / failure")(it, key)


def metric(text: str) -> Walk:
    """In the zoom another metric is shown."""

    def walk(it: Tour, key: str) -> None:
        it.has("Success / failure")
        it.press("z")
        it.loses("Success / failure")
        it.try_key(key)
        it.sees(text)

    return walk


def drill(it: Tour, key: str) -> None:
    """First the job, then its page."""
    it.try_key(key)
    it.differs(r"Job \S+")
    it.press(key)
    it.sees(re.compile(r"[›>] \w+"))
