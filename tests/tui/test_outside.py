"""Small programs beside the screen."""

import asyncio
import gc
import os
import signal
from pathlib import Path
from warnings import catch_warnings, simplefilter

import pytest

from cronterm.tui.outside import run
from tests.journeys.house import wait_until


def is_there(told: Path) -> bool:
    """Tell whether the process whose pid a file names is there."""
    return Path(f"/proc/{told.read_text(encoding='utf-8').strip()}").exists()


async def test_a_program_ends_with_the_screen_that_waits_for_it(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    words = ("sh", "-c", 'echo $$ > "$0.new"; mv "$0.new" "$0"; exec sleep 100', str(told))

    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(run(words, {"PATH": "/usr/bin:/bin"}, hears=True), name="asked")
        await asyncio.to_thread(wait_until, told.exists, "it runs")
        asked.cancel()

    assert asked.cancelled()
    assert not is_there(told)


def test_nothing_of_a_program_is_held_however_often_it_is_given_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told = tmp_path / "pid"  # of what it leaves behind, which holds the pipe that we hear
    words = ("sh", "-c", 'sleep 100 & echo $! > "$0.new"; mv "$0.new" "$0"; wait', str(told))

    async def give_up() -> None:
        asked = asyncio.ensure_future(run(words, {"PATH": "/usr/bin:/bin"}, hears=True))
        await asyncio.to_thread(wait_until, told.exists, "it runs")
        while not asked.done():
            asked.cancel()
            await asyncio.sleep(0)
        assert asked.cancelled()

    with catch_warnings(record=True) as warned:
        simplefilter("always")
        asyncio.run(give_up())
        gc.collect()
    os.kill(int(told.read_text(encoding="utf-8")), signal.SIGKILL)

    assert [str(each.message) for each in warned] == []
    assert caplog.messages == []
