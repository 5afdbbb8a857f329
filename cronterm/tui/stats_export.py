"""Figures as text for other programs: a table with a line a job, or the ten groups."""

import csv
import io

import msgspec

from cronterm.model.stats import Stats

HEAD = (
    "job",
    "runs",
    "succeeded",
    "failed",
    "success_ratio",
    "average_s",
    "min_s",
    "max_s",
    "p50_s",
    "p95_s",
    "p99_s",
    "average_before_s",
    "standard_deviation_s",
    "trend_s_per_run",
    "last_24h",
    "average_interval_s",
    "restarts",
    "recoveries",
    "recovery_ratio",
    "error_types",
)


def as_csv(stats: Stats) -> str:
    """Return a line a job; a name that a spreadsheet would compute is quoted as text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEAD)
    for job, runs in stats.total_runs.items():
        results, durations, analysis = stats.results[job], stats.durations[job], stats.analysis[job]
        often, again = stats.frequency[job], stats.recoveries[job]
        types = " ".join(f"{why}:{count}" for why, count in stats.errors[job].types.items())
        writer.writerow(
            [
                f"'{job}" if job[:1] in "=+-@" else job,
                runs,
                *msgspec.structs.astuple(results),
                *msgspec.structs.astuple(durations),
                *msgspec.structs.astuple(analysis),
                *msgspec.structs.astuple(often),
                *msgspec.structs.astuple(again),
                types,
            ]
        )
    return text.getvalue()


def as_json(stats: Stats) -> str:
    """Return the ten groups as `stats --json` prints them."""
    return msgspec.json.format(msgspec.json.encode(stats), indent=2).decode() + "\n"
