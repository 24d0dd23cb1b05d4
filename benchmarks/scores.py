"""Scores of a classification from counts: accuracy, F1, balanced accuracy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from evidence.stats import wilson

Pair = tuple[str, str]
"""What is true, and what was said."""


def macro_f1(pairs: Sequence[Pair], classes: Iterable[str]) -> float | None:
    """The mean over classes of 2 tp / (2 tp + fp + fn), without classes that never are true."""
    scores = []
    for name in classes:
        if not any(truth == name for truth, _ in pairs):
            continue
        hits = sum(truth == said == name for truth, said in pairs)
        either = sum((truth == name) + (said == name) for truth, said in pairs)
        scores.append(2 * hits / either)
    return sum(scores) / len(scores) if scores else None


def balanced_accuracy(pairs: Sequence[tuple[bool, bool | None]]) -> float | None:
    """The mean share of the true and of the false that were said right; None said is wrong."""
    rates = []
    for side in (True, False):
        said = [answer for truth, answer in pairs if truth is side]
        if said:
            rates.append(sum(answer is side for answer in said) / len(said))
    return sum(rates) / len(rates) if len(rates) == 2 else None


def kind_scores(pairs: Sequence[Pair], classes: Sequence[str]) -> dict[str, Any]:
    """Which kind of failure, over failing records."""
    right = wilson(sum(truth == said for truth, said in pairs), len(pairs))
    return {
        "n": len(pairs),
        "accuracy": right and round(right.share, 4),
        "accuracy_95": right and [round(right.low, 4), round(right.high, 4)],
        "macro_f1": _rounded(macro_f1(pairs, classes)),
        "uncertain": sum(said == "uncertain" for _, said in pairs),
    }


def failing_scores(pairs: Sequence[Pair], classes: Sequence[str]) -> dict[str, Any]:
    """Failing or not, over all records."""
    found = [
        (truth in classes, None if said == "uncertain" else said in classes)
        for truth, said in pairs
    ]
    decided = [(truth, said) for truth, said in found if said is not None]
    return {
        "n": len(found),
        "balanced_accuracy": _rounded(balanced_accuracy(found)),
        "uncertain": len(found) - len(decided),
        "balanced_accuracy_where_decided": _rounded(balanced_accuracy(decided)),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
