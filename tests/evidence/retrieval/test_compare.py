from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test

from evidence.retrieval.compare import Sample, compare, holm, needed, sign_flip

ALONE = [""] * 200
DICE = np.random.default_rng(1)
WORSE = DICE.uniform(0, 0.8, 200).tolist()
BETTER = [value + 0.1 for value in WORSE]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def test_an_interval_is_about_two_standard_errors_around_the_mean() -> None:
    values = DICE.uniform(0, 1, 400).tolist()

    [found] = Sample([""] * 400).means({"it": values})

    error = np.std(values, ddof=1) / 20
    assert found.value == pytest.approx(mean(values))
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.08)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    held = 0
    for _ in range(200):
        values = (DICE.uniform(0, 1, 60) < 0.4).astype(float).tolist()
        [found] = Sample([""] * 60).means({"it": values})
        held += found.low <= 0.4 <= found.high

    assert held >= 180


def test_the_same_questions_give_the_same_intervals() -> None:
    once = compare({"bm25": WORSE, "embedding": BETTER}, ALONE, "ndcg@10", 0.03)
    again = compare({"bm25": WORSE, "embedding": BETTER}, ALONE, "ndcg@10", 0.03)

    assert once == again


def test_questions_of_one_group_count_as_one() -> None:
    values = [0.0, 1.0] * 20
    alone = Sample([""] * 40).means({"it": values})[0]
    groups = [name for pair in range(10) for name in (f"a{pair}", f"b{pair}") * 2]
    grouped = Sample(groups).means({"it": values})[0]

    assert grouped.value == alone.value == 0.5
    assert grouped.high - grouped.low > 1.2 * (alone.high - alone.low)


def test_one_question_says_nothing_of_the_others() -> None:
    [found] = Sample([""]).means({"it": [0.7]})

    assert (found.low, found.value, found.high) == (0, 0.7, 1)


def test_a_constant_gain_is_beyond_noise_and_in_the_right_direction() -> None:
    [found] = compare({"bm25": WORSE, "embedding": BETTER}, ALONE, "ndcg@10", 0.03)

    assert (found.a, found.b) == ("embedding", "bm25")
    assert found.difference == pytest.approx(0.1)
    assert found.p < 0.001
    assert found.turned().difference == -found.difference
    assert found.turned().low == -found.high


def test_every_pair_is_compared_and_corrected_for_their_number() -> None:
    noise = DICE.uniform(0, 1, 200).tolist()
    found = compare({"bm25": WORSE, "own": noise, "hybrid": BETTER}, ALONE, "ndcg@10", 0.03)

    assert [(item.a, item.b) for item in found] == [
        ("own", "bm25"),
        ("hybrid", "bm25"),
        ("hybrid", "own"),
    ]
    assert all(item.p_corrected >= item.p for item in found)


def test_equal_retrievers_do_not_differ() -> None:
    [found] = compare({"bm25": WORSE, "same": WORSE}, ALONE, "ndcg@10", 0.03)

    assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)
    assert found.needed == 0


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_the_exact_test_counts_every_assignment_of_signs(steps: list[int]) -> None:
    values = [step / 4 for step in steps]
    turned = [
        abs(sum(sign * value for sign, value in zip(signs, values, strict=True)))
        for signs in product((1, -1), repeat=len(values))
    ]
    expected = mean([float(total >= abs(sum(values)) - 1e-9) for total in turned])

    assert sign_flip(values) == pytest.approx(expected)


def test_the_drawn_test_agrees_with_scipys() -> None:
    values = DICE.normal(0.08, 0.4, 60)
    theirs = permutation_test(
        (values,),
        lambda x, axis: np.mean(x, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=9_999,
        rng=0,
    )

    assert sign_flip(values) == pytest.approx(float(theirs.pvalue), abs=0.02)


def test_chance_is_called_a_difference_about_as_often_as_it_should() -> None:
    alarms = sum(sign_flip(DICE.normal(0, 1, 30), seed=turn) < 0.05 for turn in range(200))

    assert alarms <= 22


def test_holms_correction_is_the_one_in_the_books() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.7]) == [1, 1]
    assert holm([]) == []


def test_so_many_questions_are_needed_as_the_textbook_says() -> None:
    values = [0.3, -0.3] * 50

    # (1.96 + 0.8416)^2 x variance / margin^2 with the sample's variance 0.0909
    assert needed(values, 0.03) == pytest.approx(2.80159**2 * 0.09 * 100 / 99 / 0.0009, abs=1)
    assert needed(values, 0.06) == pytest.approx((needed(values, 0.03) or 0) / 4, abs=1)
    assert (needed(values, 0.03, comparisons=3) or 0) > (needed(values, 0.03) or 0)


def test_that_many_questions_do_show_a_useful_gain_four_times_in_five() -> None:
    count = needed(DICE.normal(0, 0.2, 4_000).tolist(), 0.1) or 0
    shown = sum(sign_flip(DICE.normal(0.1, 0.2, count), seed=turn) < 0.05 for turn in range(150))

    assert 105 <= shown <= 138


def test_nobody_can_say_how_many_from_one_question() -> None:
    assert needed([0.5], 0.03) is None
    assert needed([0.5, 0.1], 0.03, ["one", "one"]) is None


def test_nothing_is_compared_with_nothing() -> None:
    assert compare({"bm25": WORSE}, ALONE, "ndcg@10", 0.03) == []
    assert compare({"bm25": [], "embedding": []}, [], "ndcg@10", 0.03) == []
