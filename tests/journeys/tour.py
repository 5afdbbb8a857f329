"""A tour of the screen: a real engine, a real terminal, and every key of the table pressed."""

import hashlib
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from cronterm.model.alert import Alert
from cronterm.model.command import (
    AcknowledgeAlert,
    AnyCommand,
    IgnoreMissed,
    ResumeJob,
    RunJob,
    StopRun,
)
from cronterm.model.query import ListMissed, ListRuns, Missed, Runs
from cronterm.model.snapshot import Snapshot
from cronterm.tui.keymap import CHANGING, KEYS, MOVES
from cronterm.tui.look import in_ascii, in_blocks
from cronterm.tui.places import PAGES, Where
from tests.journeys.house import PATIENCE_S, House, wait_until
from tests.journeys.tmux import Tmux

OTHERS = ("alpha", "chained", "sleeper")
"""The jobs that never run by the clock here."""
SIZE = (120, 40)
JOBS = """\
jobs:
  alpha:
    description: the first
    group: office
    schedule: "@every 6h"
    params:
      who: {default: somebody}
      whom: {default: me}
      loud: {type: bool, default: false}
    command: |
      seq -f "$PARAM_WHO %g" 300; echo "a red word" >&2
      printf '%0200dEND\\n' 7; echo "a word for $PARAM_WHO"
      test "$PARAM_WHO" != nobody
  broken:
    group: office
    schedule: "BEAT"
    params: {who: {default: somebody}}
    command: echo trouble >&2; exit 3
  chained: {depends_on: [alpha], group: works, command: echo chained}
  gone-one: {group: works, schedule: "BEAT", command: echo one}
  gone-three: {group: works, schedule: "BEAT", command: echo three; exit 4}
  gone-two: {group: works, schedule: "BEAT", command: echo two}
  sleeper: {schedule: "0 0 1 1 *", command: echo begun; exec sleep 600}
"""
QUIET = "0 0 1 1 *"
FILE = JOBS.replace("BEAT", QUIET)
BUSY = JOBS.replace("BEAT", "@every 1s")
CLOCK = re.compile(r"CPU .*|\d+s|\d\d:\d\d:\d\d")
LEFT = "the screen was left with"
SHELL = f"""
set -m; "$@"; code=$?
while jobs %% >/dev/null 2>&1; do echo "it is suspended"; read line; fg >/dev/null; code=$?; done
echo "{LEFT} $code"; read line
"""
"""What a shell is to a program: it comes back when that is suspended."""
CURSOR = re.compile(r"^[│|] ?[▌|]")
EDGE = re.compile(r"^[╭┌+][─-]")
END = re.compile(r"^[╰└+][─-]")
NAME = re.compile(rf"(?<![\w-])({'|'.join(re.findall('^  ([a-z-]+):', JOBS, re.M))})(?![\w-])")
"""A job: in a row the first is the one that it is about."""
TOP = 2
"""The first row of the table, below the edge and the titles."""

ROWLESS = ("stats", "system")
"""Places without rows."""

Text = str | re.Pattern[str]
Walk = Callable[["Tour", str], None]
"""Presses a key where it is, sees what it does, and undoes it."""


@dataclass(frozen=True)
class Step:
    """A key at a place."""

    id: str
    place: Where
    key: str

    def __str__(self) -> str:
        return f"{self.id} ({self.key}) at {self.place}"


def steps() -> Iterator[Step]:
    """Yield every key of the table at every place; moves where no key has another meaning."""
    for place in get_args(Where):
        own = {key for each in KEYS if place in each.where for key in each.keys.split(",")}
        for each in (*KEYS, *MOVES):
            is_move = each in MOVES
            for key in each.keys.split(",") if place in each.where else ():
                if not is_move or (key not in own and place not in ROWLESS):
                    yield Step(f"move_{each.id}" if is_move else each.id, place, key)


MARKS: dict[Where, Text] = {
    "jobs": "Jobs 7 · sort NEXT ▲ ─",
    "timeline": re.compile(r"now \d\d:\d\d(?s:.*)Timeline (?s:.*)[▌|]alpha(?s:.*) IN +JOB"),
    "stats": re.compile(r"read \d\d:\d\d:\d\d"),
    "alerts": "─ Alerts · ",
    "runs": re.compile(r"[─-] Runs (?:[·.] [^/\n]*)?[─-].*\n.*\n.* \d\d:\d\d:\d\d "),
    "system": "Engine and runners",
    "missed": "› Missed",
    "detail": re.compile(r"Overview +Runs(?s:.*)Recent runs(?s:.*)exit 0"),
    "log": re.compile(r"[›>] log(?s:.*)exit 0 after"),
    "compare": re.compile(r"[›>] compare(?s:.*)exit 1(?s:.*)somebody \d"),
    "all": "Jobs 7 · sort NEXT ▲ ─",
}
"""What shows that a place is open and filled."""
WAYS: dict[Where, tuple[str, ...]] = {
    "timeline": ("2",),
    "stats": ("3",),
    "alerts": ("4",),
    "runs": ("5",),
    "system": ("6",),
    "missed": ("M",),
    "detail": ("enter",),
    "log": ("l",),
    "compare": ("L", "equals_sign"),
}
"""The keys that lead to a place, from the first job of the table."""


@dataclass
class Tour:
    """A screen on an engine, and what was found out about its keys."""

    home: House
    tmux: Tmux
    command: Sequence[str]
    env: Mapping[str, str]
    glyphs: str = "unicode"
    patience_s: float = PATIENCE_S
    before: str = ""
    there: str = ""
    """The screen on which something was that is going to be lost."""
    event: int | None = None
    """The number of the last event when the key was tried."""
    passed: list[Step] = field(default_factory=list)
    failed: dict[Step, str] = field(default_factory=dict)

    # -- the screen ------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the screen, and see the jobs."""
        shutil.rmtree(self.home.directory / "xdg", ignore_errors=True)  # what is remembered
        self.tmux.start(self.command, self.env, SIZE)
        self.before = ""
        self.sees("● live")
        self.go_home()

    def screen(self) -> str:
        """Return what is on the screen."""
        return self.tmux.screen()

    def own(self, text: Text) -> Text:
        """Return a text in the characters of this terminal."""
        if self.glyphs == "unicode" or isinstance(text, re.Pattern):
            return text
        return in_ascii(text) if self.glyphs == "ascii" else in_blocks(text)

    def count(self, text: Text, screen: str) -> int:
        """Return how often a text is on a screen; what names a place only where places are named.

        In ASCII a run that goes on is drawn with the sign that stands before a place.
        """
        own = self.own(text)
        if isinstance(text, str) and text.startswith("› "):
            screen = "".join(screen.splitlines()[1:2])
        return screen.count(own) if isinstance(own, str) else len(own.findall(screen))

    def press(self, *keys: str) -> None:
        """Press keys; what they do is compared with how it looked before."""
        self.before = self.screen()
        self.tmux.press(*keys)

    def type(self, text: str) -> None:
        """Type a text, likewise."""
        self.before = self.screen()
        self.tmux.type(text)

    def try_key(self, key: str) -> None:
        """Press the key that it is about."""
        if self.event is None:
            self.event = self.snapshot().n
        self.press(key)

    def wait(self, holds: Callable[[], bool], what: str) -> None:
        """Return once something holds."""
        wait_until(holds, what, self.patience_s)

    def look(self, holds: Callable[[], bool], what: str) -> None:
        """Return once something holds that can be seen on the screen: looking is cheap."""
        wait_until(holds, what, self.patience_s, pause_s=0.004)

    def sees(self, *texts: Text) -> None:
        """Return once each text is more often on the screen than before the last keys."""
        fewest = {text: self.count(text, self.before) for text in texts}

        def are_seen() -> bool:
            screen = self.screen()
            now = {text: self.count(text, screen) for text in texts}
            seen = all(now[text] > fewest[text] for text in texts)
            for text in texts:
                fewest[text] = min(fewest[text], now[text])
            self.there = screen
            return seen

        self.look(are_seen, f"{texts} is seen")

    def has(self, *texts: Text) -> None:
        """Return once each text is there; what is told meanwhile may cover it."""

        def are_there() -> bool:
            self.there = self.screen()
            return all(self.count(text, self.there) for text in texts)

        self.look(are_there, f"{texts} is there")

    def lacks(self, text: Text) -> None:
        """Return once a text is not there."""
        self.look(lambda: not self.count(text, self.screen()), f"{text} is not there")

    def loses(self, *texts: Text) -> None:
        """Return once each text is less often on the screen than before the last keys."""
        had = {
            text: self.count(text, self.before) or self.count(text, self.there) for text in texts
        }
        assert all(had.values()), f"{texts} was to be there"

        def are_lost() -> bool:
            screen = self.screen()
            return all(self.count(text, screen) < had[text] for text in texts)

        self.look(are_lost, f"{texts} is gone")

    def differs(self, pattern: str) -> None:
        """Return once what matches first is another text than before the last keys."""
        had = re.search(pattern, self.before) or re.search(pattern, self.there)
        assert had, f"{pattern} was to be there"

        def is_other() -> bool:
            found = re.search(pattern, self.screen())
            return found is not None and found[0] != had[0]

        self.look(is_other, f"{had[0]!r} becomes another text")

    def row(self, screen: str) -> int:
        """Return how far below the upper edge of its box the cursor is, -1 where there is none."""
        below = -1
        for line in screen.splitlines():
            below = 0 if EDGE.match(line) else below + 1
            if CURSOR.match(line):
                return below
        return -1

    def rows(self, screen: str) -> list[str]:
        """Return the rows of the uppermost box, below its edge and its titles."""
        lines = screen.splitlines()
        top = next((n for n, line in enumerate(lines) if EDGE.match(line)), len(lines))
        rows = lines[top + TOP :]
        return rows[: next((n for n, line in enumerate(rows) if END.match(line)), 0)]

    def names(self, screen: str) -> list[str]:
        """Return the jobs that the rows are about, "" where one is about none."""
        found = map(NAME.search, self.rows(screen))
        return [each[1] if each is not None else "" for each in found]

    def place(self, screen: str) -> int:
        """Return which of the rows has the cursor, -1 where none has."""
        rows = self.rows(screen)
        return next((n for n, line in enumerate(rows) if CURSOR.match(line)), -1)

    def cursor_line(self) -> str:
        """Return the row with the cursor, once there is one."""
        self.finds_cursor()
        return next((line for line in self.screen().splitlines() if CURSOR.match(line)), "")

    def finds_cursor(self) -> None:
        """Return once the rows are there, one with the cursor."""
        self.look(lambda: self.row(self.screen()) >= 0, "there is a row with the cursor")

    def moves(self, by: int) -> None:
        """Return once the cursor is above (-1) or below (1) where it was."""
        at = self.row(self.before)
        self.look(lambda: self.row(self.screen()) * by > at * by, f"the cursor leaves row {at}")

    def page(self, screen: str) -> list[str]:
        """Return a screen without its bars."""
        return screen.splitlines()[3:-6]

    def rests(self) -> None:
        """Return once the page is drawn: it stays the same for a moment."""
        had: list[str] = []

        def is_same() -> bool:
            nonlocal had
            before, had = had, self.page(self.screen())
            return had == before

        wait_until(is_same, "the page stays", self.patience_s, pause_s=0.03)

    def scrolls(self) -> None:
        """Return once the page has changed."""
        had = self.page(self.before)
        self.look(lambda: self.page(self.screen()) != had, "the page moves")

    def shows_something(self) -> None:
        """Return once something is different below the bars, by more than clocks."""
        had = CLOCK.sub("", "\n".join(self.before.splitlines()[1:]))
        self.look(
            lambda: CLOCK.sub("", "\n".join(self.screen().splitlines()[1:])) != had,
            "something is different",
        )

    # -- places ----------------------------------------------------------------------------------

    def go(self, place: Where) -> None:
        """Go to a place, by the jobs, the cursor on its first row."""
        self.go_home()
        for key in WAYS.get(place, ()):
            self.press(key)
            self.sees("exit 1 after" if key == "L" else MARKS[place])
            self.rests()

    def go_home(self) -> None:
        """Go to the first job of the table, from any page, once the table shows how things are."""
        asked_at = 0.0

        def is_home() -> bool:  # the inbox may come up once more
            nonlocal asked_at
            screen = self.screen()
            if self.count(MARKS["jobs"], screen):
                # A job whose run has just ended goes from the top to its place, with the cursor.
                return self.count("● live", screen) > 0 and self.names(screen)[:1] == ["alpha"]
            if time.monotonic() > asked_at + 1:
                asked_at = time.monotonic()
                self.press("1")
            return False

        self.look(is_home, "the table is there, alpha on top")
        self.press("home")

        def is_on_top() -> bool:
            screen = self.screen()
            return self.count("─ 1/7 ─", screen) == 1 and self.row(screen) == TOP

        self.look(is_on_top, "the cursor is on top")

    def go_to_row(self, name: str) -> None:
        """Move the cursor to the row of a name; rows may be sorted anew meanwhile."""
        ways: list[int] = []

        def knows_way() -> bool:
            names, at = self.names(screen := self.screen()), self.place(screen)
            ways[:] = [names.index(name) - at] if at >= 0 and name in names else []
            return bool(ways)

        for _ in range(40):
            self.look(knows_way, f"there is a row of {name}, and a cursor")
            if not ways[0]:
                return
            self.press("down" if ways[0] > 0 else "up")
            self.leaves_row()
        raise AssertionError(f"the cursor does not come to {name}")

    def leaves_row(self) -> None:
        """Return once the cursor is on another row, of another name: it goes with its row."""
        had, at = self.names(self.before), self.place(self.before)

        def has_left() -> bool:
            names, now = self.names(screen := self.screen()), self.place(screen)
            return now >= 0 and (names[now] != had[at] if had[at] else now != at)

        self.look(has_left, f"the cursor leaves row {at + 1} of {had}")

    def job_here(self) -> str:
        """Return the job in the row under the cursor."""
        found: list[str] = []

        def is_known() -> bool:
            lines = filter(CURSOR.match, self.screen().splitlines())
            found[:] = NAME.findall(next(lines, ""))
            return bool(found)

        self.look(is_known, "a job is under the cursor")
        return found[0]

    # -- the engine ------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Return how the engine is."""
        return self.home.door().snapshot()

    def send(self, *commands: AnyCommand) -> None:
        """Do something behind the back of the screen."""
        for command in commands:
            answer = self.home.door().send(command)
            assert answer.ok, answer

    def runs(self, job: str) -> int:
        """Return how many runs a job had that ended."""
        found = self.home.door().query(ListRuns(job=job, decisions=False, limit=500))
        assert isinstance(found, Runs)
        return sum(row.ended_at is not None for row in found.rows)

    def is_idle(self) -> bool:
        """Tell whether nothing runs."""
        return not any(view.live for view in self.snapshot().jobs.values())

    @property
    def clip(self) -> Path:
        """The file that is the clipboard where the terminal has none."""
        return self.home.directory / "xdg" / "cronterm" / "clip"

    def clipboard(self) -> str:
        """Return what was copied last: by the terminal, or into a file."""
        return self.clip.read_text(encoding="utf-8") if self.clip.exists() else self.tmux.clipboard

    def forget_clipboard(self) -> None:
        """Have nothing on the clipboard."""
        self.clip.unlink(missing_ok=True)
        self.tmux.forget_clipboard()

    def file(self) -> str:
        """Return what the jobs file says."""
        return self.home.jobs_file.read_text(encoding="utf-8")

    def says(self, text: str) -> None:
        """Return once the jobs file, and the engine, has a text."""
        self.wait(lambda: text in self.file(), f"{text!r} is in the file")

    def is_as_it_was(self) -> bool:
        """Tell whether the file is as before, and followed."""
        read = hashlib.sha256(FILE.encode()).hexdigest()
        return self.file() == FILE and self.snapshot().read_sha256 == read

    def has_other_file(self) -> bool:
        """Tell whether the engine follows another text."""
        views = self.snapshot().jobs.items()
        return any(view.job.schedule_text != QUIET for job, view in views if job not in OTHERS)

    def write(self, text: str) -> None:
        """Write the jobs file, and wait until it is followed."""
        self.home.jobs_file.write_text(text, encoding="utf-8")
        self.wait(lambda: self.has_other_file() == (text != FILE), "the file is followed")

    def missed(self) -> int:
        """Return of how many jobs something was missed."""
        found = self.home.door().query(ListMissed(limit=100))
        assert isinstance(found, Missed)
        return len(found.rows)

    def downtimes(self) -> list[Alert]:
        """Return the open alerts about a downtime."""
        return [each for each in self.snapshot().alerts.values() if each.kind == "downtime"]

    def kill_engine(self) -> None:
        """End the engine, whoever started it."""
        pid = self.home.door().hello().pid
        if self.home.engine is not None and self.home.engine.pid == pid:
            self.home.kill()
        else:
            os.kill(pid, signal.SIGKILL)
        self.wait(lambda: not self.home.answers(), "no engine answers")

    def is_attached(self) -> bool:
        """Tell whether the screen, if there is one by now, shows what the engine tells."""
        return not self.tmux.is_there or self.count("● live", self.screen()) > 0

    def miss(self) -> None:
        """Miss some instants of four jobs, by a downtime, and nothing else."""
        counts = {job: self.runs(job) for job in self.snapshot().jobs if job not in OTHERS}
        self.send(*(IgnoreMissed() for _ in range(bool(self.missed()))))
        self.write(BUSY)
        self.wait(lambda: all(self.runs(job) > had for job, had in counts.items()), "all run")
        self.kill_engine()
        gone_at = time.monotonic()
        wait_until(lambda: time.monotonic() > gone_at + 2.5, "instants pass")
        self.home.start()
        self.wait(lambda: self.missed() == 4, "four jobs missed something")
        wait_until(self.is_attached, "the screen attaches again", 60)
        self.wait(lambda: bool(self.downtimes()), "it is told")
        self.send(*(AcknowledgeAlert(alert=each.id) for each in self.downtimes()))
        self.write(FILE)
        self.wait(self.is_idle, "it is quiet")

    def prepare(self) -> None:
        """Let something fail, be missed, and be run."""
        self.home.start()
        self.wait(lambda: len(self.snapshot().alerts) == 2, "two jobs fail")
        self.miss()
        for who in ("somebody", "nobody", "somebody"):
            count = self.runs("chained")
            self.send(RunJob(job="alpha", params={"who": who}))
            self.wait(self.is_idle, "alpha ends")
            if who != "nobody":
                self.wait(lambda had=count: self.runs("chained") > had, "what follows ends")  # type: ignore[misc]

    # -- walking ---------------------------------------------------------------------------------

    def walk(self, walk: Walk, step: Step) -> None:
        """Try a key; note whether it does what it should, and start anew where it does not."""
        try:
            self.event, self.there = None, ""
            self.go(step.place)
            if step.place == "alerts" and not step.id.startswith("move_"):
                self.go_to_row("broken")
            walk(self, step.key)
            self.check_changing(step)
        except AssertionError as error:
            self.failed[step] = f"{error}\n{self.screen()}"
            self.start_anew()
        else:
            self.passed.append(step)

    def check_changing(self, step: Step) -> None:
        """What changes anything is known as changing, and nothing is left changed."""
        self.wait(self.is_idle, "it is quiet")
        self.wait(self.is_as_it_was, "the file is as it was")
        assert self.event is not None, "the key was not tried"
        if step.place in (*PAGES, "all"):  # elsewhere it answers what such a key has asked
            has_changed = self.snapshot().n != self.event
            assert not has_changed or step.id in CHANGING, "it changes something"

    def start_anew(self) -> None:
        """Start another screen on an engine that is as in the beginning."""
        if not self.home.answers():
            self.home.start()
        self.write(FILE)
        self.send(ResumeJob(), *(ResumeJob(job=job) for job in self.snapshot().jobs))
        self.send(*(StopRun(job=job) for job, view in self.snapshot().jobs.items() if view.live))
        self.start()
