from __future__ import annotations

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.retrieval.metrics import METRICS, evaluate, first_rank, judged, units
from evidence.retrieval.shapes import Hit, Ranking

DOCUMENTS = {f"d{number}#0-9": f"d{number}" for number in range(30)}
DOCUMENTS |= {"d1#9-20": "d1", "d1#20-30": "d1"}


def ranking(*passages: str) -> Ranking:
    return [Hit(name, 1 / rank) for rank, name in enumerate(passages, 1)]


def test_figures_are_those_worked_out_by_hand() -> None:
    qrels = {"q": {"d1": 3, "d2": 1, "d3": 1}}
    found = evaluate({"q": ranking("d9#0-9", "d1#0-9", "d3#0-9")}, qrels, DOCUMENTS)

    gained = 3 / log2(3) + 1 / log2(4)
    best = 3 + 1 / log2(3) + 1 / log2(4)
    assert found["ndcg@10"] == [pytest.approx(gained / best)]
    assert found["mrr@10"] == [0.5]
    assert found["recall@1"] == [0]
    assert found["recall@5"] == found["recall@10"] == [pytest.approx(2 / 3)]
    assert found["success@10"] == [1]


def test_a_document_is_ranked_by_its_best_passage_and_counts_once() -> None:
    hits = ranking("d1#9-20", "d1#0-9", "d1#20-30", "d2#0-9")

    found = evaluate({"q": hits}, {"q": {"d2": 1}}, DOCUMENTS)

    assert units(hits, ["d2"], DOCUMENTS) == ["d1", "d2"]
    assert found["mrr@10"] == [0.5]
    assert found["ndcg@10"] == [pytest.approx(1 / log2(3))]


def test_passages_that_were_judged_stay_passages() -> None:
    hits = ranking("d1#9-20", "d1#0-9", "d1#20-30")

    found = evaluate({"q": hits}, {"q": {"d1#20-30": 1}}, DOCUMENTS)

    assert found["mrr@10"] == [pytest.approx(1 / 3)]


def test_passages_and_documents_judged_together_are_taken_as_documents() -> None:
    found = evaluate({"q": ranking("d1#0-9", "d2#0-9")}, {"q": {"d1#9-20": 1, "d2": 1}}, DOCUMENTS)

    assert found["recall@10"] == [1]


def test_what_comes_after_the_tenth_does_not_count() -> None:
    hits = ranking(*(f"d{number}#0-9" for number in range(11)))

    found = evaluate({"q": hits}, {"q": {"d10": 1}}, DOCUMENTS)

    assert {name: found[name] for name in METRICS} == {name: [0] for name in METRICS}


def test_of_equal_scores_the_order_of_the_ranking_holds() -> None:
    hits = [Hit("d1#0-9", 1.0), Hit("d2#0-9", 1.0)]

    assert evaluate({"q": hits}, {"q": {"d1": 1}}, DOCUMENTS)["mrr@10"] == [1]


def test_questions_for_which_nothing_is_relevant_are_left_out() -> None:
    qrels = {"none": {"d1": 0}, "bad": {"d1": -1}, "some": {"d1": 1}, "unranked": {"d2": 2}}

    found = evaluate({"some": ranking("d1#0-9"), "none": ranking("d1#0-9")}, qrels, DOCUMENTS)

    assert judged(qrels) == ["some", "unranked"]
    assert found["ndcg@10"] == [1, 0]


def test_the_first_relevant_rank_is_told() -> None:
    assert first_rank(["a", "b"], {"b": 1, "a": 0}) == 2
    assert first_rank(["a"], {"b": 1}) is None


def test_nothing_ranked_at_all_scores_nothing() -> None:
    assert evaluate({}, {"q": {"d1": 1}}, DOCUMENTS)["ndcg@10"] == [0]


@given(
    st.permutations([f"d{number}#0-9" for number in range(15)]),
    st.dictionaries(st.sampled_from([f"d{n}" for n in range(15)]), st.integers(-1, 3), min_size=1),
)
def test_figures_keep_to_their_scale_and_agree_with_the_rank(
    order: list[str], grades: dict[str, int]
) -> None:
    found = evaluate({"q": ranking(*order)}, {"q": grades}, DOCUMENTS)
    if not judged({"q": grades}):
        assert found["ndcg@10"] == []
        return

    values = {name: column[0] for name, column in found.items()}
    rank = first_rank(units(ranking(*order), grades, DOCUMENTS), grades)
    assert rank is not None
    assert all(0 <= value <= 1 + 1e-9 for value in values.values())
    assert values["mrr@10"] == pytest.approx(1 / rank if rank <= 10 else 0)
    assert values["success@10"] == (rank <= 10)
    assert values["recall@1"] <= values["recall@5"] <= values["recall@10"]
