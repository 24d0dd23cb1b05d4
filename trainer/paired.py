"""Two models on the same items: the difference of their shares or means, with interval and test.

Pure. SciPy has the quantiles and the binomial test; the interval of a paired difference it has not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from trainer.contract import Comparison

LEVEL = 0.95
"""Of every interval; tests are read at 1 - LEVEL."""
DRAWS = 2_000
"""Of a bootstrap (Efron & Tibshirani 1993, chapter 13: 1,000 and more for percentiles)."""


@dataclass(frozen=True, slots=True)
class Table:
    """Items by what became of them, base first."""

    both: int
    lost: int
    """Right with the base, wrong when tuned."""
    gained: int
    neither: int

    @property
    def n(self) -> int:
        """All items."""
        return self.both + self.lost + self.gained + self.neither

    def scaled(self, n: int) -> Table:
        """What ``n`` items would give if the shares stayed as they are."""
        both, lost, gained = (
            round(part * n / self.n) for part in (self.both, self.lost, self.gained)
        )
        return Table(both, lost, gained, max(0, n - both - lost - gained))


def table(base: Sequence[bool], tuned: Sequence[bool]) -> Table:
    """Count the items. Raises ValueError where the two are of different length."""
    pairs = list(zip(base, tuned, strict=True))
    return Table(
        pairs.count((True, True)),
        pairs.count((True, False)),
        pairs.count((False, True)),
        pairs.count((False, False)),
    )


def shares(measure: str, counts: Table) -> Comparison:
    """Base against tuned, tested by McNemar's exact test. Raises ValueError without items.

    The interval is Newcombe's (1998, Statistics in Medicine 17:2635, method 10), which Fagerland,
    Lydersen and Laake (2014, ibid. 33:2850) recommend for paired shares.
    """
    if not counts.n:
        raise ValueError("there is nothing to compare")
    low, high = newcombe(counts)
    return Comparison(
        measure=measure,
        n=counts.n,
        base=(counts.both + counts.lost) / counts.n,
        tuned=(counts.both + counts.gained) / counts.n,
        difference=(counts.gained - counts.lost) / counts.n,
        low=low,
        high=high,
        p=mcnemar(counts),
        test="exact McNemar test, Newcombe's interval",
    )


def mcnemar(counts: Table) -> float:
    """The p-value of the exact test (two-sided): the discordant items against a fair coin."""
    from scipy.stats import binomtest

    discordant = counts.lost + counts.gained
    return float(binomtest(counts.gained, discordant, 0.5).pvalue) if discordant else 1.0


def newcombe(counts: Table) -> tuple[float, float]:
    """The interval of tuned share - base share: Wilson's of each, joined by their correlation."""
    n = counts.n
    base, tuned = counts.both + counts.lost, counts.both + counts.gained
    first, second = _wilson(tuned, n), _wilson(base, n)
    p, q, phi = tuned / n, base / n, _phi(counts)
    below = _joined(p - first[0], second[1] - q, phi)
    above = _joined(first[1] - p, q - second[0], phi)
    return max(-1.0, p - q - below), min(1.0, p - q + above)


def _joined(first: float, second: float, phi: float) -> float:
    return sqrt(max(0.0, first**2 - 2 * phi * first * second + second**2))


def _phi(counts: Table) -> float:
    """The correlation of the two, corrected for continuity where it is positive (as Newcombe)."""
    a, b, c, d = counts.both, counts.gained, counts.lost, counts.neither
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if not margins:
        return 0.0
    excess = float(a * d - b * c)
    if excess > 0:
        excess = max(excess - counts.n / 2, 0)
    return float(excess / sqrt(margins))


def _wilson(count: int, n: int) -> tuple[float, float]:
    from scipy.stats import binomtest

    found = binomtest(count, n).proportion_ci(LEVEL, method="wilson")
    return float(found.low), float(found.high)


def means(measure: str, base: Sequence[float], tuned: Sequence[float]) -> Comparison:
    """The difference of two paired means, with a percentile bootstrap over the items (seeded)."""
    import numpy as np

    if not base:
        raise ValueError("there is nothing to compare")
    pairs = np.array([base, tuned], dtype=float)
    drawn = resampled(len(base))
    low, high = np.quantile(
        (pairs[1] - pairs[0])[drawn].mean(axis=1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    )
    first, second = float(pairs[0].mean()), float(pairs[1].mean())
    return Comparison(
        measure=measure,
        n=len(base),
        base=first,
        tuned=second,
        difference=second - first,
        low=float(low),
        high=float(high),
        test=f"bootstrap over items, {DRAWS:,} draws",
    )


def perplexities(
    measure: str, base: Sequence[float], tuned: Sequence[float], tokens: Sequence[int]
) -> Comparison:
    """Perplexity = exp(nats / token) before and after, with a percentile bootstrap over texts.

    ``base`` and ``tuned`` are negative log-likelihoods in nats, one a text; ``tokens`` how many
    each text was scored on.
    """
    import numpy as np

    pairs, counts = np.array([base, tuned], dtype=float), np.array(tokens, dtype=float)
    # a model that has come apart may give more nats than exp can take
    worth = np.exp(np.minimum(pairs.sum(axis=1) / counts.sum(), 700.0))
    drawn = resampled(len(tokens))
    each = np.exp(np.minimum(pairs[:, drawn].sum(axis=2) / counts[drawn].sum(axis=1), 700.0))
    low, high = np.quantile(each[1] - each[0], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Comparison(
        measure=measure,
        n=len(tokens),
        base=float(worth[0]),
        tuned=float(worth[1]),
        difference=float(worth[1] - worth[0]),
        low=float(low),
        high=float(high),
        test=f"bootstrap over texts, {DRAWS:,} draws",
        unit="perplexity",
        higher_is_better=False,
    )


def resampled(n: int, seed: int = 0) -> Any:
    """Indices of items drawn with replacement, one row a draw."""
    import numpy as np

    return np.random.default_rng(seed).integers(0, n, size=(DRAWS, n))
