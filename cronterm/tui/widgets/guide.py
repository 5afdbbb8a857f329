"""The first minute: three steps for a person who is new here, ticked off as they are done."""

import hashlib
from pathlib import PurePath

from cronterm.model.snapshot import Snapshot
from cronterm.tui.key_names import READ
from cronterm.tui.keymap import STAYING
from cronterm.tui.widgets.paint import Painted, Part

SAMPLES = frozenset(("heartbeat", "disk-report", "flaky-upload", "slow-sync", "nightly-backup"))
"""The jobs of sample.yaml."""
EXAMPLE = "jobs.example.yaml"
NOTHING = hashlib.sha256(b"").hexdigest()  # of a file that is not there


def is_to_begin_with(snapshot: Snapshot) -> bool:
    """Tell whether a jobs file is empty, or one that is there to learn from."""
    is_example = PurePath(snapshot.engine.jobs_file).name == EXAMPLE
    return is_example or snapshot.jobs.keys() <= SAMPLES


def is_there(snapshot: Snapshot) -> bool:
    """Tell whether there is a jobs file at all."""
    return bool(snapshot.problems) or snapshot.sha256 not in ("", NOTHING)


class Guide(Painted):
    """The steps, in three lines; the dashboard says what was done."""

    def __init__(self) -> None:
        super().__init__(id="guide")
        self.has_jobs = False
        self.may_sample = True
        """There is no file yet."""
        self.has_run = False
        self.has_looked = False
        self.border_title = f"First steps · {READ[STAYING['clear']]} hides them for good"

    @property
    def is_over(self) -> bool:
        """Every step was done."""
        return self.has_jobs and self.has_run and self.has_looked

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the steps; what is done is ticked and faint."""
        if self.has_jobs:
            first: list[Part] = [("here they are; each says how it is and when it runs", "text")]
        else:
            sample = [("sort", "writes five samples")] if self.may_sample else []
            first = self._keys(("add", "makes a job with a form"), *sample)
        second = self._keys(("trigger", "runs the chosen job now: press it twice"))
        third = self._keys(
            ("logs", "shows what it printed"),
            ("help", "every key"),
            ("quit", "leaves, jobs go on"),
        )
        return [
            self._line("have jobs", first, is_done=self.has_jobs),
            self._line("run one", second, is_done=self.has_run),
            self._line("look at it", third, is_done=self.has_looked),
        ]

    def _keys(self, *pairs: tuple[str, str]) -> list[Part]:
        parts: list[Part] = []
        for id, word in pairs:
            parts += [(f"{self.key(id)} ", "accent+bold"), (f"{word}   ", "text")]
        return parts

    def _line(self, name: str, parts: list[Part], *, is_done: bool) -> list[Part]:
        tick = self.glyphs.states["succeeded" if is_done else "never"]
        head: list[Part] = [(f" {tick} ", "ok" if is_done else "muted"), (f"{name:<12}", "muted")]
        return [*head, *([(text, "faint") for text, _ in parts] if is_done else parts)]
