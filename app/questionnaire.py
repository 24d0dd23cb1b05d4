"""The questionnaire, in the order in which answers help most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from advisor_rules.conditions import Columns, Holds
from advisor_rules.engine import columns_of, compile_rulebook
from advisor_rules.model import Advice, Ask, Fact, Section
from advisor_rules.rulebook import Rulebook
from app.intake import FactState, values_of

Relevance = Literal["changes_advice", "could_matter", "settled"]
NOT_NEXT = 1_000_000
"""Rank of a question that cannot change the step: after all that can."""


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question, what is said on it, and what another answer could do.

    ``relevance``: some answer alone changes the advised step; an answer could matter together with
    others; or no answer can matter. ``applicable`` is false where what is known makes the question
    pointless. ``rank`` counts from the question that helps most.
    """

    fact: Fact
    state: FactState | None
    relevance: Relevance
    applicable: bool
    rank: int = NOT_NEXT

    @property
    def ask(self) -> Ask:
        """The question's words."""
        assert self.fact.ask is not None  # noqa: S101 - only asked facts become questions
        return self.fact.ask

    @property
    def is_open(self) -> bool:
        """Whether the question waits for an answer."""
        return self.applicable and self.state is None


@dataclass(frozen=True, slots=True)
class SectionView:
    """A screen of the questionnaire; ``answered`` of ``total`` applicable questions."""

    section: Section
    questions: tuple[QuestionView, ...]
    answered: int
    total: int


def questionnaire(
    book: Rulebook, states: Mapping[str, FactState], advice: Advice | None
) -> list[SectionView]:
    """Every section with its questions: those that can change the step first, then as written."""
    asks = compile_rulebook(book, advice.as_of if advice else book.latest()).asks
    world = columns_of({name: value.value for name, value in values_of(states).items()})
    asked = [fact for fact in book.facts.values() if fact.ask]
    views = [
        QuestionView(
            fact=fact,
            state=states.get(fact.id),
            relevance=_relevance(fact.id, advice),
            applicable=_applicable(asks.get(fact.id), world),
            rank=_rank(fact.id, advice),
        )
        for fact in asked
    ]
    return [_section(section, views) for section in book.sections.values()]


def next_section(views: Sequence[SectionView]) -> SectionView | None:
    """The section that holds the open question that helps most; None where none can help.

    Where nothing was said yet, the first one: an interview begins with what the application does.
    """
    if views and not any(view.answered for view in views):
        return views[0]
    best: tuple[int, SectionView] | None = None
    for view in views:
        ranks = [question.rank for question in view.questions if question.is_open]
        first = min(ranks, default=NOT_NEXT)
        if first < (best[0] if best else NOT_NEXT):
            best = first, view
    return best[1] if best else None


def _section(section: Section, views: Sequence[QuestionView]) -> SectionView:
    own = [view for view in views if view.ask.section == section.id]
    own.sort(key=lambda view: (_urgency(view), view.ask.order, view.fact.id))
    applicable = [view for view in own if view.applicable]
    answered = sum(view.state is not None for view in applicable)
    return SectionView(section, tuple(own), answered, len(applicable))


def _urgency(view: QuestionView) -> int:
    """0: an answer alone can change the step, 1: with others, 2: none. Within: as written."""
    if view.rank == NOT_NEXT:
        return 2
    return 0 if view.relevance == "changes_advice" else 1


def _applicable(holds: Holds | None, world: Columns) -> bool:
    return holds is None or not holds(world, 1)[1]


def _rank(fact: str, advice: Advice | None) -> int:
    if advice is None:
        return NOT_NEXT
    ids = [question.fact for question in advice.next_questions]
    return ids.index(fact) if fact in ids else NOT_NEXT


def _relevance(fact: str, advice: Advice | None) -> Relevance:
    if advice is None:
        return "could_matter"
    for question in advice.next_questions:
        if question.fact == fact:
            return "changes_advice" if question.changes else "could_matter"
    flips = {name for flip in advice.flips if len(flip.changes) == 1 for name, _ in flip.changes}
    return "changes_advice" if fact in flips else "settled"
