"""Checking what is stated about facts before any of it is stored or advised on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from advisor_rules import FactValue, InvalidFacts
from advisor_rules.facts import MAX_EVIDENCE, FactProblem, check_facts
from advisor_rules.rulebook import Rulebook
from app.text import text_problem, tidy


def check_stated(book: Rulebook, stated: Mapping[str, object]) -> dict[str, FactValue]:
    """The values that are stated, checked by the rulebook and as text that can be stored.

    Raises InvalidFacts naming every bad fact.
    """
    try:
        checked, problems = check_facts(book.facts, stated), []
    except InvalidFacts as error:
        checked, problems = {}, list(error.problems)
    wrong = {problem.fact for problem in problems}
    problems += [item for item in _evidence_problems(stated) if item.fact not in wrong]
    if problems:
        raise InvalidFacts(problems)
    return checked


def _evidence_problems(stated: Mapping[str, object]) -> Iterable[FactProblem]:
    for name, given in stated.items():
        evidence = given.get("evidence") if isinstance(given, Mapping) else None
        evidence = given.evidence if isinstance(given, FactValue) else evidence
        if isinstance(evidence, str):
            message = text_problem(tidy(evidence), MAX_EVIDENCE, lines=True)
            if message:
                yield FactProblem(name, f"evidence {message}")


def check_change(
    book: Rulebook, stated: Mapping[str, object], withdraw: Iterable[str]
) -> dict[str, FactValue | None]:
    """Every stated fact with its value, or None for "I don't know".

    Raises InvalidFacts naming every bad fact, the withdrawn ones among them.
    """
    both = {name: FactProblem(name, "is both stated and withdrawn") for name in withdraw}
    problems = [problem for name, problem in both.items() if name in stated]
    try:
        known = check_stated(book, {**dict.fromkeys(withdraw), **stated})
    except InvalidFacts as error:
        raise InvalidFacts([*error.problems, *problems]) from None
    if problems:
        raise InvalidFacts(problems)
    return {name: known.get(name) for name in stated}
