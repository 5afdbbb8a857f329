"""What Textual reads anew for each app, the same every time, is read once for all tests."""

from collections.abc import Hashable, Iterator
from typing import Any

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet


@pytest.fixture(autouse=True, scope="session")
def sheets() -> Iterator[None]:
    """Keep the rules of a sheet from app to app: to read them is a sixth of a test's time."""
    read = Stylesheet._parse_rules
    kept: dict[Hashable, list[RuleSet]] = {}

    def read_once(self: Stylesheet, *args: Any, **words: Any) -> list[RuleSet]:
        key = (args, *words.items(), *self._variables.items())
        if key not in kept:
            kept[key] = read(self, *args, **words)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", read_once)
        yield
