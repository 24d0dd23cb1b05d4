"""Making batches of worlds: variations of known facts, products of values, random samples."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from math import prod

from advisor_rules.conditions import Ordered, allowed_values, walk
from advisor_rules.derive import DERIVATIONS
from advisor_rules.engine import Compiled
from advisor_rules.model import Fact, Value

Columns = dict[str, Mapping[Value, int]]
Change = tuple[tuple[str, Value], ...]


@lru_cache(maxsize=16)
def abstract_values(compiled: Compiled) -> Mapping[str, tuple[Value, ...]]:
    """For every fact that can be stated, values that no rule in force can tell more finely.

    Bool and choice facts: all values. Numbers: one value on each side of, and on, each threshold
    that a rule compares them with, plus the samples of derivations.
    """
    limits = _limits(compiled)
    return {
        name: allowed_values(fact) or _bands(fact, limits.get(name, set()))
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


def _bands(fact: Fact, limits: set[float]) -> tuple[Value, ...]:
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


def varied(base: Mapping[str, Value], changes: Sequence[Change]) -> Columns:
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


def combined(
    base: Mapping[str, Value], domains: Mapping[str, Sequence[Value | None]]
) -> tuple[Columns, int]:
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
    base: Mapping[str, Value],
    domains: Mapping[str, Sequence[Value | None]],
    size: int,
    seed: int,
) -> Columns:
    """``size`` random combinations of the domains' values over the base (None: unknown)."""
    dice = random.Random(seed)  # noqa: S311 - sampling worlds, not secrets
    full = (1 << size) - 1
    columns: Columns = {name: {value: full} for name, value in base.items() if name not in domains}
    for name, values in domains.items():
        free, masks = full, {}
        for left, value in zip(range(len(values), 0, -1), values, strict=True):
            mask = free & _coin(dice, size, left) if left > 1 else free
            free &= ~mask
            if value is not None and mask:
                masks[value] = masks.get(value, 0) | mask
        columns[name] = masks
    return columns


def _coin(dice: random.Random, size: int, sides: int) -> int:
    """A mask whose bits are set with probability about 1/sides (exact to 1/256)."""
    result = 0
    for bit in range(8):  # binary expansion of the probability, least significant bit first
        toss = dice.getrandbits(size)
        result = result | toss if round(256 / sides) >> bit & 1 else result & toss
    return result
