"""Commands: requests, imperative. Each is answered after its commit."""

from typing import Any, Literal, TypeAlias

import msgspec

from cronterm.clock import Duration, Instant


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """A request. `id` is made by the client; the engine does not carry out one id twice."""

    id: str = ""


class RunJob(Command, frozen=True, kw_only=True):
    """Start a run now. Obeys `overlap` unless `force`."""

    job: str
    force: bool = False
    scheduled_at: Instant | None = None
    params: dict[str, str] = {}
    """Values by the names of the job's params; the others have their default."""
    with_deps: bool = False
    """Run what it depends on first, in order; a failure there ends it."""


class StopRun(Command, frozen=True, kw_only=True):
    """End an open run by its stop rule. Give `run`, or `job` for all its open runs."""

    run: int | None = None
    job: str = ""
    signal: str = ""
    """Instead of the job's stop_signal; `SIGKILL` ends it at once."""


class PauseJob(Command, frozen=True, kw_only=True):
    """Hold back timed starts of `job`, or of everything when it is empty."""

    job: str = ""
    until: Instant | None = None
    reason: str = ""


class ResumeJob(Command, frozen=True, kw_only=True):
    """End the pause of `job`, or of everything when it is empty."""

    job: str = ""
    catch_up: bool = False
    """Apply the job's catch_up to the instants of the pause."""


class FireHook(Command, frozen=True, kw_only=True):
    """Tell the jobs that wait for the webhook `hook`. Each decides by its own rules."""

    hook: str
    body: bytes = b""
    file: str = ""
    """Where the engine has put a body that is too long for an environment; not for clients."""


class PingJob(Command, frozen=True, kw_only=True):
    """Report about a job that something else runs."""

    job: str
    what: Literal["heartbeat", "start", "end", "fail", "log"] = "heartbeat"
    exit_code: int = 0
    """Of `end`, 0 to 255."""
    rid: str = ""
    """Tells runs apart that are open at the same time."""
    text: str = ""
    """Goes into the run's output."""
    client: str = ""
    """What is known of who reports, a JSON object; kept with a run that begins by this."""


class RerunRun(Command, frozen=True, kw_only=True):
    """Run again what a run was, by the definition it had. Obeys `overlap`."""

    run: int


class RerunEdited(Command, frozen=True, kw_only=True):
    """Run again what a run was, with some words changed for this once. Only over the socket.

    The words are those of `config.once`; a null value removes the word.
    """

    run: int
    words: dict[str, Any] = {}
    params: dict[str, str] | None = None
    """Instead of those that were chosen for the run; None keeps them."""


class TryJob(Command, frozen=True, kw_only=True):
    """Run a job once as `EditJob` would make it; nothing is written. Only over the socket."""

    job: str
    words: dict[str, Any] = {}
    params: dict[str, str] = {}
    is_new: bool = False
    """As `AddJob` would make it, where there is no such job."""


class RunMissed(Command, frozen=True, kw_only=True):
    """Run a job once for the instants it missed, and settle them."""

    job: str
    due_at: Instant | None = None
    """The instant it is run for, by its second; None is the newest. What was missed before it,
    or together with it, is settled."""
    is_range: bool = False
    """Filled in by the engine: the instant has no row of its own yet."""


class IgnoreMissed(Command, frozen=True, kw_only=True):
    """Settle what `job` missed, or everything where it is empty."""

    job: str = ""
    until: Instant | None = None
    """Only instants up to this one."""


class AcknowledgeAlert(Command, frozen=True, kw_only=True):
    """Say that an alert is known, or with `undo` that it is not."""

    alert: int
    undo: bool = False


class CommentAlert(Command, frozen=True, kw_only=True):
    """Write something to an alert."""

    alert: int
    text: str


class MuteAlerts(Command, frozen=True, kw_only=True):
    """Silence the alerts of a job until `until`; a moment in the past ends that."""

    job: str
    until: Instant


class SkipNext(Command, frozen=True, kw_only=True):
    """Decide now that the next instant of `job` starts nothing; or lift that, until it is due."""

    job: str
    due_at: Instant | None = None
    """The instant that is meant; refused where another one comes next. None is the next one,
    refused where one before it is skipped already."""
    reason: str = ""
    undo: bool = False
    """Lift the skip of `due_at`, by default of the latest instant that is skipped."""


class TryNotifier(Command, frozen=True, kw_only=True):
    """Send a message to a notifier, to see whether it arrives."""

    notifier: str


class ReloadConfig(Command, frozen=True, kw_only=True):
    """Read the jobs file again now."""


class AddJob(Command, frozen=True, kw_only=True):
    """Write a new job into the jobs file."""

    job: str
    words: dict[str, Any]
    """The job's words in the order they should be written."""
    based_on: str = ""
    """sha256 of the file the edit was made on; empty is whatever it is now."""
    dry_run: bool = False
    """Only tell the diff."""


class EditJob(Command, frozen=True, kw_only=True):
    """Change words of a job in the jobs file; a null value removes the word."""

    job: str
    words: dict[str, Any]
    based_on: str = ""
    dry_run: bool = False


class DeleteJob(Command, frozen=True, kw_only=True):
    """Remove a job from the jobs file."""

    job: str
    based_on: str = ""
    dry_run: bool = False


class RewriteJob(Command, frozen=True, kw_only=True):
    """Put another text in the place of a job's, as `ReadConfig` gave it."""

    job: str
    text: str
    based_on: str = ""
    dry_run: bool = False


class RenameJob(Command, frozen=True, kw_only=True):
    """Give a job another name; its history, and what names it in its file, go with it."""

    job: str
    new: str
    based_on: str = ""
    dry_run: bool = False


class MoveJob(Command, frozen=True, kw_only=True):
    """Move a job to another file of the instance, from the jobs file's directory on."""

    job: str
    to: str
    based_on: str = ""
    dry_run: bool = False


class UndoEdit(Command, frozen=True, kw_only=True):
    """Put back the text before the last edit made through the engine."""

    based_on: str
    dry_run: bool = False


class DefineMonitor(Command, frozen=True, kw_only=True):
    """Define a job that something else runs, or change it. It lies in the store."""

    job: str
    schedule: str
    tolerance: Duration | None = None
    max_runtime: Duration | None = None
    is_heartbeat: bool = False


class DropMonitor(Command, frozen=True, kw_only=True):
    """Forget a job that `DefineMonitor` defined. Its history stays."""

    job: str


class ShutDown(Command, frozen=True, kw_only=True):
    """End the engine. Jobs go on with the runner unless `stop_runs`."""

    now: bool = False
    stop_runs: bool = False


Edit: TypeAlias = AddJob | EditJob | DeleteJob | RewriteJob | RenameJob | MoveJob
"""What changes the jobs file, in words of its own."""

AnyCommand: TypeAlias = (
    RunJob
    | StopRun
    | PauseJob
    | ResumeJob
    | FireHook
    | PingJob
    | RerunRun
    | RerunEdited
    | TryJob
    | RunMissed
    | IgnoreMissed
    | AcknowledgeAlert
    | CommentAlert
    | MuteAlerts
    | SkipNext
    | TryNotifier
    | ReloadConfig
    | AddJob
    | EditJob
    | DeleteJob
    | RewriteJob
    | RenameJob
    | MoveJob
    | UndoEdit
    | DefineMonitor
    | DropMonitor
    | ShutDown
)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a command. `n` is the number of the last event it caused."""

    ok: bool
    n: int = 0
    message: str = ""
    """Past tense when done ("paused backup"), the reason when refused."""
    hint: str = ""
    kind: Literal[
        "",
        "unknown_job",
        "unknown_run",
        "unknown_alert",
        "unknown_hook",
        "unknown_notifier",
        "overlap",
        "stale",
        "invalid",
        "stopping",
    ] = ""
    run: int | None = None
    diff: str = ""
    """Unified diff of an edit, or of what a stale edit missed."""
    sha256: str = ""
    """Of the jobs file after an edit."""
    not_in_force: str = ""
    """`not in force: jobs.yaml:3:5: …`: an edit is written, but counts once that is mended.

    Its message says so too.
    """
