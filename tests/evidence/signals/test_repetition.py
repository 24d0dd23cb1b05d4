"""Loops are told from refrains and from ordinary text."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.signals.repetition import detect
from tests.evidence.signals.checking import marked, seen, view


@pytest.mark.parametrize(
    "output",
    [
        "I think " * 50,
        "The canal joins two seas and the canal joins two seas and " * 10 + "The can",
        "It begins well. " + "The port is old and large. " * 12,
        "ha" * 300,
        "The cat sat on the mat today.\n" * 8 + "And then it left, as cats will do.",
    ],
)
def test_a_loop_is_seen(output: str) -> None:
    assert seen(detect, output) is True


@pytest.mark.parametrize(
    "output",
    [
        "La la la la la",
        "No, no, no!",
        "-" * 500,
        "| a | b |\n" * 3,
        "The canal was dug from 1859 on. It was opened in 1869. It is long and it is deep." * 2,
    ],
)
def test_a_few_rounds_are_no_loop(output: str) -> None:
    assert seen(detect, output) is False


def test_the_loop_is_marked_to_its_end() -> None:
    loop = "the port is old and large and " * 10
    assert marked(detect, "Well begun, " + loop) == ["Well begun, " + loop] or marked(
        detect, "Well begun, " + loop
    )[0].endswith(loop[-60:])


def test_repetition_that_was_asked_for_is_not_measured() -> None:
    assert list(detect(view("yes " * 100, "Repeat yes 100 times."))) == []


@given(st.text(alphabet="ab \n."))
def test_any_text_is_read(output: str) -> None:
    assert seen(detect, output) in (True, False, None)


@pytest.mark.parametrize("piece", ["a ", "ab cd ", "a", "\n", ". ", "a b c d e f g h i j k l m "])
def test_long_outputs_end_soon(piece: str) -> None:
    start = perf_counter()
    seen(detect, piece * 300_000)
    assert perf_counter() - start < 2
