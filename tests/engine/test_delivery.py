"""How notices come to people: together, one at a time, again and again, never holding up others."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from cronterm.clock import DAY, HOUR, SECOND, Now
from cronterm.core.base import Delivered
from cronterm.engine.bus import Bus
from cronterm.engine.delivery import Delivery, Pace, together
from cronterm.errors import CrontermError
from cronterm.execute.secrets import Secrets
from cronterm.model.event import AnyEvent, ConfigLoaded, Numbered
from cronterm.model.identity import Secret
from cronterm.model.job import Settings
from cronterm.model.notice import Notice, NoticeQueued, NoticesFailed, NoticesSent
from cronterm.model.notifier import Command, Notifier, Private, Terminal
from cronterm.model.query import AnyReply, OutputChunk, OutputPart, Query
from cronterm.model.snapshot import Snapshot
from cronterm.notify.base import Message, NotSent
from tests.remote.door import until

NOON = 20_000 * DAY
PACE = Pace(gather_s=0.0, first_retry_s=0.01, longest_retry_s=0.02)


class StillClock:
    """A clock that goes on by what is asked of it."""

    def __init__(self) -> None:
        self.utc = NOON

    def now(self) -> Now:
        """Return a reading; time goes on."""
        self.utc += SECOND // 100
        return Now(self.utc, self.utc)


class Post:
    """A bus with what is to be told, and the channel that takes it or does not."""

    def __init__(self, **notifiers: Notifier) -> None:
        self.bus = Bus(Snapshot(store="c0ffee00"))
        self.clock = StillClock()
        self.notifiers: dict[str, Notifier] = {"page": Command(command="x", directory="/")}
        self.notifiers |= notifiers
        self.sent: list[Message] = []
        self.told: list[Delivered] = []
        self.trouble: Callable[[Message], str] = lambda message: ""
        self.output = b""
        self.delivery = Delivery(
            bus=self.bus,
            clock=self.clock,
            notifiers=lambda: self.notifiers,
            secrets=Secrets({"URL": "https://h/s3cr3t"}),
            answer=self._answer,
            tell=self._tell,
            tell_fact=self.publish,
            send=self._send,
            pace=PACE,
        )

    def publish(self, *events: AnyEvent) -> None:
        """Record events."""
        n = self.bus.snapshot.n
        self.bus.publish([Numbered(n + number, event) for number, event in enumerate(events, 1)])

    def queue(self, number: int, **words: Any) -> None:
        """Let something be told."""
        self.publish(NoticeQueued(at=self.clock.utc, notice=notice(number, **words)))

    async def _answer(self, query: Query) -> AnyReply:
        if not self.output:
            raise CrontermError("there is no run 1")
        chunk = OutputChunk(0, NOON, "out", self.output)
        return OutputPart(run=1, attempt=1, chunks=(chunk,))

    def _tell(self, given: Delivered) -> None:
        """Record what the core would."""
        self.told.append(given)
        numbers = tuple(number for number, _ in given.notices)
        how: dict[str, Any] = {"at": NOON, "notifier": given.notifier, "notices": numbers}
        if given.error:
            self.publish(NoticesFailed(error=given.error, retry_at=given.retry_at, **how))
        else:
            self.publish(NoticesSent(channel=given.channel, title=given.title, **how))

    def _send(self, notifier: Notifier, message: Message, reveal: Callable[[Private], str]) -> None:
        trouble = self.trouble(message)
        if trouble:
            raise NotSent(trouble)
        self.sent.append(message)

    @property
    def waiting(self) -> list[int]:
        """What was not told yet."""
        return list(self.bus.snapshot.notices)


def notice(number: int, **words: Any) -> Notice:
    """Return a notice that is ready."""
    given: dict[str, Any] = {
        "id": number,
        "notifier": "page",
        "event": "failure",
        "job": f"job-{number}",
        "message": "exit 1",
        "happened_at": NOON,
        "ready_at": NOON,
        "run": number,
        "output": 2,
    }
    return Notice(**(given | words))


@contextlib.asynccontextmanager
async def delivering(post: Post) -> AsyncIterator[None]:
    """Deliver while the block runs."""
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        work = tasks.create_task(post.delivery.run())
        yield
        work.cancel()


async def test_what_waits_at_the_start_and_what_comes_is_told() -> None:
    post = Post()
    post.output = b"a\nb\nc\n"
    post.queue(1)
    async with delivering(post):
        await until(lambda: len(post.sent) == 1)
        post.queue(2, message="exit 2")
        await until(lambda: post.waiting == [])

    assert [each.title for each in post.sent] == ["job-1 failed: exit 1", "job-2 failed: exit 2"]
    assert [each.id for each in post.sent] == ["c0ffee00-1", "c0ffee00-2"]
    assert post.sent[0].output == "b\nc"


async def test_what_is_alike_is_told_together() -> None:
    post = Post()
    for number in range(1, 100):
        post.queue(number)
    async with delivering(post):
        await until(lambda: post.waiting == [])

    (message,) = post.sent
    assert message.title == "99 jobs failed: exit 1"
    assert len(message.jobs) == 99
    assert message.text.splitlines()[50] == "… and 49 more"
    assert message.run is None


async def test_a_storm_becomes_one_message() -> None:
    post = Post()
    for number in range(1, 41):
        post.queue(number, message=f"exit {number}")
    async with delivering(post):
        await until(lambda: post.waiting == [])

    assert [each.title.partition(" from ")[0] for each in post.sent] == ["40 alerts"]
    assert post.sent[0].text.startswith("- job-1 failed: exit 1\n- job-2 failed: exit 2\n")


async def test_what_fails_is_tried_again_until_it_is_there() -> None:
    post = Post()
    tries: list[str] = []

    def trouble(message: Message) -> str:
        tries.append(message.id)
        return "refused" if len(tries) < 5 else ""

    post.trouble = trouble
    post.queue(1)
    async with delivering(post):
        await until(lambda: post.waiting == [])

    assert tries == ["c0ffee00-1"] * 5
    assert [each.error for each in post.told] == ["refused"] * 4 + [""]
    waits = [each.retry_at for each in post.told]
    assert all(waits[:4])
    assert post.bus.snapshot.notifiers["page"].error == ""


async def test_one_that_is_refused_does_not_hold_up_the_others() -> None:
    post = Post()
    post.trouble = lambda message: "refused" if "job-1 " in message.title else ""
    for number in range(1, 4):
        post.queue(number, message=f"exit {number}")
    async with delivering(post):
        await until(lambda: post.waiting == [1])

    assert [each.jobs for each in post.sent] == [("job-2",), ("job-3",)]


async def test_a_notifier_that_fails_holds_up_no_other() -> None:
    post = Post(other=Command(command="x", directory="/"))
    released = threading.Event()

    def trouble(message: Message) -> str:
        if message.jobs == ("job-1",):
            assert released.wait(15)
        return ""

    post.trouble = trouble
    post.queue(1)
    post.queue(2, notifier="other")
    async with delivering(post):
        await until(lambda: post.waiting == [1])
        released.set()
        await until(lambda: post.waiting == [])


async def test_what_is_three_days_old_is_given_up() -> None:
    post = Post()
    post.trouble = lambda message: "refused"
    post.queue(1, happened_at=NOON - 4 * DAY)
    async with delivering(post):
        await until(lambda: post.waiting == [])

    assert [each.retry_at for each in post.told] == [None]
    assert post.bus.snapshot.notifiers["page"].given_up == 1


async def test_a_notifier_that_left_the_file_is_not_waited_for() -> None:
    post = Post()
    post.queue(1, notifier="gone")
    async with delivering(post):
        await until(lambda: post.waiting == [])

    assert post.told[0].error == "there is no notifier gone any more"


async def test_what_is_quiet_waits_for_its_time() -> None:
    post = Post()
    post.queue(1, ready_at=NOON + HOUR)
    post.queue(2)
    async with delivering(post):
        await until(lambda: post.waiting == [1])
        post.clock.utc += HOUR
        loaded = ConfigLoaded(at=NOON, sha256="", settings=Settings(), jobs=0)
        post.publish(loaded)  # anything that wakes it
        await until(lambda: post.waiting == [])


async def test_a_bug_in_a_channel_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    post = Post(bell=Terminal())
    post.output = b"x"

    async def broken(query: Query) -> AnyReply:
        raise ZeroDivisionError

    post.delivery._answer = broken
    post.queue(1)
    async with delivering(post):
        await until(lambda: bool(post.told))
        post.queue(2, notifier="bell", output=0)
        await until(lambda: post.waiting == [1])

    assert post.told[0].error == "it could not be sent: ZeroDivisionError"


async def test_a_test_says_whether_it_arrives_and_has_what_waits_tried_at_once() -> None:
    post = Post()
    is_down = True
    post.trouble = lambda message: "refused" if is_down else ""
    post.delivery._pace = Pace(gather_s=0.0, first_retry_s=1e6, longest_retry_s=1e6)
    post.queue(1)
    async with delivering(post):
        await until(lambda: len(post.told) == 1)
        answer = await post.delivery.test("page")
        assert (answer.ok, answer.message) == (False, "page was not told: refused")
        is_down = False
        answer = await post.delivery.test("page")
        assert (answer.ok, answer.message) == (True, "told page")
        await until(lambda: post.waiting == [])
        unknown = await post.delivery.test("nobody")

    assert [each.event for each in post.sent] == ["test", "failure"]
    assert (unknown.kind, unknown.hint) == ("unknown_notifier", "known: page")


def test_values_come_from_where_they_are_kept_each_time() -> None:
    post = Post()

    assert post.delivery._reveal(Private("as it is")) == "as it is"
    assert post.delivery._reveal(Private(secret=Secret(env="URL"))) == "https://h/s3cr3t"
    with pytest.raises(CrontermError, match="NONE is not set"):
        post.delivery._reveal(Private(secret=Secret(env="NONE")))


def test_what_was_tried_least_goes_first() -> None:
    notices = [notice(1), notice(2, message="b"), notice(3)]

    assert [each.id for each in together(notices, {})] == [1, 3]
    assert [each.id for each in together(notices, {1: 1})] == [2]
    assert [each.id for each in together(notices, {1: 2, 2: 1, 3: 1})] == [2]


async def test_one_notifier_is_tested_once_at_a_time() -> None:
    post = Post()
    released = threading.Event()
    post.trouble = lambda message: "" if released.wait(15) else "late"
    async with delivering(post):
        first = asyncio.get_running_loop().create_task(post.delivery.test("page"))
        await until(lambda: post.delivery._standings["page"].is_tested)
        second = await post.delivery.test("page")
        released.set()

        assert (await first).ok
        assert second.message == "page is being told something already"
