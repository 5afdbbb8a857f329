"""What every source gives: jobs in our words, and what became of each of its lines."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from cronterm.clock import Instant
from cronterm.errors import BadInput
from cronterm.model.job import Job

Words: TypeAlias = dict[str, Any]
"""Words of jobs.yaml with plain values."""

Instants: TypeAlias = Callable[[Instant, int], list[Instant]]
"""The first so many instants strictly after one, as the source itself means them."""

Fate: TypeAlias = Literal["job", "setting", "comment", "refused"]


@dataclass(frozen=True)
class Line:
    """What became of one line (of an entry, where a source is no list of lines)."""

    number: int
    fate: Fate
    text: str
    reason: str = ""
    """Why it was refused."""


@dataclass(frozen=True)
class Meaning:
    """When the source would start a job, read apart from our own schedules."""

    text: str
    """As it was written."""
    timezone: str
    instants: Instants | None = None
    why_not: str = ""
    """Why there is nothing to compare."""


@dataclass(frozen=True)
class Moved:
    """One job that was found."""

    id: str
    words: Words
    place: str
    """`FILE:LINE`."""
    line: int
    text: str
    meaning: Meaning
    remarks: tuple[str, ...] = ()
    """What its words do not say, a sentence each."""

    def with_remarks(self, *remarks: str) -> "Moved":
        """Return the job with more remarks."""
        return replace(self, remarks=(*self.remarks, *remarks))


@dataclass(frozen=True)
class Found:
    """What one source held."""

    name: str
    jobs: tuple[Moved, ...] = ()
    lines: tuple[Line, ...] = ()
    notes: tuple[str, ...] = ()
    """What concerns the whole source."""

    @property
    def refused(self) -> tuple[Line, ...]:
        """The lines that became no job and should have."""
        return tuple(line for line in self.lines if line.fate == "refused")


@dataclass(frozen=True)
class Surroundings:
    """Where the import happens."""

    timezone: str
    """This machine's, which is cron's."""
    user: str
    """Who imports."""
    is_root: bool
    users: frozenset[str] = frozenset()
    """Who is known here."""
    homeless: frozenset[str] = frozenset()
    """Whose home is not there."""


class Unreadable(BadInput):
    """An entry of a source that cannot be read."""


@dataclass
class Gathering:
    """Collects what one source holds."""

    name: str
    jobs: list[Moved] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note_line(self, number: int, fate: Fate, text: str, reason: str = "") -> None:
        """Say what became of a line."""
        self.lines.append(Line(number, fate, text.strip(), reason))

    def note(self, text: str) -> None:
        """Say what concerns the whole source, once."""
        if text not in self.notes:
            self.notes.append(text)

    def found(self) -> Found:
        """Return all of it."""
        return Found(self.name, tuple(self.jobs), tuple(self.lines), tuple(self.notes))


_CALLED = {"env_files": "env_file", "keep": "history", "success_exit_codes": "success"}
"""Words of fields that have another name."""


@dataclass
class Told:
    """What is said about one job that is exported."""

    losses: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Why it, or one of its times, is not there."""

    def lose(self, text: str) -> None:
        """Say what the other form cannot."""
        if text not in self.losses:
            self.losses.append(text)

    def leave_out(self, text: str) -> None:
        """Say why a job or one of its times is not there."""
        if text not in self.left_out:
            self.left_out.append(text)


def lossy(job: Job, known: Collection[str]) -> Iterator[str]:
    """Yield what a job says in fields that are not among `known`."""
    usual = Job(id="", source="", directory="", action=job.action, working_dir="")
    for name in job.__struct_fields__:
        if name not in known and getattr(job, name) != getattr(usual, name):
            yield _CALLED.get(name, name)


def refusals(found: Sequence[Found]) -> list[tuple[str, Line]]:
    """Return (source, line) of everything that became no job and should have."""
    return [(each.name, line) for each in found for line in each.refused]
