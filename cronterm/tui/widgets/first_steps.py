"""What an empty table says, and what a person can do while there is no job."""

import shlex
from collections.abc import Callable
from pathlib import PurePath

from cronterm.sanitize import sanitize_line
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.guide import is_there
from cronterm.tui.widgets.paint import Part, width_of

MOST = 5
"""Engines that are named."""


def nothing_shown(
    picture: Picture, words: str, key: Callable[[str], str], width: int, height: int
) -> list[list[Part]]:
    """Return why a table, filtered by `words`, has no rows."""
    if not picture.is_live and not picture.snapshot.n:
        return [[], [("  connecting to the engine…", "muted")]]
    if words:
        return [[], [(f"  no job matches {words!r}", "muted")]]
    return first_steps(picture, key, width, height)


def import_command(picture: Picture) -> str:
    """Return the command that brings the jobs of a crontab into the jobs file."""
    snapshot = picture.snapshot
    path = PurePath(snapshot.engine.jobs_file)
    merge = " --merge" if path.suffix and is_there(snapshot) else ""
    place = path if path.suffix else path / "crontab.yaml"  # in a directory of files
    command = f"cronterm import crontab{merge} -o {shlex.quote(str(place))}"
    return picture.from_here(f"`{command}`").strip("`")


def _last_keys(key: Callable[[str], str]) -> list[Part]:
    keys = ((key("help"), "help      "), (key("quit"), "quit"))
    return [part for each, text in keys for part in ((f"{each}   ", "accent+bold"), (text, "text"))]


def _import(picture: Picture, width: int) -> list[list[Part]]:
    """Return how a crontab is brought over, in one line or two."""
    told, command = "From a crontab, in a shell: ", sanitize_line(import_command(picture))
    if len(told) + len(command) < width - 1:
        return [[(told, "text"), (command, "accent")]]
    return [[(told, "text")], [(command, "accent")]]


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
    lines: list[list[Part]] = [[("No jobs yet", "text+bold")], []]
    lines += [[(f"cronterm watches {file} — {what}", "muted")], []]
    lines += [[(f"{each}   ", "accent+bold"), (text, "text")] for each, text in keys]
    lines += [_last_keys(key), [], *_import(picture, width), []]
    lines += [[("Saved files are picked up live; nothing needs a restart.", "faint")]]
    if picture.others:
        lines += [[], [("Engines that run for other files, each with its screen:", "text+bold")]]
        lines += [[(sanitize_line(other), "accent")] for other in picture.others[:MOST]]
    left = max((width - max(width_of(line) for line in lines)) // 2, 1)
    above = max((height - len(lines)) // 2 - 1, 0)
    return [[]] * above + [[(" " * left, "text"), *line] for line in lines]
