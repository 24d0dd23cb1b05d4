from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from advisor_rules import default_rulebook
from evidence.retrieval.compare import Comparison, compare
from evidence.retrieval.verdict import Measured, Verdict, by_cost, decide

BOOK = default_rulebook()
LIMITS = BOOK.limits(BOOK.latest())
MARGIN = LIMITS["useful_margin"]
LARGE = 5_000_000


def pair(
    a: str, b: str, difference: float, half: float = 0.01, wanted: int | None = 400, n: int = 100
) -> Comparison:
    low, high = difference - half, difference + half
    p = 0.001 if low > 0 or high < 0 else 0.5
    return Comparison(a, b, "ndcg@10", difference, low, high, p, p, n, wanted)


def said(*pairs: Comparison, tokens: int = LARGE, n: int = 100, **more: Any) -> Verdict:
    names = list(dict.fromkeys(name for item in pairs for name in (item.a, item.b))) or ["bm25"]
    return decide(Measured(tokens, n, by_cost(names), pairs, **more), LIMITS)


def test_documents_that_fit_go_into_the_prompt() -> None:
    found = said(pair("embedding", "bm25", 0.2), tokens=int(LIMITS["stuffing_limit"]))

    assert found.decision == "stuff_prompt"
    assert found.retriever is None
    assert found.begin_with == "embedding"
    assert "cache" in found.because


def test_one_token_more_is_retrieved() -> None:
    found = said(pair("embedding", "bm25", 0.2), tokens=int(LIMITS["stuffing_limit"]) + 1)

    assert found.decision == "retrieve"


def test_bm25_stays_where_nothing_is_usefully_better() -> None:
    found = said(pair("embedding", "bm25", 0.01))

    assert (found.decision, found.retriever) == ("retrieve", "bm25")
    assert "0.010" in found.because


def test_a_gain_beyond_noise_that_is_too_small_changes_nothing() -> None:
    assert said(pair("embedding", "bm25", MARGIN - 0.005, half=0.004)).retriever == "bm25"


def test_a_useful_gain_beyond_noise_is_taken() -> None:
    assert said(pair("embedding", "bm25", 0.08)).retriever == "embedding"


def test_a_useful_gain_that_may_be_noise_needs_more_questions() -> None:
    found = said(pair("embedding", "bm25", 0.08, half=0.1, wanted=340))

    assert (found.decision, found.retriever, found.judge_more) == ("cannot_tell", None, 240)
    assert found.begin_with == "bm25"
    assert "judge 240 more" in found.because


def test_enough_questions_without_a_useful_gain_settle_it() -> None:
    found = said(pair("embedding", "bm25", 0.02, half=0.02, wanted=90))

    assert found.retriever == "bm25"


def test_with_few_questions_the_whole_gain_has_to_be_useful() -> None:
    assert said(pair("embedding", "bm25", 0.05, half=0.04)).decision == "cannot_tell"
    assert said(pair("embedding", "bm25", 0.05, half=0.015)).retriever == "embedding"
    assert said(pair("embedding", "bm25", 0.05, half=0.04, wanted=100)).retriever == "embedding"


def test_hybrid_is_taken_where_it_beats_both() -> None:
    found = said(
        pair("embedding", "bm25", 0.05),
        pair("hybrid", "bm25", 0.1),
        pair("hybrid", "embedding", 0.05),
    )

    assert found.retriever == "hybrid"


def test_hybrid_is_not_taken_where_embeddings_alone_do_as_well() -> None:
    found = said(
        pair("embedding", "bm25", 0.09),
        pair("hybrid", "bm25", 0.1),
        pair("hybrid", "embedding", 0.01),
    )

    assert found.retriever == "embedding"


def test_hybrid_that_may_or_may_not_beat_embeddings_is_left_open() -> None:
    found = said(
        pair("embedding", "bm25", 0.08),
        pair("hybrid", "bm25", 0.12),
        pair("hybrid", "embedding", 0.04, half=0.06),
    )

    assert found.decision == "cannot_tell"
    assert (found.begin_with, found.beats) == ("embedding", "bm25")
    assert "beats bm25" in found.because


def test_too_few_questions_say_nothing_however_large_the_gain() -> None:
    least = int(LIMITS["min_judged_questions"])
    found = said(pair("embedding", "bm25", 0.5, n=least - 1), n=least - 1)

    assert (found.decision, found.judge_more) == ("cannot_tell", 1)


def test_one_retriever_alone_is_what_there_is() -> None:
    assert said().retriever == "bm25"
    with pytest.raises(ValueError, match="no retriever"):
        decide(Measured(LARGE, 100, [], []), LIMITS)


def test_guessed_relevance_is_owned_up_to() -> None:
    found = said(pair("embedding", "bm25", 0.08), weak=True)

    assert found.weak
    assert "guessed" in found.because


def test_retrievers_are_ordered_by_what_they_cost() -> None:
    names = ["rerank:bm25", "hybrid", "own", "bm25", "embedding", "endpoint"]

    assert by_cost(names) == ["bm25", "endpoint", "embedding", "hybrid", "rerank:bm25", "own"]


@given(st.data())
def test_every_table_of_comparisons_gives_a_verdict_that_keeps_its_word(
    data: st.DataObject,
) -> None:
    names = ["bm25", "embedding", "hybrid", "rerank"][: data.draw(st.integers(1, 4))]
    means = {name: data.draw(st.floats(0, 1)) for name in names}
    pairs = [
        pair(
            b,
            a,
            means[b] - means[a],
            data.draw(st.floats(0, 0.3)),
            data.draw(st.none() | st.integers(0, 900)),
        )
        for a, b in combinations(names, 2)
    ]
    found = decide(Measured(LARGE, 100, names, pairs), LIMITS)

    assert (found.retriever is None) == (found.decision == "cannot_tell")
    assert (found.judge_more > 0) == (found.decision == "cannot_tell")
    assert found.begin_with in names
    for item in pairs:
        if found.retriever == item.a:
            base = next(one for one in pairs if (one.a, one.b) == (item.a, "bm25"))
            assert base.low > 0


@pytest.mark.parametrize("gain", [-0.1, 0.0, 0.02, 0.045, 0.1, 0.2])
@pytest.mark.parametrize("share", [0.1, 0.6])
def test_fifty_questions_agree_with_all_or_say_that_they_cannot_tell(
    gain: float, share: float
) -> None:
    dice = np.random.default_rng(3)
    bm25 = dice.uniform(0, 1, 1_500)
    differs = dice.uniform(0, 1, 1_500) < share
    other = bm25 + np.where(differs, dice.normal(gain / share, 0.3, 1_500), 0)

    def verdict(rows: NDArray[np.intp]) -> str | None:
        values = {"bm25": bm25[rows].tolist(), "embedding": other[rows].tolist()}
        pairs = compare(values, [""] * len(rows), "ndcg@10", MARGIN)
        return decide(Measured(LARGE, len(rows), list(values), pairs), LIMITS).retriever

    whole = verdict(np.arange(1_500))
    drawn = [verdict(dice.choice(1_500, 50, replace=False)) for _ in range(60)]

    assert sum(found in (whole, None) for found in drawn) >= 54
