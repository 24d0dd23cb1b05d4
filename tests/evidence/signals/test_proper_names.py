"""Names of answers and references."""

from __future__ import annotations

import pytest
from hypothesis import given

from evidence.signals.proper_names import detect
from tests.evidence.signals.comparing import HOSTILE, answered, marked, value

WHO = "Who directed the film?"


@pytest.mark.parametrize(
    ("answer", "reference", "agreement"),
    [
        ("It was directed by Ang Lee.", "Ang Lee", "agrees"),
        ("Dr. Walter D. Coy", "Walter Darwin Coy", "agrees"),
        ("Nixon did.", "Richard Nixon", "agrees"),
        ("The film was directed by Michael Bay.", "Ang Lee", "differs"),
        ("Michael Bay", "Ang Lee", "differs"),
        ("Michael Bay", "Michael Dowse", None),
        ("a famous director", "Ang Lee", None),
        ("I do not know.", "Ang Lee", None),
        ("Ang Lee", "ingredients in beer", None),
    ],
)
def test_names_agree_in_whatever_form(answer: str, reference: str, agreement: str | None) -> None:
    assert value(detect, answered(WHO, answer, reference)) == agreement


def test_names_of_the_question_do_not_count() -> None:
    view = answered("Who is the mother of Ann Lee?", "Ann Lee is the daughter of Bo Day.", "Bo Day")

    assert value(detect, view) == "agrees"


def test_the_wrong_name_is_marked() -> None:
    view = answered(WHO, "It was directed by Michael Bay.", "Ang Lee")

    assert "Michael Bay" in marked(detect, view)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_text_breaks_the_comparison(question: str, answer: str, reference: str) -> None:
    value(detect, answered(question, answer, reference))
