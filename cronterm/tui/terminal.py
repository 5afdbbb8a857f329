"""What is typed on a terminal, as keys: Escape and what is typed right behind it are two."""

import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterable

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

ESCAPE = "\x1b"
BEGINS = frozenset("[OP]^_X")
"""What may go on behind ESC: there it shows later whether it was two keys."""
WORDWISE = frozenset("\x7f\tbf")
"""Keys with alt that fields know, and shift+tab of a console: one key all the same."""
LOOK_EVERY_S = 0.1
READ_BYTES = 4096


class KeyParser(XTermParser):
    """Reads no alt: nothing is bound to it, and a terminal sends it as ESC and the key.

    Textual takes a key that comes within 0.2 s of Escape for one with alt: both were lost.
    """

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        is_pair = len(sequence) == 2 and sequence[0] == ESCAPE
        if alt or (is_pair and sequence[1] not in BEGINS | WORDWISE):
            yield events.Key("escape", ESCAPE)
            sequence = sequence[-1]
        yield from super()._sequence_to_key_events(sequence)


class TerminalDriver(LinuxDriver):
    """Textual's own, which reads keys by `KeyParser`."""

    def run_input_thread(self) -> None:
        """Read what is typed until the screen ends."""
        parser = KeyParser(self._debug)
        decode = getincrementaldecoder("utf-8")().decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            is_last = False
            while not is_last:
                is_last = self.exit_event.is_set()
                if selector.select(LOOK_EVERY_S):
                    typed = decode(os.read(self.fileno, READ_BYTES))
                    for event in parser.feed(typed) if typed else ():
                        self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)
