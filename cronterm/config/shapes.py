"""What the value of each word looks like, in the words of JSON Schema."""

from cronterm.config.shape import (
    COMMAND,
    DURATION,
    ID,
    ID_PATTERN,
    LINE,
    MOMENT,
    NAME_PATTERN,
    PERCENT,
    ROOM,
    SCALAR,
    SIZE,
    TEXT,
    TRUTH,
    VALUE,
    VARIABLE_PATTERN,
    ZONE,
    Shape,
    choice,
    either,
    integer,
    items,
    mapping,
    named,
    number,
    some,
    told,
)
from cronterm.model.rule import NOTICE_EVENTS

# -- words of several ----------------------------------------------------------------------------

CATCH_UP = choice("skip", "latest", "all")
OUTPUT = mapping(
    max_size=told("how much is kept, 10MB", SIZE),
    keep=told("which part is kept of more", choice("head_tail", "head", "tail")),
    timestamps=told("each line is shown with its time", TRUTH),
)
HISTORY = mapping(
    keep_runs=told("how many runs are kept, 1000", integer(1)),
    keep_days=told("how long they are kept, 90", integer(1)),
)
DAY = either(integer(-31, 31), choice("L", "l"))
CALENDAR = mapping(
    dates=some({"type": "string", "pattern": "^\\s*\\d{4}-\\d{2}-\\d{2}\\s*$"}),
    days=told(
        "of the month; L or -1 is the last", some(either(integer(-31, 31), choice("L", "l")))
    ),
    weekdays=some({"type": "string", "examples": ["mon-fri", "sat,sun"]}),
    windows=some({"type": "string", "examples": ["Sun 02:00-04:00", "22:00-06:00"]}),
    ics=told("files of calendar programs", some(LINE)),
    **{"from": MOMENT, "until": MOMENT},
)
API = mapping(
    listen=told(
        "where, like http://127.0.0.1:7878",
        some({"type": "string", "pattern": "^\\s*http://[^/@]+:[0-9]+/?\\s*$"}),
    ),
    token_file=told("lines of [read|operate [NAME]] TOKEN, readable for nobody else", LINE),
    hosts=told("names this machine is called by, besides its addresses", some(LINE)),
    expose=told("true: other machines may reach it", TRUTH),
    metrics=told("true: GET /metrics", TRUTH),
    stats_file=told("a file that is kept up to date with `cronterm stats --json`", LINE),
)
POOLS = named(
    mapping("slots", slots=told("how many jobs at once", integer(1, 100_000))), NAME_PATTERN
)
CALENDARS = named(CALENDAR, NAME_PATTERN)

# -- words of a job ------------------------------------------------------------------------------

SCHEDULE_MAPPING = either(
    mapping("cron", cron=TEXT, timezone=ZONE, day_match=choice("or", "and")),
    mapping(
        "every",
        every=DURATION,
        anchor=MOMENT,
        timezone=ZONE,
        **{"from": choice("start", "finish", "clock")},
    ),
    mapping("at", at=MOMENT, timezone=ZONE),
    mapping("in", **{"in": DURATION}),
    mapping("on_calendar", on_calendar=TEXT, timezone=ZONE),
)
SCHEDULE_TEXT: Shape = {"type": "string", "minLength": 1}
SCHEDULE: Shape = either(
    SCHEDULE_TEXT, SCHEDULE_MAPPING, items(either(SCHEDULE_TEXT, SCHEDULE_MAPPING), least=1)
) | {"examples": ["30 2 * * *", "@every 10m", "@manual", {"every": "10m", "from": "finish"}]}
RETRY = mapping(
    attempts=told("further tries after the first, 3: up to 4 tries", integer(0, 1000)),
    delay=told("before the first of them, 10s", DURATION),
    backoff=told("the delay grows by this factor, 2", number(1, 100)),
    max_delay=told("and no further than this, 5m", DURATION),
    jitter=told("spreads the delay by this part of it", number(0, 1)),
    on=told("after which ends", some(choice("failure", "timeout", "lost"))),
    exit_codes=told("only after these", items(integer(1, 255))),
)
SUCCESS = mapping(
    exit_codes=items(integer(0, 255), least=1),
    stdout_match=told("a pattern that a line of stdout must have", TEXT),
    output_reject=told("a pattern that no line may have", TEXT),
    stderr_empty=TRUTH,
    max_output=SIZE,
    min_duration=DURATION,
)
HTTP = mapping(
    "url",
    url={"type": "string", "pattern": "^\\s*[hH][tT][tT][pP][sS]?://"},
    method={"type": "string", "examples": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]},
    headers={
        "type": "object",
        "additionalProperties": either(VALUE, mapping("env", env=TEXT)),
    },
    body=told(
        "a text; a mapping or a list is sent as JSON", {"type": ["string", "object", "array"]}
    ),
    expect_status=some(integer(100, 599)),
    timeout=either(DURATION, mapping(connect=DURATION, read=DURATION, total=DURATION)),
    allow_private=TRUTH,
)
SECRET = either(
    mapping("file", file=LINE), mapping("env", env=TEXT), mapping("command", command=COMMAND)
)
PARAM = mapping(
    type=choice("string", "int", "number", "bool"),
    default=SCALAR,
    choices=items(VALUE | {"type": ["string", "number", "boolean"]}, least=1),
    description=LINE,
)
CONDITION = mapping(
    command=COMMAND,
    load_below=told("the load of one minute", number(0.01, 100_000)),
    disk_free=mapping("path", "above", path=LINE, above=ROOM),
    on_ac=told("false: on battery", TRUTH),
    path_exists=some(LINE),
    wait=told("how long it is tried again", DURATION),
)
TRIGGER = either(
    mapping(
        "file",
        file=mapping(
            "path",
            path=LINE,
            patterns=some(LINE),
            events=some(choice("created", "modified", "deleted", "moved")),
            recursive=TRUTH,
            settle=DURATION,
        ),
    ),
    mapping(
        "disk", disk=mapping("path", path=LINE, free_below=ROOM, used_above=ROOM, every=DURATION)
    ),
    mapping(
        "attribute",
        attribute=mapping(
            "path", path=LINE, of=some(choice("mtime", "mode", "owner", "size")), every=DURATION
        ),
    ),
    mapping("env", env=mapping("name", name=TEXT, file=LINE, every=DURATION)),
    mapping("webhook", webhook=mapping("path", path={"type": "string", "pattern": NAME_PATTERN})),
    mapping(
        "metric",
        metric=mapping(
            cpu_above=PERCENT,
            memory_above=PERCENT,
            swap_above=PERCENT,
            load_above=number(0, 100_000),
            every=DURATION,
            **{"for": DURATION},
        ),
    ),
)
QUIET: Shape = some({"type": "string", "examples": ["22:00-06:00", "Sat,Sun 00:00-24:00"]})
EVENTS = f"{', '.join(NOTICE_EVENTS)}; without it failure, timeout, missed, recovery"
RULE = mapping(
    "to",
    to=told("notifiers, by name", some(LINE)),
    on=told(EVENTS, some(choice(*NOTICE_EVENTS))),
    after=told("the Nth failed run in a row, or missed instant", integer(1, 1_000_000)),
    repeat=told("again after so long while it goes on", DURATION),
    quiet=told("what comes then waits for its end", QUIET),
    output=told("lines of output that go with it, 10", either(TRUTH, integer(0, 200))),
)
TIMEOUT: Shape = {"timeout": DURATION}
NOTIFIER = either(
    mapping(
        *("type", "to"),
        type=choice("email"),
        to=some(LINE),
        smtp=told("smtp://localhost:25, or smtps://HOST", either(LINE, SECRET)),
        user=LINE,
        password=either(LINE, SECRET),
        tls=choice("auto", "starttls", "tls", "none"),
        ca_file=LINE,
        **TIMEOUT,
        **{"from": LINE},
    ),
    mapping(
        *("type", "url"),
        type=choice("webhook"),
        url=either(LINE, SECRET),
        format=choice("slack", "discord", "teams", "ntfy", "gotify", "json", "template"),
        method=choice("POST", "PUT", "PATCH", "GET"),
        headers={"type": "object", "additionalProperties": either(TEXT, SECRET)},
        body=told("of template: {{title}}, {{text}}, {{job}} and such are put in", TEXT),
        token=either(LINE, SECRET),
        priority=integer(0, 10),
        **TIMEOUT,
    ),
    mapping(
        *("type", "topic"),
        type=choice("ntfy"),
        topic=either(LINE, SECRET),
        server=either(LINE, SECRET),
        token=either(LINE, SECRET),
        priority=integer(1, 5),
        **TIMEOUT,
    ),
    mapping("type", "command", type=choice("command"), command=COMMAND, **TIMEOUT),
    mapping("type", type=choice("terminal")),
    mapping("type", "url", type=choice("apprise"), url=some(either(LINE, SECRET)), **TIMEOUT),
)
NEED = choice("success", "failure", "complete")
USED_CALENDARS = some(either(LINE, CALENDAR))

# The order is that of formatted files: what it is, when, what runs, with what, what then.
JOB_SHAPES: dict[str, Shape] = {
    "description": LINE,
    "owner": LINE,
    "runbook": LINE,
    "tags": some(LINE),
    "group": LINE,
    "schedule": SCHEDULE,
    "timezone": ZONE,
    "jitter": DURATION,
    "jitter_mode": choice("stable", "random"),
    "exclude": USED_CALENDARS,
    "only": USED_CALENDARS,
    "not_before": MOMENT,
    "not_after": MOMENT,
    "max_runs": integer(1),
    "catch_up": CATCH_UP,
    "catch_up_window": DURATION,
    "start_deadline": DURATION,
    "triggers": items(TRIGGER),
    "cooldown": DURATION,
    "depends_on": either(items(ID), named(NEED, ID_PATTERN)),
    "depends_window": DURATION,
    "depends_wait": DURATION,
    "condition": either(TEXT, CONDITION),
    "command": COMMAND,
    "shell": some(LINE),
    "python": {"type": "string", "pattern": ":[A-Za-z_][\\w.]*\\s*$"},
    "args": items({}),
    "kwargs": {"type": "object"},
    "http": either(HTTP["properties"]["url"], HTTP),
    "monitor": {"enum": [True, "heartbeat"]},
    "stdin": TEXT,
    "user": {"type": ["string", "integer"]},
    "working_dir": LINE,
    "umask": {"type": "string", "pattern": "^0?[0-7]{3}$", "examples": ["0027"]},
    "nice": integer(-20, 19),
    "ionice": {"type": "string", "pattern": "^(?:idle|best-effort(?::[0-7])?)$"},
    "limits": mapping(
        memory=SIZE,
        cpu_time=DURATION,
        open_files=integer(8),
        processes=integer(1),
        file_size=SIZE,
    ),
    "env": either(named(VALUE, VARIABLE_PATTERN), items({"type": "string", "pattern": "="})),
    "env_file": some(either(LINE, mapping("path", path=LINE, required=TRUTH))),
    "inherit_env": either(TRUTH, items(TEXT)),
    "secrets": named(SECRET, VARIABLE_PATTERN),
    "params": named(either(SCALAR, PARAM), "^[A-Za-z_][A-Za-z0-9_]{0,63}$"),
    "pool": LINE,
    "priority": integer(-1_000_000, 1_000_000),
    "overlap": choice("skip", "queue", "replace", "allow"),
    "max_instances": integer(1),
    "queue_limit": integer(1),
    "timeout": DURATION,
    "max_runtime": DURATION,
    "tolerance": DURATION,
    "stop_signal": {"type": ["string", "integer"], "examples": ["SIGTERM", "SIGINT"]},
    "stop_grace_period": DURATION,
    "kill_leftovers": TRUTH,
    "shutdown_runs": choice("keep", "stop"),
    "retry": either(integer(0, 1000), RETRY),
    "success": SUCCESS,
    "skip_exit_codes": items(integer(0, 255)),
    "output": OUTPUT,
    "history": HISTORY,
    "auto_pause": mapping("after_failures", after_failures=integer(1)),
    "on_success": items(ID),
    "on_failure": items(ID),
    "on_complete": items(ID),
    "notify": some(either(LINE, RULE)),
    "enabled": TRUTH,
    "renamed_from": LINE,
}

SETTINGS_SHAPES: dict[str, Shape] = {
    "timezone": ZONE,
    "max_running": integer(1, 100_000),
    "startup_delay": DURATION,
    "shutdown_grace": DURATION,
    "start_grace": DURATION,
    "catch_up": CATCH_UP,
    "history": HISTORY,
    "output": OUTPUT,
    "watch": mapping(poll_interval=told("how often files without events are looked at", DURATION)),
    "api": API,
}

JOBS = either(
    {
        "type": "object",
        "propertyNames": {"pattern": ID_PATTERN},
        "additionalProperties": {"$ref": "#/definitions/job"},
    },
    items({"$ref": "#/definitions/named_job"}),
)

TOP_SHAPES: dict[str, tuple[str, Shape]] = {
    "version": ("of the form of this file: 1", {"const": 1}),
    "include": ("other files, read before this one; their defaults stay inside them", some(LINE)),
    "settings": ("of the engine, and defaults of all jobs", {"$ref": "#/definitions/settings"}),
    "defaults": (
        "words of each job in this file; env and tags add up",
        {"$ref": "#/definitions/defaults"},
    ),
    "calendars": ("days and times that jobs keep to or keep out of, by name", CALENDARS),
    "pools": ("slots that jobs share, by name", POOLS),
    "notifiers": ("how people are reached, by name", named(NOTIFIER, NAME_PATTERN)),
    "alert_policies": (
        "who is told of what, by name; jobs choose with notify",
        named(some(RULE), NAME_PATTERN),
    ),
    "jobs": ("the jobs, by name", JOBS),
}
"""What each top word is, and what it looks like; empty ones are as good as none."""
