"""Files that a person asks for: into this directory, never over another; or to the browser."""

import re
from itertools import count
from pathlib import Path
from typing import Literal, TextIO

from textual.app import App

from cronterm.tui.home import Home

FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""Rich lets a picture fetch its font from far away; any font of one width does."""

LARGEST_HANDED = 8 << 20  # characters

Kind = Literal["svg", "txt"]


def save(home: Home, name: str, text: str, *, far: str = "") -> None:
    """Write a file and tell its path; a number is put into a name that is taken.

    A tab of a browser writes none, its machine is another one: there the browser saves what is no
    larger than LARGEST_HANDED; `far` is the command for the rest.
    """
    if home.is_web and len(text) <= LARGEST_HANDED:
        home.hand_over(name, text)
        home.tell(f"the browser saves {name}")
        return
    file = create(home, name, far=far)
    if file is None:
        return
    try:
        with file:
            file.write(text)
    except OSError as error:
        home.tell(f"{file.name}: {error.strerror}", is_bad=True)
    else:
        home.tell(f"saved {file.name}")


def create(home: Home, name: str, *, far: str = "") -> TextIO | None:
    """Open a new file, as `save` names it; None where there can be none, and say why."""
    if home.is_web:
        instead = f" ({far} > {name})" if far else ""
        home.tell(f"a tab of a browser writes no files{instead}", is_bad=True)
        return None
    wanted = Path(name).absolute()
    paths = (wanted.with_stem(f"{wanted.stem}-{number}") for number in count(2))
    path = wanted
    while path.exists():
        path = next(paths)
    try:
        return open(path, "x", encoding="utf-8", newline="")
    except OSError as error:
        home.tell(f"{path}: {error.strerror}", is_bad=True)
        return None


def picture_of(app: App[object], kind: Kind) -> str:
    """Return what the screen shows, in colour or as text."""
    if kind == "svg":
        return FONT.sub("", app.export_screenshot(simplify=True))
    strips = app.screen._compositor.render_strips()
    return "".join(f"{strip.text.rstrip()}\n" for strip in strips)
