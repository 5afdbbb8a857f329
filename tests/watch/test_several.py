"""Which files are watched may change while they are."""

import queue
from pathlib import Path

from cronterm.watch.files import digest
from cronterm.watch.several import FilesWatch

PATIENCE_S = 20.0


def test_each_of_several_files_is_watched_as_long_as_it_is_asked_for(tmp_path: Path) -> None:
    told: queue.SimpleQueue[bool] = queue.SimpleQueue()
    first, second = tmp_path / "a.ics", tmp_path / "b.ics"
    first.write_text("1")
    with FilesWatch(on_change=lambda: told.put(True)) as watch:
        watch.follow({str(first): digest(first), str(second): ""})
        second.write_text("1")
        assert told.get(timeout=PATIENCE_S)
        first.write_text("2")
        assert told.get(timeout=PATIENCE_S)

        watch.follow({str(second): digest(second)})
        first.write_text("3")
        second.unlink()
        assert told.get(timeout=PATIENCE_S)
        watch.follow({str(first): "of what was read before"})
        assert told.get(timeout=PATIENCE_S)
    first.write_text("4")
    assert told.empty()
