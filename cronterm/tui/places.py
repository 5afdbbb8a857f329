"""Where keys are pressed: the pages, and what opens over them."""

from typing import Literal, get_args

Question = Literal[
    "trigger",
    "settle",
    "acknowledge",
    "confirm",
    "skip",
    "stop",
    "quit",
    "refused",
    "renamed",
    "saved",
    "picture",
    "export",
]
"""Questions with answers of their own."""
ChoiceList = Literal["copy", "sort", "mute", "pause", "columns", "settings"]
"""Questions that are a list to choose from."""
Where = Literal[
    "jobs",
    "detail",
    "log",
    "alerts",
    "missed",
    "runs",
    "compare",
    "timeline",
    "stats",
    "system",
    "all",
    "form",
    "params",
    "help",
    "question",
    "list",
    Question,
    ChoiceList,
]
"""A place; `all`, `question` and `list` are every page, question or list."""

J: Where = "jobs"
D: Where = "detail"
L: Where = "log"
A: Where = "alerts"
M: Where = "missed"
C: Where = "compare"
R: Where = "runs"
T: Where = "timeline"
Y: Where = "system"
S: Where = "stats"
ALL: Where = "all"
QUESTION: Where = "question"
LIST: Where = "list"
FORM: Where = "form"
PARAMS: Where = "params"
HELP: Where = "help"
PAGES: tuple[Where, ...] = (J, T, D, L, A, M, R, C, Y, S)
QUESTIONS: tuple[Question, ...] = get_args(Question)
LISTS: tuple[ChoiceList, ...] = get_args(ChoiceList)
PLACES: dict[Where, tuple[Where, ...]] = {
    **{page: (page, ALL) for page in (*PAGES, FORM)},
    **{question: (question, QUESTION) for question in QUESTIONS},
    **{each: (each, LIST) for each in LISTS},
    **{each: (each,) for each in (QUESTION, PARAMS, HELP)},
}
"""Every place in which keys are pressed, with what counts there."""


def name_of(place: Where) -> str:
    """Return how people read a place."""
    if place in (ALL, QUESTION, LIST):
        return {ALL: "every page", QUESTION: "every question"}.get(place, "every list")
    if place in QUESTIONS:
        return f"the {place} question"
    return f"the {place} list" if place in LISTS else place
