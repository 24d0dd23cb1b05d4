"""The weights of the small model of support, and the probability that they give."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

Weights = dict[str, float]
WEIGHTS_FILE = Path(__file__).parent / "weights" / "support.json"


@lru_cache(maxsize=1)
def support_weights() -> Weights:
    """Weight of each feature, and of ``bias``; made by ``benchmarks.fit_support``."""
    found: dict[str, float] = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))
    return found


def probability(weights: Weights, values: Mapping[str, float]) -> float:
    """How likely the answer is wrong, from 0 to 1: the logistic function of the weighted sum."""
    total = weights["bias"] + sum(weights[name] * value for name, value in values.items())
    return 1 / (1 + math.exp(-total))
