"""The system view: the machine, the program, what waits, what is watched, what is kept."""

from textual import events
from textual.app import ComposeResult

from cronterm.clock import SECOND, Instant
from cronterm.errors import CrontermError
from cronterm.model.query import ReadSystem
from cronterm.model.system import System
from cronterm.tui.keymap import bindings
from cronterm.tui.picture import Picture
from cronterm.tui.screens.page import Page
from cronterm.tui.widgets.frames import Frame
from cronterm.tui.widgets.panels import Panel, SystemPanel
from cronterm.tui.widgets.system_boxes import (
    EngineBox,
    QueueBox,
    StoreBox,
    SystemBox,
    VersionsBox,
    WatchBox,
)
from cronterm.version import VERSION

READ_EVERY = 5 * SECOND


class SystemView(Page):
    """How the program and its machine are."""

    BINDINGS = bindings("system")  # Textual reads it from the class
    where = "system"
    needs_size = False
    view = "system"

    def __init__(self, picture: Picture) -> None:
        super().__init__(picture)
        self.system: System | None = None
        self._read_at: Instant = 0
        self._second = 0

    def body(self) -> ComposeResult:
        """Give the boxes."""
        with Frame(id="system-grid"):
            yield SystemPanel(self.picture, id="machine")
            yield EngineBox(self.picture, id="engine")
            yield QueueBox(self.picture, id="queue")
            yield WatchBox(self.picture, id="watchers")
            yield StoreBox(self.picture, id="store")
            yield VersionsBox(self.picture, id="versions")

    def on_mount(self) -> None:
        """Say which version draws this."""
        self.query_one(VersionsBox).screen_version = VERSION

    def keys(self) -> list[tuple[str, str]]:
        """Return the keys of the boxes, then those of the page."""
        scroll = f"{self.home.key('down')} {self.home.key('up')}"
        return [("tab", "next box"), (scroll, "scroll"), *super().keys()]

    def on_resize(self, event: events.Resize) -> None:
        """Draw for the new size."""
        if event.size != self.outer_size:
            self._second = 0
            self.call_after_refresh(lambda: self.update(self.home.now()))

    def update(self, now: Instant) -> None:
        """Draw the picture at `now`; ask again what only the engine knows."""
        super().update(now)
        if now - self._read_at >= READ_EVERY:
            self._read_at = now
            self.read_anew(self._read, "system")
        if now // SECOND != self._second:
            self._second = now // SECOND
            self._draw(now)

    def _draw(self, now: Instant) -> None:
        for panel in self.query(Panel):
            if isinstance(panel, SystemBox):
                panel.system = self.system
            panel.update(now, None)

    def look_again(self) -> None:
        """Ask again at once: another engine may answer."""
        self._read_at = 0

    async def _read(self) -> None:
        try:
            found = await self.home.control.query(ReadSystem())
        except CrontermError as error:
            self.tell_unread(error)
            return
        if isinstance(found, System):
            self.system = found
            self._draw(self.home.now())

    def action_back(self) -> None:
        """Go back to the jobs."""
        self.home.show_view("jobs")
