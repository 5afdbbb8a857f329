"""Which columns the job table has, and which of them there is room for."""

from collections.abc import Sequence
from dataclasses import dataclass

from cronterm.tui.widgets.paint import fit, fit_name

WORDS = 18  # cells of the schedule in words
MOST_WORDS = 44  # the same where nothing else needs them
IN_WORDS = 124  # from which inner width on there is room for them
MOST_HOST = 12  # cells of a machine's name
BEFORE_NAME = 14  # cells of mark, state and next instant: they and the name never scroll away
LEAST_NAME, MOST_NAME = 8, 30
SCROLLED_NAME = 18  # cells of the name that stay where columns are pushed in


@dataclass(frozen=True)
class Column:
    """A column: `cells` with the gap before it; it comes by itself from `least` cells on."""

    key: str
    title: str
    what: str
    cells: int
    least: int | None = None
    """None: only where it was chosen."""


COLUMNS: tuple[Column, ...] = (
    Column("schedule", "SCHEDULE", "schedule", 17, 56),
    Column("words", "", "schedule in words", WORDS + 2, IN_WORDS),
    Column("last", "LAST", "last run, and how long ago", 10, 60),
    Column("duration", "DUR", "how long it took", 9, 0),
    Column("average", "AVG", "average duration", 9, 114),
    Column("p95", "P95", "95th percentile of durations", 9, 132),
    Column("trend", "LAST RUNS", "last runs as bars", 14, 72),
    Column("ok", "OK%", "how many succeed", 6, 92),
    Column("errors", "ERR", "how many failed", 6, 92),
    Column("runs", "RUNS", "how many ran", 8, 150),
    Column("group", "GROUP", "group", 14),
    Column("owner", "OWNER", "owner", 14),
    Column("tags", "TAGS", "tags", 20),
    Column("description", "DESCRIPTION", "description", 32),
)
BY_KEY = {column.key: column for column in COLUMNS}
BY_ITSELF = tuple(column.key for column in COLUMNS if column.least is not None)


@dataclass(frozen=True)
class Layout:
    """The columns that are drawn, with their cells, and how many are off at each side."""

    name: int
    cells: dict[str, int]
    before: int = 0
    after: int = 0


def layout_for(
    width: int, chosen: Sequence[str] = (), pushed: int = 0, *, longest: int = 0
) -> Layout:
    """Lay columns out in the inner width; the order never changes, only what is there.

    `chosen` are the keys of those that a person wants, none for those that fit by themselves.
    `pushed` is how many are pushed out behind the name, so that later ones come into view. The
    name takes what is left, up to MOST_NAME cells or those of the `longest`, then the words.
    """
    most = max(MOST_NAME, longest)
    if not chosen and not pushed:
        return _automatic(width, most)
    wanted = [column.key for column in COLUMNS if column.key in (chosen or BY_ITSELF)]
    # Where the first has no room by itself, the first push is what brings it into view.
    extra = int(not chosen and wanted[0] not in _automatic(width, most).cells)
    start = min(pushed - extra, len(wanted) - 1)
    while start > 0 and _fitting(width, wanted, start - 1) == len(wanted):
        start -= 1  # the last one is in view already
    end = _fitting(width, wanted, start)
    cells = {key: _cells(key, width) for key in wanted[start:end]}
    return Layout(_share(cells, width, most), cells, start + extra, len(wanted) - end)


def _automatic(width: int, most: int) -> Layout:
    keys = [column.key for column in COLUMNS if (column.least or 0) <= width]
    cells = {key: _cells(key, width) for key in keys if key in BY_ITSELF}
    return Layout(_share(cells, width, most), cells, 0, len(BY_ITSELF) - len(cells))


def _share(cells: dict[str, int], width: int, most: int) -> int:
    """Return the cells of the name, `most` at most; what is left goes to the words."""
    room = width - BEFORE_NAME - sum(cells.values())
    name = max(min(room, most), LEAST_NAME)
    if "words" in cells and room > name:
        cells["words"] += min(room - name, MOST_WORDS - WORDS)
    return name


def _fitting(width: int, wanted: Sequence[str], start: int) -> int:
    """Return up to where columns from `start` on fit; one is always there."""
    room = width - BEFORE_NAME - min(SCROLLED_NAME, max(width // 4, LEAST_NAME))
    end = start
    while end < len(wanted) and (end == start or room >= _cells(wanted[end], width)):
        room -= _cells(wanted[end], width)
        end += 1
    return end


def _cells(key: str, width: int) -> int:
    """Return the cells of a column, with the gap before it, in a table of this inner width."""
    if key == "schedule":
        return 2 + (14 if width < 76 else 15 if width >= IN_WORDS else 17)
    if key == "trend":
        return 2 + (12 if width < 104 or width >= IN_WORDS else 19)
    return BY_KEY[key].cells


def behind_host(host: str, name: str, hosts: Sequence[str], width: int) -> str:
    """Return a job's name in its column, which begins with its machine where there are several."""
    cells = host_cells(hosts)
    own = fit_name(name, max(width - cells, 1))
    return f"{fit(host, cells - 2)}  {own}" if cells else own


def host_cells(hosts: Sequence[str]) -> int:
    """Return how much of the name's column its machine takes, with the gap behind it."""
    return min(max(map(len, hosts)), MOST_HOST) + 2 if hosts else 0
