"""Keys that arrive together: each is handled once what the one before it opened is there."""

from collections import deque
from typing import TypeVar

from textual import events
from textual.app import App
from textual.command import CommandPalette
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, TextArea

from cronterm.tui.terminal import TerminalDriver

Result = TypeVar("Result")

LAPS = 2  # behind the key, then behind what the key caused
LOOK_EVERY_S = 0.01
MOST_LOOKS = 300
"""Nothing holds the keyboard longer: three seconds in which something could be done."""
CHOOSING = frozenset({"enter", "up", "down", "pageup", "pagedown"})
FINDING = CommandPalette._GATHER_COMMANDS_GROUP
OPENING = frozenset({"open-log", "ask-again", "editor", "fill", "save", "run", "undo"})
"""Groups of work at whose end something opens, closes or is filled in."""


class Followed(Message, verbose=True):
    """It goes the way of a key behind it: whatever it passes has handled the key."""

    def __init__(self, lap: int) -> None:
        super().__init__()
        self.lap = lap


class KeyOrder(App[Result]):
    """An app that hands out what is typed one by one; a key by itself waits for nothing.

    Textual hands every key at once to what has the focus now, while the key before it has not yet
    moved the focus. Here a message follows each key, and again what the key caused, until neither
    the screen nor the focus moves any more. Letters that go into a field move nothing: one message
    follows all that come together.
    """

    def __init__(self) -> None:
        super().__init__()
        self._typed: deque[events.Key | events.Paste] = deque()
        self._lap = 0
        self._laps_left = 0  # none: nothing is on its way
        self._way: Widget | None = None
        """Where the lap began; None while work that opens something goes on."""
        self._place: tuple[Widget | None, Widget | None] = (None, None)
        self._looks = 0
        """Since the last key was handed out."""
        self._is_text = False
        """All that is on its way is text for the field that has the focus."""
        self._looking: Timer | None = None

    def get_driver_class(self) -> type[Driver]:
        """Return what reads a terminal, unless the environment names something else."""
        found = super().get_driver_class()
        return TerminalDriver if found is LinuxDriver else found

    async def on_event(self, event: events.Event) -> None:
        """Hand out an event; what is typed waits for what was typed before it."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._typed or self._is_held(event) or (self._must_wait and not self._joins(event)):
            self._typed.append(event)
            self._look_on()
        else:
            await self._hand_out(event)

    async def on_followed(self, message: Followed) -> None:
        """Go round again, or hand out what is typed next."""
        message.stop()
        if message.lap != self._lap:
            return
        place = self._here()
        self._laps_left = self._laps_left - 1 if place == self._place else LAPS
        self._place = place
        if self._laps_left:
            self._follow()
        elif self._is_opening():
            self._laps_left, self._way = LAPS, None
            self._look_on()
        else:
            await self._hand_out_next()

    @property
    def _must_wait(self) -> bool:
        """A key has not gone its whole way yet."""
        return self._laps_left > 0 and not self._is_late()

    def _joins(self, event: events.Key | events.Paste) -> bool:
        """Tell whether a key goes where all before it went, and leaves the focus there."""
        return self._is_text and self._here() == self._place and self._is_for_field(event)

    def _is_for_field(self, event: events.Key | events.Paste) -> bool:
        is_sign = isinstance(event, events.Key) and event.is_printable
        return is_sign and isinstance(self._here()[1], Input | TextArea)

    async def _hand_out(self, event: events.Key | events.Paste) -> None:
        has_lap = self._must_wait and self._joins(event)
        self._looks = 0
        self._laps_left = LAPS + has_lap  # that lap began before this key
        self._is_text = self._is_for_field(event)
        self._place = self._here()
        way = self._place[1] or self._place[0]
        await super().on_event(event)
        if not has_lap:
            self._follow(way)

    async def _hand_out_next(self) -> None:
        self._laps_left = 0
        if self._typed and self._is_held(self._typed[0]):
            self._look_on()
        elif self._typed:
            await self._hand_out(self._typed.popleft())
            while self._typed and self._joins(self._typed[0]):
                await self._hand_out(self._typed.popleft())
        elif self._looking is not None:
            self._looking.stop()
            self._looking = None

    def _follow(self, way: Widget | None = None) -> None:
        """Begin a lap: the way of the last key, or that of the next one."""
        screen, focused = self._here()
        self._way = way or focused or screen
        self._lap += 1
        if self._way is None or not self._way.post_message(Followed(self._lap)):
            self.post_message(Followed(self._lap))

    def _look_on(self) -> None:
        if self._looking is None:
            self._looking = self.set_interval(LOOK_EVERY_S, self._look)

    async def _look(self) -> None:
        """Go on where work ended, a lap was lost with its screen, or the time is over."""
        self._looks += 1
        if not self._laps_left or self._is_late():
            await self._hand_out_next()
        elif self._way is None:
            if not self._is_opening():
                self._follow()
        elif not self._way.is_running or not self._way.is_attached:
            self._follow()

    def _here(self) -> tuple[Widget | None, Widget | None]:
        """Return the screen and what has its focus."""
        screen = self.screen_stack[-1] if self.screen_stack else None
        return screen, screen and screen.focused

    def _is_held(self, event: events.Key | events.Paste) -> bool:
        """Tell whether a key would choose from what the palette found for less than was typed."""
        return (
            isinstance(event, events.Key)
            and event.key in CHOOSING
            and isinstance(self._here()[0], CommandPalette)
            and any(work.group == FINDING and not work.is_finished for work in self.workers)
        )

    def _is_late(self) -> bool:
        return self._looks > MOST_LOOKS

    def _is_opening(self) -> bool:
        return any(work.group in OPENING and work.is_running for work in self.workers)
