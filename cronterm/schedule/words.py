"""What was written, as a message shows it."""

LONGEST_SHOWN = 60  # characters


def shown(words: object) -> str:
    """Return `words` as Python writes them, cut to 60 characters. Raises nothing."""
    try:
        text = repr(words)
    except (ValueError, RecursionError):  # an integer of more than 4,300 digits, a deep nest
        text = "this"
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."
