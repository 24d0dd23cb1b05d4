"""Targets that repeat: the labels of a task, where it is one of choosing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from trainer.dataset.rows import Row

TIMES = 3
"""How often a target occurs before it counts as a label."""


def label_counts(rows: Iterable[Row]) -> Counter[str]:
    """Targets that occur at least three times, with how often."""
    counts = Counter(row.target.strip() for row in rows)
    return Counter({target: many for target, many in counts.items() if many >= TIMES})


def chooses(rows: Iterable[Row]) -> bool:
    """Whether the task is one of choosing: nearly every row's target is such a label."""
    kept = list(rows)
    labels = label_counts(kept)
    return len(labels) > 1 and labels.total() >= 0.9 * len(kept)
