"""The near end of `ssh HOST cronterm bridge`: connections to the door there.

After ssh has broken it is started again as soon as somebody wants to connect.
"""

import contextlib
import shlex
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from cronterm.control import API_VERSION
from cronterm.errors import NoEngine
from cronterm.model.query import AnyReply, Query
from cronterm.remote.bridge import BridgeHello, Reply
from cronterm.remote.client import OpenStream, RequestClient
from cronterm.remote.frames import Kind, LineBroken, Pump
from cronterm.remote.wire import REPLIES, Hello, mismatch, raised

T = TypeVar("T")

LOGIN_S = 120.0  # somebody may have to type a password
ANSWER_S = 60.0
ENDING_S = 2.0
ALIVE = ("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3")  # dead for 15 s is gone
NO_QUESTIONS = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=10")


@dataclass(frozen=True)
class Route:
    """How a machine is reached, and which instance is meant there."""

    host: str
    options: tuple[str, ...] = ()
    """Of `cronterm bridge` there."""
    program: str = "cronterm"
    ssh: tuple[str, ...] = ("ssh",)
    may_ask: bool = True
    """ssh may ask for a password, at first."""

    @classmethod
    def of(cls, host: str, options: tuple[str, ...], env: Mapping[str, str], **given: bool) -> Self:
        """Return the route that the environment says: CRONTERM_SSH, CRONTERM_REMOTE."""
        ssh = tuple(shlex.split(env.get("CRONTERM_SSH", ""))) or ("ssh",)
        return cls(host, options, env.get("CRONTERM_REMOTE") or "cronterm", ssh, **given)

    def words(self, *, is_first: bool) -> list[str]:
        """Return the command line of ssh."""
        quiet = () if is_first and self.may_ask else NO_QUESTIONS
        # The program's name may be a command line of its own; the options are words.
        far = f"{self.program} bridge {shlex.join(self.options)}".rstrip()
        return [*self.ssh, "-T", *ALIVE, *quiet, "--", self.host, far]


@dataclass
class _Waiting:
    """A question on its way."""

    done: threading.Event = field(default_factory=threading.Event)
    answer: bytes = b""


class Tunnel:
    """One machine, as long as the block runs."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.host = route.host
        self.why = ""
        """Why the line ended last."""
        self._hello: BridgeHello | None = None
        self._said = threading.Event()
        """A hello came, or the line ended."""
        self._wanted = threading.Event()
        """Somebody wants a line where there is none."""
        self._questions: dict[int, _Waiting] = {}
        self._pump: Pump | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name=f"ssh {self.host}", daemon=True)

    def __enter__(self) -> Self:
        """Start ssh and wait for the other side. Raises `NoEngine` with what ssh says."""
        try:
            self._thread.start()
            if not self._said.wait(LOGIN_S) or self._hello is None:
                raise NoEngine(f"{self.host}: {self.why or 'ssh takes too long'}", self._hint())
            if self._hello.api != API_VERSION:
                raise mismatch(self._hello.api, API_VERSION, version=self._hello.version)
        except BaseException:
            self.close()
            raise
        return self

    def _hint(self) -> str:
        if "not found" in self.why or self.why.endswith("127"):
            return "is cronterm there, in the PATH of ssh? CRONTERM_REMOTE names it"
        return f"does `ssh {self.host} {self.route.program} --version` work?"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End ssh."""
        self.close()

    def close(self) -> None:
        """End ssh; whoever speaks through it comes to an end."""
        self._is_over = True
        if self._pump is not None:
            self._pump.stop()
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join(ENDING_S)
        self._end_process()

    # -- asking ----------------------------------------------------------------------------------

    @property
    def client(self) -> RequestClient:
        """What asks the engine there. Raises `NoEngine` where none ran when the line began."""
        hello = self._hello
        if hello is not None and hello.trouble is not None:
            told = hello.trouble
            raise NoEngine(f"{self.host}: {told.message}", _hint_here(self.host, told.hint))
        return FarClient(self)

    def dial(self) -> socket.socket:
        """Return a connection to the door there. Raises `NoEngine` and begins a new line."""
        near, far = socket.socketpair()
        pump = self._pump
        if pump is None or not pump.adopt(far):
            far.close()
            near.close()
            self._wanted.set()
            raise NoEngine(f"{self.host}: {self.why or 'the line is gone'}", "try again")
        return near

    def ask_offline(self, query: Query) -> AnyReply:
        """Answer from file and history there."""
        if self._pump is None:
            raise NoEngine(f"{self.host}: {self.why}")
        waiting = _Waiting()
        number = len(self._questions) + 1
        self._questions[number] = waiting
        self._pump.put(Kind.ASK, number, msgspec.json.encode(query))
        self._pump.wake()
        if not waiting.done.wait(ANSWER_S) or not waiting.answer:
            raise NoEngine(f"{self.host}: {self.why or 'no answer came'}", "try again")
        reply = msgspec.json.decode(waiting.answer, type=Reply)
        if reply.trouble is not None:
            raise raised(reply.trouble)
        answer: AnyReply = msgspec.json.decode(reply.content, type=REPLIES[type(query)])
        return answer

    # -- the line --------------------------------------------------------------------------------

    def _run(self) -> None:
        """Hold a line, and begin a new one when somebody connects after it broke."""
        is_first = True
        while not self._is_over:
            try:
                self._hold(is_first=is_first)
            except (OSError, LineBroken) as error:
                self.why = str(error)
            is_first = False
            self._pump = None
            for waiting in self._questions.values():
                waiting.done.set()
            self._said.set()
            self._wanted.wait()
            self._wanted.clear()

    def _hold(self, *, is_first: bool) -> None:
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                self.route.words(is_first=is_first),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=not (is_first and self.route.may_ask),
            )
            self._process = process
            assert process.stdin is not None
            assert process.stdout is not None
            self._pump = Pump(
                process.stdout.fileno(),
                process.stdin.fileno(),
                has_magic=True,
                on_frame=self._take,
            )
            try:
                self._pump.run()
            finally:
                self._end_process()
                errors.seek(0)
                lines = errors.read().decode("utf-8", "replace").strip().splitlines()
                self.why = lines[-1] if lines else f"ssh ended with {process.returncode}"

    def _take(self, kind: Kind, number: int, content: bytes) -> None:
        match kind:
            case Kind.HELLO:
                self._hello = msgspec.json.decode(content, type=BridgeHello)
                self._said.set()
            case Kind.ANSWER:
                waiting = self._questions.get(number)
                if waiting is not None:
                    waiting.answer = content
                    waiting.done.set()

    def _end_process(self) -> None:
        process = self._process
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(ENDING_S / 4)
        except subprocess.TimeoutExpired:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(ENDING_S)
            process.kill()
            process.wait()


class FarClient(RequestClient):
    """Asks an engine on another machine; its errors name the machine."""

    def __init__(self, tunnel: Tunnel) -> None:
        super().__init__(tunnel.dial)
        self._tunnel = tunnel

    def hello(self) -> Hello:
        """As `RequestClient`."""
        with self._named():
            return super().hello()

    def open_stream(self, *, output: bool = True, last_id: str = "") -> OpenStream:
        """As `RequestClient`."""
        with self._named():
            return super().open_stream(output=output, last_id=last_id)

    def _ask(self, method: str, target: str, content: Any, kind: type[T]) -> T:
        with self._named():
            return super()._ask(method, target, content, kind)

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except NoEngine as error:
            why = self._tunnel.why or error.message
            raise NoEngine(f"{self._tunnel.host}: {why}", error.hint) from None


def _hint_here(host: str, hint: str) -> str:
    """Return what there is to do where no engine runs there, as it is typed here."""
    start = hint.replace("`cronterm ", f"`ssh {host} cronterm ")
    return hint.replace("cronterm -f ", f"cronterm -H {host} -f ") if start == hint else start


def options_there(file: str | None, state_dir: str | None) -> tuple[str, ...]:
    """Return the options of `cronterm bridge` for an instance there."""
    return (
        *(("-f", file) if file else ()),
        *(("--state-dir", state_dir) if state_dir else ()),
    )
