"""The screen as textual-serve's page shows it: stdin and stdout are packets, not a terminal."""

from textual import events
from textual.drivers.web_driver import WebDriver


class TabDriver(WebDriver):
    """A `WebDriver` that takes keys before anybody clicks."""

    def start_application_mode(self) -> None:
        """Begin as a terminal that has the focus: a tab that opens is looked at."""
        super().start_application_mode()
        self._app.call_later(self._app.post_message, events.AppFocus())

    def hand_over(self, name: str, text: str) -> None:
        """Have the browser save a file."""
        self.write_meta({"type": "file", "name": name, "text": text})
