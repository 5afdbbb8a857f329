"""Cron that you can see. `from cronterm import Job, Scheduler, connect` is for programs."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cronterm.clock import aware
    from cronterm.embed.connection import Connection, connect
    from cronterm.embed.jobs import Job
    from cronterm.embed.scheduler import Scheduler
    from cronterm.errors import AlreadyRunning, BadInput, CrontermError, NoEngine
    from cronterm.model.run import RunRow

__all__ = [
    "AlreadyRunning",
    "BadInput",
    "Connection",
    "CrontermError",
    "Job",
    "NoEngine",
    "RunRow",
    "Scheduler",
    "aware",
    "connect",
]

_PLACES = {
    "AlreadyRunning": "errors",
    "BadInput": "errors",
    "Connection": "embed.connection",
    "CrontermError": "errors",
    "Job": "embed.jobs",
    "NoEngine": "errors",
    "RunRow": "model.run",
    "Scheduler": "embed.scheduler",
    "aware": "clock",
    "connect": "embed.connection",
}

if not TYPE_CHECKING:  # a checker must miss what is not there

    def __getattr__(name: str) -> object:
        """Import what is asked for only now: neither the runner nor a command pays for the rest."""
        if name not in _PLACES:
            raise AttributeError(f"module 'cronterm' has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"cronterm.{_PLACES[name]}"), name)
