"""`create_cron`: the command of an older scheduler, with its order of arguments."""

import click

from cronterm.cli.exits import exit_status
from cronterm.clock import local_zone
from cronterm.config import edit, json_edit
from cronterm.config.gather import is_folder
from cronterm.config.load import Loaded, load
from cronterm.errors import BadInput, CrontermError
from cronterm.instance import find_instance
from cronterm.moving.seed import minutes, script_command


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("job_id")
@click.option("--interval", type=float, metavar="N", help="Run once, N minutes from now.")
@click.argument("frequency", metavar="CRON")
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[ARGUMENT]...")
@click.option("-f", "--file", "file", metavar="FILE", help="The jobs file.")
@click.option("--dry-run", is_flag=True, help="Print the change, write nothing.")
def create_cron(
    job_id: str,
    interval: float | None,
    frequency: str,
    script: str,
    arguments: tuple[str, ...],
    file: str | None,
    dry_run: bool,
) -> None:
    """Add a job to the jobs file: a cron expression, and one run after N minutes.

    The same as `cronterm add JOB_ID --in Nm --schedule CRON -- SCRIPT`.

    Example: create_cron backup --interval 30 "0 2 * * *" /opt/backup.py
    """
    path = find_instance(file, None).jobs_file
    here = local_zone()
    schedule = frequency if interval is None else [f"@in {minutes(interval)}", frequency]
    words = {"schedule": schedule, "command": script_command([script, *arguments])}
    loaded = load(path, local_timezone=here) if path.exists() else Loaded.empty()
    if loaded.problems:
        raise BadInput(str(loaded.problems[0]), "mend the jobs file first")
    into = path / f"{job_id}.yaml" if is_folder(path) else path
    old = loaded.texts.get(str(into), "")
    add = json_edit.add_job if into.suffix == ".json" else edit.add_job
    text = add(old, job_id, words)
    problems = load(path, local_timezone=here, texts={str(into): text}).problems
    if problems:
        raise BadInput(problems[0].message, problems[0].hint)
    click.echo(edit.unified_diff(old, text, str(into)), nl=False)
    if dry_run:
        return
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        edit.write_atomically(into, text)
    except OSError as error:
        raise CrontermError(f"{into} cannot be written: {error.strerror}") from None


def main(args: list[str] | None = None) -> int:
    """Run `create_cron` and return its exit status."""
    return exit_status(
        lambda: create_cron.main(args, prog_name="create_cron", standalone_mode=False),
        "create_cron",
    )
