"""Intervals and agreement for what is counted, from SciPy where it has them.

"Not measured" is None, never 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil, sqrt
from typing import Any

CONFIDENCE = 0.95
"""Of every interval in the project."""


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` of ``n`` with the interval that holds the true share 95 times in 100."""

    count: int
    n: int
    share: float
    low: float
    high: float

    def data(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def wilson(count: int, n: int) -> Share | None:
    """The share ``count / n`` with its 95% interval (Wilson 1927); None where nothing was counted.

    Raises ValueError unless 0 <= count <= n.
    """
    if not 0 <= count <= n:
        raise ValueError(f"{count} of {n} is not a share")
    if n == 0:
        return None
    from scipy.stats import binomtest

    low, high = binomtest(count, n).proportion_ci(CONFIDENCE, method="wilson")
    return Share(count, n, count / n, float(low), float(high))


def weighted(
    shares: Mapping[str, tuple[int, int]], weights: Mapping[str, float], seed: int = 0
) -> Share | None:
    """A share over strata that were drawn at different rates, with a bootstrap interval.

    ``shares`` maps a stratum to (count, n), ``weights`` to its size in the population. Strata in
    which nothing was drawn are left out, and the others stand for them. Percentile interval of
    2,000 parametric draws (Efron & Tibshirani 1993, chapter 13).
    """
    known = {name: pair for name, pair in shares.items() if pair[1] and weights.get(name)}
    if not known:
        return None
    import numpy as np

    dice = np.random.default_rng(seed)
    sizes = np.array([weights[name] for name in known], dtype=float)
    parts = sizes / sizes.sum()
    count = np.array([pair[0] for pair in known.values()])
    n = np.array([pair[1] for pair in known.values()])
    # Jeffreys' prior keeps a stratum of 0 in 3 from counting as certain
    drawn = dice.beta(count + 0.5, n - count + 0.5, size=(2_000, len(known))) @ parts
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    value = float((count / n) @ parts)
    return Share(
        int(count.sum()), int(n.sum()), value, min(float(low), value), max(float(high), value)
    )


def kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Agreement of two annotators beyond chance: (observed - expected) / (1 - expected).

    Cohen 1960. None where there is nothing to compare, or where chance alone would agree always.
    Raises ValueError where the two are of different length.
    """
    pairs = list(zip(first, second, strict=True))
    if not pairs:
        return None
    observed = sum(a == b for a, b in pairs) / len(pairs)
    one, other = Counter(first), Counter(second)
    expected = sum(one[label] * other[label] for label in one) / len(pairs) ** 2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def needed_to_separate(first: int, second: int, n: int) -> int | None:
    """How many more records decide which of two shares of one log is larger; 0 where it is plain.

    ``first`` and ``second`` of ``n`` records are of the two kinds. With discordant share
    s = (a + b) / n and difference d = |a - b| / n, McNemar's test with Edwards' correction (1948)
    finds a difference at the 5% level once (d n - 1)^2 >= 1.96^2 s n; this is that n, if the shares
    stay as they are. Of records that are all of one kind it wants six, as the exact test does.
    None where the two are equal: no number can be named.
    """
    if first == second or n == 0:
        return None
    discordant, difference = (first + second) / n, abs(first - second) / n
    middle = 2 * difference + 1.96**2 * discordant
    wanted = (middle + sqrt(middle**2 - 4 * difference**2)) / (2 * difference**2)
    return max(0, ceil(wanted) - n)
