"""A job in its file: its part as it is written, and beside it every value with its place."""

import asyncio

from textual.app import ComposeResult

from cronterm.control import Control
from cronterm.errors import CrontermError
from cronterm.model.query import ConfigText, ReadConfig, ReadResolved
from cronterm.model.resolved import Resolved
from cronterm.sanitize import sanitize_line
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.config_boxes import ConfigBox, ValuesBox
from cronterm.tui.widgets.frames import Frame


class ConfigTab(Frame):
    """What is shown of a job's definition."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(id=id)
        self._picture = picture

    def compose(self) -> ComposeResult:
        """Give the boxes."""
        yield ConfigBox(id="job-config")
        yield ValuesBox(id="job-values")

    @property
    def written(self) -> ConfigBox:
        """The job's part of the file."""
        return self.query_one(ConfigBox)

    @property
    def values(self) -> ValuesBox:
        """All its values."""
        return self.query_one(ValuesBox)

    def clear(self) -> None:
        """Show nothing: it is of another job."""
        self.written.show("")
        self.written.entitle("")
        self.values.show((), "", "")

    async def read(self, control: Control, job: str) -> None:
        """Read a job's part of the file, and its values."""
        jobs_file = self._picture.snapshot.engine.jobs_file
        try:
            config, found = await asyncio.gather(
                control.query(ReadConfig(job=job)), control.query(ReadResolved(job=job))
            )
            if isinstance(config, ConfigText):
                self.written.show(config.text, config.line)
                self.written.entitle(sanitize_line(config.path))
            if isinstance(found, Resolved):
                self.values.show(found.values, jobs_file, "")
        except CrontermError as error:
            if self._picture.gone is not None and self.written.text:
                return  # what was read before stays
            trouble = self._picture.or_not_known(str(error))
            self.written.show("", trouble=trouble)
            self.values.show((), jobs_file, trouble)

    def update(self, hint: str) -> None:
        """Draw it; `hint` says how it is edited."""
        values = self.values
        self.written.entitle(None, hint)
        values.entitle("All values", values.counts)
        for box in (self.written, values):
            box.repaint()
