"""The questions that are asked before something happens, built from the picture."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from cronterm.clock import DAY, HOUR, Duration, Instant
from cronterm.model.command import Answer
from cronterm.model.identity import Param
from cronterm.model.job import Overlap
from cronterm.model.problem import Problem
from cronterm.model.snapshot import JobView, LiveRun, Pause, Snapshot
from cronterm.model.standing import suspended_triggers, unreached
from cronterm.readable import shell_lines
from cronterm.sanitize import sanitize_line
from cronterm.tui.picture import Picture
from cronterm.tui.screens.dialogs import CANCEL, WIDTH, Ask, AskList, Choice
from cronterm.tui.undoing import Change
from cronterm.tui.words import day_moment, with_days

ASKED_BY_NUMBER = 5  # more jobs than that: the number is typed
SHOWN = 10
NAMED = 3
AGAIN = "overlap is skip: refused until that has ended"
BESIDE: dict[Overlap, str] = {
    "skip": "overlap is skip: Run runs it beside that all the same",
    "queue": "overlap is queue: it waits for that",
    "replace": "overlap is replace: it ends that",
    "allow": "overlap is allow: it runs beside that",
}

LENGTHS: dict[str, tuple[str, Duration]] = {
    "for_1_hour": ("1 hour", HOUR),
    "for_2_hours": ("2 hours", 2 * HOUR),
    "for_4_hours": ("4 hours", 4 * HOUR),
    "for_1_day": ("1 day", DAY),
    "for_1_week": ("1 week", 7 * DAY),
}
"""For how long something is held back or silent, by the id of the key that says so."""
OTHER = "for_other"
"""Its id where none of them will do."""

RENAMED = "history, pause and count go on under it"

CLOSE = Choice("no", "Close", "")
CANCEL_LISTED = Choice("", f"{'Cancel':<16}", "")
"""Has no key among those that choose from a list."""
STAY = Choice("no", "Stay", "")


def names(jobs: Sequence[str]) -> str:
    """Return a job's name, or how many there are."""
    return jobs[0] if len(jobs) == 1 else f"{len(jobs)} jobs"


def named(jobs: Sequence[str]) -> str:
    """Return `7 jobs (a, b, c and 4 more)`: for a question that has no list of them."""
    if len(jobs) == 1:
        return jobs[0]
    first = ", ".join(jobs[:NAMED])
    beyond = len(jobs) - NAMED
    return f"{len(jobs)} jobs ({first}{f' and {beyond} more' if beyond > 0 else ''})"


def number_of(jobs: Sequence[str]) -> int | None:
    """Return the number to type before something happens to this many jobs."""
    return len(jobs) if len(jobs) > ASKED_BY_NUMBER else None


def shortened(lines: list[str], most: int = SHOWN) -> list[str]:
    """Return at most so many lines, and how many there are beyond."""
    beyond = len(lines) - most
    return lines if beyond <= 0 else [*lines[:most], f"… and {beyond} more"]


def ask_trigger(
    snapshot: Snapshot, jobs: Sequence[str], left_out: Sequence[str] = (), *, choose: str
) -> Ask:
    """Ask whether jobs run now: firmly where one runs already or is held back.

    The key that opened the question, pressed again, says yes; the key `choose` asks for other
    params. Those `left_out` need some.
    """
    lines = []
    is_doubtful = False
    for job in jobs:
        doubt = doubt_of(snapshot.jobs[job])
        is_doubtful = is_doubtful or bool(doubt)
        if doubt or len(jobs) > 1:
            lines.append(doubt or f"  {job}")
    lines = shortened(lines)
    lines += [f"! {job} is left out: it needs params" for job in left_out[:SHOWN]]
    number = number_of(jobs)
    if len(jobs) == 1 and (params := snapshot.jobs[jobs[0]].job.params):
        lines.append(f"{told_defaults(params)}; {choose} chooses others")
    run = Choice("trigger", "Run", "run")
    choices = [CANCEL, run] if is_doubtful or number else [run, CANCEL]
    lines = [f"Run {names(jobs)} now?", *lines]
    return Ask("Trigger", lines, choices, where="trigger", number=number)


def told_defaults(params: Mapping[str, Param]) -> str:
    """Say what a run has where nothing is chosen for it."""
    words = ", ".join(f"{name}={param.default}" for name, param in params.items())
    return f"with {sanitize_line(words)}"


def is_forced(view: JobView) -> bool:
    """Tell whether a run by hand that is asked for all the same is forced beside the open ones."""
    most = view.job.instances
    return view.job.overlap == "skip" and most is not None and len(view.live) >= most


def ask_force(job: str, why: str) -> Ask:
    """Ask whether a job runs all the same where its overlap refuses that, and `why`."""
    lines = [f"Run {job} all the same?", f"! {why}"]
    return Ask("Trigger", lines, [CANCEL, Choice("trigger", "Run", "run")], where="trigger")


def doubt_of(view: JobView, *, is_again: bool = False) -> str:
    """Return why a run by hand, or one that repeats another, may not be what is wanted."""
    job = view.job.id
    if view.live:
        then = AGAIN if is_again and view.job.overlap == "skip" else BESIDE[view.job.overlap]
        return f"! {job} is {view.state} already, {then}"
    if view.pause is not None or not view.job.enabled:
        return f"! {job} is {view.state}; a run by hand is allowed"
    return ""


def ask_pause(jobs: Sequence[str], key: str) -> Ask:
    """Ask for how long timed starts are held back; `key` opened the question, it resumes too.

    The answer is `pause`, one of LENGTHS or OTHER.
    """
    lines = [f"Hold back the timed starts of {named(jobs)}?", f"What runs goes on; {key} resumes."]
    return AskList("Pause", lines, _pauses("pause"), where="pause")


def ask_pause_all(snapshot: Snapshot, key: str) -> Ask:
    """Ask for how long all timed starts are held back; `key` takes it back. Answers as above."""
    lines = [
        f"Hold back all timed starts of {len(snapshot.jobs)} jobs?",
        f"What runs goes on; {key} resumes.",
    ]
    choices = [CANCEL_LISTED, *_pauses("pause_all")]
    return AskList("Pause everything", lines, choices, where="pause")


def ask_resume_all(pause: Pause, end: str) -> Ask:
    """Ask whether everything goes on, or the pause that ends so is changed.

    The answer is `resume` or OTHER.
    """
    why = f": {sanitize_line(pause.reason)}" if pause.reason else ""
    lines = [f"Everything is paused by {sanitize_line(pause.by)}{end}{why}."]
    choices = [
        CANCEL_LISTED,
        Choice("pause_all", "resume", "resume"),
        Choice(OTHER, "until, reason…", OTHER),
    ]
    return AskList("Paused", lines, choices, where="pause")


def _pauses(key: str) -> list[Choice]:
    lengths = [Choice(each, f"{f'for {word}':<14}", each) for each, (word, _) in LENGTHS.items()]
    other = Choice(OTHER, "other, reason…", OTHER)
    return [Choice(key, f"{'until resumed':<14}", "pause"), *lengths, other]


def ask_mute(jobs: Sequence[str], *, is_muted: bool) -> Ask:
    """Ask for how long the alerts of jobs are silent, or whether those that are no longer are.

    The answer is one of LENGTHS, OTHER or `unmute`.
    """
    choices = [Choice(key, f"{word:<10}", key) for key, (word, _) in LENGTHS.items()]
    choices.append(Choice(OTHER, f"{'other…':<10}", OTHER))
    if is_muted:
        choices.append(Choice("unmute", f"{'unmute':<10}", "unmute"))
    lines = [f"Mute the alerts of {named(jobs)} for how long?"]
    return AskList("Mute", lines, choices, where="mute")


def ask_stop(
    runs: Sequence[LiveRun], *, will_start_again: bool = False, needing: Sequence[str] = ()
) -> Ask:
    """Ask how open runs are stopped, and whether jobs are paused that `will_start_again`.

    Those `needing` the success of what is stopped do not start after it. The answer is `stop`,
    `kill` or `pause`.
    """
    jobs = sorted({run.job for run in runs})
    lines = [f"{run.job}: run {run.run} is {run.state}, pid {run.pid or '-'}" for run in runs]
    lines = [f"Stop what runs of {names(jobs)}?", *shortened(lines), ""]
    lines += ["The whole process tree is ended: signal, grace, SIGKILL."]
    choices = [
        CANCEL,
        Choice("yes", "Stop", "stop", is_grave=True),
        Choice("kill_now", "Kill now", "kill", is_grave=True),
    ]
    if will_start_again:
        choices.insert(2, Choice("stop_and_pause", "Stop, pause", "pause", is_grave=True))
        lines.append("Its schedule starts it again, unless it is paused too.")
    if needing:
        need = "needs" if len(needing) == 1 else "need"
        whose, it = ("its", "it") if len(jobs) == 1 else ("their", "them")
        lines.append(f"! {named(needing)} {need} {whose} success and will not start after {it}")
    return Ask("Stop", lines, choices, where="stop", number=number_of(jobs))


def ask_delete(snapshot: Snapshot, jobs: Sequence[str], undo: str) -> Ask:
    """Ask whether jobs leave the file; the key `undo` brings them back."""
    file = PurePath(snapshot.engine.jobs_file).name
    goes_on = []
    for job in jobs:
        for run in snapshot.jobs[job].live.values():
            pid = f" (pid {run.pid})" if run.pid else ""
            goes_on.append(f"! run {run.run} of {job} is {run.state}{pid}, it may finish")
    if len(goes_on) > 3:
        goes_on = [f"! {len(goes_on)} runs of them are open, they may finish"]
    gone = [f"  {job}" for job in jobs] if len(jobs) > 1 else []
    question = "Delete job" if len(jobs) == 1 else "Delete"
    lines = [f"{question} {names(jobs)} from {file}?", ""]
    lines += [*shortened(gone, SHOWN - len(goes_on)), *goes_on]
    lines += [f"{undo} undoes this; the old file is kept as {file}~1", "history and logs are kept"]
    choices = [CANCEL, Choice("yes", "Delete", "delete", is_grave=True)]
    title = "Delete job" if len(jobs) == 1 else "Delete jobs"
    return Ask(title, lines, choices, where="confirm", number=number_of(jobs))


def ask_skip(job: str, when: str, key: str, undo: str, before: str = "", *, why: str) -> Ask:
    """Ask whether the next run of a job is skipped; `key` runs it by hand, `undo` lifts it.

    Where the one `before` is skipped already, ask whether that is lifted. The answer is `skip` or
    `lift`. Nothing comes after that where `when` is empty. The command `why` tells who did it.
    """
    skip = Choice("yes", "Skip it", "skip")
    if before:
        lines = [f"The run of {job} that is due {before} is skipped already."]
        lines += [f"Skip that of {when} too?"] if when else []
        lift = Choice("lift", "Lift the skip", "lift")
        return Ask("Skip next run", lines, [CANCEL, lift, *([skip] * bool(when))], where="skip")
    lines = [
        f"Skip the run of {job} that is due {when}?",
        "",
        f"{undo} lifts it until then; {sanitize_line(why)} says who did this.",
        f"{key} runs the job by hand all the same.",
    ]
    return Ask("Skip next run", lines, [skip, CANCEL], where="skip")


def ask_quit(snapshot: Snapshot, way: str) -> Ask:
    """Ask what becomes of the engine that this screen started; the command `way` attaches again."""
    choices = [
        STAY,
        Choice("keep_engine", "Keep the engine", "keep"),
        Choice("stop_engine", "Stop it", "stop", is_grave=True),
    ]
    return Ask("Quit", quit_lines(snapshot, way), choices, where="quit")


def quit_lines(snapshot: Snapshot, way: str) -> list[str]:
    """Return what goes on either way, and the command that attaches again."""
    live = len(snapshot.all_open())
    count = "No run is" if not live else "1 run is" if live == 1 else f"{live} runs are"
    lines = [f"{count} open.", ""]
    lines += [
        "Keep: the engine goes on without a screen. To attach again:",
        *command_lines(way),
        "Stop: nothing is scheduled any more. What runs goes on to its end, and the next engine"
        " records how it ended.",
    ]
    return lines


def command_lines(command: str) -> list[str]:
    """Return a command in lines of its own, so that it can be copied.

    Where they are several none is indented: a path that is broken goes on at the edge.
    """
    lines = shell_lines(sanitize_line(command), WIDTH)
    return lines if len(lines) > 1 else [f"  {line}" for line in lines]


def ask_leave_form() -> Ask:
    """Ask whether what is typed is thrown away."""
    lines = ["Leave the form? What is typed is not saved."]
    choices = [STAY, Choice("yes", "Leave", "leave", is_grave=True)]
    return Ask("Leave", lines, choices, where="confirm")


def problem_lines(problems: Sequence[Problem]) -> list[str]:
    """Return what is wrong with the jobs files, file by file."""
    lines = []
    for file in dict.fromkeys(problem.file for problem in problems):
        lines.append(f"{PurePath(file).name} is not taken over:")
        for problem in (each for each in problems if each.file == file):
            place = f"line {problem.line}:{problem.column}: " if problem.line else ""
            hint = f" ({problem.hint})" if problem.hint else ""
            lines.append(f"! {place}{problem.message}{hint}")
    return lines


def tell_trouble(picture: Picture, now: Instant, restart: str) -> Ask:
    """Tell what is wrong, all of it, and first what was just now.

    The key `restart` starts a gone engine; it is empty where this screen does not.
    """
    news = picture.fresh_restart(now)
    told = [f"! {news.text}"] if news is not None else []
    lines = shortened([*told, *trouble_lines(picture, restart)] or ["nothing"])
    return Ask("What is wrong", lines, [CLOSE])


def trouble_lines(picture: Picture, restart: str = "") -> list[str]:
    """Return what is wrong, the worst first, and how a gone engine is helped."""
    lines, snapshot = list[str](), picture.snapshot
    if picture.gone is not None:
        again = f"{restart} starts it again, " if restart else ""
        lines.append(f"✗ the engine does not answer: {picture.gone.why}")
        lines += [f"  {again}this looks why:", *command_lines(f"{picture.way} doctor")]
    lines += [f"✗ {snapshot.engine.trouble}"] if snapshot.engine.trouble else []
    lines += problem_lines(snapshot.problems)
    if snapshot.problems and snapshot.jobs:
        lines.append("the jobs before it stay in force")
    unserved = snapshot.engine.listeners_trouble
    lines += [f"! {sanitize_line(unserved)}"] if unserved else []
    lines += [
        f"! {job}: its trigger {sanitize_line(trigger)} started more than ten runs in a minute;"
        " resuming the job ends that"
        for job, trigger in suspended_triggers(snapshot)
    ]
    return [*lines, *(f"! {line}" for line in unreached(snapshot))]


def ask_edit_again(job: str, answer: Answer) -> Ask:
    """Ask whether a text that was refused is edited once more."""
    lines = [f"The text of {job} was not saved:", "", f"✗ {answer.message}"]
    lines += [f"  {answer.hint}"] if answer.hint else []
    choices = [Choice("edit_again", "Edit again", "again"), Choice("no", "Give up", "")]
    lines = [sanitize_line(line) for line in lines]
    return Ask("Not saved", lines, choices, where="refused")


def ask_rename(job: str, new: str) -> Ask:
    """Ask whether a job whose text has another name gets that name. Answers rename, again, ""."""
    lines = [f"Rename {job} to {new}?", f"{RENAMED[:1].upper()}{RENAMED[1:]}."]
    choices = [
        Choice("yes", "Rename", "rename"),
        Choice("edit_again", "Edit again", "again"),
        Choice("no", "Give up", ""),
    ]
    return Ask("Another name", [sanitize_line(line) for line in lines], choices, where="renamed")


def ask_undo(change: Change, now: Instant) -> Ask:
    """Ask whether a change is taken back that is not what was just done."""
    when = day_moment(change.at, now)
    lines = [f"Take back what was done {when}: {with_days(change.said, now)}?"]
    if change.diff:
        lines += ["", "The file was changed by this:", "", *diff_lines(change.diff)]
    choices = [CANCEL, Choice("yes", "Take it back", "undo")]
    return Ask("Undo", [sanitize_line(line) for line in lines], choices, where="confirm")


def ask_undo_edit(answer: Answer) -> Ask:
    """Ask whether an edit is taken back that was made before this screen, or elsewhere."""
    lines = ["Nothing done here is left to take back: undo the last edit of the jobs file?"]
    lines += ["", "The file would change by this:", "", *diff_lines(answer.diff)]
    choices = [CANCEL, Choice("yes", "Take it back", "undo")]
    return Ask("Undo", [sanitize_line(line) for line in lines], choices, where="confirm")


def diff_lines(diff: str) -> list[str]:
    """Return what a diff changes, as far as there is room for it."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    return shortened(lines, 3 * SHOWN)


def tell_diff(job: str, answer: Answer) -> Ask:
    """Tell what an edit changed in the file, and whether that counts; it may be undone at once."""
    choices = [Choice("no", "Good", ""), Choice("undo", "Undo", "undo")]
    title = f"Saved {job}"
    lines = ["The file has changed by this:", "", *diff_lines(answer.diff)]
    if answer.not_in_force:
        title += ", not in force"
        lines = [f"! {sanitize_line(answer.not_in_force)}", "", *lines]
    return Ask(title, lines, choices, where="saved")
