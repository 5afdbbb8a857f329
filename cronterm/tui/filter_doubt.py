"""What is wrong with a filter that is typed: it would leave out nothing, or what was not meant."""

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from cronterm.errors import BadInput
from cronterm.schedule.duration import parse_duration


class Doubt(NamedTuple):
    """What to say of it; what is not `wrong` is looked for as it stands."""

    text: str
    is_wrong: bool = True


Terms = Mapping[str, Callable[[str], str]]
"""By the word before its colon: says what is wrong with the rest, or nothing."""


def doubt_about(words: str, terms: Terms) -> Doubt | None:
    """Return what is wrong with the first word that something is wrong with.

    What is half typed is right: `is:`, and a state that begins so.
    """
    for word in words.split():
        term = word.lstrip("!")
        key, colon, value = term.casefold().partition(":")
        if term.startswith("/"):
            if trouble := _pattern_trouble(term.strip("/")):
                return Doubt(f"{term}: {trouble}")
        elif colon and key not in terms and key.isalpha() and not term.startswith("#"):
            known = " ".join(f"{each}:" for each in terms)
            return Doubt(f"{term} is looked for as text; known: {known}", is_wrong=False)
        elif colon and value and key in terms and (trouble := terms[key](value)):
            return Doubt(f"{key}: {trouble}")
    return None


def anything(value: str) -> str:
    """Say that nothing is wrong."""
    return ""


def length(value: str) -> str:
    """Say what is wrong with `<1h`."""
    given = value.lstrip("<>")
    try:
        parse_duration(given or "0")
    except BadInput as bad:
        return str(bad)
    return ""


def one_of(known: Collection[str], what: str) -> Callable[[str], str]:
    """Return what says that a word, or the beginning of one, is not among these."""

    def trouble(value: str) -> str:
        return "" if any(each.startswith(value) for each in known) else unknown(value, known, what)

    return trouble


def unknown(value: str, known: Collection[str], what: str) -> str:
    """Return `'fialed' is not an end; did you mean failed?`."""
    near = difflib.get_close_matches(value, list(known), 1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
    return f"{value!r} is not {what}; {hint}"


def _pattern_trouble(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        return f"not a pattern, {error.msg}"
    return ""
