"""Making batches of worlds: variations of known facts, products of values, random samples."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from math import prod
from typing import Any

from advisor_rules.conditions import Ordered, allowed_values, walk
from advisor_rules.derive import DERIVATIONS, Derivation
from advisor_rules.engine import Compiled
from advisor_rules.model import Fact, Value

Columns = dict[str, Mapping[Value, int]]
Values = Mapping[str, Value]
Change = tuple[tuple[str, Value], ...]


@lru_cache(maxsize=16)
def abstract_values(compiled: Compiled) -> Mapping[str, tuple[Value, ...]]:
    """For every fact that can be stated, values that no rule in force can tell more finely.

    Bool and choice facts: all values. Numbers: one value on each side of, and on, each threshold
    that a rule compares them with, plus the samples of derivations.
    """
    limits = _limits(compiled)
    return {
        name: allowed_values(fact) or bands(fact, limits.get(name, set()))
        for name, fact in compiled.book.facts.items()
        if not fact.derived
    }


def _limits(compiled: Compiled) -> dict[str, set[float]]:
    found: dict[str, set[float]] = {}
    for name in compiled.rules:
        for part in walk(compiled.book.conditions[name]):
            if isinstance(part, Ordered):
                found.setdefault(part.fact, set()).add(compiled.limits[part.threshold])
    return found


def bands(fact: Fact, limits: set[float]) -> tuple[Value, ...]:
    """Values of a number fact on each side of, and on, each limit."""
    low = fact.minimum if fact.minimum is not None else min(limits, default=0.0) - 1
    high = fact.maximum if fact.maximum is not None else max(limits, default=0.0) + 1
    points: set[float] = set(limits)
    edges = sorted({low, *limits, high})
    for below, above in pairwise(edges):
        points.add(_between(fact, below, above, limits))
    for derivation in DERIVATIONS:
        points |= {float(value) for value in derivation.samples.get(fact.id, ())}
    inside = sorted(point for point in points if low <= point <= high)
    return tuple(int(point) if fact.type == "int" else point for point in inside)


def _between(fact: Fact, below: float, above: float, limits: set[float]) -> float:
    """A plausible value strictly between two limits (or at the fact's own edge)."""
    if fact.type != "int":
        return (below + above) / 2
    if above in limits:
        return max(above - 1, below)
    return below + 1 if below in limits else below


def answers(compiled: Compiled, known: Values) -> dict[str, tuple[Value, ...]]:
    """For every fact that is not known, the values worth trying on top of what is.

    Where a number and what is known make a derived fact, a number for each value that this can
    have is among them.
    """
    values = {name: tried for name, tried in abstract_values(compiled).items() if name not in known}
    for derivation in compiled.derivations:
        missing = [name for name in derivation.inputs if name not in known]
        if len(missing) == 1:
            (name,) = missing
            turning = _turning_values(derivation, compiled.book.facts[name], known)
            values[name] = tuple(sorted({*values[name], *turning}))
    return values


def _turning_values(derivation: Derivation, fact: Fact, known: Values) -> Iterable[Any]:
    """The smallest number on a fine scale that leads to each derived value."""
    reached: dict[Value | None, Value] = {}
    for point in _scale(fact.minimum or 0.0, fact.maximum or 1e12, fact.type == "int"):
        given = {**known, fact.id: point}
        reached.setdefault(derivation.make(*(given[name] for name in derivation.inputs)), point)
    return reached.values()


@lru_cache(maxsize=64)
def _scale(low: float, high: float, whole: bool) -> tuple[Value, ...]:
    """Numbers over a whole range, ten to a decade."""
    points = [low, *(10 ** (tenth / 10) for tenth in range(-30, 130)), high]
    inside = [point for point in points if low <= point <= high]
    return tuple(int(point) if whole else point for point in inside)


def varied(base: Values, changes: Sequence[Change]) -> Columns:
    """World ``i`` is the base with ``changes[i]`` made."""
    full = (1 << len(changes)) - 1
    masks: dict[str, dict[Value, int]] = {}
    for index, change in enumerate(changes):
        for fact, value in change:
            column = masks.setdefault(fact, {})
            column[value] = column.get(value, 0) | 1 << index
    for fact, value in base.items():
        column = masks.setdefault(fact, {})
        column[value] = column.get(value, 0) | full & ~_union(column.values())
    return dict(masks)


def _union(masks: Iterable[int]) -> int:
    total = 0
    for mask in masks:
        total |= mask
    return total


def size_of(domains: Mapping[str, Sequence[Value | None]]) -> int:
    """How many worlds the product of these values has."""
    return prod(len(values) for values in domains.values())


def combined(base: Values, domains: Mapping[str, Sequence[Value | None]]) -> tuple[Columns, int]:
    """All combinations of the domains' values over the base (None: unknown), and their number."""
    size = size_of(domains)
    full = (1 << size) - 1
    columns: Columns = {name: {value: full} for name, value in base.items() if name not in domains}
    period = 1
    for name, values in domains.items():
        columns[name] = {
            value: _stripes(period, len(values), index, size)
            for index, value in enumerate(values)
            if value is not None
        }
        period *= len(values)
    return columns, size


def _stripes(period: int, count: int, index: int, size: int) -> int:
    """Bits ``i`` below ``size`` with ``(i // period) % count == index``."""
    pattern = ((1 << period) - 1) << (index * period)
    length = period * count
    while length < size:
        pattern |= pattern << length
        length *= 2
    return pattern & ((1 << size) - 1)


def sampled(
    base: Values,
    domains: Mapping[str, Sequence[Value | None]],
    size: int,
    seed: int,
) -> Columns:
    """``size`` random combinations of the domains' values over the base (None: unknown).

    A value that a domain names several times comes up that much more often.
    """
    dice = random.Random(seed)  # noqa: S311 - sampling worlds, not secrets
    full = (1 << size) - 1
    columns: Columns = {name: {value: full} for name, value in base.items() if name not in domains}
    for name, values in domains.items():
        masks: dict[Value, int] = {}
        free, left = full, len(values)
        for value, weight in Counter(values).items():
            mask = free & _coin(dice, size, weight / left) if weight < left else free
            free, left = free & ~mask, left - weight
            if value is not None and mask:
                masks[value] = mask
        columns[name] = masks
    return columns


def _coin(dice: random.Random, size: int, chance: float) -> int:
    """A mask whose bits are set with about this chance (exact to 1/256)."""
    result, share = 0, min(round(256 * chance), 255)
    for bit in range(8):  # binary expansion of the chance, least significant bit first
        toss = dice.getrandbits(size)
        result = result | toss if share >> bit & 1 else result & toss
    return result
