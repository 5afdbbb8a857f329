"""Turns a job's action into what a process needs: argv, environment, directory."""

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cronterm.clock import SECOND, rfc3339
from cronterm.errors import CrontermError
from cronterm.execute.identity import identity_environment, identity_words
from cronterm.model.action import Custom, HttpRequest, Monitor
from cronterm.model.effect import StartAttempt
from cronterm.model.job import Job, PythonCall, Shell
from cronterm.model.params import param_environment
from cronterm.model.success import Success
from cronterm.model.trigger import Signal

CALL = Path(__file__).parent.parent / "runner" / "call.py"
HTTP_CALL = CALL.with_name("http_call.py")
TRIGGERS = {"catch_up": "catchup", "signal": "event"}
OF_A_SHELL = ("PWD", "OLDPWD", "SHLVL", "_")  # that started the engine: its directory is another
OURS = ("CRONTERM_", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "MEMORY_PRESSURE_")

_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


def base_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what jobs inherit: all but what is meant for cronterm itself, or about a shell."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(OURS) and name not in OF_A_SHELL
    }


def start_header(start: StartAttempt, secrets: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the runner's `start` message, `secrets` being what was fetched for it.

    Raises `CrontermError` for a bad env file, a user that is not there, a param without a value.
    """
    job = start.job
    env = identity_environment(job)
    for path in job.env_files:
        env |= read_env_file(Path(path), is_required=path not in job.optional_env_files)
    env |= job.env
    env |= param_environment(job.params, start.cause.params)
    stdin = job.stdin
    match job.action:
        case Shell(command=str() as text, shell=shell):
            argv = [*shell, text]
        case Shell(command=listed):
            argv = list(listed)
        case PythonCall() as call:
            # The file itself, not -m: the call must not import cronterm.
            argv = [sys.executable, "-X", "faulthandler", "-u", "-P", str(CALL)]
            env["CRONTERM_CALL"] = _call(call, job)
        case HttpRequest() as request:
            # Isolated: what a user's PYTHON variables change is none of its business.
            argv = [sys.executable, "-I", "-X", "utf8", "-u", str(HTTP_CALL)]
            stdin = _request(request)
        case Custom() as custom:
            argv, env, stdin = list(custom.argv), custom.env | env, custom.stdin
        case Monitor():
            raise CrontermError(f"{job.id} is run by something else")
    env |= _own_environment(start)
    _check_params(start)
    words = identity_words(job)
    if secrets:
        words["secrets"] = dict(secrets)
    return words | {
        "type": "start",
        "run": start.run,
        "attempt": start.attempt,
        "argv": argv,
        "env": env,
        "cwd": job.working_dir,
        "stdin": stdin,
        "timeout_us": job.timeout,
        "stop_signal": job.stop_signal,
        "grace_us": job.stop_grace_period,
        "max_size": job.output_max_size,
        "keep": job.output_keep,
        "rules": _rules(job.success),
        "kill_leftovers": job.kill_leftovers,
    }


def needs_time(job: Job) -> bool:
    """Tell whether it may take long to find out how a job starts: commands, directories of users.

    Nothing else may wait for it.
    """
    return bool(job.secrets or job.user)


def _check_params(start: StartAttempt) -> None:
    for name, param in start.job.params.items():
        if param.default is None and name not in start.cause.params:
            hint = f"cronterm run {start.job.id} -p {name}=VALUE"
            raise CrontermError(f"param {name} has no value and no default", hint)


def _rules(success: Success) -> dict[str, Any]:
    """Return what the runner judges while output comes by; nothing where there is nothing."""
    rules = {
        "stdout_match": success.stdout_match,
        "output_reject": success.output_reject,
        "stderr_empty": success.stderr_empty,
    }
    return rules if any(rules.values()) else {}


def _own_environment(start: StartAttempt) -> dict[str, str]:
    at = start.cause.scheduled_at
    own = {
        "CRONTERM_JOB": start.job.id,
        "CRONTERM_RUN_ID": str(start.run),
        "CRONTERM_ATTEMPT": str(max(start.attempt, 0)),  # 0: the command of a condition
        "CRONTERM_SCHEDULED_AT": "" if at is None else rfc3339(at),
        "CRONTERM_TRIGGER": TRIGGERS.get(start.cause.kind, start.cause.kind),
        **event_environment(start.cause.signal),
    }
    if start.cause.run is not None:
        own["CRONTERM_UPSTREAM_JOB"] = start.cause.by
        own["CRONTERM_UPSTREAM_RUN_ID"] = str(start.cause.run)
    return own


def event_environment(signal: Signal | None) -> dict[str, str]:
    """Return what a job is told of the event that started it; bytes as the system decodes them."""
    if signal is None:
        return {}
    env = {"KIND": signal.kind, "TEXT": signal.text}
    env |= {name: os.fsdecode(value) for name, value in signal.values.items()}
    return {f"CRONTERM_EVENT_{name}": value for name, value in env.items()}


def _call(call: PythonCall, job: Job) -> str:
    return json.dumps(
        {
            "target": call.target,
            "args": call.args,
            "kwargs": call.kwargs,
            "directory": job.directory,
        }
    )


def _request(request: HttpRequest) -> str:
    return json.dumps(
        {
            "url": request.url,
            "method": request.method,
            "headers": request.headers,
            "headers_env": request.headers_env,
            "body": request.body,
            "expect_status": request.expect_status,
            "connect_s": request.timeouts.connect / SECOND,
            "read_s": request.timeouts.read / SECOND,
            "total_s": request.timeouts.total / SECOND,
            "allow_private": request.allow_private,
        }
    )


def read_env_file(path: Path, *, is_required: bool = True) -> dict[str, str]:
    """Read `NAME=value` lines; quotes around a value go, `#` lines and blank ones too.

    One that is not required may be absent. Raises `CrontermError` with the line that is wrong.
    `$NAME` is not expanded.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, FileNotFoundError) and not is_required:
            return {}
        reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else "is not UTF-8"
        raise CrontermError(f"env_file {path}: {reason}") from None
    env: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        found = _ASSIGNMENT.fullmatch(line)
        if found is None or "\0" in line:
            raise CrontermError(f"env_file {path}:{number}: not NAME=value")
        name, value = found.groups()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        env[name] = value
    return env
