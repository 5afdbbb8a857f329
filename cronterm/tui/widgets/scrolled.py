"""Lines that scroll: what is longer than its box."""

from cronterm.tui.widgets.paint import Painted, Part


class Scrolled(Painted, can_focus=True):
    """A box of lines; subclasses give `lines`, and bind keys where their page does not."""

    def __init__(self, *, id: str) -> None:  # Textual's word
        super().__init__(id=id)
        self._top = 0

    def lines(self, width: int) -> list[list[Part]]:
        """Return all lines."""
        raise NotImplementedError

    def action_move(self, by: int) -> None:
        """Scroll by lines."""
        most = len(self.lines(self.size.width)) - self.size.height
        self._top = max(0, min(self._top + by, most))
        self.repaint()

    def action_page(self, by: int) -> None:
        """Scroll by pages."""
        self.action_move(by * max(self.size.height - 1, 1))

    def on_mouse_scroll_down(self) -> None:
        """Scroll down."""
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        """Scroll up."""
        self.action_move(-3)

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the lines that are in view."""
        lines = self.lines(width)
        self._top = max(0, min(self._top, len(lines) - height))
        return lines[self._top : self._top + height]
