"""Yes and no against references."""

from __future__ import annotations

import pytest
from hypothesis import given

from evidence.signals.yes_no import detect
from tests.evidence.signals.comparing import HOSTILE, answered, value

OPEN = "Is the museum open on Sundays?"


@pytest.mark.parametrize(
    ("answer", "reference", "agreement"),
    [
        ("Yes.", "yes", "agrees"),
        ("Yes, it is.", "No", "differs"),
        ("True", "yes", "agrees"),
        ("The museum is open on Sundays.", "yes", "agrees"),
        ("The museum is not open on Sundays.", "yes", "differs"),
        ("That depends on the month.", "yes", None),
        ("No. 5", "yes", None),
        ("Yes", "The Louvre", None),
        ("Yes, on every Sunday.", "No, it is closed on Sundays.", "differs"),
    ],
)
def test_yes_and_no_are_told_apart(answer: str, reference: str, agreement: str | None) -> None:
    assert value(detect, answered(OPEN, answer, reference)) == agreement


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_text_breaks_the_comparison(question: str, answer: str, reference: str) -> None:
    value(detect, answered(question, answer, reference))
