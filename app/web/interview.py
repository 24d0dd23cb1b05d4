"""What the questionnaire shows: the advice so far, the sections, and what to ask or fold away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from advisor_rules.conditions import Known, Unless, facts_of, walk
from advisor_rules.derive import DERIVATIONS
from advisor_rules.model import Advice, Fact
from advisor_rules.rulebook import Rulebook
from app.advising import preview
from app.cases import get_case
from app.errors import NotFound
from app.intake import FactState, current_facts, fact_history, values_of
from app.questionnaire import NOT_NEXT, QuestionView, SectionView, questionnaire
from app.storage import Case

MOST_HELPFUL = 3


@dataclass(frozen=True, slots=True)
class Interview:
    """How far a case's questionnaire is."""

    case: Case
    states: Mapping[str, FactState]
    advice: Advice
    views: list[SectionView]
    can_undo: bool
    undecided: frozenset[str]
    """Facts that some rule reads whose condition is neither true nor false yet."""

    @property
    def answered(self) -> int:
        """Answered questions, of those that apply."""
        return sum(view.answered for view in self.views)

    @property
    def total(self) -> int:
        """Questions that apply."""
        return sum(view.total for view in self.views)

    @property
    def helpful(self) -> list[QuestionView]:
        """The open questions that help most."""
        questions = [question for view in self.views for question in view.questions]
        useful = [item for item in questions if item.is_open and item.rank < NOT_NEXT]
        return sorted(useful, key=lambda item: item.rank)[:MOST_HELPFUL]

    def is_folded(self, view: QuestionView) -> bool:
        """Whether a question is put aside: unanswered, and surely without effect on the step.

        Either what is known makes it pointless, or the step is proven, or every rule that reads it
        has spoken already.
        """
        if view.state is not None:
            return False
        without_effect = self.advice.decided or view.fact.id not in self.undecided
        return bool(not view.applicable or without_effect)

    def index_of(self, section: str) -> int:
        """The place of a section. Raises NotFound."""
        for index, view in enumerate(self.views):
            if view.section.id == section:
                return index
        raise NotFound("section of this name")

    def view_of(self, fact: str) -> QuestionView:
        """The question on a fact. Raises NotFound."""
        for view in self.views:
            for question in view.questions:
                if question.fact.id == fact:
                    return question
        raise NotFound("question of this name")


def interview(session: Session, book: Rulebook, case_id: str) -> Interview:
    """How far a case's questionnaire is, with the advice so far. Raises NotFound."""
    case = get_case(session, case_id)
    states = current_facts(session, case_id)
    advice = preview(book, values_of(states), {})
    views = questionnaire(book, states, advice)
    can_undo = fact_history(session, case_id, limit=1).total > 0
    return Interview(case, states, advice, views, can_undo, undecided_facts(book, advice))


def undecided_facts(book: Rulebook, advice: Advice) -> frozenset[str]:
    """Facts that a rule still waits for, also through derivations.

    A rule waits while its condition is neither true nor false; one that asks whether something is
    known waits in any case, because an answer can turn it.
    """
    waiting = {item.rule for item in advice.trace if item.fired == "unknown"}
    read: set[str] = set()
    for item in advice.trace:
        condition = book.conditions[item.rule]
        parts = walk(condition) if item.rule not in waiting else [condition]
        turning = [
            part for part in parts if item.rule in waiting or isinstance(part, Known | Unless)
        ]
        read |= {name for part in turning for name in facts_of(part)}
    for derivation in DERIVATIONS:
        if derivation.fact in read:
            read |= set(derivation.inputs)
    return frozenset(read)


def asked_facts(view: SectionView) -> list[Fact]:
    """The facts that a section asks for."""
    return [question.fact for question in view.questions]
