"""Ratios that were measured in pairs, with their interval."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from typing import Any

SEED = 20261120
RESAMPLES = 4_000


def interval(ratios: Sequence[float]) -> dict[str, Any]:
    """The geometric mean of paired ratios, with its 95% bootstrap interval over rounds."""
    dice = random.Random(SEED)  # noqa: S311 - sampling, not secrets
    logs = [math.log(ratio) for ratio in ratios]
    means = sorted(statistics.fmean(dice.choices(logs, k=len(logs))) for _ in range(RESAMPLES))
    low, high = means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES)]
    return {
        "value": round(math.exp(statistics.fmean(logs)), 3),
        "low": round(math.exp(low), 3),
        "high": round(math.exp(high), 3),
        "rounds": len(logs),
    }
