from __future__ import annotations

from datetime import UTC, datetime

import pytest

from advisor_rules import FactValue, advise
from advisor_rules.model import Value
from advisor_rules.rulebook import Rulebook
from app.intake import FactState
from app.questionnaire import NOT_NEXT, QuestionView, next_section, questionnaire

MOMENT = datetime(2026, 11, 20, tzinfo=UTC)


def states(**values: Value | None) -> dict[str, FactState]:
    return {
        name: FactState(
            value=None if value is None else FactValue(value),
            state="unknown" if value is None else "known",
            others=(),
            updated_at=MOMENT,
        )
        for name, value in values.items()
    }


def questions(book: Rulebook, **values: Value | None) -> dict[str, QuestionView]:
    known = {name: value for name, value in values.items() if value is not None}
    views = questionnaire(book, states(**values), advise(known, rulebook=book))
    return {question.fact.id: question for view in views for question in view.questions}


def test_every_asked_fact_stands_in_its_section_once(book: Rulebook) -> None:
    views = questionnaire(book, {}, advise({}, rulebook=book))
    assert [view.section.id for view in views] == list(book.sections)
    shown = [question.fact.id for view in views for question in view.questions]
    assert sorted(shown) == sorted(fact.id for fact in book.facts.values() if fact.ask)
    for view in views:
        assert all(question.ask.section == view.section.id for question in view.questions)


def test_questions_that_can_change_the_step_come_first(book: Rulebook) -> None:
    for view in questionnaire(book, {}, advise({}, rulebook=book)):
        groups = [
            (question.rank == NOT_NEXT, question.relevance != "changes_advice")
            for question in view.questions
        ]
        assert [helps for helps, _ in groups] == sorted(helps for helps, _ in groups)
        first = [question.ask.order for question in view.questions[: groups.count((False, False))]]
        assert first == sorted(first)


def test_the_main_question_opens_the_section_on_failures(book: Rulebook) -> None:
    views = questionnaire(book, {}, advise({}, rulebook=book))
    (failures,) = (view for view in views if view.section.id == "failures")
    assert failures.questions[0].fact.id == "facts_wrong"


def test_without_advice_questions_stand_as_they_were_written(book: Rulebook) -> None:
    views = questionnaire(book, {}, None)
    for view in views:
        orders = [question.ask.order for question in view.questions]
        assert orders == sorted(orders)
        assert {question.relevance for question in view.questions} <= {"could_matter"}
    assert next_section(views) == views[0]


def test_what_is_known_can_make_a_question_pointless(book: Rulebook) -> None:
    assert questions(book)["rare_syntax"].applicable
    assert questions(book, strict_format=True)["rare_syntax"].applicable
    assert not questions(book, strict_format=False)["rare_syntax"].applicable
    # "I don't know" is no "no"
    assert questions(book, strict_format=None)["rare_syntax"].applicable


def test_pointless_questions_do_not_count(book: Rulebook) -> None:
    def total(**values: Value | None) -> int:
        return sum(view.total for view in questionnaire(book, states(**values), None))

    assert total(strict_format=False) < total(strict_format=True)


def test_i_do_not_know_counts_as_answered(book: Rulebook) -> None:
    views = questionnaire(book, states(evaluation_exists=None, strict_format=True), None)
    assert sum(view.answered for view in views) == 2


def test_an_answer_that_decides_changes_the_advice(book: Rulebook) -> None:
    assert (
        questions(book, evaluation_exists=False)["evaluation_exists"].relevance == "changes_advice"
    )


def test_an_interview_begins_with_the_first_section(book: Rulebook) -> None:
    views = questionnaire(book, {}, advise({}, rulebook=book))
    assert next_section(views) == views[0]


def test_the_next_section_holds_the_open_question_that_helps_most(book: Rulebook) -> None:
    known: dict[str, Value] = {"evaluation_exists": True}
    advice = advise(known, rulebook=book)
    views = questionnaire(book, states(**known), advice)
    found = next_section(views)
    assert found is not None
    best = advice.next_questions[0].fact
    assert best in [question.fact.id for question in found.questions]


def test_a_question_answered_by_i_do_not_know_is_not_asked_next(book: Rulebook) -> None:
    advice = advise({}, rulebook=book)
    asked = states(**{question.fact: None for question in advice.next_questions})
    assert next_section(questionnaire(book, asked, advice)) is None


@pytest.mark.parametrize("value", [True, False, None])
def test_following_the_next_section_ends(book: Rulebook, value: Value | None) -> None:
    """Answered one at a time, the best first, no question comes twice, and there is an end."""
    said: dict[str, FactState] = {}
    for _ in range(len(book.facts)):
        known = {name: state.value for name, state in said.items()}
        views = questionnaire(book, said, advise(known, rulebook=book))
        section = next_section(views)
        if section is None:
            return
        question = next(question for question in section.questions if question.is_open)
        fact = question.fact
        answer = value if fact.type == "bool" else None
        said |= states(**{fact.id: answer})
    pytest.fail("the questionnaire does not end")
