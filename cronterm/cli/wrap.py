"""`exec`: runs a command here and reports about it, for jobs that something else starts.

The command runs whatever becomes of the reports: an engine that is away keeps no job from its work.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Sequence
from typing import IO, Any

import click

from cronterm.cli.base import JOB_NAME, Client, Desk, common, desk, leave, say
from cronterm.errors import CrontermError
from cronterm.model.command import AddJob, Answer, PingJob

REPORT_S = 1.0  # what is printed is reported so often
MOST_WAITING = 256 << 10  # bytes of output that wait for a report; the older ones are dropped
MOST_AT_ONCE = 64 << 10
PIECE_BYTES = 64 << 10
ENDING_S = 10.0
FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


@click.command("exec", context_settings={"allow_interspersed_args": False})
@common
@click.option("--job", type=JOB_NAME, required=True, metavar="ID", help="Who it is reported as.")
@click.option("--create", is_flag=True, help="Write the job into the jobs file if it is not there.")
@click.option("--schedule", metavar="S", help="With --create: when it is to be reported.")
@click.option("--tolerance", metavar="DURATION", help="With --create: how late it may be.")
@click.argument("command", nargs=-1, required=True, metavar="-- CMD...", type=click.UNPROCESSED)
@click.pass_context
def execute(
    context: click.Context,
    /,
    job: str,
    create: bool,
    schedule: str | None,
    tolerance: str | None,
    command: tuple[str, ...],
    **given: Any,
) -> None:
    """Run a command here, and report its start, its output and its end to a job with `monitor`.

    For crontab lines and other schedulers. The exit status is that of the command. Without an
    engine it runs all the same.

    \b
    Example: cronterm exec --job mirror --create -- rsync -a /srv/ backup:/srv/
    """
    at = desk(context, **given)
    words: dict[str, Any] = {"schedule": schedule, "tolerance": tolerance, "monitor": True}
    reports = Reports(at, job, {word: value for word, value in words.items() if value is not None})
    leave(execute_command(command, reports, may_create=create))


class Reports:
    """Tells the engine about one run; what cannot be told is said once on stderr."""

    def __init__(self, at: Desk, job: str, words: dict[str, Any]) -> None:
        self._at = at
        self._job = job
        self._words = words
        self._rid = uuid.uuid4().hex[:12]
        self._client: Client | None = None
        self._has_begun = False
        self._output = bytearray()
        self._dropped = 0
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._report, name="report", daemon=True)

    def begin(self, *, may_create: bool) -> None:
        """Report the start."""
        try:
            self._client = self._at.client
            answer = self._send("start")
            if answer.kind == "unknown_job" and may_create:
                made = self._client.send(AddJob(job=self._job, words=self._words))
                if not made.ok:
                    raise CrontermError(made.message, made.hint)
                answer = self._send("start")
            if not answer.ok and "heartbeat" not in answer.message:
                raise CrontermError(answer.message, answer.hint)
        except CrontermError as error:
            self._give_up(error)
        else:
            self._has_begun = answer.ok
            self._thread.start()

    def take(self, content: bytes) -> None:
        """Take what the command printed."""
        if not self._has_begun:
            return
        with self._lock:
            self._output += content
            extra = len(self._output) - MOST_WAITING
            if extra > 0:
                self._dropped += extra
                del self._output[:extra]

    def end(self, code: int) -> None:
        """Report the end."""
        if self._client is None:
            return
        self._is_over.set()
        self._thread.join(ENDING_S)
        try:
            self._tell_output()
            is_run = self._has_begun or code
            answer = self._send("end", code) if is_run else self._send("heartbeat")
            if not answer.ok:
                raise CrontermError(answer.message, answer.hint)
        except CrontermError as error:
            self._give_up(error)

    def _send(self, what: Any, code: int = 0, text: str = "") -> Answer:
        assert self._client is not None
        rid = self._rid if self._has_begun or what == "start" else ""
        return self._client.send(
            PingJob(job=self._job, what=what, exit_code=code, rid=rid, text=text)
        )

    def _report(self) -> None:
        while not self._is_over.wait(REPORT_S):
            try:
                self._tell_output()
            except CrontermError as error:
                self._give_up(error)
                return

    def _tell_output(self) -> None:
        for text in self._texts():
            self._send("log", text=text)

    def _texts(self) -> Iterator[str]:
        """Yield what was not told yet, in pieces that end with a line where they can."""
        with self._lock:
            content, dropped = bytes(self._output), self._dropped
            self._output.clear()
            self._dropped = 0
        if dropped:
            yield f"[{dropped} bytes were not reported]"
        while content:
            end = len(content)
            if end > MOST_AT_ONCE:
                end = content.rfind(b"\n", 0, MOST_AT_ONCE) + 1 or MOST_AT_ONCE
            yield content[:end].decode("utf-8", "replace").removesuffix("\n")
            content = content[end:]

    def _give_up(self, error: CrontermError) -> None:
        self._client = None
        say(f"cronterm: {self._job} is not reported: {error}", err=True)


def execute_command(command: Sequence[str], reports: Reports, *, may_create: bool = False) -> int:
    """Run a command and report it; return its exit status as a shell would."""
    reports.begin(may_create=may_create)
    code = _run(command, reports)
    reports.end(code)
    return code


def _run(command: Sequence[str], reports: Reports) -> int:
    """Run a command with its output passed on; return its exit status as a shell would."""
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        text = f"{command[0]}: {error.strerror}"
        say(text, err=True)
        reports.take(text.encode())
        return 127 if isinstance(error, FileNotFoundError) else 126
    with _forwarding(process):
        _pass_on(process, reports)
        code = process.wait()
    return code if code >= 0 else 128 - code


@contextlib.contextmanager
def _forwarding(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Hand on signals while the block runs; Ctrl-C reaches the command by itself."""

    def forward(number: int, frame: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)

    before = {number: signal.signal(number, forward) for number in FORWARDED}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _pass_on(process: "subprocess.Popen[bytes]", reports: Reports) -> None:
    """Copy the output of the command to this one's until both its pipes have ended."""
    pairs: dict[IO[bytes], IO[bytes]] = {}
    assert process.stdout is not None
    assert process.stderr is not None
    pairs[process.stdout] = sys.stdout.buffer
    pairs[process.stderr] = sys.stderr.buffer
    with selectors.DefaultSelector() as selector:
        for pipe in pairs:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                pipe = key.fileobj  # type: ignore[assignment]  # they are what was registered
                content = os.read(key.fd, PIECE_BYTES)
                if not content:
                    selector.unregister(pipe)
                    continue
                reports.take(content)
                with contextlib.suppress(BrokenPipeError):  # nobody reads: it is reported still
                    pairs[pipe].write(content)
                    pairs[pipe].flush()
    process.stdout.close()
    process.stderr.close()
