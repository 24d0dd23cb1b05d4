"""Relevance guessed from reference answers: what counts, what does not, and that it says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.retrieval.shapes import Passage, Question
from evidence.retrieval.weak import MOST_PASSAGES, SHORT_WORDS, Weak, weak_relevance

LONG = (
    "Annual subscriptions are refunded within fourteen days of purchase, provided that fewer than "
    "three exports were downloaded and the invoice was paid by card."
)


def guessed(answer: str, *texts: str) -> Weak:
    passages = [
        Passage(f"d{number}#0-1", f"d{number}", 0, 1, text) for number, text in enumerate(texts)
    ]
    return weak_relevance([Question("q", "What?", answer)], passages)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("Stephen King", "It was directed by STEPHEN  KING, in 1986."),
        ("the Café Müller", "They met at cafe muller."),
        ("1986", "In 1986, it was shot."),
        ("安装说明", "请阅读安装说明。"),
        ("C2065", "Error C2065: undeclared identifier"),
        (LONG, f"Refunded within fourteen days of purchase: annual subscriptions. {LONG[60:]}"),
    ],
)
def test_a_passage_that_holds_the_answer_is_relevant(answer: str, text: str) -> None:
    found = guessed(answer, "Nothing of that.", text)

    assert found.qrels == {"q": {"d1#0-1": 1}}
    assert found.weak
    assert found.how["q"].startswith("weak: ")


@pytest.mark.parametrize(
    ("answer", "text", "why"),
    [
        ("King", "They were baking and asking.", "no passage"),
        ("1986", "It cost 19860 in all.", "no passage"),
        ("yes", "Yes, that is so.", "could stand anywhere"),
        ("5", "There are 5 of them.", "shorter than"),
        ("", "Anything.", "no reference answer"),
        (LONG, "Annual subscriptions are popular within the company.", "no passage"),
        ("it is of the and in to for with by", "It is of the and in to for with by.", "words with"),
    ],
)
def test_an_answer_that_would_be_found_by_accident_is_left_out_with_the_reason(
    answer: str, text: str, why: str
) -> None:
    found = guessed(answer, text)

    assert found.qrels == {}
    assert found.how == {}
    assert why in found.without["q"]


def test_an_answer_that_many_passages_hold_tells_none_apart() -> None:
    few = guessed("Latin", *["It is in Latin."] * MOST_PASSAGES)
    many = guessed("Latin", *["It is in Latin."] * (MOST_PASSAGES + 1))

    assert len(few.qrels["q"]) == MOST_PASSAGES
    assert many.qrels == {}
    assert "tells none apart" in many.without["q"]


def test_every_question_is_either_in_or_out() -> None:
    questions = [Question("a", "?", "Ada"), Question("b", "?", "Bob"), Question("c", "?")]

    found = weak_relevance(questions, [Passage("d#0-3", "d", 0, 3, "Ada")])

    assert set(found.qrels) == set(found.how) == {"a"}
    assert set(found.without) == {"b", "c"}


@given(
    words=st.lists(st.sampled_from([f"word{n}" for n in range(30)]), min_size=1, max_size=25),
    before=st.text(max_size=20),
)
def test_the_answer_itself_always_holds_the_answer(words: list[str], before: str) -> None:
    found = guessed(" ".join(words), f"{before} {' '.join(words)}")

    few = len(words) > SHORT_WORDS and len(set(words)) < 4
    assert few or "d0#0-1" in found.qrels["q"]
