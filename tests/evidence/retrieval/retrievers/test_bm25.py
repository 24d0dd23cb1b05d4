"""Both engines of BM25 rank as the rank-bm25 library does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from evidence.retrieval.retrievers._weighing import LANES, best
from evidence.retrieval.retrievers.bm25 import SMALL, Bm25, make
from evidence.retrieval.shapes import Passage
from evidence.retrieval.tokens import Tokenizer

WORDS = ["linker", "error", "symbol", "C2065", "os.path", "bread", "yeast", "東京", "the", "Café"]
texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), max_size=30)
questions = st.lists(st.sampled_from([*WORDS, "unknown"]), max_size=8).map(" ".join)
settings_ = st.fixed_dictionaries(
    {
        "k1": st.sampled_from([0.1, 0.9, 1.2, 1.5]),
        "b": st.sampled_from([0.0, 0.4, 0.75, 1.0]),
        "epsilon": st.sampled_from([0.0, 0.25]),
    }
)


def passages(texts: list[str], heading: str = "") -> list[Passage]:
    return [
        Passage(f"d{n:04}#0-{len(text)}", f"d{n:04}", 0, len(text), text, heading)
        for n, text in enumerate(texts)
    ]


def indexed(texts: list[str], **chosen: Any) -> Bm25:
    retriever = make(**chosen)
    retriever.index(passages(texts))
    return retriever


@given(texts, questions, settings_, st.integers(1, 40))
def test_both_engines_rank_alike(
    collection: list[str], question: str, chosen: dict[str, float], k: int
) -> None:
    fast = indexed(collection, engine="fast", **chosen).search([question], k)[0]
    library = indexed(collection, engine="library", **chosen).search([question], k)[0]
    assert [hit.passage for hit in fast] == [hit.passage for hit in library]
    assert [hit.score for hit in fast] == pytest.approx([hit.score for hit in library], rel=1e-9)


@given(texts, questions)
def test_scores_are_those_of_the_library_wherever_its_mean_idf_is_positive(
    collection: list[str], question: str
) -> None:
    tokenizer = Tokenizer()
    counted = [tokenizer.tokens(text) for text in collection]
    assume(any(counted))
    plain = BM25Okapi(counted)
    assume(plain.average_idf > 0)
    expected = plain.get_scores(tokenizer.tokens(question))
    found = indexed(collection, engine="fast").search([question], len(collection))[0]
    scores = {f"d{n:04}": score for n, score in enumerate(expected) if score > 0}
    above = {hit.passage[:5]: hit.score for hit in found if hit.score > 0}
    assert above == pytest.approx(scores, rel=1e-9)


@given(
    st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 2.5]), min_size=1, max_size=40),
    st.integers(1, 12),
    st.integers(1, 30),
)
def test_the_best_are_those_of_a_full_sort(some: list[float], k: int, repeats: int) -> None:
    scores = np.array(some * repeats)
    scores = np.append(scores, np.zeros(-len(scores) % LANES))
    full = sorted(range(len(scores)), key=lambda place: (-scores[place], place))
    assert best(scores, k).tolist() == [place for place in full if scores[place] > 0][:k]


@pytest.mark.parametrize("engine", ["library", "fast"])
def test_in_two_passages_the_one_with_more_of_the_words_is_first(engine: str) -> None:
    found = indexed(["linker error symbol", "bread error"], engine=engine)
    assert [hit.passage[:5] for hit in found.search(["linker error"])[0]] == ["d0000", "d0001"]


@pytest.mark.parametrize("engine", ["library", "fast"])
def test_a_word_in_half_of_the_passages_finds_them_though_it_weighs_nothing(engine: str) -> None:
    collection = ["linker alpha", "linker beta", "bread gamma", "yeast delta"]
    found = indexed(collection, engine=engine).search(["linker"])[0]
    assert [(hit.passage[:5], hit.score) for hit in found] == [("d0000", 0.0), ("d0001", 0.0)]


def test_the_library_ranks_small_collections_and_the_fast_engine_large_ones() -> None:
    small, large = indexed(["bread"] * SMALL), indexed(["bread"] * (SMALL + 1))
    assert (small.describe()["engine"], large.describe()["engine"]) == ("library", "fast")


def test_a_heading_counts_where_the_text_lacks_it() -> None:
    retriever = make()
    retriever.index(
        [
            *passages(["It is baked.", "It is fried."], heading="Bread"),
            Passage("x#0-5", "x", 0, 5, "Other"),
        ]
    )
    assert len(retriever.search(["bread"])[0]) == 2


def test_the_settings_tell_the_parameters_and_the_tokenizer() -> None:
    told = make(k1=1.2, stop_words="").describe()
    assert (told["k1"], told["b"], told["tokenizer"]["stop_words"]) == (1.2, 0.75, None)


@pytest.mark.parametrize("wrong", [{"k1": 0}, {"b": 2}, {"epsilon": -1}, {"engine": "slow"}])
def test_parameters_that_mean_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="BM25"):
        make(**wrong)
