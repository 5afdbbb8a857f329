"""Checks what a person chose for a run against what the job declares."""

import difflib
import math
import re
from collections.abc import Mapping

from cronterm.model.identity import Param

LONGEST = 4096  # characters of a value
MOST_DIGITS = 30

_INT = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_TRUTH = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}


class BadParam(ValueError):
    """A value that a param does not take; the text says why."""


def read_param(param: Param, text: str) -> str:
    """Return a value as the job gets it. Raises `BadParam`."""
    shown = repr(text if len(text) <= 40 else text[:37] + "...")
    if len(text) > LONGEST:
        raise BadParam(f"is longer than {LONGEST} characters")
    if "\0" in text:
        raise BadParam("a value cannot contain NUL")
    value = text
    match param.type:
        case "bool":
            if text.lower() not in _TRUTH:
                raise BadParam(f"{shown} is not true or false")
            value = _TRUTH[text.lower()]
        case "int":
            if not _INT.fullmatch(text) or len(text) > MOST_DIGITS:
                raise BadParam(f"{shown} is not a whole number")
            value = str(int(text))
        case "number":
            if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
                raise BadParam(f"{shown} is not a number")
    if param.choices and value not in param.choices:
        raise BadParam(f"{shown} is not one of {', '.join(param.choices)}")
    return value


def read_params(params: Mapping[str, Param], given: Mapping[str, str]) -> dict[str, str]:
    """Return the chosen values, defaults left out, by the names of `params`. Raises `BadParam`."""
    for name in given:
        if name not in params:
            near = difflib.get_close_matches(name, params, 1)
            known = f"did you mean {near[0]}?" if near else f"params: {', '.join(params) or 'none'}"
            raise BadParam(f"there is no param {name[:64]!r} ({known})")
    chosen = {}
    for name, param in params.items():
        if name not in given:
            if param.default is None:
                raise BadParam(f"param {name} needs a value")
            continue
        try:
            chosen[name] = read_param(param, given[name])
        except BadParam as error:
            raise BadParam(f"param {name}: {error}") from None
    return chosen


def param_environment(params: Mapping[str, Param], chosen: Mapping[str, str]) -> dict[str, str]:
    """Return what the job finds in its environment: `PARAM_<NAME>` each."""
    values = {name: chosen.get(name, param.default) for name, param in params.items()}
    return {f"PARAM_{name.upper()}": value for name, value in values.items() if value is not None}
