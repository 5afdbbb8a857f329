"""What a person can do while there is no job, in the middle of an empty table."""

from collections.abc import Callable

from cronterm.sanitize import sanitize_line
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.guide import is_there
from cronterm.tui.widgets.paint import Part, width_of

MOST = 5
"""Engines that are named."""


def first_steps(
    picture: Picture, key: Callable[[str], str], width: int, height: int
) -> list[list[Part]]:
    """Return the lines; `key` names the key of something."""
    snapshot = picture.snapshot
    file = sanitize_line(snapshot.engine.jobs_file)
    has_file = is_there(snapshot)
    what = "it has no jobs." if has_file else "the file does not exist yet."
    what = "what is in it has errors, so none counts." if snapshot.problems else what
    keys = [(key("add"), "create the first job with a form")]
    if not has_file:
        keys.append((key("sort"), "write a commented sample of it (5 safe demo jobs)"))
    keys += [(key("editor"), "write it in $EDITOR")]
    keys += [(key("help"), "help"), (key("quit"), "quit")]
    lines: list[list[Part]] = [[("No jobs yet", "text+bold")], []]
    lines += [[(f"cronterm watches {file} — {what}", "muted")], []]
    lines += [[(f"{each}   ", "accent+bold"), (text, "text")] for each, text in keys]
    lines += [[], [("Saved files are picked up live; nothing needs a restart.", "faint")]]
    if picture.others:
        lines += [[], [("Engines that run for other files, each with its screen:", "text+bold")]]
        lines += [[(sanitize_line(other), "accent")] for other in picture.others[:MOST]]
    left = max((width - max(width_of(line) for line in lines)) // 2, 1)
    above = max((height - len(lines)) // 2 - 1, 0)
    return [[]] * above + [[(" " * left, "text"), *line] for line in lines]
