"""Facts that conditions name."""

import os
from pathlib import Path

from cronterm.model.gates import Condition, DiskFree
from cronterm.watch.conditions import is_on_ac, unmet_facts


def test_a_path_must_be_there(tmp_path: Path) -> None:
    there, missing = str(tmp_path), str(tmp_path / "go")

    assert unmet_facts(Condition(path_exists=(there,))) == ""
    assert unmet_facts(Condition(path_exists=(there, missing))) == f"{missing} does not exist"


def test_the_load_must_be_below() -> None:
    load = os.getloadavg()[0]

    assert unmet_facts(Condition(load_below=load + 100)) == ""
    assert "not below 1e-06" in unmet_facts(Condition(load_below=0.000001)) or load == 0


def test_so_much_of_the_disk_must_be_free(tmp_path: Path) -> None:
    here = str(tmp_path)

    assert unmet_facts(Condition(disk_free=DiskFree(here, above=1))) == ""
    assert "not above 1000.0 TB" in unmet_facts(Condition(disk_free=DiskFree(here, above=10**15)))
    assert "free, not above 100%" in unmet_facts(Condition(disk_free=DiskFree(here, ratio=1.0)))
    gone = str(tmp_path / "gone")
    assert unmet_facts(Condition(disk_free=DiskFree(gone, above=1))) == (
        f"{gone}: No such file or directory"
    )


def supply(power: Path, name: str, **lines: str) -> None:
    """Lay down a power supply as the kernel shows it."""
    (power / name).mkdir(parents=True)
    for file, line in lines.items():
        (power / name / file).write_text(f"{line}\n", encoding="ascii")


def test_a_machine_without_a_battery_is_on_mains(tmp_path: Path) -> None:
    assert is_on_ac(tmp_path / "nothing")


def test_a_laptop_is_on_mains_or_on_battery(tmp_path: Path) -> None:
    supply(tmp_path, "BAT0", type="Battery", status="Discharging")
    supply(tmp_path, "AC", type="Mains", online="0")

    assert not is_on_ac(tmp_path)
    assert unmet_facts(Condition(on_ac=True), power=tmp_path) == "the machine runs on battery"
    assert unmet_facts(Condition(on_ac=False), power=tmp_path) == ""
    (tmp_path / "AC" / "online").write_text("1\n", encoding="ascii")
    assert is_on_ac(tmp_path)
    assert unmet_facts(Condition(on_ac=False), power=tmp_path) == "the machine runs on mains"
