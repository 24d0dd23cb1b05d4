from __future__ import annotations

from typing import Any

import pytest

from app.probe_words import (
    METRICS,
    because,
    headline,
    p_words,
    pair_words,
    rank_words,
    rate_words,
    retriever_title,
    wording_words,
)
from evidence.retrieval.metrics import METRICS as MEASURED


def verdict(decision: str, retriever: str | None = None, more: int = 0) -> dict[str, Any]:
    return {"decision": decision, "retriever": retriever, "judge_more": more}


def pair(difference: float, low: float, high: float, p: float) -> dict[str, Any]:
    return {
        "a": "hybrid",
        "b": "bm25",
        "difference": difference,
        "low": low,
        "high": high,
        "p_corrected": p,
    }


def test_every_metric_that_is_explained_is_measured() -> None:
    assert set(METRICS) <= set(MEASURED)


@pytest.mark.parametrize(
    ("found", "compared", "words"),
    [
        (verdict("stuff_prompt"), 3, "Put all documents into the prompt"),
        (verdict("cannot_tell", more=12), 3, "judge 12 more questions"),
        (verdict("cannot_tell", more=1), 3, "judge 1 more question"),
        (verdict("retrieve", "bm25"), 3, "BM25 is enough"),
        (verdict("retrieve", "bm25"), 1, "nothing to compare it with"),
        (verdict("retrieve", "hybrid"), 3, "Hybrid finds usefully more"),
    ],
)
def test_the_verdict_is_one_sentence(found: dict[str, Any], compared: int, words: str) -> None:
    assert words in headline(found, compared)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (pair(0.05, 0.02, 0.08, 0.01), "Hybrid is better than BM25 by more than noise (p = 0.01)"),
        (pair(0.05, 0.02, 0.08, 0.01), "a useful gain."),
        (pair(0.01, 0.005, 0.02, 0.01), "less than a useful gain."),
        (pair(-0.05, -0.08, -0.02, 0.0001), "worse than BM25 by more than noise (p < 0.001)"),
        (pair(0.05, -0.02, 0.08, 0.2), "cannot be told apart"),
        (pair(0.05, 0.02, 0.08, 0.2), "cannot be told apart"),
    ],
)
def test_a_difference_says_whether_it_is_real_and_whether_it_matters(
    found: dict[str, Any], words: str
) -> None:
    assert words in pair_words(found, 0.03)


def test_ranks_are_said_as_people_say_them() -> None:
    ranks = [1, 2, 3, 4, 11, 12, 13, 21, 112, None]

    said = [rank_words(rank) for rank in ranks]

    assert " ".join(said) == "1st 2nd 3rd 4th 11th 12th 13th 21st 112th not found"


def test_names_of_retrievers_are_written_out() -> None:
    assert retriever_title("embedding") == "Embeddings"
    assert retriever_title("rerank:hybrid") == "Hybrid, reranked"
    assert retriever_title("ours") == "ours"


def test_the_reason_is_written_as_people_write() -> None:
    found = {"because": "embedding is 0.1 ndcg@10 above bm25 (bm25x stays)"}

    assert because(found) == "embedding is 0.1 nDCG@10 above BM25 (bm25x stays)"


def test_small_numbers_and_unknown_speeds_have_words() -> None:
    assert p_words(0.034) == "p = 0.034"
    assert p_words(0.00001) == "p < 0.001"
    assert rate_words(None) == "too fast to time"
    assert rate_words(1234.5) == "1,234 questions a second"


def test_wording_is_counted_where_there_is_any() -> None:
    counts = {"exact_terms": 3, "own_words": 0, "between": 1}

    assert wording_words(counts).startswith("Of the questions, 3 share a name or most words")
    assert wording_words({}) == ""


def test_what_surely_beats_word_search_is_said_though_the_best_is_open() -> None:
    found = verdict("cannot_tell") | {"begin_with": "embedding", "beats": "bm25"}

    assert headline(found, 3) == "Begin with Embeddings, which beats BM25; which is best is open"
