from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from evidence.stats import kappa, needed_to_separate, weighted, wilson


def test_a_share_carries_the_published_wilson_interval() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3: 81/263 and 15/148
    first, second = wilson(81, 263), wilson(15, 148)

    assert first
    assert second
    assert (round(first.low, 4), round(first.high, 4)) == (0.2553, 0.3662)
    assert (round(second.low, 4), round(second.high, 4)) == (0.0624, 0.1605)


def test_nothing_counted_is_not_measured_and_never_zero() -> None:
    assert wilson(0, 0) is None


def test_more_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="5 of 4 is not a share"):
        wilson(5, 4)


@given(st.integers(0, 500), st.integers(1, 500))
def test_an_interval_holds_its_share(count: int, n: int) -> None:
    found = wilson(min(count, n), n)

    assert found
    assert 0 <= found.low <= found.share <= found.high <= 1


@given(st.integers(1, 30))
def test_more_records_narrow_an_interval(n: int) -> None:
    few, many = wilson(n, 2 * n), wilson(10 * n, 20 * n)

    assert few
    assert many
    assert many.high - many.low < few.high - few.low


def test_strata_count_by_their_size_not_by_how_often_they_were_drawn() -> None:
    found = weighted({"common": (1, 10), "rare": (9, 10)}, {"common": 900, "rare": 100})

    assert found
    assert found.share == pytest.approx(0.18)
    assert found.low < 0.18 < found.high


def test_a_stratum_that_was_never_drawn_is_left_out() -> None:
    found = weighted({"drawn": (5, 10), "never": (0, 0)}, {"drawn": 10, "never": 90})

    assert found
    assert found.share == 0.5
    assert weighted({"never": (0, 0)}, {"never": 90}) is None


def test_a_weighted_interval_comes_out_the_same_again() -> None:
    strata, sizes = {"a": (3, 9), "b": (7, 9)}, {"a": 50, "b": 60}

    assert weighted(strata, sizes, seed=3) == weighted(strata, sizes, seed=3)


def test_kappa_of_the_textbook() -> None:
    # Cohen 1960: 20 both yes, 15 both no, 5 and 10 apart: kappa 0.4
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15

    assert kappa(first, second) == pytest.approx(0.4)


def test_kappa_is_not_measured_where_chance_always_agrees() -> None:
    assert kappa([], []) is None
    assert kappa(["yes", "yes"], ["yes", "yes"]) is None


def test_close_shares_need_more_records_than_distant_ones() -> None:
    close, distant = needed_to_separate(26, 22, 48), needed_to_separate(40, 8, 48)

    assert distant == 0
    assert close
    assert close > 400


def test_no_number_separates_equal_shares() -> None:
    assert needed_to_separate(7, 7, 30) is None
    assert needed_to_separate(0, 0, 0) is None


def test_a_handful_of_records_of_one_kind_decides_nothing() -> None:
    assert [needed_to_separate(n, 0, n) for n in (1, 3, 5)] == [5, 3, 1]
    assert needed_to_separate(6, 0, 6) == 0


@given(st.integers(0, 60), st.integers(0, 60))
def test_what_is_said_to_be_plain_is_plain_to_the_exact_test_too(first: int, second: int) -> None:
    if needed_to_separate(first, second, first + second) == 0:
        assert binomtest(first, first + second).pvalue < 0.06


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
def test_what_is_needed_is_never_negative(first: int, second: int, rest: int) -> None:
    more = needed_to_separate(first, second, first + second + rest)

    assert more is None or more >= 0
