"""What the questionnaire shows: the advice so far, the sections, and what to ask or fold away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from advisor_rules.model import Advice, Fact
from advisor_rules.rulebook import Rulebook
from app.advising import preview
from app.cases import get_case
from app.errors import NotFound
from app.intake import FactState, current_facts, fact_history, values_of
from app.questionnaire import QuestionView, SectionView, questionnaire
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
        useful = [item for item in questions if item.is_open and not is_folded(item)]
        return sorted(useful, key=lambda item: item.rank)[:MOST_HELPFUL]

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
    return Interview(case, states, advice, views, can_undo)


def is_folded(view: QuestionView) -> bool:
    """Whether a question is put aside: unanswered, and no answer to it can matter now."""
    return view.state is None and (not view.applicable or view.relevance == "settled")


def asked_facts(view: SectionView) -> list[Fact]:
    """The facts that a section asks for."""
    return [question.fact for question in view.questions]
