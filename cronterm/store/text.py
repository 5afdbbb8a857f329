"""Text as SQLite takes it."""


def valid(text: str) -> str:
    """Return `text` without the halves of surrogate pairs, which SQLite refuses as UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
