from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.calibration import probabilities, quality, temperature_for


def overconfident(seed: int, factor: float, items: int = 2_000) -> tuple[np.ndarray, np.ndarray]:
    """Scores whose truth follows their softmax, blown up by a factor."""
    dice = np.random.default_rng(seed)
    scores = dice.normal(size=(items, 5)) * 2
    chances = probabilities(scores)
    labels = np.array([dice.choice(5, p=row / row.sum()) for row in chances])
    return scores * factor, labels


@pytest.mark.parametrize("factor", [0.5, 1.0, 4.0])
def test_the_temperature_that_was_lost_is_found(factor: float) -> None:
    scores, labels = overconfident(1, factor)
    assert temperature_for(scores, labels) == pytest.approx(factor, rel=0.1)


def test_calibrated_probabilities_mean_what_they_say() -> None:
    scores, labels = overconfident(2, 4.0)
    before, after = quality(scores, labels), quality(scores, labels, 4.0)
    assert after.ece < 0.05 < before.ece
    assert after.brier < before.brier
    assert after.nll < before.nll
    assert after.accuracy == before.accuracy


def test_a_few_items_that_are_all_right_do_not_make_it_certain() -> None:
    scores = np.array([[2.0, 0.0, 0.0]] * 20)
    labels = np.zeros(20, dtype=np.int64)
    found = probabilities(scores, temperature_for(scores, labels))[0, 0]
    assert found == pytest.approx(21 / 22, abs=0.01)


def test_certainty_has_the_known_scores() -> None:
    scores = np.array([[100.0, 0.0], [0.0, 100.0]])
    right, wrong = quality(scores, np.array([0, 1])), quality(scores, np.array([1, 0]))
    assert (right.ece, right.brier) == pytest.approx((0, 0))
    assert (wrong.ece, wrong.brier) == pytest.approx((1, 2))


@given(st.integers(0, 10_000), st.floats(0.05, 20))
def test_a_temperature_leaves_the_order_of_labels(seed: int, temperature: float) -> None:
    scores = np.random.default_rng(seed).normal(size=(6, 4)) * 10
    made = probabilities(scores, temperature)
    assert made.sum(axis=1) == pytest.approx(np.ones(6))
    assert (made.argmax(axis=1) == scores.argmax(axis=1)).all()
    found = quality(scores, scores.argmax(axis=1), temperature)
    assert 0 <= found.ece <= 1
    assert 0 <= found.brier <= 2
