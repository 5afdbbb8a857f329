"""Every key in one table: bindings, key bar, help and palette are made from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from textual.binding import Binding, BindingType

from cronterm.tui.key_names import read_key
from cronterm.tui.places import (
    ALL,
    FORM,
    HELP,
    LIST,
    PAGES,
    PARAMS,
    PLACES,
    QUESTION,
    A,
    C,
    D,
    J,
    L,
    M,
    R,
    S,
    T,
    Where,
    Y,
)

View = Literal["jobs", "timeline", "stats", "alerts", "runs", "system"]
JobTab = Literal["Overview", "Runs", "Log", "Alerts", "Why", "Schedule", "Config"]
"""What a job's page has, in its order."""


@dataclass(frozen=True)
class ViewTab:
    """A view and how the tab bar calls it: `short` below 100 columns."""

    view: View
    number: int
    long: str
    short: str


TABS: tuple[ViewTab, ...] = (
    ViewTab("jobs", 1, "Jobs", "Jobs"),
    ViewTab("timeline", 2, "Timeline", "Time"),
    ViewTab("stats", 3, "Stats", "Stats"),
    ViewTab("alerts", 4, "Alerts", "Alerts"),
    ViewTab("runs", 5, "Runs", "Runs"),
    ViewTab("system", 6, "System", "Sys"),
)


@dataclass(frozen=True)
class Key:
    """A key and what it does. `bar` is its word in the key bar, empty when it is not there."""

    id: str
    keys: str
    action: str
    """Of the page; empty where a widget of it, or a question, has its own."""
    text: str
    group: str
    where: tuple[Where, ...]
    bar: str = ""
    is_chosen: bool = False
    """The person chose it; it was another."""

    @property
    def shown(self) -> str:
        """The first two keys as people read them."""
        return " ".join(map(read_key, self.keys.split(",")[:2]))

    @property
    def first(self) -> str:
        """The first key as people read it."""
        return read_key(self.keys.partition(",")[0])


PICTURED = tuple(place for place in PAGES if place not in (L, S))
"""Pages of which a picture can be saved; the others save what they are about by the same key."""

MOST = 1_000_000
"""More rows than there are."""

KEYS: tuple[Key, ...] = (
    Key("open", "enter", "open", "details of the job", "Jobs", (J, A, M, T), "details"),
    Key("acknowledge", "a", "acknowledge", "acknowledge", "Alerts", (A,), "acknowledge"),
    Key(
        "acknowledge_all",
        "A",
        "acknowledge_all",
        "acknowledge all…",
        "Alerts",
        (A, "acknowledge"),
        "all",
    ),
    Key("unacknowledge", "u", "unacknowledge", "not known after all", "Alerts", (A,), "un-ack"),
    Key("mute", "m", "mute", "mute the job for…", "Alerts", (A,), "mute"),
    Key("comment", "c", "comment", "comment", "Alerts", (A,), "comment"),
    Key("reach", "o", "reach", "show what is over too", "Alerts", (A,), "show"),
    Key("filter_alerts", "slash", "filter", "filter the alerts", "Alerts", (A,), "filter"),
    Key("alert_log", "l", "logs", "log of its run", "Alerts", (A, C), "log"),
    Key("run_missed", "t", "run_one", "run it after all…", "Missed", (M, "settle"), "run"),
    Key(
        "run_all_missed",
        "T",
        "run_all",
        "run all, oldest first…",
        "Missed",
        (M, "settle"),
        "run all",
    ),
    Key("ignore", "i", "ignore", "ignore it…", "Missed", (M, "settle"), "ignore"),
    Key("ignore_all", "I", "ignore_all", "ignore all…", "Missed", (M, "settle"), "ignore all"),
    Key("seen", "a", "acknowledge", "do not open with it again", "Missed", (M,), "seen"),
    Key("open_run", "enter", "open_run", "log of the run", "In a job", (D, R), "open run"),
    Key("trigger", "t", "trigger", "trigger now…", "Jobs", (J, D, A, T, "trigger"), "trigger"),
    Key("trigger_with", "T", "trigger_with", "trigger with params…", "Jobs", (J, D, A, T)),
    Key("pause", "p", "pause", "pause or resume", "Jobs", (J, D, T, "pause"), "pause"),
    Key("hold", "H", "hold", "pause until, why…", "Jobs", (J, D, T)),
    Key("mute_job", "m", "mute", "mute its alerts for…", "Jobs", (J, D, T)),
    Key("pause_all", "P", "pause_all", "pause everything", "Jobs", (J, "pause")),
    Key("add", "a", "add", "add a job", "Jobs", (J,), "add"),
    Key("edit", "e", "edit", "edit, rename in the form", "Jobs", (J, D), "edit"),
    Key("editor", "E", "editor", "edit it in $EDITOR", "Jobs", (J, D)),
    Key("delete", "d,delete", "delete_job", "delete…", "Jobs", (J, D), "delete"),
    Key("logs", "l", "logs", "log of the last run", "Logs", (J, D, T), "logs"),
    Key("skip_of_job", "B", "skip", "skip the next run…", "Jobs", (J,), "skip next"),
    Key("failed_log", "L", "failed_log", "log of the last failure", "Logs", (J, D, T)),
    Key("undo", "u", "undo", "undo the last change", "Jobs", (J, D, T, "saved")),
    Key("filter", "slash", "filter", "filter jobs, or the log", "Find", (J,), "filter"),
    Key("sort", "s", "sort", "sort by…", "Find", (J,), "sort"),
    Key("reverse", "S", "reverse", "sort the other way", "Find", (J,)),
    Key("group", "b", "group", "in groups, or in one list", "Find", (J,)),
    Key("fold_all", "minus", "fold_all(True)", "fold the groups", "Find", (J,)),
    Key("unfold_all", "plus", "fold_all(False)", "unfold the groups", "Find", (J,)),
    Key("go_right", "right", "across(1)", "unfold, or columns beyond", "Find", (J,)),
    Key("go_left", "left", "across(-1)", "fold, or columns before", "Find", (J,)),
    Key("columns", "v", "columns", "columns…", "Find", (J,)),
    Key("clear", "escape", "clear", "end marks, filter, zoom", "Find", (J,)),
    Key("mark", "space", "mark", "mark", "Jobs", (J, A), "mark"),
    Key("mark_all", "asterisk", "mark_all", "mark all, or none", "Jobs", (J, A)),
    Key("stop", "x", "stop", "stop what runs…", "Jobs", (J, D), "stop"),
    Key("zoom", "z", "zoom", "zoom the pane", "Move", (J,), "zoom"),
    Key("copy", "y", "copy", "copy…", "Copy", (J, D, L, A, R, T), "copy"),
    Key("copy_name", "c", "copy_of('name')", "copy the name", "Copy", (J, D, L, R, T)),
    Key("copy_yaml", "Y", "copy_of('YAML')", "copy as YAML", "Copy", (J, D, L, A, R, T, "copy")),
    Key("follow", "f", "follow", "follow on or off", "Logs", (J, L), "follow"),
    Key("mark_run", "space", "mark", "mark the run", "Runs", (R,), "mark"),
    Key("logs_of_runs", "l", "logs", "log, marked together", "Runs", (R,), "log"),
    Key("chain", "C", "chain", "all runs of its chain", "In a log", (L,), "chain"),
    Key("stop", "x", "stop", "stop it, if it goes on…", "In a log", (L,), "stop"),
    Key("side_by_side", "vertical_line", "columns", "runs side by side", "In a log", (L,)),
    Key("search", "slash", "search", "search in the log", "In a log", (L,), "search"),
    Key("next_match", "n", "next_match", "the next match", "In a log", (L,), "match"),
    Key("previous_match", "N", "previous_match", "the match before", "In a log", (L,)),
    Key("filter_lines", "ampersand", "filter_lines", "only lines with…", "In a log", (L,), "only"),
    Key("wrap", "w", "wrap", "wrap lines", "In a log", (L,), "wrap"),
    Key("times", "t", "times", "times on or off", "In a log", (L,), "time"),
    Key("errors", "e", "errors", "stderr only", "In a log", (L,), "errors only"),
    Key("older", "less_than_sign", "older", "the run before", "In a log", (L,), "older run"),
    Key("newer", "greater_than_sign", "newer", "the run after", "In a log", (L,), "newer run"),
    Key("mark_line", "m", "mark_line", "mark the line, or not", "In a log", (L,), "mark"),
    Key("next_mark", "apostrophe", "go_to_mark(1)", "the next mark", "In a log", (L,), "to mark"),
    Key("previous_mark", "quotation_mark", "go_to_mark(-1)", "the mark before", "In a log", (L,)),
    Key("further_left", "left", "", "further left", "In a log", (D, L)),
    Key("further_right", "right", "", "further right", "In a log", (D, L)),
    Key("pager", "o", "pager", "all of it in $PAGER", "In a log", (L,), "pager"),
    Key("save", "ctrl+s,f2", "save", "save it as a file", "In a log", (L,), "save"),
    Key("again", "r", "again", "run again, with changes…", "Logs", (J, D, R, L), "again"),
    Key("compare", "equals_sign", "compare", "beside the last good run", "Logs", (J, D, R, L, A)),
    Key("tab_left", "left_square_bracket", "tab(-1)", "the tab before", "In a job", (D,)),
    Key("tab_right", "right_square_bracket", "tab(1)", "the tab after", "In a job", (D,), "tab"),
    Key("next_job", "j", "next_job(1)", "the next job", "In a job", (D,), "next job"),
    Key("previous_job", "k", "next_job(-1)", "the job before", "In a job", (D,)),
    Key("down", "down", "step(1)", "the run below", "In a job", (D,)),
    Key("up", "up", "step(-1)", "the run above", "In a job", (D,)),
    Key("row_below", "down,j", "step(1)", "the run below", "Runs", (R, T)),
    Key("row_above", "up,k", "step(-1)", "the run above", "Runs", (R, T)),
    Key("page_down", "pagedown,ctrl+d", "turn(1)", "a page down", "Runs", (D, R, T)),
    Key("page_up", "pageup,ctrl+u", "turn(-1)", "a page up", "Runs", (D, R, T)),
    Key("top", "home,g", f"step(-{MOST})", "the first row", "Runs", (D, T)),
    Key("bottom", "end,G", f"step({MOST})", "the last row that is read", "Runs", (D, T)),
    Key("first_run", "g,home", "first", "the newest run", "Runs", (R,)),
    Key("last_run", "G,end", "last", "the oldest run", "Runs", (R,)),
    Key("filter_runs", "slash", "filter", "filter the runs", "Runs", (R,), "filter"),
    Key("open_job", "o", "open_job", "the job of the run", "Runs", (R,), "job"),
    Key("skip", "B,b", "skip", "skip the next run…", "Timeline", (D, T), "skip next"),
    Key("filter_lanes", "slash", "filter", "filter the jobs", "Timeline", (T,), "filter"),
    Key("go_to_time", "at", "go_to_time", "go to a time…", "Timeline", (T,), "go to time"),
    Key(
        "next_start", "right_square_bracket", "slot(1)", "the next start", "Timeline", (T,), "start"
    ),
    Key("last_start", "left_square_bracket", "slot(-1)", "the start before", "Timeline", (T,)),
    Key("why", "w", "why", "why it ran there, or not", "Timeline", (T,), "why"),
    Key("zoom", "z", "zoom", "zoom the pane", "Timeline", (T,)),
    Key("zoom_in", "plus,equals_sign", "zoom_by(-1)", "less time", "Timeline", (T,), "zoom"),
    Key("zoom_out", "minus", "zoom_by(1)", "more time", "Timeline", (T,), "zoom out"),
    Key("earlier", "left", "pan(-1)", "back in time", "Timeline", (T,), "pan"),
    Key("later", "right", "pan(1)", "ahead in time", "Timeline", (T,)),
    Key("now", "0", "now", "now", "Timeline", (T,), "now"),
    Key("back", "escape,q", "back", "back", "Move", (D, L, A, M, R, C, T, Y, S), "back"),
    Key("longer", "right,l", "range(1)", "a longer time", "Figures", (S,), "longer"),
    Key("shorter", "left,h", "range(-1)", "a shorter time", "Figures", (S,)),
    Key(
        "figures_of_next", "down,j", "choose_job(1)", "of the next job", "Figures", (S,), "next job"
    ),
    Key("figures_of_last", "up,k", "choose_job(-1)", "of the job before", "Figures", (S,)),
    Key("figures_of_all", "g,home", "all_jobs", "of all jobs", "Figures", (S,)),
    Key("filter_figures", "slash", "filter", "filter the jobs", "Figures", (S,), "filter"),
    Key("drill", "enter", "drill", "choose or open the job", "Figures", (S,), "open job"),
    Key("next_metric", "m,tab", "metric(1)", "the next metric", "Figures", (S,), "metric"),
    Key("last_metric", "M,shift+tab", "metric(-1)", "the metric before", "Figures", (S,)),
    Key("zoom", "z", "zoom", "zoom the metric", "Figures", (S,), "zoom"),
    Key("before", "c", "before", "compare with before", "Figures", (S,), "compare"),
    Key("figures_runs", "o", "show_runs", "the runs of it", "Figures", (S,), "runs"),
    Key("export", "ctrl+s,f2", "save", "export CSV or JSON", "Figures", (S,), "export"),
    Key("unfold", "enter,space", "", "unfold a section", "In a form", (FORM,), "unfold"),
    Key("save_form", "ctrl+s,f2", "save", "save", "In a form", (FORM,), "save"),
    Key("run_it", "ctrl+s,f2", "run", "run it", "In a form", (PARAMS,)),
    Key("try_form", "ctrl+t", "try", "run it without saving…", "In a form", (FORM,), "try it"),
    Key("preview", "f3,ctrl+y", "preview", "YAML and next runs", "In a form", (FORM,), "YAML"),
    Key("next_field", "down", "app.focus_next", "the next field", "In a form", (FORM, PARAMS)),
    Key("last_field", "up", "app.focus_previous", "the field before", "In a form", (FORM, PARAMS)),
    Key("next_word", "right,space", "", "choose the next", "In a form", (FORM, PARAMS)),
    Key("last_word", "left", "", "choose the one before", "In a form", (FORM, PARAMS)),
    Key("leave", "escape", "leave", "leave it", "In a form", (FORM, PARAMS), "cancel"),
    Key("close", "escape,q", "close", "close it", "Questions", (QUESTION, LIST, HELP)),
    Key("answer", "enter", "press", "what is highlighted", "Questions", (QUESTION, LIST)),
    Key("next_answer", "right,tab,down", "move(1)", "the next answer", "Questions", (QUESTION,)),
    Key(
        "last_answer",
        "left,shift+tab,up",
        "move(-1)",
        "the answer before",
        "Questions",
        (QUESTION,),
    ),
    Key("no", "n", "", "no", "Questions", (QUESTION,)),
    Key("yes", "y", "", "yes", "Questions", ("confirm", "skip", "stop", "renamed")),
    Key("lift", "l", "", "lift the skip", "Questions", ("skip",)),
    Key("kill_now", "k", "", "kill now", "Questions", ("stop",)),
    Key("stop_and_pause", "p", "", "stop, then pause", "Questions", ("stop",)),
    Key("keep_engine", "k", "", "the engine goes on", "Questions", ("quit",)),
    Key("stop_engine", "s", "", "the engine stops", "Questions", ("quit",)),
    Key("edit_again", "e", "", "edit it once more", "Questions", ("refused", "renamed")),
    Key("as_svg", "s", "", "a picture as SVG", "Questions", ("picture",)),
    Key("as_text", "t", "", "a picture as text", "Questions", ("picture",)),
    Key("as_csv", "c", "", "figures as CSV", "Questions", ("export",)),
    Key("as_json", "j", "", "figures as JSON", "Questions", ("export",)),
    Key("next_choice", "tab,right", "move(1)", "the next one of a list", "Lists", (LIST,)),
    Key("last_choice", "shift+tab,left", "move(-1)", "the one before", "Lists", (LIST,)),
    Key("column_on", "space", "", "a column on or off", "Lists", ("columns",)),
    Key("columns_fit", "f", "", "the columns that fit", "Lists", ("columns",)),
    Key("sort_next", "x", "", "the next run", "Sort by", ("sort",)),
    Key("sort_name", "n", "", "the name", "Sort by", ("sort",)),
    Key("sort_last", "l", "", "the last run", "Sort by", ("sort",)),
    Key("sort_duration", "d", "", "the duration", "Sort by", ("sort",)),
    Key("sort_errors", "e", "", "the errors", "Sort by", ("sort",)),
    Key("sort_state", "s", "", "the state", "Sort by", ("sort",)),
    Key("copied_line", "l", "", "the line", "Copy of", ("copy",)),
    Key("copied_name", "n", "", "the name", "Copy of", ("copy",)),
    Key("copied_run_id", "i", "", "the run id", "Copy of", ("copy",)),
    Key("copied_command", "c", "", "the command", "Copy of", ("copy",)),
    Key("copied_schedule", "s", "", "the schedule", "Copy of", ("copy",)),
    Key("copied_output", "o", "", "the output", "Copy of", ("copy",)),
    Key("copied_error", "e", "", "the error", "Copy of", ("copy",)),
    Key("for_1_hour", "1", "", "1 hour", "For how long", ("mute", "pause")),
    Key("for_2_hours", "2", "", "2 hours", "For how long", ("mute", "pause")),
    Key("for_4_hours", "4", "", "4 hours", "For how long", ("mute", "pause")),
    Key("for_1_day", "d", "", "a day", "For how long", ("mute", "pause")),
    Key("for_1_week", "w", "", "a week", "For how long", ("mute", "pause")),
    Key("for_other", "o", "", "other, or until when…", "For how long", ("mute", "pause")),
    Key("unmute", "0", "", "no longer silent", "For how long", ("mute",)),
    Key("theme_dark", "d", "", "dark", "Settings", ("settings",)),
    Key("theme_light", "l", "", "light", "Settings", ("settings",)),
    Key("theme_contrast", "c", "", "high contrast", "Settings", ("settings",)),
    Key("theme_ansi", "a", "", "the terminal's colours", "Settings", ("settings",)),
    Key("edit_keys", "e", "", "keys, in $EDITOR", "Settings", ("settings",)),
    *(
        Key(f"view_{tab.view}", str(tab.number), f"view('{tab.view}')", tab.long, "Views", PAGES)
        for tab in TABS
    ),
    Key("inbox", "M", "inbox", "what was missed", "Views", (ALL,)),
    Key("trouble", "o", "trouble", "all that the banner says", "App", (J, T, D, M, C, Y)),
    Key("quit", "q", "quit_screen", "quit", "App", (J,), "quit"),
    Key("quit_now", "ctrl+q", "quit_now", "quit, the engine goes on", "App", (ALL,)),
    Key("reload", "R", "reload", "reload, restart engine", "App", PAGES),
    Key("save_screen", "ctrl+s,f2", "save_screen", "picture of the page", "App", PICTURED),
    Key("settings", "comma", "settings", "colours, keys…", "App", (ALL,)),
    Key("redraw", "ctrl+l", "redraw", "draw anew", "App", (ALL,)),
    Key("suspend", "ctrl+z", "suspend_process", "suspend", "App", (ALL,)),
    Key("palette", "colon,ctrl+p", "command_palette", "command palette", "App", (ALL,)),
    Key("help", "question_mark,f1", "help", "this help", "App", (ALL, HELP)),
)


CHANGING = frozenset(
    (
        *("trigger", "trigger_with", "again", "pause", "hold", "pause_all", "add", "edit"),
        *("editor", "delete", "undo", "stop", "acknowledge", "acknowledge_all", "unacknowledge"),
        *("mute", "mute_job", "comment", "skip", "skip_of_job", "reload"),
        *("run_missed", "run_all_missed", "ignore", "ignore_all", "seen"),
    )
)
"""The ids of the keys that change something: refused where a screen only looks."""
CHANGING_ACTIONS = frozenset(key.action for key in KEYS if key.id in CHANGING)
CHANGING_WORDS = frozenset(key.bar for key in KEYS if key.id in CHANGING and key.bar)

FIRST = frozenset(("next_job", "previous_job"))
"""The ids of the keys that mean the same whatever has the focus: no table moves by them."""

MOVES: tuple[Key, ...] = (
    Key("down", "down,j", "", "row below", "Move", (*PAGES, HELP, LIST)),
    Key("up", "up,k", "", "row above", "Move", (*PAGES, HELP, LIST)),
    Key("page_down", "pagedown,ctrl+d", "", "a page down", "Move", (*PAGES, HELP)),
    Key("page_up", "pageup,ctrl+u", "", "a page up", "Move", (*PAGES, HELP)),
    Key("top", "home,g", "", "first", "Move", (*PAGES, HELP)),
    Key("bottom", "end,G", "", "last", "Move", (*PAGES, HELP)),
)
"""What moves in every table, list and text; a place may give such a key another meaning."""

STAYING = {"back": "escape", "clear": "escape", "close": "escape", "leave": "escape"} | {
    "answer": "enter"
}
"""Keys that stay beside what is chosen for these ids: nobody is locked in."""


def find_key(keys: Sequence[Key], id: str) -> Key:
    """Return the key of something that is in the table."""
    return next(key for key in keys if key.id == id)


def bind(id: str, action: str) -> Binding:
    """Return the binding of a key whose action is a widget's own."""
    return Binding(find_key((*MOVES, *KEYS), id).keys, action, id=id, show=False)


def moving(row: str, page: str, most: int) -> list[BindingType]:
    """Return the bindings that move by rows, by pages and by `most` rows with these actions."""
    actions = [f"{row}(1)", f"{row}(-1)", f"{page}(1)", f"{page}(-1)", f"{row}(-{most})"]
    return [
        bind(key.id, action)
        for key, action in zip(MOVES, [*actions, f"{row}({most})"], strict=True)
    ]


CURSOR = moving("move", "page", MOST)
"""What moves the cursor of every table."""


def remapped(chosen: Mapping[str, str], keys: Sequence[Key] = KEYS) -> tuple[Key, ...]:
    """Return keys with what a person chose, `id: keys`, laid over them; what stays is kept."""
    return tuple(_remap(key, chosen[key.id]) if key.id in chosen else key for key in keys)


def _remap(key: Key, chosen: str) -> Key:
    stays = STAYING.get(key.id, "")
    is_lost = stays and stays not in chosen.split(",")
    return replace(key, keys=f"{chosen},{stays}" if is_lost else chosen, is_chosen=True)


def in_place(where: Where, keys: Sequence[Key] = KEYS) -> list[Key]:
    """Return the keys that count in one of `PLACES`."""
    return [key for key in keys if not set(PLACES[where]).isdisjoint(key.where)]


def bindings(where: Where) -> list[BindingType]:
    """Return the bindings of a place; each has its id, so that keys can be remapped."""
    return [
        Binding(key.keys, key.action, key.text, id=key.id, show=False, priority=key.id in FIRST)
        for key in KEYS
        if where in key.where and key.action
    ]


def key_bar(where: Where, keys: Sequence[Key] = KEYS) -> list[tuple[str, str]]:
    """Return the (key, word) pairs of a place's key bar."""
    last = {key.id: key.first for key in keys if key.id in LAST_IN_BAR}
    shown = [(key.first, key.bar) for key in keys if key.bar and where in key.where]
    return [*shown, *((last[id], word) for id, word in LAST_IN_BAR.items())]


LAST_IN_BAR = {"palette": "cmd", "help": "help"}
"""What every key bar ends with, by id."""


def groups(keys: Sequence[Key] = KEYS) -> dict[str, list[Key]]:
    """Return the keys by group, for the help."""
    found: dict[str, list[Key]] = {}
    for key in keys:
        found.setdefault(key.group, []).append(key)
    return found
