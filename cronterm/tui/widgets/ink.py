"""The colours that a job printed, as roles and colours of the screen."""

from cronterm.model.lines import counts_case
from cronterm.sanitize import Span
from cronterm.tui.widgets.paint import Part

ANSI = [
    "#8391a5",
    "#ff7a66",
    "#3fc9a5",
    "#f5b83d",
    "#58b6ff",
    "#d79be4",
    "#72d6d6",
    "#d5dde8",
    "#8391a5",
    "#ff9d8e",
    "#86e0c8",
    "#ffd27a",
    "#8fceff",
    "#e5bdf0",
    "#9be5e5",
    "#ffffff",
]


def cut(spans: list[Span], start: int, room: int, stream: str) -> list[Part]:
    """Return the part of a line that is in view, in its colours."""
    parts: list[Part] = []
    for span in spans:
        text = span.text[max(start, 0) :] if start < len(span.text) else ""
        start -= len(span.text)
        if text and room > 0:
            parts.append((text[:room], _role(span, stream)))
            room -= len(text)
    return parts


def _role(span: Span, stream: str) -> str:
    bold = "+bold" if span.bold else ""
    if span.foreground is None:
        return ("fail" if stream == "err" else "muted" if span.dim else "text") + bold
    if span.foreground >= 0x1000000:
        return f"#{span.foreground & 0xFFFFFF:06x}{bold}"
    if span.foreground < 16:
        return ANSI[span.foreground] + bold
    return _cube(span.foreground) + bold


def _cube(color: int) -> str:
    if color >= 232:
        level = 8 + (color - 232) * 10
        return f"#{level:02x}{level:02x}{level:02x}"
    steps = (0, 95, 135, 175, 215, 255)
    number = color - 16
    red, green, blue = steps[number // 36], steps[number // 6 % 6], steps[number % 6]
    return f"#{red:02x}{green:02x}{blue:02x}"


def found_in(parts: list[Part], words: str) -> list[Part]:
    """Return the parts with every place of `words` marked; capitals count where there are any."""
    if not words:
        return parts
    marked: list[Part] = []
    for text, role in parts:
        place = 0
        folded = text if counts_case(words) else text.lower()
        while (found := folded.find(words, place)) >= 0 and len(folded) == len(text):
            marked += [(text[place:found], role), (text[found : found + len(words)], "found+bold")]
            place = found + len(words)
        marked.append((text[place:], role))
    return marked
