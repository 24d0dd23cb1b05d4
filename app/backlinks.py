"""Who reads, says, cites or uses what: the rulebook seen from the other end of its links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from advisor_rules.conditions import Ordered, facts_of, walk
from advisor_rules.model import STRENGTHS, Effect, Rule
from advisor_rules.rulebook import Rulebook

Ids = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Said:
    """A rule's effect on a step, or on an option of that step."""

    rule: str
    effect: Effect
    target: str
    step: str


@dataclass(frozen=True, slots=True)
class Backlinks:
    """Ids of what refers to a fact, threshold, source, conflict or step."""

    rules_of_fact: Ids
    rules_of_threshold: Ids
    rules_of_source: Ids
    thresholds_of_source: Ids
    conflicts_of_source: Ids
    rules_of_conflict: Ids
    said_of_step: Mapping[str, tuple[Said, ...]]


@lru_cache(maxsize=4)
def backlinks(book: Rulebook) -> Backlinks:
    """All links of the rulebook, turned round."""
    rules = book.every_rule.values()
    return Backlinks(
        rules_of_fact=_turned((rule.id, facts_of(book.conditions[rule.id])) for rule in rules),
        rules_of_threshold=_turned((rule.id, thresholds_of(book, rule)) for rule in rules),
        rules_of_source=_turned((rule.id, [cite.source for cite in rule.cites]) for rule in rules),
        thresholds_of_source=_turned(
            (item.id, [cite.source for dated in item.values for cite in dated.cites])
            for item in book.thresholds.values()
        ),
        conflicts_of_source=_turned(
            (item.id, [side.source for side in item.sides]) for item in book.conflicts.values()
        ),
        rules_of_conflict=_turned((rule.id, rule.conflict) for rule in rules),
        said_of_step={step: tuple(_said(book, step)) for step in book.steps},
    )


def thresholds_of(book: Rulebook, rule: Rule) -> tuple[str, ...]:
    """Ids of the thresholds that a rule's condition compares with, in order of mention."""
    parts = walk(book.conditions[rule.id])
    return tuple(dict.fromkeys(part.threshold for part in parts if isinstance(part, Ordered)))


ORDER: tuple[Effect, ...] = ("block", "for", "against", "require", "warn", "choose", "avoid")


def _said(book: Rulebook, step: str) -> list[Said]:
    said = [
        Said(rule.id, effect, target, step)
        for rule in book.rules.values()
        for effect, target in rule.gives.effects()
        if book.step_of(target) == step
    ]
    return sorted(
        said,
        key=lambda item: (
            ORDER.index(item.effect),
            STRENGTHS.index(book.rules[item.rule].strength),
            item.rule,
            item.target,
        ),
    )


def _turned(links: Iterable[tuple[str, Iterable[str]]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for name, targets in links:
        for target in targets:
            found.setdefault(target, {})[name] = None
    return {target: tuple(sorted(names)) for target, names in found.items()}
