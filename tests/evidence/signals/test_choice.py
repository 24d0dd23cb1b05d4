"""An output is compared with the choices that were allowed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.signals.choice import detect
from tests.evidence.signals.checking import marked, seen


@pytest.mark.parametrize(
    ("output", "value"),
    [
        ("positive", "exact"),
        (" positive\n", "exact"),
        ("Positive.", "other_case"),
        ("**positive**", "other_case"),
        ("The label is positive", "wrapped"),
        ("positive or negative", "outside"),
        ("neutral", "outside"),
        ("unpositive", "outside"),
    ],
)
def test_an_output_is_a_choice_or_nearly_or_not(output: str, value: str) -> None:
    assert seen(detect, output, type="choice", choices=["positive", "negative"]) == value


@pytest.mark.parametrize("key", ["choices", "enum", "options", "labels", "values"])
def test_choices_are_found_under_their_usual_names(key: str) -> None:
    assert seen(detect, "3", type="choice", **{key: [1, 2, 3]}) == "exact"


def test_the_text_around_a_choice_is_marked() -> None:
    assert marked(detect, "It is yes!", type="choice", choices=["yes"]) == ["It is ", "!"]


def test_several_choices_count_where_they_are_allowed() -> None:
    assert seen(detect, "a, b", type="choice", choices=["a", "b"], multiple=True) == "exact"
    assert seen(detect, "a, b", type="choice", choices=["a", "b"]) == "outside"


@given(st.text(), st.none() | st.integers() | st.text() | st.lists(st.none() | st.text()))
def test_anything_may_stand_for_the_choices(output: str, choices: Any) -> None:
    seen(detect, output, type="choice", choices=choices)
