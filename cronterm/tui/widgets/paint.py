"""Painting by lines: text with a role becomes a strip; only what changed is sent."""

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Self, cast

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.content import Content
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import Reactive
from textual.strip import Strip
from textual.widget import Widget

from cronterm.tui.keymap import KEYS, MOVES, Key, find_key
from cronterm.tui.look import UNICODE, Glyphs
from cronterm.tui.themes import Palette, palette_of
from cronterm.tui.widgets.drag import Drag
from cronterm.tui.widgets.lines import Lines

Part = tuple[str, str]
"""A text and its role."""

if TYPE_CHECKING:
    from textual.app import App


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` in exactly `width` cells, cut with an ellipsis where it is longer."""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…" if width > 1 else set_cell_size(text, width)
    pad = " " * (width - length)
    return pad + text if right else text + pad


def fact_lines(name: str, text: str, role: str, width: int) -> "list[list[Part]]":
    """Return a fact beside its name: what holds a job back whole, all else in a line."""
    room = max(width - 11, 8)
    texts = wrap(text, room) if name in ("paused", "runs") else [fit(text, room)]
    names = [name, *[""] * (len(texts) - 1)]
    return [
        [(f" {fit(each, 9)}", "muted"), (text, role)]
        for each, text in zip(names, texts, strict=True)
    ]


def name_ends(length: int, width: int) -> tuple[int, int]:
    """Return how many cells of a name are shown from its beginning and from its end."""
    return (length, 0) if length <= width else (width // 2, max(width - width // 2 - 1, 0))


def fit_name(name: str, width: int) -> str:
    """Return a name in exactly `width` cells, cut in its middle: many names begin alike."""
    length = cell_len(name)
    head, tail = name_ends(length, width)
    if not tail or length != len(name):  # a name of wide signs is not one of a job
        return fit(name, width)
    return f"{name[:head]}…{name[-tail:]}"


def hidden_rows(top: int, count: int, room: int, glyphs: Glyphs) -> str:
    """Return ` · ↑3 ↓20`: how many of `count` rows are above `top` and below the room; or ``."""
    below = count - top - room if room > 0 else 0
    up, down = ("^", "v") if glyphs.is_ascii else ("↑", "↓")
    signs = [f"{sign}{n}" for sign, n in ((up, top), (down, below)) if n > 0]
    return f" · {' '.join(signs)}" if signs else ""


def width_of(parts: Sequence[Part]) -> int:
    """Return how many cells parts fill."""
    return sum(cell_len(text) for text, _ in parts)


def differing_cells(before: Strip, after: Strip) -> int:
    """Return up to which cell two lines differ.

    Textual draws from a widget's left edge on: where the difference begins saves nothing.
    """
    if before.cell_length != after.cell_length:
        return after.cell_length
    same = 0
    for old, new in zip(reversed(before), reversed(after), strict=False):
        if old != new:
            break
        same += new.cell_length
    return after.cell_length - same


def glyphs_of(app: "App[object]") -> Glyphs:
    """Return the glyph set of the running app."""
    return cast(Glyphs, getattr(app, "glyphs", UNICODE))


def key_of(app: "App[Any]", id: str) -> str:
    """Return the key of something in the running app, as people read it."""
    return find_key(_keys_of(app), id).first


def names_of(app: "App[Any]", id: str) -> Sequence[str]:
    """Return Textual's names of the keys of something in the running app."""
    return find_key(_keys_of(app), id).keys.split(",")


def _keys_of(app: "App[Any]") -> Sequence[Key]:
    keys = cast(Sequence[Key], getattr(app, "keys", KEYS))
    return (*keys, *cast(Sequence[Key], getattr(app, "moves", MOVES)))


def whole_words(parts: Sequence[Part], width: int) -> list[Part] | None:
    """Return a line that is too long up to the word that its end cuts, with an ellipsis.

    A number is left out whole, part of it would be another; None where nothing is cut in two.
    """
    text = "".join(text for text, _ in parts)
    if width < 1 or cell_len(text) != len(text) or not _is_inside_word(text, width):
        return None
    begin = next(at for at in range(width, -1, -1) if not at or text[at - 1] == " ")
    has_digit = any(sign.isdigit() for sign in text[begin:].split(" ", 1)[0])
    room = min(begin, width - 1) if has_digit else width - 1
    line: list[Part] = []
    for piece, role in parts:
        if len(piece) > room:
            return [*line, (piece[:room], role), ("…", role)]
        line.append((piece, role))
        room -= len(piece)
    return None


def _is_inside_word(text: str, at: int) -> bool:
    """Tell whether text before and behind a place is of one word; charts are made of no words."""
    return all(sign.isalnum() or sign in "/.,:%-_" for sign in text[at - 1 : at + 1])


def strip_of(parts: Sequence[Part], width: int, on: str, palette: Palette) -> Strip:
    """Return parts as a line of `width` cells, on the background of a role."""
    style = palette.style
    segments = [Segment(text, style(role, on)) for text, role in parts if text]
    length = Segment.get_line_length(segments)
    if length > width and (whole := whole_words(parts, width)) is not None:
        return strip_of(whole, width, on, palette)
    if length < width:
        segments.append(Segment(" " * (width - length), style("text", on)))
    strip = Strip(segments, max(length, width))
    return strip.crop(0, width) if length > width else strip


MARKED = Style(reverse=True)


class Painted(Widget):
    """A widget whose content is lines of parts. Subclasses give `paint`.

    What the mouse marks in it stands still until the button is released.
    """

    ALLOW_SELECT = False  # Textual's own puts a place into the style of each piece of text
    virtual_size = Reactive(Size(0, 0), repaint=False)  # it has the same size as what is seen
    on_role = "background"

    class Selected(Message):
        """Text was marked."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(
        self, *, id: str | None = None, classes: str | None = None
    ) -> None:  # Textual's word
        super().__init__(id=id, classes=classes)
        self._strips: list[Strip] = []
        self._drag: Drag | None = None
        self._upper = self._lower = ""
        self._drawn_lines = Lines()
        self._edges: list[Region] = []
        """While a title is set: what of the widget is to be drawn for it."""

    @property
    def palette(self) -> Palette:
        """The colours of the current theme."""
        return palette_of(self.app)

    @property
    def glyphs(self) -> Glyphs:
        """The characters that this terminal shows."""
        return glyphs_of(self.app)

    @property
    def is_shown(self) -> bool:
        """Whether the stylesheet shows it, and what it is in."""
        return all(node.display for node in self.ancestors_with_self)

    @property
    def has_lower_edge(self) -> bool:
        """Whether there is one to write on: in low terminals there is not."""
        return self.styles.border_bottom[0] not in ("", "none")

    def key(self, id: str) -> str:
        """Return the key of something, as people read it."""
        return key_of(self.app, id)

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the lines, top first; missing ones are blank."""
        raise NotImplementedError

    def line_role(self, y: int) -> str:
        """Return the background role of a line."""
        return self.on_role

    def repaint(self) -> None:
        """Paint anew and send what differs of each line."""
        if not self.is_mounted or not self.size.width or not self.size.height:
            return
        if self._drag is not None and self._drag.is_far:
            return
        strips = self._paint()
        old, self._strips = self._strips, strips
        if len(old) != len(strips):
            self.refresh()
            return
        regions = [
            Region(0, y, differing_cells(before, after), 1)
            for y, (before, after) in enumerate(zip(old, strips, strict=True))
            if before != after
        ]
        if regions:
            self.refresh(*regions)

    def entitle(self, title: str | None = None, subtitle: str | None = None) -> None:
        """Write on the upper and the lower edge, as it stands; None leaves what is there.

        Nothing in it is markup. Only the edge that changes is drawn.
        """
        inner, outer = self.content_offset, self.outer_size
        try:
            if title is not None and title != self._upper:
                self._upper = title
                self._edges = [Region(-inner.x, -inner.y, outer.width, 1)]
                self.border_title = Content(title)
            if subtitle is not None and subtitle != self._lower:
                self._lower = subtitle
                self._edges = [Region(-inner.x, outer.height - 1 - inner.y, outer.width, 1)]
                self.border_subtitle = Content(subtitle)
        finally:
            self._edges = []

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Draw regions, or all; for a title only its edge. (Textual draws all for a title.)"""
        drawn = regions or self._edges
        return super().refresh(*drawn, repaint=repaint, layout=layout, recompose=recompose)

    def _paint(self) -> list[Strip]:
        width, height = self.size.width, self.size.height
        lines = self.paint(width, height)[:height]
        lines += [[]] * (height - len(lines))
        palette = self.palette
        return [strip_of(line, width, self.line_role(y), palette) for y, line in enumerate(lines)]

    def _is_painted(self) -> bool:
        """Tell whether there are lines, of the size that it has."""
        width, height = self.size
        strips = self._strips
        return len(strips) == height and (not strips or strips[0].cell_length == width)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Leave out what makes true colours: nothing painted has others, or all are meant so."""
        return [each for each in super().get_line_filters() if type(each) is not ANSIToTruecolor]

    def render_line(self, y: int) -> Strip:
        """Return a line from the last painting."""
        if not self._strips:
            self._strips = self._paint()
        if y >= len(self._strips):
            return Strip.blank(self.size.width, self.palette.style("text", self.on_role))
        strip = self._strips[y]
        if self._drag is None or not self._drag.is_far:
            return strip
        begin, end = self._drag.cells(y, strip.cell_length)
        marked = strip.crop(begin, end).apply_style(MARKED)
        return Strip.join([strip.crop(0, begin), marked, strip.crop(end)])

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return what of it is in `crop`, with its frame; where its size is another, anew."""
        if not self._is_painted():
            self._strips = self._paint()
        return self._drawn_lines.of(super().render_lines(crop), crop.y, self.outer_size.height)

    # -- marking with the mouse ------------------------------------------------------------------

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to mark."""
        place = event.get_content_offset(self)
        if event.button == 1 and place is not None:
            self._drag = Drag((place.x, place.y), (place.x, place.y))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Mark up to here."""
        if self._drag is None:
            return
        if event.button != 1:  # it was released elsewhere
            self._end_drag()
            return
        self.capture_mouse()
        place = event.get_content_offset_capture(self)
        self._drag = Drag(self._drag.start, (place.x, place.y))
        self.refresh()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Tell what was marked."""
        if self._drag is not None:
            text = self._drag.text_of(self._strips) if self._drag.is_far else ""
            self._end_drag()
            if text:
                self.post_message(self.Selected(text))

    def _end_drag(self) -> None:
        self._drag = None
        self.release_mouse()
        self.refresh()
        self.repaint()

    def on_resize(self) -> None:
        """Paint for the new size where no frame did that already."""
        if not self._is_painted():
            self._strips = []
            self.refresh()

    def notify_style_update(self) -> None:
        """Paint in the new colours."""
        super().notify_style_update()
        self._strips = []
