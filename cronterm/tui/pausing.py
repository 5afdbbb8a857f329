"""Holding back and ending: pauses, mutes of alerts, and what runs is stopped."""

from collections.abc import Callable, Sequence

from cronterm.model.command import MuteAlerts, PauseJob, ResumeJob, StopRun
from cronterm.model.snapshot import LiveRun, Pause
from cronterm.model.starts import need_success
from cronterm.tui import questions
from cronterm.tui.commanding import Commanding
from cronterm.tui.screens.hold_dialog import Hold, HoldDialog, hold_for
from cronterm.tui.words import day_moment


class Pausing(Commanding):
    """An app that pauses, resumes and stops."""

    def toggle_pause(self, jobs: Sequence[str]) -> None:
        """Resume jobs where the first is paused; else ask for how long, then pause them."""
        if not self.may_act():
            return
        views = self.picture.snapshot.jobs
        known = self.known(jobs)
        if not known:
            return
        pauses = {job: views[job].pause for job in known}
        if pauses[known[0]] is None:
            free = [job for job in known if pauses[job] is None]
            question = questions.ask_pause(free, self.key("pause"))
            self.ask(question, lambda answer: self._pause(free, answer))
            return
        paused = [job for job, pause in pauses.items() if pause is not None]
        done, again = (f"{what} {questions.named(paused)}" for what in ("resumed", "paused again"))
        self.keep(*map(self._as_it_was, paused), said=done, undone=again)
        self.send(*(ResumeJob(job=job) for job in paused), said=done)

    def ask_hold(self, jobs: Sequence[str]) -> None:
        """Ask until when and why jobs are paused; where the first is already, change that."""
        if not self.may_act():
            return
        if known := self.known(jobs):
            self._ask_hold(known)

    def _ask_hold(self, jobs: Sequence[str]) -> None:
        was = self._pause_of(jobs[0])

        def hold(given: Hold | None) -> None:
            if given is not None:
                back = f"the pauses of {whom} are as they were"
                self.keep(*map(self._as_it_was, jobs), said=done, undone=back)
                until, reason = given.until, given.reason
                pauses = (PauseJob(job=job, until=until, reason=reason) for job in jobs)
                self.send(*pauses, said=f"{done}{self._until(given)}")

        whom = questions.named(jobs) or "everything"
        done = f"paused {whom}" if was is None else f"changed the pause of {whom}"
        few = questions.names(jobs) or "everything"
        title = f"Pause {few}" if was is None else f"Change the pause of {few}"
        self.push_screen(HoldDialog(title, is_pause=True, was=was), hold)

    def _pause_of(self, job: str) -> Pause | None:
        """Return the pause of a job, or that of everything where the name is empty."""
        if not job:
            return self.picture.snapshot.all_paused
        view = self.picture.snapshot.jobs.get(job)
        return view.pause if view is not None else None

    def _as_it_was(self, job: str) -> PauseJob | ResumeJob:
        """Return what makes the pause of a job, or of everything, what it is now."""
        pause = self._pause_of(job)
        if pause is None:
            return ResumeJob(job=job)
        return PauseJob(job=job, until=pause.until, reason=pause.reason)

    def toggle_pause_all(self) -> None:
        """Ask for how long, then pause everything; or whether that is resumed or changed."""
        if not self.may_act():
            return
        pause = self.picture.snapshot.all_paused
        if pause is None:
            question = questions.ask_pause_all(self.picture.snapshot, self.key("pause_all"))
            self.ask(question, lambda answer: self._pause([""], answer))
        else:
            end = self.picture.pause_end(pause, self.now())
            self.ask(questions.ask_resume_all(pause, end), self._go_on_paused)

    def _go_on_paused(self, answer: str) -> None:
        if answer == questions.OTHER:
            self._ask_hold([""])
        else:
            self.keep(self._as_it_was(""), said="resumed everything")
            self.send(ResumeJob())

    def _until(self, hold: Hold) -> str:
        """Say until when something is held back, if it has an end."""
        return f" until {day_moment(hold.until, self.now())}" if hold.until is not None else ""

    def _pause(self, jobs: Sequence[str], answer: str, *then: StopRun) -> None:
        """Pause jobs, or everything where the name is empty, for as long as the answer says."""

        def pause(hold: Hold) -> None:
            back = (ResumeJob(job=job) for job in jobs)
            self.keep(*back, said=f"paused {whom}", undone=f"resumed {whom}")
            until, reason = hold.until, hold.reason
            pauses = (PauseJob(job=job, until=until, reason=reason) for job in jobs)
            told = f"paused {whom}{self._until(hold)}{stopping}"
            self.send(*pauses, *then, said=told)

        whom = questions.named(jobs) or "everything"
        runs = f"run {then[0].run}" if len(then) == 1 else f"{len(then)} runs"
        stopping = f", stopping {runs}" if then else ""
        title = f"Pause {questions.names(jobs) or 'everything'}"
        hold_for(self, answer, pause, title=title, is_pause=True)

    def ask_mute(self, jobs: Sequence[str], then: Callable[[], object] | None = None) -> None:
        """Ask for how long the alerts of jobs are silent, then mute them and do what is next."""
        if not self.may_act():
            return
        known, now = self.known(jobs), self.now()
        if not known:
            return
        mutes = self.picture.snapshot.mutes
        ends = {job: mutes[job].until if job in mutes else now for job in known}
        whom = questions.named(known)

        def mute(hold: Hold) -> None:
            back = (MuteAlerts(job=job, until=end) for job, end in ends.items())
            done = "muted" if hold.until is not None else "unmuted"
            self.keep(*back, said=f"{done} the alerts of {whom}")
            until = hold.until or self.now()
            commands = [MuteAlerts(job=job, until=until) for job in known]
            self.send(*commands, said=f"{done} the alerts of {whom}{self._until(hold)}")
            if then is not None:
                then()

        question = questions.ask_mute(known, is_muted=any(end > now for end in ends.values()))
        title = f"Mute {questions.names(known)}"
        self.ask(question, lambda answer: hold_for(self, answer, mute, title=title, is_pause=False))

    def ask_stop(self, jobs: Sequence[str]) -> None:
        """Ask how, then stop the open runs of jobs."""
        if not self.may_act():
            return
        views = self.picture.snapshot.jobs
        runs = [run for job in self.known(jobs) for run in views[job].live.values()]
        whose = f" of {questions.names(jobs)}" if jobs else ""
        self._ask_stop(runs, f"no run{whose} is open")

    def ask_stop_runs(self, numbers: Sequence[int]) -> None:
        """Ask how, then stop those of these runs that are open, of jobs that left the file too."""
        if not self.may_act():
            return
        snapshot = self.picture.snapshot
        everywhere = [*(view.live for view in snapshot.jobs.values()), *snapshot.removed.values()]
        runs = [live[number] for live in everywhere for number in numbers if number in live]
        ended = f"run {numbers[0]} has ended" if len(numbers) == 1 else "they all have ended"
        self._ask_stop(runs, ended)

    def _ask_stop(self, runs: Sequence[LiveRun], otherwise: str) -> None:
        """Ask how, then stop runs; tell why there is nothing to stop."""
        if not runs:
            self.tell(f"nothing to stop: {otherwise}")
            return

        again = (run.job for run in runs if self._comes_again(run.job))
        timed = list(dict.fromkeys(again))

        def stop(answer: str) -> None:
            signal = "SIGKILL" if answer == "kill" else ""
            stops = [StopRun(run=run.run, signal=signal) for run in runs]
            if answer == "pause":
                question = questions.ask_pause(timed, self.key("pause"))
                self.ask(question, lambda length: self._pause(timed, length, *stops))
            else:
                whose = questions.named(list(dict.fromkeys(run.job for run in runs)))
                self.send(*stops, said=f"stopping {len(runs)} runs of {whose}")

        needing = need_success({run.job for run in runs}, self.picture.snapshot.jobs)
        question = questions.ask_stop(runs, will_start_again=bool(timed), needing=needing)
        self.ask(question, stop)

    def _comes_again(self, job: str) -> bool:
        """Tell whether a job starts again by itself."""
        view = self.picture.snapshot.jobs.get(job)
        if view is None or view.next_at is None:
            return False
        return not self.picture.paused(view) and view.job.enabled
