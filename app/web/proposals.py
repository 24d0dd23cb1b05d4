"""What a team's own description suggests, and what a person makes of each suggestion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.datastructures import FormData

from advisor_rules import FactValue
from advisor_rules.facts import MAX_EVIDENCE, FactProblem, check_value
from advisor_rules.model import Fact, Value
from advisor_rules.rulebook import Rulebook
from app.intake import FactState
from app.web import answers
from app.words import joined, sentence

KEEP, CHANGE, DROP = "keep", "change", "drop"


@dataclass(frozen=True, slots=True)
class Shown:
    """A suggestion on the page: the fact, the value, the words, and what was chosen."""

    fact: Fact
    value: Value
    phrases: tuple[str, ...]
    choice: str = KEEP
    typed: str = ""
    problem: str = ""

    @property
    def others(self) -> list[tuple[str, str]]:
        """The values that it can be changed to, for a fact with few of them."""
        offered = [(value, label) for value, label, _ in answers.choices(self.fact)]
        return [item for item in offered if item[0] != answers.as_typed(self.value)]


def proposals_for(book: Rulebook, description: str, states: Mapping[str, FactState]) -> list[Shown]:
    """Suggestions of a description on facts of which nothing is said yet."""
    from evidence.description import read_description

    return [
        Shown(book.facts[item.fact], item.value, item.phrases)
        for item in read_description(description)
        if item.fact in book.facts and not book.facts[item.fact].derived and item.fact not in states
    ]


def as_chosen(form: FormData, proposals: list[Shown]) -> list[Shown]:
    """The suggestions with what a form says of each, and what is wrong with it."""
    return [_chosen(form, item) for item in proposals]


def to_record(proposals: list[Shown]) -> dict[str, FactValue]:
    """What to record: kept values as assumed with their words, changed ones as answered."""
    stated: dict[str, FactValue] = {}
    for item in proposals:
        if item.choice == KEEP:
            words = joined(f"“{phrase}”" for phrase in item.phrases)
            evidence = f"the description: {words}"[:MAX_EVIDENCE]
            stated[item.fact.id] = FactValue(item.value, "assumed", evidence)
        elif item.choice == CHANGE:
            stated[item.fact.id] = FactValue(answers.read(item.fact, item.typed))  # type: ignore[arg-type]  # the fact check refuses text
    return stated


def _chosen(form: FormData, item: Shown) -> Shown:
    choice, typed = form.get(f"{item.fact.id}.choice"), form.get(item.fact.id)
    picked = choice if choice in (KEEP, CHANGE, DROP) else DROP
    text = typed.strip() if isinstance(typed, str) else ""
    problem = ""
    if picked == CHANGE:
        checked = check_value(item.fact, answers.read(item.fact, text))
        problem = sentence(checked.message) if isinstance(checked, FactProblem) else ""
    return replace(item, choice=str(picked), typed=text, problem=problem)
