"""Who a job that moves in runs as."""

from dataclasses import replace

from cronterm.moving.base import Found, Surroundings, Words


def set_user(words: Words, user: str, here: Surroundings) -> list[str]:
    """Say in `words` who a job runs as; a job that cannot be that here is held back."""
    name = user.partition(":")[0].partition("/")[0]
    if user == here.user:
        return _without_home(words, name, here)
    if not here.is_root:
        words["enabled"] = False
        return [f"runs as {user}, which needs root: held back, {here.user} would run it otherwise"]
    words["user"] = user.partition("/")[0]
    if name not in here.users:
        return [f"there is no user {name} on this machine"]
    return _without_home(words, name, here)


def _without_home(words: Words, name: str, here: Surroundings) -> list[str]:
    if name not in here.homeless or words.get("working_dir") != "~":
        return []
    words["working_dir"] = "/"
    return [f"the home of {name} is not there: runs in /"]


def owned(found: Found, user: str, here: Surroundings) -> Found:
    """Give the jobs of somebody else's crontab their user."""
    if not user or user == here.user:
        return found
    jobs = []
    for job in found.jobs:
        words = dict(job.words)
        remarks = set_user(words, user, here)
        jobs.append(replace(job, words=words).with_remarks(*remarks))
    return replace(found, jobs=tuple(jobs))
