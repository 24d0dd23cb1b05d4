from __future__ import annotations

from typing import Any

from advisor_rules import advise, default_rulebook
from advisor_rules.serialize import advice_to_dict
from evidence.retrieval.case_facts import measured_facts
from evidence.stats import wilson

BOOK = default_rulebook()


def result(**more: Any) -> dict[str, Any]:
    n = more.pop("n", 100)
    mean = {"value": 0.62, "low": 0.53, "high": 0.71, "n": n}
    found: dict[str, Any] = {
        "documents": 12,
        "questions": n,
        "tokens": 640_000,
        "in_use": "endpoint",
        "relevance": {"kind": "judged", "given": n, "measured": n, "absent": 0},
        "wording": {"exact_terms": n, "own_words": 0, "between": 0},
        "retrievers": {"endpoint": {"success@10": mean}, "bm25": {"success@10": mean}},
        "verdict": {"decision": "retrieve", "retriever": "bm25", "because": "So.", "questions": n},
        "misses": {"endpoint": {"reasons": {}}, "bm25": {"reasons": {}}},
    }
    return {**found, **more}


def values(found: dict[str, Any]) -> dict[str, Any]:
    return {name: item.value for name, item in measured_facts(found, BOOK, "manuals").items()}


def lost(count: int, n: int = 100) -> dict[str, Any]:
    share = wilson(count, n)
    assert share is not None
    return share.data()


def test_a_probe_establishes_size_recall_wording_and_where_the_answers_are() -> None:
    assert values(result()) == {
        "corpus_tokens": 640_000,
        "question_wording": "exact_terms",
        "answers_in_documents": True,
        "retrieval_recall": 0.62,
    }


def test_each_fact_is_measured_and_says_by_what() -> None:
    found = measured_facts(result(), BOOK, "manuals")

    assert {item.origin for item in found.values()} == {"measured"}
    assert "95% interval 53% to 71%" in found["retrieval_recall"].evidence
    assert "'manuals'" in found["corpus_tokens"].evidence


def test_recall_of_a_retriever_that_is_not_in_use_is_not_stated() -> None:
    assert "retrieval_recall" not in values(result(in_use=None))


def test_few_questions_establish_the_size_alone() -> None:
    assert set(values(result(n=19))) == {"corpus_tokens"}


def test_guessed_relevance_says_nothing_of_recall_and_answers() -> None:
    weak = {"kind": "weak", "given": 100, "measured": 100, "absent": 0}

    assert set(values(result(relevance=weak))) == {"corpus_tokens", "question_wording"}


def test_answers_are_not_there_where_most_questions_have_none() -> None:
    gone = {"kind": "judged", "given": 100, "measured": 30, "absent": 70}

    assert values(result(relevance=gone))["answers_in_documents"] is False


def test_questions_that_nobody_judged_leave_it_open() -> None:
    judged = {"kind": "judged", "given": 1000, "measured": 100, "absent": 0}

    assert "answers_in_documents" not in values(result(relevance=judged))


def test_wording_is_mixed_where_both_kinds_are_a_real_part_and_open_near_the_limit() -> None:
    mixed = {"exact_terms": 50, "own_words": 40, "between": 10}
    own = {"exact_terms": 2, "own_words": 80, "between": 18}
    near = {"exact_terms": 80, "own_words": 19, "between": 1}

    assert values(result(wording=mixed))["question_wording"] == "mixed"
    assert values(result(wording=own))["question_wording"] == "own_words"
    assert "question_wording" not in values(result(wording=near))


def test_what_is_lost_on_the_way_or_ignored_is_stated_where_it_is_a_real_part() -> None:
    reasons = {"found_and_ignored": lost(30), "cut_by_budget": lost(20)}
    misses = {"endpoint": {"reasons": reasons}, "bm25": {"reasons": {}}}
    rare = {"endpoint": {"reasons": {"found_and_ignored": lost(3)}}}

    found = values(result(misses=misses))

    assert (found["context_ignored"], found["passage_reaches_prompt"]) == (True, False)
    assert "context_ignored" not in values(result(misses=rare))


def test_the_verdict_is_a_fact_where_search_by_meaning_was_weighed_and_it_is_sure() -> None:
    mean = result()["retrievers"]["bm25"]
    three = {"bm25": mean, "embedding": mean, "hybrid": mean, "endpoint": mean}
    sure = {"decision": "retrieve", "retriever": "hybrid", "because": "So.", "questions": 100}
    open_ = {**sure, "decision": "cannot_tell", "retriever": None, "begin_with": "bm25"}
    between = {**open_, "begin_with": "embedding"}

    assert values(result(retrievers=three, verdict=sure))["best_retriever"] == "hybrid"
    assert "best_retriever" not in values(result(retrievers=three, verdict=open_))
    assert values(result(retrievers=three, verdict=between))["best_retriever"] == "embedding"
    assert "best_retriever" not in values(result())


def fired(facts: dict[str, Any]) -> set[str]:
    said = {"facts_wrong": True, "evaluation_exists": True, "retrieval_in_use": "keyword", **facts}
    advice = advise(said, rulebook=BOOK)
    return {item["rule"] for item in advice_to_dict(advice, BOOK)["reasons"]}


def test_measured_facts_change_the_advice() -> None:
    assert "low_recall_is_the_retriever" in fired(values(result()))
    assert "low_recall_is_the_retriever" not in fired({})


def test_the_verdict_decides_between_word_search_and_meaning() -> None:
    said = {"facts_wrong": True, "retrieval_in_use": "none", "evaluation_exists": True}

    assert step({**said, "best_retriever": "bm25", "question_wording": "own_words"}) == "rag_bm25"
    assert step({**said, "best_retriever": "hybrid", "question_wording": "exact_terms"}) == (
        "rag_embedding"
    )


def step(facts: dict[str, Any]) -> str:
    return str(advise_plainly(facts)["step"])


def advise_plainly(facts: dict[str, Any]) -> dict[str, Any]:
    return advice_to_dict(advise(facts, rulebook=BOOK), BOOK)
