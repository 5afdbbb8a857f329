"""Tells of alerts outside of the window: the bell, and a notification of the terminal (OSC 9)."""

import os
from collections.abc import Mapping

from cronterm.clock import Clock
from cronterm.control import Control
from cronterm.model.notice import NoticesSent
from cronterm.sanitize import sanitize_line
from cronterm.tui.copying import Copying
from cronterm.tui.outside import is_deaf, run

RING_EVERY_S = 5.0  # what comes sooner is told together
LONGEST = 200  # characters
TMUX_MAY_PASS = ("tmux", "show-options", "-Apv", "allow-passthrough")


class Ringing(Copying):
    """An app that rings for what a `terminal` notifier of the jobs file was told."""

    def __init__(self, control: Control, clock: Clock, *, is_read_only: bool = False) -> None:
        super().__init__(control, clock, is_read_only=is_read_only)
        self.ring_every_s = RING_EVERY_S
        self._may_ring = True
        self._title = ""
        self._held = 0
        """How many were told and not rung for yet; `_title` is the first of them."""

    def ring(self, told: NoticesSent) -> None:
        """Ring the bell and show a notice, here and outside; those after it wait their turn."""
        if told.channel == "terminal":
            self._title = self._title if self._held else told.title
            self._held += 1
            if self._may_ring:
                self._ring()

    def _ring(self) -> None:
        self._may_ring = not self._held
        if self._may_ring:
            return
        more = f" (+{self._held - 1})" if self._held > 1 else ""
        text, self._held = f"{self._title}{more}", 0
        self.bell()
        self.tell(text, is_bad=True)
        if not self.is_web:
            self.run_worker(self._ring_outside(text), group="ring")
        self.set_timer(self.ring_every_s, self._ring)

    async def _ring_outside(self, text: str) -> None:
        sequence = await notice_sequence(text, os.environ)
        if sequence and self._driver is not None:
            self._driver.write(sequence)


async def notice_sequence(text: str, environ: Mapping[str, str]) -> str:
    """Return what makes the terminal outside show a notification; "" where none would hear it.

    In tmux it is wrapped, where `allow-passthrough` lets it through. `text` cannot end it, nor
    begin with a digit: to some terminals a number says that something else follows.
    """
    notice = f"\x1b]9;cronterm: {sanitize_line(text)[:LONGEST]}\x07"
    if environ.get("TMUX"):
        status, said = await run(TMUX_MAY_PASS, environ, hears=True)
        # One that does not know the option (before 3.3) lets everything through.
        may_pass = said.strip() in (b"on", b"all") if status == 0 else b"invalid option" in said
        return f"\x1bPtmux;{notice.replace(chr(27), chr(27) * 2)}\x1b\\" if may_pass else ""
    return "" if is_deaf(environ) else notice
