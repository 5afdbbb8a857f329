"""What the roof puts together."""

from pathlib import Path

from cronterm.main import control_of
from cronterm.remote.control import HttpControl
from cronterm.remote.merged import MergedControl


def test_a_control_of_one_engine_is_its_own_and_who_starts_it_can_hurry_it(tmp_path: Path) -> None:
    one = {"": HttpControl(tmp_path / "s")}
    two = {"a": HttpControl(tmp_path / "a"), "b": HttpControl(tmp_path / "b")}

    assert control_of(one) is one[""]  # it was taken out, and nobody hurried it
    assert isinstance(control_of(two), MergedControl)
    assert list(two) == ["a", "b"]
