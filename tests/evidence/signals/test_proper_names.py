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


@pytest.mark.parametrize(
    "passage",
    [
        "Ang Lee, also known as Lee An, directed it.",
        "It was shot in Oslo, Norway, by Ang Lee (Lee An).",
    ],
)
def test_two_names_that_the_passage_links_are_not_called_different(passage: str) -> None:
    assert value(detect, answered(WHO, "Lee An", "Ang Lee", passage)) is None


def test_a_place_and_what_it_lies_in_are_not_called_different() -> None:
    view = answered("Where was it shot?", "Norway", "Oslo", "It was shot in Oslo, Norway.")

    assert value(detect, view) is None


def test_a_name_that_the_question_gives_too_counts_where_it_is_expected() -> None:
    view = answered("Which is older, Planes or Cars?", "Planes is by DisneyToon.", "Planes")

    assert value(detect, view) == "agrees"
