"""The rows of the job table: jobs in one list, or each group's below its head."""

from collections.abc import Callable, Collection, Sequence

HEAD = "\n"  # a row that begins with it is a group's: no job is called so


class JobRows:
    """Jobs that are shown, in order, and among them HEAD + group."""

    def __init__(self) -> None:
        self.jobs: list[str] = []
        """Those of folded groups too."""
        self.groups: dict[str, list[str]] = {}
        """The jobs of each group; empty where they are in one list."""
        self.shown: list[str] = []

    def arrange(
        self, jobs: list[str], group_of: Callable[[str], str] | None, folded: Collection[str]
    ) -> None:
        """Put jobs into one list, or with their groups each below its head; of folded ones that.

        The jobs of no group come last.
        """
        self.jobs, self.groups, self.shown = jobs, {}, jobs
        if group_of is None:
            return
        for job in jobs:
            self.groups.setdefault(group_of(job), []).append(job)
        self.shown = []
        for group in sorted(self.groups, key=lambda name: (not name, name.casefold())):
            self.shown.append(HEAD + group)
            self.shown += [] if group in folded else self.groups[group]

    def place(self, row: str | None) -> int:
        """Return where a row is; the first place for one that is not shown."""
        return self.shown.index(row) if row in self.shown else 0

    def nearest(self, row: str | None, distance: Callable[[str], int]) -> str | None:
        """Return the row that a filter means: `row` where none is nearer, else the first nearest.

        A folded group is as near as the nearest of its jobs.
        """
        shown = {*self.shown}
        own = {HEAD + group: jobs for group, jobs in self.groups.items()}
        near = {
            each: min(map(distance, own[each])) if each in own else distance(each)
            for each in self.shown
            if each not in own or own[each][0] not in shown
        }
        least = min(near.values(), default=0)
        if row is not None and row in shown and near.get(row, distance(row)) <= least:
            return row
        return next((each for each, far in near.items() if far == least), None)

    def jobs_at(self, row: str | None) -> Sequence[str]:
        """Return the job of a row, the jobs of a head, or none."""
        group = group_of_head(row)
        if group is not None:
            return self.groups.get(group, ())
        return () if row is None else (row,)


def group_of_head(row: str | None) -> str | None:
    """Return the group whose head a row is; None for a job."""
    return row.removeprefix(HEAD) if row is not None and row.startswith(HEAD) else None
