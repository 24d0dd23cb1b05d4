"""Whether one retriever is better than another, or only seems so on these questions.

Questions of one group (rewordings of each other) are drawn and turned over together, so that they
do not count as if they were independent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from evidence.stats import CONFIDENCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SEED = 20260101
DRAWS = 2_000
"""Bootstrap draws; the ends of an interval are then good to about a twentieth of its width."""
FLIPS = 9_999
EXACT = 13
"""Up to this many questions that differ, every assignment of signs is tried: at most 8,192."""
ALPHA, POWER = 0.05, 0.8
_CELLS = 4_000_000
"""Numbers of a table of draws that are held at a time (32 MB)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over ``n`` questions with its 95% interval."""

    value: float
    low: float
    high: float
    n: int

    def data(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**_rounded(asdict(self)), "n": self.n}


@dataclass(frozen=True, slots=True)
class Comparison:
    """By how much ``a`` is above ``b`` on the same questions, with a 95% interval."""

    a: str
    b: str
    metric: str
    difference: float
    low: float
    high: float
    p: float
    """Of a two-sided randomisation test."""
    p_corrected: float
    """Holm's, for all comparisons that were made together."""
    n: int
    needed: int | None
    """Judged questions that would show a useful margin, all told; None where nobody can say."""

    def data(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**asdict(self), **_rounded(asdict(self))}

    def turned(self) -> Comparison:
        """The same, the other way round."""
        return Comparison(
            self.b,
            self.a,
            self.metric,
            -self.difference,
            -self.high,
            -self.low,
            self.p,
            self.p_corrected,
            self.n,
            self.needed,
        )


def _rounded(data: Mapping[str, Any]) -> dict[str, float]:
    return {key: round(value, 6) for key, value in data.items() if isinstance(value, float)}


class Sample:
    """Questions, by their groups ('' or a name that nobody shares is a group of its own)."""

    def __init__(self, groups: Sequence[str]) -> None:
        self.n = len(groups)
        # a question without a group gets a number of its own, which no name can be
        keys: list[str | int] = [name or place for place, name in enumerate(groups)]
        rows = {key: row for row, key in enumerate(dict.fromkeys(keys))}
        self._row = np.array([rows[key] for key in keys], dtype=np.intp)
        self.sizes: Floats = np.bincount(self._row, minlength=len(rows)).astype(float)

    def sums(self, values: Sequence[float]) -> Floats:
        """The sum of each group's values."""
        weights = np.asarray(values, dtype=float)
        found: Floats = np.bincount(self._row, weights, len(self.sizes)).astype(float)
        return found

    def means(
        self, columns: Mapping[str, Sequence[float]], least: float = 0.0, seed: int = SEED
    ) -> list[Estimate]:
        """The mean of every column with a percentile bootstrap interval (Efron 1979).

        All columns see the same draws. Values are from ``least`` to 1, which is the interval where
        there are fewer than two groups to draw.
        """
        table = np.column_stack([self.sums(values) for values in columns.values()])
        means = table.sum(axis=0) / self.n
        if len(self.sizes) < 2:
            return [Estimate(float(mean), least, 1.0, self.n) for mean in means]
        drawn = self._drawn(table, seed)
        low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
        return [
            Estimate(float(mean), float(lower), float(upper), self.n)
            for mean, lower, upper in zip(means, low, high, strict=True)
        ]

    def _drawn(self, table: Floats, seed: int) -> Floats:
        """The means of ``DRAWS`` samples of groups, drawn with replacement: draws x columns."""
        dice, groups = np.random.default_rng(seed), len(self.sizes)
        rows = max(1, _CELLS // groups)
        parts = []
        for start in range(0, DRAWS, rows):
            count = min(rows, DRAWS - start)
            places = dice.integers(0, groups, (count, groups))
            places += np.arange(count)[:, None] * groups
            weights = np.bincount(places.ravel(), minlength=count * groups).reshape(count, groups)
            weights = weights.astype(float)
            parts.append((weights @ table) / (weights @ self.sizes)[:, None])
        return np.concatenate(parts)


def compare(
    values: Mapping[str, Sequence[float]],
    groups: Sequence[str],
    metric: str,
    margin: float,
    seed: int = SEED,
) -> list[Comparison]:
    """Every pair of retrievers on the same questions, dearest first in each pair.

    ``values``: retriever -> the metric of each question, from the cheapest retriever on; ``a`` of a
    comparison is the later one. ``margin``: the difference that would be useful.
    """
    pairs = [(later, earlier) for earlier, later in combinations(values, 2)]
    if not pairs or not groups:
        return []
    sample = Sample(groups)
    columns = {
        f"{a}\n{b}": np.subtract(values[a], values[b], dtype=float).tolist() for a, b in pairs
    }
    means = sample.means(columns, -1.0, seed)
    tests = [sign_flip(sample.sums(column), seed) for column in columns.values()]
    corrected = holm(tests)
    return [
        Comparison(
            *(a, b, metric, mean.value, mean.low, mean.high, p, adjusted, sample.n),
            needed(column, margin, groups, len(pairs)),
        )
        for (a, b), mean, p, adjusted, column in zip(
            pairs, means, tests, corrected, columns.values(), strict=True
        )
    ]


def sign_flip(differences: Sequence[float] | Floats, seed: int = SEED) -> float:
    """How often chance alone gives a mean as far from 0 as these paired differences have.

    Fisher's randomisation test, two-sided: the sign of every difference is turned at random
    (recommended for retrieval by Smucker et al. 2007). Exact where few differ; else 9,999 draws,
    the observed one counted in. SciPy's ``permutation_test`` takes 20 times as long for it.
    """
    values = np.asarray(differences, dtype=float)
    values = values[np.abs(values) > 1e-12]
    total = abs(float(values.sum()))
    if len(values) <= EXACT:
        every = np.arange(2 ** len(values))[:, None] >> np.arange(len(values)) & 1
        return float(np.mean(_as_far(every.astype(float), values, total)))
    dice = np.random.default_rng(seed)
    rows, hits = max(1, _CELLS // len(values)), 0
    for start in range(0, FLIPS, rows):
        count = min(rows, FLIPS - start)
        packed = dice.integers(0, 256, (count, -(-len(values) // 8)), dtype=np.uint8)
        bits = np.unpackbits(packed, axis=1)[:, : len(values)].astype(float)
        hits += int(_as_far(bits, values, total).sum())
    return (1 + hits) / (1 + FLIPS)


def _as_far(bits: Floats, values: Floats, total: float) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.abs(2 * (bits @ values) - values.sum()) >= total - 1e-9
    return found


def holm(tests: Sequence[float]) -> list[float]:
    """p-values corrected so that one false alarm among them all stays rare (Holm 1979)."""
    found = [0.0] * len(tests)
    highest = 0.0
    for place, index in enumerate(sorted(range(len(tests)), key=tests.__getitem__)):
        highest = max(highest, min(1.0, (len(tests) - place) * tests[index]))
        found[index] = highest
    return found


def needed(
    differences: Sequence[float],
    margin: float,
    groups: Sequence[str] | None = None,
    comparisons: int = 1,
) -> int | None:
    """How many judged questions, all told, would show a difference of ``margin``.

    At 80% power and 5% error shared by ``comparisons``: (z + z')^2 n var(mean) / margin^2, the
    variance of the mean taken between groups. None with fewer than two groups: nothing is known of
    the variance then.
    """
    from scipy.stats import norm

    sample = Sample(groups or [""] * len(differences))
    count = len(sample.sizes)
    if count < 2:
        return None
    sums = sample.sums(differences)
    spread = sums - sample.sizes * (sums.sum() / sample.n)
    variance = float((spread**2).sum()) * count / (count - 1) / sample.n**2
    certainty = norm.ppf(1 - ALPHA / (2 * max(comparisons, 1))) + norm.ppf(POWER)
    return ceil(float(certainty) ** 2 * sample.n * variance / margin**2)
