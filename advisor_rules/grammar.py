"""Reading conditions as they are written in YAML; every problem is named with its place.

Grammar (YAML)::

    fact: value                 equal; a list means "one of these"
    fact: {ge: threshold_id}    lt le gt ge ne, against a named threshold (or a value, for ne)
    all: [..]   any: [..]   not: {..}   known: fact
    unless: {..}                true as long as the part is not known to be true
    several keys in one mapping mean all of them
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor_rules.conditions import (
    ORDERED,
    All,
    Among,
    AnyOf,
    Condition,
    Known,
    Not,
    Ordered,
    Unless,
    allowed_values,
)
from advisor_rules.model import Fact, Value

Path = tuple[str | int, ...]


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
