"""Denials against the passages."""

from __future__ import annotations

from hypothesis import given

from evidence.signals.context_denial import detect
from tests.evidence.signals.comparing import HOSTILE, answered, marked, value

PASSAGE = "The ferry stops at the island every morning. Dogs may travel for free."
ASK = "Does the ferry stop there?"


def test_a_denial_of_what_the_passage_says_is_seen_and_marked() -> None:
    view = answered(ASK, "The ferry never stops at the island.", None, PASSAGE)

    assert value(detect, view) is True
    assert marked(detect, view) == ["The ferry stops at the island every morning."]


def test_a_sentence_in_agreement_is_no_denial() -> None:
    view = answered(ASK, "The ferry stops at the island.", None, PASSAGE)

    assert value(detect, view) is False


def test_a_sentence_on_something_else_is_not_measured() -> None:
    view = answered(ASK, "The train does not go to the mainland at night.", None, PASSAGE)

    assert value(detect, view) is None


@given(HOSTILE, HOSTILE)
def test_no_text_breaks_it(answer: str, passage: str) -> None:
    value(detect, answered(ASK, answer, None, passage))
