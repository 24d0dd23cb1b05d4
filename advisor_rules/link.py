"""Checks that every id in the rulebook leads somewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from advisor_rules.facts import FactProblem, check_value
from advisor_rules.model import Citation, Fact, Gives, Rule, Step
from advisor_rules.rulebook import Rulebook

Report = Callable[[str, str, tuple[str | int, ...], str], None]
Path = tuple[str | int, ...]


def check_links(book: Rulebook, report: Report) -> None:
    """Report every dangling id and every impossible example through ``report``.

    ``report(kind, id, path inside the entry, message)``.
    """
    for rule in (*book.rules.values(), *book.record_rules.values()):
        _check_rule(book, rule, report)
    for subtype in book.subtypes.values():
        if subtype.fact and subtype.fact not in book.facts:
            report("subtypes", subtype.id, ("fact",), f"no fact {subtype.fact!r}")
    for fact in book.facts.values():
        if fact.ask and fact.ask.section not in book.sections:
            report("facts", fact.id, ("ask", "section"), f"no section {fact.ask.section!r}")
    for step in book.steps.values():
        _known("steps", step.id, "prerequisites", step.prerequisites, book.steps, report)
        _check_choices(book, step, report)
    for conflict in book.conflicts.values():
        named = [side.source for side in conflict.sides]
        _known("conflicts", conflict.id, "sides", named, book.sources, report)
    for threshold in book.thresholds.values():
        for index, dated in enumerate(threshold.values):
            path = ("values", index, "cites")
            _cited(book, "thresholds", threshold.id, path, dated.cites, report)


def _check_choices(book: Rulebook, step: Step, report: Report) -> None:
    for index, group in enumerate(step.choices):
        path = ("choices", index)
        if group.default and group.default not in {option.id for option in group.options}:
            report("steps", step.id, path, f"default {group.default!r} is no option")
        for option in group.options:
            if option is not book.options[option.id].option or option.id in book.steps:
                report("steps", step.id, path, f"two things have the id {option.id!r}")


def _check_rule(book: Rulebook, rule: Rule, report: Report) -> None:
    _cited(book, "rules", rule.id, ("cites",), rule.cites, report)
    _known("rules", rule.id, "conflict", rule.conflict, book.conflicts, report)
    _check_targets(book, rule, rule.gives, report)
    for name in rule.monotone:
        fact = book.facts.get(name)
        if fact is None or fact.type not in ("int", "number"):
            report("rules", rule.id, ("monotone",), f"{name!r} is not a number fact")
    if rule.gives.subtype and rule.gives.subtype not in book.subtypes:
        report("rules", rule.id, ("gives", "subtype"), f"no subtype {rule.gives.subtype!r}")
    facts: Mapping[str, Fact] = book.signals if rule.subject == "record" else book.facts
    for index, example in enumerate(rule.examples):
        for name, value in example.facts.items():
            problem = _example_problem(facts.get(name), name, value)
            if problem:
                report("rules", rule.id, ("examples", index, "facts", name), problem)


def _example_problem(fact: Fact | None, name: str, value: Any) -> str:
    if fact is None:
        return f"unknown fact {name!r}"
    problem = check_value(fact, value)
    return problem.message if isinstance(problem, FactProblem) else ""


def _check_targets(book: Rulebook, rule: Rule, gives: Gives, report: Report) -> None:
    for effect, target in gives.effects():
        option = effect in ("choose", "avoid")
        if target not in (book.options if option else book.steps):
            kind = "option of a step" if option else "step"
            report("rules", rule.id, ("gives", effect), f"no {kind} {target!r}")


def _known(kind: str, name: str, key: str, ids: Iterable[str], known: Any, report: Report) -> None:
    for index, item in enumerate(ids):
        if item not in known:
            report(kind, name, (key, index), f"{key}: nothing has the id {item!r}")


def _cited(
    book: Rulebook, kind: str, name: str, path: Path, cites: Iterable[Citation], report: Report
) -> None:
    for index, citation in enumerate(cites):
        if citation.source not in book.sources:
            report(kind, name, (*path, index), f"no source {citation.source!r} in sources.yaml")
