"""Makes a classifier's probabilities mean what they say: one temperature for all its scores.

Temperature scaling, expected calibration error in 15 bins: Guo, Pleiss, Sun and Weinberger, On
Calibration of Modern Neural Networks, 2017. Brier score: the mean squared distance of the
probabilities from what came true (Brier 1950), from 0 to 2. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
BINS = 15
COLDEST, HOTTEST = 0.05, 20.0
"""Between which a temperature is looked for: beyond, a model is right or wrong on everything."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How good probabilities are on ``n`` items."""

    n: int
    accuracy: float
    ece: float
    """Expected calibration error: how far confidence is from accuracy, from 0 to 1."""
    brier: float
    nll: float
    """Mean negative log-likelihood of what is true, in nats."""


def probabilities(scores: Floats, temperature: float = 1.0) -> Floats:
    """The softmax of scores / temperature: shape (items, labels)."""
    shifted = scores / temperature
    powers = np.exp(shifted - shifted.max(axis=1, keepdims=True))
    made: Floats = powers / powers.sum(axis=1, keepdims=True)
    return made


def temperature_for(scores: Floats, labels: Labels) -> float:
    """The temperature under which the labels are likeliest; the order of labels stays as it is.

    Each of n labels counts as true to (n + 1) / (n + 2) only (Platt, Probabilistic Outputs for
    Support Vector Machines, 1999): a few items that all are right do not make it certain.
    """
    from scipy.optimize import minimize_scalar

    doubt = 1 / (len(labels) + 2)
    targets = np.full(scores.shape, doubt / (scores.shape[1] - 1))
    targets[np.arange(len(labels)), labels] = 1 - doubt
    found = minimize_scalar(
        lambda log: _cross_entropy(scores / np.exp(log), targets),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
    )
    return float(np.exp(found.x))


def _cross_entropy(scores: Floats, targets: Floats) -> float:
    top = scores.max(axis=1, keepdims=True)
    logs = scores - top - np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
    return float(-(targets * logs).sum(axis=1).mean())


def quality(scores: Floats, labels: Labels, temperature: float = 1.0) -> Quality:
    """How good the probabilities are that the scores give at a temperature."""
    made = probabilities(scores, temperature)
    right = made.argmax(axis=1) == labels
    truth = np.eye(made.shape[1])[labels]
    return Quality(
        n=len(labels),
        accuracy=float(right.mean()),
        ece=_ece(made.max(axis=1), right),
        brier=float(((made - truth) ** 2).sum(axis=1).mean()),
        nll=_nll(made, labels),
    )


def _nll(made: Floats, labels: Labels) -> float:
    likely = made[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(likely, 1e-300)).mean())


def _ece(confidence: Floats, right: npt.NDArray[np.bool_]) -> float:
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [
        abs(confidence[bins == each].mean() - right[bins == each].mean()) * (bins == each).mean()
        for each in np.unique(bins)
    ]
    return float(sum(gaps))
