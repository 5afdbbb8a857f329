"""Small programs beside the screen."""

import asyncio
from pathlib import Path

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
