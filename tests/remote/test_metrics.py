"""Tests for `/metrics`: what Prometheus reads, and how often it is made."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from cronterm.clock import SECOND
from cronterm.model.command import RunJob
from cronterm.model.event import InstantDecided
from cronterm.model.tally import Tally
from cronterm.remote.figures import MOST_JOBS, Figures, take_figures
from cronterm.remote.metrics import render_metrics
from cronterm.remote.operations import Asked
from cronterm.remote.scrape import Metrics
from cronterm.remote.service import Service
from tests.remote.door import exchange, house, request
from tests.remote.fake_control import START, FakeControl, job
from tests.remote.far import far_house

Labels = tuple[tuple[str, str], ...]


def series(text: str) -> Iterator[tuple[str, Labels, float]]:
    """Yield (name, labels, value) as Prometheus would read them."""
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, tuple(sorted(sample.labels.items())), sample.value


def figures(control: FakeControl) -> dict[tuple[str, Labels], float]:
    """Return every series of a fake."""
    text = render_metrics(take_figures(control.look(), control.tally())).decode()
    return {(name, labels): value for name, labels, value in series(text)}


async def test_the_engine_and_its_jobs_are_told() -> None:
    control = FakeControl()
    await control.send(run_of("backup"))
    control.exit_code = 3
    await control.send(run_of("backup"))
    control.tell(
        InstantDecided(
            at=START,
            job="talker",
            due_at=START,
            outcome="skipped",
            reason="overlap",
            schedule_hash="",
        )
    )
    found = figures(control)
    of_backup = (("job", "backup"),)

    assert found["cronterm_info", (("version", "9.9"),)] == 1
    assert found["cronterm_start_time_seconds", ()] == START / SECOND
    assert found["cronterm_jobs", (("state", "idle"),)] == 2
    assert found["cronterm_runs_ended_total", (("outcome", "succeeded"),)] == 1
    assert found["cronterm_runs_ended_total", (("outcome", "failed"),)] == 1
    assert found["cronterm_runs_ended_total", (("outcome", "lost"),)] == 0
    assert found["cronterm_alerts_open", (("kind", "missed"),)] == 0
    assert (
        found["cronterm_instants_unstarted_total", (("outcome", "skipped"), ("reason", "overlap"))]
        == 1
    )
    assert found["cronterm_job_runs_total", of_backup] == 2
    assert found["cronterm_job_failures_total", of_backup] == 1
    assert found["cronterm_job_failed_in_a_row", of_backup] == 1
    assert found["cronterm_job_last_duration_seconds", of_backup] == 1
    assert found["cronterm_job_last_end_time_seconds", of_backup] == START / SECOND + 1
    assert found["cronterm_run_duration_seconds_count", ()] == 2
    assert found["cronterm_run_duration_seconds_bucket", (("le", "1"),)] == 2
    assert found["cronterm_start_delay_seconds_bucket", (("le", "+Inf"),)] == 2
    assert found["process_resident_memory_bytes", ()] > 0
    assert ("cronterm_job_next_due_time_seconds", of_backup) not in found, "it is never due"


def run_of(name: str) -> RunJob:
    """Return the command to run a job."""
    return RunJob(job=name)


def test_many_jobs_have_no_series_of_their_own() -> None:
    control = FakeControl([job(f"job-{n}") for n in range(MOST_JOBS + 1)])
    found = figures(control)

    assert found["cronterm_jobs", (("state", "idle"),)] == MOST_JOBS + 1
    assert not any(name.startswith("cronterm_job_") for name, _ in found)


async def test_figures_do_not_change_once_taken() -> None:
    control = FakeControl()
    taken = take_figures(control.look(), control.tally())
    await control.send(run_of("backup"))

    assert taken.tally.ended == {}
    assert sum(taken.tally.durations.counts) == 0
    assert taken.jobs[0].runs == 0
    assert control.tally() != Tally()


async def test_scrapes_within_a_second_share_one_text() -> None:
    made: list[Figures] = []

    def render(figures: Figures) -> bytes:
        made.append(figures)
        return b"%d" % len(made)

    service = Service(FakeControl(), "5eed0042", render)
    kept, fresh = Metrics(service), Metrics(service, kept_s=0.0)
    asked = Asked(None)  # type: ignore[arg-type]  # nothing of the request is looked at
    together = await asyncio.gather(*(kept.scrape(asked) for _ in range(5)))
    later = [await fresh.scrape(asked) for _ in range(2)]

    assert [bytes(each.body) for each in together] == [b"1"] * 5
    assert [bytes(each.body) for each in later] == [b"2", b"3"]


async def test_they_are_told_on_the_socket_and_over_tcp_where_asked_for(tmp_path: Path) -> None:
    async with house(tmp_path / "s") as near:
        on_socket = await exchange(near.path, request("GET", "/metrics"))
    async with far_house(tmp_path, metrics=True) as it:
        asked_for = await it.ask(it.request("GET", "/metrics"))
        without = await it.ask(it.request("GET", "/metrics", token=None))
    async with far_house(tmp_path) as it:
        not_asked_for = await it.ask(it.request("GET", "/metrics"))

    assert b"content-type: text/plain; version=0.0.4; charset=utf-8" in on_socket
    assert b"cronterm_info" in on_socket
    assert b"cronterm_info" in asked_for
    assert without.startswith(b"HTTP/1.1 401")
    assert not_asked_for.startswith(b"HTTP/1.1 404")
