"""What both engines of BM25 share: its parameters, the idf, and how the best are picked."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LANES = 64
"""Groups of passages whose best scores are compared first."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """The parameters of Okapi BM25 as the rank-bm25 library has them."""

    k1: float = 1.5
    b: float = 0.75
    epsilon: float = 0.25
    """Floor of the idf, as a share of the mean idf, for terms in more than half of the passages."""


def inverse_frequencies(counts: NDArray[np.int64], passages: int, epsilon: float) -> Floats:
    """The idf of terms that are in so many of the passages.

    As rank-bm25: log((N - n + 0.5) / (n + 0.5)), and where that is negative ``epsilon`` times the
    mean. In a collection so small that the mean is not positive, which would rank the best passage
    last, the idf is Lucene's instead: log(1 + (N - n + 0.5) / (n + 0.5)).
    """
    different, which = np.unique(counts, return_inverse=True)
    logs = [math.log(passages - n + 0.5) - math.log(n + 0.5) for n in different.tolist()]
    idf = np.array(logs, np.float64)[which]
    # Added one after the other, as the library does: other orders differ in the last bits.
    mean = float(np.cumsum(idf)[-1]) / len(idf) if len(idf) else 0.0
    if mean <= 0:
        return np.log1p((passages - counts + 0.5) / (counts + 0.5))
    idf[idf < 0] = epsilon * mean
    return idf


def best(scores: Floats, k: int) -> NDArray[np.intp]:
    """The places of the ``k`` highest scores above 0, highest first; ties in order of place."""
    groups = len(scores) // LANES
    floor = 0.0
    if groups > k > 0 and len(scores) % LANES == 0:
        # The k-th best of the groups' maxima is reached by k scores at least.
        tops = scores.reshape(LANES, groups).max(axis=0)
        floor = float(np.partition(tops, groups - k)[groups - k])
    places = np.flatnonzero(scores >= floor) if floor > 0 else np.flatnonzero(scores > 0)
    order = np.argsort(-scores[places], kind="stable")
    return places[order[: max(k, 0)]]
