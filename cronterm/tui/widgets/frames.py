"""What holds painted widgets and shows nothing of its own: a layout draws what it moves."""

from typing import Self, cast

from textual.containers import Container, Horizontal
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget


class Thorough:
    """Beside a screen: what its widgets want drawn is drawn, also where a part of it is.

    Textual takes it that a screen that is to be drawn is drawn whole, and forgets them. But of a
    page a part is drawn where a sentence was told, of a dialog what changes at its sides.
    """

    def _on_timer_update(self) -> None:
        """Draw what is to be drawn."""
        screen = cast(Screen[object], self)
        if screen.is_current and screen._repaint_required and not screen._layout_required:
            screen._repaint_required = False
            screen._dirty_widgets.add(screen)
        super()._on_timer_update()  # type: ignore[misc]


class Unpainted(Widget):
    """Is laid out again without being drawn again, and never scrolls."""

    virtual_size = Reactive(Size(0, 0), repaint=False)  # Textual lays out again for it

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Draw all of it, or lay it out."""
        return super().refresh(
            *regions, repaint=repaint and not layout, layout=layout, recompose=recompose
        )


class Frame(Container, Unpainted):
    """Holds what the stylesheet arranges."""


class FrameRow(Horizontal, Unpainted):
    """Holds widgets side by side."""


class TabFrame(Frame):
    """Holds the boxes of all tabs; its class is the tab, by which they are shown."""

    def show_tab(self, tab: str) -> None:
        """Show a tab. What is in its boxes looks as before: only they take other styles."""
        self.remove_class(*self.classes, update=False)
        self.add_class(tab, update=False)
        self.app.stylesheet.update_nodes(self.children)
