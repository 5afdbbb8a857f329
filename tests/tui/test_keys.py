"""Keys that a person chooses: read strictly, told where they overlap, shown where they are."""

from pathlib import Path
from typing import cast

import pytest
from textual.widgets import Static

from cronterm.errors import BadInput
from cronterm.model.command import DeleteJob, RunJob
from cronterm.tui.key_names import read_key
from cronterm.tui.keymap import KEYS, MOVES, STAYING, groups, key_bar, remapped
from cronterm.tui.keys import IDS, NOBODYS, NotAKey, overlaps, parse_key
from cronterm.tui.personal import Person
from cronterm.tui.places import PAGES
from cronterm.tui.screens.dashboard import Dashboard
from cronterm.tui.screens.dialogs import Ask
from cronterm.tui.screens.form import JobForm
from cronterm.tui.screens.help import HelpScreen
from cronterm.tui.settings import ScreenSettings, read_settings, write_sample
from cronterm.tui.widgets.bars import KeyBar
from tests.tui.scene import FakeControl, Staged, app
from tests.tui.test_screens import on_dashboard, wait_for


@pytest.mark.parametrize(
    ("written", "name", "read"),
    [
        ("x", "x", "x"),
        ("X", "X", "X"),
        ("/", "slash", "/"),
        ("?", "question_mark", "?"),
        (" ", "space", "space"),
        ("space", "space", "space"),
        ("^t", "ctrl+t", "^t"),
        ("Ctrl+T", "ctrl+t", "^t"),
        ("ctrl-t", "ctrl+t", "^t"),
        ("F5", "f5", "F5"),
        ("PgDn", "pagedown", "PgDn"),
        ("del", "delete", "del"),
        ("return", "enter", "⏎"),
        ("shift+left", "shift+left", "S-←"),
        ("ctrl+home", "ctrl+home", "^home"),
        ("less_than_sign", "less_than_sign", "<"),
        ("ä", "ä", "ä"),
    ],
)
def test_a_key_is_written_as_people_write_it(written: str, name: str, read: str) -> None:
    assert parse_key(written, "trigger") == name
    assert read_key(name) == read


@pytest.mark.parametrize("written", [*NOBODYS, "^b", "alt+x", "meta-x", "shift+f3"])
def test_some_keys_are_never_bound(written: str) -> None:
    with pytest.raises(NotAKey, match="is not to be had: "):
        parse_key(written, "trigger")


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("shift+x", "write X"),
        ("ctrl+1", "^ goes with letters and arrows"),
        ("ctrl+shift+x", "^ goes with letters and arrows"),
        ("hyper", "x, X, /"),
        ("", "x, X, /"),
        ("\x1b", "x, X, /"),
        ("f13", "x, X, /"),
        ("xx", "x, X, /"),
    ],
)
def test_what_is_no_key_is_told_with_the_mend(written: str, hint: str) -> None:
    with pytest.raises(NotAKey) as caught:
        parse_key(written, "trigger")

    assert caught.value.hint.startswith(hint)


def test_keys_with_one_meaning_stay_where_they_are() -> None:
    assert parse_key("esc", "back") == "escape"
    assert parse_key("tab", "next_metric") == "tab"
    with pytest.raises(NotAKey, match="it leaves"):
        parse_key("esc", "trigger")
    for written in ("tab", "shift+tab", "^p", "^q"):
        with pytest.raises(NotAKey, match="is not to be had: it "):
            parse_key(written, "trigger")


def test_every_key_of_the_table_may_be_chosen_again() -> None:
    for key in (*KEYS, *MOVES):
        assert [parse_key(each, key.id) for each in key.keys.split(",")] == key.keys.split(",")


@pytest.mark.parametrize(
    ("written", "id"),
    [("x", "save_form"), ("space", "try_form"), ("^y", "run_it"), ("up", "leave"), ("/", "leave")],
)
def test_what_a_field_takes_leaves_no_form(written: str, id: str) -> None:
    with pytest.raises(NotAKey, match="a field of a form takes it"):
        parse_key(written, id)
    assert parse_key("F5", id) == "f5"
    assert parse_key("x", "next_word") == "x"  # of a line that takes no text


@pytest.mark.parametrize("id", ["trigger", "yes", "no", "kill_now", "close"])
def test_a_digit_answers_no_question_that_wants_a_number(id: str) -> None:
    with pytest.raises(NotAKey, match="a question may want a number to be typed"):
        parse_key("7", id)
    assert parse_key("7", "for_1_day") == "7"


def test_escape_closes_and_enter_answers_whatever_is_chosen() -> None:
    chosen = {"back": "b", "answer": "f5", "close": "q,escape"}
    keys = {key.id: key for key in remapped(chosen)}

    assert keys["back"].keys == "b,escape"
    assert keys["answer"].keys == "f5,enter"
    assert keys["close"].keys == "q,escape"
    assert [keys[id].is_chosen for id in ("back", "leave")] == [True, False]
    with_escape = {key.id for key in (*KEYS, *MOVES) if "escape" in key.keys.split(",")}
    assert with_escape == {id for id, key in STAYING.items() if key == "escape"}


def test_keys_that_change_places_do_not_overlap() -> None:
    assert overlaps({}) == []
    assert overlaps({"trigger": "p", "pause": "t"}) == []
    assert {(each.one, each.other) for each in overlaps({"trigger": "p"})} == {("trigger", "pause")}


def test_one_key_may_mean_two_things_in_two_places() -> None:
    assert overlaps({"ignore": "w"}) == []  # in the inbox; w wraps in the log


def write(directory: Path, text: str) -> Path:
    """Write a screen.yaml."""
    file = directory / "screen.yaml"
    file.write_text(text)
    return file


def test_the_file_says_keys_by_what_they_do(tmp_path: Path) -> None:
    file = write(
        tmp_path, 'keys:\n  trigger: Z\n  reload: "^r"\n  down: [down, F5, F5]\nx-note: 1\n'
    )

    assert read_settings(file).keys == {"trigger": "Z", "reload": "ctrl+r", "down": "down,f5"}


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n", "keys: {}\n"])
def test_a_file_may_say_nothing(tmp_path: Path, text: str) -> None:
    assert (
        read_settings(write(tmp_path, text)) == read_settings(tmp_path / "none") == ScreenSettings()
    )


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "keys:\n  triger: Z\n",
            ":2:3: keys.triger: unknown key 'triger'",
            "did you mean trigger?",
        ),
        ("colours: {}\n", ":1:1: colours: unknown key 'colours'", "did you mean colors?"),
        ("glyphs: emoji", ":9: glyphs: 'emoji' is not one of", ""),
        ("mouse: no", ":8: mouse: 'no' is not true or false", ""),
        ("keys: [a]\n", ":1:7: keys: a list where a mapping is expected", ""),
        ("keys:\n  trigger:\n", "2:11: keys.trigger: a key is expected", "x, X, /"),
        ("keys:\n  trigger: []\n", "2:12: keys.trigger: 1 to 4 keys are expected", ""),
        ("keys: {trigger: [a, {}]}", ":21: keys.trigger.1: a key is expected", "x, X, /"),
        ("keys: {trigger: ^b}", "keys.trigger: ^b is not to be had: tmux takes it", ""),
        ("keys: {trigger: shift+t}", "shift+t is no key", "write T"),
        (
            "keys:\n  zoom: Z\n  trigger: p\n",
            ":3:12: keys.trigger: p is pause as well (in jobs)",
            "choose another key for trigger, or for pause too: `pause: KEY`",
        ),
        ("keys: {trigger: j}", "j is down as well (in jobs)", "choose another key for trigger"),
        ("keys: {trigger: q}", "q is quit as well (in jobs) (+2 more)", "choose another"),
        (
            "keys: {settings: Z, reload: Z}",
            "Z is reload as well",
            "choose another key for settings",
        ),
        (
            "keys: {yes: k}",
            "k is kill_now as well (in the stop question)",
            "choose another key for yes, or for kill_now too",
        ),
        ("keys: {sort_name: j}", "j is down as well (in the sort list)", "choose another"),
        (
            "keys: {yes: enter}",
            "⏎ is answer as well (in the confirm question)",
            "choose another key for yes: ⏎ stays answer",
        ),
        ("a: b: c\n", ":1:5: is not YAML: mapping values", "a text"),
        ("keys: {zoom: Z, zoom: Z}", ":1:17: 'zoom' stands twice", ""),
        ("keys: !!str x", "tags are not allowed", ""),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_place_and_mend(
    tmp_path: Path, text: str, message: str, hint: str
) -> None:
    file = write(tmp_path, text)
    with pytest.raises(BadInput) as caught:
        read_settings(file)

    assert caught.value.message.startswith(f"{file}:")
    assert message in caught.value.message
    assert caught.value.hint.startswith(hint)


def test_the_file_says_how_it_is_drawn(tmp_path: Path) -> None:
    file = write(tmp_path, "glyphs: block\nmouse: false\ncolors: false\n")

    assert read_settings(file) == ScreenSettings(glyphs="block", mouse=False, colors=False)


def test_a_directory_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not a regular file"):
        read_settings(tmp_path)


def test_bar_and_help_show_the_chosen_keys() -> None:
    keys = remapped({"trigger": "r", "help": "h", "palette": "ctrl+p"})

    bar = key_bar("jobs", keys)
    assert ("r", "trigger") in bar
    assert ("t", "trigger") not in bar
    assert bar[-2:] == [("^p", "cmd"), ("h", "help")]
    assert [key.shown for key in groups(keys)["Jobs"] if key.id == "trigger"] == ["r"]


async def test_with_other_keys_everywhere_no_place_shows_or_takes_the_old_ones() -> None:
    """Every id has a letter that nothing else has."""
    letters = filter(str.isalpha, map(chr, range(0xC0, 0x250)))
    chosen = dict(zip(IDS, letters, strict=False))
    for place in PAGES:
        assert {key for key, _ in key_bar(place, remapped(chosen))} <= {*chosen.values()}

    control = FakeControl()
    home = app(control, person=Person(settings=ScreenSettings(keys=chosen)))
    async with home.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("d", "q", "t", "p", "a", "s", "1", "question_mark")
        assert isinstance(home.screen, Dashboard)

        await pilot.press(chosen["delete"])
        await wait_for(pilot, lambda: isinstance(home.screen, Ask))
        asked = "\n".join(str(each.render()) for each in home.screen.query(Static))
        assert f"{chosen['yes']}  Delete" in asked
        assert f"{chosen['undo']} undoes this" in asked
        await pilot.press("y", "n", "q", chosen["next_answer"], chosen["last_answer"])
        assert isinstance(home.screen, Ask)
        await pilot.press(chosen["yes"])
        await wait_for(pilot, lambda: bool(control.sent))
        assert isinstance(control.sent[0], DeleteJob)

        await pilot.press(chosen["sort"], "n", chosen["down"], chosen["up"], chosen["sort_name"])
        await wait_for(pilot, lambda: isinstance(home.screen, Dashboard))
        await wait_for(pilot, lambda: cast(Dashboard, home.screen).table.sort == "name")
        await pilot.press(chosen["add"], "x", chosen["leave"])  # letters are typed here
        await wait_for(pilot, lambda: isinstance(home.screen, JobForm))
        assert cast(JobForm, home.screen).typed_name() == "x" + chosen["leave"]
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(home.screen, Ask))


async def test_a_chosen_key_works_and_the_old_one_no_more() -> None:
    control = FakeControl()
    chosen = {
        "trigger": "p",
        "pause": "t",
        "down": "f5",
        "help": "f6",
        "top": "f7",
        "bottom": "home",
    }
    running = app(control, person=Person(settings=ScreenSettings(keys=chosen)))
    async with running.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        table = running.screen.table  # type: ignore[attr-defined]
        first = table.cursor
        await pilot.press("j", "down", "end", "g")
        assert table.cursor == first
        await pilot.press("home")
        assert table.cursor == table.jobs[-1]
        await pilot.press("f7")
        assert table.cursor == first
        await pilot.press("f5")
        assert table.cursor == table.jobs[1]
        assert ("p", "trigger") in running.screen.query_one(KeyBar).keys

        await pilot.press("p")
        await wait_for(pilot, lambda: isinstance(running.screen, Ask))
        await pilot.press("p")  # the key that opened it says yes
        await wait_for(pilot, lambda: bool(control.sent))
        assert control.sent == [RunJob(job=table.jobs[1], force=True)]

        await pilot.press("f6")
        await wait_for(pilot, lambda: isinstance(running.screen, HelpScreen))
        text = "\n".join(str(each.render()) for each in running.screen.query(".help-column"))
        assert " p* " in text.partition("trigger now")[0].splitlines()[-1]
        assert " F5* " in text.partition("row below")[0].splitlines()[-1]


def test_a_sample_names_every_key_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "config" / "screen.yaml"
    write_sample(file)
    assert read_settings(file) == ScreenSettings()

    lines = file.read_text().splitlines()
    written = [line.replace("  # ", "  ", 1) if '["' in line else line for line in lines]
    file.write_text("\n".join(written))
    defaults = {key.id: key.keys for key in (*MOVES, *KEYS)}
    assert read_settings(file).keys.keys() == defaults.keys()


def test_a_sample_replaces_nothing(tmp_path: Path) -> None:
    file = write(tmp_path, "keys: {trigger: Z}\n")
    write_sample(file)

    assert read_settings(file).keys == {"trigger": "Z"}


async def test_keys_that_are_chosen_in_the_editor_count_at_once(tmp_path: Path) -> None:
    file = tmp_path / "screen.yaml"

    class Edited(Staged):
        def run_editor(self, path: str, line: int = 0) -> None:
            write(tmp_path, texts.pop(0))

    texts = ["keys: {trigger: Z, reload: f9}\n", "keys: {trigger: p}\n"]
    running = app(person=Person(settings_file=file), kind=Edited)
    async with running.run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("comma", "e")
        await wait_for(pilot, lambda: ("Z", "trigger") in running.screen.query_one(KeyBar).keys)
        await pilot.press("Z")
        await wait_for(pilot, lambda: isinstance(running.screen, Ask))
        await pilot.press("escape", "comma", "e")
        await wait_for(pilot, lambda: not texts)
        (told,) = running._notifications
        assert "p is pause as well" in told.message
        assert ("Z", "trigger") in running.screen.query_one(KeyBar).keys
