"""Commands on a directory of jobs files."""

import json
from pathlib import Path

import pytest

from tests.cli.desk import Desk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory of two files, one of them bad."""
    tmp_path.chmod(0o755)
    folder = tmp_path / "jobs.d"
    folder.mkdir(mode=0o755)
    (folder / "a.yaml").write_text("jobs: {a: {command: x}}")
    (folder / "b.json").write_text('{"jobs": {"b": {"comand": "x"}}}')
    return folder


@pytest.mark.parametrize("words", [["--jobs-dir"], ["-f"], ["--file"]])
def test_a_directory_is_named_like_a_file(lonely: Desk, folder: Path, words: list[str]) -> None:
    for given in (["validate", *words, str(folder)], [*words, str(folder), "validate"]):
        done = lonely.run(*given, bare=True)

        assert done.exit_code == 65
        assert f"{folder}/b.json:1:17: unknown key 'comand'" in done.stdout

    (folder / "b.json").unlink()
    assert lonely.run("validate", *words, str(folder)).stdout == f"{folder}: ok, 1 job\n"


def test_a_directory_opens_its_screen(lonely: Desk, folder: Path) -> None:
    lonely.run("jobs.d", bare=True)
    lonely.run("--jobs-dir", str(folder), bare=True)

    assert [each.jobs_file for each in lonely.screens] == [folder, folder]


def test_the_problems_of_a_directory_name_their_files(lonely: Desk, folder: Path) -> None:
    told = json.loads(lonely.run("validate", str(folder), "--json").stdout)

    assert [problem["file"] for problem in told["problems"]] == [str(folder / "b.json")]
