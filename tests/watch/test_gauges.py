"""The machine's load as ratios."""

from pathlib import Path

from cronterm.watch.gauges import read_gauges


def test_gauges_are_ratios_of_the_machine_and_of_the_file_system(tmp_path: Path) -> None:
    read_gauges(tmp_path)
    load = read_gauges(tmp_path)

    assert all(0 <= ratio <= 1 for ratio in (load.cpu, load.memory, load.disk))
    assert 0 < load.memory_used_bytes < load.memory_bytes
    assert load.load >= 0


def test_the_disk_is_named_by_its_mount_point(tmp_path: Path) -> None:
    named = Path(read_gauges(tmp_path).disk_path)

    assert named.is_mount()
    assert tmp_path.resolve().is_relative_to(named)
    assert read_gauges(Path("/proc")).disk_path == "/proc"
