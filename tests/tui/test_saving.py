"""Pictures of the screen, and files that are never written over."""

from pathlib import Path
from typing import cast

import pytest

from cronterm.tui.home import Home
from cronterm.tui.saving import save
from tests.tui.scene import app
from tests.tui.test_screens import on_dashboard, wait_for


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a directory of its own, in UTC."""
    monkeypatch.chdir(tmp_path)


def files(directory: Path, pattern: str) -> list[Path]:
    """Return what is there."""
    return sorted(directory.glob(pattern))


async def test_a_page_is_saved_without_the_question_over_it(tmp_path: Path) -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("f2", "t")
        await wait_for(pilot, lambda: bool(files(tmp_path, "cronterm-2026*.txt")))
        await pilot.press("ctrl+s", "s")
        await wait_for(pilot, lambda: bool(files(tmp_path, "cronterm-2026*.svg")))
        await wait_for(pilot, lambda: len(pilot.app._notifications) == 2)
        told = [each.message for each in pilot.app._notifications]

    text, svg = (files(tmp_path, f"*.{kind}")[0] for kind in ("txt", "svg"))
    assert told == [f"saved {text}", f"saved {svg}"]
    lines = text.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith(" cronterm ● live │ 12 jobs")
    assert len(lines) == 40
    drawn = svg.read_text(encoding="utf-8")
    assert "invoice-export" in drawn
    assert "Save&#160;the&#160;screen" not in drawn
    assert "@font-face" not in drawn


async def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    async with app().run_test() as pilot:
        home = cast(Home, pilot.app)
        for text in ("one", "two", "three"):
            save(home, "a.log", text)
        save(home, "none/a.log", "x")
        await wait_for(pilot, lambda: len(pilot.app._notifications) == 4)
        told = [each.message for each in pilot.app._notifications]

    found = {path.name: path.read_text(encoding="utf-8") for path in files(tmp_path, "a*.log")}
    assert found == {"a.log": "one", "a-2.log": "two", "a-3.log": "three"}
    assert told[3] == f"{tmp_path}/none/a.log: No such file or directory"
