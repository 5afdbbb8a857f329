"""Finds out who a job runs as, and what it is told about that in its environment."""

import grp
import os
import pwd
from collections.abc import Mapping
from typing import Any

import msgspec

from cronterm.clock import SECOND
from cronterm.errors import CrontermError
from cronterm.model.identity import Limits
from cronterm.model.job import Job

PATH = "/usr/local/bin:/usr/bin:/bin"
ROOT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def identity_words(job: Job) -> dict[str, Any]:
    """Return what a `start` message says of who the process is to be.

    Looks users and groups up, which may take a while. Raises `CrontermError`.
    """
    words: dict[str, Any] = {}
    if job.user:
        user, gid = _look_up(job.user)
        if os.geteuid() == 0:
            words["owner"] = [user.pw_uid, gid, os.getgrouplist(user.pw_name, gid)]
        elif user.pw_uid != os.geteuid() or gid != os.getegid():
            raise CrontermError(f"user {job.user} needs root", "start the engine as root")
    named = {"umask": job.umask, "nice": job.nice, "ionice": job.ionice or None}
    words |= {word: value for word, value in named.items() if value is not None}
    if job.limits != Limits():
        words["limits"] = _limits(job.limits)
    inherited = _inherited(job)
    if inherited is not None:
        words["inherit_env"] = list(inherited)
    return words


def identity_environment(job: Job) -> dict[str, str]:
    """Return HOME and its kin: of `user` where there is one, and where nothing is inherited.

    Raises `CrontermError`.
    """
    inherited = _inherited(job)
    if not job.user and inherited is None:
        return {}
    if job.user:
        user, _ = _look_up(job.user)
        found = _about(user)
    else:
        found = _about_us(os.environ)
        found = {name: value for name, value in found.items() if name not in (inherited or ())}
    if inherited is not None and "PATH" not in inherited:
        found["PATH"] = ROOT_PATH if found.get("USER") == "root" else PATH
    return found


def _inherited(job: Job) -> tuple[str, ...] | None:
    """Return which of the engine's variables a job gets, None for all.

    With `user` it gets none of them unless that is said: they speak of somebody else.
    """
    if job.inherit_env is None:
        return () if job.user else None
    if isinstance(job.inherit_env, bool):
        return None if job.inherit_env else ()
    return job.inherit_env


def _look_up(words: str) -> tuple[pwd.struct_passwd, int]:
    """Return (user, group id) of `name` or `name:group`."""
    name, _, group = words.partition(":")
    try:
        user = pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
    except (KeyError, OverflowError):
        raise CrontermError(f"there is no user {name}") from None
    if not group:
        return user, user.pw_gid
    if group.isdecimal():
        return user, int(group)
    try:
        return user, grp.getgrnam(group).gr_gid
    except KeyError:
        raise CrontermError(f"there is no group {group}") from None


def _about(user: pwd.struct_passwd) -> dict[str, str]:
    return {
        "HOME": user.pw_dir,
        "USER": user.pw_name,
        "LOGNAME": user.pw_name,
        "SHELL": user.pw_shell or "/bin/sh",
    }


def _about_us(environ: Mapping[str, str]) -> dict[str, str]:
    try:
        return _about(pwd.getpwuid(os.getuid()))
    except KeyError:  # a container's number without a name
        number = str(os.getuid())
        home = environ.get("HOME", "/")
        return {"HOME": home, "USER": number, "LOGNAME": number, "SHELL": "/bin/sh"}


def _limits(limits: Limits) -> dict[str, int]:
    found: dict[str, int | None] = msgspec.structs.asdict(limits)
    if limits.cpu_time is not None:
        found["cpu_time"] = limits.cpu_time // SECOND
    return {name: value for name, value in found.items() if value is not None}
