"""The names of users."""

import pwd


def user_name(uid: int) -> str:
    """Return the name of `uid`, or the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
