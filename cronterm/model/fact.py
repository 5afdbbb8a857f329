"""What every recorded fact has."""

import msgspec

from cronterm.clock import Instant


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """What all facts have: when the engine recorded it."""

    at: Instant
