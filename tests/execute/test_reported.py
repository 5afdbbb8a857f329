"""Output of runs that something else reports: appended piece by piece, within its limit."""

import stat
from pathlib import Path

from cronterm.execute.output import append_output, read_output
from cronterm.model.effect import ReportedLine

AT = 1_800_000_000_000_000


def line(data: bytes, *, most: int = 100) -> ReportedLine:
    """Return a reported line of run 7."""
    return ReportedLine(run=7, job="mirror", attempt=1, at=AT, data=data, most=most)


def test_pieces_follow_each_other_and_are_private(tmp_path: Path) -> None:
    output = tmp_path / "output"

    assert [append_output(output, line(text)) for text in (b"begun\n", b"done\n")] == [0, 6]

    part = read_output(output, run=7, attempt=1, blob=None, offset=0, max_bytes=1000, complete=True)
    assert [(chunk.offset, chunk.at, chunk.data) for chunk in part.chunks] == [
        (0, AT, b"begun\n"),
        (6, AT, b"done\n"),
    ]
    assert {stat.S_IMODE(each.stat().st_mode) for each in output.iterdir()} == {0o600}


def test_what_does_not_fit_is_left_out_and_smaller_pieces_are_kept(tmp_path: Path) -> None:
    pieces = [append_output(tmp_path, line(data, most=8)) for data in (b"12345", b"6789", b"67")]

    assert pieces == [0, None, 5]
    assert (tmp_path / "7-1.log").read_bytes() == b"1234567"
