"""The words for what counts as success and for the output that is kept."""

import re
import warnings
from collections.abc import Callable
from typing import Any

from cronterm.config.fields import Reading, Values
from cronterm.config.reader import Node, short
from cronterm.config.words import LATER_OUTPUT
from cronterm.model.success import Success

LONGEST_PATTERN = 1000


def readers(r: Reading) -> dict[str, Callable[[Node, str], Any]]:
    """Return how the words of this module are read."""
    return {
        "success": lambda node, path: read_success(r, node, path),
        "output": lambda node, path: read_output_words(r, node, path),
    }


def read_success(r: Reading, node: Node, path: str) -> Values:
    """Return what `success` says: `exit_codes` where given, and `rules`."""
    how: dict[str, Callable[[Node, str], Any]] = {
        "exit_codes": r.list_of(r.integer(0, 255)),
        "stdout_match": lambda node, path: _pattern(r, node, path),
        "output_reject": lambda node, path: _pattern(r, node, path),
        "stderr_empty": r.truth,
        "max_output": r.size,
        "min_duration": r.duration,
    }
    found = r.words(node, path, how)
    values = r.read_words(found, path, how)
    codes = values.pop("exit_codes", None)
    if codes == ():
        raise r.bad(node, path, "no exit code would be a success", "exit_codes: [0]")
    return {"rules": Success(**values)} | ({} if codes is None else {"exit_codes": codes})


def read_output_words(r: Reading, node: Node, path: str) -> Values:
    """Return what `output` says: max_size in bytes, keep, timestamps."""
    how: dict[str, Callable[[Node, str], Any]] = {
        "max_size": r.size,
        "keep": r.choice("head_tail", "head", "tail"),
        "timestamps": r.truth,
    }
    found = r.words(node, path, how, LATER_OUTPUT)
    values = r.read_words(found, path, how)
    if values.get("max_size", 1000) < 1000:
        raise r.bad(found["max_size"][1], f"{path}.max_size", "max_size is at least 1KB")
    return values


def _pattern(r: Reading, node: Node, path: str) -> str:
    pattern = r.text(node, path)
    hint = "it is searched for in each line; a plain text is a pattern too"
    if not pattern or len(pattern) > LONGEST_PATTERN:
        message = f"a pattern has 1 to {LONGEST_PATTERN:,} characters"
        raise r.bad(node, path, message, hint)
    try:
        with warnings.catch_warnings(action="error"):  # what the next Python reads otherwise
            compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        message = f"{short(pattern)!r} is not a regular expression: {error}"
        raise r.bad(node, path, message, hint) from None
    if compiled.search("") is not None and compiled.search("\0") is not None:
        message = f"{short(pattern)!r} matches every line, empty ones too"
        raise r.bad(node, path, message, hint)
    return pattern


def job_fields(values: Values) -> Values:
    """Return the fields of a job that the words of this module give."""
    success, output = values.get("success") or {}, values.get("output") or {}
    return {
        "success_exit_codes": success.get("exit_codes", (0,)),
        "success": success.get("rules", Success()),
        "output_max_size": output.get("max_size", 10_000_000),
        "output_keep": output.get("keep", "head_tail"),
        "output_timestamps": output.get("timestamps", False),
    }
