"""Conditions over named facts, with three-valued (Kleene) truth, evaluated for many worlds at once.

A *world* is one assignment of values to facts. A batch of worlds is held as bit masks: for each
fact, ``columns[fact][value]`` has bit ``i`` set where the fact has that value in world ``i``; a
world whose bit is in no mask of a fact does not know that fact. Truth is a pair of masks (true,
false); a world in neither is *unknown*. One world is a batch of size 1, so advice, flips, next
questions and the proof of the rulebook all run the same code.

Grammar (YAML)::

    fact: value                 equal; a list means "one of these"
    fact: {ge: threshold_id}    lt le gt ge ne, against a named threshold (or a value, for ne)
    all: [..]   any: [..]   not: {..}   known: fact
    unless: {..}                true as long as the part is not known to be true
    several keys in one mapping mean all of them
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
Path = tuple[str | int, ...]

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


class ConditionError(ValueError):
    """Everything that is wrong with a condition, as (path inside it, message)."""

    def __init__(self, problems: list[tuple[Path, str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(message for _, message in problems))


def parse(data: object, facts: Mapping[str, Fact], thresholds: Mapping[str, object]) -> Condition:
    """Turn YAML data into a condition. Raises ConditionError with every problem found."""
    parser = _Parser(facts, thresholds)
    condition = parser.mapping(data, ())
    if parser.problems or condition is None:
        raise ConditionError(parser.problems)
    return condition


class _Parser:
    def __init__(self, facts: Mapping[str, Fact], thresholds: Mapping[str, object]) -> None:
        self.facts = facts
        self.thresholds = thresholds
        self.problems: list[tuple[Path, str]] = []

    def _wrong(self, path: Path, message: str) -> Among | None:
        """Note a problem; a part that is wrong becomes None."""
        self.problems.append((path, message))
        return None

    def mapping(self, data: object, path: Path) -> Condition | None:
        if not isinstance(data, dict) or not data:
            return self._wrong(path, "a condition is a mapping such as `fact: value`")
        parts = [self._entry(key, value, (*path, key)) for key, value in data.items()]
        kept = tuple(part for part in parts if part is not None)
        return kept[0] if len(kept) == 1 else All(kept)

    def _entry(self, key: str, value: object, path: Path) -> Condition | None:
        if key in ("all", "any"):
            return self._several(key, value, path)
        if key in ("not", "unless"):
            part = self.mapping(value, path)
            return (Not(part) if key == "not" else Unless(part)) if part else None
        if key == "known":
            return self._known(value, path)
        return self._comparison(key, value, path)

    def _several(self, key: str, value: object, path: Path) -> Condition | None:
        if not isinstance(value, list) or not value:
            return self._wrong(path, f"`{key}` needs a list of conditions")
        parts = [self.mapping(item, (*path, index)) for index, item in enumerate(value)]
        kept = tuple(part for part in parts if part is not None)
        return All(kept) if key == "all" else AnyOf(kept)

    def _known(self, value: object, path: Path) -> Condition | None:
        if not isinstance(value, str) or value not in self.facts:
            return self._wrong(path, f"unknown fact {value!r}")
        return Known(value)

    def _comparison(self, name: str, value: object, path: Path) -> Condition | None:
        fact = self.facts.get(name)
        if fact is None:
            return self._wrong(path, f"unknown fact {name!r}")
        if value in ({}, []):
            return self._wrong(path, f"{name} is compared with nothing")
        if isinstance(value, dict):
            parts = [self._operation(fact, op, operand, path) for op, operand in value.items()]
            kept = tuple(part for part in parts if part is not None)
            return kept[0] if len(kept) == 1 else All(kept)
        return self._among(fact, value if isinstance(value, list) else [value], path)

    def _operation(self, fact: Fact, op: str, operand: object, path: Path) -> Condition | None:
        if op == "ne":
            part = self._among(fact, [operand], path)
            return Among(part.fact, part.values, negated=True) if part else None
        if op not in ORDERED:
            return self._wrong(path, f"unknown comparison {op!r}: use lt, le, gt, ge or ne")
        if fact.type not in ("int", "number"):
            return self._wrong(path, f"{op!r} compares numbers, {fact.id} is a {fact.type}")
        if not isinstance(operand, str) or operand not in self.thresholds:
            return self._wrong(path, f"{operand!r} is not a named threshold (thresholds.yaml)")
        return Ordered(fact.id, op, operand)

    def _among(self, fact: Fact, values: list[Any], path: Path) -> Among | None:
        if fact.type in ("int", "number"):
            return self._wrong(path, f"compare {fact.id} with a named threshold, not with a number")
        allowed = allowed_values(fact)
        strange = [value for value in values if not _one_of(value, allowed)]
        for value in strange:
            self._wrong(path, f"{value!r} is not a value of {fact.id}: {list(allowed)}")
        return None if strange else Among(fact.id, frozenset(values))


def _one_of(value: object, allowed: tuple[Value, ...]) -> bool:
    """Whether it is one of these, in type too: 1 is not true."""
    return any(value == other and type(value) is type(other) for other in allowed)


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
