"""When a reading becomes an event: once when it crosses, not again before it has come back."""

BACK = 0.1  # so much of the limit, on its good side, has to be reached before it may cross again


class Edge:
    """Remembers whether a reading is in trouble. Begins as if it were not."""

    def __init__(self) -> None:
        self._is_up = False

    def look(self, *, is_in_trouble: bool, is_back: bool) -> bool:
        """Return whether trouble begins with this reading."""
        if self._is_up:
            self._is_up = not is_back
            return False
        self._is_up = is_in_trouble
        return is_in_trouble


class Sustained:
    """An edge above a limit that has to last. Times are in seconds, of a clock that never jumps."""

    def __init__(self, limit: float, *, hold_s: float, gap_s: float) -> None:
        """After `gap_s` without a reading nobody knows what was: it has to last anew."""
        self._limit = limit
        self._hold_s = hold_s
        self._gap_s = gap_s
        self._edge = Edge()
        self._since: float | None = None
        self._looked_at: float | None = None

    def look(self, value: float, now: float) -> bool:
        """Return whether with this reading it has been above for long enough."""
        looked_at, self._looked_at = self._looked_at, now
        if looked_at is not None and now - looked_at > self._gap_s:
            self._since = None
        if value <= self._limit:
            self._since = None
        elif self._since is None:
            self._since = now
        has_lasted = self._since is not None and now - self._since >= self._hold_s
        is_back = value <= self._limit * (1 - BACK)
        return self._edge.look(is_in_trouble=has_lasted, is_back=is_back)
