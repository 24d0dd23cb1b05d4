"""Reference and answer looked up in the passages."""

from __future__ import annotations

from hypothesis import given

from evidence.signals.context_holds import detect
from tests.evidence.signals.comparing import HOSTILE, answered, marked, values

TOWER = "The tower was built in 1889.It stands in Paris and is 330 m tall."
WHERE = "Where does the tower stand?"


def test_a_passage_that_holds_the_reference_was_found() -> None:
    view = answered(WHERE, "Rome", "Paris", TOWER)

    assert values(detect, view) == {"reference_in_context": True, "answer_in_context": "not_there"}
    assert marked(detect, view) == ["It stands in Paris and is 330 m tall."]


def test_a_passage_without_the_reference_was_missed() -> None:
    assert values(detect, answered(WHERE, "Rome", "Oslo", TOWER))["reference_in_context"] is False


def test_dates_are_found_in_another_form() -> None:
    view = answered("When?", "1999", "1889-03-31", ["It opened on 31 March 1889."])

    assert values(detect, view)["reference_in_context"] is True


def test_an_answer_is_quoted_or_put_anew() -> None:
    quoted = answered(WHERE, "It stands in Paris and is 330 m tall.", None, TOWER)
    phrase = answered(WHERE, "Paris", None, TOWER)
    anew = answered(WHERE, "In Paris stands the tower, 330 m tall.", None, TOWER)

    assert values(detect, quoted)["answer_in_context"] == "quoted_sentence"
    assert values(detect, phrase)["answer_in_context"] == "quoted_phrase"
    assert values(detect, anew)["answer_in_context"] == "words"


def test_yes_is_not_looked_up() -> None:
    assert "reference_in_context" not in values(detect, answered("Is it?", "no", "yes", TOWER))


def test_a_passage_inside_the_prompt_counts_and_is_not_marked() -> None:
    prompt = f"Context: {TOWER}\nQuestion: {WHERE}"
    view = answered(prompt, "Paris", "Paris")

    assert values(detect, view) == {
        "reference_in_context": True,
        "answer_in_context": "quoted_phrase",
    }
    assert marked(detect, view) == []


def test_without_passages_nothing_is_measured() -> None:
    assert values(detect, answered(WHERE, "Rome", "Paris")) == {}


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_text_breaks_the_look_up(answer: str, reference: str, context: str) -> None:
    values(detect, answered(WHERE, answer, reference, context))
