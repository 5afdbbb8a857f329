"""What every key of the table promises, as it can be seen from outside."""

import re

from cronterm.tui.keymap import TABS
from cronterm.tui.places import PAGES, Where
from tests.journeys.acts import (
    SPAN,
    acknowledge,
    acknowledge_all,
    add,
    clear,
    comment,
    delete,
    drill,
    edit,
    editor,
    filter_lines,
    further,
    goes_to_time,
    hold,
    leaves,
    mark,
    matches,
    metric,
    mute,
    mute_job,
    pager,
    pause,
    pause_all,
    reads_file,
    redraws,
    reload,
    reverse,
    search,
    seen,
    side_by_side,
    skip,
    sort,
    starts,
    stop,
    suspends,
    to_mark,
    unacknowledge,
    undo,
    zoom_metric,
)
from tests.journeys.questions import OF_QUESTIONS
from tests.journeys.tour import MARKS, Text, Walk
from tests.journeys.walks import (
    OFFICE,
    changes,
    copies,
    copies_text,
    filters,
    grouped,
    hides,
    leads,
    moves,
    opens,
    opens_job,
    runs_by_form,
    saves,
    scrolls,
    settles,
    stays,
    triggers,
    turns_off,
    turns_on,
)

RUN_OF = r"[·.] run \d+"
SCROLLED: dict[Where, str] = {"log": "end", "compare": "home"}
"""Texts to scroll in, and where they begin."""
BACK: dict[Where, Text] = dict.fromkeys(PAGES, MARKS["jobs"]) | {"compare": "exit 1 after"}


def back(place: Where) -> Walk:
    """What was before is shown."""
    return leads(BACK[place])


OF_PLACE: dict[tuple[str, Where], Walk] = {
    ("open", "alerts"): opens("› broken"),
    ("open", "missed"): opens_job,
    ("trigger", "alerts"): triggers("broken"),
    ("trigger_with", "alerts"): runs_by_form("Run broken", "broken"),
    ("delete", "jobs"): delete(),
    ("delete", "detail"): delete("enter"),
    ("stop", "jobs"): stop(),
    ("stop", "detail"): stop("enter"),
    ("stop", "log"): stop("l"),
    ("zoom", "stats"): zoom_metric,
    ("zoom", "timeline"): turns_off("─ Agenda "),
    ("copy", "alerts"): copies(", run"),
    ("copy", "detail"): copies(", run", "alpha"),
    ("copy", "log"): copies(", run", "alpha"),
    ("copy", "runs"): copies(", run"),
    ("copy_name", "detail"): copies_text("name", "alpha"),
    ("copy_name", "log"): copies_text("name", "alpha"),
    ("follow", "log"): turns_off("· end ─"),
    ("skip", "detail"): skip("enter"),
    ("further_left", "detail"): further("right_square_bracket", "right_square_bracket"),
    ("further_right", "detail"): further("right_square_bracket", "right_square_bracket"),
    ("again", "runs"): runs_by_form("again; changes are for this once"),
    ("alert_log", "compare"): opens("› log"),
    **{("back", place): back(place) for place in PAGES},
    **{("reload", place): reads_file for place in PAGES if place != "jobs"},
    **{(f"view_{tab.view}", tab.view): stays for tab in TABS},
    **{
        (f"move_{id}", place): (
            scrolls("" if first == SCROLLED[place] else first)
            if place in SCROLLED
            else moves(by, first=first)
        )
        for place in PAGES
        for id, by, first in (
            ("down", 1, "home"),
            ("up", -1, "end"),
            ("page_down", 1, "home"),
            ("page_up", -1, "end"),
            ("top", -1, "end"),
            ("bottom", 1, "home"),
        )
    },
}
"""Where a key does something else than elsewhere."""

PROMISES: dict[str, Walk] = {
    "open": opens("› alpha"),
    "acknowledge": acknowledge,
    "acknowledge_all": acknowledge_all,
    "unacknowledge": unacknowledge,
    "mute": mute,
    "mute_job": mute_job,
    "comment": comment,
    "reach": changes(r"shown: [a-z ]+"),
    "filter_alerts": filters("broken", "/broken", " gone-three "),
    "alert_log": opens("› broken › log"),
    "run_missed": settles("─ Run what was missed", "t"),
    "run_all_missed": settles("Run all that was missed", "T", is_all=True),
    "ignore": settles("The history keeps it as missed", "i"),
    "ignore_all": settles("Ignore all", "I", is_all=True),
    "seen": seen,
    "open_run": opens("› log"),
    "trigger": triggers("alpha"),
    "trigger_with": runs_by_form("Run alpha", "alpha"),
    "pause": pause,
    "hold": hold,
    "pause_all": pause_all,
    "add": add,
    "edit": edit,
    "editor": editor,
    "logs": opens("› alpha › log"),
    "failed_log": opens("exit 1 after"),
    "undo": undo,
    "filter": filters("brok", "· /brok", " gone-one "),
    "sort": sort,
    "reverse": reverse,
    "group": turns_on(OFFICE),
    "fold_all": grouped((), "plus", folds=True),
    "unfold_all": grouped(("minus",), "", folds=False),
    "go_right": grouped(("left",), "", folds=False),
    "go_left": grouped((), "right", folds=True),
    "columns": opens("Columns"),
    "clear": clear,
    "mark": mark,
    "mark_all": turns_on(" marked"),
    "zoom": turns_off("─ Log · all jobs"),
    "copy": copies(),
    "copy_name": copies_text("name"),
    "copy_yaml": copies_text("YAML", "  "),
    "follow": turns_off("following"),
    "mark_run": turns_on("1 marked"),
    "logs_of_runs": opens("› log"),
    "chain": turns_on("2 runs · "),
    "search": search,
    "next_match": matches("1"),
    "previous_match": matches("1"),
    "filter_lines": filter_lines,
    "wrap": turns_on("END"),
    "times": turns_off(re.compile(r"\d\d:\d\d:\d\d\.\d{3} ")),
    "errors": turns_on("stderr only"),
    "older": changes(RUN_OF, back="greater_than_sign"),
    "newer": changes(RUN_OF, first="less_than_sign"),
    "mark_line": turns_on("── mark "),
    "next_mark": to_mark,
    "previous_mark": to_mark,
    "side_by_side": side_by_side,
    "further_left": further(),
    "further_right": further(),
    "pager": pager,
    "save": saves("", "", "*.log"),
    "again": runs_by_form("again; changes are for this once", "alpha"),
    "compare": opens("› compare"),
    "tab_left": opens("All values", back="right_square_bracket"),
    "tab_right": hides("Statistics", back="left_square_bracket"),
    "next_job": opens("› broken", back="k"),
    "previous_job": opens("› chained", back="j"),
    "down": moves(1),
    "up": moves(-1, first="down"),
    "page_down": moves(1),
    "page_up": moves(-1, first="down"),
    "top": moves(-1, first="end"),
    "bottom": moves(1, first="home"),
    "row_below": moves(1),
    "row_above": moves(-1, first="down"),
    "first_run": moves(-1, first="end"),
    "last_run": moves(1, first="home"),
    "filter_runs": filters("alpha", "· /alpha", " broken "),
    "open_job": opens_job,
    "skip": skip(),
    "skip_of_job": skip(),
    "filter_lanes": filters("alpha", "/alpha", " gone-one "),
    "next_start": starts(),
    "last_start": starts("right_square_bracket"),
    "why": turns_on("─ Why"),
    "zoom_in": changes(SPAN),
    "zoom_out": changes(SPAN),
    "earlier": changes(SPAN),
    "later": changes(SPAN),
    "now": changes(SPAN, first="right"),
    "go_to_time": goes_to_time,
    "longer": changes(r"with the \S+ before"),
    "shorter": changes(r"with the \S+ before"),
    "figures_of_next": changes(r"Job \S+"),
    "figures_of_last": changes(r"Job \S+", first="down"),
    "figures_of_all": changes(r"Job \S+", first="down"),
    "next_metric": metric("Success / failure"),
    "last_metric": metric("Statistical analysis"),
    "before": changes(r"before: \w+"),
    "drill": drill,
    "figures_runs": leads("/last:24h"),
    "export": saves("Export the figures", "c", "*.csv"),
    **{f"view_{tab.view}": leads(MARKS[tab.view]) for tab in TABS},
    "inbox": opens("› Missed"),
    "trouble": opens("What is wrong"),
    "quit": leaves,
    "quit_now": leaves,
    "reload": reload,
    "save_screen": saves("Save the screen", "t", "cronterm-*.txt"),
    "settings": opens("keys, in $EDITOR"),
    "redraw": redraws,
    "suspend": suspends,
    "palette": opens("Search for commands", "Add a job"),
    "help": opens("─ Help ─"),
}


def promise_of(id: str, place: Where) -> Walk | None:
    """Return what a key does at a place; None where nobody has said it."""
    if place in (*PAGES, "all"):
        return OF_PLACE.get((id, place)) or PROMISES.get(id)
    return OF_QUESTIONS.get((id, place))


def promised() -> set[str]:
    """Return the ids of all keys of which it was said what they do."""
    return {id for id, _ in (*OF_PLACE, *OF_QUESTIONS)} | PROMISES.keys()
