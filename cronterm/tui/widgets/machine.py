"""The machine's load, and what the jobs of a range took of it."""

from cronterm.sanitize import sanitize_line
from cronterm.tui.courses import counted, spark_parts
from cronterm.tui.widgets.charts import Drawing, Lines, columns
from cronterm.tui.widgets.paint import fit
from cronterm.tui.words import duration, percent


def resources(on: Drawing, width: int, height: int) -> Lines:
    """4: gauges with their history, then what jobs used."""
    picture, figures, glyphs = on.picture, on.figures, on.glyphs
    lines: Lines = []
    history = list(picture.gauges)
    if history:
        last = history[-1]
        used = f"{last.memory_used_bytes / 2**30:.1f}/{last.memory_bytes / 2**30:.1f}G"
        readings = (
            ("CPU", [gauge.cpu for gauge in history], f"load {last.load:.2f}"),
            ("MEM", [gauge.memory for gauge in history], used),
            ("DSK", [gauge.disk for gauge in history], sanitize_line(last.disk_path)),
        )
        room = max(width - 23, 4)
        for name, values, note in readings:
            ratio = values[-1]
            role = "fail" if ratio >= 0.9 else "warn" if ratio >= 0.75 else "ok"
            shown = values[-room:]
            lines.append(
                [
                    (f" {name} ", "muted"),
                    (fit(percent(ratio), 4, right=True) + " ", f"{role}+bold"),
                    (" " * (room - len(shown)), "text"),
                    *spark_parts(shown, glyphs, lambda value, role=role: role, most=1.0),  # type: ignore[misc]  # bound now
                    (fit(note, 12, right=True), "faint"),
                ]
            )
    else:
        lines.append([(" no reading of the machine yet", "faint")])
    total = figures.total
    if not total.runs:
        return lines
    took = [(" jobs took ", "muted"), (f"{duration(total.cpu_us)} CPU", "text")]
    if total.max_rss_bytes is not None:
        took += [(", up to ", "muted"), (f"{total.max_rss_bytes / 2**20:,.0f} MiB", "text")]
    lines.append(took)
    used_up = counted(figures.trends, width - 2, lambda each: each.cpu_us)
    lines += columns(used_up, max(height - len(lines) - 1, 1), on, lambda value: "spark")
    lines.append([(" CPU of jobs over time", "faint")])
    return lines
