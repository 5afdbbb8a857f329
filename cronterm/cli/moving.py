"""`import`: jobs of other schedulers become a jobs file. `export`: and back."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cronterm.cli.base import Desk, common, desk, leave, print_json, say
from cronterm.clock import Instant, SystemClock, local_zone, rfc3339
from cronterm.config.edit import unified_diff, write_atomically
from cronterm.config.load import load_text
from cronterm.errors import BadInput, CrontermError
from cronterm.moving.base import Found, refusals
from cronterm.moving.disable import disable_lines
from cronterm.moving.export import TARGETS, export_jobs
from cronterm.moving.fit import fit, job_text, load_alone
from cronterm.moving.places import decoded, surroundings
from cronterm.moving.sources import KINDS, Wish, read_sources
from cronterm.moving.verify import COUNT, Comparison, compare
from cronterm.moving.write import Merged, merge_into, new_file
from cronterm.schedule.moments import coming_moment


@click.command("import")
@common
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("sources", nargs=-1, metavar="[FILE]...")
@click.option("-u", "--user", metavar="USER", default="", help="Whose crontab (needs root).")
@click.option("--users/--no-users", default=None, help="The sixth column names users, or not.")
@click.option("-o", "--output", metavar="FILE", help="Write this file, which must not be there.")
@click.option("--merge", is_flag=True, help="Add the jobs to the output file that is there.")
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would be written.")
@click.option("--verify", is_flag=True, help="Compare the next 50 instants, old and new.")
@click.option("--from", "start", metavar="TIME", help="Compare after this instead of now.")
@click.option("--disable-source", is_flag=True, help="Comment out in your crontab what has moved.")
@click.pass_context
def import_jobs(
    context: click.Context,
    /,
    kind: str,
    sources: tuple[str, ...],
    user: str,
    users: bool | None,
    output: str | None,
    merge: bool,
    dry_run: bool,
    verify: bool,
    start: str | None,
    disable_source: bool,
    **given: Any,
) -> None:
    """Turn the jobs of another scheduler into a jobs file.

    FILE may be a directory or -; without one the usual place is read. Prints the jobs file, or
    writes it with --output. Each line that was not imported is told with its number and reason,
    and the exit status is 65 then; it is 1 if --verify found an instant that only one side has.

    Example: cronterm import crontab --verify -o jobs.yaml
    """
    at = desk(context, **given)
    is_own = kind == "crontab" and not sources
    if (merge or disable_source) and output is None:
        raise click.UsageError("--merge and --disable-source need --output FILE.")
    if disable_source and not is_own:
        raise click.UsageError("--disable-source is for `crontab` without FILE.")
    here = surroundings()
    wish = Wish(kind, sources, user, users, _standard_input)
    found = fit(read_sources(wish, here), here.timezone)
    place = Path(output) if output else None
    old = _old_text(place, merge=merge)
    text, merged = _made(found, place, old, here.timezone)
    now = SystemClock().now().utc
    after = coming_moment(start, now, here.timezone) if start else now
    comparisons = _comparisons(found, here.timezone, after) if verify else []
    _check(text, place, here.timezone)
    if place is not None and not dry_run:
        _write(place, old, text)
        if disable_source:
            disable_lines(user, _moved_lines(found, merged))
    if at.as_json:
        print_json(_as_json(found, merged, comparisons, text))
    else:
        _print(found, merged, comparisons)
        _print_text(place, old, text, dry_run=dry_run)
        if place is not None and not dry_run and is_own and not disable_source:
            say("cron still runs them as well: see --disable-source, or `crontab -e`", err=True)
    leave(_status(found, merged, comparisons))


def _status(
    found: Sequence[Found], merged: Merged | None, comparisons: Sequence[Comparison]
) -> int:
    if refusals(found) or (merged is not None and merged.refused):
        return 65
    return int(any(pair.old != pair.new for one in comparisons for pair in one.pairs))


def _standard_input() -> str:
    return decoded(sys.stdin.buffer.read())


def _old_text(place: Path | None, *, merge: bool) -> str | None:
    """Return what the output file says already. Raises `CrontermError` if it may not be there."""
    if place is None or not place.exists():
        return None
    if not merge:
        raise CrontermError(f"{place} is there already", "--merge adds the jobs to it")
    try:
        return place.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{place} cannot be read: {error}") from None


def _made(
    found: Sequence[Found], place: Path | None, old: str | None, timezone: str
) -> tuple[str, Merged | None]:
    """Return the text of a new file, or of an old one with the jobs added."""
    if old is None or place is None:
        return new_file(found), None
    merged = merge_into(old, found, path=place, timezone=timezone)
    return merged.text, merged


def _check(text: str, place: Path | None, timezone: str) -> None:
    """Refuse a result that would not validate: nothing is written then."""
    path = place.absolute() if place else Path("/nonexistent/jobs.yaml")
    problems = load_text(text, path=path, local_timezone=timezone).problems
    if problems:
        raise BadInput(f"the result would not be valid: {problems[0]}")


def _moved_lines(found: Sequence[Found], merged: Merged | None) -> dict[int, str]:
    """Return number and text of each line whose job is in the file now."""
    (one,) = found
    there = {*merged.added, *merged.there} if merged is not None else {job.id for job in one.jobs}
    numbers = {job.line for job in one.jobs if job.id in there}
    return {line.number: line.text for line in one.lines if line.number in numbers}


def _write(place: Path, old: str | None, text: str) -> None:
    if text == old:
        return
    try:
        write_atomically(place, text)
    except OSError as error:
        raise CrontermError(f"{place} cannot be written: {error.strerror}") from None


def _comparisons(found: Sequence[Found], timezone: str, after: Instant) -> list[Comparison]:
    result = []
    for job in (job for each in found for job in each.jobs):
        loaded = load_alone(job_text(job.id, job.words), timezone)
        result.append(compare(job, loaded.jobs[0], after))
    return result


# -- what is printed -----------------------------------------------------------------------------


def _print(found: Sequence[Found], merged: Merged | None, comparisons: list[Comparison]) -> None:
    """Print the report on stderr: stdout is the file."""
    for each in found:
        for note in each.notes:
            say(f"{each.name}: {note}", err=True)
        for job in each.jobs:
            for remark in job.remarks:
                say(f"{job.place}: {job.id}: {remark}", err=True)
        for line in each.refused:
            say(f"{each.name}:{line.number}: not imported: {line.reason}", err=True)
            say(f"    {line.text}", err=True)
    _print_side_by_side(comparisons)
    for comparison in comparisons:
        _print_comparison(comparison)
    if merged is not None:
        for name in merged.there:
            say(f"{name}: is there already", err=True)
        for name, why in merged.refused:
            say(f"{name}: not added: {why}", err=True)
        for name, words in merged.changed:
            say(f"{name}: defaults of the file change its {words}", err=True)
    say(_summary(found, merged), err=True)


def _summary(found: Sequence[Found], merged: Merged | None) -> str:
    lines = [line for each in found for line in each.lines]
    jobs = sum(len(each.jobs) for each in found)
    counts = {fate: sum(line.fate == fate for line in lines) for fate in ("setting", "comment")}
    added = f", {len(merged.added)} added" if merged is not None else ""
    return (
        f"{jobs} job{'' if jobs == 1 else 's'} of {len(lines)} lines{added}; "
        f"{counts['setting']} settings, {counts['comment']} comments, "
        f"{len(refusals(found))} not imported"
    )


def _print_side_by_side(comparisons: Sequence[Comparison]) -> None:
    """Print the coming instants of all jobs in one table, old and new."""
    rows = sorted(
        (max(at for at in (pair.old, pair.new) if at is not None), one.job, pair, one)
        for one in comparisons
        for pair in one.pairs
    )
    if rows:
        say(f"  {'old':29}   {'new':29}   job", err=True)
    for _, job, pair, one in rows[:COUNT]:
        old, new = (_moment(one, at) for at in (pair.old, pair.new))
        say(f"{' ' if old == new else '!'} {old:29}   {new:29}   {job}", err=True)


def _print_comparison(one: Comparison) -> None:
    if one.why_not:
        say(f"{one.job}: not compared ({one.written}): {one.why_not}", err=True)
    else:
        same = sum(pair.old == pair.new for pair in one.pairs)
        say(f"{one.job}: {same} of {len(one.pairs)} instants the same ({one.written})", err=True)
    for difference in one.differences:
        say(f"  ! {one.job}: {difference}", err=True)


def _moment(one: Comparison, at: Instant | None) -> str:
    return "–" if at is None else f"{one.local(at):%a %Y-%m-%d %H:%M:%S %z}"


def _print_text(place: Path | None, old: str | None, text: str, *, dry_run: bool) -> None:
    if place is None:
        click.echo(text, nl=False)
    elif dry_run:
        click.echo(text if old is None else unified_diff(old, text, str(place)), nl=False)
        say(f"{place} was not written", err=True)
    else:
        say(f"{place} {'is as it was' if text == old else 'was written'}", err=True)


def _as_json(
    found: Sequence[Found], merged: Merged | None, comparisons: list[Comparison], text: str
) -> dict[str, Any]:
    by_job = {each.job: each for each in comparisons}
    return {
        "jobs": [
            {
                "id": job.id,
                "place": job.place,
                "words": job.words,
                "remarks": list(job.remarks),
                "verified": _verified(by_job.get(job.id)),
            }
            for each in found
            for job in each.jobs
        ],
        "lines": [
            {
                "source": each.name,
                "line": line.number,
                "fate": line.fate,
                "text": line.text,
                "reason": line.reason,
            }
            for each in found
            for line in each.lines
        ],
        "notes": [f"{each.name}: {note}" for each in found for note in each.notes],
        "added": list(merged.added) if merged is not None else None,
        "not_added": [list(each) for each in merged.refused] if merged is not None else None,
        "file": text,
    }


def _verified(one: Comparison | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "of": COUNT,
        "not_compared": one.why_not,
        "pairs": [
            [rfc3339(at) if at is not None else None for at in (pair.old, pair.new)]
            for pair in one.pairs
        ],
        "differences": list(one.differences),
    }


# -- export --------------------------------------------------------------------------------------


@click.command("export")
@common
@click.option("--to", "target", type=click.Choice(TARGETS), default="json", help="json.")
@click.pass_context
def export(context: click.Context, /, target: str, **given: Any) -> None:
    """Print the jobs as a crontab, as systemd units or as JSON.

    What the target cannot say is told on stderr for each job; the command exits with 1 if a job
    or one of its times had to be left out.

    Example: cronterm export --to crontab > crontab.txt
    """
    at: Desk = desk(context, **given)
    exported = export_jobs(target, at.jobs_file, local_zone())
    if at.as_json and target != "json":
        print_json(
            {
                "to": target,
                "text": exported.text,
                "losses": [{"job": job, "what": what} for job, what in exported.losses],
                "left_out": [{"job": job, "why": why} for job, why in exported.left_out],
            }
        )
    else:
        click.echo(exported.text, nl=False)
        sys.stdout.flush()
        for job, text in exported.losses:
            say(f"{job}: {text}", err=True)
        for job, text in exported.left_out:
            say(f"{job}: not exported: {text}", err=True)
    if exported.left_out:
        leave(1)
