"""Tests for instances: names, places, the lock, who runs."""

import fcntl
import json
import os
import stat
import threading
from pathlib import Path

import pytest

from cronterm.errors import AlreadyRunning, CrontermError
from cronterm.instance import (
    Instance,
    find_instance,
    instance_name,
    no_engine,
    running_instances,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, and a working directory without a jobs file."""
    home = tmp_path / "home"
    (tmp_path / "here").mkdir()
    home.mkdir()
    for name in ("CRONTERM_FILE", "CRONTERM_STATE_DIR", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path / "here")
    return home


def mode(path: Path) -> int:
    """Return the permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_the_name_comes_from_the_place_of_the_file_not_from_what_it_links_to(
    tmp_path: Path,
) -> None:
    (tmp_path / "real.yaml").touch()
    (tmp_path / "linked").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "jobs.yaml").symlink_to(tmp_path / "real.yaml")

    found = find_instance(str(tmp_path / "linked" / "jobs.yaml"), None)

    assert found.jobs_file == tmp_path / "jobs.yaml"
    assert found.state_dir.name == instance_name(tmp_path / "jobs.yaml")
    assert found.state_dir.name.startswith("jobs-")
    assert len(found.state_dir.name) == len("jobs-") + 8


def test_the_state_directory_is_the_option_then_the_variable_then_the_usual_place(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_instance("a.yaml", None).state_dir.parent == home / ".local/state/cronterm"

    monkeypatch.setenv("CRONTERM_STATE_DIR", "~/elsewhere")
    assert find_instance("a.yaml", None).state_dir == home / "elsewhere"
    assert find_instance("a.yaml", "given").state_dir == tmp_path / "here" / "given"


def test_the_jobs_file_is_looked_for_in_the_usual_places_in_order(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_instance(None, None).jobs_file == tmp_path / "here/jobs.yaml"

    usual = home / ".config/cronterm/jobs.yaml"
    usual.parent.mkdir(parents=True)
    usual.touch()
    assert find_instance(None, None).jobs_file == usual

    (tmp_path / "here/jobs.yaml").touch()
    assert find_instance(None, None).jobs_file == tmp_path / "here/jobs.yaml"

    monkeypatch.setenv("CRONTERM_FILE", str(tmp_path / "named.yaml"))
    assert find_instance(None, None).jobs_file == tmp_path / "named.yaml"


def test_a_removed_working_directory_is_said(tmp_path: Path) -> None:
    (tmp_path / "here").rmdir()

    with pytest.raises(CrontermError, match="no directory"):
        find_instance("jobs.yaml", None)


def test_state_is_private_whatever_the_umask(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "jobs.yaml", tmp_path / "deep" / "state")
    before = os.umask(0)
    try:
        with instance.acquire_lock():
            assert mode(instance.state_dir) == 0o700
            assert mode(instance.cache_dir) == 0o700
            assert mode(instance.lock_file) == 0o600
            assert mode(instance.state_dir / "instance.json") == 0o600
    finally:
        os.umask(before)


def test_a_directory_that_holds_something_else_is_not_locked_away(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    (shared / "letter").touch()

    with pytest.raises(CrontermError, match="holds something else"):
        Instance(tmp_path / "jobs.yaml", shared).prepare()
    assert mode(shared) == 0o755


def test_a_state_directory_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").touch()

    with pytest.raises(CrontermError, match="File exists"):
        Instance(tmp_path / "jobs.yaml", tmp_path / "state").prepare()


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "jobs.yaml", tmp_path / "state")
    instance.prepare()
    precious = tmp_path / "precious"
    precious.write_text("stays", encoding="utf-8")
    instance.lock_file.symlink_to(precious)

    with pytest.raises(CrontermError, match=r"engine\.lock"), instance.acquire_lock():
        pass
    assert precious.read_text(encoding="utf-8") == "stays"


def test_a_second_engine_is_refused_by_the_name_of_the_first(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "jobs.yaml", tmp_path / "state")

    with instance.acquire_lock():
        assert instance.is_held()
        assert set(instance.holder()) == {"pid", "host", "version", "since"}
        with (
            pytest.raises(AlreadyRunning, match=f"pid {os.getpid()}") as refused,
            instance.acquire_lock(),
        ):
            pass

    assert refused.value.exit_code == 75
    assert not instance.is_held()


def test_a_file_whose_engine_keeps_its_state_elsewhere_is_not_run_twice(
    tmp_path: Path, home: Path
) -> None:
    usual = find_instance("jobs.yaml", None)
    elsewhere = find_instance("jobs.yaml", str(tmp_path / "state"))
    there = f"cronterm -f {usual.jobs_file} --state-dir {tmp_path}/state"

    with elsewhere.acquire_lock():
        with pytest.raises(AlreadyRunning, match=f"its state is in {tmp_path}/state") as refused:
            usual.check_alone()
        assert f"`{there}`" in str(refused.value)
        assert f"running: {there}" in str(no_engine(usual))
        find_instance("other.yaml", None).check_alone()
        find_instance(
            "jobs.yaml", str(tmp_path / "third")
        ).check_alone()  # whoever names it means it
        (word,) = (home / ".local/state/cronterm/elsewhere").iterdir()
    assert not word.exists()

    word.write_text(json.dumps({"jobs_file": str(usual.jobs_file), "state_dir": "/gone"}))
    with usual.acquire_lock():
        assert usual.is_held()


def test_without_a_home_nobody_is_told_where_the_state_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    instance = Instance(tmp_path / "jobs.yaml", tmp_path / "state")

    with instance.acquire_lock():
        assert instance.is_held()


def test_a_question_at_the_wrong_moment_does_not_keep_an_engine_from_starting(
    tmp_path: Path,
) -> None:
    instance = Instance(tmp_path / "jobs.yaml", tmp_path / "state")
    instance.prepare()
    asking = os.open(instance.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(asking, fcntl.LOCK_SH)
    answered = threading.Timer(0.05, os.close, [asking])
    answered.start()

    with instance.acquire_lock():
        assert instance.is_held()
    answered.join()


def test_a_state_directory_serves_one_jobs_file(tmp_path: Path) -> None:
    state = tmp_path / "state"
    Instance(tmp_path / "one.yaml", state).prepare()

    with pytest.raises(AlreadyRunning, match=r"belongs to .*one\.yaml"):
        Instance(tmp_path / "other.yaml", state).prepare()
    with pytest.raises(AlreadyRunning):
        Instance(tmp_path / "other.yaml", state).check()


def test_a_claim_that_cannot_be_read_is_made_anew(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "jobs.yaml", tmp_path / "state")
    instance.prepare()
    claim = instance.state_dir / "instance.json"
    claim.write_bytes(b"\xff{")

    instance.prepare()

    assert json.loads(claim.read_text(encoding="utf-8")) == {"jobs_file": str(instance.jobs_file)}


def test_who_runs_is_told_with_the_options_that_reach_it(tmp_path: Path) -> None:
    there = find_instance(str(tmp_path / "its jobs.yaml"), None)
    here = find_instance(None, None)
    assert f"cronterm -f {here.jobs_file} --headless`" in str(no_engine(here))
    elsewhere = find_instance(None, str(tmp_path / "state"))
    assert f"with the state in {tmp_path}/state" in str(no_engine(elsewhere))

    with there.acquire_lock():
        assert running_instances() == [there]
        told = no_engine(here)

    assert told.exit_code == 69
    assert f"cronterm -f '{tmp_path}/its jobs.yaml'" in str(told)
    assert "the file does not exist" in str(told)


def test_a_directory_may_be_named_in_any_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "jobs.d"
    folder.mkdir()
    monkeypatch.chdir(folder)

    for name in (".", "../jobs.d", "../jobs.d/", str(folder), "x/../../jobs.d"):
        assert find_instance(name, None).jobs_file == folder
    assert find_instance("..", None).jobs_file == tmp_path


@pytest.mark.parametrize("name", [b"j\xff.yaml", b"d\xff/jobs.yaml"])
def test_a_name_that_cannot_be_told_is_refused(tmp_path: Path, name: bytes) -> None:
    with pytest.raises(CrontermError, match=r"udcff.*not UTF-8"):
        find_instance(os.fsdecode(os.fsencode(tmp_path) + b"/" + name), str(tmp_path))
    with pytest.raises(CrontermError, match="not UTF-8"):
        find_instance("jobs.yaml", os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
