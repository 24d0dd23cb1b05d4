"""Figures from kept rankings are those of the search; none where nothing is known."""

from __future__ import annotations

from advisor_rules import default_rulebook
from evidence.retrieval.figures import Circumstances, Found, Settings, figures
from evidence.retrieval.probe import cut, probe, search
from evidence.retrieval.relevance import Relevance, relevance_of
from evidence.retrieval.retrievers.bm25 import make
from evidence.retrieval.running import Watch
from evidence.retrieval.shapes import Document, Question

LIMITS = default_rulebook().limits(default_rulebook().latest())
DOCUMENTS = [
    Document(f"d{number}", f"Part {number}", f"The bolt M{number} is made of steel {number}.")
    for number in range(30)
]
QUESTIONS = [Question(f"q{number}", f"What is bolt M{number} made of?") for number in range(25)]
QRELS = {f"q{number}": {f"d{number}": 1} for number in range(25)}
TIMED = ("index_seconds", "queries_per_second", "index_mb", "machine_hours_per_million_queries")


def searched() -> Found:
    passages = cut(DOCUMENTS, Settings(), Watch())
    return search(DOCUMENTS, passages, QUESTIONS, [make()], Settings(), Watch())


def test_figures_of_kept_rankings_are_those_of_the_probe() -> None:
    found = searched()
    relevance = relevance_of(QUESTIONS, QRELS, found.texts)
    again = figures(found, QUESTIONS, relevance, Settings(), Circumstances(LIMITS))
    whole = probe(DOCUMENTS, QUESTIONS, QRELS, [make()], LIMITS)
    for result in (again, whole):
        result.pop("seconds", None)
        for name in TIMED:
            result["retrievers"]["bm25"].pop(name)
    assert again == whole


def test_without_anything_relevant_it_says_what_to_judge() -> None:
    without = {item.id: "it was not judged" for item in QUESTIONS}
    relevance = Relevance({}, False, frozenset(), without)
    result = figures(searched(), QUESTIONS, relevance, Settings(), Circumstances(LIMITS))
    assert result["relevance"]["kind"] == "none"
    assert result["relevance"]["not_measured"] == {"it was not judged": 25}
    assert (result["questions"], result["comparisons"], result["misses"]) == (0, [], {})
    assert "ndcg@10" not in result["retrievers"]["bm25"]
    verdict = result["verdict"]
    assert (verdict["decision"], verdict["begin_with"]) == ("cannot_tell", "bm25")
    assert verdict["judge_more"] == int(LIMITS["min_judged_questions"])
