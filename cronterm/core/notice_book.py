"""What the core knows of notices: those that wait, and who was told of what and when."""

from heapq import heappush

import msgspec

from cronterm.clock import Instant
from cronterm.model.memory import Memory
from cronterm.model.notice import Notice

Kind = tuple[str, str, str]
"""(job, notifier, event)."""


class NoticeBook:
    """A fold of the notices of this engine and those before it."""

    def __init__(self, memory: Memory) -> None:
        self.next_notice = memory.next_notice
        self.pending: dict[int, Notice] = {notice.id: notice for notice in memory.notices}
        self.newest: dict[Kind, int] = {kind_of(each): each.id for each in memory.notices}
        """Of those that wait, by kind."""
        self.last: dict[Kind, Instant] = {
            (each.job, each.notifier, each.event): each.at for each in memory.last_notices
        }
        """When each kind is, or was, last told."""
        self.told: dict[tuple[int, str], Instant] = {
            (each.alert, each.notifier): each.at for each in memory.told
        }
        """By open alert and notifier."""
        self.repeats: list[tuple[Instant, int, str]] = []
        """When to look whether an alert is told again."""
        self.look_again()

    def look_again(self) -> None:
        """Look at the rules of every open alert anew: they may be others."""
        self.repeats = []
        for alert, notifier in self.told:
            heappush(self.repeats, (0, alert, notifier))

    def keep(self, notice: Notice) -> None:
        """Take in a notice that waits."""
        self.pending[notice.id] = notice
        self.newest[kind_of(notice)] = notice.id
        self.next_notice = max(self.next_notice, notice.id + 1)

    def find(self, kind: Kind) -> Notice | None:
        """Return the notice of a kind that waits, or None."""
        number = self.newest.get(kind)
        return None if number is None else self.pending.get(number)

    def drop(self, number: int) -> Notice | None:
        """Return a notice that waits no more, None where it did not."""
        notice = self.pending.pop(number, None)
        if notice is not None and self.newest.get(kind_of(notice)) == number:
            del self.newest[kind_of(notice)]
        return notice

    def forget_alert(self, alert: int) -> list[str]:
        """Return who was told of an alert that is over, and forget it."""
        notifiers = [notifier for number, notifier in self.told if number == alert]
        for notifier in notifiers:
            del self.told[alert, notifier]
        return notifiers

    def rename(self, old: str, new: str) -> None:
        """Let what is known of a job go on under another name."""
        for number, notice in self.pending.items():
            if notice.job == old:
                self.pending[number] = msgspec.structs.replace(notice, job=new)
        self.newest = {_renamed(kind, old, new): n for kind, n in self.newest.items()}
        self.last = {_renamed(kind, old, new): at for kind, at in self.last.items()}


def kind_of(notice: Notice) -> Kind:
    """Return what notices have in common that stand for each other."""
    return notice.job, notice.notifier, notice.event


def _renamed(kind: Kind, old: str, new: str) -> Kind:
    return (new, *kind[1:]) if kind[0] == old else kind
