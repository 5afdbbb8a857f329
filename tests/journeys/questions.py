"""What the keys of questions, lists, forms and the help promise."""

import re

from cronterm.clock import DAY, MINUTE, Duration
from cronterm.model.command import AcknowledgeAlert, MuteAlerts, ResumeJob, SkipNext
from cronterm.tui.places import Where
from cronterm.tui.questions import LENGTHS
from tests.journeys.acts import HELD, MUTED, begin_sleeper, known_alerts, shows_known, undo_file
from tests.journeys.house import wait_until
from tests.journeys.tour import LEFT, MARKS, Text, Tour, Walk
from tests.journeys.walks import scrolls, settles

TRIGGER = "Run alpha now?"
SORT = "Sort by"
HELP = "─ Help ─"
EDIT = "Edit alpha"
NEXT = re.compile(r"[\d·]+[dhms]?  gone-two")
"""When it is the next time."""
PARAMS = "default somebody"
TABS_TO_SCHEDULE = ("tab",) * 2
TABS_TO_OVERLAP = ("tab",) * 7
TABS_TO_SECTION = ("tab",) * 10


def over(way: tuple[str, ...], shown: Text, then: Walk) -> Walk:
    """Open something, then try the key there."""

    def walk(it: Tour, key: str) -> None:
        it.press(*way)
        it.sees(shown)
        then(it, key)

    return walk


def closes(shown: Text, then: Text = "", *back: str) -> Walk:
    """It is closed, and something is told; `back` goes on from there."""

    def walk(it: Tour, key: str) -> None:
        it.try_key(key)
        it.loses(shown)
        if then:
            it.has(then)
        if back:
            it.press(*back)

    return walk


def says(text: Text, *back: str) -> Walk:
    """Something is seen; `back` closes it."""

    def walk(it: Tour, key: str) -> None:
        it.try_key(key)
        it.sees(text)
        for each in back:
            it.press(each)
            it.loses(text)

    return walk


def runs_alpha(it: Tour, key: str) -> None:
    """It runs."""
    count = it.runs("alpha")
    it.try_key(key)
    it.wait(lambda: it.runs("alpha") > count, "alpha has run")


def scrolls_help(*first: str) -> Walk:
    """The help moves."""

    def walk(it: Tour, key: str) -> None:
        it.has("details of the job")
        for each in first:
            it.press(each)
            it.loses("details of the job")
        it.rests()
        scrolls()(it, key)
        it.press("escape")
        it.loses(HELP)

    return over(("question_mark",), HELP, walk)


def settled(shown: str, *, is_all: bool = False) -> Walk:
    """The key that asked is a yes."""

    def walk(it: Tour, key: str) -> None:
        if not it.missed():
            it.miss()
        it.go("missed")
        settles(shown, key, is_all=is_all)(it, key)

    return walk


def go_to_unknown(it: Tour) -> None:
    """Go to the alerts, none of which is known."""
    known = [each for each in it.snapshot().alerts.values() if each.acknowledged_at is not None]
    it.send(*(AcknowledgeAlert(alert=each.id, undo=True) for each in known))
    it.go("alerts")
    shows_known(it, 0)
    it.go_to_row("broken")


def acknowledged(it: Tour, key: str) -> None:
    """All are known."""
    go_to_unknown(it)
    it.press(key)
    it.sees("Acknowledge")
    it.try_key(key)
    it.wait(lambda: known_alerts(it) == len(it.snapshot().alerts), "all are known")


def deletes(it: Tour, key: str) -> None:
    """A job leaves the file."""
    it.go_to_row("gone-one")
    it.press("d")
    it.sees("Delete job gone-one")
    it.try_key(key)
    it.wait(lambda: "gone-one" not in it.snapshot().jobs, "the job is gone")
    undo_file(it)


def stops(it: Tour, key: str) -> None:
    """What runs is ended."""
    begin_sleeper(it)
    it.press("x")
    it.sees("Stop what runs of sleeper?")
    it.try_key(key)
    it.wait(it.is_idle, "it was stopped")


def stops_and_pauses(it: Tour, key: str) -> None:
    """It asks for how long; what runs is ended, and does not start by itself."""
    begin_sleeper(it)
    it.press("x")
    it.sees("Stop what runs of sleeper?")
    it.try_key(key)
    it.sees("Hold back the timed starts of sleeper?")
    it.press("p")
    it.wait(it.is_idle, "it was stopped")
    it.wait(lambda: it.snapshot().jobs["sleeper"].pause is not None, "it is paused")
    it.send(ResumeJob(job="sleeper"))


def quits(*, stays: bool) -> Walk:
    """The screen that started the engine ends, and the engine or not."""

    def walk(it: Tour, key: str) -> None:
        it.kill_engine()
        it.start()
        it.press("q")
        it.sees("No run is open")
        it.try_key(key)
        it.sees(f"{LEFT} 0")
        wait_until(lambda: it.home.answers() == stays, f"an engine answers: {stays}")
        if not stays:
            it.home.start()
        it.start()

    return walk


def edits_again(it: Tour, key: str) -> None:
    """What was refused is edited once more."""
    (it.home.directory / "spoil").touch()
    it.press("E")
    it.sees("Edit again")
    (it.home.directory / "spoil").unlink()
    it.try_key(key)
    it.sees("Saved alpha")
    undo_file(it)


def renames(saved: str) -> Walk:
    """A text with another name is taken, or edited once more."""

    def walk(it: Tour, key: str) -> None:
        (it.home.directory / "other").touch()
        it.press("E")
        it.sees("Rename alpha to omega?")
        (it.home.directory / "other").unlink()
        it.try_key(key)
        it.sees(f"Saved {saved}")
        undo_file(it)
        it.has(re.compile(r"\dh  alpha "))

    return walk


def undoes(it: Tour, key: str) -> None:
    """The edit is taken back."""
    it.press("E")
    it.sees("Saved alpha")
    it.try_key(key)
    it.wait(it.is_as_it_was, "the file is as it was")


def saves(pattern: str) -> Walk:
    """There is a new file."""

    def walk(it: Tour, key: str) -> None:
        count = len([*it.home.directory.glob(pattern)])
        it.try_key(key)
        it.has("saved ")
        it.wait(lambda: len([*it.home.directory.glob(pattern)]) > count, "there is a file")

    return walk


def sorts(word: str, first: str) -> Walk:
    """The table is in another order."""

    def walk(it: Tour, key: str) -> None:
        it.press("s", first)
        it.loses("sort NEXT")
        it.lacks(SORT)
        it.press("s")
        it.sees(SORT)
        it.try_key(key)
        it.sees(f"sort {word}")
        if word != "NEXT":
            it.press("s", "x")
            it.sees("sort NEXT")

    return walk


def copies(what: str) -> Walk:
    """It is on the clipboard."""

    def walk(it: Tour, key: str) -> None:
        it.forget_clipboard()
        it.try_key(key)
        it.has(f"copied the {what} of")
        it.wait(lambda: bool(it.clipboard()), "something is on the clipboard")

    return over(("y",), "Copy of alpha", walk)


def copies_line(it: Tour, key: str) -> None:
    """A line of a log is on the clipboard."""
    it.go("log")
    it.press("y")
    it.sees("Copy of alpha, run")
    it.try_key(key)
    it.sees("copied the line,")


def asks_to_mute(it: Tour) -> None:
    """Open the question for how long the alerts of the job are silent, which they are not."""
    it.send(MuteAlerts(job="broken", until=0))
    go_to_unknown(it)
    it.press("m")
    it.sees("Mute the alerts of broken for how long?")


def mutes(it: Tour, key: str) -> None:
    """The alerts of the job are silent."""
    asks_to_mute(it)
    it.try_key(key)
    it.sees(MUTED)
    it.send(MuteAlerts(job="broken", until=0))
    it.lacks(MUTED)


def pauses_for(duration: Duration | None) -> Walk:
    """The job is held back for so long, or until it is let go."""

    def walk(it: Tour, key: str) -> None:
        it.try_key(key)
        it.lacks("Hold back")
        it.wait(lambda: it.snapshot().jobs["alpha"].pause is not None, "alpha is paused")
        pause = it.snapshot().jobs["alpha"].pause
        assert pause is not None
        length = None if pause.until is None else pause.until - pause.at + MINUTE // 2
        assert (length and length // MINUTE) == (duration and duration // MINUTE)
        it.has(HELD)
        it.send(ResumeJob(job="alpha"))
        it.lacks(HELD)

    return over(("p",), "Hold back the timed starts of alpha", walk)


def pauses_with_a_reason(it: Tour, key: str) -> None:
    """The job is held back until it is said, and why is told."""
    it.press("p")
    it.sees("Hold back the timed starts of alpha")
    it.try_key(key)
    it.sees("for, or until")
    it.press("3", "d", "tab", "d", "i", "s", "k", "ctrl+s")
    it.wait(lambda: it.snapshot().jobs["alpha"].pause is not None, "alpha is paused")
    pause = it.snapshot().jobs["alpha"].pause
    assert pause is not None
    assert pause.until is not None
    assert (pause.until - pause.at + MINUTE // 2) // MINUTE == 3 * DAY // MINUTE
    assert pause.reason == "disk"
    it.has(HELD)
    it.send(ResumeJob(job="alpha"))
    it.lacks(HELD)


def mutes_until(it: Tour, key: str) -> None:
    """The alerts of the job are silent until it is said."""
    asks_to_mute(it)
    it.try_key(key)
    it.sees("for, or until")
    it.press("3", "d", "enter")
    it.sees(MUTED)
    it.send(MuteAlerts(job="broken", until=0))
    it.lacks(MUTED)


def pauses_everything(it: Tour, key: str) -> None:
    """Everything is held back."""
    it.press("P")
    it.sees("Hold back all timed starts")
    it.try_key(key)
    it.sees("everything is paused by")
    it.press("P")
    it.sees("until, reason…")
    it.press("P")
    it.loses("everything is paused by")


def unmutes(it: Tour, key: str) -> None:
    """They are not silent any more."""
    go_to_unknown(it)
    it.press("m", "4")
    it.sees(MUTED)
    it.press("m")
    it.sees("unmute")
    it.try_key(key)
    it.lacks("unmute")
    it.lacks(MUTED)


def colours(taste: str) -> Walk:
    """The taste is remembered."""

    def walk(it: Tour, key: str) -> None:
        it.try_key(key)
        it.loses("keys, in $EDITOR")
        kept = it.home.directory / "xdg"
        it.wait(lambda: any(taste in each.read_text() for each in kept.rglob("*.json")), taste)

    return over(("comma",), "keys, in $EDITOR", walk)


def edits_keys(it: Tour, key: str) -> None:
    """$EDITOR had a file with every key."""
    it.try_key(key)
    it.sees("it is edited")
    assert any(it.home.directory.rglob("screen.yaml"))
    it.press("enter")
    it.sees(MARKS["jobs"])


# -- forms ---------------------------------------------------------------------------------------


def leaves_form(it: Tour) -> None:
    """Leave the form, whatever is typed."""
    it.press("escape")
    it.wait(lambda: "Leave the form?" in it.screen() or EDIT not in it.screen(), "it asks")
    if EDIT in it.screen():
        it.press("y")
        it.wait(lambda: EDIT not in it.screen(), "the form is left")


def in_form(then: Walk, *way: str) -> Walk:
    """Try the key in the form of alpha, at its schedule or some fields further."""

    def walk(it: Tour, key: str) -> None:
        it.press("e")
        it.sees(EDIT, "description: the first")
        it.press(*TABS_TO_SCHEDULE, *way)
        then(it, key)
        leaves_form(it)

    return walk


def in_params(then: Walk, *way: str) -> Walk:
    """Try the key where params are chosen."""

    def walk(it: Tour, key: str) -> None:
        it.press("T")
        it.sees(PARAMS)
        it.press(*way) if way else None
        then(it, key)
        if it.count(PARAMS, it.screen()):
            it.press("escape")
            it.loses(PARAMS)

    return walk


def types_into(field: str) -> Walk:
    """What is typed comes into another field."""

    def walk(it: Tour, key: str) -> None:
        it.try_key(key)
        it.type("zz")
        it.sees(re.compile(rf"{field}\b[^\n]*zz"))

    return walk


def saves_form(it: Tour, key: str) -> None:
    """The file is written."""
    it.press("shift+tab", "end")
    it.type(" and")
    it.sees("description: the first and")
    it.try_key(key)
    it.says("the first and")
    it.loses(EDIT)
    undo_file(it)


def unfolds(it: Tour, key: str) -> None:
    """There are more words."""
    it.try_key(key)
    it.scrolls()


ANSWER = over(("t",), TRIGGER, runs_alpha)
CLOSE = over(("t",), TRIGGER, closes(TRIGGER))
MOVE = over(("t",), TRIGGER, says(">n  Cancel", "escape"))
IN_LIST = over(("s",), SORT, says(re.compile(r"> ?[a-z]  (?!next)\w"), "escape"))


def skip_or_lift(*, is_lifted: bool) -> Walk:
    """The next run is skipped, or one that was is the next again."""

    def walk(it: Tour, key: str) -> None:
        it.go_home()
        it.go_to_row("gone-two")
        due_at = it.snapshot().jobs["gone-two"].next_at
        if is_lifted:
            row = it.cursor_line()
            it.send(SkipNext(job="gone-two", due_at=due_at))
            it.look(lambda: NEXT.findall(it.cursor_line()) != NEXT.findall(row), "it is skipped")
        it.press("B")
        it.sees("Skip next run")
        it.try_key(key)
        it.wait(
            lambda: (it.snapshot().jobs["gone-two"].next_at == due_at) is is_lifted,
            "another is next, or the same again",
        )

    return walk


OF_QUESTIONS: dict[tuple[str, Where], Walk] = {
    ("trigger", "trigger"): ANSWER,
    ("run_missed", "settle"): settled("─ Run what was missed"),
    ("run_all_missed", "settle"): settled("Run all that was missed", is_all=True),
    ("ignore", "settle"): settled("The history keeps it as missed"),
    ("ignore_all", "settle"): settled("Ignore all", is_all=True),
    ("acknowledge_all", "acknowledge"): acknowledged,
    ("undo", "saved"): undoes,
    ("copy_yaml", "copy"): copies("YAML"),
    ("copied_line", "copy"): copies_line,
    ("close", "question"): CLOSE,
    ("close", "list"): over(("s",), SORT, closes(SORT)),
    ("close", "help"): over(("question_mark",), HELP, closes(HELP)),
    ("help", "help"): over(("question_mark",), HELP, closes(HELP)),
    ("answer", "question"): ANSWER,
    ("answer", "list"): over(("s",), SORT, closes(SORT)),
    ("next_answer", "question"): MOVE,
    ("last_answer", "question"): MOVE,
    ("no", "question"): CLOSE,
    ("yes", "confirm"): deletes,
    ("yes", "stop"): stops,
    ("yes", "skip"): skip_or_lift(is_lifted=False),
    ("lift", "skip"): skip_or_lift(is_lifted=True),
    ("kill_now", "stop"): stops,
    ("stop_and_pause", "stop"): stops_and_pauses,
    ("keep_engine", "quit"): quits(stays=True),
    ("stop_engine", "quit"): quits(stays=False),
    ("edit_again", "refused"): edits_again,
    ("edit_again", "renamed"): renames("alpha"),
    ("yes", "renamed"): renames("omega"),
    ("as_svg", "picture"): over(("ctrl+s",), "Save the screen", saves("cronterm-*.svg")),
    ("as_text", "picture"): over(("ctrl+s",), "Save the screen", saves("cronterm-*.txt")),
    ("as_csv", "export"): over(("3", "ctrl+s"), "Export the figures", saves("*.csv")),
    ("as_json", "export"): over(("3", "ctrl+s"), "Export the figures", saves("cronterm-*.json")),
    ("next_choice", "list"): IN_LIST,
    ("last_choice", "list"): IN_LIST,
    ("move_down", "list"): IN_LIST,
    ("move_up", "list"): IN_LIST,
    ("column_on", "columns"): over(("v",), "what fits", says("[ ]", "escape")),
    ("columns_fit", "columns"): over(("v",), "what fits", closes("what fits")),
    **{
        (f"sort_{word}", "sort"): sorts(word.upper(), "d" if word == "name" else "n")
        for word in ("next", "name", "last", "duration", "errors", "state")
    },
    **{
        (f"copied_{what.replace(' ', '_')}", "copy"): copies(what)
        for what in ("name", "run id", "command", "schedule", "output", "error")
    },
    **{(length, "mute"): mutes for length in LENGTHS},
    ("for_other", "mute"): mutes_until,
    ("for_other", "pause"): pauses_with_a_reason,
    **{(length, "pause"): pauses_for(duration) for length, (_, duration) in LENGTHS.items()},
    ("pause", "pause"): pauses_for(None),
    ("pause_all", "pause"): pauses_everything,
    ("unmute", "mute"): unmutes,
    **{
        (f"theme_{taste}", "settings"): colours(taste)
        for taste in ("dark", "light", "contrast", "ansi")
    },
    ("edit_keys", "settings"): over(("comma",), "keys, in $EDITOR", edits_keys),
    ("unfold", "form"): in_form(unfolds, *TABS_TO_SECTION),
    ("save_form", "form"): in_form(saves_form),
    ("try_form", "form"): in_form(says("Run once what is typed here", "escape")),
    ("preview", "form"): in_form(says("the YAML is beside the fields")),
    ("next_field", "form"): in_form(types_into("Timezone")),
    ("last_field", "form"): in_form(types_into("Description")),
    ("next_word", "form"): in_form(says("[queue]"), *TABS_TO_OVERLAP),
    ("last_word", "form"): in_form(says("[allow]"), *TABS_TO_OVERLAP),
    ("leave", "form"): over(("e",), EDIT, closes(EDIT)),
    ("run_it", "params"): in_params(runs_alpha),
    ("next_field", "params"): in_params(types_into("whom")),
    ("last_field", "params"): in_params(types_into("who"), "down"),
    ("next_word", "params"): in_params(says(re.compile(r"loud[^\n]*\[true\]")), "down", "down"),
    ("last_word", "params"): in_params(says(re.compile(r"loud[^\n]*\[true\]")), "down", "down"),
    ("leave", "params"): over(("T",), PARAMS, closes(PARAMS)),
    ("move_down", "help"): scrolls_help(),
    ("move_up", "help"): scrolls_help("end"),
    ("move_page_down", "help"): scrolls_help(),
    ("move_page_up", "help"): scrolls_help("end"),
    ("move_top", "help"): scrolls_help("end"),
    ("move_bottom", "help"): scrolls_help(),
}
