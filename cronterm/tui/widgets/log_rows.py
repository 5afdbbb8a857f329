"""A line of a run as rows of the screen: number, time, stream or run, text in its colours."""

from dataclasses import dataclass

from cronterm.clock import Instant, aware
from cronterm.sanitize import Span, sanitize_line, styled
from cronterm.tui.log_source import Line
from cronterm.tui.widgets.ink import cut, found_in
from cronterm.tui.widgets.paint import Part, fit
from cronterm.tui.words import clock

RUN_ROLES = ("accent", "ok", "warn", "gauge", "paused", "spark")
"""One for each of several runs; a failure keeps its own."""
ROLES = {"sys": "muted", "gap": "warn"}


@dataclass
class RowStyle:
    """How rows look: what stands before the text, from where on it is shown."""

    width: int
    digits: int
    shows_times: bool
    wraps: bool
    left: int
    words: str
    names: tuple[str, ...]
    """Of the run of each source, where there are several runs; else empty."""
    pager: str = "o"
    """The key that opens the whole."""
    colours: tuple[int, ...] = ()
    """Of the run of each source."""

    columns: int = 0
    """Where several runs are side by side: how many."""

    def rows(self, line: Line, number: int | None, *, is_match: bool = False) -> list[list[Part]]:
        """Return the rows of a line; a number that is not known yet is blank."""
        head = self._head(line, number, is_match=is_match)
        taken = sum(len(part) for part, _ in head)
        note = f" … +{_size(line.hidden)}, {self.pager} opens all" if line.hidden else ""
        width = self._column + taken - 1 if self.columns else self.width
        room = max(width - taken - 1 - len(note), 8)
        if line.stream in ROLES:
            text = sanitize_line(line.text)
            text = text if len(text) <= room else text[: room - 1] + "…"
            return [[*head, *found_in([(text, ROLES[line.stream])], self.words)]]
        spans = styled(line.text)
        length = sum(len(span.text) for span in spans)
        if not self.wraps:
            is_cut = length - self.left > room and not note
            shown = self._text(spans, self.left, room - is_cut, line.stream)
            return [[*head, *shown, ("…" if is_cut else note, "faint" if is_cut else "warn")]]
        blank: list[Part] = [(" " * taken, "faint")]
        rows = [
            [*(blank if place else head), *self._text(spans, place, room, line.stream)]
            for place in range(0, max(length, 1), room)
        ]
        rows[-1].append((note, "warn"))
        return rows

    def header(self) -> list[list[Part]]:
        """Return the row over columns: the names of the runs in their colours."""
        names = dict(zip(self.colours, self.names, strict=True))
        row: list[Part] = [(" " * self._before, "faint")]
        for place in range(self.columns):
            name = fit(names.get(place, ""), max(self._column - 1, 1))
            row.append((f"{name} ", f"{_role(place)}+bold"))
        return [row]

    @property
    def _before(self) -> int:
        """Cells before the first column."""
        return 14 if self.shows_times else 1

    @property
    def _column(self) -> int:
        return max((self.width - self._before) // max(self.columns, 1), 10)

    def _head(self, line: Line, number: int | None, *, is_match: bool) -> list[Part]:
        shown = "" if number is None else str(number)
        role = "found" if is_match else "faint"
        head: list[Part] = [(" ", "faint"), (f"{shown:>{self.digits}}", role), (" ", "faint")]
        if not self.digits:
            head = [("▌" if is_match else " ", "warn")]
        if self.shows_times:
            head.append((f"{aware(line.at).astimezone():%H:%M:%S.%f}"[:12] + " ", "faint"))
        return [*head, *self._origin(line)]

    def _origin(self, line: Line) -> list[Part]:
        if not self.names:
            return [(f"{line.stream} ", "fail" if line.stream == "err" else "faint")]
        place = self.colours[line.source]
        if self.columns:
            sign = "!" if line.stream == "err" else "│"
            role = "fail" if line.stream == "err" else _role(place)
            return [(" " * (place * self._column), "faint"), (sign, role)]
        width = min(max(map(len, self.names)), self.width // 4)
        mark = "!" if line.stream == "err" else " "
        return [(fit(self.names[line.source], width), f"{_role(place)}+bold"), (f" {mark}", "fail")]

    def _text(self, spans: list[Span], start: int, room: int, stream: str) -> list[Part]:
        return found_in(cut(spans, start, room, stream), self.words)


def _role(place: int) -> str:
    return RUN_ROLES[place % len(RUN_ROLES)]


def mark_row(at: Instant, width: int) -> list[Part]:
    """Return the row of a mark."""
    text = f" ── mark {clock(at)} "
    return [(text + "─" * max(min(width - len(text), 48), 0), "warn")]


def _size(count: int) -> str:
    """Return `812 B`, `82 KiB`, `3 MiB`."""
    for unit in ("B", "KiB"):
        if count < 1024:
            return f"{count} {unit}"
        count = round(count / 1024)
    return f"{count} MiB"
