"""What the command palette offers: the keys of the open screen, and every job."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from textual.app import SystemCommand
from textual.command import CommandPalette, Hit, Hits
from textual.screen import Screen
from textual.system_commands import SystemCommandsProvider

from cronterm.tui.home import Home
from cronterm.tui.keymap import CHANGING, TABS
from cronterm.tui.themes import TASTES
from cronterm.tui.widgets.frames import Thorough

KEY = "  ·  "
"""Between a command and its key."""


STRONG = 3
"""From here on what was typed stands in a command as words do, not letter by letter."""
FAR = 1000
"""Further apart than what Textual says of two commands."""


def rank(title: str, typed: str) -> int:
    """Return how well what was typed names a command, 0 for not as it stands there.

    Best is all of it, then its beginning, its last words (the name of a job), the beginning of
    a word, any part.
    """
    words, typed = title.partition(KEY)[0].lower(), " ".join(typed.lower().split())
    is_it = (
        typed in words,
        f" {typed}" in words,
        f" {words}".endswith(f" {typed}"),
        words.startswith(typed),
        words == typed,
    )
    return max((place for place, each in enumerate(is_it, 2) if each), default=0)


class Offered(SystemCommandsProvider):
    """What the palette finds: the best name first; what was typed letter by letter only alone."""

    async def search(self, query: str) -> Hits:
        """Yield what is meant by what was typed."""
        matcher = self.matcher(query)
        found = [
            (rank(each.title, query), score, each)
            for each in self.app.get_system_commands(self.screen)
            if (score := matcher.match(each.title)) > 0
        ]
        best = max((place for place, _, _ in found), default=0)
        for place, score, each in found:
            if place or best < STRONG:
                text = matcher.highlight(each.title)
                yield Hit(place * FAR + score, text, each.callback, help=each.help)


class ThoroughPalette(Thorough, CommandPalette):
    """Textual's own, all of which is drawn while something changes behind it."""


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
        yield SystemCommand(f"{text}{KEY}{key.shown}", "", getattr(owner, name))
    for tab in TABS:
        yield SystemCommand(
            f"Show {tab.long}{KEY}{home.key(f'view_{tab.view}')}",
            "",
            partial(home.show_view, tab.view),
        )
    for taste, words in TASTES.items():
        yield SystemCommand(f"Theme {words}", "", partial(home.show_in, taste))
    copies = "Import a crontab: copy the command for a shell"
    yield SystemCommand(copies, "", home.copy_import)
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
