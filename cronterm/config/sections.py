"""The words of a job by what they are about, in the order of formatted files."""

from cronterm.config.shapes import JOB_SHAPES

STARTS = {
    "description": "About",
    "schedule": "When",
    "triggers": "Events",
    "depends_on": "Waits for",
    "command": "What runs",
    "user": "User and limits",
    "env": "Environment",
    "pool": "Beside others",
    "timeout": "Time and end",
    "retry": "Success",
    "output": "Output",
    "auto_pause": "What follows",
    "enabled": "On or off",
}
"""The word each section begins with: none of the words can be in no section."""


def sections() -> dict[str, tuple[str, ...]]:
    """Return the words of each section by its title."""
    found: dict[str, list[str]] = {}
    title = ""
    for word in JOB_SHAPES:
        title = STARTS.get(word, title)
        found.setdefault(title, []).append(word)
    return {title: tuple(words) for title, words in found.items()}
