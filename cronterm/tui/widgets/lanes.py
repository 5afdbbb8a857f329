"""The lanes of the timeline: what began of a job at the left of now, what comes at the right."""

from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from textual import events
from textual.message import Message

from cronterm.clock import HOUR, MINUTE, Duration, Instant
from cronterm.model.foresight import expected_length
from cronterm.model.run import FAILED
from cronterm.model.timeline import Lane, Timeline
from cronterm.sanitize import sanitize_line
from cronterm.tui.axis import ZOOMS, Axis, make_axis
from cronterm.tui.filter import nearest
from cronterm.tui.look import ROLES, Glyphs
from cronterm.tui.overlaps import jobs_with_overlaps, note_of
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.paint import Part, fit, fit_name, hidden_rows, width_of
from cronterm.tui.widgets.panels import Panel
from cronterm.tui.widgets.spark import joined
from cronterm.tui.words import clock

NAME = 21
WIDE_NAME = 32
WIDE = 160
AXIS_AND_LOAD = 3
HIDDEN = 20  # for how many lanes are hidden, behind the title


class WindowLine(Panel):
    """What time it is, how much of it is shown, and what the signs mean."""

    zoom = ZOOMS[2]

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the one line."""
        parts: list[Part] = [("  now ", "muted"), (clock(self.now)[:5], "accent+bold")]
        parts.append(("   zoom ", "muted"))
        for zoom in ZOOMS:
            parts.append((f" {zoom.name} ", "chip+bold" if zoom is self.zoom else "muted"))
        glyphs = self.glyphs
        legend: list[Part] = [
            (f"{glyphs.cursor} ", "ok"),
            ("done  ", "muted"),
            (f"{glyphs.cursor} ", "accent"),
            ("due  ", "muted"),
            (f"{glyphs.failed} ", "fail"),
            ("failed  ", "muted"),
            (f"{glyphs.states['missed']} ", "warn"),
            ("missed, overlaps  ", "muted"),
            ("· ", "accent"),
            ("many  ", "muted"),
            (f"{glyphs.states['skipped']} ", "warn"),
            ("skipped ", "muted"),
        ]
        gap = width - width_of(parts) - width_of(legend)
        return [[*parts, (" " * gap, "muted"), *legend] if gap > 1 else parts]


class LanesBox(Panel, can_focus=True):
    """The axis, a line a job, and the load."""

    class Pointed(Message):
        """The mouse put the cursor on a job and a slot."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(picture, id=id)
        self.jobs: list[str] = []
        self.cursor = 0
        self.zoom = ZOOMS[2]
        self.pan: Duration = 0
        self.timeline: Timeline | None = None
        self.shown: Axis | None = None
        """The axis that `timeline` was asked for."""
        self.at: Instant | None = None
        """Where the cursor is in the lane; None is nowhere."""
        self.words = ""
        """What the jobs are filtered by."""
        self.top = 0
        self._overlapping: tuple[Timeline, list[str]] | None = None
        """The jobs with overlaps, and by which answer."""
        self.trouble = ""
        """Why nothing could be read."""

    @property
    def axis(self) -> Axis:
        """The axis for the width there is."""
        return make_axis(self.zoom, self.size.width - self._titled, self.now, pan=self.pan)

    @property
    def room(self) -> int:
        """How many lanes fit."""
        height = self.size.height
        is_full = len(self.jobs) > height - AXIS_AND_LOAD
        return max(height - AXIS_AND_LOAD + is_full, 0)

    @property
    def chosen(self) -> str | None:
        """The job of the lane under the cursor."""
        return self.jobs[self.cursor] if self.cursor < len(self.jobs) else None

    def show_found(self, jobs: list[str]) -> None:
        """Show the lanes of what the words describe; the cursor goes to the job they mean best."""
        place = jobs.index(self.chosen) if self.chosen in jobs else None
        self.jobs, self.cursor = jobs, nearest(self.words, jobs, place) if jobs else 0

    @property
    def here(self) -> tuple[Instant, Instant] | None:
        """The slot under the cursor, as far as it is shown."""
        axis = self.shown
        if axis is None or self.at is None or not 0 <= axis.slot_of(self.at) < axis.slots:
            return None
        start = axis.since + axis.slot_of(self.at) * axis.slot
        return start, start + axis.slot

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is."""
        at, axis = event.get_content_offset(self), self.shown
        if at is None or axis is None or not 0 < at.y <= self.room:
            return
        row, slot = self.top + at.y - 1, at.x - self._titled
        if row < len(self.jobs) and slot < axis.slots:
            self.cursor = row
            self.at = self.at if slot < 0 else axis.since + slot * axis.slot
            self.post_message(self.Pointed())

    def step_slot(self, by: int) -> bool:
        """Go to the next slot of the lane in which something is, or back; tell whether there is."""
        axis, job = self.shown, self.chosen
        if axis is None or self.timeline is None or job is None:
            return False
        lane = self.timeline.lanes.get(job, Lane())
        marks = {each.slot for each in lane.past} | {slot for slot, _ in lane.coming}
        shown = sorted(slot for slot in marks | {*lane.skipped} if 0 <= slot < axis.slots)
        start = axis.slot_of(self.now if self.here is None else self.here[0])
        beyond = [slot for slot in shown if (slot - start) * by > 0]
        if beyond:
            self.at = axis.since + (beyond[0] if by > 0 else beyond[-1]) * axis.slot
        return bool(beyond)

    @property
    def _titled(self) -> int:
        return WIDE_NAME if self.size.width >= WIDE else NAME

    def titles(self) -> tuple[str, str]:
        """Return what is shown, and where most comes together."""
        filtered = f" · /{self.words}" if self.words else ""
        many = f"{len(self.jobs)} job{'s' * (len(self.jobs) != 1)}"
        span = self.shown.span() if self.shown is not None else self.zoom.name
        title = f"Timeline · {span} · {many}{filtered}"
        timeline = self.timeline
        if timeline is None:
            return title, ""
        is_above = not self.has_lower_edge
        room = self.size.width - (cell_len(title) + HIDDEN if is_above else HIDDEN)
        overlaps = note_of(self._overlaps(timeline), room)
        if overlaps and is_above:
            title, overlaps = f"{title} · {overlaps}", ""
        notes = [overlaps] if overlaps else []
        notes += [f"from {clock(timeline.read_from)} on"] if self._is_cut(timeline) else []
        notes += self.shown.clock_changes() if self.shown is not None else []
        if timeline.busiest > 1:
            notes.append(f"peak {clock(timeline.busiest_at)[:5]}, {timeline.busiest} in a minute")
        if not timeline.is_whole:
            notes.append("load of a part of the jobs")
        return title, " · ".join(notes)

    def _overlaps(self, timeline: Timeline) -> list[str]:
        """Return the jobs with overlaps, looked for once for each answer."""
        if self.shown is None:
            return []
        if self._overlapping is None or self._overlapping[0] is not timeline:
            jobs = jobs_with_overlaps(self.picture.snapshot, timeline, self.shown)
            self._overlapping = timeline, jobs
        return self._overlapping[1]

    def _is_cut(self, timeline: Timeline) -> bool:
        return self.shown is not None and timeline.read_from > self.shown.since

    def _keep_in_view(self) -> None:
        room = self.room
        self.top = max(0, min(self.cursor - room // 2, len(self.jobs) - room))

    @property
    def hidden(self) -> str:
        """How many lanes are hidden above and below."""
        self._keep_in_view()
        return hidden_rows(self.top, len(self.jobs), self.room, self.glyphs)

    def line_role(self, y: int) -> str:
        """Return the selection's background under the cursor."""
        is_here = self.has_focus and self.jobs and y == 1 + self.cursor - self.top
        return "selection" if is_here and y <= self.room else "background"

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the axis, the lanes around the cursor, a blank line where all fit, the load."""
        axis = self.shown
        if axis is None or self.timeline is None:
            absent = self.picture.or_not_known(sanitize_line(self.trouble) or "reading…")
            return [[(f"  {absent}", "warn" if self.trouble else "faint")]]
        lines = [self._head(axis)]
        if not self.jobs:
            lines.append([("  no job matches" if self.words else "  no jobs", "faint")])
        self._keep_in_view()
        now_at = axis.slot_of(self.now)
        for number in range(self.top, min(self.top + self.room, len(self.jobs))):
            job = self.jobs[number]
            cells = self._cells(job, self.timeline.lanes.get(job, Lane()), axis, now_at)
            if number == self.cursor and self.here is not None:
                slot = axis.slot_of(self.here[0])
                cells[slot] = (cells[slot][0], "chip+bold")
            lines.append([*self._title(job, is_here=number == self.cursor), *joined(cells)])
        lines += [[] for _ in range(height - len(lines) - 1)]
        return [*lines, self._load(axis, self.timeline.load, now_at)]

    def _title(self, job: str, *, is_here: bool) -> list[Part]:
        view = self.picture.snapshot.jobs.get(job)
        is_bad = view is not None and view.totals.failed_in_a_row > 0
        mark = self.glyphs.cursor if is_here and self.has_focus else " "
        role = "fail" if is_bad else "text" if is_here else "muted"
        return [(f" {mark}", "accent"), (fit_name(job, self._titled - 3) + " ", role)]

    def _head(self, axis: Axis) -> list[Part]:
        parts: list[Part] = [(" " * self._titled, "faint")]
        end = 0
        for slot, text, is_change in axis.labels():
            if slot < end or slot + len(text) > axis.slots:
                continue
            role = "warn+bold" if is_change else "text" if " " in text else "muted"
            parts += [(" " * (slot - end), "faint"), (text, role)]
            end = slot + len(text) + 1
            parts.append((" ", "faint"))
        return parts

    def _cells(self, job: str, lane: Lane, axis: Axis, now_at: int) -> list[Part]:
        glyphs = self.glyphs
        tail = "-" if glyphs.is_ascii else "─"
        cells: list[Part] = [(" ", "line")] * axis.slots
        for begun in lane.past:
            for slot in range(begun.slot, min(begun.last_slot, now_at) + 1):
                if 0 <= slot < axis.slots and cells[slot][0] == " ":
                    cells[slot] = (tail, "accent" if begun.worst == "running" else "spark")
            if 0 <= begun.slot < axis.slots:
                cells[begun.slot] = _past_sign(begun.worst, begun.runs, glyphs)
        view = self.picture.snapshot.jobs.get(job)
        length = expected_length(view) if view is not None else None
        for slot, count in lane.coming:
            for after in range(slot + 1, min(slot + (length or 0) // axis.slot, axis.slots)):
                cells[after] = (tail, "gauge")
            if 0 <= slot < axis.slots:
                cells[slot] = (glyphs.cursor if count == 1 else "·", "accent")
        for slot in lane.overlaps:
            if 0 <= slot < axis.slots:
                cells[slot] = (glyphs.states["missed"], "warn+bold")
        for slot in lane.skipped:
            if 0 <= slot < axis.slots:
                cells[slot] = (glyphs.states["skipped"], "warn+bold")
        if 0 <= now_at < axis.slots:
            cells[now_at] = ("|" if glyphs.is_ascii else "┃", "text")
        return cells

    def _load(self, axis: Axis, load: Sequence[int], now_at: int) -> list[Part]:
        """Return how much starts in each slot: what was is dim."""
        most = max([*load, 1])
        last = len(self.glyphs.spark) - 1
        cells: list[Part] = [
            (
                self.glyphs.spark[max(round(count / most * last), 1) if count else 0],
                "line" if not count else "spark" if slot < now_at else "gauge",
            )
            for slot, count in enumerate(load)
        ]
        title = f"  starts per {_length(axis.slot)}"
        return [(fit(title, self._titled), "muted"), *joined(cells)]


def _past_sign(worst: str, runs: int, glyphs: Glyphs) -> Part:
    if worst in FAILED:
        return glyphs.failed, "fail+bold"
    if worst in ("missed", "running"):
        return glyphs.states[worst], ROLES[worst] + "+bold"
    return (glyphs.cursor if runs == 1 else "·"), "ok" if worst == "succeeded" else "muted"


def _length(slot: Duration) -> str:
    return f"{slot // HOUR} h" if slot >= HOUR else f"{slot // MINUTE} min"


def lanes_around(jobs: Sequence[str], top: int, room: int) -> tuple[str, ...]:
    """Return the jobs whose lanes are asked for: those that are seen, and a page on each side."""
    return tuple(jobs[max(top - room, 0) : top + 2 * room])


def has_lanes(lanes: Mapping[str, Lane], jobs: Sequence[str]) -> bool:
    """Tell whether the lanes of all of `jobs` are known."""
    return all(job in lanes for job in jobs)
