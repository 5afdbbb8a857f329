"""The pane of what failed in a day."""

from collections import Counter

from cronterm.clock import DAY, HOUR
from cronterm.model.run import FAILED
from cronterm.model.snapshot import PastRun
from cronterm.sanitize import sanitize_line
from cronterm.tui.kept import reach_back
from cronterm.tui.widgets.paint import Part, fit, fit_name
from cronterm.tui.widgets.panels import Panel
from cronterm.tui.widgets.spark import bars
from cronterm.tui.words import past_text


class ErrorsPanel(Panel):
    """Which jobs failed in a day, how, and when."""

    def _failures(self) -> dict[str, list[PastRun]]:
        """Return what the picture has of it."""
        found: dict[str, list[PastRun]] = {}
        since = self.now - DAY
        for view in self.picture.snapshot.jobs.values():
            bad = [p for p in view.recent if p.outcome in FAILED and p.ended_at > since]
            if bad:
                found[view.job.id] = bad
        return found

    def _counts(self, failures: dict[str, list[PastRun]]) -> dict[str, int]:
        """Return how often each job failed that did, those that failed more often first."""
        counts = {job: len(bad) for job, bad in failures.items()}
        for job, view in self.picture.snapshot.jobs.items():
            if self.kept is None or reach_back([view], self.now - DAY):
                continue
            errors = self.kept.errors.get(job)
            count = max(counts.get(job, 0), errors.total if errors is not None else 0)
            if count:
                counts[job] = count
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def titles(self) -> tuple[str, str]:
        """Return how many errors there are, and in how many jobs."""
        self.ask_for_kept(self.now - DAY)
        counts = self._counts(self._failures())
        total = self.at_least(sum(counts.values()), self.now - DAY)
        jobs = f"{len(counts)} job{'s' * (len(counts) != 1)}"
        return "Errors 24h", f"{total} in {jobs}" if counts else ""

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the errors by the hour, then a line a failing job, the worst first."""
        failures = self._failures()
        counts = self._counts(failures)
        if not counts:
            is_all = self.kept is not None or self.has_all(self.now - DAY)
            return [[(" none" if is_all else f" {self.picture.or_not_known('reading…')}", "faint")]]
        lines = [self._by_hour(failures)]
        most = max(counts.values())
        for job, count in counts.items():
            length = max(round(count / most * 16), 1)
            lines.append(
                [
                    (f" {fit_name(job, 16)}", "text"),
                    (f"{count:>4} ", "fail+bold"),
                    (fit("▆" * length, 17), "bar"),
                    (fit(self._kinds(failures.get(job, []), count), max(width - 40, 1)), "muted"),
                ]
            )
        return lines[:height]

    @staticmethod
    def _kinds(bad: list[PastRun], count: int) -> str:
        """Return how a job failed; of the last ones where not all are in the picture."""
        how = Counter(past_text(past) for past in bad)
        if len(bad) < count:
            return sanitize_line(f"last {past_text(bad[-1])}") if bad else ""
        return sanitize_line(" · ".join(f"{text} ×{n}" for text, n in how.most_common(3)))

    def _by_hour(self, failures: dict[str, list[PastRun]]) -> list[Part]:
        ended = [past.ended_at for bad in failures.values() for past in bad]
        last = sum(at > self.now - HOUR for at in ended)
        counts = Counter((self.now - at) * 48 // DAY for at in ended)
        if self.kept is not None and not self.has_all(self.now - DAY):
            last = max(last, self.kept.hour.total.failures)
            hours = {at // HOUR: total.failures for at, total in self.kept.day.points}
            counts = Counter({n: hours.get(self.now // HOUR - n // 2, 0) for n in range(48)})
        return [
            (f" {self.at_least(last, self.now - HOUR):>3}", "fail+bold"),
            (" err/h ", "muted"),
            *bars([counts[hour] for hour in range(47, -1, -1)], "bar", self.glyphs),
        ]
