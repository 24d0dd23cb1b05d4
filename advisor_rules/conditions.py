"""Conditions over named facts, with three-valued (Kleene) truth, evaluated for many worlds at once.

A *world* is one assignment of values to facts. A batch of worlds is held as bit masks: for each
fact, ``columns[fact][value]`` has bit ``i`` set where the fact has that value in world ``i``; a
world whose bit is in no mask of a fact does not know that fact. Truth is a pair of masks (true,
false); a world in neither is *unknown*. One world is a batch of size 1, so advice, flips, next
questions and the proof of the rulebook all run the same code.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from advisor_rules.model import Fact, Value

Columns = Mapping[str, Mapping[Value, int]]
Masks = tuple[int, int]
Holds = Callable[[Columns, int], Masks]

ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
NO_VALUES: Mapping[Value, int] = {}


@dataclass(frozen=True, slots=True)
class Among:
    """The fact has one of these values (or none of them, where ``negated``)."""

    fact: str
    values: frozenset[Value]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Ordered:
    """The fact compares so with a threshold."""

    fact: str
    op: str
    threshold: str


@dataclass(frozen=True, slots=True)
class Known:
    """The fact has a value."""

    fact: str


@dataclass(frozen=True, slots=True)
class Not:
    """The part is false."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Unless:
    """The part is not known to be true: it is false or unknown."""

    part: Condition


@dataclass(frozen=True, slots=True)
class All:
    """Every part is true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part is true."""

    parts: tuple[Condition, ...]


Condition = Among | Ordered | Known | Not | Unless | All | AnyOf


def allowed_values(fact: Fact) -> tuple[Value, ...]:
    """The values of a bool or choice fact; empty for numbers."""
    if fact.type == "bool":
        return (True, False)
    return tuple(choice.value for choice in fact.values)


def walk(condition: Condition) -> Iterator[Condition]:
    """The condition and all its parts."""
    yield condition
    if isinstance(condition, Not | Unless):
        yield from walk(condition.part)
    elif isinstance(condition, All | AnyOf):
        for part in condition.parts:
            yield from walk(part)


def facts_of(condition: Condition) -> tuple[str, ...]:
    """Ids of the facts that a condition reads, in order of first mention."""
    leaves = [part for part in walk(condition) if isinstance(part, Among | Ordered | Known)]
    return tuple(dict.fromkeys(leaf.fact for leaf in leaves))


def compile_condition(
    condition: Condition, limits: Mapping[str, float], *, lasting: bool = False
) -> Holds:
    """A function from (columns, mask of all worlds) to (mask of true, mask of false).

    ``known`` and ``unless`` speak about today's knowledge and may turn when more becomes known.
    With ``lasting`` they count as unknown where that could happen, so that true and false last.
    """

    def compiled(part: Condition) -> Holds:
        return compile_condition(part, limits, lasting=lasting)

    match condition:
        case Among(fact, values, negated):
            holds = _compile_test(fact, values.__contains__, negated)
        case Ordered(fact, op, threshold):
            compare, limit = ORDERED[op], limits[threshold]
            holds = _compile_test(fact, lambda value: compare(value, limit), False)
        case Known(fact):
            holds = _compile_known(fact, lasting)
        case Not(part):
            holds = _compile_not(compiled(part))
        case Unless(part):
            holds = _compile_not(compiled(part)) if lasting else _compile_unless(compiled(part))
        case All(parts):
            holds = _compile_all([compiled(part) for part in parts])
        case AnyOf(parts):
            holds = _compile_any([compiled(part) for part in parts])
    return holds


def _compile_test(fact: str, test: Callable[[Any], bool], negated: bool) -> Holds:
    def holds(columns: Columns, full: int) -> Masks:
        true = false = 0
        for value, mask in columns.get(fact, NO_VALUES).items():
            if test(value):
                true |= mask
            else:
                false |= mask
        return (false, true) if negated else (true, false)

    return holds


def _compile_known(fact: str, lasting: bool) -> Holds:
    def holds(columns: Columns, full: int) -> Masks:
        true = 0
        for mask in columns.get(fact, NO_VALUES).values():
            true |= mask
        return true, 0 if lasting else full & ~true

    return holds


def _compile_not(part: Holds) -> Holds:
    def holds(columns: Columns, full: int) -> Masks:
        true, false = part(columns, full)
        return false, true

    return holds


def _compile_unless(part: Holds) -> Holds:
    def holds(columns: Columns, full: int) -> Masks:
        true, _ = part(columns, full)
        return full & ~true, true

    return holds


def _compile_all(parts: list[Holds]) -> Holds:
    def holds(columns: Columns, full: int) -> Masks:
        true, false = full, 0
        for part in parts:
            part_true, part_false = part(columns, full)
            true &= part_true
            false |= part_false
            if false == full:
                break
        return true, false

    return holds


def _compile_any(parts: list[Holds]) -> Holds:
    def holds(columns: Columns, full: int) -> Masks:
        true, false = 0, full
        for part in parts:
            part_true, part_false = part(columns, full)
            true |= part_true
            false &= part_false
            if true == full:
                break
        return true, false

    return holds
