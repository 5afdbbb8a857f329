"""The commands over a fake engine, in this process."""

from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from click.testing import CliRunner, Result

from cronterm.cli.base import Desk as AskedDesk
from cronterm.cli.base import (
    FarEngine,
    HeadlessOptions,
    Place,
    Progress,
    Rooms,
    ScreenOptions,
    WebOptions,
)
from cronterm.cli.program import run_program
from cronterm.clock import SystemClock
from cronterm.control import Message
from cronterm.engine.offline import ask_offline
from cronterm.engine.offline_edits import edit_offline
from cronterm.engine.simulate import simulate_instance
from cronterm.errors import NoEngine
from cronterm.instance import Instance
from cronterm.main import make_rooms
from cronterm.model.command import Answer, AnyCommand
from cronterm.model.forecast import Forecast, SimulationRequest
from cronterm.model.query import AnyReply, Query
from cronterm.model.snapshot import Snapshot
from tests.remote.fake_control import FakeControl

T = TypeVar("T")


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    raise AssertionError("it waits")


class Told(deque[Message | None]):
    """A queue without a loop."""

    def put_nowait(self, message: Message | None) -> None:
        """Take a message."""
        self.append(message)


class FakeClient:
    """A client whose stream holds what has happened by now, and then the engine leaves."""

    def __init__(self, control: FakeControl) -> None:
        self.control = control
        self.on_send: Callable[[], None] = lambda: None
        self.drops_output = False
        """The stream loses output, as a slow one may."""

    def snapshot(self) -> Snapshot:
        """As `RequestClient`."""
        return at_once(self.control.snapshot())

    def send(self, command: AnyCommand) -> Answer:
        """As `RequestClient`."""
        self.on_send()
        return at_once(self.control.send(command, by="me"))

    def query(self, query: Query) -> AnyReply:
        """As `RequestClient`."""
        return at_once(self.control.query(query))

    def stream(self, *, output: bool = True, last_id: str = "") -> Generator[Message, None, None]:
        """As `RequestClient`."""
        told = Told([self.snapshot()])
        self.control.listen(told, output=output and not self.drops_output)
        while told:
            message = told.popleft()
            if message is not None:
                yield message


class FarFake:
    """An engine on another machine."""

    def __init__(self, client: FakeClient, *, is_asleep: bool = False) -> None:
        self._client = client
        self._is_asleep = is_asleep

    @property
    def client(self) -> FakeClient:
        """As `FarEngine`."""
        if self._is_asleep:
            raise NoEngine("no engine runs there")
        return self._client

    def ask_offline(self, query: Query) -> AnyReply:
        """As `FarEngine`."""
        return self._client.query(query)


class Desk:
    """One instance, with or without an engine."""

    def __init__(self, directory: Path, client: FakeClient) -> None:
        self.instance = Instance(directory / "jobs.yaml", directory / "state")
        self.client = client
        self.asked_offline: list[Query] = []
        self.answers_from_disk = False
        self.headless: list[HeadlessOptions] = []
        self.daemons: list[HeadlessOptions] = []
        self.screens: list[Instance] = []
        self.shown: list[ScreenOptions] = []
        self.far: dict[str, FarFake] = {}
        self.reached: list[Place] = []
        self.bridges: list[Instance] = []
        self.attached: list[tuple[int, Instance | None, bool]] = []
        self.webs: list[WebOptions] = []

    def run(
        self, *words: str, charset: str = "utf-8", bare: bool = False, typed: str = ""
    ) -> Result:
        """Run a command on this instance, or with no options before it when `bare`."""
        place = ["-f", str(self.instance.jobs_file), "--state-dir", str(self.instance.state_dir)]
        given = list(words) if bare else [*place, *words]
        runner = CliRunner(charset=charset)
        with runner.isolation(typed) as (stdout, stderr, _):
            code = run_program(self._rooms(), given)
        return Result(
            runner, stdout.getvalue(), stderr.getvalue(), b"", None, code, None, exc_info=None
        )

    def asked(self, **options: Any) -> AskedDesk:
        """Return the desk that a command gets."""
        return AskedDesk(self._rooms()).with_options(**options)

    def _rooms(self) -> Rooms:
        return Rooms(
            connect=lambda instance: self.client,
            ask_offline=self._ask_offline,
            edit_offline=lambda instance, edit: edit_offline(instance, edit, local_timezone="UTC"),
            simulate=self._simulate,
            run_screen=self._run_screen,
            run_headless=self._run_headless,
            run_daemon=self._run_daemon,
            version=lambda: "9.9",
            reach=self._reach,
            run_bridge=self._run_bridge,
            run_attached=self._run_attached,
            run_web=self._run_web,
            list_keys=make_rooms().list_keys,
        )

    def _ask_offline(self, instance: Instance, query: Query) -> AnyReply:
        self.asked_offline.append(query)
        if self.answers_from_disk:
            return ask_offline(instance, query, clock=SystemClock(), local_timezone="UTC")
        return self.client.query(query)

    def _simulate(
        self, instance: Instance, request: SimulationRequest, progress: Progress
    ) -> Forecast:
        return simulate_instance(
            instance, request, clock=SystemClock(), local_timezone="UTC", progress=progress
        )

    def _run_screen(self, instance: Instance, options: ScreenOptions) -> int:
        self.screens.append(instance)
        self.shown.append(options)
        return 0

    @contextmanager
    def _reach(self, place: Place) -> Iterator[FarFake]:
        self.reached.append(place)
        if place.host not in self.far:
            raise NoEngine(f"{place.host}: no route to host")
        yield self.far[place.host]

    def _run_bridge(self, instance: Instance) -> int:
        self.bridges.append(instance)
        return 0

    def _run_attached(
        self, engines: Mapping[str, FarEngine], instance: Instance | None, options: ScreenOptions
    ) -> int:
        self.attached.append((len(engines), instance, options.read_only))
        self.shown.append(options)
        return 0

    def _run_web(self, instance: Instance, options: WebOptions) -> int:
        self.webs.append(options)
        return 0

    def _run_daemon(self, instance: Instance, options: HeadlessOptions) -> int:
        self.daemons.append(options)
        return 4242

    def _run_headless(self, instance: Instance, options: HeadlessOptions) -> int:
        self.headless.append(options)
        return 0


@contextmanager
def open_desk(directory: Path, *, running: bool = True) -> Iterator[Desk]:
    """Give a desk in a directory of its own; `running` holds its lock as an engine would."""
    it = Desk(directory, FakeClient(FakeControl()))
    it.instance.jobs_file.write_text('jobs: {a: {command: "true"}}\n', encoding="utf-8")
    with ExitStack() as stack:
        if running:
            stack.enter_context(it.instance.acquire_lock())
        yield it
