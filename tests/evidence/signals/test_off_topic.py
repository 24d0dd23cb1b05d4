"""Outputs that speak of something else, or of nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.records import FailureRecord
from evidence.signals.off_topic import detect
from evidence.view import RecordView

QUESTION = "Why do copper pumps corrode in salty mines near the coast?"
MEETS = (
    "Salt in the air near the coast draws water onto the copper, and in the wet the metal of the "
    "pumps gives up its electrons to the oxygen, so that they corrode in the mines."
)
ELSEWHERE = (
    "The festival begins on Friday with a parade of bakers, and on Saturday there is dancing in "
    "the square till the early hours, when the band goes home to sleep and everybody is tired."
)


def seen(output: str, question: str = QUESTION, **more: object) -> dict[str, object]:
    """What is observed, by signal; checks the spans."""
    record = FailureRecord.model_validate({"id": "r", "input": question, "output": output} | more)
    found = list(detect(RecordView(record)))
    for item in found:
        assert all(0 <= span.start < span.end <= len(output) for span in item.spans)
    return {item.signal: item.value for item in found}


def test_an_output_shares_words_with_the_question_or_not() -> None:
    assert seen(MEETS)["on_topic"] == "on"
    assert seen(ELSEWHERE)["on_topic"] == "off"


def test_words_of_the_passages_are_on_topic_too() -> None:
    assert seen(ELSEWHERE, context=ELSEWHERE)["on_topic"] == "on"


@pytest.mark.parametrize(
    "more", [{"reference": "Salt"}, {"format_spec": {"type": "json"}}, {"question": "Why?"}]
)
def test_it_is_measured_only_where_words_are_all_there_is(more: dict[str, object]) -> None:
    assert "on_topic" not in seen(ELSEWHERE, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "output",
    [
        "Sure! I'd be happy to help you with that.",
        "Hello! How can I help you today?",
        "Thank you for your question! That's a great question.",
    ],
)
def test_courtesies_alone_say_nothing(output: str) -> None:
    assert seen(output)["says_nothing"] == "courtesy"


def test_the_question_again_says_nothing() -> None:
    assert seen(QUESTION)["says_nothing"] == "echo"


@pytest.mark.parametrize("output", ["Sure.", "Sure! Salt does it.", "Salt.", "!!!", "Great"])
def test_a_short_answer_says_something(output: str) -> None:
    assert seen(output)["says_nothing"] == "no"


@given(st.text(max_size=300), st.text(max_size=100))
def test_any_text_can_be_read(output: str, question: str) -> None:
    seen(output, question)


@pytest.mark.parametrize("piece", ["sure! ", "thank you for ", "the ", "\x00"])
def test_huge_texts_are_read_in_no_time(piece: str) -> None:
    seen(piece * 200_000, piece * 200_000, context=piece * 200_000)
