"""Brings notices to people: each notifier by itself, tried again until it is there.

What waits is in the snapshot and in the store. A notice is gone from there once its notifier took
it, so that one is sent at least once, whatever happens to the engine in between.
"""

import asyncio
import contextlib
import logging
import platform
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from cronterm.clock import DAY, SECOND, Clock, Duration
from cronterm.core.base import Delivered
from cronterm.engine.bus import Bus
from cronterm.errors import CrontermError
from cronterm.execute.secrets import Secrets
from cronterm.model.command import Answer
from cronterm.model.event import AnyEvent
from cronterm.model.notice import Notice, NoticesSent
from cronterm.model.notifier import Notifier, Private, Terminal, kind_of
from cronterm.model.query import AnyReply, OutputPart, Query, ReadOutput
from cronterm.notify.base import Message, NotSent
from cronterm.notify.channels import send
from cronterm.notify.message import compose_message, trial_message

log = logging.getLogger("cronterm.notify")

GATHER_S = 1.0  # what fails together is told together
FIRST_RETRY_S = 5.0
LONGEST_RETRY_S = 600.0
GROWTH = 3.0
LONGEST_SEND_S = 330.0  # longer than any timeout of a notifier: the thread hangs
MOST_HANGING = 3  # threads of one notifier that never came back
GIVE_UP = 3 * DAY  # nobody wants to hear of it any more
MOST_MESSAGES = 5  # to one notifier at once; more become one
MOST_TOGETHER = 500  # notices in one message
OUTPUT_BYTES = 32 << 10

Send = Callable[[Notifier, Message, Callable[[Private], str]], None]


@dataclass
class Standing:
    """How one notifier does."""

    is_busy: bool = False
    is_tested: bool = False
    failures: int = 0
    """In a row."""
    retry_at: Duration = 0
    """In elapsed time: the clock may be set."""
    hanging: int = 0


@dataclass(frozen=True)
class Pace:
    """How fast things go; tests are in a hurry."""

    gather_s: float = GATHER_S
    first_retry_s: float = FIRST_RETRY_S
    longest_retry_s: float = LONGEST_RETRY_S


class Delivery:
    """Sends what waits. Everything but the sending itself happens on the engine's loop."""

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        notifiers: Callable[[], Mapping[str, Notifier]],
        secrets: Secrets,
        answer: Callable[[Query], Awaitable[AnyReply]],
        tell: Callable[[Delivered], None],
        tell_fact: Callable[[AnyEvent], None],
        send: Send = send,
        pace: Pace | None = None,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._notifiers = notifiers
        self._secrets = secrets
        self._answer = answer
        self._tell, self._tell_fact = tell, tell_fact
        self._send = send
        self._pace = pace or Pace()
        self._standings: defaultdict[str, Standing] = defaultdict(Standing)
        self._tries: dict[int, int] = {}
        self._told: dict[int, int] = {}
        """What each notice stood for when it was sent, until that is recorded."""
        self._woken = asyncio.Event()
        bus.on_notices = self._woken.set

    async def run(self) -> None:
        """Send what waits, and what comes, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._woken.clear()
                wait_s = self._start(group)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._woken.wait()
                    await asyncio.sleep(self._pace.gather_s)

    def _start(self, group: asyncio.TaskGroup) -> float | None:
        """Begin what is ready; return in how many seconds more may be, None where nothing waits."""
        now, pending = self._clock.now(), self._bus.snapshot.notices
        self._tries = {n: tries for n, tries in self._tries.items() if n in pending}
        self._told = {n: more for n, more in self._told.items() if n in pending}
        waiting: defaultdict[str, list[Notice]] = defaultdict(list)
        for notice in pending.values():
            if notice.id not in self._told:
                waiting[notice.notifier].append(notice)
        waits: list[Duration] = []
        for name, notices in waiting.items():
            standing = self._standings[name]
            if standing.is_busy:
                continue
            ready_in = min(notice.ready_at for notice in notices) - now.utc
            wait = max(ready_in, standing.retry_at - now.elapsed)
            if wait > 0:
                waits.append(wait)
                continue
            standing.is_busy = True
            ready = [notice for notice in notices if notice.ready_at <= now.utc]
            work = self._deliver(name, together(ready, self._tries))
            group.create_task(work, name=f"notify {name}")
        return min(waits) / SECOND if waits else None

    async def _deliver(self, name: str, notices: Sequence[Notice]) -> None:
        standing = self._standings[name]
        notifier = self._notifiers().get(name)
        try:
            if notifier is None:
                self._give_up(name, notices, f"there is no notifier {name} any more")
                return
            message = await self._message(notices)
            await self._send_on_thread(name, notifier, message)
        except NotSent as error:
            self._note_failure(name, notices, str(error))
        except Exception as error:
            log.exception("a notice could not be sent", extra={"notifier": name})
            self._note_failure(name, notices, f"it could not be sent: {type(error).__name__}")
        else:
            standing.failures, standing.retry_at = 0, 0
            self._told |= {notice.id: notice.more for notice in notices}
            self._tell(
                Delivered(
                    notifier=name,
                    notices=tuple((notice.id, notice.more) for notice in notices),
                    channel=kind_of(notifier),
                    title=message.title,
                )
            )
        finally:
            standing.is_busy = False
            self._woken.set()

    def _note_failure(self, name: str, notices: Sequence[Notice], error: str) -> None:
        """Wait before the next try, longer each time; what is too old is given up."""
        standing, now = self._standings[name], self._clock.now()
        standing.failures += 1
        wait_s = self._pace.first_retry_s * GROWTH ** min(standing.failures - 1, 20)
        wait = round(min(wait_s, self._pace.longest_retry_s) * SECOND)
        standing.retry_at = now.elapsed + wait
        for notice in notices:
            self._tries[notice.id] = self._tries.get(notice.id, 0) + 1
        old = [notice for notice in notices if now.utc - notice.happened_at > GIVE_UP]
        self._give_up(name, old, error)
        rest = [notice for notice in notices if notice not in old]
        if rest:
            numbers = tuple((notice.id, notice.more) for notice in rest)
            retry_at = now.utc + wait
            self._tell(Delivered(notifier=name, notices=numbers, error=error, retry_at=retry_at))

    def _give_up(self, name: str, notices: Sequence[Notice], error: str) -> None:
        if notices:
            self._told |= {notice.id: notice.more for notice in notices}
            numbers = tuple((notice.id, notice.more) for notice in notices)
            self._tell(Delivered(notifier=name, notices=numbers, error=error))

    async def test(self, name: str) -> Answer:
        """Send a message to one notifier now, and say whether it took it."""
        notifier = self._notifiers().get(name)
        if notifier is None:
            known = ", ".join(self._notifiers())
            hint = f"known: {known}" if known else "name it below `notifiers` in the jobs file"
            message = f"there is no notifier {name}"
            return Answer(ok=False, kind="unknown_notifier", message=message, hint=hint)
        standing = self._standings[name]
        if standing.is_tested:
            return Answer(ok=False, message=f"{name} is being told something already")
        standing.is_tested = True
        try:
            return await self._test(name, notifier)
        finally:
            standing.is_tested = False

    async def _test(self, name: str, notifier: Notifier) -> Answer:
        now, store = self._clock.now().utc, self._bus.snapshot.store
        trial = trial_message(name, host=platform.node(), store=store, now=now)
        try:
            await self._send_on_thread(name, notifier, trial)
        except NotSent as error:
            return Answer(ok=False, message=f"{name} was not told: {error}")
        self._tell_fact(
            NoticesSent(
                at=now, notifier=name, notices=(), channel=kind_of(notifier), title=trial.title
            )
        )
        standing = self._standings[name]
        standing.failures, standing.retry_at = 0, 0  # what waits for it waits no longer
        self._woken.set()
        return Answer(ok=True, message=f"told {name}")

    # -- the sending -----------------------------------------------------------------------------

    async def _message(self, notices: Sequence[Notice]) -> Message:
        snapshot = self._bus.snapshot
        jobs = {job: view.job for job, view in snapshot.jobs.items()} if notices else {}
        output = await self._output(notices[-1]) if len(notices) == 1 else ""
        return compose_message(
            notices, jobs, output=output, host=platform.node(), store=snapshot.store
        )

    async def _output(self, notice: Notice) -> str:
        """Return the last lines that the run printed; its secrets were masked as they came."""
        if notice.run is None or not notice.output or notice.event in ("late", "start"):
            return ""
        try:
            part = await self._answer(ReadOutput(run=notice.run, max_bytes=OUTPUT_BYTES))
        except CrontermError:
            return ""  # the history of the run is gone
        assert isinstance(part, OutputPart)
        text = b"".join(chunk.data for chunk in part.chunks).decode("utf-8", "replace")
        return "\n".join(text.rstrip().splitlines()[-notice.output :])

    async def _send_on_thread(self, name: str, notifier: Notifier, message: Message) -> None:
        """Send on a thread of its own: looking up a name may take for ever. Raises `NotSent`."""
        if isinstance(notifier, Terminal):
            return  # the screens hear of what is recorded
        standing = self._standings[name]
        if standing.hanging >= MOST_HANGING:
            raise NotSent("the tries before it never came to their end")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str] = loop.create_future()

        def note(error: str) -> None:
            if done.done():
                standing.hanging -= 1  # it was given up
            else:
                done.set_result(error)

        def work() -> None:
            error = ""
            try:
                self._send(notifier, message, self._reveal)
            except NotSent as not_sent:
                error = str(not_sent) or "it was not sent"
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(note, error)

        threading.Thread(target=work, name="notify", daemon=True).start()
        try:
            async with asyncio.timeout(LONGEST_SEND_S):
                error = await asyncio.shield(done)
        except TimeoutError:
            done.cancel()
            standing.hanging += 1
            raise NotSent("it did not come to its end") from None
        if error:
            raise NotSent(error)

    def _reveal(self, private: Private) -> str:
        """Return a value; called on a thread. Raises `CrontermError`."""
        if private.secret is None:
            return private.text
        return self._secrets.value(private.secret, private.directory)


def together(notices: Sequence[Notice], tries: Mapping[int, int]) -> list[Notice]:
    """Return what goes into the next message: what is alike, or all where that is too much.

    What was tried least comes first: one message that is refused does not hold up the others.
    """
    groups: dict[tuple[int, str, str], list[Notice]] = {}
    for notice in sorted(notices, key=lambda each: (tries.get(each.id, 0), each.id)):
        kind = (tries.get(notice.id, 0), notice.event, notice.message)
        groups.setdefault(kind, []).append(notice)
    if len(groups) <= MOST_MESSAGES:
        return next(iter(groups.values()))[:MOST_TOGETHER]
    least = min(kind[0] for kind in groups)
    first = [each for kind, group in groups.items() if kind[0] == least for each in group]
    return sorted(first, key=lambda each: each.id)[:MOST_TOGETHER]
