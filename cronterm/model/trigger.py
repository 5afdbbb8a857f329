"""What starts a job besides its schedule, and the signal that one of them came true."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec

from cronterm.clock import MINUTE, SECOND, Duration

FileEvent: TypeAlias = Literal["created", "modified", "deleted", "moved"]
Attribute: TypeAlias = Literal["mtime", "mode", "owner", "size"]
Measure: TypeAlias = Literal["cpu", "memory", "swap", "load"]
TriggerKind: TypeAlias = Literal["file", "disk", "attribute", "env", "metric", "webhook"]

FILE_EVENTS: tuple[FileEvent, ...] = ("created", "modified", "deleted", "moved")
ATTRIBUTES: tuple[Attribute, ...] = ("mtime", "mode", "owner", "size")


class Room(msgspec.Struct, frozen=True):
    """A part of a file system: so many bytes, or this ratio of it (0 to 1)."""

    bytes: int | None = None
    ratio: float | None = None

    def __str__(self) -> str:
        return f"{self.bytes}" if self.ratio is None else f"{self.ratio * 100:g}%"


class OnFile(msgspec.Struct, frozen=True, kw_only=True, tag="file"):
    """Files below `path`, or that file itself, are not what they were."""

    path: str
    """Absolute; it need not be there yet."""
    patterns: tuple[str, ...] = ()
    """Shell patterns of names, or with a slash of paths below `path`; empty is every file."""
    events: tuple[FileEvent, ...] = FILE_EVENTS
    recursive: bool = False
    settle: Duration = 2 * SECOND
    """How long nothing must have happened to the files that are told of."""


class OnDisk(msgspec.Struct, frozen=True, kw_only=True, tag="disk"):
    """The file system that holds `path` is short of room, in one of these senses."""

    path: str
    free_below: Room | None = None
    used_above: Room | None = None
    every: Duration = MINUTE


class OnAttribute(msgspec.Struct, frozen=True, kw_only=True, tag="attribute"):
    """One of these attributes of a file is not what it was; that it came or went counts, too."""

    path: str
    of: tuple[Attribute, ...] = ATTRIBUTES
    every: Duration = 30 * SECOND


class OnEnv(msgspec.Struct, frozen=True, kw_only=True, tag="env"):
    """A variable is not what it was: of a file of NAME=value lines, or of the engine itself."""

    name: str
    file: str | None = None
    every: Duration = 30 * SECOND


class OnMetric(msgspec.Struct, frozen=True, kw_only=True, tag="metric"):
    """A measure of the machine has been above a limit for some time."""

    measure: Measure
    above: float
    """Percent, but for `load`, which is the one-minute load average."""
    hold: Duration = 0
    """The `for` of the file: every reading of this long must be above."""
    every: Duration = 10 * SECOND


class OnWebhook(msgspec.Struct, frozen=True, kw_only=True, tag="webhook"):
    """Somebody posted to /hooks/`path`."""

    path: str


Trigger: TypeAlias = OnFile | OnDisk | OnAttribute | OnEnv | OnMetric | OnWebhook
Polled: TypeAlias = OnDisk | OnAttribute | OnEnv | OnMetric


def trigger_name(trigger: Trigger) -> str:
    """Return a trigger in a few words, which tell it from the others of its job."""
    match trigger:
        case OnFile():
            return " ".join(["file", trigger.path, *trigger.patterns])
        case OnDisk(free_below=None):
            return f"disk {trigger.path} used above {trigger.used_above}"
        case OnDisk():
            return f"disk {trigger.path} free below {trigger.free_below}"
        case OnAttribute():
            return f"attribute {trigger.path}"
        case OnEnv(file=None):
            return f"env {trigger.name}"
        case OnEnv():
            return f"env {trigger.name} in {trigger.file}"
        case OnMetric():
            return f"metric {trigger.measure} above {trigger.above:g}"
        case OnWebhook():
            return f"webhook {trigger.path}"


def triggers_text(triggers: Sequence[Trigger]) -> str:
    """Return what a job waits for, for people: `on file, webhook`."""
    kinds = dict.fromkeys(str(trigger.__struct_config__.tag) for trigger in triggers)
    return f"on {', '.join(kinds)}" if kinds else ""


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger came true."""

    kind: TriggerKind
    trigger: str
    """Its `trigger_name`."""
    text: str
    """What happened, in one printable line of at most 200 characters."""
    values: dict[str, bytes] = {}
    """What the job finds as CRONTERM_EVENT_<name>; names of files need not be UTF-8."""
    counts: dict[FileEvent, int] = {}
    """How many files each thing happened to."""
