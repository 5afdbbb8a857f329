"""The definitions follow the jobs file, the jobs file follows edits, and no byte is lost."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cronterm.config.load import load
from cronterm.engine.edits import Change, Target, not_in_force
from cronterm.engine.last_good import LastGood
from cronterm.model.command import AddJob, DeleteJob, EditJob, PauseJob, RenameJob, UndoEdit
from cronterm.model.problem import Problem
from cronterm.model.snapshot import Snapshot
from tests.engine.bench import Desk, bench

TEXT = """\
# ours, with love
jobs:
  backup:
    schedule: "@daily"   # at midnight
    command: "true"
  report:
    schedule: "@hourly"
    command: "true"
"""
BROKEN = TEXT.replace('"@hourly"', '"61 * * * *"')
OTHER = TEXT.replace("with love", "by hand")


def sha(text: str) -> str:
    """Return what edits are based on."""
    return hashlib.sha256(text.encode()).hexdigest()


@asynccontextmanager
async def desk(directory: Path, text: str | None = TEXT) -> AsyncIterator[Desk]:
    """Give a desk whose jobs file has `text` in force."""
    async with bench(directory) as it:
        desk = Desk(directory, it)
        if text is not None:
            desk.file.write_text(text)
            assert (await desk.definitions.reload(is_asked=True)).ok
            await desk.told(lambda seen: seen.sha256 == sha(text))
        yield desk


def daily(text: str) -> str:
    """Return `text` with another schedule of backup."""
    return text.replace('"@daily"', '"@weekly"')


WEEKLY = {"schedule": "@weekly"}


async def test_a_bad_file_keeps_the_jobs_and_says_line_and_column(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.file.write_text(BROKEN)
        answer = await it.definitions.reload(is_asked=True)
        await it.told(lambda seen: seen.rejected_sha256 == sha(BROKEN))
        problem = it.seen.problems[0]

        assert (answer.ok, answer.kind, answer.sha256) == (False, "invalid", sha(BROKEN))
        assert answer.message.startswith(f"{it.file}:7:")
        assert (problem.line, problem.path) == (7, "jobs.report.schedule")
        assert problem.column > 1
        assert it.seen.sha256 == sha(TEXT)
        assert {job: view.job.schedule_text for job, view in it.seen.jobs.items()} == {
            "backup": "@daily",
            "report": "@hourly",
        }


async def test_problems_stand_until_the_file_is_healed_even_to_what_it_was(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.file.write_text(BROKEN)
        await it.definitions.reload(is_asked=True)
        await it.told(lambda seen: bool(seen.problems))
        it.file.write_text(TEXT)
        answer = await it.definitions.reload()
        await it.told(lambda seen: not seen.problems)

        assert answer.message == "loaded 2 jobs"
        assert it.seen.rejected_sha256 == ""


async def test_an_empty_file_keeps_the_jobs(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.file.write_text("")
        answer = await it.definitions.reload()
        await it.told(lambda seen: bool(seen.problems))

        assert answer.message == f"{it.file}: is empty (`jobs: {{}}` is how to have no jobs)"
        assert it.seen.sha256 == sha(TEXT)
        assert set(it.seen.jobs) == {"backup", "report"}

        it.file.write_text("jobs: {}\n")
        assert (await it.definitions.reload()).ok
        await it.told(lambda seen: not seen.jobs)


async def test_a_file_that_is_not_there_yet_is_no_problem(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.file.write_text("jobs: {}\n")
        await it.definitions.reload()
        it.file.write_text("nonsense")
        await it.definitions.reload()
        await it.told(lambda seen: bool(seen.problems))
        it.file.unlink()
        answer = await it.definitions.reload(is_asked=True)
        await it.told(lambda seen: not seen.problems)

        assert (answer.ok, answer.message) == (True, "jobs.yaml does not exist yet")
        assert it.seen.rejected_sha256 == ""


async def test_the_same_content_is_not_news_unless_somebody_asks(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        before = it.seen.n
        assert (await it.definitions.reload()).message == "nothing changed"
        assert it.seen.n == before
        assert (await it.definitions.reload(is_asked=True)).message == "loaded 2 jobs"


async def test_what_others_may_do_to_the_file_is_news_though_its_content_stays(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as it:
        it.file.unlink()
        missing = await it.definitions.reload(is_asked=True)
        await it.told(lambda seen: "No such file" in str(seen.problems))
        it.file.mkdir()
        directory = await it.definitions.reload()
        await it.told(lambda seen: "not a regular file any more" in str(seen.problems))

        assert (missing.ok, directory.ok) == (False, False)
        assert set(it.seen.jobs) == {"backup", "report"}


async def test_an_edit_is_in_force_and_keeps_every_other_byte_and_the_file_before(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as it:
        it.file.chmod(0o640)
        edit = EditJob(job="backup", words=WEEKLY, based_on=sha(TEXT))
        answer = await it.definitions.edit(edit)
        await it.told(lambda seen: seen.sha256 == answer.sha256)

        assert (answer.ok, answer.message) == (True, "changed backup")
        assert it.file.read_text() == daily(TEXT)
        assert (tmp_path / "jobs.yaml~1").read_text() == TEXT
        assert it.file.stat().st_mode & 0o777 == 0o640
        assert '-    schedule: "@daily"   # at midnight' in answer.diff
        assert it.seen.jobs["backup"].job.schedule_text == "@weekly"


async def test_an_edit_beside_a_mistake_is_written_and_says_that_it_is_not_in_force(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as it:
        it.file.write_text(f"{TEXT}    timeout: 8 bananas\n")
        tried = await it.definitions.edit(EditJob(job="backup", words=WEEKLY, dry_run=True))
        assert tried.message == f"would have changed backup, but {tried.not_in_force}"
        answer = await it.definitions.edit(EditJob(job="backup", words=WEEKLY))
        assert tried.not_in_force == answer.not_in_force
        await it.told(lambda seen: bool(seen.problems))

        line = len(TEXT.splitlines()) + 1
        assert answer.ok
        assert answer.message == f"changed backup, but {answer.not_in_force}"
        assert answer.not_in_force.startswith(f"not in force: jobs.yaml:{line}:14: ")
        assert it.seen.jobs["backup"].job.schedule_text == "@daily"
        undone = await it.definitions.edit(UndoEdit(based_on=answer.sha256))
        done = "backup is as it was: undid its change"
        assert undone.message == f"{done}, but {undone.not_in_force}"

        it.file.write_text(TEXT)
        answer = await it.definitions.edit(EditJob(job="backup", words=WEEKLY))
        assert (answer.message, answer.not_in_force) == ("changed backup", "")


def test_of_several_files_only_those_with_a_mistake_wait() -> None:
    problems = [Problem(file="/srv/b.yaml", line=3, column=5, message="bad")]
    changes = {name: [Change(Target(Path(f"/srv/{name}.yaml"), ""), "x")] for name in "ab"}

    assert not_in_force(changes["a"], problems, is_usable=True) == ""
    for name, is_usable in (("b", True), ("a", False)):
        why = not_in_force(changes[name], problems, is_usable=is_usable)
        assert why == "not in force: b.yaml:3:5: bad"


async def test_an_edit_of_a_linked_file_leaves_the_link(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        target = tmp_path / "elsewhere.yaml"
        it.file.rename(target)
        it.file.symlink_to(target)
        answer = await it.definitions.edit(DeleteJob(job="report", based_on=sha(TEXT)))

        assert answer.ok
        assert it.file.is_symlink()
        assert "report" not in target.read_text()


async def test_a_stale_edit_is_refused_with_what_it_missed_and_touches_nothing(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as it:
        it.file.write_text(OTHER)
        answer = await it.definitions.edit(DeleteJob(job="backup", based_on=sha(TEXT)))

        assert (answer.ok, answer.kind, answer.sha256) == (False, "stale", sha(OTHER))
        assert it.file.read_text() == OTHER
        assert not (tmp_path / "jobs.yaml~1").exists()
        assert "-# ours, with love\n+# ours, by hand\n" in answer.diff


async def test_what_a_stale_edit_missed_does_not_hold_the_edits_it_knew(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        first = await it.definitions.edit(EditJob(job="backup", words=WEEKLY, based_on=sha(TEXT)))
        it.file.write_text(daily(OTHER))
        answer = await it.definitions.edit(DeleteJob(job="backup", based_on=first.sha256))

        assert answer.kind == "stale"
        assert "+# ours, by hand" in answer.diff
        assert "-    schedule" not in answer.diff


async def test_undo_puts_every_byte_back_one_edit_after_the_other(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        first = await it.definitions.edit(
            AddJob(job="third", words={"command": "true"}, based_on=sha(TEXT))
        )
        between = it.file.read_text()
        second = await it.definitions.edit(DeleteJob(job="backup", based_on=first.sha256))
        after = it.file.read_text()
        would = await it.definitions.edit(UndoEdit(based_on=second.sha256, dry_run=True))
        assert it.file.read_text() == after
        undone = await it.definitions.edit(UndoEdit(based_on=would.sha256))
        assert it.file.read_text() == between
        again = await it.definitions.edit(UndoEdit(based_on=undone.sha256))

        assert would.message == "would have undone: deleted backup"
        assert would.diff == undone.diff != ""
        assert undone.message == "backup is back: undid its deletion"
        assert (again.ok, again.message) == (True, "third is gone again: undid its addition")
        assert it.file.read_text() == TEXT
        await it.told(lambda seen: set(seen.jobs) == {"backup", "report"})
        last = await it.definitions.edit(UndoEdit(based_on=again.sha256))
        assert (last.ok, last.message) == (False, "there is nothing to undo")


async def test_undo_of_a_new_name_takes_what_goes_with_the_name_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.bench.engine.command(PauseJob(job="backup"), by="ann")
        renamed = await it.definitions.edit(RenameJob(job="backup", new="nightly"))
        await it.told(lambda seen: "nightly" in seen.jobs)
        assert it.seen.jobs["nightly"].pause is not None
        undone = await it.definitions.edit(UndoEdit(based_on=renamed.sha256))
        await it.told(lambda seen: set(seen.jobs) == {"backup", "report"})

        assert undone.ok, undone
        assert undone.message == "nightly is backup again: undid its new name"
        assert it.file.read_text() == TEXT
        assert it.seen.jobs["backup"].pause is not None


async def test_undo_never_undoes_what_somebody_else_wrote(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.definitions.edit(EditJob(job="backup", words=WEEKLY, based_on=sha(TEXT)))
        it.file.write_text(OTHER)
        answer = await it.definitions.edit(UndoEdit(based_on=sha(OTHER)))

        assert not answer.ok
        assert answer.hint == "jobs.yaml~1 has the old text"
        assert it.file.read_text() == OTHER


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (EditJob(job="backup", words={"schedule": "61 * * * *"}, based_on=sha(TEXT)), "61"),
        (EditJob(job="nosuch", words=WEEKLY, based_on=sha(TEXT)), "no job nosuch"),
        (AddJob(job="backup", words={"command": "true"}, based_on=sha(TEXT)), "backup"),
        (DeleteJob(job="nosuch", based_on=sha(TEXT)), "no job nosuch"),
    ],
    ids=["bad word", "no job", "twice", "nothing to delete"],
)
async def test_an_edit_that_would_break_the_file_is_refused_and_writes_nothing(
    tmp_path: Path, edit: AddJob | EditJob | DeleteJob, why: str
) -> None:
    async with desk(tmp_path) as it:
        answer = await it.definitions.edit(edit)

        assert (answer.ok, answer.kind) == (False, "invalid")
        assert why in answer.message
        assert it.file.read_text() == TEXT
        assert not (tmp_path / "jobs.yaml~1").exists()


async def test_the_first_job_makes_the_file(tmp_path: Path) -> None:
    async with desk(tmp_path, text=None) as it:
        answer = await it.definitions.edit(
            AddJob(job="first", words={"command": "true"}, based_on=sha(""))
        )
        await it.told(lambda seen: set(seen.jobs) == {"first"})

        assert answer.ok
        assert "first:" in it.file.read_text()
        assert it.definitions.seen == sha(it.file.read_text())


async def test_a_file_that_cannot_be_read_is_never_written_over(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.file.write_bytes(b"jobs: {} # \xff\n")
        edit = AddJob(job="third", words={"command": "true"}, based_on="")
        answer = await it.definitions.edit(edit)

        assert (answer.ok, answer.kind) == (False, "invalid")
        assert "is not UTF-8" in answer.message
        assert it.file.read_bytes() == b"jobs: {} # \xff\n"


async def test_a_start_on_a_broken_file_goes_on_with_the_last_good_one(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.definitions.keep(await it.definitions.read())
        it.file.write_text(BROKEN)
        await it.definitions.reload(is_asked=True)
        good = await it.definitions.last_good()

    assert good is not None
    assert [job.id for job in good.jobs] == ["backup", "report"]
    assert good.sha256 == sha(TEXT)
    assert good.jobs[0].source == str(it.file)


def test_without_a_last_good_file_or_with_a_spoilt_one_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(TEXT)
    good = load(path, local_timezone="UTC")

    assert LastGood(tmp_path).load(path, local_timezone="UTC") is None
    LastGood(tmp_path).keep(good)
    path.write_text(BROKEN)
    kept = LastGood(tmp_path).load(path, local_timezone="UTC")
    assert kept is not None
    assert kept.jobs == good.jobs
    (tmp_path / "last-good.json").write_bytes(b"\xff\xfe")
    assert LastGood(tmp_path).load(path, local_timezone="UTC") is None
    LastGood(tmp_path / "nosuch").keep(good)  # a full disk only loses the net


EVENT = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nEND:VEVENT\nEND:VCALENDAR\n"


async def test_another_calendar_file_is_a_change_of_the_jobs_file(tmp_path: Path) -> None:
    events = tmp_path / "free.ics"
    events.write_text(EVENT)
    text = TEXT + "calendars: {free: {ics: free.ics}}\n"
    async with desk(tmp_path, text) as it:
        assert str(events) in it.definitions.places.files
        assert (await it.definitions.reload()).message == "nothing changed"

        events.write_text(EVENT.replace("1225", "1226"))
        assert (await it.definitions.reload()).message == "loaded 2 jobs"
        await it.told(lambda seen: _first_day(seen) == "2026-12-26T00:00:00")

        events.write_text("nonsense")
        answer = await it.definitions.reload(is_asked=True)
        await it.told(lambda seen: bool(seen.problems))
        assert "free.ics, line 1: is not a line of an .ics file" in answer.message
        assert _first_day(it.seen) == "2026-12-26T00:00:00"

        events.unlink()
        last_good = await it.definitions.last_good()
        assert last_good is not None
        assert last_good.settings == it.seen.settings

        events.write_text(EVENT)
        assert (await it.definitions.reload()).ok
        await it.told(lambda seen: not seen.problems)
        assert _first_day(it.seen) == "2026-12-25T00:00:00"


def _first_day(seen: Snapshot) -> object:
    return seen.settings.calendars["free"].spans[0][0]


async def test_a_mended_file_of_tokens_mends_the_jobs_file(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("a" * 40)
    tokens.chmod(0o644)
    api = 'settings: {api: {listen: "http://127.0.0.1:7878", token_file: tokens}}\n'
    async with desk(tmp_path) as it:
        it.file.write_text(api + TEXT)
        assert not (await it.definitions.reload()).ok
        await it.told(lambda seen: bool(seen.problems))
        assert str(tokens) in it.definitions.places.files

        tokens.chmod(0o600)
        assert (await it.definitions.reload()).message == "loaded 2 jobs"
        await it.told(lambda seen: not seen.problems and bool(seen.settings.api.listen))
        assert str(tokens) not in it.definitions.places.files  # the door looks at it from now on
