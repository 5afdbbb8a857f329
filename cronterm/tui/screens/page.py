"""A full page above the dashboard: a head, one painted body, a key bar."""

from collections.abc import Callable, Coroutine
from typing import Any, cast

from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import Screen
from textual.worker import Worker

from cronterm.clock import Instant, aware
from cronterm.errors import CrontermError
from cronterm.model.event import AnyEvent, AttemptStarted, RetryScheduled, RunEnded
from cronterm.tui.home import Home
from cronterm.tui.kept import read_kept
from cronterm.tui.keymap import View, key_bar
from cronterm.tui.picture import Picture
from cronterm.tui.places import Where
from cronterm.tui.saving import Kind, picture_of, save
from cronterm.tui.screens.dialogs import CANCEL, Ask, Choice
from cronterm.tui.widgets.bars import Banner, KeyBar, TabBar, TopBar
from cronterm.tui.widgets.filter_line import FilterLine
from cronterm.tui.widgets.frames import Thorough, Unpainted
from cronterm.tui.widgets.paint import Painted

RunChange = AttemptStarted | RetryScheduled | RunEnded
"""The events by which a run is another in a list of runs."""


class Page(Thorough, Screen[None], Unpainted):
    """A screen with the bars around it; subclasses give `body`."""

    HORIZONTAL_BREAKPOINTS = [(0, "-w80"), (100, "-w100"), (160, "-w160")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-h12"), (13, "-h24"), (30, "-h30")]  # noqa: RUF012

    where: Where = "jobs"
    view: View = "jobs"
    """The view that it is, or was opened from."""
    place = ""
    """What the tab bar says is open above the view."""
    needs_size = True
    """Whether it can be drawn only once it is laid out; one that need not is drawn once."""

    _is_counting = False

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.picture = picture

    @property
    def home(self) -> Home:
        """The app, as this program knows it."""
        return cast(Home, self.app)

    def compose(self) -> ComposeResult:
        """Give the bars with the body between, as they are at the first frame."""
        self.add_class(*self._fitting(self.app.size), update=False)
        bars = TopBar(self.picture), TabBar(self.picture), Banner(self.picture, self.where)
        self._update_bars(*bars, self.home.now())
        yield from bars
        yield from self.body()
        yield KeyBar(self.picture)

    def _fitting(self, size: Size) -> set[str]:
        """Return the classes for a size: Textual takes them only after it has drawn a frame."""
        widths = self._get_breakpoint_classes(size.width, self.HORIZONTAL_BREAKPOINTS)
        return widths | self._get_breakpoint_classes(size.height, self.VERTICAL_BREAKPOINTS)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Lay out and draw a new page once. (Textual styles it again, and draws it twice.)"""
        if self.outer_size or not self.is_attached:
            return
        event.prevent_default()
        self.stack_updates += 1
        self._refresh_layout(self.app.size)

    def on_resize(self, event: events.Resize) -> None:
        """Leave a page as it is when the size told is that which it was laid out for."""
        if event.size == self.outer_size and self.classes.issuperset(self._fitting(event.size)):
            event.prevent_default()

    def body(self) -> ComposeResult:
        """Give what is between the bars."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Show the keys of this place. (Textual calls this beside a subclass's own.)"""
        self.query_one(KeyBar).show(self.keys())
        if self.needs_size:
            self.call_after_refresh(lambda: self.update(self.home.now()))
        else:
            self.update(self.home.now())

    def keys(self) -> list[tuple[str, str]]:
        """Return the (key, word) pairs of the key bar."""
        return key_bar(self.where, self.home.keys)

    def subject(self) -> tuple[str, int | None] | None:
        """Return the job, and the run of it, that is chosen here; None where nothing is."""
        return None

    def action_copy(self) -> None:
        """Ask what to copy of what is chosen."""
        if (subject := self.subject()) is not None:
            self.home.ask_copy(*subject)

    def action_copy_of(self, what: str) -> None:
        """Copy something of what is chosen."""
        if (subject := self.subject()) is not None:
            self.home.copy_of(what, *subject)

    def action_save_screen(self) -> None:
        """Ask in what form, then save a picture of this page."""
        choices = [
            Choice("as_svg", "SVG, with its colours", "svg"),
            Choice("as_text", "text", "txt"),
            CANCEL,
        ]
        lines = ["What this page shows, into this directory."]
        question = Ask("Save the screen", lines, choices, where="picture")
        self.home.ask(question, self._save_screen)

    def _save_screen(self, kind: str) -> None:
        """Save it once the question is gone from it."""
        name = f"cronterm-{aware(self.home.now()).astimezone():%Y%m%d-%H%M%S}.{kind}"
        form: Kind = "svg" if kind == "svg" else "txt"
        self.call_after_refresh(lambda: save(self.home, name, picture_of(self.app, form)))

    def action_view(self, view: View) -> None:
        """Show another view."""
        self.home.show_view(view)

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        """Show the view that was clicked."""
        self.home.show_view(event.view)

    def on_filter_line_refused(self, event: FilterLine.Refused) -> None:
        """Say what is wrong with a filter that was to be kept."""
        self.home.tell(event.text, is_bad=True)

    def action_reload(self) -> None:
        """Read the jobs file again, or restart a gone engine."""
        self.home.reload()

    def action_trouble(self) -> None:
        """Show what the banner says, in full."""
        self.home.show_trouble()

    def tell_unread(self, error: CrontermError) -> None:
        """Say why nothing was read, but where the page and its banner do: without an engine."""
        if self.picture.gone is None:
            self.home.tell(str(error), is_bad=True)

    def take_event(self, event: AnyEvent) -> None:
        """Read again what an event changed; the picture has it already."""

    def read_ahead(self) -> None:
        """Ask for what it will show, before it is made: the answer comes meanwhile."""

    def look_again(self) -> None:
        """Read again soon what is shown: some of it may be another."""

    # -- counting what ended -----------------------------------------------------------------------

    def on_panel_uncounted(self) -> None:
        """Ask the store, now and then, while a panel is short of runs."""
        now, kept = self.home.now(), self.picture.kept
        is_due = kept is None or kept.is_due(now)
        if is_due and self.picture.gone is None and not self._is_counting:
            self._is_counting = True
            self.read_anew(self._count, "kept")

    async def _count(self) -> None:
        try:
            self.picture.kept = await read_kept(self.home.control, self.home.now)
        except CrontermError:
            pass  # the panels say that they know a part, and ask again
        finally:
            self._is_counting = False

    def read_anew(self, read: Callable[[], Coroutine[Any, Any, None]], group: str) -> Worker[None]:
        """Read something from the engine; what still reads for this group is given up.

        It is called in the worker: one that is given up before it began leaves nothing behind.
        """
        work = cast(Callable[[], Coroutine[None, None, None]], read)
        return self.run_worker(work, group=group, exclusive=True)

    def update(self, now: Instant) -> None:
        """Draw the picture at `now`."""
        bars = self.query_one(TopBar), self.query_one(TabBar), self.query_one(Banner)
        self._update_bars(*bars, now)

    def _update_bars(self, top: TopBar, tabs: TabBar, banner: Banner, now: Instant) -> None:
        top.update(now)
        tabs.place, tabs.view, tabs.now = self.place, self.view, now
        tabs.repaint()
        banner.update(now)


def repaint_all(screen: Screen[object]) -> None:
    """Draw every painted widget of a screen anew, after the colours changed."""
    for widget in screen.query(Painted):
        widget._strips = []
        widget.refresh()
