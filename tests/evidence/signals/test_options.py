"""Which of two things an answer takes."""

from __future__ import annotations

import pytest
from hypothesis import given

from evidence.signals.options import detect
from tests.evidence.signals.comparing import HOSTILE, answered, value

OLDER = "Who is older, Ann Lee or Bo Day?"


@pytest.mark.parametrize(
    ("question", "answer", "reference", "taken"),
    [
        (OLDER, "Ann Lee", "Ann Lee", "expected"),
        (OLDER, "Bo Day is.", "Ann Lee", "other"),
        (OLDER, "Bo Day is older than Ann Lee.", "Ann Lee", None),
        (OLDER, "Not Bo Day.", "Ann Lee", None),
        (OLDER, "They are twins.", "Ann Lee", None),
        ("Was he a democrat or a republican?", "He was a republican.", "Democrat", "other"),
        ("Is it larger than a horse?", "yes", "yes", None),
    ],
)
def test_the_thing_taken_is_compared_with_the_reference(
    question: str, answer: str, reference: str, taken: str | None
) -> None:
    assert value(detect, answered(question, answer, reference)) == taken


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_text_breaks_the_comparison(question: str, answer: str, reference: str) -> None:
    value(detect, answered(question, answer, reference))
