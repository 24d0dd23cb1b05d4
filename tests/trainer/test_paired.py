from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.paired import Table, means, newcombe, perplexities, shares, table

counts = st.builds(Table, *[st.integers(min_value=0, max_value=400)] * 4).filter(
    lambda found: found.n > 0
)


@pytest.mark.parametrize(
    ("found", "low", "high"),
    [
        # Newcombe 1998, table II: 36, 12, 2, 0 by method 10
        (Table(both=36, gained=12, lost=2, neither=0), 0.0569, 0.3404),
        # Fagerland, Lydersen & Laake 2014: airways of 21 children before and after
        (Table(both=1, gained=1, lost=7, neither=12), -0.507, -0.026),
    ],
)
def test_the_interval_is_that_of_the_published_examples(
    found: Table, low: float, high: float
) -> None:
    assert newcombe(found) == pytest.approx((low, high), abs=6e-4)


def test_the_test_is_exact() -> None:
    # 5 discordant items all one way: 2 * 0.5 ** 5
    assert shares("score", Table(10, 0, 5, 3)).p == pytest.approx(0.0625)
    assert shares("score", Table(10, 0, 0, 3)).p == 1.0


@given(counts)
def test_an_interval_holds_its_difference_and_stays_within_the_possible(found: Table) -> None:
    result = shares("score", found)
    assert -1 <= result.low <= result.difference + 1e-12
    assert result.difference - 1e-12 <= result.high <= 1
    assert result.tuned - result.base == pytest.approx(result.difference)
    assert result.p is not None
    assert 0 <= result.p <= 1 + 1e-12


@given(counts)
def test_swapping_the_models_turns_the_interval_round(found: Table) -> None:
    swapped = Table(found.both, found.gained, found.lost, found.neither)
    low, high = newcombe(found)
    assert newcombe(swapped) == pytest.approx((-high, -low), abs=1e-9)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_a_table_counts_every_item_once(pairs: list[tuple[bool, bool]]) -> None:
    base, tuned = [first for first, _ in pairs], [second for _, second in pairs]
    found = table(base, tuned)
    assert found.n == len(pairs)
    assert found.both + found.lost == sum(base)
    assert found.both + found.gained == sum(tuned)


def test_there_has_to_be_something_to_compare() -> None:
    with pytest.raises(ValueError, match="nothing"):
        shares("score", Table(0, 0, 0, 0))
    with pytest.raises(ValueError, match="nothing"):
        means("fields", [], [])
    with pytest.raises(ValueError, match="argument 2"):
        table([True], [])


def test_means_are_compared_item_by_item() -> None:
    result = means("fields", [0.0, 0.5, 0.25, 0.5] * 10, [1.0, 0.5, 0.75, 1.0] * 10)
    assert result.difference == pytest.approx(0.5)
    assert 0.3 < result.low < 0.5 < result.high < 0.7
    assert result == means("fields", [0.0, 0.5, 0.25, 0.5] * 10, [1.0, 0.5, 0.75, 1.0] * 10)


def test_perplexity_weighs_texts_by_their_tokens() -> None:
    result = perplexities("forgetting", [10 * math.log(2), 30 * math.log(8)], [0, 0], [10, 30])
    assert result.base == pytest.approx(math.exp((10 * math.log(2) + 30 * math.log(8)) / 40))
    assert result.tuned == pytest.approx(1.0)
    assert not result.higher_is_better


def test_a_model_that_came_apart_still_has_a_perplexity() -> None:
    assert math.isfinite(perplexities("forgetting", [1.0], [1e9], [3]).tuned)
