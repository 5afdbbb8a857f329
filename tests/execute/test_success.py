"""Rules about output, and which part of it is kept, with a real runner."""

from pathlib import Path
from typing import Any

import pytest

from cronterm.clock import SECOND
from cronterm.execute.output import read_output
from cronterm.model.query import OutputPart
from cronterm.model.success import Success
from tests.execute.hold import STORE, held, start


@pytest.mark.parametrize(
    ("command", "success", "verdict"),
    [
        ("echo backup complete", Success(stdout_match="complete$"), ("", "")),
        ("echo backup complete >&2", Success(stdout_match="complete"), ("stdout_match", "")),
        (
            "printf 'no end: ERROR 3'",
            Success(output_reject="ERROR"),
            ("output_reject", "no end: ERROR 3"),
        ),
        ("echo oh >&2; exit 4", Success(stderr_empty=True), ("stderr_empty", "oh")),
        ("echo fine", Success(stderr_empty=True), ("", "")),
    ],
)
async def test_what_output_says_is_told_with_the_end(
    tmp_path: Path, command: str, success: Success, verdict: tuple[str, str]
) -> None:
    async with held(tmp_path) as it:
        end = await it.run(1, command, success=success)

        assert (end.broken_rule, end.broken_by) == verdict


async def test_rules_see_all_of_an_output_that_is_bounded_on_disk(tmp_path: Path) -> None:
    command = "seq 1 100000; echo needle; seq 1 100000"
    async with held(tmp_path) as it:
        end = await it.run(
            1, command, success=Success(output_reject="needle"), output_max_size=10_000
        )

        assert b"needle" not in it.text(1)
        assert end.broken_by == "needle"


async def test_a_line_that_comes_in_two_is_one(tmp_path: Path) -> None:
    command = "printf 'backup '; sleep 0.3; echo complete"
    async with held(tmp_path) as it:
        end = await it.run(1, command, success=Success(stdout_match="^backup complete$"))

        assert end.broken_rule == ""
        assert end.duration_us is not None
        assert 0.3 * SECOND <= end.duration_us < 10 * SECOND


async def test_a_pattern_without_end_harms_its_own_run_only(tmp_path: Path) -> None:
    bad = Success(output_reject="^(a+)+$")
    async with held(tmp_path) as it:
        it.executor.start_nowait(start(1, f"echo {'a' * 60}!", success=bad))
        it.executor.start_nowait(start(2, "echo hello"))
        broken = await it.end(1)
        fine = await it.end(2)

        assert "takes too long" in broken.broken_by
        assert fine.exit_code == 0
        assert it.text(2) == b"hello\n"


def read(directory: Path, blob: bytes, **words: Any) -> OutputPart:
    """Return a part of the output of run 1."""
    place = directory / "output" / STORE
    asked = {"offset": 0, "max_bytes": 1 << 20, "complete": True} | words
    return read_output(place, run=1, attempt=1, blob=blob or None, **asked)


def text(part: OutputPart) -> bytes:
    """Return the bytes of a part."""
    return b"".join(chunk.data for chunk in part.chunks)


async def test_of_a_long_output_the_head_alone_may_be_kept(tmp_path: Path) -> None:
    async with held(tmp_path) as it:
        end = await it.run(1, "seq 1 400000", output_max_size=100_000, output_keep="head")
        whole = read(tmp_path, it.ended[1, 1].output)
        last = read(tmp_path, it.ended[1, 1].output, offset=None, max_bytes=10)
        behind = read(tmp_path, it.ended[1, 1].output, offset=100_000)

    assert end.output_bytes == whole.end_offset == whole.next_offset == 2_688_895
    assert text(whole).startswith(b"1\n2\n3\n")
    assert len(text(whole)) == 100_000
    assert whole.dropped == (100_000, 2_688_895)
    assert text(last) == text(whole)[-10:]
    assert (text(behind), behind.next_offset) == (b"", 2_688_895)


async def test_of_a_long_output_the_tail_alone_may_be_kept(tmp_path: Path) -> None:
    async with held(tmp_path) as it:
        await it.run(1, "seq 1 400000", output_max_size=100_000, output_keep="tail")
        part = read(tmp_path, it.ended[1, 1].output)

    assert text(part).endswith(b"399999\n400000\n")
    assert 50_000 <= len(text(part)) <= 100_000
    assert part.dropped == (0, part.first_offset)
    assert part.first_offset + len(text(part)) == part.end_offset == 2_688_895


@pytest.mark.parametrize("keep", ["head", "tail", "head_tail"])
async def test_a_short_output_is_kept_whole(tmp_path: Path, keep: str) -> None:
    async with held(tmp_path) as it:
        await it.run(1, "seq 1 20000; sleep 0.1", output_max_size=200_000, output_keep=keep)
        part = read(tmp_path, it.ended[1, 1].output)

    assert part.dropped is None
    assert text(part).startswith(b"1\n2\n")
    assert text(part).endswith(b"\n20000\n")
