"""The nearest vectors by their cosine, exactly: every one is looked at, a block at a time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from evidence.retrieval.retrievers._encoding import Floats, Places

DIGITS = 6
"""Decimals of a cosine that mean anything in float32; what differs beyond them is a tie."""

Found = tuple[NDArray[np.intp], NDArray[np.intp], Floats]
"""Row of the question, place of the passage, and cosine, side by side."""


def nearest(questions: Floats, blocks: Iterable[tuple[Places, Floats]], k: int) -> Found:
    """For every question, the ``k`` places of the highest cosine, best first; ties by place.

    ``questions``: (q, d) of length 1. ``blocks``: places (n,) with their vectors (n, d) of length
    1. The memory is that of a block, and of the cosines of all questions with it.
    """
    floor = np.full(len(questions), -np.inf, np.float32)
    empty = np.zeros(0, np.intp)
    held: Found = (empty, empty, np.zeros(0, np.float32))
    if k < 1:
        return held
    for places, vectors in blocks:
        cosines = questions @ vectors.T
        rows, columns = np.nonzero(cosines >= _least(cosines, floor, k)[:, None])
        found = np.round(cosines[rows, columns], DIGITS) + np.float32(0)
        more = (rows, places[columns], found)
        held = _first(_joined(held, more), k, floor)
    return held


def _least(cosines: Floats, floor: Floats, k: int) -> Floats:
    """What a cosine must reach to be among the ``k`` best so far, less what rounding adds."""
    least = floor
    if not np.isfinite(floor).all() and cosines.shape[1] > k:
        here = np.partition(cosines, cosines.shape[1] - k, axis=1)[:, cosines.shape[1] - k]
        least = np.maximum(floor, here)
    return least - np.float32(10.0**-DIGITS)


def _joined(some: Found, more: Found) -> Found:
    return (
        np.concatenate((some[0], more[0])),
        np.concatenate((some[1], more[1])),
        np.concatenate((some[2], more[2])),
    )


def _first(found: Found, k: int, floor: Floats) -> Found:
    """The best ``k`` of each question, in order; ``floor`` is raised to the last of them."""
    rows, places, cosines = found
    order = np.lexsort((places, -cosines, rows))
    rows, places, cosines = rows[order], places[order], cosines[order]
    starts = np.searchsorted(rows, rows, "left")
    rank = np.arange(len(rows)) - starts
    last = rank == k - 1
    floor[rows[last]] = cosines[last]
    kept = rank < k
    return rows[kept], places[kept], cosines[kept]
