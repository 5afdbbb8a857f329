"""The heap of the C library, which keeps more of what was freed than an idle engine should."""

import contextlib
import ctypes

M_MMAP_THRESHOLD = -3  # of malloc.h
LARGE_PIECE = 1 << 20  # bytes


def give_back_large_pieces() -> None:
    """Have large pieces of memory returned to the system as soon as they are free.

    glibc raises the size from which it does so to the largest piece it has seen: once ten thousand
    jobs were told to a face, what that took would stay.
    """
    with contextlib.suppress(AttributeError):  # not glibc
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_PIECE)


def give_back_free_pages() -> None:
    """Return what is free now to the system."""
    with contextlib.suppress(AttributeError):  # not glibc
        ctypes.CDLL(None).malloc_trim(0)
