"""The lines of the job table: its head, a job, a group."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from cronterm.clock import DAY, MINUTE, Duration, Instant, aware
from cronterm.model.quantile import quantile
from cronterm.model.run import FAILED
from cronterm.model.snapshot import JobView
from cronterm.sanitize import sanitize_line
from cronterm.tui.filter import JobFilter
from cronterm.tui.job_order import SortKey
from cronterm.tui.look import ROLES, Glyphs
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.columns import BY_KEY, Layout, behind_host, host_cells
from cronterm.tui.widgets.paint import Part, fit, name_ends, width_of
from cronterm.tui.widgets.spark import spark
from cronterm.tui.words import age, countdown, duration, elapsed_clock, percent, schedule_words

SORTED_BY: dict[str, SortKey] = {"last": "last", "duration": "duration", "errors": "errors"}
"""What a click on the title of a column sorts by."""
LEFT = ("schedule", "words", "last", "trend", "group", "owner", "tags", "description")
"""Columns whose titles and texts begin at the left."""
UNNAMED = "no group"


@dataclass(frozen=True)
class JobLines:
    """Draws lines of one moment."""

    picture: Picture
    glyphs: Glyphs
    now: Instant
    layout: Layout
    found: JobFilter = field(default_factory=JobFilter)
    """Its letters stand out in the names."""

    def head(self, sort: SortKey, mark: str) -> list[tuple[Part, SortKey | None]]:
        """Return the titles, each with what a click on it sorts by."""

        def title(text: str, key: SortKey | None) -> str:
            return f"{text} {mark}" if key == sort and text else text

        hosts, width = self.picture.snapshot.hosts, self.layout.name
        name = behind_host("HOST", title("NAME", "name"), hosts, width)
        parts: list[tuple[Part, SortKey | None]] = [
            (("    ", "muted"), "state"),
            ((fit(title("NEXT", "next"), 8, right=True), "muted+bold"), "next"),
            (("  ", "muted"), "name"),
            ((fit(name, self.layout.name), "muted+bold"), "name"),
        ]
        for key, cells in self.layout.cells.items():
            by = SORTED_BY.get(key)
            text = title(BY_KEY[key].title, by)
            shown = "  " + fit(text, cells - 2) if key in LEFT else fit(text, cells, right=True)
            parts.append(((shown, "muted+bold"), by))
        return parts

    def key_at(self, x: int) -> SortKey | None:
        """Return what a click on the head at a cell sorts by."""
        for part, key in self.head("next", ""):
            x -= width_of([part])
            if x < 0:
                return key
        return None

    def job(self, view: JobView, *, is_here: bool, is_marked: bool) -> list[Part]:
        """Return the line of a job."""
        state, glyphs = self.picture.state(view, self.now), self.glyphs
        is_quiet = state in ("paused", "disabled", "gone")
        name_role = "paused" if is_quiet else "text+bold" if is_here else "text"
        parts: list[Part] = [(glyphs.cursor if is_here else " ", "accent")]
        parts += [(glyphs.states[state], f"{ROLES[state]}+bold")]
        parts += [(f" {'•' if is_marked else ' '}", "accent+bold"), self._next(view, state)]
        parts += [("  ", "text"), *self._name(view.job.id, name_role)]
        quiet = "text" if is_here else "muted"
        for key, cells in self.layout.cells.items():
            if key == "duration":
                last = view.last
                took = duration(last.duration if last else None)
                parts.append((fit(took, cells, right=True), name_role))
            else:
                parts += CELLS[key](self, view, cells, quiet)
        return parts

    def _name(self, job: str, role: str) -> list[Part]:
        """Return a name in its column; the letters that the filter found stand out."""
        hosts = self.picture.snapshot.hosts
        host, _, own = job.partition(":") if hosts else ("", "", job)
        text = behind_host(host, own, hosts, self.layout.name)
        before = host_cells(hosts)
        head, tail = name_ends(len(own), self.layout.name - before)
        cut = max(len(own) - (self.layout.name - before), 0)
        begin = len(job) - len(own)
        found = {at - begin for at in self.found.spots_in(job) if at >= begin}
        spots = {at + before for at in found if at < head}
        spots |= {at + before - cut for at in found if at >= len(own) - tail}
        if not spots:
            return [(text, role)]
        sought = f"{role.partition('+')[0]}+sought"
        letters = groupby(range(len(text)), lambda at: sought if at in spots else role)
        return [("".join(text[at] for at in places), each) for each, places in letters]

    def group(
        self, name: str, views: Sequence[JobView], *, is_here: bool, is_folded: bool, marked: int
    ) -> list[Part]:
        """Return the line above the jobs of a group: how many there are, and how they are."""
        glyphs = self.glyphs
        fold = ("+" if is_folded else "-") if glyphs.is_ascii else ("▸" if is_folded else "▾")
        shown = sanitize_line(name) if name else UNNAMED
        parts: list[Part] = [(glyphs.cursor if is_here else " ", "accent")]
        parts += [(f"{fold} ", "accent"), (shown, "text+bold" if name else "muted+bold")]
        parts.append((f"  {len(views)} job{'s' * (len(views) != 1)}", "muted"))
        counts = self.picture.counted(views, self.now)
        for state, count in counts.items():
            parts.append((f"  {glyphs.states[state]} {count}", ROLES[state]))
        if marked:
            parts.append((f"  • {marked} marked", "accent+bold"))
        due = min((view.next_at for view in views if view.next_at is not None), default=None)
        if due is not None and self.picture.is_live:
            parts += [("  next ", "muted"), (countdown(due - self.now), "text")]
        return parts

    def _next(self, view: JobView, state: str) -> Part:
        if state == "gone":
            return fit("gone", 8, right=True), "fail"
        running = [r.started_at for r in view.live.values() if r.started_at is not None]
        if running:
            sign = self.glyphs.states["retrying" if state == "retrying" else "running"]
            passed = elapsed_clock(max(self.picture.known_at(self.now) - min(running), 0))
            role = "accent+bold" if self.picture.gone is None else "faint"
            return fit(f"{sign}{passed}", 8, right=True), role
        if not self.picture.is_live and self.picture.snapshot.n:
            return fit("—" if not self.glyphs.is_ascii else "-", 8, right=True), "faint"
        if state in ("paused", "disabled"):
            text = "off" if state == "disabled" else self._paused(view)
            return fit(text, 8, right=True), "faint"
        retrying = [r.ready_at for r in view.live.values() if r.state in ("retrying", "queued")]
        at = min(retrying) if retrying else view.next_at
        never = "." if self.glyphs.is_ascii else "·"
        text = never if at is None else countdown(at - self.now)
        if not retrying and any(at is None or each < at for each in view.skipped(self.now)):
            return fit(f"{self.glyphs.over} {text}", 8, right=True), "warn"
        is_soon = at is not None and at - self.now < MINUTE
        role = "faint" if at is None else "warn" if retrying else "accent" if is_soon else "text"
        return fit(text, 8, right=True), role

    def _paused(self, view: JobView) -> str:
        """Return until when: `‖ 14:32`, `‖ Sun`, `‖ 11-28`; of two pauses the later end."""
        both = (view.pause, self.picture.snapshot.all_paused)
        ends = [pause.until for pause in both if pause is not None]
        until = max((end for end in ends if end is not None), default=None)
        if until is None or None in ends:
            return "paused"
        left, local = until - self.now, aware(until).astimezone()
        form = "%H:%M" if left < DAY else "%a" if left < 7 * DAY else "%m-%d"
        return f"{self.glyphs.states['paused']} {local:{form}}"


def _last(lines: JobLines, view: JobView, cells: int, quiet: str) -> list[Part]:
    last = view.last
    if last is None:
        return [(" " * cells, "faint")]
    role = ROLES[last.outcome]
    ago = fit(age(lines.now - last.ended_at), cells - 4)
    return [
        (f"  {lines.glyphs.states[last.outcome]} ", role),
        (ago, role if last.outcome in FAILED else quiet),
    ]


def _p95(view: JobView) -> Duration | None:
    lengths = [past.duration for past in view.recent if past.duration is not None]
    return quantile(lengths, 0.95) if lengths else None


def _ok(lines: JobLines, view: JobView, cells: int, quiet: str) -> list[Part]:
    ratio = view.totals.success_ratio
    role = "muted"
    if ratio is not None and ratio < 0.97:
        role = "fail" if ratio < 0.9 else "warn"
    return [(fit(percent(ratio), cells, right=True), role)]


def _errors(lines: JobLines, view: JobView, cells: int, quiet: str) -> list[Part]:
    totals = view.totals
    failed = str(totals.failed) if totals.failed else "·"
    role = "fail+bold" if totals.failed_in_a_row else "muted" if totals.failed else "faint"
    return [(fit(failed, cells, right=True), role)]


def _trend(lines: JobLines, view: JobView, cells: int, quiet: str) -> list[Part]:
    return [("  ", "text"), *spark(view.recent, cells - 2, lines.glyphs)]


Cell = Callable[[JobLines, JobView, int, str], list[Part]]


def _text(of: Callable[[JobView], str]) -> Cell:
    def cell(lines: JobLines, view: JobView, cells: int, quiet: str) -> list[Part]:
        return [("  " + fit(sanitize_line(of(view)), cells - 2), quiet)]

    return cell


def _number(of: Callable[[JobView], str]) -> Cell:
    def cell(lines: JobLines, view: JobView, cells: int, quiet: str) -> list[Part]:
        return [(fit(of(view), cells, right=True), quiet)]

    return cell


CELLS: dict[str, Cell] = {
    "schedule": _text(lambda view: view.job.schedule_text),
    "words": _text(lambda view: schedule_words(view.job)),
    "last": _last,
    "average": _number(lambda view: duration(view.totals.average)),
    "p95": _number(lambda view: duration(_p95(view))),
    "trend": _trend,
    "ok": _ok,
    "errors": _errors,
    "runs": _number(lambda view: f"{view.totals.runs:,}"),
    "group": _text(lambda view: view.job.group),
    "owner": _text(lambda view: view.job.owner),
    "tags": _text(lambda view: " ".join(f"#{tag}" for tag in view.job.tags)),
    "description": _text(lambda view: view.job.description),
}
