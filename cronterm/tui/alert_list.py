"""Which alerts are shown, in which order, and the words for them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from cronterm.clock import Instant, aware
from cronterm.errors import BadInput
from cronterm.model.alert import ORDER, Alert, AlertKind, AlertState, Mute, state_of
from cronterm.model.notice import NoticeRow
from cronterm.readable import ago
from cronterm.sanitize import sanitize_line
from cronterm.schedule.duration import parse_duration
from cronterm.tui.filter_doubt import Terms, length, one_of
from cronterm.tui.look import Glyphs
from cronterm.tui.words import countdown, day_moment

Reach = Literal["open", "known", "all"]
"""Only what needs a look; with what is acknowledged or muted; with what is over."""
REACHES: tuple[Reach, ...] = get_args(Reach)
STATES: dict[AlertState, int] = {"open": 0, "muted": 1, "acknowledged": 2, "closed": 3}


@dataclass(frozen=True)
class KindWords:
    """How a kind of alert is called and drawn; `state` names its glyph."""

    word: str
    state: str
    role: str
    what: str
    """What `count` counts: one, and many."""


KINDS: dict[AlertKind, KindWords] = {
    "failure": KindWords("FAILING", "failed", "fail", "failed run|failed runs in a row"),
    "missed": KindWords("MISSED", "missed", "warn", "instant missed|instants missed"),
    "late": KindWords("LATE", "late", "warn", "late start|late starts"),
    "long": KindWords("LONG RUN", "long", "warn", "run took too long|runs took too long"),
    "suspicious": KindWords("ODD", "missed", "warn", "odd success|odd successes"),
    "downtime": KindWords("DOWNTIME", "missed", "warn", "instant passed|instants passed"),
}

TERMS: Terms = {
    "is": one_of(
        ("failed", *STATES, *KINDS, *(each.word.casefold() for each in KINDS.values())),
        "a kind or a state",
    ),
    "last": length,
}
"""What is wrong with a word of the filter."""


def shown_alerts(
    alerts: Iterable[Alert],
    mutes: Mapping[str, Mute],
    now: Instant,
    *,
    reach: Reach = "known",
    words: str = "",
    tags: Mapping[str, Sequence[str]] | None = None,
) -> list[Alert]:
    """Return the alerts within reach that match `words`: open ones first, the worst on top.

    Among equals the newest is first: what was opened, or closed, last.

    `tags` are those of jobs, for `#tag`.
    """
    wanted = {"open": 0, "known": 2, "all": 3}[reach]
    found = []
    for alert in alerts:
        state = state_of(alert, mutes.get(alert.job), now)
        if STATES[state] <= wanted and _matches(
            alert, state, words, now, (tags or {}).get(alert.job, ())
        ):
            worst = ORDER[alert.kind] if state == "open" else 0
            # One that goes on is told again and again: by that, rows would swap under a finger.
            since = alert.closed_at or alert.opened_at
            found.append((STATES[state], worst, -since, alert.id, alert))
    return [alert for *_, alert in sorted(found, key=lambda each: each[:4])]


def _matches(
    alert: Alert, state: AlertState, words: str, now: Instant, tags: Sequence[str]
) -> bool:
    """Tell whether an alert matches `word`, `!word`, `#tag`, `is:missed`, `last:6h`."""
    for word in words.casefold().split():
        term = word.lstrip("!")
        if not term:
            continue
        if term.startswith("#"):
            is_match = any(tag.casefold().startswith(term[1:]) for tag in tags)
        elif term.startswith("last:"):
            is_match = _is_of_late(alert, term.removeprefix("last:").removeprefix("<"), now)
        else:
            is_match = _matches_term(alert, state, term)
        if is_match == word.startswith("!"):
            return False
    return True


def _is_of_late(alert: Alert, length: str, now: Instant) -> bool:
    """Tell whether an alert was told so long ago at most; all were while that is half typed."""
    try:
        return now - alert.last_at <= parse_duration(length)
    except BadInput:
        return True


def _matches_term(alert: Alert, state: AlertState, term: str) -> bool:
    kind = KINDS[alert.kind].word.casefold()
    if term.startswith("is:"):
        wanted = term[3:].removesuffix("ed") if term[3:] == "failed" else term[3:]
        return any(known.startswith(wanted) for known in (state, kind, alert.kind))
    texts = (alert.job or "cronterm", kind, alert.message, *(each.text for each in alert.comments))
    return any(term in text.casefold() for text in texts)


def count_words(alert: Alert) -> str:
    """Return `4 failed runs in a row`."""
    one, _, many = KINDS[alert.kind].what.partition("|")
    return f"{alert.count} {one if alert.count == 1 else many}"


def message_words(alert: Alert, now: Instant) -> str:
    """Return what an alert says, with the instant that it is about, safe to show."""
    message = sanitize_line(alert.message)
    if alert.due_at is None or alert.kind not in ("missed", "late"):
        return message
    return f"due {day_moment(alert.due_at, now)}: {message}"


def state_words(alert: Alert, mute: Mute | None, now: Instant) -> str:
    """Return who knows of an alert, how long it is muted, or how it ended."""
    match state_of(alert, mute, now):
        case "acknowledged" if alert.acknowledged_at is not None:
            at = aware(alert.acknowledged_at).astimezone()
            return f"{sanitize_line(alert.acknowledged_by)} {at:%H:%M}"
        case "muted" if mute is not None:
            return f"muted {countdown(mute.until - now)}"
        case "closed" if alert.closed_at is not None:
            return f"{alert.closed_for or 'over'} {ago(now - alert.closed_at)}"
        case _:
            return "–"


def nothing_words(
    alerts: Iterable[Alert],
    mutes: Mapping[str, Mute],
    now: Instant,
    *,
    reach: Reach,
    key: str,
    wrong: Mapping[str, str] | None = None,
    words: str = "",
    is_read: bool = True,
) -> str:
    """Say why the list is empty: `alerts` are all, `key` shows more of them.

    `wrong` is as for `calm_words`. What is over may not be read yet.
    """
    alerts = tuple(alerts)
    found = Counter(state_of(alert, mutes.get(alert.job), now) for alert in alerts)
    over, known = found["closed"], found["acknowledged"] + found["muted"]
    beyond = {"open": known + over, "known": over, "all": 0}[reach]
    if words:
        return f"nothing matches /{words}" + (f"; {key} looks further" if beyond else "")
    calm = calm_words(alerts, mutes, now, wrong or {}, key=key)
    if reach == "open" and known:
        return calm
    if beyond:
        # What went before may have failed a moment ago: no word here may sound as if it had not.
        calm = "nothing open" if not wrong else calm
        return f"{calm}; {key} shows the {over} that went before"
    if not is_read:
        return "reading…" if reach == "all" else calm
    return f"{calm}; the history has no alert"


def calm_words(
    alerts: Iterable[Alert],
    mutes: Mapping[str, Mute],
    now: Instant,
    wrong: Mapping[str, str],
    *,
    key: str = "",
) -> str:
    """Say how it is where no alert is open: what is known goes on all the same.

    `wrong` is of jobs what is wrong with them: `fails`, `is late`. `key` shows what is known.
    """
    known = shown_alerts(alerts, mutes, now)
    told = []
    if known:
        states = Counter(state_of(alert, mutes.get(alert.job), now) for alert in known)
        how = [f"{count} {state}" if len(states) > 1 else state for state, count in states.items()]
        goes_on = ", ".join(dict.fromkeys(map(_goes_on, known)))
        count = f"{key} shows {len(known)}" if key else f"{len(known)}"
        told.append(f"{count} known ({', '.join(how)}): {goes_on}")
    others = wrong.keys() - {alert.job for alert in known}
    if others:
        told.append(", ".join(f"{job} {wrong[job]}" for job in sorted(others)))
    return "; ".join(["nothing open", *told]) if told else "nothing fails, nothing is late"


def _goes_on(alert: Alert) -> str:
    """Return `backup still fails`, `backup: long run`."""
    if alert.kind == "failure":
        return f"{alert.job} still fails"
    return f"{alert.job or 'cronterm'}: {KINDS[alert.kind].word.casefold()}"


def muted_words(jobs: Sequence[str], room: int) -> str:
    """Return ` · 2 jobs muted: backup, sync` for a title, the names where there is room."""
    if not jobs:
        return ""
    names = f": {', '.join(jobs)}"
    count = f" · {len(jobs)} job{'s' * (len(jobs) != 1)} muted"
    return count + names if len(names) <= room else count


def notified_words(
    notices: Iterable[NoticeRow], glyphs: Glyphs, now: Instant
) -> list[tuple[str, str]]:
    """Return (text, role): who was told of an alert when, then who was not yet and why."""
    newest = {each.notifier: each for each in notices if each.state != "dropped"}
    if not newest:
        return [("nobody: no rule of its job or of a policy tells of it", "faint")]
    good = glyphs.states["succeeded"]
    told = [
        f"{good} {each.notifier} {day_moment(each.at, now)}"
        for each in newest.values()
        if each.state == "sent"
    ]
    lines = [(sanitize_line("   ".join(told)), "text")] if told else []
    untold = [_untold(each, glyphs, now) for each in newest.values() if each.state != "sent"]
    return [*lines, *((sanitize_line(text), role) for text, role in untold)]


def _untold(notice: NoticeRow, glyphs: Glyphs, now: Instant) -> tuple[str, str]:
    """Return why somebody was not told, and how bad that is."""
    who, why = notice.notifier, f": {notice.error}" if notice.error else ""
    when = day_moment(notice.at, now)
    if notice.state == "given_up":
        return f"{glyphs.states['failed']} {who} given up {when}{why}", "fail"
    if notice.tries:
        times = f"{notice.tries} time{'s' * (notice.tries != 1)}"
        return f"{glyphs.states['retrying']} {who} failed {times}{why}; tried again", "warn"
    return f"{glyphs.states['queued']} {who} is told {when}", "muted"
