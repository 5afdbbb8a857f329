"""The paths of seed 004 at the root: monitors, their reports, runs and alerts."""

from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cronterm.clock import Clock, SystemClock
from cronterm.model.command import AcknowledgeAlert, Answer, DropMonitor, PingJob
from cronterm.model.query import Alerts, ListAlerts, PageRuns, RunPage
from cronterm.model.snapshot import JobView
from cronterm.model.standing import standing
from cronterm.remote.minutes import (
    LARGEST_CLIENT,
    Acknowledged,
    AlertOut,
    AlertsIn,
    Done,
    JobIn,
    JobOut,
    PageIn,
    PageOut,
    Reported,
    ReportOut,
    RunOut,
    StatusOut,
    alert_out,
    is_heartbeat,
    job_out,
    moment,
    run_out,
    to_command,
)
from cronterm.remote.operations import Asked, Operation, json_response, refusal
from cronterm.remote.service import Service

MOST_ALERTS = 1_000
UNKNOWN = {404: "There is no such thing."}
REFUSED = {409: "It cannot be: the message says why."}


class MonitorPaths:
    """Answers over one control."""

    def __init__(self, service: Service, *, clock: Clock | None = None) -> None:
        self._control = service.control
        self._clock = clock or SystemClock()

    def operations(self) -> list[Operation]:
        """Return what can be asked."""
        return [*self._of_jobs(), *self._of_reports(), *self._of_alerts()]

    def _of_jobs(self) -> list[Operation]:
        return [
            Operation(
                method="GET",
                path="/jobs",
                name="list_jobs",
                summary="All jobs, those of the file too. Durations are in minutes.",
                needs="read",
                answer=self.list_jobs,
                reply=list[JobOut],
            ),
            Operation(
                method="POST",
                path="/jobs",
                name="define_job",
                summary="Create or change a monitor: a job that something else runs. Durations "
                "are in minutes. It lies in the history, not in the file.",
                needs="operate",
                answer=self.define_job,
                body=JobIn,
                reply=JobOut,
                refusals=REFUSED,
            ),
            Operation(
                method="DELETE",
                path="/jobs/{job_id}",
                name="delete_job",
                summary="Forget a monitor that was created here. Its runs stay.",
                needs="operate",
                answer=self.delete_job,
                reply=Done,
                refusals={**UNKNOWN, **REFUSED},
            ),
            Operation(
                method="GET",
                path="/jobs/{job_id}/status",
                name="read_job_status",
                summary="How a job stands, its last and its next run.",
                needs="read",
                answer=self.read_status,
                reply=StatusOut,
                refusals=UNKNOWN,
            ),
        ]

    def _of_reports(self) -> list[Operation]:
        reports = [
            Operation(
                method="POST",
                path=f"/jobs/{{job_id}}/{what}",
                name=f"report_{what}",
                summary=summary,
                needs="operate",
                answer=answer,
                body=Reported,
                is_body_needed=False,
                reply=ReportOut,
                refusals={**UNKNOWN, **REFUSED},
            )
            for what, summary, answer in (
                ("start", "A run has begun; of a health check, it is well.", self.report_start),
                ("end", "The run has ended.", self.report_end),
            )
        ]
        runs = Operation(
            method="GET",
            path="/job_runs",
            name="list_job_runs",
            summary="Runs by pages, the newest first. Durations are in minutes.",
            needs="read",
            answer=self.list_runs,
            query=PageIn,
            reply=PageOut,
        )
        return [*reports, runs]

    def _of_alerts(self) -> list[Operation]:
        return [
            Operation(
                method="GET",
                path="/alerts",
                name="list_alerts",
                summary="Alerts, the newest thousand, oldest first.",
                needs="read",
                answer=self.list_alerts,
                query=AlertsIn,
                reply=list[AlertOut],
            ),
            Operation(
                method="POST",
                path="/alerts/{alert_id}/acknowledge",
                name="acknowledge_alert",
                summary="Say that an alert is known.",
                needs="operate",
                answer=self.acknowledge,
                reply=Acknowledged,
                refusals={**UNKNOWN, **REFUSED},
            ),
        ]

    # -- jobs ------------------------------------------------------------------------------------

    async def list_jobs(self, asked: Asked) -> Response:
        """Return all jobs."""
        return json_response([job_out(view) for view in self._control.look().jobs.values()])

    async def define_job(self, asked: Asked) -> Response:
        """Create a monitor or change it."""
        answer = await self._control.send(to_command(asked.body), by=asked.by)
        if not answer.ok:
            return _refused(answer)
        return json_response(job_out(self._view(asked.body.job_id)))

    async def delete_job(self, asked: Asked) -> Response:
        """Forget a monitor."""
        job = asked.path("job_id")
        answer = await self._control.send(DropMonitor(job=job), by=asked.by)
        if not answer.ok:
            return _refused(answer)
        return json_response(Done(job, answer.message))

    async def read_status(self, asked: Asked) -> Response:
        """Tell how a job stands."""
        view = self._view(asked.path("job_id"))
        job, snapshot = view.job, self._control.look()
        told: str = view.state
        if job.is_monitor:
            told = standing(view, snapshot, self._clock.now().utc)
        alerts = sum(alert.job == job.id for alert in snapshot.alerts.values())
        next_run = moment(view.next_at)
        page = await self._page(PageRuns(job=job.id, per_page=1))
        last = run_out(page.rows[0]) if page.rows else None
        return json_response(
            StatusOut(job_id=job.id, status=told, next_run=next_run, last_run=last, alerts=alerts)
        )

    def _view(self, job: str) -> JobView:
        view = self._control.look().jobs.get(job)
        if view is None:
            raise HTTPException(404, f"there is no job {job[:64]!r}")
        return view

    # -- reports ---------------------------------------------------------------------------------

    async def report_start(self, asked: Asked) -> Response:
        """Take in that a run has begun, or a heartbeat."""
        job = self._view(asked.path("job_id")).job
        client = _client(asked)
        if is_heartbeat(job):
            return await self._report(asked, PingJob(job=job.id, client=client))
        return await self._report(asked, PingJob(job=job.id, what="start", client=client))

    async def report_end(self, asked: Asked) -> Response:
        """Take in that a run has ended."""
        job = self._view(asked.path("job_id")).job
        return await self._report(asked, PingJob(job=job.id, what="end", client=_client(asked)))

    async def _report(self, asked: Asked, ping: PingJob) -> Response:
        answer = await self._control.send(ping, by=asked.by)
        if not answer.ok:
            return _refused(answer)
        return json_response(ReportOut(ping.job, answer.run, answer.message))

    async def list_runs(self, asked: Asked) -> Response:
        """Return one page of runs."""
        wanted: PageIn = asked.query
        page = await self._page(
            PageRuns(job=wanted.job_id, page=wanted.page, per_page=wanted.per_page)
        )
        runs: list[RunOut] = [run_out(row) for row in page.rows]
        pages = -(-page.total // wanted.per_page)
        return json_response(PageOut(runs, page.total, wanted.page, wanted.per_page, pages))

    async def _page(self, query: PageRuns) -> RunPage:
        page = await self._control.query(query)
        assert isinstance(page, RunPage)
        return page

    # -- alerts ----------------------------------------------------------------------------------

    async def list_alerts(self, asked: Asked) -> Response:
        """Return alerts."""
        wanted: AlertsIn = asked.query
        query = ListAlerts(job=wanted.job_id, closed=wanted.closed, limit=MOST_ALERTS)
        found = await self._control.query(query)
        assert isinstance(found, Alerts)
        return json_response([alert_out(alert) for alert in found.alerts])

    async def acknowledge(self, asked: Asked) -> Response:
        """Say that an alert is known."""
        written = asked.path("alert_id")
        if not (written.isascii() and written.isdecimal() and len(written) < 16):
            raise HTTPException(404, "there is no such alert")
        number = int(written)
        answer = await self._control.send(AcknowledgeAlert(alert=number), by=asked.by)
        if not answer.ok:
            return _refused(answer)
        return json_response(Acknowledged(number, True, answer.message))


def _client(asked: Asked) -> str:
    """Return what is known of who reports; what they say themselves wins."""
    given: dict[str, Any] = asked.body.client_info if asked.body is not None else {}
    known: dict[str, Any] = {}
    if asked.request.client is not None:
        known["ip"] = asked.request.client.host
    if agent := asked.request.headers.get("user-agent"):
        known["user_agent"] = agent[:500]
    client = msgspec.json.encode({**known, **given})
    if len(client) > LARGEST_CLIENT:
        raise HTTPException(413, "client_info is larger than 16 KiB")
    return client.decode()


def _refused(answer: Answer) -> Response:
    is_unknown = answer.kind in ("unknown_job", "unknown_alert")
    return refusal(404 if is_unknown else 409, answer.message, answer.hint)
