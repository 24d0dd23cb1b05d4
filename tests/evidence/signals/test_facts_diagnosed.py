"""What the comparisons of facts come to: class, kind and certainty of a record."""

from __future__ import annotations

import pytest

from evidence.diagnose import diagnose_record
from tests.evidence.signals.comparing import answered

ASK = "Which river flows through Vienna?"
HELD = "Vienna is the capital of Austria. The Danube flows through Vienna."
ELSEWHERE = "Prague is the capital of Bohemia. The Vltava flows through Prague."


@pytest.mark.parametrize(
    ("answer", "context", "subtype"),
    [
        ("The Rhine flows through Vienna.", None, "wrong_fact"),
        ("The Rhine flows through Vienna.", HELD, "contradicts_context"),
        ("The Rhine flows through Vienna.", ELSEWHERE, "retrieval_missed"),
        ("I don't know.", ELSEWHERE, "retrieval_missed"),
        ("I don't know.", HELD, "missing_information"),
    ],
)
def test_a_wrong_answer_is_a_matter_of_information_of_its_kind(
    answer: str, context: str | None, subtype: str
) -> None:
    found = diagnose_record(answered(ASK, answer, "The Danube", context).record)

    assert (found.label, found.subtype) == ("information", subtype)


@pytest.mark.parametrize("answer", ["Danube", "The Danube flows through Vienna."])
def test_the_expected_answer_is_surely_right(answer: str) -> None:
    found = diagnose_record(answered(ASK, answer, "The Danube").record)

    assert (found.label, found.confidence) == ("neither", "strong")


def test_right_facts_in_a_broken_form_are_a_matter_of_behavior() -> None:
    view = answered(ASK, "{'answer': 'Danube'", "The Danube", type="json")

    assert diagnose_record(view.record).label == "behavior"


def test_wrong_facts_in_a_broken_form_are_both() -> None:
    view = answered(ASK, "{'answer': 'The Rhine'", "The Danube", type="json")

    assert diagnose_record(view.record).label == "both"


def test_passages_alone_never_make_it_certain() -> None:
    for answer in ("The Danube flows through Vienna.", "The Rhine flows through Vienna."):
        found = diagnose_record(answered(ASK, answer, None, HELD).record)

        assert found.confidence != "strong"


def test_an_answer_that_the_passage_does_not_carry_is_unsupported() -> None:
    found = diagnose_record(answered(ASK, "The Rhine flows through it.", None, HELD).record)

    assert (found.label, found.subtype) == ("information", "unsupported")


def test_with_nothing_to_compare_the_facts_stay_open() -> None:
    assert diagnose_record(answered(ASK, "The Danube").record).label == "uncertain"
