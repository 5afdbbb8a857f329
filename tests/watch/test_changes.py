"""Two looks at real files tell what happened between them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cronterm.model.trigger import OnFile
from cronterm.watch.changes import Change, Mark, Picture, place_of, tell_changes


class Looking:
    """A picture of a directory and what is found to have changed since the last question."""

    def __init__(self, directory: Path, **words: Any) -> None:
        self.directory = directory
        own = place_of(words.pop("own")) if "own" in words else None
        self.picture = Picture(OnFile(path=str(directory), **words), own=own)
        self.picture.look()

    def changes(self) -> list[tuple[str, ...]]:
        """Return (event, path, former path) by path, relative to the directory."""
        before = self.picture.look()
        return self.told(before)

    def told(self, before: dict[str, Mark | None]) -> list[tuple[str, ...]]:
        """Return what a look tells."""
        after = {path: self.picture.mark(path) for path in before}
        return [self._plain(change) for change in tell_changes(before, after)]

    def _plain(self, change: Change) -> tuple[str, ...]:
        paths = [path for path in (change.path, change.was) if path]
        return (change.event, *(os.path.relpath(path, self.directory) for path in paths))


def test_files_are_created_modified_and_deleted(tmp_path: Path) -> None:
    (tmp_path / "changed").write_text("a")
    (tmp_path / "gone").write_text("a")
    looking = Looking(tmp_path)
    (tmp_path / "changed").write_text("ab")
    (tmp_path / "gone").unlink()
    (tmp_path / "new").write_text("a")

    assert looking.changes() == [("modified", "changed"), ("deleted", "gone"), ("created", "new")]
    assert looking.changes() == []


def test_a_renamed_file_is_moved(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    looking = Looking(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")

    assert looking.changes() == [("moved", "b", "a")]


def test_a_file_that_is_moved_over_another_is_moved(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("other")
    looking = Looking(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")

    assert looking.changes() == [("moved", "b", "a")]


def test_a_reused_inode_is_no_move(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    looking = Looking(tmp_path)
    (tmp_path / "a").unlink()
    (tmp_path / "b").write_text("b")

    assert looking.changes() == [("deleted", "a"), ("created", "b")]


def test_a_save_by_renaming_is_a_modification(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    looking = Looking(tmp_path)
    (tmp_path / ".a.swp").write_text("new")
    (tmp_path / ".a.swp").rename(tmp_path / "a")

    assert looking.changes() == [("modified", "a")]


def test_what_came_and_went_is_nothing(tmp_path: Path) -> None:
    looking = Looking(tmp_path)
    (tmp_path / "a").write_text("a")
    before = looking.picture.look()
    (tmp_path / "a").unlink()
    looking.picture.look()

    assert looking.told(before) == []


def test_rights_are_not_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    looking = Looking(tmp_path)
    (tmp_path / "a").chmod(0o600)

    assert looking.changes() == []


@pytest.mark.parametrize(
    "name", [".a.swp", ".a.swx", "a~", "jobs.yaml~1", "4913", ".#a", "#a#", ".jobs.yaml.12.new"]
)
def test_what_editors_leave_is_ignored(tmp_path: Path, name: str) -> None:
    looking = Looking(tmp_path)
    (tmp_path / name).write_text("a")

    assert looking.changes() == []


def test_patterns_choose_by_name(tmp_path: Path) -> None:
    looking = Looking(tmp_path, patterns=("*.csv", "x?"))
    for name in ("a.csv", "a.CSV", "a.csv.part", "x1", "x12"):
        (tmp_path / name).write_text("a")

    assert looking.changes() == [("created", "a.csv"), ("created", "x1")]


def test_patterns_with_a_slash_choose_by_path(tmp_path: Path) -> None:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    looking = Looking(tmp_path, patterns=("in/*.csv",), recursive=True)
    for name in ("a.csv", "in/a.csv", "out/a.csv"):
        (tmp_path / name).write_text("a")

    assert looking.changes() == [("created", "in/a.csv")]


@pytest.mark.parametrize(
    ("pattern", "fitting"),
    [
        ("in/*.csv", {"in/a.csv"}),
        ("./in/*", {"in/a.csv", "in/b.txt"}),
        ("**/*.csv", {"a.csv", "in/a.csv", "in/deep/a.csv"}),
        ("in/**", {"in/a.csv", "in/b.txt", "in/deep/a.csv"}),
        ("**/**/deep/**/*.csv", {"in/deep/a.csv"}),
        ("/a.csv", {"a.csv"}),
        ("in/[!a]*", {"in/b.txt"}),
    ],
)
def test_a_star_stays_within_a_name_and_two_cross_directories(
    tmp_path: Path, pattern: str, fitting: set[str]
) -> None:
    (tmp_path / "in/deep").mkdir(parents=True)
    looking = Looking(tmp_path, patterns=(pattern,), recursive=True)
    for name in ("a.csv", "in/a.csv", "in/b.txt", "in/deep/a.csv"):
        (tmp_path / name).write_text("a")

    assert {path for _, path in looking.changes()} == fitting


def test_a_file_that_gets_its_name_last_is_created(tmp_path: Path) -> None:
    looking = Looking(tmp_path, patterns=("*.csv",))
    (tmp_path / "a.part").write_text("a")
    (tmp_path / "a.part").rename(tmp_path / "a.csv")

    assert looking.changes() == [("created", "a.csv")]


# -- trees ---------------------------------------------------------------------------------------


def test_below_counts_only_if_it_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    flat, deep = Looking(tmp_path), Looking(tmp_path, recursive=True)
    (tmp_path / "below/a").write_text("a")

    assert flat.changes() == []
    assert deep.changes() == [("created", "below/a")]


def test_a_tree_that_comes_goes_and_moves(tmp_path: Path) -> None:
    looking = Looking(tmp_path, recursive=True)
    (tmp_path / "one/two").mkdir(parents=True)
    (tmp_path / "one/two/a").write_text("a")
    assert looking.changes() == [("created", "one/two/a")]
    (tmp_path / "one").rename(tmp_path / "uno")
    assert looking.changes() == [("moved", "uno/two/a", "one/two/a")]
    (tmp_path / "uno/two/a").unlink()
    (tmp_path / "uno/two").rmdir()
    (tmp_path / "uno").rmdir()

    assert looking.changes() == [("deleted", "uno/two/a")]


def test_another_directory_of_the_same_name_is_another(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/a").write_text("a")
    looking = Looking(tmp_path, recursive=True)
    (tmp_path / "d").rename(tmp_path.parent / f"{tmp_path.name}-away")
    (tmp_path / "d").mkdir()
    (tmp_path / "d/b").write_text("b")

    assert looking.told(looking.picture.look([str(tmp_path)])) == [
        ("deleted", "d/a"),
        ("created", "d/b"),
    ]


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    looking = Looking(tmp_path, recursive=True)
    (tmp_path / "a").write_text("a")

    assert looking.changes() == [("created", "a")]


def test_what_the_engine_writes_is_ignored(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    looking = Looking(tmp_path, recursive=True, own=state)
    (state / "history.db").write_text("a")

    assert looking.changes() == []


def test_names_need_not_be_text(tmp_path: Path) -> None:
    looking = Looking(tmp_path)
    name = os.fsdecode(b"caf\xe9\n.csv")
    (tmp_path / name).write_text("a")

    assert looking.changes() == [("created", name)]


# -- the path itself -----------------------------------------------------------------------------


def test_a_single_file_is_watched_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "a"
    looking = Looking(file)
    steps: list[tuple[Callable[[], object], list[str]]] = [
        (lambda: file.write_text("a"), ["created"]),
        (lambda: file.write_text("ab"), ["modified"]),
        (lambda: (tmp_path / "b").write_text("b"), []),
        (file.unlink, ["deleted"]),
    ]
    for step, expected in steps:
        step()
        assert [change[0] for change in looking.changes()] == expected


def test_a_place_may_come_later_and_go(tmp_path: Path) -> None:
    place = tmp_path / "later"
    looking = Looking(place)
    place.mkdir()
    (place / "a").write_text("a")
    assert looking.changes() == [("created", "a")]
    (place / "a").unlink()
    place.rmdir()

    assert looking.changes() == [("deleted", "a")]
