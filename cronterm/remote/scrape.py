"""The road to `/metrics`: its text is made on a thread, and not more often than once a second."""

import asyncio

from starlette.responses import Response

from cronterm.remote.figures import take_figures
from cronterm.remote.operations import Asked, Operation
from cronterm.remote.service import Service
from cronterm.remote.wire import METRICS

KEPT_S = 1.0
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Answers scrapes."""

    def __init__(self, service: Service, *, kept_s: float = KEPT_S) -> None:
        self._service = service
        self._kept_s = kept_s
        self._text = b""
        self._good_until = 0.0
        self._turn = asyncio.Lock()  # who comes meanwhile gets what is being made

    def operation(self) -> Operation:
        """Return what can be asked."""
        return Operation(
            method="GET",
            path=METRICS,
            name="metrics",
            summary="The figures of the engine and its jobs, as Prometheus reads them.",
            needs="read",
            answer=self.scrape,
            reply=str,
            media_type="text/plain",
        )

    async def scrape(self, asked: Asked) -> Response:
        """Return the figures, at most a second old."""
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if now >= self._good_until:
                control = self._service.control
                figures = take_figures(control.look(), control.tally())
                self._text = await asyncio.to_thread(self._service.render, figures)
                self._good_until = now + self._kept_s
        return Response(self._text, headers={"content-type": MEDIA_TYPE})
