"""The lines at the edges: top bar, tab bar with gauges, banner, key bar."""

from pathlib import PurePath
from typing import Final

from rich.cells import cell_len
from textual import events
from textual.message import Message

from cronterm.clock import SECOND, Instant, aware
from cronterm.control import Gauges
from cronterm.model.alert import in_force
from cronterm.model.run import FAILED
from cronterm.model.standing import suspended_triggers, unreached
from cronterm.readable import ago
from cronterm.sanitize import sanitize_line
from cronterm.tui.key_names import READ
from cronterm.tui.keymap import CHANGING_WORDS, LAST_IN_BAR, TABS, View, ViewTab, in_place
from cronterm.tui.look import spelt
from cronterm.tui.picture import Picture
from cronterm.tui.places import Where
from cronterm.tui.widgets.paint import Painted, Part, fit, fit_name, width_of
from cronterm.tui.words import age, countdown

ON: Final = "accent+bold"
LEAST_NAME = 4
MOST_NAME = 24


class TopBar(Painted):
    """Who runs, how the jobs are, what comes next, what time it is."""

    on_role = "head"

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.picture = picture
        self.now: Instant = 0

    def update(self, now: Instant) -> None:
        """Draw the picture at `now`."""
        self.now = now
        self.repaint()

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the one line; where there is no room beside it the host is there for our name."""
        left = self._left(width)
        ways = [self._place(width) + self._clock(width), self._host() + self._clock(width)]
        right = next((way for way in ways if width_of(left) + width_of(way) < width), [])
        if not right:
            right = self._clock(width)
            room = width - width_of(left[1:]) - width_of(right) - 3
            if self._host() and room >= LEAST_NAME:
                ((host, _),) = self._host()
                left[0] = (f" {fit_name(host.strip(), min(cell_len(host.strip()), room))} ", ON)
        gap = max(width - width_of(left) - width_of(right), 1)
        return [[*left, (" " * gap, "muted"), *right]]

    def _left(self, width: int) -> list[Part]:
        picture, glyphs = self.picture, self.glyphs
        dot = "*" if glyphs.is_ascii else "●"
        states = picture.counts(self.now)
        parts: list[Part] = [(" cronterm ", ON), *self._engine(dot)]
        if picture.is_read_only:
            parts += [(" ", "muted"), (" read-only ", "chip+bold")]
        total = len(picture.snapshot.jobs)
        parts += [(f" {glyphs.separator} ", "line"), (f"{total} job{'s' * (total != 1)}", "text")]
        failing = sum(states[state] for state in FAILED)
        counted = (
            ("succeeded", states["succeeded"], "ok"),
            ("failed", failing, "fail+bold"),
            ("late", states["late"] + states["missed"], "warn+bold"),
            ("running", states["running"] + states["stopping"], "accent"),
            ("retrying", states["retrying"], "warn"),
            ("paused", states["paused"], "paused"),
        )
        for state, count, role in counted:
            if count:
                parts.append((f"  {glyphs.states[state]} {count}", role))
        if missed := self._missed(glyphs.separator):
            clock = width_of(self._clock(width))
            parts += missed if width_of([*parts, *missed]) + clock < width else []
        due = picture.next_job()
        if due is not None and width >= 100 and picture.is_live:
            job, at = due
            parts += [
                (f" {glyphs.separator} ", "line"),
                ("next ", "muted"),
                (fit_name(job, min(cell_len(job), 24)), "text"),
            ]
            parts.append((f" {countdown(at - self.now)}", "accent+bold"))
        return parts

    def _missed(self, separator: str) -> list[Part]:
        """Return how much a downtime has left to settle, and the key that opens it."""
        if not (count := self.picture.missed()):
            return []
        key = (self.key("inbox"), "accent+bold")
        return [(f" {separator} ", "line"), key, (f" {count:,} missed", "warn")]

    def _engine(self, dot: str) -> list[Part]:
        picture = self.picture
        if picture.gone is not None:
            is_starting = picture.starting_since is not None
            return [(f"{dot} starting", "warn") if is_starting else (f"{dot} gone", "fail+bold")]
        if not picture.is_live:
            return [(f"{dot} connecting", "muted")]
        match picture.snapshot.engine.state:
            case "stopping":
                return [(f"{dot} stopping", "warn")]
            case "store_failing":
                return [(f"{dot} history failing", "fail+bold")]
            case _:
                return [(dot, "ok"), (" live", "ok")]

    def _clock(self, width: int) -> list[Part]:
        here = aware(self.now).astimezone()
        zone = f" {here:%Z}" if width >= 100 else ""
        return [(f"{here:%H:%M:%S}{zone} ", "muted")]

    def _host(self) -> list[Part]:
        """Return on which machine the engine is; nothing before one has told that."""
        hosts = sanitize_line(self.picture.snapshot.engine.host).split(", ")
        firsts = (host.partition(".")[0] for host in hosts)
        # An address has no part that is its name.
        name = ", ".join(
            host if first.isdigit() else first for host, first in zip(hosts, firsts, strict=True)
        )
        return [(fit_name(name, min(cell_len(name), MOST_NAME)) + "  ", "muted")] if name else []

    def _place(self, width: int) -> list[Part]:
        """Return where the engine is, with its file where there is room for that."""
        engine = self.picture.snapshot.engine
        if width < 160:
            return self._host()
        parts: list[Part] = [(f"{engine.host}  {sanitize_line(engine.jobs_file)}  ", "muted")]
        if self.picture.snapshot.loaded_at:
            when = ago(self.now - self.picture.snapshot.loaded_at)
            parts.append((f"{self.glyphs.states['succeeded']} loaded {when}  ", "ok"))
        return parts


def _fitted(place: str, room: int) -> str:
    """Return where one is, in this room: what is shortened is the name, not what it is of it."""
    room = max(room, 1)
    name, sep, what = place.rpartition(" › ")
    if cell_len(place) <= room or cell_len(sep + what) >= room - 1:
        return fit(place, min(cell_len(place), room))
    return fit_name(name, room - cell_len(sep + what)) + sep + what


class TabBar(Painted):
    """The views and the gauges."""

    on_role = "head"

    class Chosen(Message):
        """The name of a view was clicked."""

        def __init__(self, view: View) -> None:
            super().__init__()
            self.view = view

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.picture = picture
        self.place = ""
        """What is open above the view."""
        self.view: View = "jobs"
        self.now: Instant = 0

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the one line."""
        left: list[Part] = [(" ", "text")]
        for tab in TABS:
            left += self._tab(tab, width)
        if self.place:
            room = width - width_of(left) - 5
            left += [("  › ", "muted"), (_fitted(self.place, room), "text")]
        room = width - width_of(left) - 1
        lengths = (True, False) if width >= 100 else (False,)
        fitting = (each for each in map(self._gauges, lengths) if width_of(each) <= room)
        right = next(fitting, [])  # all of them, or none
        gap = max(width - width_of(left) - width_of(right), 1)
        return [[*left, (" " * gap, "text"), *right]]

    def _tab(self, tab: ViewTab, width: int) -> list[Part]:
        word = f" {tab.number} {tab.long if width >= 100 else tab.short}"
        role = "chip+bold" if tab.view == self.view else "muted"
        return [(word, role), *self._badge(tab.view, width), (" ", role)]

    def on_click(self, event: events.Click) -> None:
        """Tell which view is clicked."""
        end = 1
        for tab in TABS:
            start, end = end, end + width_of(self._tab(tab, self.size.width))
            if start <= event.x < end:
                self.post_message(self.Chosen(tab.view))

    def _badge(self, view: View, width: int) -> list[Part]:
        """Return how many alerts need a look, and of how many jobs they are muted."""
        if view != "alerts":
            return []
        alerts = self.picture.open_alerts(self.now)
        muted = len(in_force(self.picture.snapshot.mutes, self.now))
        role = "fail+bold" if any(alert.kind == "failure" for alert in alerts) else "warn+bold"
        badge: list[Part] = [(f"{len(alerts)}", role)] if alerts else []
        badge += [(f"{self.glyphs.states['paused']}{muted}", "paused")] if muted else []
        if width >= 100:
            badge = [(f" {text}", role) for text, role in badge]
        elif muted:  # a cell more, and there is no room for the gauges
            badge[0] = (f" {badge[0][0]}", badge[0][1])
        elif badge:
            badge = [(f"({len(alerts)})", role)]
        return [(text, "chip+bold" if view == self.view else role) for text, role in badge]

    def _gauges(self, is_long: bool) -> list[Part]:
        if not self.picture.gauges:
            return []
        gauges: Gauges = self.picture.gauges[-1]
        parts: list[Part] = []
        for name, ratio in (("CPU", gauges.cpu), ("MEM", gauges.memory), ("DSK", gauges.disk)):
            role = "fail" if ratio >= 0.9 else "warn" if ratio >= 0.75 else "ok"
            level = min(int(ratio * len(self.glyphs.spark)), len(self.glyphs.spark) - 1)
            bar = self.glyphs.spark[level]
            percent = f"{round(ratio * 100)}"
            text = f" {percent:>2}%  " if is_long else f"{percent:>2} "
            parts += [(f"{name} ", "muted"), (bar, role), (text, role)]
        return parts


class Banner(Painted):
    """One line that says what is wrong and what to do; hidden when nothing is."""

    def __init__(self, picture: Picture, where: Where) -> None:
        super().__init__(id="banner")
        self.picture = picture
        self._counting = {key.id for key in in_place(where)}
        """What can be pressed on its page."""
        self.now: Instant = 0

    def line_role(self, y: int) -> str:
        """Return red for what stops the work, amber for what does not."""
        snapshot = self.picture.snapshot
        is_starting = self.picture.starting_since is not None
        is_grave = (self.picture.gone is not None and not is_starting) or snapshot.engine.trouble
        return "failbar" if is_grave else "warnbar"

    def update(self, now: Instant) -> None:
        """Show or hide, and draw."""
        self.now = now
        self.display = bool(self._text()[0])
        self.repaint()

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the one line; what can be done is never cut off."""
        text, offers = self._text()
        keys = [(self.key(id), word) for id, word in offers if id in self._counting]
        room = width - sum(len(key) + len(word) + 4 for key, word in keys) - 1
        while len(text) > room and " — " in text:
            text = text.rpartition(" — ")[0]
        parts: list[Part] = [(" " + fit(text, min(max(room, 8), len(text))), "ink+bold")]
        for key, word in keys:
            parts += [(f"   {key}", "ink+bold"), (f" {word}", "ink")]
        return [parts]

    def _text(self) -> tuple[str, list[tuple[str, str]]]:
        """Return what is wrong, "" for nothing, and what helps: (id of a key, word)."""
        picture, states, show = self.picture, self.glyphs.states, "trouble"
        snapshot = picture.snapshot
        if picture.gone is not None:
            if picture.starting_since is not None:
                how = picture.how_ended
                what = f"the engine {how}: starting another…" if how else "starting an engine…"
                return f"! {what} — nothing is scheduled before it answers", []
            ago = age(max(self.now - picture.gone.since, SECOND))
            by = f"by {sanitize_line(picture.stopped_by)} " if picture.stopped_by else ""
            text = f"{states['failed']} ENGINE STOPPED, nothing is scheduled — {by}{ago} ago"
            return text, [("reload", "restart"), (show, "why")]
        if picture.awaits_end:
            runs = len(snapshot.all_open())
            waits = f", waits for {runs} run{'s' * (runs != 1)}" if runs else ""
            return f"! the engine is stopping{waits} — another starts once it is gone", []
        if snapshot.engine.trouble:
            trouble = sanitize_line(snapshot.engine.trouble)
            return f"{states['failed']} {trouble}", [(show, "show")]
        if (restart := picture.fresh_restart(self.now)) is not None:
            return f"! {restart.text}", [(show, "show")]
        if snapshot.problems:
            problem = snapshot.problems[0]
            file = PurePath(problem.file).name
            place = f" line {problem.line}:{problem.column}" if problem.line else ""
            more = f" (+{len(snapshot.problems) - 1})" if len(snapshot.problems) > 1 else ""
            what = f"! {file}{place}: {sanitize_line(problem.message)}{more}"
            hint = f" — {sanitize_line(problem.hint)}" if problem.hint else ""
            rest = " — the jobs before it stay in force" if snapshot.jobs else ""
            return what + hint + rest, [(show, "show"), ("editor", "edit")]
        if snapshot.engine.listeners_trouble:
            return f"! {sanitize_line(snapshot.engine.listeners_trouble)}", [(show, "show")]
        if suspended := suspended_triggers(snapshot):
            job, trigger = suspended[0]
            more = f" (+{len(suspended) - 1})" if len(suspended) > 1 else ""
            what = f"! {job}: its trigger {sanitize_line(trigger)} is suspended{more}"
            return f"{what} — it started more than ten runs in a minute", [(show, "show")]
        if told := unreached(snapshot):
            more = f" (+{len(told) - 1})" if len(told) > 1 else ""
            return f"! {sanitize_line(told[0])}{more}", [(show, "show")]
        if snapshot.all_paused is not None:
            pause = snapshot.all_paused
            why = f": {sanitize_line(pause.reason)}" if pause.reason else ""
            by, end = sanitize_line(pause.by), picture.pause_end(pause, self.now)
            return f"{states['paused']} everything is paused by {by}{end}{why}", [
                ("pause_all", "resume…")
            ]
        return "", []


class KeyBar(Painted):
    """What can be pressed here, the most useful first."""

    on_role = "head"

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.picture = picture
        self.keys: list[tuple[str, str]] = []
        self.prompt = ""
        self._leaving = ""
        self._doubt = ""

    @property
    def doubt(self) -> str:
        """What is wrong with what is typed, said in place of the prompt."""
        return self._doubt

    @doubt.setter
    def doubt(self, text: str) -> None:
        if text != self._doubt:
            self._doubt = text
            self.repaint()

    def show(self, keys: list[tuple[str, str]], prompt: str = "") -> None:
        """Show these (key, word) pairs, or a prompt."""
        self.keys, self.prompt, self._doubt = keys, prompt, ""
        self.repaint()

    def type_in(self, purpose: str, leaving: str = "clear") -> None:
        """Show what is being typed for; what ends a line of text is the same everywhere."""
        self._leaving = f"   {READ['escape']} {leaving}"
        self.show([], f"{purpose}: {READ['enter']} keep{self._leaving}")

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the one line; its last two keys are never dropped, what is refused is faint."""
        refused = CHANGING_WORDS if self.picture.is_read_only else frozenset()
        if self.prompt and self.doubt:
            end = spelt(self._leaving, self.glyphs)
            text = f" ! {sanitize_line(self.doubt)}"
            return [[(fit(text, min(cell_len(text), width - len(end))), "warn"), (end, "text")]]
        if self.prompt:
            return [[(" " + spelt(self.prompt, self.glyphs), "text")]]
        keys = [(spelt(key, self.glyphs), word) for key, word in self.keys]
        last = [pair for pair in keys if pair[1] in LAST_IN_BAR.values()]
        room = width - sum(len(key) + len(word) + 3 for key, word in last)
        parts: list[Part] = []
        for key, word in keys:
            if (key, word) in last:
                continue
            room -= len(key) + len(word) + 3
            if room < 0:
                break
            is_refused = word in refused
            parts.append((f" {key}", "faint" if is_refused else "accent+bold"))
            parts.append((f" {word} ", "faint" if is_refused else "muted"))
        for key, word in last:
            parts += [(f" {key}", "accent+bold"), (f" {word} ", "muted")]
        return [parts]
