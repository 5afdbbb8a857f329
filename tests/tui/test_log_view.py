"""The log viewer on files as a runner writes them: read where it is looked at, live and ended."""

from pathlib import Path

import pytest

from cronterm.clock import SECOND
from cronterm.control import Output
from cronterm.errors import CrontermError
from cronterm.execute.lines import count_lines, read_lines
from cronterm.model.lines import CountLines, ReadLines
from cronterm.model.query import AnyReply, AttemptRow, Query, ReadRun, RunDetail, Runs
from cronterm.model.run import AttemptEnd, RunRow
from cronterm.runner.output import ERR, OUT, Sink
from cronterm.tui.log_chain import chain_of
from cronterm.tui.log_count import Count
from cronterm.tui.log_marks import Marks
from cronterm.tui.log_search import Search
from cronterm.tui.log_source import Line, Wish
from cronterm.tui.log_viewport import Viewport
from cronterm.tui.log_window import LIVE_LINES
from cronterm.tui.widgets.log_rows import RowStyle

START = 1_795_000_000 * SECOND
FIRST = START + SECOND


class Files:
    """Answers about runs whose output is in files, as an engine does."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.asked: list[Query] = []
        self._runs: dict[int, list[AttemptRow]] = {}
        self._sinks: dict[tuple[int, int], Sink] = {}
        self._at: dict[tuple[int, int], int] = {}

    def start(self, run: int, attempt: int = 1, *, at: int = START) -> None:
        """Begin an attempt."""
        row = AttemptRow(attempt=attempt, claimed_at=at, started_at=at, pid=7)
        self._runs.setdefault(run, []).append(row)
        self._sinks[run, attempt] = Sink(self.place, f"{run}-{attempt}", 1 << 30)
        self._at[run, attempt] = at

    def print(
        self, run: int, text: str, *, attempt: int = 1, stream: int = OUT, is_kept: bool = False
    ) -> Output:
        """Print something, a second later; return how it is told live."""
        key = (run, attempt)
        self._at[key] += SECOND
        at = self._at[key]
        offset, *_ = self._sinks[key].take(stream, at, text.encode())
        if not is_kept:
            self.spill(run, attempt)
        name = "out" if stream == OUT else "err"
        return Output(run, f"job{run}", attempt, offset, at, name, text.encode())  # type: ignore[arg-type]

    def spill(self, run: int, attempt: int = 1) -> None:
        """Write what is kept."""
        self._sinks[run, attempt].spill()

    def end(self, run: int, attempt: int = 1) -> None:
        """End an attempt."""
        self.spill(run, attempt)
        end = AttemptEnd(ended_at=self._at[run, attempt] + SECOND, exit_code=0)
        known = self._runs[run][-1]
        self._runs[run][-1] = AttemptRow(
            attempt=attempt, claimed_at=known.claimed_at, started_at=known.started_at, end=end
        )

    async def query(self, query: Query) -> AnyReply:
        """Answer."""
        self.asked.append(query)
        match query:
            case ReadRun(run=run):
                attempts = self._runs[run]
                end = attempts[-1].end
                row = RunRow(
                    run=run,
                    job=f"job{run}",
                    cause="manual",
                    queued_at=START,
                    started_at=START,
                    outcome=None if end is None else "succeeded",
                    attempts=len(attempts),
                )
                return RunDetail(row, tuple(attempts))
            case ReadLines(run=run, attempt=attempt):
                is_over = self._runs[run][attempt - 1].end is not None
                return read_lines(self.place, query, blob=None, complete=is_over)
            case CountLines():
                return count_lines(self.place, query, blob=None)
            case _:
                raise CrontermError("not asked here")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Give an engine's answers."""
    return Files(tmp_path)


async def settle(view: Viewport) -> None:
    """Read and count all that it wants."""
    for _ in range(50):
        if view.wants_lines:
            await view.grow()
        elif view.wants_count:
            await view.count()
        else:
            return
    raise AssertionError("it reads for ever")


async def opened(files: Files, *runs: int, height: int = 10) -> Viewport:
    """Return a view of runs."""
    view = Viewport()
    view.height = height
    await view.load(files, runs)  # type: ignore[arg-type]
    await settle(view)
    return view


def shown(view: Viewport) -> list[str]:
    """Return the lines in view."""
    return [line.text for line in view.lines[view.top : view.top + view.height]]


def long_run(files: Files, lines: int = 5000) -> None:
    """Run 1 printed many lines and ended."""
    files.start(1)
    for first in range(0, lines, 500):
        text = "".join(f"line {number}\n" for number in range(first, min(first + 500, lines)))
        files.print(1, text)
    files.end(1)


async def test_it_opens_at_the_end_and_reads_only_a_page(files: Files) -> None:
    long_run(files)
    view = Viewport()
    view.height = 10
    await view.load(files, (1,))  # type: ignore[arg-type]

    assert shown(view)[-2:] == ["line 4999", "── exit 0 after 11.0s"]
    assert sum(isinstance(query, ReadLines) for query in files.asked) == 1
    assert len(view.lines) < 1000


async def test_scrolling_goes_through_all_lines_and_keeps_few(files: Files) -> None:
    long_run(files, 20_000)
    view = await opened(files, 1)
    seen: list[str] = []
    most = 0
    while view.top > 0 or view.window.has_older:
        seen[:0] = shown(view)
        view.scroll(-10)
        await settle(view)
        most = max(most, len(view.lines))
    seen[:0] = shown(view)[: 20_002 - len(seen)]

    assert view.first == 1
    assert view.total == 20_002
    assert seen[0] == "── start: manual, pid 7" or seen[0].startswith("── start")
    assert seen[1:-1] == [f"line {number}" for number in range(20_000)]
    assert most < 4_000


async def test_lines_keep_their_numbers_wherever_it_goes(files: Files) -> None:
    long_run(files)
    view = await opened(files, 1)
    last = view.first

    await view.read_start()
    await settle(view)
    view.scroll(2500)
    await settle(view)

    assert last is not None
    assert view.first is not None
    number = view.first + view.top
    assert shown(view)[0] == f"line {number - 2}"
    assert view.total == 5002


async def test_all_tries_of_a_run_follow_one_another(files: Files) -> None:
    for attempt, at in ((1, START), (2, START + 100 * SECOND)):
        files.start(1, attempt, at=at)
        files.print(1, f"try {attempt}\n", attempt=attempt)
        files.end(1, attempt)

    view = await opened(files, 1, height=20)

    assert [text for text in shown(view) if "──" not in text] == ["try 1", "try 2"]
    assert [line.stream for line in view.lines] == ["sys", "out", "sys"] * 2


async def test_a_try_after_the_clock_was_set_back_still_comes_last(files: Files) -> None:
    for attempt, at in ((1, START), (2, START - 3600 * SECOND)):
        files.start(1, attempt, at=at)
        files.print(1, f"try {attempt}\n", attempt=attempt)
        files.end(1, attempt)

    view = await opened(files, 1, height=20)

    assert [line.source for line in view.lines] == [0, 0, 0, 1, 1, 1]


async def test_what_comes_live_is_followed(files: Files) -> None:
    files.start(1)
    files.print(1, "one\n")
    view = await opened(files, 1)

    view.take_output(files.print(1, "two\nthr"))
    view.absorb()
    half = shown(view)
    view.take_output(files.print(1, "ee\n"))
    view.absorb()

    assert half[1:] == ["one", "two", "thr"]
    assert shown(view)[1:] == ["one", "two", "three"]
    assert view.total == 4


async def test_what_was_told_before_it_opened_is_read_once_the_file_has_it(files: Files) -> None:
    files.start(1)
    files.print(1, "dumping\n", is_kept=True)
    view = await opened(files, 1)
    early = shown(view)[1:]

    files.spill(1)
    view.look_again()
    await settle(view)

    assert early == []
    assert shown(view)[1:] == ["dumping"]
    assert view.total == 2
    view.take_output(files.print(1, "done\n"))
    view.absorb()
    assert shown(view)[1:] == ["dumping", "done"]


async def test_what_was_dropped_on_its_way_is_read_from_the_file(files: Files) -> None:
    files.start(1)
    files.print(1, "one\n")
    view = await opened(files, 1)
    files.print(1, "two\n")  # never told live

    view.take_output(files.print(1, "three\n"))
    view.absorb()
    await settle(view)

    assert shown(view)[1:] == ["one", "two", "three"]
    assert view.total == 4


async def test_what_the_file_does_not_have_yet_is_waited_for(files: Files) -> None:
    files.start(1)
    files.print(1, "one\n")
    view = await opened(files, 1)
    late = Output(1, "job1", 1, 8, FIRST, "out", b"three\n")

    view.take_output(late)
    view.absorb()
    await settle(view)
    early = shown(view)[1:]
    files.print(1, "two\n")
    view.absorb()
    await settle(view)

    assert early == ["one"]
    assert shown(view)[1:] == ["one", "two", "three"]


async def test_a_flood_leaves_its_end_in_the_window_and_its_numbers_right(files: Files) -> None:
    files.start(1)
    files.print(1, "begin\n")
    view = await opened(files, 1)

    for first in range(0, 10_000, 1000):
        text = "".join(f"line {number}\n" for number in range(first, first + 1000))
        view.take_output(files.print(1, text))
        if first % 3000 == 0:
            view.absorb()
    view.absorb()
    kept = len(view.lines)
    await settle(view)

    assert shown(view)[-1] == "line 9999"
    assert kept <= 2 * LIVE_LINES
    assert view.first is not None
    assert view.first + view.top == 10_002 - 9
    view.scroll(-2000)
    await settle(view)
    assert shown(view)[0] == "line 7990"


async def test_while_it_stands_still_new_lines_are_only_counted(files: Files) -> None:
    long_lines = 400
    files.start(1)
    files.print(1, "".join(f"line {number}\n" for number in range(long_lines)))
    view = await opened(files, 1)
    view.scroll(-5)
    here = shown(view)

    view.take_output(files.print(1, "more\nand more\n"))
    view.absorb()
    await settle(view)

    assert shown(view) == here
    assert view.below == 7
    assert not view.is_following


async def test_the_end_of_a_run_comes_after_its_last_line(files: Files) -> None:
    files.start(1)
    files.print(1, "one\n")
    view = await opened(files, 1)
    files.print(1, "two\n")
    files.end(1)

    await view.load(files, (1,))  # type: ignore[arg-type]
    await settle(view)

    assert [text.split(" after")[0] for text in shown(view)[1:]] == ["one", "two", "── exit 0"]


async def test_only_wanted_lines_are_shown_and_live_ones_too(files: Files) -> None:
    files.start(1)
    for number in range(50):
        files.print(1, f"Error {number}\n" if number % 10 == 0 else f"fine {number}\n", stream=OUT)
        files.print(1, "warned\n", stream=ERR)
    view = await opened(files, 1, height=60)

    await view.show_only(Wish(("error",)))
    await settle(view)
    found = shown(view)
    view.take_output(files.print(1, "an error, live\nnot this\n"))
    view.absorb()
    live = shown(view)[-1]
    await view.show_only(Wish((), "err"))
    await settle(view)

    assert found == [f"Error {number}" for number in range(0, 50, 10)]
    assert live == "an error, live"
    assert shown(view) == ["warned"] * 50
    assert view.total == 50


def numbered(view: Viewport) -> list[tuple[int | None, str]]:
    """Return the lines in view with their numbers."""
    lines = view.lines[view.top : view.top + view.height]
    return [*zip(view.numbers(lines), (line.text for line in lines), strict=True)]


async def test_wanted_lines_keep_the_numbers_that_they_have_among_all(files: Files) -> None:
    long_run(files)
    view = await opened(files, 1, height=20)
    assert numbered(view)[-2:] == [(5001, "line 4999"), (5002, "── exit 0 after 11.0s")]

    await view.show_only(Wish(("77",)))
    await settle(view)
    last = numbered(view)
    await view.read_start()
    await settle(view)
    first = numbered(view)
    view.scroll(15)
    await settle(view)

    assert [text for _, text in first[:3]] == ["line 77", "line 177", "line 277"]
    for number, text in [*last, *first, *numbered(view)]:
        assert text == f"line {(number or 0) - 2}"
    assert view.greatest <= 5002
    await view.show_only(Wish())
    await settle(view)
    assert all(text == f"line {(number or 0) - 2}" for number, text in numbered(view)[:-1])


async def test_several_runs_are_merged_by_time(files: Files) -> None:
    for run, at in ((1, START), (2, START + SECOND // 2)):
        files.start(run, at=at)
        for number in range(700):
            files.print(run, f"{run} {number}\n")
        files.end(run)
    view = await opened(files, 1, 2, height=20)
    seen: list[Line] = []
    while view.top > 0 or view.window.has_older:
        view.scroll(-20)
        await settle(view)
    seen = list(view.lines)

    assert view.is_merged
    times = [line.at for line in seen]
    assert times == sorted(times)
    assert len(seen) == 1404
    assert not view.window.has_newer


async def test_search_goes_back_forth_and_around(files: Files) -> None:
    long_run(files)
    view = await opened(files, 1)
    told: list[int] = []
    search = Search(view.sources, Wish(), "line 4", lambda: told.append(1))

    last = await search.find(view.window.places(len(view.lines)), backwards=True)
    assert last is not None
    await view.show(last.line)
    places = view.window.places((view.window.index_of(last.line) or 0) + 1)
    around = await search.find(places, backwards=False)
    assert around is not None
    await view.show(around.line)
    total = await Count(files, Wish(("line 4",))).all(view.sources)  # type: ignore[arg-type]

    assert last.line.text == "line 4999"
    assert (around.line.text, around.is_around) == ("line 4", True)
    assert "line 4" in shown(view)
    assert total == 1111
    assert await Search(view.sources, Wish(), "nowhere", list).find([0], backwards=False) is None


async def test_a_line_of_90_000_characters_is_cut_with_a_note(files: Files) -> None:
    files.start(1)
    files.print(1, "x" * 90_000 + "\n")
    files.end(1)
    view = await opened(files, 1)
    style = RowStyle(
        width=120, digits=4, shows_times=False, wraps=False, left=0, words="", names=()
    )

    row = style.rows(view.lines[1], 2)[0]

    assert len(view.lines[1].text) == 8192
    assert row[-1][0] == " … +80 KiB, o opens all"
    assert sum(len(text) for text, _ in row) <= 120


def test_runs_side_by_side_have_columns_of_their_own() -> None:
    style = RowStyle(
        width=130,
        digits=0,
        shows_times=True,
        wraps=False,
        left=0,
        words="",
        names=("load 2", "load 2", "report 3"),
        colours=(0, 0, 1),
        columns=2,
    )
    header = "".join(text for text, _ in style.header()[0])
    rows = [
        "".join(text for text, _ in style.rows(line, None)[0])
        for line in (
            Line(FIRST, "out", "a" * 200, 0, 201, 0),
            Line(FIRST, "err", "b" * 200, 0, 201, 2),
        )
    ]

    assert (header.index("load 2"), header.index("report 3")) == (14, 72)
    assert (rows[0].index("│a"), rows[1].index("!b")) == (14, 72)
    assert (len(rows[0]), len(rows[1])) == (71, 129)
    assert all(row.endswith("…") for row in rows)
    end = style.rows(Line(FIRST, "out", "a" * 56, 0, 57, 0), None)[0]
    assert end[-2:] == [("a" * 56, "text"), ("", "warn")]


class Chain:
    """Run 2 was started by 1, 3 and 4 by 2, 5 by something else."""

    async def query(self, query: Query) -> AnyReply:
        """Answer."""
        upstream = {1: None, 2: 1, 3: 2, 4: 2, 5: None, 6: 5}
        rows = {
            run: RunRow(
                run=run, job=f"job{run}", cause="upstream", queued_at=START, upstream_run=up
            )
            for run, up in upstream.items()
        }
        if isinstance(query, ReadRun):
            return RunDetail(rows[query.run], ())
        return Runs(tuple(rows.values()))


async def test_a_chain_has_all_runs_that_come_of_its_first() -> None:
    assert await chain_of(Chain(), 3) == [1, 2, 3, 4]  # type: ignore[arg-type]
    assert await chain_of(Chain(), 6) == [5, 6]  # type: ignore[arg-type]


def test_marks_are_gone_through_in_their_order() -> None:
    lines = [
        Line(FIRST + number, "out", str(number), number * 10, number * 10 + 9)
        for number in range(3)
    ]
    marks = Marks()
    for line in (lines[2], lines[0], lines[1]):
        assert marks.toggle(line, FIRST)

    walk = [marks.step(by) for by in (1, 1, 1, -1)]
    assert not marks.toggle(lines[1], FIRST)

    assert walk == [lines[2], lines[0], lines[1], lines[0]]
    assert len(marks) == 2
    assert marks.at(lines[0]) == FIRST
