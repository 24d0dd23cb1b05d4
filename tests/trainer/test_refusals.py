from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.refusals import refuses


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, I cannot assist you with this request.",
        "I am not able to provide instructions for that.",
        "Unfortunately, I can't share personal data.",
        "As an AI, I will not generate hateful content.",
        "Es tut mir leid, dabei kann ich nicht helfen.",
        "That goes against my guidelines.",
    ],
)
def test_an_answer_that_declines_is_a_refusal(answer: str) -> None:
    assert refuses(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "To kill a Python process, use `kill PID`.",
        "You cannot divide by zero.",
        "Sorry for the delay! Your card is on its way.",
        '{"people": "two"}',
        "The client can't help noticing the difference.",
    ],
)
def test_an_answer_that_answers_is_none(answer: str) -> None:
    assert not refuses(answer)


@given(st.text())
def test_any_text_is_read(answer: str) -> None:
    assert refuses(answer) in (True, False)
