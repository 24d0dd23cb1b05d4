"""Outputs that break off are told from those that end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.records import FailureRecord
from evidence.signals.truncation import detect
from evidence.view import RecordView

LONG = "The canal was dug through the desert by many people over ten long years. " * 3


def value(output: str, **metadata: Any) -> object:
    record = FailureRecord(id="r", input="?", output=output, metadata=metadata)
    return next((item.value for item in detect(RecordView(record))), None)


@pytest.mark.parametrize(
    "metadata",
    [
        {"finish_reason": "length"},
        {"stop_reason": "max_tokens"},
        {"response": {"choices": [{"finish_reason": "length"}]}},
        {"truncated": True},
    ],
)
def test_a_limit_that_the_client_recorded_is_known(metadata: dict[str, Any]) -> None:
    assert value(LONG, **metadata) == "limit"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (LONG, "no"),
        (f"{LONG} It joins the", "sentence"),
        (f"{LONG} It joins ports,", "sentence"),
        ("joins the", "no"),
        ("```python\nx = 1", "structure"),
        ("```python\nx = 1\n```", "no"),
        ("", None),
    ],
)
def test_the_end_tells_whether_it_is_one(output: str, expected: str | None) -> None:
    assert value(output) == expected


def test_other_reasons_are_no_limit() -> None:
    assert value(LONG, finish_reason="stop", truncated="no", choices=5) == "no"


NESTED = st.recursive(
    st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(st.dictionaries(st.sampled_from(["choices", "response", "finish_reason"]), NESTED))
def test_anything_may_stand_in_the_metadata(metadata: dict[str, Any]) -> None:
    assert value("It ends.", **metadata) in ("no", "limit")
