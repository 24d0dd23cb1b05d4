"""Rankings fused by ranks and by fitted scores."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.retrieval.retrievers.bm25 import make as bm25
from evidence.retrieval.retrievers.hybrid import make, min_max, reciprocal_ranks
from evidence.retrieval.shapes import Hit, Passage, Ranking

WORDS = [Hit("a", 12.0), Hit("b", 7.0), Hit("c", 2.0)]
MEANING = [Hit("b", 0.9), Hit("d", 0.5)]


def rankings() -> st.SearchStrategy[list[Ranking]]:
    hits = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-50, 50), max_size=8)
    ranking = hits.map(
        lambda scores: [
            Hit(name, score)
            for name, score in sorted(scores.items(), key=lambda item: (-item[1], item[0]))
        ]
    )
    return st.lists(ranking, max_size=3)


def test_reciprocal_ranks_are_those_of_the_paper() -> None:
    found = reciprocal_ranks([WORDS, MEANING])
    assert found == pytest.approx({"a": 1 / 61, "b": 1 / 62 + 1 / 61, "c": 1 / 63, "d": 1 / 62})


def test_equal_scores_share_a_rank() -> None:
    tied = [Hit("a", 2.0), Hit("b", 2.0), Hit("c", 1.0)]
    assert reciprocal_ranks([tied]) == pytest.approx({"a": 1 / 61, "b": 1 / 61, "c": 1 / 63})


def test_scores_are_stretched_to_one_before_they_are_added() -> None:
    assert min_max([WORDS, MEANING]) == pytest.approx({"a": 1.0, "b": 1.5, "c": 0.0, "d": 0.0})


def test_a_ranking_of_one_score_counts_in_full() -> None:
    assert min_max([[Hit("a", 3.0)], []]) == {"a": 1.0}


@given(rankings(), st.floats(0.1, 100))
def test_the_scale_of_a_retriever_does_not_matter(some: list[Ranking], width: float) -> None:
    wider = [[Hit(hit.passage, hit.score * width) for hit in ranking] for ranking in some]
    found = min_max(some)
    assert all(0 <= score <= len(some) for score in found.values())
    assert set(min_max(wider)) == set(found) == set(reciprocal_ranks(some))
    spread = [ranking for ranking in some if ranking and ranking[0].score - ranking[-1].score > 1]
    wider = [[Hit(hit.passage, hit.score * width) for hit in ranking] for ranking in spread]
    assert min_max(wider) == pytest.approx(min_max(spread), abs=1e-6)


@pytest.mark.parametrize("fusion", ["ranks", "scores"])
def test_two_word_searches_are_fused(fusion: Any) -> None:
    texts = {"d1": "bread and yeast", "d2": "the linker stops", "d3": "yeast"}
    retriever = make(of=(bm25(), bm25(k1=0.9, b=0.4)), fusion=fusion)
    retriever.index([Passage(name, name, 0, len(text), text) for name, text in texts.items()])
    found = retriever.search(["yeast", "nothing of that"], 5)
    assert {hit.passage for hit in found[0]} == {"d1", "d3"}
    assert found[1] == []
    assert [part["k1"] for part in retriever.describe()["of"]] == [1.5, 0.9]


def test_progress_is_that_of_both_together() -> None:
    seen: list[tuple[int, int]] = []
    retriever = make(of=(bm25(), bm25()))
    passages = [Passage(str(number), "d", 0, 5, "bread") for number in range(4)]
    retriever.index(passages, lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (4, 4)


def test_the_mean_of_raw_scores_is_not_offered() -> None:
    mean: Any = "mean"
    with pytest.raises(ValueError, match="there are ranks and scores"):
        make(of=(bm25(), bm25()), fusion=mean)


def test_one_retriever_cannot_be_fused() -> None:
    with pytest.raises(ValueError, match="two retrievers"):
        make(of=(bm25(),))
