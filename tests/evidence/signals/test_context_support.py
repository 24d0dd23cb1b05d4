"""How well passages carry an answer."""

from __future__ import annotations

import pytest
from hypothesis import given

from evidence.signals._facts_support import FEATURES, features
from evidence.signals._facts_weights import support_weights
from evidence.signals.context_support import detect
from tests.evidence.signals.comparing import HOSTILE, answered, value

LIBRARY = (
    "The town library was founded in 1902 by Ada Moss, a retired teacher. "
    "It moved to Mill Street in 1950 and holds forty thousand books."
)
WHO = "Who founded the town library?"


@pytest.mark.parametrize(
    ("question", "answer", "values"),
    [
        (WHO, "The town library was founded in 1902 by Ada Moss, a retired teacher.", "supported"),
        (WHO, "Ada Moss", "likely supported"),
        (WHO, "The town library was founded by Henry Ford.", "unsupported doubtful"),
        (WHO, "It was founded by a famous politician.", "unsupported doubtful"),
        ("When was it founded?", "It was founded in 1931.", "unsupported"),
        ("When was it founded?", "In 1902.", "likely supported"),
    ],
)
def test_answers_are_carried_by_what_the_passage_says(
    question: str, answer: str, values: str
) -> None:
    assert value(detect, answered(question, answer, None, LIBRARY)) in values.split()


@pytest.mark.parametrize("answer", ["I don't know.", "Yes", "", "word " * 80])
def test_what_the_model_was_not_fitted_on_is_not_measured(answer: str) -> None:
    assert value(detect, answered(WHO, answer, None, LIBRARY)) is None


def test_without_a_passage_nothing_is_measured() -> None:
    assert value(detect, answered(WHO, "Ada Moss")) is None


def test_a_passage_inside_the_prompt_counts() -> None:
    prompt = f"Answer from the context.\n\nContext:\n{LIBRARY}\n\nQuestion: {WHO}\nAnswer:"

    assert value(detect, answered(prompt, "It was founded by Henry Ford.")) != "supported"
    assert value(detect, answered(prompt, "Ada Moss")) in {"likely", "supported"}


def test_every_feature_has_a_weight() -> None:
    assert set(support_weights()) == {*FEATURES, "bias"}
    assert tuple(features(WHO, "Ada Moss", LIBRARY)) != ()


@given(HOSTILE, HOSTILE, HOSTILE)
def test_features_are_shares(question: str, answer: str, passage: str) -> None:
    found = features(question, answer, passage)

    assert set(found) == set(FEATURES)
    assert all(0 <= item <= 1 for item in found.values())


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_text_breaks_it(question: str, answer: str, passage: str) -> None:
    value(detect, answered(question, answer, None, passage))
