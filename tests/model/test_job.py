"""What a job is on the wire and in memory."""

import msgspec

from cronterm.model.job import Job, Keep, Shell, definition_hash
from cronterm.model.success import Success
from cronterm.schedule.base import CronSpec

USUAL = Job(
    id="a",
    source="/etc/jobs.yaml",
    directory="/etc",
    working_dir="/etc",
    action=Shell(("true",)),
    keep=Keep(runs=1000),
    success=Success(),
    success_exit_codes=(0,),
)


def test_only_what_is_not_the_default_is_sent() -> None:
    sent = msgspec.json.decode(msgspec.json.encode(USUAL))

    assert sent.keys() == {"id", "source", "directory", "working_dir", "action"}
    assert msgspec.json.decode(msgspec.json.encode(USUAL), type=Job) == USUAL


def test_what_is_the_default_of_another_version_is_read_as_it_was_written() -> None:
    unusual = msgspec.structs.replace(USUAL, keep=Keep(runs=7), output_max_size=5)

    assert msgspec.json.decode(msgspec.json.encode(unusual), type=Job) == unusual


def test_the_hash_of_a_definition_is_over_all_of_it() -> None:
    # As stored by versions that sent the defaults too: a job must not look changed to them.
    job = msgspec.structs.replace(USUAL, source="/x", directory="/", working_dir="/", tags=("b",))
    job = msgspec.structs.replace(job, env={"z": "1", "a": "2"}, line=9)

    assert definition_hash(job) == "2ffc8b6ce8431011"


def test_jobs_share_what_they_have_alike() -> None:
    timed = msgspec.structs.replace(
        USUAL, schedule=(CronSpec("0 3 * * *", "UTC"),), schedule_text="0 3 * * *"
    )
    job, other = (msgspec.json.decode(msgspec.json.encode(timed), type=Job) for _ in range(2))

    assert job == timed
    for name in ("keep", "source", "schedule", "schedule_text", "env", "params"):
        assert getattr(job, name) is getattr(other, name)
