"""What can be done to jobs on the pages that show them."""

from cronterm.tui.screens.page import Page


class JobPage(Page):
    """A page with jobs; subclasses give `take`, and `acted_on` where that can be several."""

    def take(self) -> str | None:
        """Return the one job under the cursor for something that is done to it: it stays there."""
        raise NotImplementedError

    def acted_on(self) -> list[str]:
        """Return the jobs that something is done to."""
        job = self.take()
        return [job] if job is not None else []

    def subject(self) -> tuple[str, int | None] | None:
        """Return the job under the cursor."""
        job = self.take()
        return (job, None) if job is not None else None

    def action_trigger(self) -> None:
        """Ask, then trigger."""
        self.home.ask_trigger(self.acted_on())

    def action_trigger_with(self) -> None:
        """Have the params chosen, then trigger."""
        self.home.ask_trigger(self.acted_on(), with_params=True)

    def action_pause(self) -> None:
        """Pause or resume."""
        self.home.toggle_pause(self.acted_on())

    def action_hold(self) -> None:
        """Pause, or change a pause."""
        self.home.ask_hold(self.acted_on())

    def action_mute(self) -> None:
        """Ask how long the alerts are silent."""
        self.home.ask_mute(self.acted_on())

    def action_skip(self) -> None:
        """Ask, then skip the next run of the job."""
        jobs = self.acted_on()
        if len(jobs) == 1:
            self.home.ask_skip(jobs[0])
        elif jobs:
            self.home.tell(f"{len(jobs)} jobs are chosen: a next run is skipped job by job")

    def action_stop(self) -> None:
        """Ask, then stop."""
        self.home.ask_stop(self.acted_on())

    def action_delete_job(self) -> None:
        """Ask, then delete."""
        self.home.ask_delete(self.acted_on())

    def action_edit(self) -> None:
        """Open the form for the job."""
        if (job := self.take()) is not None:
            self.home.edit_job(job)

    def action_editor(self) -> None:
        """Open $EDITOR at the job."""
        self.home.open_editor(self.take())

    def action_failed_log(self) -> None:
        """Open the log of the last failure."""
        if (job := self.take()) is not None:
            self.home.open_log(job, is_failed=True)

    def action_undo(self) -> None:
        """Undo the last change."""
        self.home.undo()
