"""Composes the house: which face, with or without an engine, signals, exit codes.

The one room that knows everybody; it imports inside functions, so that `cronterm status` does not
pay for the engine and the engine not for the screen.
"""

import contextlib
import gc
import os
import resource
import shlex
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, cast

from cronterm.cli.base import (
    FarEngine,
    HeadlessOptions,
    Place,
    Progress,
    Rooms,
    ScreenOptions,
    WebOptions,
    print_json,
    say,
)
from cronterm.cli.program import run_program
from cronterm.clock import SystemClock, local_zone
from cronterm.control import Control
from cronterm.errors import CrontermError
from cronterm.inherited import put_right
from cronterm.instance import (
    Instance,
    instance_name,
    no_engine,
    reached_by,
    running_instances,
    screen_file,
    state_root,
)
from cronterm.model.api import Listener
from cronterm.model.command import Answer, Edit
from cronterm.model.forecast import Forecast, SimulationRequest
from cronterm.model.query import AnyReply, Query
from cronterm.remote.client import RequestClient
from cronterm.version import VERSION

if TYPE_CHECKING:
    from cronterm.host_process import OwnEngine
    from cronterm.remote.control import HttpControl
    from cronterm.remote.tunnel import Tunnel
    from cronterm.tui.settings import ScreenSettings

DRIVER_ENV = "TEXTUAL_DRIVER"
TAB_DRIVER = "cronterm.tui.tab:TabDriver"
"""What draws in a tab of a browser in place of a terminal."""

GARBAGE_LOOKS = (2_000, 5, 1)
"""How often the screen looks for garbage, a little each time. By Python's own rule it looks more
seldom and through more, which held a key up for 25 to 80 ms."""
HANDOVER_S = 0.0005
"""After which the screen, while it draws, lets the thread go on that asks the engine. By Python's
own rule (5 ms) a question left 10 to 20 ms later, at each step one wait more."""


def main() -> NoReturn:
    """Run the program and exit with its status."""
    put_right()
    sys.exit(run_program(make_rooms()))


def make_rooms() -> Rooms:
    """Return what commands get of the rooms that they may not import."""
    return Rooms(
        connect=lambda instance: RequestClient(instance.socket),
        ask_offline=_ask_offline,
        edit_offline=_edit_offline,
        simulate=_simulate,
        run_screen=_run_screen,
        run_headless=_run_headless,
        run_daemon=_run_daemon,
        version=lambda: VERSION,
        reach=_reach,
        run_bridge=_run_bridge,
        run_attached=_run_attached,
        run_web=_run_web,
        list_keys=_list_keys,
    )


def _ask_offline(instance: Instance, query: Query) -> AnyReply:
    # The store and the loader: only when no engine answers.
    from cronterm.engine.offline import ask_offline

    return ask_offline(instance, query, clock=SystemClock(), local_timezone=local_zone())


def _edit_offline(instance: Instance, command: Edit) -> Answer:
    # The loader and the splices: only when no engine answers.
    from cronterm.engine.offline_edits import edit_offline

    return edit_offline(instance, command, local_timezone=local_zone())


def _simulate(instance: Instance, request: SimulationRequest, progress: Progress) -> Forecast:
    # The core, the store and the loader: only for this command.
    from cronterm.engine.simulate import simulate_instance

    return simulate_instance(
        instance, request, clock=SystemClock(), local_timezone=local_zone(), progress=progress
    )


def _reach(place: Place) -> AbstractContextManager[FarEngine]:
    # Threads and processes: only for -H.
    from cronterm.remote.tunnel import Route, Tunnel, options_there

    options = options_there(place.file, place.state_dir)
    return Tunnel(Route.of(place.host, options, os.environ, may_ask=place.may_ask))


def _run_bridge(instance: Instance) -> int:
    # What speaks frames: only for this command.
    from cronterm.remote.bridge import run_bridge, this_machine

    is_asleep = None if instance.is_held() else no_engine(instance)
    hello = this_machine(VERSION, instance.jobs_file, is_asleep)
    run_bridge(instance.socket, hello=hello, ask=lambda query: _ask_offline(instance, query))
    return 0


def _run_headless(instance: Instance, options: HeadlessOptions) -> int:
    gc.disable()  # what is imported stays: looking through it was a tenth of the start
    # The engine, its loop and its server cost 100 ms that commands do not pay.
    import asyncio

    from cronterm.doors import opener
    from cronterm.engine.heap import give_back_large_pieces
    from cronterm.engine.host import Host, HostOptions
    from cronterm.engine.log import configure_log

    gc.freeze()
    gc.enable()
    form: Literal["text", "json"] = "json" if options.log_format == "json" else "text"
    configure_log(form, options.log_level, Path(options.log_file) if options.log_file else None)
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    give_back_large_pieces()
    host_options = HostOptions(instance, local_zone(), is_for_screen=options.for_screen)
    asyncio.run(Host(host_options, serve=opener(instance.socket)).run())
    return 0


def _run_daemon(instance: Instance, options: HeadlessOptions) -> int:
    # What starts processes: only for this command.
    from cronterm.host_process import start_daemon

    words = ["--log-format", options.log_format, "--log-level", options.log_level]
    return start_daemon(instance, *words)


def _run_screen(instance: Instance, options: ScreenOptions) -> int:
    # What starts processes: only for the screen.
    from cronterm.host_process import OwnEngine

    settings = _ready_for_screen(options)
    others = [each for each in running_instances() if each.jobs_file != instance.jobs_file]
    own = OwnEngine(instance)
    own.ensure()
    client, named = RequestClient(instance.socket), tuple(map(reached_by, others))
    ending, code = _show(client, instance, settings, own=own, others=named)
    if ending == "keep":
        _tell_what_goes_on(instance)
    return code


def _tell_what_goes_on(instance: Instance) -> None:
    """Say how to come back to the engine, once the screen is left; a tab has nobody to tell."""
    if os.environ.get(DRIVER_ENV) == TAB_DRIVER:
        return
    way = reached_by(instance)
    if instance.is_held():
        print(f"the engine goes on; `down` behind this ends it, this attaches:\n{way}")
    else:
        print(f"no engine runs, nothing is scheduled; this starts one:\n{way}")


def _run_attached(
    engines: Mapping[str, FarEngine], instance: Instance | None, options: ScreenOptions
) -> int:
    settings, read_only = _ready_for_screen(options), options.read_only
    if instance is not None:
        client = RequestClient(instance.socket)
        ending, code = _show(client, instance, settings, read_only=read_only)
        if ending == "keep":
            _tell_what_goes_on(instance)
        return code
    clients = {host: cast(RequestClient, engine.client) for host, engine in engines.items()}
    routes = [cast("Tunnel", engine).route for engine in engines.values()]
    way = shlex.join(["cronterm", "-H", ",".join(engines), *routes[0].options])
    return _show(clients, None, settings, read_only=read_only, way=way)[1]


def _run_web(instance: Instance, options: WebOptions) -> int:
    # Only for this command; its server is an extra.
    import asyncio

    from cronterm.remote.far import bind

    try:
        from cronterm.web.server import Service, Tabs, serve_tabs
        from cronterm.web.visitors import Visitors
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("cronterm"):
            raise
        raise CrontermError(
            "the web view needs textual-serve", "pip install 'cronterm[web]'"
        ) from None
    try:
        sock = bind(Listener(options.listen, options.port))
    except OSError as error:
        raise CrontermError(str(error), "--port 0 takes one that is free") from None
    words = [sys.executable, "-P", "-m", "cronterm", "attach", "-f", str(instance.jobs_file)]
    words += ["--state-dir", str(instance.state_dir), *(["--read-only"] * options.read_only)]
    env = {DRIVER_ENV: TAB_DRIVER}
    title = f"{instance.jobs_file.name} · cronterm"
    visitors = Visitors(options.url)
    url = options.url or Listener(*sock.getsockname()[:2]).url

    def tell(*lines: str) -> None:
        address = url + visitors.login
        with contextlib.suppress(OSError):  # nobody reads what it says any more
            print_json({"url": address}) if options.as_json else say("\n".join([*lines, address]))

    tabs = Tabs(
        Service(tuple(words), env, title, options.tabs),
        visitors,
        on_login=lambda: tell("A browser is in. The next one opens"),
    )
    first = f"The screen on {instance.jobs_file} is at this address, for one browser (^C ends it):"
    asyncio.run(serve_tabs(tabs, sock, on_ready=lambda: tell(first)))
    return 0


def _ready_for_screen(options: ScreenOptions) -> "ScreenSettings":
    """Return how the person wants the screen, or raise why there is none, before anything runs."""
    # The reader of YAML: only for the screen.
    from cronterm.tui.settings import ScreenSettings, read_settings

    is_tab = os.environ.get(DRIVER_ENV) == TAB_DRIVER
    if not is_tab and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CrontermError(
            "the screen needs a terminal that can move its cursor",
            "use `cronterm status --watch --plain`, or `cronterm --headless`",
        )
    if (term := os.environ.get("TERM", "")) in ("", "dumb"):
        what = "TERM is dumb: such a terminal" if term else "TERM is not set: a terminal like that"
        raise CrontermError(
            f"{what} only appends text, the screen cannot be drawn on it",
            "use `cronterm status --watch`, or say what it is, like TERM=xterm-256color",
        )
    path = screen_file()
    said = ScreenSettings() if path is None else read_settings(path)
    return replace(
        said,
        glyphs=options.glyphs or said.glyphs,
        mouse=said.mouse and not options.no_mouse,
        colors=said.colors and not options.no_color,
    )


def _list_keys() -> list[dict[str, Any]]:
    """Return every key of the screen; raise `BadInput` where a person's choice is refused."""
    # The table of keys is the screen's: only for this command.
    from cronterm.tui.keymap import KEYS, MOVES, remapped
    from cronterm.tui.keys import written
    from cronterm.tui.places import name_of
    from cronterm.tui.settings import read_settings

    path = screen_file()
    chosen = {} if path is None else read_settings(path).keys
    table = (*MOVES, *KEYS)
    return [
        {
            "group": key.group,
            "id": key.id,
            "keys": [*map(written, key.keys.split(","))],
            "default": [*map(written, default.keys.split(","))],
            "what": key.text,
            "places": [*map(name_of, key.where)],
        }
        for key, default in zip(remapped(chosen, table), table, strict=True)
    ]


def _kept(name: str) -> Path | None:
    """Return where the screen keeps something for this user; None without a home."""
    try:
        return state_root() / "screen" / f"{name}.json"
    except CrontermError:
        return None


def control_of(several: Mapping[str, "HttpControl"]) -> Control:
    """Return what sees all of them; `several` stays: who starts an engine hurries each."""
    # Only for the screen, as above.
    from cronterm.remote.merged import MergedControl

    return MergedControl(several) if len(several) > 1 else next(iter(several.values()))


def _start_again(own: "OwnEngine", several: Mapping[str, "HttpControl"]) -> None:
    own.start()
    for each in several.values():
        each.hurry()


def _show(
    client: RequestClient | Mapping[str, RequestClient],
    instance: Instance | None,
    settings: "ScreenSettings",
    *,
    own: "OwnEngine | None" = None,
    others: tuple[str, ...] = (),
    read_only: bool = False,
    way: str = "",
) -> tuple[str | None, int]:
    """Show the screen, of its `own` engine or of others; return how it was left and the status.

    `way` is the command that asks them where there is no `instance` here.
    """
    gc.disable()  # what is imported stays: looking through it was an eighth of the start
    # Textual alone costs half a second on a small machine.
    from cronterm.remote.control import HttpControl
    from cronterm.tui.app import CrontermApp
    from cronterm.tui.hangup import end_with_terminal
    from cronterm.tui.home import Hosting
    from cronterm.tui.personal import Person
    from cronterm.tui.remembered import Remembered

    clients = {"": client} if isinstance(client, RequestClient) else client
    looked_at = instance.jobs_file if instance is not None else Path(",".join(sorted(clients)))
    if read_only:
        clients = {host: each.that_only_looks() for host, each in clients.items()}
    several = {host: HttpControl(each) for host, each in clients.items()}
    hosting = Hosting(
        has_started=own is not None and own.has_started,
        start=partial(_start_again, own, several) if own is not None else None,
        jobs_file=str(instance.jobs_file) if instance is not None else "",
        way=reached_by(instance) if instance is not None else way,
        is_read_only=read_only,
        others=others,
        how_ended=own.how_ended if own is not None else lambda pid: "",
        how_failed=own.how_failed if own is not None else lambda: "",
        settle=gc.freeze,  # with a dashboard among it each fortieth key was held up for 30 ms
        tidy=gc.collect,  # a page's garbage was found while the next one was made: 5 ms of its 60
    )
    app = CrontermApp(
        control_of(several),
        clock=SystemClock(),
        hosting=hosting,
        person=Person(
            settings=settings,
            settings_file=screen_file(),
            tastes=Remembered(_kept("tastes")),
            layout=Remembered(_kept(instance_name(looked_at))),
        ),
    )
    end_with_terminal(sys.stdin.fileno())
    gc.freeze()  # to look through all of it holds a key up for 60 ms
    gc.set_threshold(*GARBAGE_LOOKS)
    gc.enable()
    sys.setswitchinterval(HANDOVER_S)
    ending = app.run(mouse=settings.mouse)
    return ending, app.return_code or 0
