"""The job table: one line a job, the cursor on a job and not on a row."""

from collections.abc import Sequence
from dataclasses import replace

from textual import events
from textual.message import Message

from cronterm.clock import SECOND, Instant
from cronterm.model.snapshot import JobView
from cronterm.tui.filter import JobFilter, find_jobs
from cronterm.tui.job_order import DESCENDING, SortKey, order_by
from cronterm.tui.keymap import CURSOR
from cronterm.tui.picture import MANY, Picture
from cronterm.tui.widgets.columns import Layout, host_cells, layout_for
from cronterm.tui.widgets.first_steps import nothing_shown
from cronterm.tui.widgets.job_lines import JobLines
from cronterm.tui.widgets.job_rows import HEAD, JobRows, group_of_head
from cronterm.tui.widgets.paint import Painted, Part, hidden_rows

RESORT_AFTER = 2 * SECOND
KEY_REST = SECOND  # rows do not move under a finger


class JobTable(Painted, can_focus=True):
    """Draws `picture`; posts `Moved` when the cursor is on another job."""

    BINDINGS = CURSOR  # Textual reads it from the class

    class Moved(Message):
        """The cursor is on another job."""

        def __init__(self, job: str | None) -> None:
            super().__init__()
            self.job = job

    class Opened(Message):
        """The row under the cursor was clicked twice."""

    class Arranged(Message):
        """Order, groups or columns were chosen anew."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(id=id)
        self.picture = picture
        self.now: Instant = 0
        self.sort: SortKey = "next"
        self.is_reversed = False
        self.filter = ""
        self.marked: set[str] = set()
        self.columns: tuple[str, ...] = ()
        """Those that were chosen; none: those that fit."""
        self.is_grouped = False
        self.folded: set[str] = set()
        """Groups of which only the head is shown."""
        self._found = JobFilter()
        """As which the filter was understood."""
        self._rows = JobRows()
        self._longest = 0
        """Letters of the longest name."""
        self._row: str | None = None
        """The one under the cursor."""
        self._pushed = 0
        """Columns that are pushed out behind the name."""
        self._top = 0
        self._sorted_at: Instant = 0
        self._sorted_of = 0
        """Jobs that there were then."""
        self._sorted_n = 0
        """The last event before."""
        self._moved_at: Instant = 0
        """When the cursor was seen to have moved: not before it did."""
        self._has_moved = False
        """Since the table was drawn last, which may be a second ago."""
        self._is_touched = False
        """A person, or what they chose, put the cursor where it is."""
        self._held: set[str] = set()
        """Jobs that something was done to: they stay in view until the cursor goes on."""

    # -- order -----------------------------------------------------------------------------------

    def update(self, now: Instant, *, is_new: bool = False) -> None:
        """Draw the picture at `now`; rows are sorted anew where it changed, and every two seconds.

        Of very many jobs only then: to sort them takes 20 ms.
        """
        self.now = now
        if self._has_moved:
            self._has_moved, self._moved_at = False, now
        snapshot = self.picture.snapshot
        jobs = snapshot.jobs
        is_changed = len(jobs) <= MANY and self._sorted_n != snapshot.n
        is_stale = is_changed or now - self._sorted_at >= RESORT_AFTER
        is_stale = is_stale and now - self._moved_at >= KEY_REST
        if (
            is_new
            or is_stale
            or self._sorted_of != len(jobs)
            or not all(map(jobs.__contains__, self.jobs))
        ):
            self.order()
        self.repaint()

    def filter_by(self, words: str) -> None:
        """Show the jobs that `words` describe, and no others; new words move the cursor there."""
        is_new, row = words != self.filter, self._row
        self.filter, self._held = words, set()
        self.order(is_strict=True)
        if is_new and words:
            self._is_touched = True
            self._point(self._rows.nearest(row, self._found.distance))
            self._keep_in_view()

    def order(self, *, is_strict: bool = False) -> None:
        """Sort and filter; the cursor stays on its row, which stays though it passes no more."""
        jobs = self.picture.snapshot.jobs
        self._sorted_at, self._sorted_of = self.now, len(jobs)
        self._sorted_n = self.picture.snapshot.n
        held = {*self._held}
        if self._is_touched and not is_strict and self.cursor is not None:
            held.add(self.cursor)
        self._found, found = find_jobs(self.filter, [*jobs.values()], self._state, self.now)
        views = [*found]
        if held and len(views) < len(jobs):
            held = held.intersection(jobs).difference(view.job.id for view in views)
            views += [jobs[job] for job in held]
        views.sort(key=order_by(self.sort, self._state), reverse=self.is_reversed)
        self.marked &= set(jobs)
        found_jobs = [view.job.id for view in views]
        self._longest = max(map(len, found_jobs), default=0)
        self._arrange(found_jobs)

    def _arrange(self, jobs: list[str]) -> None:
        """Put jobs into rows; the cursor stays at its row, or at its place."""
        place, group_of = self._rows.place(self._row), self._group_of if self.is_grouped else None
        self._rows.arrange(jobs, group_of, self.folded)
        rows = self._rows.shown
        if self._row not in rows:
            self._point(rows[min(place, len(rows) - 1)] if rows else None)
        self._keep_in_view()

    def _group_of(self, job: str) -> str:
        return self.picture.snapshot.jobs[job].job.group

    def sort_by(self, key: SortKey, *, is_reversed: bool | None = None) -> None:
        """Sort by a column and go to the first row; None leaves the direction."""
        self.sort = key
        self.is_reversed = self.is_reversed if is_reversed is None else is_reversed
        self.order()
        if self._rows.shown:
            self._point(self._rows.shown[0])
            self._keep_in_view()
        self._tell_arranged()

    @property
    def direction(self) -> str:
        """The sign of ascending or descending values."""
        is_descending = self.is_reversed != (self.sort in DESCENDING)
        return self.glyphs.down if is_descending else self.glyphs.up

    def _tell_arranged(self) -> None:
        self.repaint()
        self.post_message(self.Arranged())

    def _state(self, view: JobView) -> str:
        return self.picture.state(view, self.now)

    @property
    def jobs(self) -> list[str]:
        """The jobs that pass the filter, in order; those of folded groups too."""
        return self._rows.jobs

    # -- groups and columns ----------------------------------------------------------------------

    def toggle_groups(self) -> None:
        """Show the jobs in groups, or in one list."""
        self.is_grouped = not self.is_grouped
        self._arrange(self.jobs)
        self._tell_arranged()

    def fold(self, groups: Sequence[str], *, is_folded: bool) -> None:
        """Show only the heads of groups, or their jobs too; the cursor goes to its head."""
        here = self._group_here()
        self.folded = self.folded | set(groups) if is_folded else self.folded - set(groups)
        if is_folded and here in groups:
            self._point(HEAD + here)
        self._arrange(self.jobs)
        self._tell_arranged()

    def fold_all(self, *, is_folded: bool) -> None:
        """Fold or unfold every group."""
        self.fold(list(self._rows.groups), is_folded=is_folded)

    def toggle_fold(self) -> bool:
        """Fold or unfold the group whose head is under the cursor; tell whether there is one."""
        group = self.group
        if group is not None:
            self.fold([group], is_folded=group not in self.folded)
        return group is not None

    @property
    def group(self) -> str | None:
        """The group whose head is under the cursor."""
        return group_of_head(self._row)

    def _group_here(self) -> str:
        view = self.picture.snapshot.jobs.get(self.cursor or "")
        return self.group or (view.job.group if view is not None else "")

    def choose_columns(self, keys: Sequence[str]) -> None:
        """Show these columns, or with none those that fit."""
        self.columns, self._pushed = tuple(keys), 0
        self._tell_arranged()

    @property
    def shown_columns(self) -> Sequence[str]:
        """The keys of the columns that were chosen, or that fit."""
        return self.columns or tuple(layout_for(self.size.width - self._host).cells)

    def go_across(self, by: int) -> None:
        """Fold to the left, unfold to the right; over a job push columns in and out."""
        group = self.group
        is_over_jobs = group is None and (by > 0 or self._pushed > 0)
        if self.is_grouped and not is_over_jobs:
            self.fold([self._group_here()], is_folded=by < 0)
        elif by < 0 or self._layout().after:
            self._pushed = max(self._layout().before + by, 0)
            self.repaint()

    def _layout(self) -> Layout:
        width, longest = self.size.width - self._host, self._longest
        layout = layout_for(width, self.columns, self._pushed, longest=longest)
        return replace(layout, name=layout.name + self._host)

    @property
    def _host(self) -> int:
        return host_cells(self.picture.snapshot.hosts)

    # -- cursor ----------------------------------------------------------------------------------

    @property
    def cursor(self) -> str | None:
        """The job under the cursor; None over a group's head."""
        return None if self.group is not None else self._row

    def chosen(self) -> list[str]:
        """Return the marked jobs, those of the group under the cursor, or the one under it.

        Something is done to them: until the cursor goes on it stays on its job, wherever that
        is sorted, and none of them leaves for a filter that it does not pass any more.
        """
        if self.marked:
            jobs = [job for job in self.jobs if job in self.marked]
        else:
            jobs = list(self._rows.jobs_at(self._row))
        self._is_touched, self._held = True, set(jobs)
        return jobs

    def take(self) -> str | None:
        """Return the job under the cursor, as `chosen` does without marks; None over a head."""
        if self.cursor is not None:
            self._is_touched, self._held = True, {self.cursor}
        return self.cursor

    def mark(self) -> None:
        """Mark the job under the cursor, or all of its group, or take that back; go on."""
        jobs = set(self._rows.jobs_at(self._row))
        if jobs <= self.marked:
            self.marked -= jobs
        else:
            self.marked |= jobs & set(self.jobs)
        self.action_move(1)

    def _point(self, row: str | None) -> None:
        if row != self._row:
            self._row = row
            self.post_message(self.Moved(self.cursor))

    def go_to(self, job: str) -> None:
        """Put the cursor on a job; its group is unfolded."""
        if job in self.jobs:
            self._is_touched = True
            self.folded.discard(self._group_of(job))
            self._arrange(self.jobs)
            self._point(job)
            self._keep_in_view()
            self.repaint()

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        rows = self._rows.shown
        if not rows:
            return
        place = max(0, min(len(rows) - 1, self._rows.place(self._row) + by))
        self._has_moved = self._is_touched = True
        if rows[place] != self._row:
            self._held = set()
        self._point(rows[place])
        self._keep_in_view()
        self.repaint()

    def action_page(self, by: int) -> None:
        """Move the cursor by pages."""
        self.action_move(by * max(self._height() - 1, 1))

    def _height(self) -> int:
        return max(self.size.height - 1, 1)

    def _keep_in_view(self) -> None:
        place, room = self._rows.place(self._row), self._height()
        if not self._is_touched and self.size.height and place >= room:
            place = 0  # nobody put it there: what comes first is what is looked at
            self._point(self._rows.shown[0])
        self._top = max(min(self._top, place), place - room + 1)
        self._top = max(0, min(self._top, len(self._rows.shown) - room))

    @property
    def position(self) -> str:
        """`7/48`."""
        pushed = self._layout().before
        beyond = f"{'<-' if self.glyphs.is_ascii else '←'} {pushed} more · " if pushed else ""
        if self.group is not None:
            own = len(self._rows.jobs_at(self._row))
            return f"{beyond}{own} of {len(self.jobs)}"
        place = self.jobs.index(self.cursor) + 1 if self.cursor in self.jobs else 0
        return f"{beyond}{place}/{len(self.jobs)}"

    @property
    def hidden(self) -> str:
        """How many rows are hidden above and below: ` · ↑3 ↓20`, nothing where all are seen."""
        return hidden_rows(self._top, len(self._rows.shown), self.size.height - 1, self.glyphs)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a title of the head sorts by its column."""
        at = event.get_content_offset(self)
        if at is None:
            return
        if at.y == 0:
            self._sort_at(at.x)
            return
        place = self._top + at.y - 1
        if place < len(self._rows.shown):
            self.action_move(place - self._rows.place(self._row))
            if event.chain == 2:
                self.post_message(self.Opened())
            elif at.x < 3:  # where a group's sign is
                self.toggle_fold()

    def _sort_at(self, x: int) -> None:
        key = self._lines().key_at(x)
        if key is not None:
            self.sort_by(key, is_reversed=key == self.sort and not self.is_reversed)

    def on_mouse_scroll_down(self) -> None:
        """Move down."""
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        """Move up."""
        self.action_move(-3)

    # -- painting --------------------------------------------------------------------------------

    def line_role(self, y: int) -> str:
        """Return the selection's background under the cursor."""
        place = self._top + y - 1
        rows = self._rows.shown
        is_here = y > 0 and place < len(rows) and rows[place] == self._row
        return "selection" if is_here else "background"

    def _lines(self) -> JobLines:
        return JobLines(self.picture, self.glyphs, self.now, self._layout(), self._found)

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the head and the rows in view."""
        self._keep_in_view()
        drawn = self._lines()
        if not self._rows.shown:
            room = (width, self.size.height)
            return [[], *nothing_shown(self.picture, self.filter, self.key, *room)]
        lines = [[part for part, _ in drawn.head(self.sort, self.direction)]]
        jobs = self.picture.snapshot.jobs
        for row in self._rows.shown[self._top : self._top + height - 1]:
            is_here, group = row == self._row, group_of_head(row)
            if group is not None:
                lines.append(self._group_line(drawn, group, is_here=is_here))
            elif row in jobs:
                is_marked = row in self.marked
                lines.append(drawn.job(jobs[row], is_here=is_here, is_marked=is_marked))
        return lines

    def _group_line(self, drawn: JobLines, group: str, *, is_here: bool) -> list[Part]:
        jobs = self.picture.snapshot.jobs
        own = self._rows.groups.get(group, ())
        views = [jobs[job] for job in own if job in jobs]
        marked = sum(job in self.marked for job in own)
        is_folded = group in self.folded
        return drawn.group(group, views, is_here=is_here, is_folded=is_folded, marked=marked)
