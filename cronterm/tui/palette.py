"""What the command palette offers: the keys of the open screen, and every job."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from textual.app import SystemCommand
from textual.screen import Screen

from cronterm.tui.home import Home
from cronterm.tui.keymap import CHANGING, TABS
from cronterm.tui.themes import TASTES


def palette_commands(
    home: Home, screen: Screen[object], jobs: Sequence[str]
) -> Iterator[SystemCommand]:
    """Yield the commands of this place; each says its key."""
    where = getattr(screen, "where", None)
    for key in home.keys:
        if where is not None and where not in key.where and "all" not in key.where:
            continue
        if key.id in CHANGING and home.picture.is_read_only:
            continue
        name = f"action_{key.action.partition('(')[0]}"
        owner = screen if hasattr(screen, name) else home if hasattr(home, name) else None
        if owner is None or "(" in key.action or key.action == "command_palette":
            continue
        text = key.text[:1].upper() + key.text[1:]
        yield SystemCommand(f"{text}  ·  {key.shown}", "", getattr(owner, name))
    for tab in TABS:
        yield SystemCommand(
            f"Show {tab.long}  ·  {home.key(f'view_{tab.view}')}",
            "",
            partial(home.show_view, tab.view),
        )
    for taste, words in TASTES.items():
        yield SystemCommand(f"Theme {words}", "", partial(home.show_in, taste))
    yield SystemCommand("Choose keys in $EDITOR", "", home.edit_keys)
    verbs: list[tuple[str, Callable[[str], None]]] = [
        ("Open", home.open_job),
        ("Log of", home.open_log),
        ("Why", lambda job: home.open_job(job, "Why")),
    ]
    if not home.picture.is_read_only:
        verbs += [
            ("Trigger", lambda job: home.ask_trigger([job])),
            ("Pause or resume", lambda job: home.toggle_pause([job])),
            ("Skip the next run of", home.ask_skip),
        ]
    for verb, act in verbs:
        for job in jobs:
            yield SystemCommand(f"{verb} {job}", "", partial(act, job))
