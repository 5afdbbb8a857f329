"""Environments as C has them."""

import ctypes

import pytest

from cronterm.runner.environment import NONE, Environment, Texts, pointers


def read(array: bytes) -> list[bytes]:
    """Return the texts that an array of pointers leads to."""
    every = (ctypes.c_char_p * (len(array) // ctypes.sizeof(ctypes.c_void_p))).from_buffer_copy(
        array
    )
    assert every[-1] is None
    return [text for text in every[:-1] if text is not None]


def test_its_own_variables_go_before_the_inherited() -> None:
    inherited = Environment({"A": "1", "B": "2", "C": ""})
    array, kept = inherited.with_own({"B": "é", "D": "\udcff"})

    assert read(array) == [b"A=1", "B=é".encode(), b"C=", b"D=\xff"]
    again, kept_too = inherited.with_own({})
    assert read(again) == [b"A=1", b"B=2", b"C="]
    assert kept is not kept_too


def test_of_an_environment_some_can_be_had() -> None:
    some = Environment({"A": "1", "B": "2"}).only(["B", "X"])
    assert some.variables == {"B": "2"}


def test_there_may_be_nothing() -> None:
    array, kept = NONE.with_own({})
    assert (read(array), kept.addresses) == ([], [])
    assert pointers([]) == bytes(ctypes.sizeof(ctypes.c_void_p))


def test_empty_texts_are_texts() -> None:
    texts = Texts(["", "a", ""])
    assert read(pointers(texts.addresses)) == [b"", b"a", b""]


@pytest.mark.parametrize("texts", [["a\0b"], ["a", "\0"], ["\0"]])
def test_a_nul_is_refused(texts: list[str]) -> None:
    with pytest.raises(ValueError, match="null byte"):
        Texts(texts)
