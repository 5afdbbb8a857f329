"""What every query is."""

import msgspec


class Query(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """A question."""
