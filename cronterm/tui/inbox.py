"""What was missed while no engine ran: offered once, run oldest first."""

import asyncio
from collections.abc import Sequence

from cronterm.errors import CrontermError
from cronterm.model.command import RunMissed
from cronterm.model.event import AlertOpened, AlertRepeated, AnyEvent, RunEnded
from cronterm.model.query import ListMissed, Missed, MissedInstants
from cronterm.model.snapshot import Snapshot
from cronterm.tui.home import Home

SEEN = "missed_seen"
"""Remembered: when the newest of what a person looked at was decided."""


class Inbox:
    """Goes on while the screen is open, whatever page is shown."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._ended = asyncio.Event()
        self._is_offered = False
        self.left: list[MissedInstants] = []
        """What is still to be run."""

    def take_event(self, event: AnyEvent) -> bool:
        """Go on when a run has ended; tell whether a downtime was just summed up."""
        if isinstance(event, RunEnded):
            self._ended.set()
        if isinstance(event, AlertOpened):
            return event.alert.kind == "downtime"
        return isinstance(event, AlertRepeated) and event.kind == "downtime"

    async def wants_a_look(self, snapshot: Snapshot) -> bool:
        """Tell, once, whether a downtime left something in the inbox that was not seen here yet."""
        is_open = any(
            alert.kind == "downtime" and alert.acknowledged_at is None
            for alert in snapshot.alerts.values()
        )
        if self._is_offered or not is_open:
            return False
        self._is_offered = True
        try:
            found = await self._home.control.query(ListMissed(limit=1))
        except CrontermError:
            return False  # the alert stays: it leads there as well
        newest = found.rows[-1:] if isinstance(found, Missed) else ()
        return any(row.decided_at > self._home.layout.number(SEEN) for row in newest)

    def note_seen(self, rows: Sequence[MissedInstants]) -> None:
        """Keep that a person looked at these: the screen does not open with them again."""
        if rows:
            newest = max(row.decided_at for row in rows)
            self._home.remember(**{SEEN: max(newest, self._home.layout.number(SEEN))})

    async def run(self, rows: Sequence[MissedInstants]) -> None:
        """Run each of `rows` once in their order, a job's one after the other; tell how many."""
        self.left = list(rows)
        started, told = 0, set[str]()
        while self.left:
            self._ended.clear()
            waiting: set[str] = set()
            for row in tuple(self.left):
                if row.job in waiting:
                    continue
                command = RunMissed(job=row.job, due_at=row.until)
                answer = await self._home.deliver(command, is_quiet=True, expects="overlap")
                if answer is None:  # no engine: the rest stays in the inbox
                    self.left = []
                    break
                if answer.kind == "overlap":
                    waiting.add(row.job)
                    continue
                self.left.remove(row)
                started += answer.ok
            if waiting - told:
                told |= waiting
                names = ", ".join(sorted(waiting))
                self._home.tell(f"{names}: the rest runs when the open run has ended")
            if self.left:
                await self._ended.wait()
        self._home.tell(f"started {started} of {len(rows)} that were missed")
