"""The length of an output is compared with the limits that were asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.signals.length import detect
from tests.evidence.signals.checking import seen

TEXT = "The canal was dug. It took ten years."


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ({"max_words": 8}, "within"),
        ({"max_words": 7}, "too_long"),
        ({"min_words": 9}, "too_short"),
        ({"min_words": 2, "max_words": 8}, "within"),
        ({"words": 8}, "within"),
        ({"words": {"min": 2, "max": 5}}, "too_long"),
        ({"max_sentences": 2}, "within"),
        ({"max_sentences": 1}, "too_long"),
        ({"max_chars": 10}, "too_long"),
        ({"max_characters": 100, "min_words": 20}, "too_short"),
        ({"max_length": 10}, "too_long"),
        ({"max": 5, "unit": "words"}, "too_long"),
        ({"min": 5, "unit": "words"}, "within"),
        ({"max_lines": 1}, "within"),
        ({"max_paragraphs": "1"}, "within"),
        ({"max_tokens": 1}, None),
        ({"max_tokens": 1, "max_words": 100}, None),
        ({"max_words": None}, None),
        ({}, None),
    ],
)
def test_limits_are_kept_or_not(keys: dict[str, Any], value: str | None) -> None:
    assert seen(detect, TEXT, type="length", **keys) == value


def test_where_two_ways_to_count_disagree_nothing_is_measured() -> None:
    assert seen(detect, "one - two", type="length", max_words=2) is None


def test_limits_on_plain_text_count_under_any_type() -> None:
    assert seen(detect, TEXT, type="text", max_words=3) == "too_long"
    assert seen(detect, TEXT, type="json", max_length=3) is None


@given(st.text(), st.sampled_from(["words", "sentences", "lines", "chars"]), st.integers(0, 50))
def test_no_text_is_too_long_and_too_short(output: str, unit: str, limit: int) -> None:
    above = seen(detect, output, type="length", **{f"min_{unit}": limit})
    below = seen(detect, output, type="length", **{f"max_{unit}": limit})
    assert (above, below) != ("too_short", "too_long")
