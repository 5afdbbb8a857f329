"""Texts as C has them, and environments whose inherited part is brought into that form once."""

import ctypes
import os
import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property


class Texts:
    """Texts in one piece of memory, and where each begins in it.

    An array of `ctypes.c_char_p` would do, in four times the time.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        """Raises ValueError for a NUL."""
        encoded = os.fsencode("\0".join(texts))
        self._memory = ctypes.create_string_buffer(encoded)
        self.addresses: list[int] = []
        address = ctypes.addressof(self._memory)
        for text in encoded.split(b"\0") if texts else ():
            self.addresses.append(address)
            address += len(text) + 1
        if len(self.addresses) != len(texts):
            raise ValueError("embedded null byte")


class Environment:
    """Variables that many processes share."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables

    def only(self, names: Iterable[str]) -> "Environment":
        """Return what there is of some."""
        variables = self.variables
        return Environment({name: variables[name] for name in names if name in variables})

    @cached_property
    def _texts(self) -> Texts:
        return _texts_of(self.variables)

    @cached_property
    def _addresses(self) -> dict[str, int]:
        return dict(zip(self.variables, self._texts.addresses, strict=True))

    def with_own(self, own: Mapping[str, str]) -> tuple[bytes, Texts]:
        """Return pointers to all variables, `own` ones before these, and what keeps `own` there.

        Raises ValueError for a NUL.
        """
        texts = _texts_of(own)
        both = self._addresses | dict(zip(own, texts.addresses, strict=True))
        return pointers(both.values()), texts


def pointers(addresses: Iterable[int]) -> bytes:
    """Return an array of pointers in C's form, with a null pointer at its end."""
    every = (*addresses, 0)
    return struct.pack(f"{len(every)}P", *every)


def _texts_of(variables: Mapping[str, str]) -> Texts:
    return Texts([f"{name}={value}" for name, value in variables.items()])


NONE = Environment({})
