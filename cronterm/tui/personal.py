"""What is the person's own in the screen: colours, keys, and how it was left."""

import os
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from textual.filter import LineFilter, Monochrome, NoColor
from textual.theme import Theme

from cronterm.clock import Clock
from cronterm.control import Control
from cronterm.errors import CrontermError
from cronterm.tui.keymap import KEYS, MOVES, Key, remapped
from cronterm.tui.look import Glyphs, choose_glyphs, filters_for
from cronterm.tui.palette import ThoroughPalette
from cronterm.tui.remembered import Kept, Remembered
from cronterm.tui.ringing import Ringing
from cronterm.tui.screens.dialogs import AskList, Choice
from cronterm.tui.screens.page import Page, repaint_all
from cronterm.tui.settings import ScreenSettings, read_settings, write_sample
from cronterm.tui.tab import TabDriver
from cronterm.tui.themes import TASTES, Taste, theme_for, themes
from cronterm.tui.widgets.bars import KeyBar


@dataclass(frozen=True)
class Person:
    """What is known of who sits in front."""

    settings: ScreenSettings = field(default_factory=ScreenSettings)
    settings_file: Path | None = None
    """Where they say so; None without a home."""
    tastes: Remembered = field(default_factory=Remembered)
    """What they like, whatever jobs file it is."""
    layout: Remembered = field(default_factory=Remembered)
    """How they looked at this jobs file last."""


class Personal(Ringing):
    """An app as its person wants it."""

    def __init__(
        self,
        control: Control,
        clock: Clock,
        *,
        person: Person,
        glyphs: Glyphs | None,
        theme: str,
        is_read_only: bool,
    ) -> None:
        super().__init__(control, clock, is_read_only=is_read_only)
        self.person = person
        self.layout, self.tastes = person.layout, person.tastes
        self.glyphs = glyphs or choose_glyphs(person.settings.glyphs)
        self.moves: tuple[Key, ...] = MOVES
        self._told: set[str] = set()
        self._unkept: dict[str, Kept] = {}
        for each in themes():
            self.register_theme(each)
        self.theme = theme or theme_for(person.tastes.word("theme", TASTES))

    def get_theme(self, theme_name: str) -> Theme | None:
        """Return a theme. (Textual copies the list of all, for each line of each frame.)"""
        return self._registered_themes.get(theme_name) or super().get_theme(theme_name)

    # -- keys ------------------------------------------------------------------------------------

    def take_keys(self, chosen: dict[str, str]) -> None:
        """Let keys be what a person chose, at once."""
        self.keys, self.moves = remapped(chosen, KEYS), remapped(chosen, MOVES)
        self.set_keymap({key.id: key.keys for key in (*self.keys, *self.moves) if key.is_chosen})
        for screen in self.screen_stack:
            if isinstance(screen, Page) and screen.is_mounted:
                screen.query_one(KeyBar).show(screen.keys())

    def edit_keys(self) -> None:
        """Open $EDITOR on the person's settings, written out where there are none yet."""
        path = self.person.settings_file
        try:
            if path is None:
                raise CrontermError("there is no home directory to keep settings in")
            write_sample(path)
            self.run_editor(str(path))
            self.take_keys(read_settings(path).keys)
        except (OSError, CrontermError) as error:
            self.tell(str(error), is_bad=True)

    def run_editor(self, path: str, line: int = 0) -> None:
        """Open $EDITOR on a file and wait for its end. Raises `OSError`."""
        editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        place = [f"+{line}"] if line else []
        with self.suspend():
            subprocess.run([*editor, *place, path], check=False)
        self.refresh().refresh(layout=True)

    def hand_over(self, name: str, text: str) -> None:
        """Have the browser that shows this screen save a file."""
        if isinstance(self._driver, TabDriver):
            self._driver.hand_over(name, text)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what every line passes last: characters that show, colours that are liked."""
        others = super().get_line_filters()
        filters = [each for each in others if not isinstance(each, Monochrome | NoColor)]
        if self.no_color or not self.person.settings.colors:
            filters.append(NoColor() if self.native_ansi_color else Monochrome())
        return [*filters, *filters_for(self.glyphs)]

    def action_command_palette(self) -> None:
        """Open the palette."""
        if not isinstance(self.screen, ThoroughPalette):
            self.push_screen(ThoroughPalette(id="--command-palette"))

    # -- colours ---------------------------------------------------------------------------------

    def action_settings(self) -> None:
        """Ask for the colours, or for the keys."""
        choices = [Choice(f"theme_{taste}", words, taste) for taste, words in TASTES.items()]
        choices.append(Choice("edit_keys", "keys, in $EDITOR", "keys"))
        here = [taste in self.theme for taste in TASTES].index(True)
        question = AskList("Settings", [], choices, where="settings", chosen=here)
        self.ask(question, self._set)

    def _set(self, answer: str) -> None:
        if answer == "keys":
            self.edit_keys()
        else:
            self.show_in(next(taste for taste in TASTES if taste == answer))

    def show_in(self, taste: Taste) -> None:
        """Show everything in these colours, now and the next time."""
        self.theme = theme_for(taste)
        for screen in self.screen_stack:
            repaint_all(screen)
        self.tastes.put(theme=taste)
        if taste not in self.theme:
            self.tell("this terminal has sixteen colours, they stay; the choice counts elsewhere")
        self.tell_trouble()

    # -- what is remembered ----------------------------------------------------------------------

    def remember(self, **values: Kept) -> None:
        """Keep how this jobs file is looked at; None forgets."""
        self.layout.put(**values)
        self.tell_trouble()

    def remember_soon(self, **values: Kept) -> None:
        """Keep it once what it changes is drawn: nobody waits for the file."""
        self._unkept |= values
        self.call_after_refresh(self._keep)

    def _keep(self) -> None:
        if self._unkept:
            values, self._unkept = self._unkept, {}
            self.remember(**values)

    def on_unmount(self) -> None:
        """Keep what was chosen right before the end: a screen that ends is not drawn again."""
        self.layout.put(**self._unkept)

    def tell_trouble(self) -> None:
        """Say, once, what is not remembered."""
        for kept in (self.tastes, self.layout):
            if kept.trouble and kept.trouble not in self._told:
                self._told.add(kept.trouble)
                self.tell(kept.trouble, is_bad=True)
