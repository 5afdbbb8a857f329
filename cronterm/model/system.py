"""What is known of the program itself: its processes, its store, its versions."""

import msgspec

from cronterm.clock import Duration, Instant


class ProcessView(msgspec.Struct, frozen=True, kw_only=True):
    """What a process takes of the machine."""

    pid: int
    started_at: Instant
    rss_bytes: int
    cpu_us: Duration
    """Since it began."""
    threads: int = 1
    files: int = 0
    """Open descriptors."""


class RunnerView(msgspec.Struct, frozen=True, kw_only=True):
    """A runner that lives."""

    name: str
    process: ProcessView
    version: str = ""
    """Of the program it was started with."""
    children: int = 0
    """Processes that it started and that have not ended."""


class StoreView(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept."""

    path: str
    store: str = ""
    schema: int = 0
    bytes: int = 0
    log_bytes: int = 0
    """Of the write-ahead log beside it."""
    unused_bytes: int = 0
    """Of `bytes`: free for what comes."""
    runs: int = 0
    """That have ended and are kept."""
    total_runs: int = 0
    """That have ever ended."""
    jobs: int = 0
    """In the file now, or with a history."""
    oldest_at: Instant | None = None
    """When the oldest kept run was queued."""
    output_files: int = 0
    output_bytes: int = 0
    is_output_whole: bool = True
    """False where there are more files than were counted."""


class System(msgspec.Struct, frozen=True, kw_only=True):
    """The program, as it is now."""

    engine: ProcessView | None = None
    """None where no engine runs."""
    runners: tuple[RunnerView, ...] = ()
    """The newest last: it takes what starts."""
    inotify_instances: int = 0
    inotify_watches: int = 0
    """Of the engine."""
    store: StoreView
    versions: dict[str, str]
