"""Looking for something in a log: words, lines that have them, marks."""

import asyncio

from textual.app import ComposeResult
from textual.widgets import Input
from textual.worker import Worker

from cronterm.errors import CrontermError
from cronterm.model.lines import counts_case
from cronterm.tui.log_count import Count
from cronterm.tui.log_search import Found, Search
from cronterm.tui.log_source import Wish
from cronterm.tui.picture import Picture
from cronterm.tui.screens.page import Page
from cronterm.tui.widgets.bars import KeyBar
from cronterm.tui.widgets.run_log import RunLog

TYPED_S = 0.15  # after the last letter it is looked for
HINTS = {
    "search": "search: capitals count where you type any",
    "filter": "only lines with: capitals count where you type any",
}


class LogSearching(Page):
    """A page with a log and a line for words, to search or to filter."""

    def __init__(self, picture: Picture) -> None:
        super().__init__(picture)
        self._typing = ""
        """What the line is open for: `search` or `filter`."""
        self._search: Search | None = None
        self._finder: Worker[None] | None = None
        self._matches: Count | None = None
        self._ordinal: int | None = None
        self.total: int | None = None
        """How many lines have what is searched for, once they are counted."""

    def body(self) -> ComposeResult:
        """Give the log and the line for words."""
        yield RunLog(id="page")
        yield Input(id="search")

    @property
    def page(self) -> RunLog:
        """The lines."""
        return self.query_one(RunLog)

    def show_found(self) -> None:
        """Say in the key bar how the search stands."""
        if self.page.words and not self._typing:
            following, before, back = map(self.home.key, ("next_match", "previous_match", "back"))
            keys = f"{following} {before} next, before · {back}"
            self.query_one(KeyBar).show([], f"/{self.page.words}   {self.found} · {keys}")

    def on_run_log_changed(self) -> None:
        """Draw what was read."""
        if self.is_mounted:
            self.update(self.home.now())

    def _want(self, wish: Wish) -> None:
        self.end_search()
        self.page.want(wish)

    # -- marks -----------------------------------------------------------------------------------

    def action_mark_line(self) -> None:
        """Mark the line that the eye is on, with the time."""
        self.page.mark(self.home.now())
        self.update(self.home.now())

    def action_go_to_mark(self, by: int) -> None:
        """Go to the next mark, or the one before."""
        line = self.page.marks.step(by)
        if line is None:
            self.home.tell(f"no line is marked; {self.home.key('mark_line')} marks one")
        else:
            self.page.go_to(line)

    # -- searching and filtering -----------------------------------------------------------------

    def action_search(self) -> None:
        """Open the line to search."""
        self._open_line("search", self.page.words)

    def action_filter_lines(self) -> None:
        """Open the line to filter."""
        self._open_line("filter", " ".join(self.page.view.wish.words))

    def _open_line(self, purpose: str, words: str) -> None:
        self._typing = purpose
        line = self.query_one("#search", Input)
        line.placeholder = HINTS[purpose]
        line.value = words
        line.set_class(True, "shown")
        line.focus()
        self.query_one(KeyBar).type_in(purpose)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look while it is typed."""
        if self._typing:
            work = self._apply_soon(self._typing, event.value)
            self.run_worker(work, group="typed", exclusive=True)

    async def _apply_soon(self, purpose: str, words: str) -> None:
        await asyncio.sleep(TYPED_S)
        self._apply(purpose, words)

    def _apply(self, purpose: str, words: str) -> None:
        if purpose == "filter":
            self._want(Wish(tuple(words.split()), self.page.view.wish.stream))
        elif words != self.page.words:
            self.search_for(words)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the words and go back to the lines."""
        self.workers.cancel_group(self, "typed")
        self._apply(self._typing, event.value)
        self._close_line()

    def _close_line(self) -> None:
        self._typing = ""
        self.query_one("#search").set_class(False, "shown")
        self.page.focus()
        if not self.page.words:
            self.query_one(KeyBar).show(self.keys())
        self.update(self.home.now())

    def search_for(self, words: str) -> None:
        """Search for words from the end of the view back."""
        self.end_search()
        if not words:
            return
        view, control = self.page.view, self.home.control
        self.page.words = words
        wish = Wish((*view.wish.words, words), view.wish.stream)
        self._matches = Count(control, wish)
        self._find(backwards=True)

    def end_search(self) -> None:
        """Forget what was searched for."""
        self.workers.cancel_group(self, "find")
        self.page.words, self.page.match = "", None
        self._search = self._matches = None
        self._ordinal = self.total = None

    def _find(self, *, backwards: bool) -> None:
        view, words = self.page.view, self.page.words
        if words:
            self._search = Search(view.sources, view.wish, words, self.on_run_log_changed)
            work = self._seek(self._search, backwards=backwards)
            self._finder = self.run_worker(work, group="find", exclusive=True)

    async def _seek(self, search: Search, *, backwards: bool) -> None:
        """Find the next match, show it, then count them all; between slices it may be stopped."""
        page, view = self.page, self.page.view
        here = view.window.index_of(page.match) if page.match is not None else None
        if here is None:
            here = view.top + view.height if backwards else view.top - 1
        places = view.window.places(here if backwards else here + 1)
        try:
            found = await search.find(places, backwards=backwards)
            if found is None:
                self._ordinal, self.total = None, 0
            else:
                self._count_on(found, -1 if backwards else 1)
                page.match = found.line
                page.go_to(found.line)
                await self._count_matches(found)
        except CrontermError as error:
            self.home.tell(self.picture.or_not_known(str(error)), is_bad=True)
        self.update(self.home.now())

    def _count_on(self, found: Found, by: int) -> None:
        """Note which match this is, where the one before is known."""
        if self._ordinal is None or self.total is None:
            self._ordinal = None
        elif found.is_around:
            self._ordinal = 1 if by > 0 else self.total
        else:
            self._ordinal += by

    async def _count_matches(self, found: Found) -> None:
        view, matches = self.page.view, self._matches
        if matches is None:
            return
        if self._ordinal is None and not view.is_merged:
            before = await matches.before(view.sources, found.line.source, found.line.place)
            self._ordinal = before + 1
        if self.total is None:
            self.total = await matches.all(view.sources)

    @property
    def found(self) -> str:
        """How many matches there are, and which one is shown."""
        is_looking = self._finder is not None and not self._finder.is_finished
        case = "exact" if counts_case(self.page.words) else "any case"
        if self.page.match is None and is_looking and self._search is not None:
            return f"looking, at {self._search.looked:.0%}, {self.home.key('back')} stops · {case}"
        total = "…" if self.total is None else f"{self.total:,}"
        which = f"{self._ordinal:,} of {total}" if self._ordinal is not None else total
        return f"{which} {'match' if self.total == 1 else 'matches'} · {case}"

    def action_next_match(self) -> None:
        """Go to the next match."""
        self._find(backwards=False)

    def action_previous_match(self) -> None:
        """Go to the match before."""
        self._find(backwards=True)

    def action_back(self) -> None:
        """End what is typed, the search, the filter, or go back."""
        wish = self.page.view.wish
        if self._typing == "filter" or (wish.words and not self._typing and not self.page.words):
            self._want(Wish((), wish.stream))
            self._close_line()
        elif self._typing or self.page.words:
            self.end_search()
            self._close_line()
        else:
            self.dismiss()
