"""Numbers of answers and references."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.signals.numbers import detect
from tests.evidence.signals.comparing import HOSTILE, answered, marked, value

HOW_MANY = "How many people live there?"


@pytest.mark.parametrize(
    ("answer", "reference", "agreement"),
    [
        ("722,664 people live there.", "722664", "agrees"),
        ("About two million.", "2,000,000", "agrees"),
        ("3 thousand", "3000", "agrees"),
        ("It has 500 inhabitants.", "722,664", "differs"),
        ("approximately 720,000", "722,664", "close"),
        ("ten", "nine", "differs"),
        ("$5", "5 dollars", "agrees"),
        ("5 miles", "5 kilometres", "differs"),
        ("5 miles", "8 km", "agrees"),
        ("212 °F", "100 °C", "agrees"),
        ("about a third", "33%", None),
        ("Nobody knows him.", "9", None),
        ("9", "between 8 and 10", None),
        ("It is not known; 4 have been seen.", "9", None),
    ],
)
def test_numbers_agree_in_whatever_form(answer: str, reference: str, agreement: str | None) -> None:
    assert value(detect, answered(HOW_MANY, answer, reference)) == agreement


def test_numbers_of_the_question_do_not_count() -> None:
    view = answered("How many won in 2012?", "In 2012, 7 won.", "7")

    assert value(detect, view) == "agrees"


def test_the_wrong_number_is_marked() -> None:
    view = answered(HOW_MANY, "It has 1,500 inhabitants.", "1,900")

    assert marked(detect, view) == ["1,500"]


@given(st.integers(min_value=0, max_value=10**9))
def test_thousands_separators_make_no_difference(number: int) -> None:
    assert value(detect, answered(HOW_MANY, f"{number:,}", str(number))) in {"agrees", None}


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_text_breaks_the_comparison(question: str, answer: str, reference: str) -> None:
    value(detect, answered(question, answer, reference))
