"""Rows with a cursor that stays on its row when others come and go."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from textual import events
from textual.message import Message

from cronterm.tui.filter import nearest
from cronterm.tui.keymap import CURSOR
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.paint import Part, hidden_rows
from cronterm.tui.widgets.panels import Panel

Row = TypeVar("Row")


class RowsBox(Panel, Generic[Row], can_focus=True):
    """A table: subclasses give `key_of`, `head`, `line` and what is said when it is empty."""

    BINDINGS = CURSOR  # Textual reads it from the class

    class Moved(Message):
        """The cursor is on another row."""

    class Opened(Message):
        """The row under the cursor was clicked twice."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(picture, id=id)
        self.rows: Sequence[Row] = ()
        self.empty = ""
        self._key: object = None
        self._place = 0
        self._top = 0

    # -- what subclasses give --------------------------------------------------------------------

    def key_of(self, row: Row) -> object:
        """Return what stays the same of a row."""
        raise NotImplementedError

    def head(self, width: int) -> str:
        """Return the names of the columns."""
        raise NotImplementedError

    def line(self, row: Row, width: int, *, is_here: bool) -> list[Part]:
        """Return a row in its colours, without the cursor."""
        raise NotImplementedError

    # -- cursor ----------------------------------------------------------------------------------

    @property
    def chosen(self) -> Row | None:
        """The row under the cursor."""
        return self.rows[self._place] if self._place < len(self.rows) else None

    @property
    def position(self) -> str:
        """`7/48`; a dash where nobody knows."""
        if not self.rows and self.picture.gone is not None:
            return "—"
        return f"{min(self._place + 1, len(self.rows))}/{len(self.rows)}"

    @property
    def hidden(self) -> str:
        """How many rows are hidden above and below."""
        self._keep_in_view()
        return hidden_rows(self._top, len(self.rows), self.size.height - 1, self.glyphs)

    def show(self, rows: Sequence[Row]) -> None:
        """Take new rows; the cursor stays on its row, or near its place."""
        self.rows = rows
        keys = [self.key_of(row) for row in rows]
        if self._key in keys:
            self._place = keys.index(self._key)
        self._point(self._place)

    def show_found(self, rows: Sequence[Row], words: str, names: Sequence[str]) -> None:
        """Show what `words` describe; the cursor goes to the job's name that they mean best."""
        key = self._key
        self.show(rows)
        if rows:
            keys = [self.key_of(row) for row in rows]
            self._point(nearest(words, names, keys.index(key) if key in keys else None))

    def _point(self, place: int) -> None:
        self._place = max(0, min(place, len(self.rows) - 1))
        chosen = self.chosen
        key = None if chosen is None else self.key_of(chosen)
        if key != self._key:
            self._key = key
            self.post_message(self.Moved())

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self._point(self._place + by)
        self.entitle()
        self.repaint()

    def action_page(self, by: int) -> None:
        """Move the cursor by pages."""
        self.action_move(by * max(self.size.height - 2, 1))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is."""
        at = event.get_content_offset(self)
        place = self._top + at.y - 1 if at is not None else -1
        if at is not None and at.y > 0 and place < len(self.rows):
            self.action_move(place - self._place)
            if event.chain == 2:
                self.post_message(self.Opened())

    def on_mouse_scroll_down(self) -> None:
        """Move down."""
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        """Move up."""
        self.action_move(-3)

    # -- painting --------------------------------------------------------------------------------

    def line_role(self, y: int) -> str:
        """Return the selection's background under the cursor."""
        is_here = self.rows and y == 1 + self._place - self._top
        return "selection" if is_here else "background"

    def _keep_in_view(self) -> None:
        room = max(self.size.height - 1, 1)
        top = max(min(self._top, self._place), self._place - room + 1)
        self._top = max(0, min(top, len(self.rows) - room))

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the head and the rows around the cursor."""
        lines: list[list[Part]] = [[(f"   {self.head(width - 3)}", "muted+bold")]]
        if not self.rows:
            return [*lines, [(f"   {self.empty}", "faint")]]
        self._keep_in_view()
        for place in range(self._top, min(self._top + height - 1, len(self.rows))):
            is_here = place == self._place
            parts = self.line(self.rows[place], width - 3, is_here=is_here)
            lines.append([(f" {self.glyphs.cursor if is_here else ' '} ", "accent"), *parts])
        return lines
