"""Files that nobody writes by hand: refused soon, in little memory, whatever they are."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronterm.config.load import load, load_text
from cronterm.model.job import definition_hash

MIB = 1 << 20
MOST_CPU_S = 5.0  # 2 s is the promise; a slow machine with a busy neighbour is allowed more
MOST_MEMORY_KIB = 230 << 10  # 200 MiB, and the interpreter

READ = """
import os, sys, time
from pathlib import Path
from cronterm.config.load import load

for line in sys.stdin:
    if os.fork() == 0:
        loaded = load(Path(line.removesuffix("\\n")), local_timezone="UTC")
        status = Path("/proc/self/status").read_text()
        memory = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
        print(len(loaded.jobs), len(loaded.problems), memory, time.process_time(), flush=True)
        os._exit(0)
    if os.wait()[1]:
        print("the reader died", flush=True)
"""

LARGE: dict[str, Callable[[], str]] = {
    "brackets": lambda: "[" * (4 * MIB),
    "braces": lambda: "{a: " * (4 * MIB),
    "dashes": lambda: "- " * (4 * MIB),
    "questions": lambda: "? " * (4 * MIB),
    "a list": lambda: "jobs: [" + "a," * (8 * MIB) + "a]",
    "lists in a list": lambda: "jobs: [" + "[]," * (8 * MIB) + "]",
    "jobs of nothing": lambda: "jobs:\n" + "".join(f" j{n}: 1\n" for n in range(MIB)),
    "a key again and again": lambda: "a: 1\n" * MIB,
    "aliases": lambda: "a: &x 1\nb: [" + "*x, " * (7 * MIB) + "1]",
    "anchors": lambda: "".join(f"k{n}: &a{n} 1\n" for n in range(MIB)),
    "tag directives": lambda: "".join(f"%TAG !a{n}! tag:{n}\n" for n in range(MIB)) + "--- a\n",
    "documents": lambda: "---\n" * (7 * MIB),
    "a long tag": lambda: "a: !" + "x" * (30 * MIB) + " b",
    "unicode line ends": lambda: "a: b\u2028" * (3 * MIB),
    "old line ends": lambda: "a: b\r" * (5 * MIB),
    "NUL": lambda: "\0" * (20 * MIB),
    "a number": lambda: "jobs: {a: {command: x, queue_limit: " + "9" * (20 * MIB) + "}}",
    "schedules": lambda: "jobs: {a: {command: x, schedule: [" + "1," * 100_000 + "]}}",
    "bad schedules": lambda: (
        "jobs:\n"
        + "".join(f" j{n}: {{schedule: '99 {n} * * *', command: x}}\n" for n in range(40_000))
    ),
    "unknown words": lambda: (
        "jobs:\n" + "".join(f" j{n}: {{frob{n}: 1, command: x}}\n" for n in range(40_000))
    ),
    "a large environment": lambda: (
        "jobs: {a: {command: x, env: {"
        + "".join(f"A{n}: bbbbbbbbbb," for n in range(140_000))
        + "}}}"
    ),
    "laughs": lambda: "\n".join(
        ["a0: &a0 [x, x]"]
        + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    ),
    "merged laughs": lambda: "\n".join(
        ["x-0: &a0 {k: x}"]
        + [f"x-{n}: &a{n} {{k{n}: *a{n - 1}, <<: [{f'*a{n - 1}, ' * 9}]}}" for n in range(1, 40)]
    ),
    "many aliases": lambda: "x-0: &a [" + "b, " * 900 + "c]\nx-1: [" + "*a, " * MIB + "*a]\n",
    "aliases of a mapping": lambda: (
        "x-0: &a {b: c}\n" + "".join(f"x-{n}: *a\n" for n in range(1, MIB))
    ),
    "a chain of aliases": lambda: (
        "x-0: &a0 [x]\n" + "".join(f"x-{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 60_000))
    ),
    "json": lambda: '{"a": [' + '"b",' * (7 * MIB) + '"c"]}',
    "json texts": lambda: '{"a": "' + "\\n" * (15 * MIB) + '"}',
    "json brackets": lambda: "[" * (30 * MIB),
    "json lines": lambda: "\n" * (30 * MIB) + "{",
}


@pytest.fixture(scope="module")
def reader() -> Iterator[Callable[[Path], list[str]]]:
    """What reads a file in a process of its own: a fork of one that has imported what it needs."""
    command = [sys.executable, "-c", READ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        asked, answers = process.stdin, process.stdout
        assert asked is not None
        assert answers is not None

        def read(path: Path) -> list[str]:
            print(path, file=asked, flush=True)
            return answers.readline().split()

        yield read
        asked.close()


@pytest.mark.parametrize("what", LARGE)
def test_a_large_file_of_rubbish_is_refused_soon_and_in_little_memory(
    reader: Callable[[Path], list[str]], tmp_path: Path, what: str
) -> None:
    path = tmp_path / ("jobs.json" if "json" in what else "jobs.yaml")
    path.write_bytes(LARGE[what]().encode())
    told = reader(path)
    path.unlink()

    assert int(told[0]) == 0
    assert 1 <= int(told[1]) <= 201
    assert int(told[2]) < MOST_MEMORY_KIB
    assert float(told[3]) < MOST_CPU_S


def test_laughs_do_not_grow() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    loaded = load_text("\n".join(lines), path=Path("/j.yaml"), local_timezone="UTC")

    assert loaded.jobs == ()
    assert 1 <= len(loaded.problems) <= 30


EXAMPLE = (Path(__file__).parents[2] / "jobs.example.yaml").read_text(encoding="utf-8")
PIECES = st.sampled_from(["", " ", "\n", "\t", "\0", "é", "\u2028", "\ufeff", *":{}[]'\"*!|#"])
WORDS = st.sampled_from([": ", "- ", "&a ", "null", "5", "1e999", "9" * 30, "~x/", "no", "<<: "])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(EXAMPLE)), st.integers(0, 12), PIECES | WORDS),
        min_size=1,
        max_size=4,
    )
)
def test_a_file_with_slips_gives_problems_or_whole_jobs(
    slips: list[tuple[int, int, str]],
) -> None:
    text = EXAMPLE
    for start, length, piece in slips:
        text = text[:start] + piece + text[start + length :]
    loaded = load_text(text, path=Path("/srv/jobs.yaml"), local_timezone="UTC")

    assert all(definition_hash(job) for job in loaded.jobs)
    assert all(problem.message.isprintable() for problem in loaded.problems)
    assert not (loaded.jobs and loaded.problems)


# -- many files ----------------------------------------------------------------------------------


def test_one_file_of_rubbish_leaves_room_for_the_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "a.yaml").write_text("x-a: [" + "1," * 300_000 + "1]")
    (tmp_path / "b.yaml").write_text("jobs: {b: {command: x}}")
    loaded = load(tmp_path, local_timezone="UTC")

    assert [job.id for job in loaded.jobs] == ["b"]
    assert [problem.message for problem in loaded.problems] == ["has more than 300,000 values"]


def test_many_large_files_have_no_more_values_than_one_may_have(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "a.yaml").write_text("x-a: [" + "1," * 200_000 + "1]\njobs: {a: {command: x}}")
    (tmp_path / "b.json").write_text('{"x-a": [' + "1," * 120_000 + '1], "jobs": {}}')
    (tmp_path / "c.yaml").write_text("jobs: {c: {command: x}}")
    loaded = load(tmp_path, local_timezone="UTC")

    assert [job.id for job in loaded.jobs] == ["a", "c"]
    assert [Path(problem.file).name for problem in loaded.problems] == ["b.json"]
    assert "leave it: all may have 300,000" in loaded.problems[0].message


def test_what_aliases_stand_for_counts_for_all_files(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for n in range(3):
        names = "".join(f"V{m}: x, " for m in range(450))
        lines = [f"x-e: &e {{{names}}}", "jobs:"]
        lines += [f"  j{n}-{m}: {{command: x, env: *e}}" for m in range(150)]
        (tmp_path / f"f{n}.yaml").write_text("\n".join(lines))
    loaded = load(tmp_path, local_timezone="UTC")

    assert len(loaded.jobs) == 300
    assert [Path(problem.file).name for problem in loaded.problems] == ["f2.yaml"]
