"""What a job's output must or must not say: judged line by line while it comes by."""

import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

from cronterm.runner.output import ERR, OUT

PART = 4 << 10  # characters: what re looks through without a look at signals is this, squared
MATCH_MOST_S = 0.2  # of processor time for what came at once: this loop holds all jobs
SHOWN = 200  # characters of a line that are told

_ANYTHING = re.compile(r"(?:\.\*\??)+(?![*+?{])")
"""What begins a pattern and says nothing: it makes a search quadratic."""

_COLOURS = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]")


class TooSlow(Exception):
    """A pattern takes longer than the other jobs may wait."""


class OutputRules:
    """The output rules of one attempt. Patterns see one line at a time, without its colours."""

    def __init__(self, stdout_match: str, output_reject: str, *, stderr_empty: bool) -> None:
        self._patterns = {
            rule: re.compile(_ANYTHING.sub("", pattern, 1) if pattern[0] == "." else pattern)
            for rule, pattern in (("stdout_match", stdout_match), ("output_reject", output_reject))
            if pattern
        }
        """What is not decided yet."""
        self._stderr_empty = stderr_empty
        self._rest = {OUT: b"", ERR: b""}
        self._broken: dict[str, str] = {}
        """Rule → the line that broke it, or why it could not be applied."""

    @staticmethod
    def read(rules: Mapping[str, Any]) -> "OutputRules | None":
        """Return the rules of a `start` message, or None where there are none.

        Raises `re.error` for a pattern that this Python does not know.
        """
        if not rules:
            return None
        return OutputRules(
            rules["stdout_match"], rules["output_reject"], stderr_empty=rules["stderr_empty"]
        )

    def feed(self, stream: int, content: bytes) -> None:
        """Judge what one stream wrote; an unfinished line waits for its end."""
        if stream == ERR and self._stderr_empty and "stderr_empty" not in self._broken:
            first = content.split(b"\n", 1)[0][: 4 * SHOWN]
            self._broken["stderr_empty"] = _shown(first.decode("utf-8", "replace"))
        if not self._rules_for(stream):
            return
        whole = self._rest[stream] + content
        end = whole.rfind(b"\n") + 1
        if len(whole) - end >= PART:
            end = len(whole)
        self._rest[stream] = whole[end:]
        if end:
            self._judge(stream, whole[:end])

    def finish(self) -> tuple[str, str]:
        """Return the first broken rule and what broke it, in words; both are empty if none is."""
        for stream, rest in self._rest.items():
            if rest:
                self._judge(stream, rest)
        if "stdout_match" in self._patterns:
            self._broken["stdout_match"] = ""
        for rule in ("stdout_match", "output_reject", "stderr_empty"):
            if rule in self._broken:
                return rule, self._broken[rule]
        return "", ""

    def _rules_for(self, stream: int) -> list[str]:
        return [rule for rule in self._patterns if stream == OUT or rule == "output_reject"]

    def _judge(self, stream: int, content: bytes) -> None:
        parts = list(_parts(content))
        for rule in self._rules_for(stream):
            search = self._patterns[rule].search
            try:
                with _limited():
                    found = next((part for part in parts if search(part)), None)
            except TooSlow:
                del self._patterns[rule]
                self._broken[rule] = "its pattern takes too long on what was written"
                continue
            if found is not None:
                del self._patterns[rule]
                if rule == "output_reject":
                    self._broken[rule] = _shown(found)


def _parts(content: bytes) -> Iterator[str]:
    """Yield the lines of an output, a very long one in parts."""
    text = content.decode("utf-8", "replace").removesuffix("\n")
    if "\x1b" in text:
        text = _COLOURS.sub("", text)
    for line in text.split("\n"):
        if len(line) <= PART:
            yield line.removesuffix("\r")
        else:
            yield from (line[start : start + PART] for start in range(0, len(line), PART))


def _shown(line: str) -> str:
    """Return a line as it may be told anywhere."""
    line = line.strip()
    shown = line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in shown)


@contextmanager
def _limited() -> Iterator[None]:
    """End what takes too long by a signal, which `re` looks for while it searches."""
    signal.signal(signal.SIGVTALRM, _give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, MATCH_MOST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        # It runs the handler of a signal that came just now: here, not later where nobody listens.
        signal.signal(signal.SIGVTALRM, _give_up)


def _give_up(number: int, frame: FrameType | None) -> None:
    raise TooSlow
