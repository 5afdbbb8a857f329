"""Definitions from many files: each edit goes where its job came from, each change is noticed."""

import hashlib
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cronterm.clock import SECOND
from cronterm.config.load import load
from cronterm.engine.last_good import LastGood, load_for_start
from cronterm.engine.watching import Places, Watching
from cronterm.model.command import AddJob, DeleteJob, EditJob, UndoEdit
from tests.engine.bench import Desk, bench

PATIENCE_S = 20.0
A = 'jobs:\n  a: {command: "true"}\n'
B = 'jobs:\n  # ours\n  b:\n    command: "true"\n'
SEED = {
    "job_id": "seed",
    "schedule": "0 1 * * *",
    "task": {"type": "execute_command", "command": "x"},
}


def filled(directory: Path) -> Path:
    """Write three files and return a place for state."""
    directory.chmod(0o755)
    jobs, state = directory / "jobs.d", directory / "state"
    state.mkdir()
    jobs.mkdir(mode=0o755)
    (jobs / "a.yaml").write_text(A)
    (jobs / "b.yml").write_text(B)
    (jobs / "seed.json").write_text(json.dumps(SEED, indent=4) + "\n")
    return state


@asynccontextmanager
async def folder(directory: Path) -> AsyncIterator[Desk]:
    """Give a desk whose jobs file is a directory of three files, in force."""
    state = filled(directory)
    async with bench(state) as it:
        desk = Desk(directory, it, name="jobs.d")
        assert (await desk.definitions.reload(is_asked=True)).ok
        await desk.told(lambda seen: set(seen.jobs) == {"a", "b", "seed"})
        yield desk


async def test_a_bad_file_takes_nothing_down_and_its_jobs_stay(tmp_path: Path) -> None:
    async with folder(tmp_path) as it:
        (it.file / "b.yml").write_text("jobs: [")
        (it.file / "c.yaml").write_text('jobs: {c: {command: "true"}}')
        answer = await it.definitions.reload(is_asked=True)
        await it.told(lambda seen: "c" in seen.jobs and bool(seen.problems))

        assert (answer.ok, answer.kind) == (False, "invalid")
        assert set(it.seen.jobs) == {"a", "b", "c", "seed"}
        assert [problem.file for problem in it.seen.problems] == [str(it.file / "b.yml")]

        (it.file / "b.yml").write_text(B.replace("true", "false"))
        assert (await it.definitions.reload(is_asked=True)).ok
        await it.told(lambda seen: not seen.problems)
        assert it.seen.jobs["b"].job.action.command == "false"  # type: ignore[union-attr]


async def test_files_come_and_go(tmp_path: Path) -> None:
    async with folder(tmp_path) as it:
        for name in ("a.yaml", "b.yml", "seed.json"):
            (it.file / name).unlink()
        assert (await it.definitions.reload()).ok
        await it.told(lambda seen: not seen.jobs)
        (it.file / "d.json").write_text('{"jobs": {"d": {"command": "true"}}}')
        assert (await it.definitions.reload()).ok
        await it.told(lambda seen: set(seen.jobs) == {"d"})


async def test_an_edit_goes_to_the_file_of_its_job_and_can_be_undone(tmp_path: Path) -> None:
    async with folder(tmp_path) as it:
        of_file = hashlib.sha256(B.encode()).hexdigest()
        edit = EditJob(job="b", words={"timeout": "5m"}, based_on=of_file)
        answer = await it.definitions.edit(edit)

        assert answer.ok, answer
        assert (it.file / "b.yml").read_text() == B + "    timeout: 5m\n"
        assert answer.diff.startswith("--- b.yml")

        undone = await it.definitions.edit(UndoEdit(based_on=answer.sha256))
        assert undone.ok, undone
        assert (it.file / "b.yml").read_text() == B
        assert (it.file / "a.yaml").read_text() == A


async def test_a_new_job_of_a_directory_gets_a_file_of_its_own(tmp_path: Path) -> None:
    async with folder(tmp_path) as it:
        add = AddJob(job="new", words={"command": "true"}, based_on=it.seen.sha256)
        answer = await it.definitions.edit(add)
        await it.told(lambda seen: "new" in seen.jobs)

        assert answer.ok, answer
        assert (it.file / "new.yaml").read_text() == 'jobs:\n  new:\n    command: "true"\n'


async def test_a_new_job_with_a_known_id_is_refused_and_nothing_written(tmp_path: Path) -> None:
    async with folder(tmp_path) as it:
        add = AddJob(job="b", words={"command": "true"}, based_on=it.seen.sha256)
        answer = await it.definitions.edit(add)

        assert (answer.ok, answer.kind) == (False, "invalid")
        assert "'b' stands twice" in answer.message
        assert not (it.file / "b.yaml").exists()


async def test_an_edit_of_a_json_job_keeps_its_form(tmp_path: Path) -> None:
    async with folder(tmp_path) as it:
        words = {"command": "y", "schedule": None, "timeout": "1h"}
        edit = EditJob(job="seed", words=words, based_on=it.seen.sha256)
        done = await it.definitions.edit(edit)

        assert done.ok, done
        new = json.loads((it.file / "seed.json").read_text())
        assert new["task"] == {"type": "execute_command", "command": "y"}
        assert "schedule" not in new
        assert (it.file / "seed.json").read_text().startswith('{\n    "job_id"')
        gone = await it.definitions.edit(DeleteJob(job="seed", based_on=done.sha256))
        assert (gone.ok, gone.hint) == (False, "delete the file")


async def test_an_edit_of_a_job_that_is_nowhere_is_refused(tmp_path: Path) -> None:
    async with folder(tmp_path) as it:
        gone = await it.definitions.edit(DeleteJob(job="no", based_on=it.seen.sha256))

        assert (gone.ok, gone.kind) == (False, "invalid")
        assert "there is no job no" in gone.message


async def test_an_edit_on_older_files_is_stale(tmp_path: Path) -> None:
    async with folder(tmp_path) as it:
        before = it.seen.sha256
        (it.file / "a.yaml").write_text(A.replace("true", "false"))
        edit = DeleteJob(job="b", based_on=before)

        assert (await it.definitions.edit(edit)).kind == "stale"


async def test_the_places_of_all_files_are_known(tmp_path: Path) -> None:
    async with folder(tmp_path) as it:
        places = it.definitions.places

        assert places.folders == (str(it.file),)
        assert len(places.files) == 3
        assert it.definitions.seen == ""


# -- watching ------------------------------------------------------------------------------------


class Changes:
    """Counts what is told."""

    def __init__(self) -> None:
        self._told = threading.Condition()
        self._count = 0

    def __call__(self) -> None:
        """Note a change."""
        with self._told:
            self._count += 1
            self._told.notify_all()

    def wait_after(self, seen: int) -> int:
        """Return the count once it is more than `seen`."""
        with self._told:
            assert self._told.wait_for(lambda: self._count > seen, PATIENCE_S)
            return self._count


def test_every_file_of_a_directory_is_watched(tmp_path: Path) -> None:
    folder, changes = tmp_path / "jobs.d", Changes()
    folder.mkdir()
    file = folder / "a.yaml"
    file.write_text(A)
    places = Places((str(file),), (str(folder),), SECOND)
    with Watching(folder, places, known="", on_change=changes):
        count = changes.wait_after(0)
        file.write_text(A + "# more\n")
        count = changes.wait_after(count)
        (folder / "b.json").write_text("{}")
        count = changes.wait_after(count)
        file.unlink()
        count = changes.wait_after(count)
        (folder / "other.txt").write_text("x")
        (folder / "b.json").replace(folder / "c.json")
        changes.wait_after(count)


def test_included_files_are_watched_once_they_are_known(tmp_path: Path) -> None:
    main, changes = tmp_path / "jobs.yaml", Changes()
    inner = tmp_path / "conf" / "b.yaml"
    inner.parent.mkdir()
    inner.write_text(B)
    main.write_text("include: conf/b.yaml")
    known = hashlib.sha256(main.read_bytes()).hexdigest()
    with Watching(main, Places((str(main),)), known=known, on_change=changes) as watching:
        watching.follow(Places((str(inner), str(main)), (), SECOND // 5), known)
        count = changes.wait_after(0)
        inner.write_text(B + "# more\n")
        count = changes.wait_after(count)
        main.write_text("include: [conf/b.yaml]")
        changes.wait_after(count)


def test_without_an_engine_the_last_good_version_stands_in_as_well(tmp_path: Path) -> None:
    state = filled(tmp_path)
    jobs = tmp_path / "jobs.d"
    LastGood(state).keep(load(jobs, local_timezone="UTC"))
    (jobs / "b.yml").write_text("jobs: [")
    loaded = load_for_start(jobs, state, local_timezone="UTC")

    assert sorted(job.id for job in loaded.jobs) == ["a", "b", "seed"]
    assert loaded.is_usable
    assert len(loaded.problems) == 1
