from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.training_results import interval, parity_words
from evidence.stats import wilson


@given(st.integers(1, 2_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_intervals_are_those_of_the_statistics_library(found: tuple[int, int]) -> None:
    count, n = found
    known = wilson(count, n)

    assert known is not None
    assert interval(count / n, n) == pytest.approx((known.share, known.low, known.high), abs=1e-9)


def test_parity_is_said_in_numbers() -> None:
    assert "one form of the weights" in parity_words(None)
    agreeing = {"agrees": True, "dtype": "bfloat16", "tolerance": 0.25, "worst": 0.031}
    assert "the same answers (bfloat16; largest" in parity_words(agreeing)
    assert "Serve what was measured: the adapter." in parity_words(agreeing | {"agrees": False})
