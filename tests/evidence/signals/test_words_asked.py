"""An output is compared with the texts that a check asks for or forbids."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.signals.words_asked import detect
from tests.evidence.signals.checking import marked, seen


@pytest.mark.parametrize(
    ("output", "spec", "value"),
    [
        ("Paris, in France", {"all": ["Paris", "France"]}, "as_asked"),
        ("Paris", {"all": ["Paris", "France"]}, "missing"),
        ("paris", {"all": ["Paris"]}, "missing"),
        ("paris", {"all": ["Paris"], "ignore_case": True}, "as_asked"),
        ("Lyon", {"any": ["Paris", "Lyon"]}, "as_asked"),
        ("Nice", {"any": ["Paris", "Lyon"]}, "missing"),
        ("As an AI, I like Paris", {"all": ["Paris"], "none": ["As an AI"]}, "forbidden"),
        ("Paris", {"none": ["As an AI"]}, "as_asked"),
        ("Paris", {}, None),
        ("Paris", {"all": [" "]}, None),
    ],
)
def test_an_output_holds_what_is_asked_or_lacks_it(
    output: str, spec: dict[str, Any], value: str | None
) -> None:
    assert seen(detect, output, type="contains", **spec) == value


def test_what_is_forbidden_is_marked() -> None:
    assert marked(detect, "Well, sorry!", type="contains", none=["sorry"]) == ["sorry"]


@given(st.text(), st.none() | st.integers() | st.text() | st.lists(st.none() | st.text()))
def test_anything_may_stand_for_the_texts(output: str, texts: Any) -> None:
    seen(detect, output, type="contains", all=texts, any=texts, none=texts)
