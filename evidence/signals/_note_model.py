"""A small linear model over what the sentences of a note say, fitted on notes of experts.

Made by ``python -m benchmarks.fit_notes``; the file of weights says on which data.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

Weights = dict[str, dict[str, float]]
WEIGHTS = Path(__file__).parent / "weights" / "note.json"


@lru_cache(maxsize=1)
def shipped() -> Weights:
    """The weights of the project: class -> feature -> weight; the feature '' is the constant."""
    document = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return {name: dict(found) for name, found in document["weights"].items()}


def probabilities(found: Mapping[str, float]) -> dict[str, float]:
    """The chance of information, behavior and both for a failing output with such a note."""
    return chances(shipped(), found)


def chances(weights: Weights, found: Mapping[str, float]) -> dict[str, float]:
    """The chance of each class by given weights (multinomial logistic regression)."""
    given = [(feature, value) for feature, value in found.items() if value]
    scores = {
        name: own[""] + sum(own.get(feature, 0.0) * value for feature, value in given)
        for name, own in weights.items()
    }
    highest = max(scores.values())
    powers = {name: math.exp(score - highest) for name, score in scores.items()}
    total = sum(powers.values())
    return {name: power / total for name, power in powers.items()}
