"""Tests for `create_cron`."""

import json
from pathlib import Path

import pytest

from cronterm.cli.create_cron import main


def create(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run the command; return (status, stdout, stderr)."""
    code = main([*words])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_arguments_of_the_older_scheduler_are_a_job(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "script.py"
    script.touch(0o644)
    (tmp_path / "jobs.yaml").write_text("# mine\njobs:\n  a: {command: x}\n", encoding="utf-8")

    code, out, _ = create(capsys, "job_id", "--interval", "30", "* * * * *", str(script))

    assert code == 0
    assert (tmp_path / "jobs.yaml").read_text(encoding="utf-8") == (
        "# mine\njobs:\n  a: {command: x}\n"
        "  job_id:\n"
        '    schedule: ["@in 30m", "* * * * *"]\n'
        f"    command: [python3, {script}]\n"
    )
    assert "+  job_id:" in out


def test_without_an_interval_there_is_the_frequency_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "jobs.yaml").write_text("jobs: {}\n", encoding="utf-8")

    code, *_ = create(capsys, "b", "0 2 * * *", "/bin/x", "--all", "z")

    assert code == 0
    assert (tmp_path / "jobs.yaml").read_text(encoding="utf-8") == (
        'jobs:\n  b:\n    schedule: 0 2 * * *\n    command: [/bin/x, "--all", z]\n'
    )


def test_a_jobs_file_is_begun_where_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "conf" / "jobs.yaml"

    code, *_ = create(capsys, "b", "0 2 * * *", "/bin/x", "-f", str(path))

    assert code == 0
    assert path.read_text(encoding="utf-8").startswith("jobs:\n  b:\n")


def test_a_directory_gets_a_file_for_the_job(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "jobs.d").mkdir()

    code, *_ = create(capsys, "b", "0 2 * * *", "/bin/x", "-f", str(tmp_path / "jobs.d"))

    assert code == 0
    assert (tmp_path / "jobs.d" / "b.yaml").read_text(encoding="utf-8").startswith("jobs:\n  b:\n")


def test_a_file_in_json_stays_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "jobs.json"
    path.write_text('{"jobs": {}}\n', encoding="utf-8")

    code, *_ = create(capsys, "b", "0 2 * * *", "/bin/x", "-f", str(path))

    assert code == 0
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "jobs": {"b": {"schedule": "0 2 * * *", "command": ["/bin/x"]}}
    }


def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "jobs.yaml"

    code, out, _ = create(capsys, "-f", str(path), "--dry-run", "b", "0 2 * * *", "/bin/x")

    assert (code, path.exists()) == (0, False)
    assert "+    schedule: 0 2 * * *" in out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("b", "0 25 * * *", "x"), 65, "create_cron: "),
        (("b", "--interval", "-1", "@daily", "x"), 65, "is no number of minutes"),
        (("a", "@daily", "x"), 1, "there is a job a already"),
        (("b", "@daily"), 2, "Missing argument 'SCRIPT'"),
    ],
)
def test_what_cannot_be_a_job_is_refused(
    words: tuple[str, ...],
    code: int,
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "jobs.yaml").write_text("jobs: {a: {command: x}}\n", encoding="utf-8")

    status, _, err = create(capsys, *words)

    assert (status, told in err) == (code, True), err
    assert (tmp_path / "jobs.yaml").read_text(encoding="utf-8") == "jobs: {a: {command: x}}\n"


def test_a_broken_file_is_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "jobs.yaml").write_text("jobs: {a: {comand: x}}\n", encoding="utf-8")

    code, _, err = create(capsys, "b", "@daily", "x")

    assert (code, "mend the jobs file first" in err) == (65, True)


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = create(capsys, "--help")

    assert code == 0
    assert "Example: create_cron backup --interval 30" in out
