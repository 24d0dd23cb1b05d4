"""Signals of a failure record in, its class out: are its facts wrong, is its form wrong?

Facts and form are judged apart, for a record can fail in both ways. On each side the strongest
rules decide; where rules of one strength say both wrong and right, that side stays open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from advisor_rules.conditions import (
    All,
    Among,
    Condition,
    Holds,
    Known,
    Ordered,
    compile_condition,
    facts_of,
)
from advisor_rules.model import STRENGTHS, FailureClass, RecordClass, Rule, Strength, Value
from advisor_rules.rulebook import Rulebook

Aspect = Literal["facts", "form", "fault"]
Signals = Mapping[str, Value]
ASPECTS: tuple[Aspect, ...] = ("facts", "form", "fault")


@dataclass(frozen=True, eq=False)
class RecordRules:
    """The rules on failure records in force at a date, ready to run."""

    rules: Mapping[str, Rule]
    holds: Mapping[str, Holds]
    reads: Mapping[str, tuple[str, ...]]
    """Rule -> the signals that it mentions."""
    needs: Mapping[str, frozenset[str]]
    """Rule -> the signals without which it cannot fire; few records have those of most rules."""
    limits: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Side:
    """What the rules say of one aspect; ``said`` is None where none spoke or they disagree."""

    said: str | None
    strength: Strength
    rules: tuple[Rule, ...]


SILENT = _Side(None, "weak", ())


@lru_cache(maxsize=16)
def compile_record_rules(book: Rulebook, as_of: date) -> RecordRules:
    """Choose the rules on records in force at ``as_of`` and make them runnable."""
    limits = book.limits(as_of)
    rules = {rule.id: rule for rule in book.record_rules_in_force(as_of)}
    return RecordRules(
        rules=rules,
        holds={name: compile_condition(book.conditions[name], limits) for name in rules},
        reads={name: facts_of(book.conditions[name]) for name in rules},
        needs={name: _needs(book.conditions[name]) for name in rules},
        limits=limits,
    )


def _needs(condition: Condition) -> frozenset[str]:
    parts = condition.parts if isinstance(condition, All) else (condition,)
    return frozenset(part.fact for part in parts if isinstance(part, Among | Ordered | Known))


def classify_record(rules: RecordRules, signals: Signals, muted: str = "") -> RecordClass:
    """The class, subtype and strength that the rules give a record with these signals.

    A signal that is missing was not measured. ``muted`` names a rule that stays silent.
    """
    columns = {name: {value: 1} for name, value in signals.items()}
    measured = columns.keys()
    fired = [
        rule
        for name, rule in rules.rules.items()
        if name != muted and rules.needs[name] <= measured and rules.holds[name](columns, 1)[0]
    ]
    return _resolve({aspect: _side(fired, aspect) for aspect in ASPECTS})


def _side(fired: Iterable[Rule], aspect: Aspect) -> _Side:
    speaking = [rule for rule in fired if getattr(rule.gives, aspect)]
    for strength in STRENGTHS:
        deciding = tuple(rule for rule in speaking if rule.strength == strength)
        said = {getattr(rule.gives, aspect) for rule in deciding}
        if said:
            return _Side(said.pop() if len(said) == 1 else None, strength, deciding)
    return SILENT


def _resolve(sides: Mapping[Aspect, _Side]) -> RecordClass:
    facts, form, fault = (sides[aspect] for aspect in ASPECTS)
    wrong = [side for side in (facts, form) if side.said == "wrong"]
    if fault.said and all(_at_least(fault.strength, side.strength) for side in wrong):
        return _class("neither", [fault])
    if len(wrong) == 2:
        return _class("both", wrong)
    if wrong:
        # "information" also says that the form is not wrong: no surer than what was seen of it
        spoke = [side for side in (facts, form) if side.rules]
        return _class("information" if facts.said == "wrong" else "behavior", wrong, spoke)
    right = [side for side in (facts, form) if side.said == "right"]
    if right and not any(side.rules and side.said is None for side in (facts, form)):
        return _class("neither", right)
    return RecordClass("uncertain", "", "weak", _ids((facts, form)))


def _class(
    label: FailureClass, sides: list[_Side], spoke: list[_Side] | None = None
) -> RecordClass:
    """A class for these sides, as sure as the weakest of all that spoke."""
    subtypes = [_subtype(side) for side in sides]
    strength = max((side.strength for side in spoke or sides), key=STRENGTHS.index)
    return RecordClass(label, "+".join(filter(None, subtypes)), strength, _ids(spoke or sides))


def _subtype(side: _Side) -> str:
    """The first subtype named; a rule with more conditions is more specific and goes first."""
    named = [rule for rule in side.rules if rule.gives.subtype]
    named.sort(key=lambda rule: -len(rule.when))
    return named[0].gives.subtype or "" if named else ""


def _ids(sides: Iterable[_Side]) -> tuple[str, ...]:
    return tuple(rule.id for side in sides for rule in side.rules)


def _at_least(strength: Strength, other: Strength) -> bool:
    return STRENGTHS.index(strength) <= STRENGTHS.index(other)
