"""What is not shown over TCP: values that may be secrets, in definitions that name them openly.

Whoever may look over the network may see what runs and how it went, not the environment it is
given. (What `secrets` names is never in a definition in the first place.)
"""

from typing import Any

import msgspec

from cronterm.control import Message
from cronterm.model.action import Custom, HttpRequest
from cronterm.model.event import JobAdded, JobChanged, Numbered, RunQueued
from cronterm.model.job import Action, Job, PythonCall
from cronterm.model.query import AnyReply, RunDetail
from cronterm.model.snapshot import Snapshot

HIDDEN = "•••"


def conceal_job(job: Job) -> Job:
    """Return a job without the values of its environment, its input and its arguments."""
    stdin = None if job.stdin is None else HIDDEN
    return msgspec.structs.replace(
        job, action=_conceal_action(job.action), env=_hidden(job.env), stdin=stdin
    )


def _conceal_action(action: Action) -> Action:
    match action:
        case PythonCall():
            args = tuple(HIDDEN for _ in action.args)
            return msgspec.structs.replace(action, args=args, kwargs=_hidden(action.kwargs))
        case HttpRequest():
            headers = tuple((name, HIDDEN) for name, _ in action.headers)
            body = HIDDEN if action.body else ""
            return msgspec.structs.replace(action, headers=headers, body=body)
        case Custom():
            stdin = None if action.stdin is None else HIDDEN
            return msgspec.structs.replace(action, env=_hidden(action.env), stdin=stdin)
        case _:
            return action


def _hidden(values: dict[str, Any]) -> dict[str, str]:
    return dict.fromkeys(values, HIDDEN)


def conceal_message(message: Message) -> Message:
    """Return a message of the stream as it goes over TCP."""
    match message:
        case Snapshot():
            return _conceal_snapshot(message)
        case Numbered(event=JobAdded() | JobChanged() as event):
            shown = msgspec.structs.replace(event, job=conceal_job(event.job))
            return Numbered(message.n, shown)
        case Numbered(event=RunQueued(definition=Job() as definition) as event):
            bound = msgspec.structs.replace(event, definition=conceal_job(definition))
            return Numbered(message.n, bound)
        case _:
            return message


def _conceal_snapshot(snapshot: Snapshot) -> Snapshot:
    """Return another snapshot: this one may be the engine's own."""
    jobs = {
        job: msgspec.structs.replace(view, job=conceal_job(view.job))
        for job, view in snapshot.jobs.items()
    }
    return msgspec.structs.replace(snapshot, jobs=jobs)


def conceal_reply(reply: AnyReply) -> AnyReply:
    """Return an answer as it goes over TCP."""
    if isinstance(reply, Snapshot):
        return _conceal_snapshot(reply)
    if not isinstance(reply, RunDetail) or not reply.definition:
        return reply
    job = msgspec.json.decode(reply.definition, type=Job)
    definition = msgspec.json.encode(conceal_job(job)).decode()
    return msgspec.structs.replace(reply, definition=definition)
