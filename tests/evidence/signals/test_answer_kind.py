"""Whether an answer is of the kind that was asked for."""

from __future__ import annotations

import pytest
from hypothesis import given

from evidence.signals.answer_kind import detect
from tests.evidence.signals.comparing import HOSTILE, answered, value


@pytest.mark.parametrize(
    ("question", "answer", "fits"),
    [
        ("How many rooms are there?", "There are twelve rooms.", True),
        ("How many rooms are there?", "The rooms are large.", False),
        ("In what year did it open?", "It opened in 1990.", True),
        ("In what year did it open?", "It opened in spring.", False),
        ("Who built the Ostby bridge?", "Ada Moss built it.", True),
        ("Who built the Ostby bridge?", "The Ostby bridge was built by engineers.", False),
        ("Is the bridge open?", "Yes.", True),
        ("Is the bridge open?", "Iron and stone.", False),
        ("Why is it closed?", "Because of ice.", None),
        ("Where can I buy tickets?", "At the counter.", None),
        ("How many rooms are there?", "I don't know.", None),
    ],
)
def test_kinds_are_told_apart(question: str, answer: str, fits: bool | None) -> None:
    assert value(detect, answered(question, answer)) is fits


@given(HOSTILE, HOSTILE)
def test_no_text_breaks_it(question: str, answer: str) -> None:
    value(detect, answered(question, answer))
