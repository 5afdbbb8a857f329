"""The front page names what jobs and notifiers are told: nobody can guess a variable."""

from pathlib import Path

from msgspec.structs import replace

from cronterm.config.notifiers import PLACEHOLDERS
from cronterm.execute.command import start_header
from cronterm.notify.command import variables
from tests.execute.hold import start
from tests.notify.messages import message

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def part(title: str) -> str:
    """Return the section of a title."""
    return README.split(f"### {title}\n", 1)[1].split("\n#", 1)[0]


def test_the_front_page_names_what_a_run_finds_in_its_environment() -> None:
    begun = start(1, "true")
    begun = replace(begun, cause=replace(begun.cause, by="first", run=7))

    env = start_header(begun)["env"]
    assert "CRONTERM_UPSTREAM_RUN_ID" in env
    assert [name for name in (*env, "CRONTERM_MARK") if f"`{name}`" not in part("What runs")] == []


def test_the_front_page_names_what_a_notifier_is_told() -> None:
    told = part("Alerts")

    assert [name for name in PLACEHOLDERS if f"`{{{{{name}}}}}`" not in told] == []
    short = [name.removeprefix("CRONTERM") for name in variables(message())]
    assert [name for name in short if f"`{name}`" not in told.replace("CRONTERM_", "_")] == []
