"""Functions that jobs of these tests call."""


def sample_task(first: int, second: str, *, suffix: str = "") -> None:
    """Print what it was called with."""
    print(f"Task executed with arguments: {first}, {second}{suffix}")


class Group:
    """Holds a function that an object would have to be given to."""

    def method(self) -> None:
        """Do nothing."""
